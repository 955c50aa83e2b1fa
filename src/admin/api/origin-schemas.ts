import { z } from 'zod';
import { expected, integer, text } from '../../base/setting.ts';
import { reply, request } from './registry.ts';
import { REASON, reason, span, time } from './values.ts';

/** Origins and pools, as replies show them and as requests change them. */

const admin = z.enum(['active', 'drain', 'maint', 'stopped']);
const role = z.enum(['primary', 'standby', 'spare']);
const health = z.enum(['up', 'down', 'checking', 'unknown', 'forcedDown']);
const onDeadline = z.enum(['keep', 'cut']);
const effective = z.enum([
  'active',
  'warming',
  'draining',
  'drained',
  'maint',
  'stopped',
  'removing',
  'standby',
  'spare',
  'down',
]);

const configured = z.strictObject({
  url: z.string(),
  weight: z.int(),
  role,
  set: z.int(),
  route: z.string().optional().describe('Absent: its id.'),
});

export const overrideSchema = z.strictObject({
  by: z.string(),
  source: z.string().describe('api, balancer-manager, page, cli; file: kept over a restart.'),
  reason: z.string().describe('Empty: none was given.'),
  since: time,
  expires: time.nullable(),
  persisted: z.boolean().describe('Whether it survives a restart.'),
  values: z.strictObject({
    admin: admin.optional(),
    weight: z.int().optional(),
    role: role.optional(),
    set: z.int().optional(),
    health: z.literal('forcedDown').optional(),
    ignoreErrors: z.boolean().optional(),
    route: z.string().optional(),
    slowStart: z.strictObject({ duration: z.string() }).optional(),
  }),
  was: configured.extend({ admin: z.literal('active') }).describe('What the file said then.'),
});

export const originSchema = reply(
  'Origin',
  z.strictObject({
    pool: z.string(),
    id: z.string(),
    url: z.string(),
    route: z.string().describe("Apache's route suffix of a sticky cookie."),
    admin: admin.describe('What an operator wants.'),
    role,
    health: health.describe('unknown: nobody checks it.'),
    effective: effective.describe('What follows from all of it.'),
    weight: z.int(),
    set: z.int(),
    ignoreErrors: z.boolean(),
    slowStart: z.strictObject({
      duration: z.string().describe('30s; 0s: it has its whole share at once.'),
      progress: z.number().describe('0 to 1; 1: it has its whole share.'),
    }),
    healthSince: time,
    problem: z.string().nullable().describe('Of the last check that failed.'),
    ejectedUntil: time.nullable().describe('Requests failed there; it is out until then.'),
    inFlight: z.int(),
    upgraded: z.int().describe('WebSockets among them.'),
    stickyRecent: z.int().describe('Clients that stick to it, in the last minutes.'),
    elected: z.int().describe('Times that it was chosen, since the start.'),
    rate: z.number().describe('Requests a second, over the last ten.'),
    errors: z.number().describe('The share of them that failed, 0 to 1.'),
    latency: z.number().nullable().describe('To the first byte, in milliseconds; a moving mean.'),
    bytesIn: z.int(),
    bytesOut: z.int(),
    drain: z
      .strictObject({ since: time, deadline: time.nullable(), onDeadline, drained: z.boolean() })
      .nullable()
      .describe('drained: nothing is in flight, and nobody is sent there any more.'),
    override: overrideSchema.nullable().describe('What an operator said; null: all is as the file says.'),
    configured: configured.describe('What the file says.'),
    version: z.int().describe('The ETag, without its quotes.'),
  }),
);

export const originsSchema = reply('Origins', z.strictObject({ origins: z.array(originSchema) }));

export const poolSchema = reply(
  'Pool',
  z.strictObject({
    name: z.string(),
    balance: z.string(),
    sticky: z.string().nullable().describe('The cookie that keeps clients at an origin.'),
    panic: z.boolean().describe('All origins are down, and all are tried all the same.'),
    queued: z.int().describe('Requests that wait for an origin to be free.'),
    maintenance: z
      .strictObject({
        page: z.string().nullable().describe("HTML; null: the pool's splash page."),
        retryAfter: z.number().describe('In seconds.'),
        by: z.string(),
        reason: z.string(),
        since: time,
      })
      .nullable(),
    origins: z.array(originSchema),
    version: z.int(),
  }),
);

