import { parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '../../src/base/doorbell.ts';

/** Answers each ring by ringing back, so many times; then it ends because nothing keeps it. */
const { memory, times } = workerData as { memory: SharedArrayBuffer; times: number };
const bell = new Doorbell(memory, 1);
let rung = 0;
bell.listen(() => {
  rung += 1;
  if (rung === times) {
    bell.close();
    parentPort?.close();
  }
  bell.ring(1 << 0);
});
parentPort?.on('message', () => undefined);
parentPort?.postMessage('listens');
