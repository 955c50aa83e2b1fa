import { parentPort, workerData } from 'node:worker_threads';
import { TrafficCounts } from '../../src/metrics/traffic-counts.ts';
import { TrafficTable } from '../../src/metrics/traffic-table.ts';
import { entryOf } from './entry-of.ts';

/** A worker thread that counts as fast as it can, and then ends or dies. */
export interface CountingWork {
  readonly memory: SharedArrayBuffer;
  readonly workers: number;
  readonly worker: number;
  readonly exchanges: number;
  /** Leaves its last exchange and connection as they are. */
  readonly dies: boolean;
}

const { memory, workers, worker, exchanges, dies } = workerData as CountingWork;
const codes = { connection_refused: { blame: 'origin' }, bad_request: { blame: 'client' } } as const;
const counts = new TrafficCounts(new TrafficTable(memory, workers), worker, codes);

for (let i = 0; i < exchanges; i++) {
  const site = 1 + (i % 3);
  counts.accepted(0);
  counts.opened(0, 'http/1.1');
  counts.entered(site);
  counts.answered(0, i % 2, 200, i % 100);
  counts.received(i % 2, 1_000);
  counts.ended(site, entryOf({ status: 200, duration: i % 100, bytesSent: 2 ** 33 }));
  counts.closed(0, 'http/1.1');
  counts.left(0);
}
if (dies) {
  counts.accepted(0);
  counts.opened(0, 'h2');
  counts.entered(1);
  // As a crash: nothing is undone.
  process.exit(1);
}
parentPort?.close();
