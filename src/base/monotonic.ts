import type { Ms } from './units.ts';

/** A thread's `performance.now()` begins with the thread, and its `timeOrigin` moves with the wall clock. */
const ORIGIN: Ms = Number(process.hrtime.bigint()) / 1e6 - performance.now();

/** Milliseconds of the machine's monotonic clock: the same in all threads, whoever sets the wall clock. */
export function monotonicNow(): Ms {
  return ORIGIN + performance.now();
}
