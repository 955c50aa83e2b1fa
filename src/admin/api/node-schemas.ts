import { z } from 'zod';
import { expected, integer } from '../../base/setting.ts';
import { PROBLEMS } from '../problem.ts';
import { databasesSchema, datacenterSchema, failingOpenSchema } from './dns-schemas.ts';
import { isReasoned, originSchema, REASONED, WHEN } from './origin-schemas.ts';
import { reply, request } from './registry.ts';
import { siblingSummary } from './sibling-schemas.ts';
import { reason, span, time } from './values.ts';
import { vrrpSummarySchema } from './vrrp-schemas.ts';

/** Operations, events, the audit log, purges and the node itself. */

const host = expected('a host, or HOST:PORT, as it stands in the urls of origins');

export const newOperationSchema = request(
  'NewOperation',
  z
    .strictObject({
      select: z.strictObject({
        host: z
          .string(host)
          .min(1, host)
          .max(300, host)
          .describe('All origins there, with whatever port; or HOST:PORT.'),
        pools: z.array(z.string()).min(1).optional().describe('Of these pools alone. Default: all.'),
      }),
      ...WHEN,
      wait: z.enum(['drained', 'up', 'active']).optional().describe('It is done when all of them are so.'),
      timeout: span('0s', '1h').default(60_000).describe('After that it is overdue. Default: 60 seconds.'),
      scope: z.literal('local', expected('local (this version has no other)')).default('local'),
    })
    .refine(isReasoned, REASONED),
);

export const operationSchema = reply(
  'Operation',
  z.strictObject({
    id: z.string(),
    state: z.enum(['running', 'done', 'overdue']),
    host: z.string(),
    admin: z.string(),
    wait: z.string().nullable(),
    by: z.string(),
    reason: z.string(),
    since: time,
    deadline: time.describe('When it is overdue.'),
    ended: time.nullable(),
    origins: z.array(originSchema).describe('As they are now; those that were removed meanwhile are not there.'),
  }),
);

const event = z.strictObject({
  number: z.int(),
  time,
  type: z.string(),
  pool: z.string().optional(),
  origin: z.string().optional(),
  detail: z.record(z.string(), z.unknown()),
});

export const eventsSchema = reply(
  'Events',
  z.strictObject({ events: z.array(event), next: z.string().describe('For since= of the next request.') }),
);

export const auditSchema = reply(
  'Audit',
  z.strictObject({
    records: z.array(
      z.strictObject({
        number: z.int(),
        time,
        actor: z.string(),
        source: z.string(),
        address: z.string().nullable(),
        action: z.string(),
        target: z.string(),
        before: z.unknown().optional(),
        after: z.unknown().optional(),
        reason: z.string(),
        refused: z.string().nullable().describe('Why it was refused; null: it was done.'),
      }),
    ),
    next: z.int().describe('For since= of the next request.'),
  }),
);

const ONE_KIND = { error: 'expected urls, prefixes or tags, or all: true alone' };
const list = () => z.array(z.string().min(1).max(8192)).min(1).max(1000).optional();

export const purgeSchema = request(
  'Purge',
  z
    .strictObject({
      urls: list().describe('http://HOST/PATH: with all variants.'),
      prefixes: list().describe('http://HOST/PATH: all that begin so.'),
      tags: list().describe('Of Surrogate-Key or Cache-Tag.'),
      all: z.literal(true).optional().describe('Everything.'),
      soft: z.boolean().default(false).describe('Stale from now on, but good enough where stale will do.'),
      reason: reason.optional().describe('Required with all.'),
    })
    .refine(({ urls, prefixes, tags, all }) => ((urls ?? prefixes ?? tags) !== undefined) !== (all === true), ONE_KIND)
    .refine(({ all, reason }) => all !== true || reason !== undefined, REASONED),
);

