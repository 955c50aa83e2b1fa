import type { Ms } from '../../src/base/units.ts';

/** Epoch milliseconds with their fraction: what times of other processes on this machine can be compared to. */
export function wallNow(): Ms {
  return performance.timeOrigin + performance.now();
}
