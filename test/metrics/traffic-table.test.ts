import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { exposition } from '../../src/metrics/prometheus.ts';
import { TrafficCounts } from '../../src/metrics/traffic-counts.ts';
import { trafficFamilies } from '../../src/metrics/traffic-families.ts';
import { LISTENER, MAX_SITES, ORIGIN, SITE, THREAD, TrafficTable } from '../../src/metrics/traffic-table.ts';
import { SlotAllocator } from '../../src/workers/slots.ts';
import { Exposition } from '../support/exposition.ts';
import type { CountingWork } from './counting-thread.ts';
import { entryOf } from './entry-of.ts';

const codes = { connection_refused: { blame: 'origin' }, bad_request: { blame: 'client' } } as const;

const rows = {
  sites: [0, 1, 2, 3].map((slot) => ({ name: `site ${slot}`, slot })),
  listeners: [{ key: '0.0.0.0:80', slot: 0, protocol: 'http' as const }],
  pools: [{ name: 'app', slot: 0, origins: [0, 1].map((slot) => ({ name: `o${slot}`, slot })) }],
};

function tableFor(workers: number) {
  return new TrafficTable(TrafficTable.allocate(workers), workers);
}

function read(table: TrafficTable) {
  return new Exposition(exposition(trafficFamilies(table, rows, codes), 'prometheus'));
}

/** Resolves when the thread has ended. */
async function count(table: TrafficTable, work: Omit<CountingWork, 'memory' | 'workers'>): Promise<void> {
  const workerData: CountingWork = { ...work, memory: table.memory, workers: table.workers };
  await once(new Worker(new URL('./counting-thread.ts', import.meta.url), { workerData }), 'exit');
}

describe('what worker threads count', () => {
  test('is exact when all of them count in the same rows at once', async () => {
    const table = tableFor(3);
    const exchanges = 60_000;
    let lowest = 0;
    const looking = setInterval(() => {
      // Whoever looks meanwhile never sees a count go back.
      const now = read(table).sum('portico_requests_total');
      expect(now).toBeGreaterThanOrEqual(lowest);
      lowest = now;
    }, 1);
    await Promise.all([0, 1, 2].map((worker) => count(table, { worker, exchanges, dies: false })));
    clearInterval(looking);

    const page = read(table);
    for (const site of ['site 1', 'site 2', 'site 3']) {
      expect(page.value('portico_requests_total', { site, code_class: '2xx' })).toBe(exchanges);
      expect(page.value('portico_request_duration_seconds_count', { site })).toBe(exchanges);
      expect(page.value('portico_response_body_bytes_total', { site })).toBe(exchanges * 2 ** 33);
    }
    const sum = page.sum('portico_request_duration_seconds_sum');
    expect(sum).toBeCloseTo((3 * exchanges * 49.5) / 1_000, 6);
    expect(page.sum('portico_origin_requests_total', { result: '2xx' })).toBe(3 * exchanges);
    expect(page.sum('portico_origin_received_bytes_total')).toBe(3 * exchanges * 1_000);
    expect(page.value('portico_connections_accepted_total')).toBe(3 * exchanges);
    for (const held of ['portico_requests_in_flight', 'portico_open_connections', 'portico_open_sockets'])
      expect(page.sum(held)).toBe(0);
  });

  test('stays when one of them dies, what it held goes, and its successor counts on', async () => {
    const table = tableFor(2);
    await Promise.all([
      count(table, { worker: 0, exchanges: 90, dies: true }),
      count(table, { worker: 1, exchanges: 30, dies: false }),
    ]);
    expect(read(table).sum('portico_requests_in_flight')).toBe(1);
    expect(read(table).sum('portico_open_connections', { protocol: 'h2' })).toBe(1);
    table.dropWorker(0);
    const page = read(table);
    for (const held of ['portico_requests_in_flight', 'portico_open_connections', 'portico_open_sockets'])
      expect(page.sum(held)).toBe(0);
    expect(page.sum('portico_requests_total')).toBe(120);

    await count(table, { worker: 0, exchanges: 9, dies: false });
    expect(read(table).sum('portico_requests_total')).toBe(129);
    expect(read(table).sum('portico_connections_accepted_total')).toBe(90 + 1 + 30 + 9);
  });
});

describe('a row', () => {
  test('that another name gets begins at nought, beside rows that go on', () => {
    const table = tableFor(2);
    const slots = new SlotAllocator(10, (slot) => table.clear('site', slot));
    const workers = [0, 1].map((worker) => new TrafficCounts(table, worker, codes));
    const old = slots.take('old.example');
    const other = slots.take('other.example');
    for (const site of [old, other]) {
      for (const worker of workers) {
        worker.entered(site);
        worker.ended(site, entryOf({ status: 200 }));
      }
    }
    slots.release(new Set(['other.example']), (slot) => table.sum('site', slot, SITE.inFlight) > 0);
    expect(slots.take('other.example')).toBe(other);
    expect(slots.take('new.example')).toBe(old);
    expect(table.sum('site', old, SITE.byClass + 2)).toBe(0);
    expect(table.sum('site', old, SITE.duration)).toBe(0);
    expect(table.sum('site', other, SITE.byClass + 2)).toBe(2);
  });

  test('is not given away while a request of its site is under way', () => {
    const table = tableFor(1);
    const slots = new SlotAllocator(10, (slot) => table.clear('site', slot));
    const worker = new TrafficCounts(table, 0, codes);
    const old = slots.take('old.example');
    const busy = (slot: number) => table.sum('site', slot, SITE.inFlight) > 0;
    worker.entered(old);
    slots.release(new Set(), busy);
    expect(slots.take('new.example')).not.toBe(old);
    worker.ended(old, entryOf({}));
    slots.release(new Set(['new.example']), busy);
    expect(slots.take('newer.example')).toBe(old);
  });

  test('of no worker, or beyond the last, is refused', () => {
    const table = tableFor(1);
    expect(() => table.rows(1, 'site')).toThrow(RangeError);
    expect(() => table.sum('site', MAX_SITES, 0)).toThrow(RangeError);
  });

  test('has cells of its own for each of its names', () => {
    for (const { size, held, ...cells } of [SITE, ORIGIN, LISTENER, THREAD]) {
      const starts = Object.values(cells);
      expect(new Set(starts).size).toBe(starts.length);
      expect(Math.max(...starts)).toBeLessThan(size);
      expect(size % 8).toBe(0);
      for (const cell of held) expect(cell).toBeGreaterThan(0);
    }
  });
});