export const purgedSchema = reply(
  'Purged',
  z.strictObject({
    purges: z.int().describe('How many URLs, prefixes and tags.'),
    soft: z.boolean(),
    siblings: z
      .array(
        z.strictObject({
          peer: z.string(),
          outcome: z
            .enum(['acknowledged', 'not-acknowledged', 'not-reached', 'not-told'])
            .describe(
              'not-acknowledged, not-reached: a Portico node purges it when it is back. not-told: it takes no such purge.',
            ),
        }),
      )
      .describe('What became of it at each sibling.'),
  }),
);

const nodeDrain = {
  admin: z.enum(['active', 'drain']),
  drain: z
    .strictObject({ by: z.string(), reason: z.string(), since: time })
    .nullable()
    .describe('Who drains the node; null: nobody.'),
};

export const nodeStateSchema = request(
  'NewNodeState',
  z
    .strictObject({
      admin: z
        .enum(['active', 'drain'], expected('active or drain'))
        .describe('drain: not ready for balancers; whoever comes is served, and their connections end with the reply.'),
      reason: reason.optional().describe('Required with drain.'),
    })
    .refine(isReasoned, REASONED),
);

export const nodeSchema = reply(
  'Node',
  z.strictObject({
    name: z.string(),
    region: z.string(),
    ...nodeDrain,
    ready: z.boolean().describe('As /readyz says.'),
    reasons: z.array(z.string()).describe('Why it is not ready.'),
    exchanges: z.int().describe('Under way, tunnels among them.'),
    connections: z.int().describe('Of clients.'),
    drained: z.boolean().describe('It drains, and has neither exchanges nor connections. New ones may still come.'),
  }),
);

const tier = z.strictObject({
  objects: z.int(),
  bytes: z.int(),
  capacity: z.int().describe('In bytes.'),
  evictions: z.int(),
});

export const statusSchema = reply(
  'Status',
  z.strictObject({
    node: z.string(),
    region: z.string(),
    version: z.string(),
    pid: z.int(),
    started: time,
    uptime: z.number().describe('In seconds.'),
    ...nodeDrain,
    generation: z.int().describe('Of the configuration: 1, and one more with each reload.'),
    workers: z.int(),
    listeners: z.array(z.strictObject({ address: z.string(), protocol: z.string() })),
    pools: z.array(
      z.strictObject({
        name: z.string(),
        origins: z.int(),
        usable: z.int().describe('Up, and not taken away by an operator.'),
        inFlight: z.int(),
        queued: z.int(),
        rate: z.number(),
        panic: z.boolean(),
        maintenance: z.boolean(),
      }),
    ),
    cache: z
      .strictObject({ hits: z.int(), forwards: z.int(), memory: tier, disk: tier.nullable() })
      .nullable()
      .describe('null: off.'),
    siblings: z.array(siblingSummary).describe('In short; more of each is at /siblings.'),
    dns: z
      .strictObject({
        datacenters: z.array(datacenterSchema),
        failingOpen: failingOpenSchema,
        databases: databasesSchema,
      })
      .nullable()
      .describe('Where clients are sent; null: off.'),
    vrrp: vrrpSummarySchema.nullable().describe('Addresses that are shared with others, in short; null: off.'),
    user: z.strictObject({ name: z.string(), role: z.enum(['read', 'operate', 'admin']) }).describe('Who asks.'),
  }),
);

export const problemsSchema = reply(
  'Problems',
  z.strictObject({
    problems: z.array(z.strictObject({ type: z.string(), status: z.int(), title: z.string() })),
  }),
);

/** RFC 9457. */
export const problemSchema = reply(
  'Problem',
  z.strictObject({
    type: z.string().describe(`${Object.keys(PROBLEMS).join(', ')}: after the #.`),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    errors: z
      .array(
        z.strictObject({
          pointer: z.string().optional().describe('RFC 6901, into the body: #/weight.'),
          parameter: z.string().optional(),
          detail: z.string(),
        }),
      )
      .optional(),
    origin: originSchema.optional().describe('As it is, where a condition did not come to be.'),
    operation: operationSchema.optional(),
  }),
);

export const documentSchema = reply('Document', z.looseObject({ openapi: z.string() }));

export const limitQuery = integer(1, 1000);
