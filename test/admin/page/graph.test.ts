import { describe, expect, test } from 'vitest';
import { CacheSeries } from '../../../src/admin/page/cache-series.ts';
import { graph, niceTop } from '../../../src/admin/page/graph.ts';

const NOW = 1_700_000_000_000;

const drawn = (values: readonly (number | undefined)[], how: 'line' | 'area' = 'line') =>
  graph({
    key: 'k',
    title: 'T',
    unit: 'u',
    times: values.map((_, index) => NOW - (values.length - 1 - index) * 300_000),
    series: [{ name: 's', drawn: how, tone: 'one', values }],
    written: String,
    now: NOW,
  }).toString();

describe('a graph', () => {
  test('covers ten minutes from the left to the right, and from the ground to a good number', () => {
    expect(drawn([0, 50, 100])).toContain('class="line one" d="M0 100L300 50L600 0"');
  });

  test('has a gap where nothing is known', () => {
    expect(drawn([10, undefined, 10])).toContain('d="M0 0h1M600 0h1"');
  });

  test('fills what is below an area, run by run', () => {
    expect(drawn([2, 2, undefined], 'area')).toContain('class="fill one" d="M0 0L300 0V100H0z"');
  });

  test('says in words what it shows', () => {
    expect(drawn([3, 9, 4])).toContain('aria-label="T, u, the last ten minutes. s: now 4, at most 9."');
    expect(drawn([])).toContain('s: nothing known yet.');
  });

  test.each([
    [1, 1000, 1],
    [1.01, 1000, 2],
    [41, 1000, 60],
    [100, 1000, 100],
    [1684, 1000, 2000],
    [0.3, 1000, 0.4],
    [1025, 1024, 2048],
    [15 * 1024 ** 2, 1024, 20 * 1024 ** 2],
    [1024 ** 3, 1024, 1024 ** 3],
  ])('reaches, for %d in steps of %d, up to %d', (value, thousand, expected) => {
    expect(niceTop(value, thousand)).toBeCloseTo(expected);
  });
});

describe('what the cache answered', () => {
  const at = (seconds: number) => NOW + seconds * 1000;

  test('is told by the second, of counts that grow', () => {
    const series = new CacheSeries();
    series.sample({ hits: 100, forwards: 10 }, at(0));
    series.sample({ hits: 150, forwards: 20 }, at(5));
    expect(series.points).toEqual([{ at: at(5), hits: 10, forwards: 2 }]);
  });

  test('is not told of a count that began anew, nor of a cache that is off', () => {
    const series = new CacheSeries();
    series.sample({ hits: 100, forwards: 10 }, at(0));
    series.sample({ hits: 1, forwards: 0 }, at(5));
    series.sample(undefined, at(10));
    series.sample({ hits: 9, forwards: 0 }, at(15));
    expect(series.points).toEqual([]);
  });

  test('is forgotten after ten minutes', () => {
    const series = new CacheSeries();
    for (let second = 0; second <= 1200; second += 5) series.sample({ hits: second, forwards: 0 }, at(second));
    expect(series.points).toHaveLength(120);
    expect(series.points[0]?.at).toBe(at(605));
  });
});
