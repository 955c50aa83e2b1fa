import { describe, expect, test } from 'vitest';
import { expectAgreement, play, shrink } from '../../cache/play.ts';
import { makeSteps, type Step } from '../../cache/steps.ts';
import { PorticoUnderTest, type Surroundings } from './under-test.ts';

/** `PLAYS=2000 vitest run test/proxy/caching/model.test.ts` plays so many of each, with `FIRST_SEED` and those after it. */
const PLAYS = Number(process.env.PLAYS ?? 20);
const FIRST_SEED = Number(process.env.FIRST_SEED ?? 1);
const STEPS = 300;
/** Plays to a test. */
const BATCH = 10;
const KIB = 1024;
const MIB = 1024 * KIB;

const batches = Array.from({ length: Math.ceil(PLAYS / BATCH) }, (_, i) => FIRST_SEED + i * BATCH);

describe.each<[string, Surroundings]>([
  ['in one thread', { seats: 1 }],
  ['in two threads', {}],
  ['in three threads that can keep hardly anything decoded', { seats: 3, localSize: 1 }],
  ['on disk alone', { memory: 256 * KIB, localSize: 1, disk: { size: 64 * MIB, memoryObjectLimit: 20 } }],
])('the cache %s answers as the model does', (_, surroundings) => {
  test.each(batches)('from seed %d', async (first) => {
    for (let seed = first; seed < first + BATCH; seed++)
      await expectAgreement(seed, STEPS, () => PorticoUnderTest.open(surroundings));
  });
});

/** What a 304 or a HEAD brings is kept in memory alone: what is evicted has its old age when it comes back. */
describe('the cache answers as the model does when all is evicted to disk, and nothing is renewed', () => {
  const surroundings: Surroundings = {
    memory: 256 * KIB,
    localSize: 1,
    ballast: 0.2,
    disk: { size: 64 * MIB, memoryObjectLimit: 100 * KIB },
  };
  const create = () => PorticoUnderTest.open(surroundings);
  const renewsNothing = (step: Step) =>
    step.step !== 'request' || (step.method !== 'HEAD' && step.path.includes('plain'));
  test.each(batches)('from seed %d', async (first) => {
    for (let seed = first; seed < first + BATCH; seed++) {
      const found = await play(makeSteps(seed, STEPS).filter(renewsNothing), create);
      expect(found && (await shrink(found, create)), `seed ${seed}`).toBeUndefined();
    }
  });
});
