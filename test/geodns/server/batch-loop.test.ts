import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { MessageChannel, Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { LeftOpen } from '../../../src/geodns/server/batch-left-open.ts';
import { BatchLoop } from '../../../src/geodns/server/batch-loop.ts';
import { closeBatchSocket, openBatchSocket } from '../../../src/geodns/server/batch-socket.ts';
import { openBatchSystem } from '../../../src/geodns/server/batch-system.ts';
import { atTeardown } from '../../support/teardown.ts';
import { batchLoop, isLinux, keepBusy, startBatchEngine } from './batch-scene.ts';
import { UdpClient } from './udp-client.ts';

/**
 * What else a thread does while it listens. Asleep, the loop stays so for 100 ms if nobody wakes it: what takes a hundred turns,
 * each of them overslept, is not done within the limit.
 */
const TURNS = 100;
const LIMIT = 3_000;

describe.skipIf(!isLinux).each([
  { when: 'while no query comes', isBusy: false },
  { when: 'while queries keep the thread busy', isBusy: true },
])('$when', { timeout: LIMIT }, ({ isBusy }) => {
  async function start(): Promise<HostPort> {
    const { at } = await startBatchEngine();
    if (isBusy) await keepBusy(at);
    return at;
  }

  test('immediates and timers have their turn', async () => {
    await start();
    for (let i = 0; i < TURNS; i++) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < TURNS; i++) await setTimeout(1);
  });

  test('messages have their turn', async () => {
    await start();
    const { port1, port2 } = new MessageChannel();
    atTeardown(() => port1.close());
    port2.on('message', (message) => port2.postMessage(message));
    for (let i = 0; i < TURNS; i++) {
      port1.postMessage(i);
      expect(await once(port1, 'message')).toEqual([i]);
    }
  });

  test('connections have their turn, each with a query by TCP', async () => {
    await start();
    const server = createServer((socket) => socket.on('data', (bytes) => socket.end(bytes)));
    atTeardown(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    for (let i = 0; i < TURNS; i++) {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      client.write('a');
      expect(String((await once(client, 'data'))[0])).toBe('a');
      await once(client, 'close');
    }
  });

  test('more than a pipe has room for gets through a connection', async () => {
    await start();
    const server = createServer((socket) => socket.end(Buffer.alloc(20_000_000)));
    atTeardown(() => server.close());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    let length = 0;
    for await (const bytes of client) length += bytes.length;
    expect(length).toBe(20_000_000);
  });

  test('queries have their turn', async () => {
    const at = await start();
    const client = await UdpClient.open();
    for (let i = 0; i < TURNS; i++) await client.ask('a', at);
  });
});

describe.skipIf(!isLinux)('the loop of a batching engine', () => {
  test('sleeps when nothing comes', async () => {
    await startBatchEngine();
    await setTimeout(20);
    const before = process.threadCpuUsage();
    await setTimeout(400);
    const { user, system } = process.threadCpuUsage(before);
    expect((user + system) / 1e3).toBeLessThan(80);
  });

  test('leaves a socket alone that only fails, and returns to it', async () => {
    const { at } = await startBatchEngine();
    const loop = await batchLoop();
    let failures = 0;
    const { fd, address } = openBatchSocket(loop.system, { host: '127.0.0.1', port: 0 }, loop.openings);
    atTeardown(() => {
      loop.remove(fd);
      closeBatchSocket(loop.system, fd, loop.openings);
    });
    const again = Promise.withResolvers<void>();
    loop.add(fd, () => {
      failures += 1;
      if (failures > 8) again.resolve();
      return false;
    });
    const client = await UdpClient.open();
    client.send('never taken', address);
    for (let i = 0; i < 300; i++) await client.ask('a', at);
    expect(failures).toBeLessThan(100);
    await again.promise;
  });
});

describe.skipIf(!isLinux)('the sockets of a thread that is no more', () => {
  test('are closed by whoever gets its memory', async () => {
    const memory = LeftOpen.allocate();
    const system = openBatchSystem();
    const { address } = openBatchSocket(system, { host: '127.0.0.1', port: 0 }, new LeftOpen(memory));
    await expect(openAlone(address)).rejects.toThrow('EADDRINUSE');
    await BatchLoop.open(memory);
    await openAlone(address);
    expect(new Int32Array(memory).every((cell) => cell === 0)).toBe(true);
  });

  test('are not held against others when they were closed', async () => {
    const memory = LeftOpen.allocate();
    const system = openBatchSystem();
    const openings = new LeftOpen(memory);
    const { fd, address } = openBatchSocket(system, { host: '127.0.0.1', port: 0 }, openings);
    closeBatchSocket(system, fd, openings);
    // It has the number now, most likely.
    const { fd: other } = openBatchSocket(system, address, new LeftOpen());
    new LeftOpen(memory).closeAll(system);
    expect(system.libc.close(other)).toBe(0);
  });

  test.each(['exit', 'throw', 'terminate'] as const)('are closed whatever ended it: %s', async (end) => {
    const memory = LeftOpen.allocate();
    const worker = new Worker(new URL('./batch-thread.ts', import.meta.url), { workerData: { memory } });
    const [at] = (await once(worker, 'message')) as [HostPort];
    const client = await UdpClient.open();
    expect((await client.ask('a', at)).text).toBe('a');
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.on('error', () => {});
    if (end === 'terminate') await worker.terminate();
    else worker.postMessage(end);
    await exited;
    if (end === 'terminate') new LeftOpen(memory).closeAll(openBatchSystem());
    await openAlone(at);
  });
});

/** Rejects with the system's error. */
async function openAlone({ host, port }: HostPort): Promise<void> {
  const socket = createSocket('udp4');
  atTeardown(() => socket.close());
  socket.bind(port, host);
  await once(socket, 'listening');
}
