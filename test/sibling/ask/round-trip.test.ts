import { describe, expect, test } from 'vitest';
import { afterSample, answerTimeout, type RoundTrip } from '../../../src/sibling/ask/round-trip.ts';

const NOTHING: RoundTrip = { smoothed: 0, variation: 0 };

describe('how long to wait for an answer (RFC 6298 §2)', () => {
  test('is the limit while nothing was measured', () => {
    expect(answerTimeout(NOTHING, 50)).toBe(50);
  });

  test('(2.2) the first measurement R: SRTT = R, RTTVAR = R/2, RTO = SRTT + 4 RTTVAR', () => {
    const first = afterSample(NOTHING, 8);
    expect(first).toEqual({ smoothed: 8, variation: 4 });
    expect(answerTimeout(first, 50)).toBe(24);
  });

  test('(2.3) the next: RTTVAR before SRTT, by 1/4 and 1/8', () => {
    expect(afterSample({ smoothed: 8, variation: 4 }, 16)).toEqual({ smoothed: 9, variation: 5 });
  });

  test.each([
    { name: 'is 10 ms at least', roundTrips: Array(50).fill(0.1), limit: 50, expected: 10 },
    { name: 'is the limit at most', roundTrips: [40], limit: 50, expected: 50 },
    { name: 'is the limit, where that is less than 10 ms', roundTrips: [0.1], limit: 1, expected: 1 },
    {
      name: 'leaves a steady peer the granularity of a timer',
      roundTrips: Array(100).fill(20),
      limit: 50,
      expected: 21,
    },
    { name: 'bears a clock that stands still', roundTrips: [0, 0], limit: 50, expected: 10 },
  ])('$name', ({ roundTrips, limit, expected }) => {
    expect(answerTimeout(roundTrips.reduce(afterSample, NOTHING), limit)).toBeCloseTo(expected, 2);
  });

  test('an answer that comes a minute late is forgotten after some good ones', () => {
    let roundTrip = Array(20).fill(1).reduce(afterSample, NOTHING);
    roundTrip = afterSample(roundTrip, 60_000);
    expect(answerTimeout(roundTrip, 50)).toBe(50);
    roundTrip = Array(100).fill(1).reduce(afterSample, roundTrip);
    expect(answerTimeout(roundTrip, 50)).toBe(10);
  });
});
