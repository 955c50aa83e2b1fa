import { isDeepStrictEqual } from 'node:util';
import { type Ask, ModelCache, type Purge, type Reply, type Resource } from './model.ts';
import { makeSteps, type Step } from './steps.ts';

/**
 * What is compared with the model. It has an origin of its own, which answers as the resources say: with `bodyOf`,
 * `etagOf` (where `hasValidatorAt`; a matching If-None-Match gets a 304), `cacheControlOf`, `Vary: Accept-Language` (where
 * `variesAt`), the tag in Surrogate-Key, Content-Length also for HEAD, and a Date by the cache's own clock. A POST is answered
 * with 200, `posted`, and nothing that would let it be stored. Nothing is ever evicted, and no heuristic, stale-while-revalidate or
 * stale-if-error is in use.
 */
export interface CacheUnderTest {
  /** Resolves when the reply is complete and what is to be stored is stored. */
  request(ask: Ask): Promise<Reply>;
  purge(purge: Purge): Promise<void>;
  /** Moves the cache's clock, which stands still otherwise. */
  advance(seconds: number): void;
  change(path: string, resource: Resource): void;
  /** While it is not reachable, the origin's port refuses connections. */
  reach(reachable: boolean): void;
  close(): Promise<void>;
}

export interface Disagreement {
  /** The steps that lead to it; the last one is where they part. */
  readonly steps: readonly Step[];
  readonly expected: Reply;
  readonly found: Reply;
}

/** Plays steps to both, and tells the first request that they answer differently. */
export async function play(
  steps: readonly Step[],
  create: () => Promise<CacheUnderTest>,
): Promise<Disagreement | undefined> {
  const model = new ModelCache();
  const cache = await create();
  try {
    for (const [index, step] of steps.entries()) {
      const expected = await take(model, step);
      const found = await take(cache, step);
      if (expected === undefined || found === undefined || isDeepStrictEqual(expected, found)) continue;
      return { steps: steps.slice(0, index + 1), expected, found };
    }
    return undefined;
  } finally {
    await cache.close();
  }
}

async function take(cache: ModelCache | Omit<CacheUnderTest, 'close'>, step: Step): Promise<Reply | undefined> {
  switch (step.step) {
    case 'request': {
      const { method, path, language } = step;
      return cache.request({ method, path, language });
    }
    case 'purge':
      await cache.purge(step.purge);
      return undefined;
    case 'advance':
      cache.advance(step.seconds);
      return undefined;
    case 'change':
      cache.change(step.path, step.resource);
      return undefined;
    case 'reach':
      cache.reach(step.reachable);
      return undefined;
  }
}

/** Leaves out of a disagreement all that can be left out with them still disagreeing at the end: halves first, single steps last. */
export async function shrink(found: Disagreement, create: () => Promise<CacheUnderTest>): Promise<Disagreement> {
  let best = found;
  for (let length = best.steps.length >> 1; length > 0; length >>= 1) {
    for (let from = best.steps.length - 1 - length; from >= 0; from -= length) {
      const fewer = await play(best.steps.toSpliced(from, length), create);
      if (fewer !== undefined) best = fewer;
    }
  }
  return best;
}

/** Plays random steps, and throws with the shortest disagreement that it finds. */
export async function expectAgreement(
  seed: number,
  count: number,
  create: () => Promise<CacheUnderTest>,
): Promise<void> {
  const found = await play(makeSteps(seed, count), create);
  if (found === undefined) return;
  const { steps, expected, found: instead } = await shrink(found, create);
  const story = steps.map((step) => `  ${JSON.stringify(step)}`).join('\n');
  throw new Error(`seed ${seed}:\n${story}\nexpected ${JSON.stringify(expected)}\n   found ${JSON.stringify(instead)}`);
}
