import { describe, expect, test } from 'vitest';
import { Evidence, type Outcomes } from '../../src/health/evidence.ts';
import type { OutlierSettings } from '../../src/health/settings.ts';

const SETTINGS: OutlierSettings = {
  failures: 5,
  error_rate: 0.5,
  min_requests: 20,
  window: 10_000,
  eject_for: 30_000,
  max_eject_for: 300_000,
  max_ejected: 0.5,
};

/** Counts of an origin that were not 0 when anybody began to look; `responses` are about to wrap around. */
class Counts {
  #responses = 2 ** 32 - 3;
  #failures = 40;
  #row = 40;

  get now(): Outcomes {
    return { responses: this.#responses, failures: this.#failures, consecutiveFailures: this.#row };
  }

  good(count: number): this {
    this.#responses = (this.#responses + count) >>> 0;
    if (count > 0) this.#row = 0;
    return this;
  }

  bad(count: number): this {
    this.#responses = (this.#responses + count) >>> 0;
    this.#failures += count;
    this.#row += count;
    return this;
  }

  lose(failures: number): this {
    this.#failures -= failures;
    this.#responses -= failures;
    return this;
  }
}

function scene() {
  const counts = new Counts();
  const evidence = new Evidence(counts.now, 0);
  return { counts, evidence, against: (at: number) => evidence.against(counts.now, SETTINGS, at) };
}

describe('failures in a row', () => {
  test('speak against an origin when there are as many as is set', () => {
    const { counts, against } = scene();
    counts.good(1).bad(4);
    expect(against(1)).toBeUndefined();
    counts.bad(1);
    expect(against(2)).toBe('5 requests failed in a row');
  });

  test('do not when one between them did not fail', () => {
    const { counts, against } = scene();
    counts.bad(4).good(1).bad(4);
    expect(against(1)).toBeUndefined();
  });

  test('of before do not count: not those before anybody looked, nor those that are forgotten', () => {
    const { counts, evidence, against } = scene();
    expect(against(1)).toBeUndefined();
    counts.bad(4);
    expect(against(2)).toBeUndefined();
    counts.bad(1);
    evidence.forget(counts.now, 3);
    counts.bad(4);
    expect(against(4)).toBeUndefined();
    counts.bad(1);
    expect(against(5)).toBe('5 requests failed in a row');
  });
});

describe('the share of failures', () => {
  test.each([
    { name: 'too few requests to say', good: 10, bad: 9, expected: undefined },
    {
      name: 'just the share and number that is set',
      good: 10,
      bad: 10,
      expected: '10 of 20 requests failed within 4s',
    },
    { name: 'a share below', good: 11, bad: 10, expected: undefined },
    { name: 'more than that', good: 30, bad: 70, expected: '70 of 100 requests failed within 4s' },
    { name: 'no failures', good: 100, bad: 0, expected: undefined },
  ])('of $good good and $bad bad requests: $name', ({ good, bad, expected }) => {
    const { counts, against } = scene();
    counts.bad(bad).good(good);
    expect(against(4000)).toBe(expected);
  });

  test('is that of the window, not of all time', () => {
    const { counts, against } = scene();
    for (let second = 1; second <= 20; second++) {
      counts.good(100);
      expect(against(second * 1000)).toBeUndefined();
    }
    for (let second = 21; second <= 25; second++) {
      counts.bad(99).good(1);
      expect(against(second * 1000)).toBeUndefined();
    }
    counts.bad(99).good(1);
    expect(against(26_000)).toBe('594 of 1000 requests failed within 10s');
  });

  test('is forgotten with the window', () => {
    const { counts, against } = scene();
    counts.bad(4).good(1).bad(4).good(1);
    for (let at = 1000; at <= 12_000; at += 1000) expect(against(at)).toBeUndefined();
    counts.bad(4).good(15);
    expect(against(13_000)).toBeUndefined();
  });
});

test('what became of a trial is counted from its beginning', () => {
  const { counts, evidence } = scene();
  counts.bad(9).good(9);
  evidence.forget(counts.now, 5);
  expect(evidence.since(counts.now)).toEqual({ succeeded: 0, failed: 0 });
  expect(evidence.since(counts.bad(1).now)).toEqual({ succeeded: 0, failed: 1 });
  expect(evidence.since(counts.good(2).now)).toEqual({ succeeded: 2, failed: 1 });
});

test('counts that a dead worker took along are no failures', () => {
  const { counts, evidence, against } = scene();
  counts.bad(3);
  counts.lose(20);
  expect(evidence.since(counts.now)).toEqual({ succeeded: 0, failed: 0 });
  expect(against(1000)).toBeUndefined();
});
