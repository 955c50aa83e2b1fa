import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import type { TcpLimits } from '../../../src/geodns/server/tcp-limits.ts';
import { Journal } from '../../support/journal.ts';
import { MEMORY_IS_TOLD, peakMemory, residentMemory } from '../../support/memory.ts';
import { atTeardown } from '../../support/teardown.ts';
import { within } from '../../support/wait.ts';
import type { FromServing } from './serving-process.ts';
import { query, TcpClient } from './tcp-client.ts';

const MIB = 1024 * 1024;

class ServingProcess {
  readonly at: HostPort;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #said: Journal<FromServing>;

  /** `descriptors`: as many file descriptors as it may have. */
  static async start(limits: Partial<TcpLimits> = {}, descriptors = 4096): Promise<ServingProcess> {
    const said = new Journal<FromServing>('message');
    const program = fileURLToPath(new URL('./serving-process.ts', import.meta.url));
    const child = spawn(
      'bash',
      ['-c', `ulimit -n ${descriptors}; exec "$@"`, 'bash', process.execPath, program, JSON.stringify(limits)],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
    );
    atTeardown(() => child.kill('SIGKILL'));
    child.on('message', (message) => said.add(message as FromServing));
    child.on('exit', (code) => said.end(new Error(`the process ended with ${code}`)));
    const { port } = (await said.waitFor(({ type }) => type === 'listening', { limit: 15_000 })) as { port: number };
    return new ServingProcess(child, port, said);
  }

  private constructor(child: ChildProcess, port: number, said: Journal<FromServing>) {
    this.#child = child;
    this.#said = said;
    this.pid = child.pid as number;
    this.at = { host: '127.0.0.1', port };
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    const from = this.#said.all.length;
    this.#child.send('counts?');
    const message = await this.#said.waitFor(({ type }) => type === 'counts', { from, limit: 10_000 });
    return message.type === 'counts' ? message.tcp : {};
  }

  /** Resolves when what is counted is so. */
  async until(holds: (counts: Readonly<Record<string, number>>) => boolean, what: string): Promise<void> {
    let isOver = false;
    const look = async () => {
      while (!isOver && !holds(await this.counts()));
    };
    await within(look(), what, 10_000).finally(() => {
      isOver = true;
    });
  }
}

/** Answered well within what anybody would wait. */
async function expectAnswers(at: HostPort, from = '127.7.7.7'): Promise<void> {
  const client = await TcpClient.open(at, from);
  for (let i = 0; i < 20; i++) expect(await client.ask(`question ${i}`)).toBe(`question ${i}`);
  client.socket.destroy();
}

describe.skipIf(!MEMORY_IS_TOLD)('the memory of a server', () => {
  test('is bounded while 1,000 clients each have sent half a query', async () => {
    const server = await ServingProcess.start({ whole: 60_000 });
    await expectAnswers(server.at);
    const before = residentMemory(server.pid);
    const half = Buffer.alloc(2 + 2048, 0x61);
    half.writeUInt16BE(4096);
    const clients = await Promise.all(
      Array.from({ length: 990 }, async (_, index) => {
        const client = await TcpClient.open(server.at, `127.1.${index % 30}.1`);
        client.send(half);
        return client;
      }),
    );
    await server.until(({ open }) => open === 990, '990 connections');
    await expectAnswers(server.at);
    expect(peakMemory(server.pid) - before).toBeLessThan(40 * MIB);
    for (const client of clients) client.socket.destroy();
  });

  test('is flat while 80 clients ask for 10 MB of replies each and never read; others are answered', async () => {
    const server = await ServingProcess.start();
    await expectAnswers(server.at);
    const before = residentMemory(server.pid);
    const queries = Buffer.concat(Array.from({ length: 2_600 }, () => query('big 4000')));
    for (let index = 0; index < 80; index++) {
      const client = await TcpClient.open(server.at, `127.2.${index}.1`);
      client.socket.pause();
      client.send(queries);
    }
    await expectAnswers(server.at);
    await server.until(({ slowReaders }) => slowReaders === 16, '16 who were cut');
    await expectAnswers(server.at);
    expect(peakMemory(server.pid) - before).toBeLessThan(64 * MIB);
  });

  test('is flat while a client sends 10 MB of queries and never reads', async () => {
    const server = await ServingProcess.start();
    await expectAnswers(server.at);
    const before = residentMemory(server.pid);
    const client = await TcpClient.open(server.at);
    client.socket.pause();
    const queries = Buffer.concat(Array.from({ length: 1_000 }, () => query('big 500')));
    for (let sent = 0; sent < 10 * MIB; sent += queries.length) client.send(queries);
    let replies = -1;
    for (let stands = false; !stands; ) {
      const counted = (await server.counts()).replies ?? 0;
      stands = counted === replies && counted > 1_000;
      replies = counted;
    }
    await expectAnswers(server.at);
    expect(peakMemory(server.pid) - before).toBeLessThan(32 * MIB);
    expect(client.socket.writableLength).toBeGreaterThan(0);
  });
});

test('a process without file descriptors goes on when it has some again', async () => {
  const server = await ServingProcess.start({ first: 60_000 }, 60);
  const clients: TcpClient[] = [];
  // The system's queue takes them, or they are turned away.
  for (let i = 0; i < 80; i++) {
    const client = await TcpClient.open(server.at).catch(() => undefined);
    if (client !== undefined) clients.push(client);
  }
  // libuv closes who comes then.
  await within(Promise.any(clients.map(({ ended }) => ended)), 'a client that is turned away');
  for (const client of clients) client.socket.destroy();
  const answered = async () => {
    const client = await TcpClient.open(server.at);
    client.send(query('still there'));
    return (await Promise.race([client.next(0).catch(() => ''), client.ended])) === 'still there';
  };
  let isAnswered = false;
  for (let tries = 0; tries < 100 && !isAnswered; tries++) isAnswered = await answered();
  expect(isAnswered).toBe(true);
});

test('clients that close half-way leave nothing behind', async () => {
  const server = await ServingProcess.start({ perNetwork: 1_000 });
  for (let i = 0; i < 200; i++) {
    const client = await TcpClient.open(server.at);
    client.send(query('big 60000').subarray(0, 1 + (i % 14)));
    if (i % 3 === 0) client.socket.resetAndDestroy();
    else client.socket.destroy();
  }
  await server.until(({ open }) => open === 0, 'no connection');
  await expectAnswers(server.at);
});
