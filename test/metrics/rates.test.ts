import { describe, expect, test } from 'vitest';
import { TrafficRates } from '../../src/metrics/rates.ts';
import { TrafficCounts } from '../../src/metrics/traffic-counts.ts';
import type { TrafficRows } from '../../src/metrics/traffic-families.ts';
import { TrafficTable } from '../../src/metrics/traffic-table.ts';
import { entryOf } from './entry-of.ts';

const rows: TrafficRows = {
  sites: [{ name: 'www', slot: 1 }],
  listeners: [],
  pools: [
    {
      name: 'app',
      slot: 0,
      origins: [
        { name: 'a', slot: 0 },
        { name: 'b', slot: 1 },
      ],
    },
  ],
};
const www = { kind: 'site', site: 'www' } as const;
const app = { kind: 'pool', pool: 'app' } as const;
const a = { kind: 'origin', pool: 'app', origin: 'a' } as const;
const b = { kind: 'origin', pool: 'app', origin: 'b' } as const;
const node = { kind: 'node' } as const;

function scene() {
  const table = new TrafficTable(TrafficTable.allocate(2), 2);
  const [first, second] = [0, 1].map((worker) => new TrafficCounts(table, worker, {})) as [
    TrafficCounts,
    TrafficCounts,
  ];
  const rates = new TrafficRates(table);
  let now = 1_000_000;
  rates.sample(rows, now);
  return {
    table,
    rates,
    first,
    second,
    /** Lets seconds pass, in each of which this happens. */
    seconds(count: number, happens: () => void = () => {}, configured = rows) {
      for (let i = 0; i < count; i++) {
        happens();
        now += 1_000;
        rates.sample(configured, now);
      }
    },
    get now() {
      return now;
    },
  };
}

function times(count: number, happens: () => void): void {
  for (let i = 0; i < count; i++) happens();
}

describe('rates', () => {
  test('are of the last ten seconds, over all workers', () => {
    const { rates, first, second, seconds } = scene();
    seconds(10, () => {
      times(20, () => first.answered(0, 0, 200, 10));
      times(10, () => second.answered(0, 0, 200, 40));
      first.received(0, 3_000);
      second.sent(0, 500);
    });
    expect(rates.rate(a)).toEqual({ requests: 30, errors: 0, latency: 20, received: 3_000, sent: 500 });
    seconds(5);
    expect(rates.rate(a).requests).toBe(15);
    seconds(5);
    expect(rates.rate(a)).toEqual({ requests: 0, errors: 0, latency: undefined, received: 0, sent: 0 });
  });

  test('are of what there was, before ten seconds are over', () => {
    const { rates, first, seconds } = scene();
    seconds(2, () => times(8, () => first.answered(0, 0, 200, 1)));
    expect(rates.rate(a).requests).toBe(8);
  });

  test('take a second that was late for as long as it was', () => {
    const { table, rates, first } = scene();
    const late = new TrafficRates(table);
    late.sample(rows, 0);
    times(100, () => first.answered(0, 0, 200, 1));
    late.sample(rows, 4_000);
    expect(late.rate(a).requests).toBe(25);
    expect(rates.rate(a).requests).toBe(0);
  });

  test('leave out what was counted before the first look', () => {
    const { table, first } = scene();
    times(1_000, () => first.answered(0, 0, 200, 1));
    const later = new TrafficRates(table);
    later.sample(rows, 0);
    later.sample(rows, 1_000);
    expect(later.rate(a).requests).toBe(0);
  });

  test('count as errors what failed, was 5xx or broke off, and not what clients gave up', () => {
    const { rates, first, seconds } = scene();
    seconds(1, () => {
      times(5, () => first.answered(0, 0, 200, 1));
      first.answered(0, 0, 404, 1);
      first.answered(0, 0, 503, 1);
      first.unanswered(0, 'unreachable');
      first.unanswered(0, 'silent');
      first.unanswered(0, 'error');
      first.brokenOff(0);
      times(50, () => first.unanswered(0, 'cancelled'));
    });
    expect(rates.rate(a)).toMatchObject({ requests: 10, errors: 0.5 });
  });

  test('of a pool are those of its origins, and of the node those of its sites', () => {
    const { rates, first, seconds } = scene();
    seconds(1, () => {
      times(3, () => first.answered(0, 0, 200, 10));
      first.answered(0, 1, 500, 50);
      times(6, () => {
        first.entered(1);
        first.ended(1, entryOf({ status: 200, duration: 30, bytesSent: 100 }));
      });
    });
    expect(rates.rate(b)).toMatchObject({ requests: 1, errors: 1 });
    expect(rates.rate(app)).toMatchObject({ requests: 4, errors: 0.25, latency: 20 });
    expect(rates.rate(www)).toMatchObject({ requests: 6, errors: 0, latency: 30, sent: 600 });
    expect(rates.rate(node)).toEqual(rates.rate(www));
  });

  test('of a name that another row is given begin at nought', () => {
    const { rates, first, seconds } = scene();
    seconds(1, () => times(100, () => first.answered(0, 0, 200, 1)));
    const moved = { ...rows, pools: [{ name: 'app', slot: 0, origins: [{ name: 'a', slot: 7 }] }] };
    seconds(1, () => times(2, () => first.answered(0, 7, 200, 1)), moved);
    expect(rates.rate(a).requests).toBe(51);
    expect(rates.rate(b).requests).toBe(0);
    seconds(10, () => times(2, () => first.answered(0, 7, 200, 1)), moved);
    expect(rates.rate(a).requests).toBe(2);
  });

  test('are forgotten with what they are of', () => {
    const { rates, first, seconds } = scene();
    seconds(1, () => first.answered(0, 0, 200, 1));
    seconds(1, () => {}, { sites: [], listeners: [], pools: [] });
    expect(rates.history(a)).toEqual([]);
    expect(rates.rate(a).requests).toBe(0);
  });

  test('survive a clock that is set back', () => {
    const { rates, first, seconds } = scene();
    seconds(3, () => first.answered(0, 0, 200, 1));
    rates.sample(rows, 0);
    first.answered(0, 0, 200, 1);
    rates.sample(rows, 1_000);
    expect(Number.isFinite(rates.rate(a).requests)).toBe(true);
    expect(rates.rate(a).requests).toBeGreaterThan(0);
  });
});

describe('the history', () => {
  test('has a point for each five seconds, oldest first', () => {
    const scenery = scene();
    const { rates, first, seconds } = scenery;
    seconds(5, () => times(2, () => first.answered(0, 0, 200, 10)));
    seconds(5, () => times(4, () => first.answered(0, 0, 500, 20)));
    seconds(4, () => first.answered(0, 0, 200, 1));
    expect(rates.history(a)).toEqual([
      { at: scenery.now - 9_000, requests: 2, errors: 0, latency: 10, received: 0, sent: 0 },
      { at: scenery.now - 4_000, requests: 4, errors: 1, latency: 20, received: 0, sent: 0 },
    ]);
  });

  test('goes back ten minutes', () => {
    const { rates, seconds } = scene();
    seconds(700);
    const points = rates.history(node);
    expect(points).toHaveLength(120);
    expect((points.at(-1)?.at ?? 0) - (points[0]?.at ?? 0)).toBe(119 * 5_000);
  });
});
