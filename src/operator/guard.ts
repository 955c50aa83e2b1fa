import type { Standing } from './standing.ts';

/**
 * The guard of a pool's last usable origin. Usable is what admits all, and is up; where nothing is known to be up, what
 * is still being checked is all that there is. What failed its checks, or requests, may always be taken away.
 */

/** Whether a change leaves a pool without a usable origin that had one, by the standings of all its origins. */
export function takesLast(before: readonly Standing[], after: readonly Standing[]): boolean {
  return best(after) < best(before);
}

/** 2: there is one that is up. 1: one that may turn out to be. 0: none. */
function best(standings: readonly Standing[]): number {
  return standings.reduce((most, each) => Math.max(most, usable(each)), 0);
}

function usable({ admits, health }: Standing): number {
  if (admits !== 'all') return 0;
  if (health === 'up' || health === 'trial') return 2;
  return health === 'checking' ? 1 : 0;
}
