import { parentPort, workerData } from 'node:worker_threads';
import { OriginTable } from '../../src/workers/origin-table.ts';

/** One of several workers that crowd an origin which has few places. */
const { memory, workers, worker, rounds, most } = workerData as Record<
  'workers' | 'worker' | 'rounds' | 'most',
  number
> & { memory: SharedArrayBuffer };

const table = new OriginTable(memory, workers, worker);
let seen = 0;
let entered = 0;
for (let i = 0; i < rounds; i++) {
  if (!table.enter(5, most)) continue;
  entered += 1;
  seen = Math.max(seen, table.load(5));
  table.leave(5);
}
parentPort?.postMessage({ most: seen, entered });
