import { describe, expect, test } from 'vitest';
import { SourceRate } from '../../src/sibling/source-rate.ts';

describe('a rate for each source', () => {
  test('lets a burst through, then so many a second', () => {
    const clock = { now: 0 };
    const rate = new SourceRate({ perSecond: 10, burst: 20 }, () => clock.now);
    const taken = () => Array.from({ length: 100 }, () => rate.take('a')).filter(Boolean).length;
    expect(taken()).toBe(20);
    clock.now = 99;
    expect(taken()).toBe(0);
    clock.now = 500;
    expect(taken()).toBe(5);
    clock.now = 1e9;
    expect(taken()).toBe(20);
  });

  test('is for that one alone', () => {
    const rate = new SourceRate({ perSecond: 1, burst: 1 }, () => 0);
    expect([rate.take('a'), rate.take('a'), rate.take('b')]).toEqual([true, false, true]);
  });
});
