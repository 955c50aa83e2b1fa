import { describe, test } from 'vitest';
import { expectAgreement } from '../../cache/play.ts';
import { PorticoUnderTest, type Surroundings } from './under-test.ts';

/** `PLAYS=2000 vitest run test/proxy/caching/model.test.ts` plays so many instead, of other seeds from `FIRST_SEED` on. */
const PLAYS = Number(process.env.PLAYS ?? 20);
const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1);
const STEPS = 300;
const KIB = 1024;
const MIB = 1024 * KIB;

describe.each<[string, Surroundings & { readonly share?: number }]>([
  ['in one thread', { seats: 1 }],
  ['in two threads', {}],
  ['in three threads that can keep hardly anything decoded', { seats: 3, localSize: 1 }],
  [
    'on disk, in a memory that all is evicted from',
    { memory: 256 * KIB, ballast: 0.2, disk: { size: 64 * MIB, memoryObjectLimit: 100 * KIB }, share: 0.5 },
  ],
  ['on disk alone', { memory: 256 * KIB, localSize: 1, disk: { size: 64 * MIB, memoryObjectLimit: 20 }, share: 0.5 }],
])('the cache %s answers as the model does', (_, { share = 1, ...surroundings }) => {
  const seeds = Array.from({ length: Math.ceil(PLAYS * share) }, (_, i) => FIRST_SEED + i);
  test.each(seeds)('seed %d', (seed) => expectAgreement(seed, STEPS, () => PorticoUnderTest.open(surroundings)));
});
