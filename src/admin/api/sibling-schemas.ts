import { z } from 'zod';
import { reply } from './registry.ts';
import { time } from './values.ts';

/** Siblings, as replies show them. Counts are since the start, or since the peer came into the configuration. */

const health = z
  .enum(['alive', 'dead', 'slow', 'unknown'])
  .describe('dead, slow: it does not answer, or too late, and is only probed. unknown: it was not asked yet.');
const fetching = z
  .enum(['on', 'paused', 'trial'])
  .describe(
    'paused: it did not deliver what it said it has, and is not asked for a while; trial: one fetch at a time.',
  );
const portico = z.boolean().describe('It is a Portico node, linked, and what it purged has been purged here.');
const roundTrip = z.number().nullable().describe('From a question to its answer, in milliseconds; a moving mean.');
const problem = z.string().nullable().describe('What somebody should look at.');

const asked = {
  queries: z.int().describe('Questions sent to it, probes among them.'),
  hits: z.int(),
  misses: z.int(),
  denied: z.int().describe('It said that we may not ask.'),
  errors: z.int(),
  timeouts: z.int().describe('Questions that no request waited for any longer; their answers count when they come.'),
};
const fetches = {
  fetched: z.int().describe('Fetches from it that were good.'),
  falseHits: z.int().describe('It said that it has it, and had not, or not what would do.'),
  failed: z.int().describe('No connection, or a broken reply.'),
  overdue: z.int().describe('No reply in time.'),
};

const progress = z.strictObject({
  last: z.int().describe('The number of the last purge.'),
  applied: z.int().nullable().describe('The last that is known to have been applied on the other side.'),
  behind: z.int().nullable().describe('How many have not been.'),
});

const linkState = z
  .enum(['up', 'down', 'stranger', 'refused', 'trying'])
  .describe('stranger: it never was a Portico node. refused: one of the two does not believe the other.');

const link = z.strictObject({
  state: linkState,
  why: z.string().nullable().describe('Why it is not up.'),
  since: time.nullable().describe('Since when it is up.'),
  told: time.nullable().describe('Since when it is told what is purged here.'),
  node: z.string().nullable().describe('What it says of itself.'),
  instance: z.string().nullable().describe('Of its log of purges.'),
  ours: progress.describe('Our purges, at the sibling.'),
  theirs: progress.describe('Its purges, here.'),
});

const counts = z.record(z.string(), z.int());

export const siblingSummary = z.strictObject({
  name: z.string(),
  health,
  fetching,
  portico,
  problem,
  link: linkState.nullable(),
  roundTrip,
  queries: asked.queries,
  hits: asked.hits,
  timeouts: asked.timeouts,
  fetched: fetches.fetched,
  falseHits: fetches.falseHits,
});

export const siblingsSchema = reply(
  'Siblings',
  z.strictObject({
    siblings: z.array(
      z.strictObject({
        name: z.string(),
        url: z.string(),
        icp: z.string().describe('ADDRESS:PORT where it is asked.'),
        htcp: z.string().nullable().describe('ADDRESS:PORT where it takes purges, if it is no Portico node.'),
        health,
        fetching,
        portico,
        problem,
        answered: time.nullable().describe('When it answered the last time.'),
        roundTrip,
        firstByte: z.number().nullable().describe('Until the head of what is fetched there, in milliseconds; a mean.'),
        ...asked,
        late: z.int().describe('Answers that came after a timeout.'),
        ...fetches,
        served: z.int().describe('Its requests that we served.'),
        link: link.nullable().describe('null: this node has no siblings.icp.'),
      }),
    ),
    icp: counts.describe('Packets that we were sent by ICP, by what became of them; empty: nobody is answered.'),
    htcp: counts.describe('The same of HTCP.'),
    dropped: counts.describe('Packets that came where answers are expected and were none, by reason.'),
  }),
);
