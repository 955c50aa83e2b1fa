import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Finding } from '../../src/health/check.ts';
import { Checker, type CheckTarget } from '../../src/health/checker.ts';

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => {
  vi.useRealTimers();
});

const WELL: Finding = { problem: undefined };

/** A checker, when each target was checked, and what came of it. */
function scene({ takes = 0, random = () => 0.5 }: { takes?: number; random?: () => number } = {}) {
  const begun: [key: string, at: number][] = [];
  const results: [key: string, finding: Finding][] = [];
  const running = new Map<string, number>();
  const state = { takes, finding: WELL as Finding | undefined, most: 0 };
  const checker = new Checker({
    onResult: (key, finding) => results.push([key, finding]),
    now: () => Date.now(),
    random,
  });
  const target = (key: string, changes: Partial<CheckTarget> = {}): CheckTarget => ({
    key,
    identity: key,
    interval: 5000,
    jitter: 0.1,
    run: async (signal) => {
      begun.push([key, Date.now()]);
      running.set(key, (running.get(key) ?? 0) + 1);
      state.most = Math.max(state.most, running.get(key) as number);
      if (state.takes > 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, state.takes);
          signal.addEventListener('abort', () => {
            clearTimeout(timer);
            resolve();
          });
        });
      }
      running.set(key, (running.get(key) as number) - 1);
      return signal.aborted ? undefined : state.finding;
    },
    ...changes,
  });
  const timesOf = (key: string) => begun.filter(([each]) => each === key).map(([, at]) => at);
  return { checker, target, begun, results, state, timesOf };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the first check', () => {
  test('of a few is at once', async () => {
    const { checker, target, begun } = scene();
    checker.update(['a', 'b', 'c'].map((key) => target(key)));
    await pass(1);
    expect(begun.map(([key]) => key)).toEqual(['a', 'b', 'c']);
  });

  test('of many is within a second, not all at the same time', async () => {
    const { checker, target, begun } = scene();
    checker.update(Array.from({ length: 500 }, (_, index) => target(`origin ${index}`)));
    await pass(100);
    expect(begun.length).toBeGreaterThan(20);
    expect(begun.length).toBeLessThan(100);
    await pass(900);
    expect(new Set(begun.map(([key]) => key)).size).toBe(500);
  });
});

describe('the next one', () => {
  test.each([
    { random: 0.5, expected: [0, 5000, 10_000, 15_000, 20_000] },
    { random: 0, expected: [0, 4500, 9000, 13_500, 18_000] },
    { random: 0.75, expected: [0, 5250, 10_500, 15_750] },
  ])('is an interval later, more or less by its jitter (random $random)', async ({ random, expected }) => {
    const { checker, target, timesOf } = scene({ random: () => random });
    checker.update([target('a')]);
    await pass(20_000);
    expect(timesOf('a')).toEqual(expected);
  });

  test('is counted from the beginning of the last one, however long that took', async () => {
    const { checker, target, timesOf } = scene({ takes: 1700 });
    checker.update([target('a')]);
    await pass(15_000);
    expect(timesOf('a')).toEqual([0, 5000, 10_000, 15_000]);
  });

  test('waits for the last one, and does not make up for those that were left out', async () => {
    const { checker, target, timesOf, state } = scene({ takes: 12_000 });
    checker.update([target('a')]);
    await pass(24_000);
    await pass(2);
    // A timer of nothing takes a millisecond.
    expect(timesOf('a')).toEqual([0, 12_001, 24_002]);
    state.takes = 10;
    await pass(12_001 + 5000 + 4999);
    expect(timesOf('a')).toEqual([0, 12_001, 24_002, 36_003, 41_003]);
    expect(state.most).toBe(1);
  });

  test('is at once for who is asked about, unless one runs', async () => {
    const { checker, target, timesOf, state } = scene({ takes: 100 });
    checker.update([target('a')]);
    await pass(50);
    checker.checkNow('a');
    checker.checkNow('nobody');
    await pass(1950);
    expect(timesOf('a')).toEqual([0]);
    checker.checkNow('a');
    checker.checkNow('a');
    await pass(5000);
    expect(timesOf('a')).toEqual([0, 2000, 7000]);
    expect(state.most).toBe(1);
  });
});

describe('what a check finds', () => {
  test('is told each time', async () => {
    const { checker, target, results, state } = scene();
    checker.update([target('a')]);
    await pass(1);
    state.finding = { problem: 'connection refused' };
    await pass(5000);
    expect(results).toEqual([
      ['a', WELL],
      ['a', { problem: 'connection refused' }],
    ]);
  });

  test('is not told when it is nothing; the next one is as usual', async () => {
    const { checker, target, results, state, timesOf } = scene();
    state.finding = undefined;
    checker.update([target('a')]);
    await pass(5000);
    expect(results).toEqual([]);
    expect(timesOf('a')).toEqual([0, 5000]);
  });
});

describe('a change of what is checked', () => {
  test('leaves alone what is as it was, checks at once what is new or different, and ends the rest', async () => {
    const { checker, target, timesOf } = scene();
    checker.update([target('same'), target('other'), target('gone')]);
    await pass(2000);
    checker.update([target('same'), target('other', { identity: 'another' }), target('new')]);
    await pass(8000);
    expect(timesOf('same')).toEqual([0, 5000, 10_000]);
    expect(timesOf('other')).toEqual([0, 2000, 7000]);
    expect(timesOf('new')).toEqual([2000, 7000]);
    expect(timesOf('gone')).toEqual([0]);
  });

  test('tells nothing of a check that ran for what is gone, or was different', async () => {
    const { checker, target, results } = scene({ takes: 1000 });
    checker.update([target('a'), target('b')]);
    await pass(500);
    checker.update([target('b', { identity: 'another' })]);
    await pass(999);
    expect(results).toEqual([]);
    await pass(1);
    expect(results).toEqual([['b', WELL]]);
  });

  test('to nothing leaves no timer, and tells nothing', async () => {
    const { checker, target, results } = scene({ takes: 1000 });
    checker.update([target('a'), target('b')]);
    await pass(500);
    checker.close();
    await pass(0);
    expect(vi.getTimerCount()).toBe(0);
    await pass(60_000);
    expect(results).toEqual([]);
  });
});
