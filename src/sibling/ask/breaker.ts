import type { Ms } from '../../base/units.ts';

/**
 * Whether it is worth while to fetch from a peer that answers: a function of what was held, how a fetch came out, and when.
 *
 *     closed ──3 failed or overdue in a row──▸ open for 1 s, 2 s, … 30 s ┐ time      ┌─hit─▸ closed
 *            ──10 false hits in a row────────▸ open for 10 s             ├───▸ trial ┤
 *                                                                        ┘           └─────▸ open again
 *
 * A peer whose breaker is open is not asked. On trial one fetch at a time may go there, in the whole node.
 */

export interface Breaker {
  /** In a row. */
  readonly failures: number;
  readonly falseHits: number;
  /** Pauses for failures in a row: the next is twice as long. */
  readonly pauses: number;
  /** 0: closed. */
  readonly until: Ms;
}

export type FetchOutcome = 'hit' | 'false-hit' | 'failed' | 'overdue';

export const CLOSED: Breaker = { failures: 0, falseHits: 0, pauses: 0, until: 0 };

const FAILURES = 3;
const FIRST_PAUSE: Ms = 1_000;
const LONGEST_PAUSE: Ms = 30_000;
const FALSE_HITS = 10;
const FALSE_HIT_PAUSE: Ms = 10_000;

export function breakerState({ until }: Breaker, now: Ms): 'closed' | 'open' | 'trial' {
  if (until === 0) return 'closed';
  return now < until ? 'open' : 'trial';
}

export function afterFetch(before: Breaker, outcome: FetchOutcome, now: Ms): Breaker {
  if (outcome === 'hit') return CLOSED;
  // Of fetches that were under way when it opened, each that fails would make the pause longer.
  if (breakerState(before, now) === 'open') return before;

  if (outcome === 'false-hit') {
    const falseHits = before.falseHits + 1;
    return { ...CLOSED, falseHits, until: falseHits < FALSE_HITS ? 0 : now + FALSE_HIT_PAUSE };
  }
  const { falseHits, pauses } = before;
  const failures = before.failures + 1;
  if (failures < FAILURES) return { ...before, failures };
  const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** pauses);
  return { failures, falseHits, pauses: pauses + 1, until: now + pause };
}