export const poolsSchema = reply('Pools', z.strictObject({ pools: z.array(poolSchema) }));

/** The parts of a change that say how long, and over whose head. */
const HOW = {
  expires: span('1s', '366d').nullable().optional().describe('How long it holds; null: until somebody ends it.'),
  force: z.boolean().optional().describe('Also when it is the last usable origin of its pool.'),
};

export const WHEN = {
  admin: admin.describe(
    'drain: no new clients, those that stick to it stay. maint: nobody new. stopped: and what runs is cut at the deadline.',
  ),
  deadline: span('0s', '7d').nullable().optional().describe('When what still runs is kept or cut; null: never.'),
  onDeadline: onDeadline.optional().describe('What becomes of requests that still run then.'),
  reason: reason.optional().describe('Required unless admin is active.'),
  ...HOW,
};

/** Whoever takes an origin away says why. Asked also when something else is wrong, so that all is told at once. */
export const REASONED = {
  path: ['reason'],
  when: () => true,
  error: `expected ${REASON}, got nothing`,
};

export function isReasoned(change: { readonly admin?: unknown; readonly reason?: unknown }): boolean {
  return change?.admin === undefined || change.admin === 'active' || change.reason !== undefined;
}

export const stateSchema = request('OriginStateChange', z.strictObject(WHEN).refine(isReasoned, REASONED));

const ROUTE_FORM = expected('1 to 128 letters, digits, colons, dashes or underscores');

/** `null`: back to what the file says. */
export const patchSchema = request(
  'OriginChange',
  z
    .strictObject({
      weight: integer(1, 256).nullable().optional(),
      set: integer(0, 99).nullable().optional(),
      role: role.nullable().optional(),
      ignoreErrors: z.boolean().nullable().optional().describe('Failures do not take it out of rotation.'),
      route: z
        .string(ROUTE_FORM)
        .regex(/^[A-Za-z0-9_:-]{1,128}$/, ROUTE_FORM)
        .nullable()
        .optional()
        .describe("Apache's route suffix of a sticky cookie; nobody else's in the pool."),
      slowStart: z
        .strictObject({ duration: span('0s', '1h') })
        .nullable()
        .optional()
        .describe("How long it takes to its whole share, in place of its pool's."),
      health: z.literal('forcedDown').nullable().optional().describe('As if its checks failed.'),
      reason: reason.optional().describe('Required with health: forcedDown.'),
      ...HOW,
    })
    .refine((change) => change?.health !== 'forcedDown' || change.reason !== undefined, REASONED),
);

const URL_FORM = 'http://HOST[:PORT] or https://HOST[:PORT] without a path';
const ID_FORM = expected('1 to 128 letters, digits, dots, colons, dashes or underscores');

export const newOriginSchema = request(
  'NewOrigin',
  z.strictObject({
    url: text(URL_FORM, isOriginUrl, /^https?:\/\/[^/?#@\s]+\/?$/),
    id: z
      .string(ID_FORM)
      .regex(/^[A-Za-z0-9._:-]{1,128}$/, ID_FORM)
      .optional()
      .describe('Default: HOST:PORT of the url.'),
    weight: integer(1, 256).optional(),
    role: role.optional(),
    set: integer(0, 99).optional(),
    admin: admin.optional().describe('Default: maint, so that it can be looked at first.'),
    reason,
  }),
);

export const maintenanceSchema = request(
  'PoolMaintenance',
  z.strictObject({
    page: z
      .string()
      .min(1)
      .max(49_152)
      .nullable()
      .optional()
      .describe("HTML; null or absent: the pool's own splash page."),
    retryAfter: span('1s', '7d').default(600_000).describe('Default: 600 seconds.'),
    reason,
  }),
);

function isOriginUrl(input: string): boolean {
  return /^https?:\/\/[^/?#@\s]+\/?$/.test(input) && URL.canParse(input) && new URL(input).port !== '0';
}
