import type { Ms } from '../../../base/units.ts';

/**
 * Peak EWMA: a mean of latencies in which what is long ago counts little, but a latency above it takes its place at
 * once. So an origin that becomes slow is avoided with its first slow reply, and won back step by step; also when it
 * gets no requests at all, as what is known of it fades.
 */

/** The time in which what was fades to 1/e. */
const FADES_IN: Ms = 10_000;

/** What a failure counts as: one that comes quickly must not look like a quick reply. */
export const FAILURE_LATENCY: Ms = 5_000;

/** `now` and `at` wrap around at 2^31. */
export function nextPeak(peak: Ms, at: Ms, latency: Ms, now: Ms): Ms {
  if (peak === 0 || latency >= peak) return latency;
  return latency + (peak - latency) * remaining(at, now);
}

/** What is left of it after it has not been renewed. */
export function fadedPeak(peak: Ms, at: Ms, now: Ms): Ms {
  return peak * remaining(at, now);
}

/** Milliseconds that fit a cell of shared memory and mean the same in all threads. */
export function wrappingNow(): Ms {
  return Date.now() % WRAP;
}

const WRAP = 2 ** 31;

/** A clock that was set back counts as one that stands still. */
function remaining(at: Ms, now: Ms): number {
  const elapsed = (now - at + WRAP) % WRAP;
  return elapsed > WRAP / 2 ? 1 : Math.exp(-elapsed / FADES_IN);
}
