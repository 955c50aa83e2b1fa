/**
 * Where things stand in the origin table. All cells are 32 bits; what belongs to one worker is in a cache line of its
 * own, so that counting there disturbs nobody.
 *
 *     0           POOLS × 16 × (1 + workers)     1 × 16        ORIGINS × 16 × (1 + workers)
 *     +-------------------------------------------+---------+-------------------------------------------+------+
 *     | shared by all | worker 0 | worker 1 | …   | version | shared by all | worker 0 | worker 1 | …   | bells|
 *     +-------------------------------------------+---------+-------------------------------------------+------+
 *       one row a pool                                        one row an origin
 */

export const MAX_POOLS = 512;
export const MAX_ORIGINS = 8192;

/** Cells of one cache line. */
export const LINE = 16;

/** Cells that all workers share, in a pool's row. */
export const POOL = {
  /** Turns taken, one for each choice of an origin; wraps around. */
  cursor: 0,
  /** Where the cursor stood when the window of the retry budget before this one began. */
  mark: 1,
  /** How many of the turns were retries; wraps around. */
  retries: 2,
  /** The last number given to one who waits; odd, wraps around. */
  ticket: 3,
  /** Requests that wait, over all workers. */
  queued: 4,
  /** Where `retries` stood when `mark` was made. */
  retriesMark: 5,
  /** Both when this window began. */
  nextMark: 6,
  nextRetriesMark: 7,
} as const;

/** Cells of one worker in a pool's row. */
export const POOL_WORKER = {
  /** Its part of `queued`. */
  queued: 0,
  /** The number of its request that has waited longest; 0: none waits. */
  head: 1,
} as const;

/** Cells that all workers share, in an origin's row. */
export const ORIGIN = {
  /** See `standingWord`. */
  standing: 0,
  /** In flight over all workers: the sum of theirs, in one cell that a limit can be held against. */
  inFlight: 1,
  /** Failures since the last success. */
  consecutiveFailures: 2,
  /** Which worker's request is on trial there, counted from 1; 0: none is. */
  trial: 3,
  trialsSucceeded: 4,
  trialsFailed: 5,
  /** Time to the first byte, a moving mean in µs; 0: none was measured. */
  latency: 6,
  /** The same as policies want it that go by it, and when it was: see `peakLatency`. */
  peak: 7,
  peakAt: 8,
} as const;

/** Cells of one worker in an origin's row. All but the first two only grow, and wrap around. */
export const ORIGIN_WORKER = {
  inFlight: 0,
  /** Upgraded connections among them. */
  upgraded: 1,
  elected: 2,
  /** Of those elected, they were because their clients stick there. */
  sticky: 3,
  /** Attempts of which is known how they came out, failures among them. */
  responses: 4,
  failures: 5,
} as const;

export interface Layout {
  /** Cells of a row, of pools and of origins alike. */
  readonly row: number;
  readonly version: number;
  readonly origins: number;
  readonly bells: number;
}

export function layoutOf(workers: number): Layout {
  const row = LINE * (1 + workers);
  const version = MAX_POOLS * row;
  const origins = version + LINE;
  return { row, version, origins, bells: origins + MAX_ORIGINS * row };
}
