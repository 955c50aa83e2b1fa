import type { PoolState } from '../../operator/model.ts';

/** What the file says of a pool, in Apache's terms, beyond what `PoolState` has. */
export interface PoolFacts {
  /** Seconds; 0: Apache's word for none of its own. */
  readonly timeout: number;
  /** How often a request is tried again. */
  readonly failoverAttempts: number;
  /** The path that leads to the pool; of several the first. */
  readonly path: string;
}

export const NO_FACTS: PoolFacts = { timeout: 0, failoverAttempts: 1, path: '/' };

/** By Apache's name where it has one. */
export function methodOf({ balance }: PoolState): string {
  return METHODS[balance] ?? balance;
}

const METHODS: Readonly<Record<string, string>> = {
  'round-robin': 'byrequests',
  'least-requests': 'bybusyness',
};
