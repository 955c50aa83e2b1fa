import { closeSync, openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { processFamilies, threadFamilies } from '../../src/metrics/process.ts';
import { exposition } from '../../src/metrics/prometheus.ts';
import { ThreadVitals } from '../../src/metrics/thread-vitals.ts';
import { THREAD, TrafficTable } from '../../src/metrics/traffic-table.ts';
import { Exposition } from '../support/exposition.ts';

const build = { version: '1.2.3', node: 'v26.0.0' };

function ofProcess(): Exposition {
  return new Exposition(exposition(processFamilies(build), 'prometheus'));
}

describe('the process', () => {
  test('says what runs', () => {
    expect(ofProcess().value('portico_build_info', build)).toBe(1);
  });

  test('has the CPU time, memory and start that the system and Node know of', () => {
    const page = ofProcess();
    expect(page.value('process_cpu_seconds_total')).toBeCloseTo(process.cpuUsage().user / 1e6, -1);
    expect(page.value('process_resident_memory_bytes')).toBeGreaterThan(10 * 2 ** 20);
    const uptime = Date.now() / 1_000 - page.value('process_start_time_seconds');
    expect(Math.abs(uptime - process.uptime())).toBeLessThan(1);
  });

  test.runIf(process.platform === 'linux')('counts the file descriptors that are open, of so many', () => {
    const before = ofProcess().value('process_open_fds');
    const files = [1, 2, 3].map(() => openSync('/dev/null', 'r'));
    expect(ofProcess().value('process_open_fds')).toBe(before + 3);
    for (const file of files) closeSync(file);
    expect(ofProcess().value('process_max_fds')).toBeGreaterThan(before);
  });
});

describe('a thread', () => {
  test('says how late its event loop is, how long that worked, and what its heap takes', async () => {
    const table = new TrafficTable(TrafficTable.allocate(1), 1);
    const cells = table.rows(0, 'thread');
    const vitals = new ThreadVitals(cells);
    // The loop is looked at, then kept busy, then looked at again.
    await turns(120);
    const busyUntil = performance.now() + 200;
    while (performance.now() < busyUntil);
    await turns(120);
    vitals.tell();
    vitals.close();
    const page = new Exposition(exposition(threadFamilies(table, new Float64Array(THREAD.size)), 'prometheus'));
    const of = (name: string, thread = 'worker 0') => page.value(name, { thread });
    expect(of('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.1);
    expect(of('nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(of('nodejs_eventloop_lag_mean_seconds'));
    expect(of('portico_event_loop_busy_seconds_total')).toBeGreaterThan(0.19);
    expect(of('nodejs_heap_size_used_bytes')).toBeGreaterThan(2 ** 20);
    expect(of('nodejs_heap_size_total_bytes')).toBeGreaterThanOrEqual(of('nodejs_heap_size_used_bytes'));
    expect(of('nodejs_heap_size_used_bytes', 'control')).toBe(0);
  });

  test('that died is not told to be late any more, and what it worked stays', () => {
    const table = new TrafficTable(TrafficTable.allocate(1), 1);
    const cells = table.rows(0, 'thread');
    cells.fill(9);
    table.dropWorker(0);
    expect([cells[THREAD.busy], cells[THREAD.lagMax], cells[THREAD.heapUsed]]).toEqual([9, 0, 0]);
  });
});

/** Lets the event loop turn for so many milliseconds. */
async function turns(ms: number): Promise<void> {
  const until = performance.now() + ms;
  while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
}
