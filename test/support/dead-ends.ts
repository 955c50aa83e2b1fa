import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { atTeardown } from './teardown.ts';
import { within } from './wait.ts';

/** Origins that nobody gets an answer from; one that takes a request and is silent is `startOrigin(() => undefined)`. */

/**
 * The URL of an origin that refuses every connection: its port is the near end of another connection, so that nobody
 * listens there and nobody else can.
 */
export async function refusingOrigin(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  await once(socket, 'connect');
  atTeardown(() => {
    socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${socket.localPort}`;
}

/**
 * The URL of an origin that no connection gets through to: the queue of who waits to be accepted is full, and nobody
 * accepts. The system drops further SYNs without a word, as a dead machine does.
 */
export async function unreachableOrigin(): Promise<string> {
  const worker = new Worker(DEAF_LISTENER, { eval: true });
  const [port] = await within(once(worker, 'message'), 'a listener that accepts nothing');
  const waiting: Socket[] = [];
  atTeardown(async () => {
    for (const socket of waiting) socket.destroy();
    await worker.terminate();
  });
  // Linux queues one more than the backlog.
  for (let i = 0; i < 2; i++) {
    const socket = connect(port, '127.0.0.1');
    waiting.push(socket);
    await within(once(socket, 'connect'), 'a place in the queue');
  }
  return `http://127.0.0.1:${port}`;
}

/** Listens, tells its port, and never looks at anything again. */
const DEAF_LISTENER = `
const { createServer } = require('node:net');
const { parentPort } = require('node:worker_threads');
const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});
`;
