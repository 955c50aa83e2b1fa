import { parentPort, workerData } from 'node:worker_threads';
import { OriginTable } from '../../src/workers/origin-table.ts';

/** One of several workers that count at the same origins and take turns of the same pool. */
const { memory, workers, worker, rounds } = workerData as Record<'workers' | 'worker' | 'rounds', number> & {
  memory: SharedArrayBuffer;
};

const table = new OriginTable(memory, workers, worker);
const turns = new Uint32Array(rounds);
for (let i = 0; i < rounds; i++) {
  turns[i] = table.turn(1);
  table.enter(5);
  table.enter(6);
  table.leave(5);
}
parentPort?.postMessage(turns);
