import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import type { HostPort } from '../../../src/base/address.ts';

/** A client in a thread of its own: asks by UDP, one query after the other, until it is told to stop. */
export interface AskingWork {
  readonly to: HostPort;
  /** Two cells: how many replies came, and 1 to stop. */
  readonly memory: SharedArrayBuffer;
}

const { to, memory } = workerData as AskingWork;
const cells = new Int32Array(memory);
const socket = createSocket('udp4');
const ask = () => socket.send('question', to.port, to.host);
socket.on('message', () => {
  Atomics.add(cells, 0, 1);
  if (Atomics.load(cells, 1) === 1) socket.close();
  else ask();
});
socket.bind(0, '127.0.0.1', () => {
  parentPort?.postMessage('asking');
  ask();
});
