import { readdirSync, readFileSync } from 'node:fs';
import { counter, gauge, type MetricFamily, type ScalarSample, single } from '../observe/metric.ts';
import { THREAD, type TrafficTable } from './traffic-table.ts';

/** The process and its threads, under the names that other programs and Node's other exporters use for the same. */

export interface BuildInfo {
  readonly version: string;
  readonly node: string;
}

/** What the system says of the process. What it does not say (no /proc, as on macOS) is left out. */
export function processFamilies(build: BuildInfo): MetricFamily[] {
  const { user, system } = process.cpuUsage();
  return [
    gauge('portico_build_info', 'Always 1; the labels say what runs.', [{ labels: { ...build }, value: 1 }]),
    counter('process_cpu_seconds_total', 'CPU time of the process, user and system.', single((user + system) / 1e6)),
    gauge('process_resident_memory_bytes', 'Memory of the process that is in RAM.', single(process.memoryUsage.rss())),
    gauge('process_open_fds', 'File descriptors that are open.', known(openDescriptors())),
    gauge('process_max_fds', 'How many file descriptors may be open.', known(mostDescriptors())),
    gauge('process_start_time_seconds', 'When the process started, since the epoch.', single(STARTED_AT)),
  ];
}

/** `control`: the row of the thread that asks; the workers' rows are in the table. */
export function threadFamilies(table: TrafficTable, control: Float64Array): MetricFamily[] {
  const samples = (cell: number, unit = 1): ScalarSample[] => [
    { labels: { thread: 'control' }, value: (control[cell] as number) / unit },
    ...Array.from({ length: table.workers }, (_, worker) => ({
      labels: { thread: `worker ${worker}` },
      value: table.of(worker, 'thread', 0, cell) / unit,
    })),
  ];
  return [
    counter(
      'portico_event_loop_busy_seconds_total',
      "Time in which a thread's event loop worked instead of waiting.",
      samples(THREAD.busy, 1_000),
    ),
    gauge(
      'nodejs_eventloop_lag_mean_seconds',
      "How late a thread's event loop was in the last 15 to 30 s: mean.",
      samples(THREAD.lagMean, 1_000),
    ),
    gauge(
      'nodejs_eventloop_lag_max_seconds',
      "How late a thread's event loop was in the last 15 to 30 s: most.",
      samples(THREAD.lagMax, 1_000),
    ),
    gauge('nodejs_heap_size_used_bytes', "A thread's heap: what is in use.", samples(THREAD.heapUsed)),
    gauge(
      'nodejs_heap_size_total_bytes',
      "A thread's heap: what was taken from the system.",
      samples(THREAD.heapTotal),
    ),
    gauge(
      'nodejs_external_memory_bytes',
      "Memory outside of a thread's heap that belongs to it.",
      samples(THREAD.external),
    ),
  ];
}

/** Epoch seconds. */
const STARTED_AT = Math.round(Date.now() - process.uptime() * 1_000) / 1_000;

/** Less the one with which they are counted. */
function openDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length - 1;
  } catch {
    return undefined;
  }
}

function mostDescriptors(): number | undefined {
  try {
    const limit = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit ?? Number.NaN);
  } catch {
    return undefined;
  }
}

function known(value: number | undefined): readonly ScalarSample[] {
  return value === undefined || Number.isNaN(value) ? [] : single(value);
}
