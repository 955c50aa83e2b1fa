import type { Ms } from '../../base/units.ts';
import type { CachePoint } from './cache-series.ts';
import { bytes, number } from './figures.ts';
import { graph } from './graph.ts';
import type { Html } from './html.ts';
import type { RatePoint } from './source.ts';

/** The graphs that there are. */

export function requestsGraph(points: readonly RatePoint[], now: Ms): Html {
  return graph({
    key: 'requests',
    title: 'Requests',
    unit: 'by the second',
    times: points.map(({ at }) => at),
    series: [
      { name: 'all', drawn: 'area', tone: 'one', values: points.map(({ requests }) => requests) },
      { name: 'errors', drawn: 'dashes', tone: 'bad', values: points.map(({ requests, errors }) => requests * errors) },
    ],
    written: number,
    now,
  });
}

/** `what`: whose mean time it is. */
export function latencyGraph(points: readonly RatePoint[], what: string, now: Ms): Html {
  return graph({
    key: 'latency',
    title: 'Latency',
    unit: 'ms',
    times: points.map(({ at }) => at),
    series: [{ name: what, drawn: 'line', tone: 'two', values: points.map(({ latency }) => latency) }],
    written: number,
    now,
  });
}

export function bytesGraph(points: readonly RatePoint[], now: Ms): Html {
  return graph({
    key: 'bytes',
    title: 'Bodies',
    unit: 'by the second',
    times: points.map(({ at }) => at),
    series: [
      { name: 'sent', drawn: 'area', tone: 'one', values: points.map(({ sent }) => sent) },
      { name: 'received', drawn: 'dashes', tone: 'two', values: points.map(({ received }) => received) },
    ],
    written: bytes,
    now,
    least: 1024,
    thousand: 1024,
  });
}

export function cacheGraph(points: readonly CachePoint[], now: Ms): Html {
  return graph({
    key: 'cache',
    title: 'Cache',
    unit: 'requests by the second',
    times: points.map(({ at }) => at),
    series: [
      { name: 'hits', drawn: 'area', tone: 'one', values: points.map(({ hits }) => hits) },
      { name: 'misses', drawn: 'dashes', tone: 'two', values: points.map(({ forwards }) => forwards) },
    ],
    written: number,
    now,
  });
}

export function hitRatioGraph(points: readonly CachePoint[], now: Ms): Html {
  const ratio = ({ hits, forwards }: CachePoint) => (hits + forwards > 0 ? hits / (hits + forwards) : undefined);
  return graph({
    key: 'ratio',
    title: 'Hit ratio',
    unit: '% of requests',
    times: points.map(({ at }) => at),
    series: [{ name: 'hits', drawn: 'line', tone: 'one', values: points.map((each) => percentOf(ratio(each))) }],
    written: number,
    now,
    least: 100,
    most: 100,
  });
}

function percentOf(value: number | undefined): number | undefined {
  return value === undefined ? undefined : value * 100;
}
