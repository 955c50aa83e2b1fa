import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';
import { decode, encodeAnswer, type IcpAnswer } from '../../../src/sibling/icp/message.ts';

/** A sibling in a thread of its own: it answers while the thread that asks is busy. */
export interface AnsweringWork {
  readonly host: string;
  readonly answer: IcpAnswer;
  /** How often it has. */
  readonly answered: Int32Array;
}

const { host, answer, answered } = workerData as AnsweringWork;
const socket = createSocket('udp4');
socket.on('message', (packet, from) => {
  const message = decode(packet);
  if (typeof message === 'string') return;
  socket.send(encodeAnswer(answer, message), from.port, from.address, () => Atomics.add(answered, 0, 1));
});
socket.bind(0, host, () => parentPort?.postMessage(socket.address().port));
