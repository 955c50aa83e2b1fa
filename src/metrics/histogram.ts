import type { Ms } from '../base/units.ts';

/** Times in buckets, as they lie in shared memory: a cell for each bucket, one for what is above all, and the sum. */

/** Upper bounds in milliseconds. */
const BOUNDS: readonly Ms[] = [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000];

/** The same in seconds, as Prometheus wants them. */
export const BOUNDS_IN_SECONDS: readonly number[] = BOUNDS.map((bound) => bound / 1_000);

const BUCKETS = BOUNDS.length + 1;

/** Cells that a histogram takes: its buckets, each counted alone, and the sum in milliseconds, which whole numbers keep exact. */
export const HISTOGRAM_CELLS = BUCKETS + 1;

/** Counts `time` in the histogram that begins at `at`. */
export function observe(cells: Float64Array, at: number, time: Ms): void {
  let bucket = 0;
  while (bucket < BOUNDS.length && time > (BOUNDS[bucket] as number)) bucket += 1;
  cells[at + bucket] = (cells[at + bucket] as number) + 1;
  cells[at + BUCKETS] = (cells[at + BUCKETS] as number) + time;
}

export interface Times {
  /** By bucket; see `BOUNDS_IN_SECONDS`. */
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: Ms;
}

/** Reads the histogram that begins at `at`, where `cell` gives a cell's sum over all workers. */
export function readTimes(cell: (at: number) => number, at: number): Times {
  const counts = Array.from({ length: BUCKETS }, (_, bucket) => cell(at + bucket));
  return { counts, count: counts.reduce((sum, each) => sum + each, 0), sum: cell(at + BUCKETS) };
}
