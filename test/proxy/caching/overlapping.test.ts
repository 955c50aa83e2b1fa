import { describe, test } from 'vitest';
import { playOverlapping } from './overlapping.ts';
import type { RigOptions } from './rig.ts';

/** As in model.test.ts, `PLAYS` and `FIRST_SEED` have others and more of them played. */
const PLAYS = Number(process.env.PLAYS ?? 20);
const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1);
const STEPS = 400;
const BATCH = 10;
const KIB = 1024;
const MIB = 1024 * KIB;

describe.each<[string, Omit<RigOptions, 'answer'>, { breaks?: boolean; takesTime?: boolean }]>([
  ['one thread', { seats: 1 }, {}],
  ['two threads', {}, {}],
  ['a small limit to what is stored', { objectLimit: 20_000 }, {}],
  ['a memory that is too small', { memory: 256 * KIB, seats: 3, localSize: 1 }, { breaks: true }],
  ['an index that is too small', { entries: 12 }, { breaks: true }],
  [
    'a disk',
    { memory: 256 * KIB, localSize: 1, disk: { size: 64 * MIB, memoryObjectLimit: 10_000 } },
    { breaks: true, takesTime: true },
  ],
])('with %s, requests that overlap get what was right at some moment', (_, options, excuses) => {
  const batches = Array.from({ length: Math.ceil(PLAYS / BATCH) }, (_, i) => FIRST_SEED + i * BATCH);
  test.each(batches)('from seed %d', async (first) => {
    for (let seed = first; seed < first + BATCH; seed++)
      await playOverlapping(seed, STEPS, options, { breaks: false, takesTime: false, ...excuses });
  });
});
