import { parentPort, workerData } from 'node:worker_threads';
import { Lock } from '../../../src/cache/memory/lock.ts';

/** A thread that counts with the lock held, or takes it and never lets go. */
export interface LockThread {
  readonly lock: SharedArrayBuffer;
  readonly count: SharedArrayBuffer;
  readonly seat: number;
  readonly work: 'count' | 'keep' | 'wait';
  readonly times: number;
}

const { lock: memory, count, seat, work, times } = workerData as LockThread;
const lock = new Lock(memory, seat);
const cells = new Int32Array(count);

if (work === 'count') {
  // Not atomic: two at once would lose one.
  for (let i = 0; i < times; i++) lock.hold(() => cells.fill((cells[0] as number) + 1, 0, 1));
  parentPort?.postMessage('counted');
} else if (work === 'keep') {
  lock.acquire();
  parentPort?.postMessage('held');
  for (;;) Atomics.wait(cells, 1, 0, 1000);
} else {
  parentPort?.postMessage('waits');
  try {
    lock.acquire();
  } catch (error) {
    parentPort?.postMessage(`${(error as { code?: string }).code}`);
  }
}
