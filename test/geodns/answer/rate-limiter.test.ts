import { describe, expect, test } from 'vitest';
import { RATE, RATE_LIMITS, RateLimiter, type RateLimits } from '../../../src/geodns/answer/rate-limiter.ts';

const SECOND = 1000;
const START = 1_700_000_000_000;

describe('response rate limiting', () => {
  test('lets as many pass at once as are allowed in a second, and slips every second one after that', () => {
    const limiter = limiterOf({ responses: 3 });
    expect(Array.from({ length: 8 }, () => check(limiter))).toEqual([
      'pass',
      'pass',
      'pass',
      'drop',
      'slip',
      'drop',
      'slip',
      'drop',
    ]);
  });

  test.each([
    { slip: 0, expected: ['pass', 'drop', 'drop', 'drop'] },
    { slip: 1, expected: ['pass', 'slip', 'slip', 'slip'] },
    { slip: 3, expected: ['pass', 'drop', 'drop', 'slip'] },
  ])('slips as often as it is told: $slip', ({ slip, expected }) => {
    const limiter = limiterOf({ responses: 1, slip });
    expect(expected.map(() => check(limiter))).toEqual(expected);
  });

  test('gives back as many a second as are allowed, and saves none up', () => {
    const limiter = limiterOf({ responses: 2 });
    expect([0, 0, 500, 500, 1500].map((at) => check(limiter, { at }))).toEqual([
      'pass',
      'pass',
      'pass',
      'drop',
      'pass',
    ]);
    expect([60, 60].map((seconds) => check(limiter, { at: seconds * SECOND }))).toEqual(['pass', 'pass']);
    expect(check(limiter, { at: 60 * SECOND })).not.toBe('pass');
  });

  test('holds a flood back for as long as it lasts, and for the window after that at most', () => {
    const limiter = limiterOf({ responses: 10, window: 5, slip: 0 });
    const passed = Array.from({ length: 2000 }, (_, i) => check(limiter, { at: i * 10 })).filter((v) => v === 'pass');
    expect(passed.length).toBeLessThan(20); // of 2000 in 20 seconds; a plain allowance would be 200
    expect(check(limiter, { at: 20 * SECOND + 4 * SECOND })).toBe('drop');
    expect(check(limiter, { at: 20 * SECOND + 10 * SECOND })).toBe('pass');
  });

  test.each([
    { name: 'another address of the net', other: { from: 'c0000299' }, together: true },
    { name: 'another net', other: { from: 'c0000301' }, together: false },
    { name: 'another name', other: { name: 2 }, together: false },
    { name: 'another kind', other: { kind: RATE.NODATA }, together: false },
    { name: 'the same bytes as an IPv6 address', other: { from: `c0000201${'00'.repeat(12)}` }, together: false },
  ])('counts $name together: $together', ({ other, together }) => {
    const limiter = limiterOf({ responses: 1 });
    check(limiter);
    expect(check(limiter, other)).toBe(together ? 'drop' : 'pass');
  });

  test.each([
    { from: '20010db8000000aa0000000000000001', together: true }, // /56
    { from: '20010db8000001000000000000000001', together: false },
  ])('counts the nets of IPv6 by their prefix: $from', ({ from, together }) => {
    const limiter = limiterOf({ responses: 1 });
    check(limiter, { from: '20010db8000000010000000000000001' });
    expect(check(limiter, { from })).toBe(together ? 'drop' : 'pass');
  });

  test('has a limit of its own for NXDOMAIN and for errors, and none where that is 0', () => {
    const limiter = limiterOf({ responses: 0, nxdomains: 1, errors: 2 });
    const times = (kind: (typeof RATE)[keyof typeof RATE]) =>
      Array.from({ length: 5 }, () => check(limiter, { kind })).filter((verdict) => verdict === 'pass').length;
    expect([RATE.ANSWER, RATE.NODATA, RATE.REFERRAL, RATE.NXDOMAIN, RATE.ERROR].map(times)).toEqual([5, 5, 5, 1, 2]);
  });

  test.each([
    { exempt: '192.0.2.0/24', from: 'c0000201' },
    { exempt: '192.0.2.1', from: 'c0000201' },
    { exempt: '::ffff:192.0.2.0/124', from: 'c0000201' },
    { exempt: '192.0.0.0/15', from: 'c0010201' },
    { exempt: '2001:db8::/33', from: '20010db87fff00000000000000000001' },
    { exempt: '0.0.0.0/0', from: 'c0000201' },
  ])('never limits who is exempt: $exempt', ({ exempt, from }) => {
    const limiter = limiterOf({ responses: 1, exempt: ['10.0.0.0/8', exempt] });
    expect([1, 2, 3].map(() => check(limiter, { from }))).toEqual(['pass', 'pass', 'pass']);
  });

  test.each([
    { exempt: '192.0.3.0/24', from: 'c0000201' },
    { exempt: '192.0.2.128/25', from: 'c0000201' },
    { exempt: '2001:db8::/33', from: '20010db8800000000000000000000001' },
    { exempt: '::/0', from: 'c0000201' },
  ])('and limits who is not: $exempt', ({ exempt, from }) => {
    const limiter = limiterOf({ responses: 1, exempt: [exempt] });
    check(limiter, { from });
    expect(check(limiter, { from })).toBe('drop');
  });

  test('keeps a flow while thousands of others come and go, if it asks often enough', () => {
    const limiter = limiterOf({ responses: 1, flows: 64, slip: 0 });
    check(limiter);
    for (let i = 0; i < 2000; i++) {
      check(limiter, { name: 1000 + i, at: i });
      if (i % 2 === 0) expect(check(limiter, { at: i })).toBe('drop');
    }
  });

  test('is not led astray by a clock that is set back', () => {
    const limiter = limiterOf({ responses: 1 });
    check(limiter);
    expect(check(limiter, { at: -3600 * SECOND })).toBe('drop');
    expect(check(limiter, { at: -3590 * SECOND })).toBe('pass');
  });
});

function limiterOf(limits: Partial<RateLimits>): RateLimiter {
  return new RateLimiter({ ...RATE_LIMITS, ...limits }, 42);
}

interface Reply {
  readonly kind?: (typeof RATE)[keyof typeof RATE];
  readonly name?: number;
  readonly from?: string;
  readonly at?: number;
}

function check(limiter: RateLimiter, { kind = RATE.ANSWER, name = 1, from = 'c0000201', at = 0 }: Reply = {}) {
  const address = Buffer.from(from, 'hex');
  return limiter.check(kind, name, address, 0, address.length, START + at);
}
