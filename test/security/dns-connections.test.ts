import { beforeAll, describe, expect, test } from 'vitest';
import { TCP_LIMITS } from '../../src/geodns/server/tcp-limits.ts';
import { frame, TcpClient } from '../geodns/server/tcp-client.ts';
import { dnsQuery } from '../support/dns-message.ts';
import { MEMORY_IS_TOLD } from '../support/memory.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { BIG, MIB, type NameServer, startNameServer, WWW } from './name-server.ts';

/** Clients by TCP that take what they can get of a real node: its limits bound them, and others are answered. */

describe.skipIf(!MEMORY_IS_TOLD)('a name server', () => {
  let server: NameServer;
  beforeAll(async () => {
    server = await startNameServer();
  });

  test('bounds slow, silent, half-closed and never-reading clients all at once, and 1,300 connections', async () => {
    for (let i = 0; i < 20; i++) await server.innocentByTcp();
    const before = server.memory;
    const begun = performance.now();
    const slow = await open(20, 1, trickle);
    const half = await open(20, 2, (client) => {
      client.send(frame(dnsQuery(WWW)).subarray(0, 9));
      client.end();
    });
    const greedy = await open(70, 3, (client) => {
      client.socket.pause();
      client.send(MANY_BIG);
    });
    await beside(server, Promise.all(slow.map(({ ended }) => ended)), 'the end of those who are slow');
    expect(performance.now() - begun).toBeGreaterThan(TCP_LIMITS.whole - 100);
    await beside(server, Promise.all(half.map(({ ended }) => ended)), 'the end of those who sent half of a query');
    const silent = await open(1_300, 4, () => {});
    for (let i = 0; i < 10; i++) {
      await server.innocent();
      await server.innocentByTcp();
    }
    expect(server.memory - before).toBeLessThan(96 * MIB);

    const page = await server.metrics();
    const cut = (reason: string) => page.value('portico_dns_connections_cut_total', { reason });
    expect(page.value('portico_dns_open_connections')).toBeLessThanOrEqual(TCP_LIMITS.connections);
    expect(cut('slow_query')).toBeGreaterThanOrEqual(20);
    expect(cut('evicted')).toBeGreaterThanOrEqual(300);
    expect(cut('slow_reader')).toBeGreaterThanOrEqual(6);
    for (const client of [...slow, ...half, ...greedy, ...silent]) client.socket.destroy();
    await server.untilMetrics((page) => page.value('portico_dns_open_connections') === 0, 'no connection');
    await server.expectUnharmed();
  }, 30_000);

  test('answers others soon while 100 clients ask for as much as they can read', async () => {
    const greedy = await open(100, 6, (client) => {
      client.socket.removeAllListeners('data').resume();
      const ask = () => {
        while (!client.socket.destroyed && client.socket.write(MANY_SMALL));
      };
      client.socket.on('drain', ask);
      ask();
    });
    const innocents = async () => {
      for (let i = 0; i < 100; i++) {
        await server.innocent();
        await server.innocentByTcp();
      }
    };
    await within(innocents(), 'a hundred questions by UDP, and by TCP', 15_000);
    for (const client of greedy) client.socket.destroy();
    await server.expectUnharmed();
  }, 30_000);

  test('gives one network its share of connections, and the others theirs', async () => {
    const many = await open(300, 5, () => {}, 300);
    const other = await TcpClient.open(server.at, '127.77.9.1');
    await server.innocentByTcp();
    const page = await server.metrics();
    expect(page.value('portico_dns_open_connections')).toBeLessThanOrEqual(TCP_LIMITS.perNetwork + 2);
    expect(await Promise.race([other.ended, Promise.resolve('open')])).toBe('open');
    for (const client of [...many, other]) client.socket.destroy();
    await server.expectUnharmed();
  });

  /** So many clients, a few of a network each. */
  async function open(
    count: number,
    block: number,
    begin: (client: TcpClient) => void,
    ofNetwork = 40,
  ): Promise<TcpClient[]> {
    const clients: TcpClient[] = [];
    for (let i = 0; i < count; i++) {
      const client = await TcpClient.open(server.at, `127.${block}.${Math.floor(i / ofNetwork)}.1`);
      clients.push(client);
      begin(client);
    }
    return clients;
  }
});

/** Replies of 8 MB. */
const MANY_BIG = Buffer.concat(Array.from({ length: 2_000 }, () => frame(dnsQuery(BIG))));

const MANY_SMALL = Buffer.concat(Array.from({ length: 1_000 }, () => frame(dnsQuery(WWW))));

/** Sends a byte a second. */
function trickle(client: TcpClient): void {
  const query = frame(dnsQuery(WWW));
  let at = 0;
  const timer = setInterval(() => client.send(query.subarray(at, ++at)), 1_000);
  atTeardown(() => clearInterval(timer));
  void client.ended.then(() => clearInterval(timer));
}

/** Waits for what is to come, while innocent clients ask. */
async function beside(server: NameServer, awaited: Promise<unknown>, what: string): Promise<void> {
  let isOver = false;
  const end = within(awaited, what, 2 * TCP_LIMITS.whole).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await server.innocent();
    await server.innocentByTcp();
  }
  await end;
}
