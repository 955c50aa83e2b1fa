import { setFlagsFromString } from 'node:v8';

/**
 * How much V8 may leave lying about. Each worker has a heap of its own, and V8 lets most of them grow to several times
 * what they hold, as if each were alone with all the memory there is: by 110 MiB in one worker, by 250 in four.
 */

/** MiB: both halves of the space for new objects, of all workers together; and of one worker, at least and at most. */
const NEW_SPACES = 16;
const LEAST_NEW_SPACE = 4;
const MOST_NEW_SPACE = 8;

/** How far a heap grows beyond what lives in it before it is marked again: percent, but 8 MiB in any case. */
const GROWTH = 30;
/** How large it is when it is marked for the first time: MiB. V8 would wait for some hundred. */
const FIRST_MARKED = 16;

/**
 * For heaps that are made from now on, in the whole process. What is fetched and decoded gets old and has to be marked
 * more often; that cannot be told from noise beside what a fetch takes. Nothing gets old that a hit makes.
 */
export function keepHeapsSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH}`);
  setFlagsFromString(`--initial-old-space-size=${FIRST_MARKED}`);
}

/**
 * `maxYoungGenerationSizeMb` of one of so many workers. To V8 it is three thirds, of which two are the halves above. 4 MiB
 * a half fit the processor's cache, so that a hit takes rather less time than with V8's own 32; with 1 MiB it takes a
 * tenth more.
 */
export function youngGeneration(workers: number): number {
  return 1.5 * Math.min(MOST_NEW_SPACE, Math.max(LEAST_NEW_SPACE, NEW_SPACES / workers));
}
