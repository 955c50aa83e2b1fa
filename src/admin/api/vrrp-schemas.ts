import { z } from 'zod';
import { reply, request } from './registry.ts';
import { reason, time } from './values.ts';

/** The addresses that a node shares with others, as replies show them and as requests change them. */

const count = z.int();

const maintenance = z
  .strictObject({
    kind: z
      .enum(['handover', 'release'])
      .describe('handover: it leaves the addresses to others while they have them. release: it never takes them.'),
    by: z.string().describe('"node drain": the whole node drains.'),
    reason: z.string(),
  })
  .nullable()
  .describe('What an operator said, until it is resumed; null: nothing.');

const role = z
  .enum(['stopped', 'backup', 'claiming', 'active', 'leaving', 'fault', 'released'])
  .describe(
    'claiming: about to be active. leaving: active until a successor is. fault: something that it needs is not there. released: by an operator.',
  );

const agent = z.strictObject({
  ready: z.boolean().describe('false: it died, and another one is being started; or it does not answer.'),
  answers: z.boolean().describe('false: it is there and says nothing, and unless it does soon it is replaced.'),
  deaths: count.describe('Since the start.'),
  realTime: z.string().nullable().describe('Why it does not run before all that is not real time; null: it does.'),
});

const instance = z.strictObject({
  name: z.string(),
  vrid: z.int(),
  interface: z.string(),
  version: z.int(),
  addresses: z.array(z.string()),
  role,
  since: time,
  words: z.string().describe('A sentence: what it is, why, and what would change that.'),
  reason: z.string().describe('Of its role, in a word.'),
  priority: z.int().describe('What it advertises when it is active.'),
  transitions: count,
  source: z.string().nullable().describe('Where its advertisements come from; null: it has no address there.'),
  heard: z
    .strictObject({
      source: z.string(),
      priority: z.int(),
      at: time,
      alive: z.boolean().describe('It has not missed more than one advertisement.'),
    })
    .nullable()
    .describe('Who advertised last; null: nobody, or it said goodbye since.'),
  maintenance,
  voters: z
    .array(
      z.strictObject({
        kind: z.enum(['peer', 'witness']),
        address: z.string().describe('ADDRESS:PORT.'),
        name: z.string().nullable().describe('As it calls itself; null: it was never heard.'),
        heard: z.boolean(),
        ours: z.boolean().describe('It has lent its vote to this node.'),
        double: z.boolean().describe('It is there by another address already, or is this node: it does not count.'),
      }),
    )
    .describe('Who has a say in who is active, beside this node; empty: nobody.'),
  adverts: z.strictObject({
    sent: count,
    received: count,
    dropped: z.record(z.string(), count).describe('Those that were not believed, by the reason.'),
    droppedAt: time.nullable().describe('The last one that was not our own.'),
  }),
});

export const vrrpSchema = reply('Vrrp', z.strictObject({ agent, instances: z.array(instance) }));

/** Of the status of the node. */
export const vrrpSummarySchema = z.strictObject({
  agent,
  instances: z.array(
    z.strictObject({ name: z.string(), role, since: time, words: z.string(), droppedAt: time.nullable(), maintenance }),
  ),
});

export const handoverSchema = request('AddressHandover', z.strictObject({ reason }));

export const resumeSchema = request('AddressResume', z.strictObject({ reason: reason.optional() }));
