import type { Ms } from '../../base/units.ts';

/** More than half of all voters: two majorities have a voter in common, and that one does not lend its vote twice. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1;
}

/** Until when a majority is had, of votes that are had until then. `-Infinity`: never. */
export function majorityUntil(untils: readonly Ms[], voters: number): Ms {
  const latestFirst = untils.toSorted((a, b) => b - a);
  return latestFirst[majorityOf(voters) - 1] ?? Number.NEGATIVE_INFINITY;
}

/**
 * How long a lease is counted on that was granted for so long. What is left out is for clocks that run at different rates, and for
 * what it takes to remove the addresses.
 */
export function countedSpan(granted: Ms): Ms {
  return granted * 0.9;
}
