import { describe, expect, test } from 'vitest';
import { BOUNDS_IN_SECONDS, HISTOGRAM_CELLS, observe, readTimes } from '../../src/metrics/histogram.ts';

function observed(times: readonly number[], at = 3) {
  const cells = new Float64Array(HISTOGRAM_CELLS + 6);
  for (const time of times) observe(cells, at, time);
  return { cells, times: readTimes((cell) => cells[cell] as number, at) };
}

describe('a histogram', () => {
  test.each([
    { time: 0, bound: 0.005 },
    { time: 5, bound: 0.005 },
    { time: 5.001, bound: 0.01 },
    { time: 999, bound: 1 },
    { time: 20_004, bound: 30 },
    { time: 60_000, bound: 60 },
    { time: 60_001, bound: undefined },
    { time: 86_400_000, bound: undefined },
  ])('counts $time ms in the first bucket whose bound is no less: $bound s', ({ time, bound }) => {
    const { counts, count, sum } = observed([time]).times;
    const bucket = bound === undefined ? BOUNDS_IN_SECONDS.length : BOUNDS_IN_SECONDS.indexOf(bound);
    expect(counts.indexOf(1)).toBe(bucket);
    expect([count, sum]).toEqual([1, time]);
  });

  test('keeps the sum of whole milliseconds exact', () => {
    const { count, sum } = observed(Array.from({ length: 100_000 }, (_, i) => i % 1_000)).times;
    expect([count, sum]).toEqual([100_000, 49_950_000]);
  });

  test('touches no cell but its own', () => {
    const { cells } = observed([1, 70_000], 3);
    expect([...cells.slice(0, 3), ...cells.slice(3 + HISTOGRAM_CELLS)]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('has ascending bounds from 5 ms to a minute', () => {
    expect(BOUNDS_IN_SECONDS).toEqual(BOUNDS_IN_SECONDS.toSorted((a, b) => a - b));
    expect([BOUNDS_IN_SECONDS[0], BOUNDS_IN_SECONDS.at(-1)]).toEqual([0.005, 60]);
  });
});
