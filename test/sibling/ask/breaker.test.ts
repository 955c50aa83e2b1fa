import { describe, expect, test } from 'vitest';
import { afterFetch, type Breaker, breakerState, CLOSED, type FetchOutcome } from '../../../src/sibling/ask/breaker.ts';

type Fetch = [outcome: FetchOutcome, at: number];

function play(fetches: readonly Fetch[]): Breaker {
  return fetches.reduce((breaker, [outcome, at]) => afterFetch(breaker, outcome, at), CLOSED);
}

const times = (count: number, outcome: FetchOutcome, at = 100): Fetch[] => Array(count).fill([outcome, at]);

describe('the circuit breaker', () => {
  test.each<{ name: string; fetches: Fetch[]; until: number }>([
    { name: 'is closed at first', fetches: [], until: 0 },
    { name: 'bears two failures', fetches: times(2, 'failed'), until: 0 },
    { name: 'opens for a second at the third', fetches: times(3, 'failed'), until: 1_100 },
    { name: 'counts what is overdue as well', fetches: [...times(2, 'overdue'), ['failed', 100]], until: 1_100 },
    { name: 'begins anew with a hit', fetches: [...times(2, 'failed'), ['hit', 100], ...times(2, 'failed')], until: 0 },
    {
      name: 'takes a false hit for a peer that answers',
      fetches: [...times(2, 'failed'), ['false-hit', 100], ...times(2, 'failed')],
      until: 0,
    },
    { name: 'is not opened for longer by fetches that were under way', fetches: times(50, 'failed'), until: 1_100 },
    {
      name: 'opens for two seconds when the trial fails',
      fetches: [...times(3, 'failed'), ['failed', 1_100]],
      until: 3_100,
    },
    { name: 'closes when the trial is a hit', fetches: [...times(3, 'failed'), ['hit', 1_100]], until: 0 },
    { name: 'closes when something else is a hit', fetches: [...times(3, 'failed'), ['hit', 200]], until: 0 },
    { name: 'bears nine false hits', fetches: times(9, 'false-hit'), until: 0 },
    { name: 'opens for 10 s at the tenth', fetches: times(10, 'false-hit'), until: 10_100 },
    {
      name: 'opens for 10 s when the trial is one more',
      fetches: [...times(10, 'false-hit'), ['false-hit', 20_000]],
      until: 30_000,
    },
    {
      name: 'counts false hits from the last hit on',
      fetches: [...times(9, 'false-hit'), ['hit', 1], ...times(9, 'false-hit')],
      until: 0,
    },
  ])('$name', ({ fetches, until }) => {
    expect(play(fetches).until).toBe(until);
  });

  test('is open, and then on trial', () => {
    const breaker = play(times(3, 'failed', 0));
    expect([0, 999, 1_000, 1e9].map((now) => breakerState(breaker, now))).toEqual(['open', 'open', 'trial', 'trial']);
    expect(breakerState(CLOSED, 0)).toBe('closed');
  });

  test('opens for twice as long each time, and for 30 s at most', () => {
    let breaker = play(times(3, 'failed', 0));
    const pauses = [];
    for (let trial = 0; trial < 7; trial++) {
      const now = breaker.until;
      breaker = afterFetch(breaker, 'overdue', now);
      pauses.push(breaker.until - now);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    expect(afterFetch(breaker, 'hit', breaker.until)).toEqual(CLOSED);
  });
});
