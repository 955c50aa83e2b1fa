import { z } from 'zod';
import { expected } from '../../base/setting.ts';
import { isReasoned, REASONED } from './origin-schemas.ts';
import { reply, request } from './registry.ts';
import { reason, span, time } from './values.ts';

/** The name server and its datacenters, as replies show them and as requests change them. */

export const datacenterSchema = reply(
  'Datacenter',
  z.strictObject({
    name: z.string(),
    own: z.boolean().describe("This node's: not checked, but known by itself."),
    location: z.array(z.number()).length(2).nullable().describe('Degrees north and east.'),
    addresses: z.array(z.string()),
    admin: z.enum(['active', 'drain', 'down']).describe('What an operator wants.'),
    health: z.enum(['up', 'down', 'checking', 'unknown']).describe('What checks say. unknown: nobody checks it.'),
    effective: z
      .enum(['serving', 'drain', 'down'])
      .describe('What follows from all of it: answers have those that are serving.'),
    inService: z.boolean(),
    healthSince: time.nullable(),
    problem: z.string().nullable().describe('Of the last check that failed.'),
    changeDue: time.nullable().describe('When health may become another, as some checks speak against it.'),
    ttlLimit: z
      .int()
      .nullable()
      .describe('Seconds that answers may be kept which depend on it, as it may soon change.'),
    lastCheck: z.strictObject({ at: time, duration: z.number().describe('In milliseconds.') }).nullable(),
    override: z
      .strictObject({
        by: z.string(),
        source: z.string(),
        reason: z.string(),
        since: time,
        expires: time.nullable(),
      })
      .nullable()
      .describe('Who wants that it is not active.'),
  }),
);

export const failingOpenSchema = z
  .array(z.array(z.string()))
  .describe('Datacenters that records choose among, of whom none is in service: answers are given as if all were.');

export const databasesSchema = z.array(
  z.strictObject({
    file: z.string(),
    type: z.string(),
    built: time.nullable(),
    problem: z.string().nullable().describe('Why the file as it is now is not in force.'),
  }),
);

const count = z.int();

export const dnsSchema = reply(
  'Dns',
  z.strictObject({
    engine: z.enum(['batch', 'plain']),
    fallback: z.string().nullable().describe('Why it is not the engine that was wanted.'),
    threads: z.int(),
    listeners: z.array(z.string()),
    datacenters: z.array(datacenterSchema),
    failingOpen: failingOpenSchema,
    zones: z.array(
      z.strictObject({
        name: z.string(),
        serial: z.int(),
        records: z.int(),
        file: z.string().nullable().describe('null: it is from the configuration.'),
        problems: z.array(z.string()).describe('Why the file as it is now is not served.'),
      }),
    ),
    databases: databasesSchema,
    counters: z.strictObject({
      queries: z.strictObject({ udp: count, tcp: count }),
      replies: z.record(z.string(), count).describe('By RCODE.'),
      limited: count.describe('Replies that rate limits withheld or cut short.'),
      dropped: count.describe('Packets that no reply is due to.'),
      answers: z.record(z.string(), count).describe('By the datacenter that they have first.'),
    }),
  }),
);

export const destinationsSchema = reply(
  'Destinations',
  z.strictObject({
    destinations: z.array(
      z.strictObject({
        map: z.string().describe('Its name, or words for the list that a record has in its place.'),
        mode: z.enum(['closest', 'failover', 'weighted', 'spread']),
        order: z.array(z.string()).describe('Datacenters, best first, in service or not.'),
        chosen: z.array(z.string()).describe('Those that the answer has.'),
        net: z.string().nullable().describe('The clients that this holds for; null: all.'),
      }),
    ),
  }),
);

export const datacenterStateSchema = request(
  'DatacenterStateChange',
  z
    .strictObject({
      admin: z
        .enum(['active', 'drain', 'down'], expected('active, drain or down'))
        .describe('drain: clients are to go elsewhere. down: it is to be taken for broken.'),
      reason: reason.optional().describe('Required unless admin is active.'),
      expires: span('1s', '366d').nullable().optional().describe('How long it holds; null: until somebody ends it.'),
      force: z
        .boolean()
        .optional()
        .describe('Also when it is the last one in service of those that some record chooses among.'),
    })
    .refine(isReasoned, REASONED),
);
