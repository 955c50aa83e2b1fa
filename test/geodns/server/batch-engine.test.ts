import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { atTeardown } from '../../support/teardown.ts';
import { haveIPv6, isFree, isLinux, keepBusy, makeBatchEngine, startBatchEngine } from './batch-scene.ts';
import { ScriptedResponder } from './scripted-responder.ts';
import { UdpClient } from './udp-client.ts';

describe.skipIf(!isLinux)('a query by UDP, taken in batches', () => {
  test.each([
    { listen: '0.0.0.0', ask: '127.0.0.1', client: '127.0.0.7', source: 'udp 7f000007' },
    { listen: '0.0.0.0', ask: '127.0.0.5', client: '127.0.0.7', source: 'udp 7f000007' },
    { listen: '::', ask: '::1', client: '::1', source: 'udp 00000000000000000000000000000001' },
  ])('to $ask, where $listen is listened on, is answered from there, and its source known', async (row) => {
    if (row.listen.includes(':') && !haveIPv6) return;
    const { at, counts } = await startBatchEngine([row.listen]);
    expect(at).toEqual({ host: row.listen, port: expect.any(Number) });
    const client = await UdpClient.open(row.client);
    const reply = await client.ask('who', { host: row.ask, port: at.port });
    expect(reply.text).toBe(`${row.source} ${client.port}`);
    expect(reply.from).toMatchObject({ address: row.ask, port: at.port });
    expect(counts.of('udp')).toMatchObject({ queries: 1, replies: 1, unsent: 0, socketErrors: 0 });
  });

  test('is answered on each of many addresses, of both families, by one engine', async () => {
    const hosts = Array.from({ length: 20 }, (_, index) => `127.0.1.${index + 1}`);
    const { engine } = await startBatchEngine(haveIPv6 ? [...hosts, '::1', '::', '0.0.0.0'] : hosts);
    for (const { host, port } of engine.addresses) {
      const isV6 = host.includes(':');
      const client = await UdpClient.open(isV6 ? '::1' : '127.0.0.1');
      const asked = host === '::' ? '::1' : host === '0.0.0.0' ? '127.9.9.9' : host;
      expect((await client.ask('a', { host: asked, port })).from).toMatchObject({ address: asked, port });
    }
  });

  test.each([1, 63, 64, 65, 128, 1_000])('gets its own reply when %i come at once', async (count) => {
    const { at, counts } = await startBatchEngine(['0.0.0.0']);
    const clients = [await UdpClient.open('127.0.0.1'), await UdpClient.open('127.0.0.2')];
    const queries = Array.from({ length: count }, (_, index) => `query ${index} ${'x'.repeat(index % 50)}`);
    for (const query of queries) for (const client of clients) client.send(query, { host: '127.0.0.3', port: at.port });
    for (const client of clients) {
      await client.next(count - 1);
      expect(client.all.map(({ text }) => text)).toEqual(queries);
      expect(new Set(client.all.map(({ from }) => from.address))).toEqual(new Set(['127.0.0.3']));
    }
    expect(counts.of('udp')).toMatchObject({ queries: 2 * count, replies: 2 * count, silent: 0, unsent: 0 });
  });
});

describe.skipIf(!isLinux)('what the network sends to a batching engine', () => {
  test('larger than any query is dropped', async () => {
    const { at, counts } = await startBatchEngine();
    const client = await UdpClient.open();
    client.send(Buffer.alloc(4_097), at);
    client.send(Buffer.alloc(65_000), at);
    expect((await client.ask(Buffer.alloc(4_096, 'a'), at)).bytes).toHaveLength(4_096);
    expect(counts.of('udp')).toMatchObject({ queries: 3, oversized: 2, replies: 1 });
  });

  test('to all of a network is dropped: whoever forges the source would have them all answer to it', async () => {
    const { at, counts } = await startBatchEngine(['0.0.0.0']);
    const sender = createSocket('udp4');
    atTeardown(() => sender.close());
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');
    sender.setBroadcast(true);
    sender.setMulticastInterface('127.0.0.1');
    const client = await UdpClient.open();
    sender.send('to all', at.port, '127.255.255.255');
    expect((await client.ask('still there', { host: '127.0.0.1', port: at.port })).text).toBe('still there');
    expect(counts.of('udp')).toMatchObject({ queries: 2, broadcast: 1, replies: 1 });
  });

  test('at random ends nothing', async () => {
    const { at, counts } = await startBatchEngine();
    const client = await UdpClient.open();
    const noise = createSocket('udp4');
    atTeardown(() => noise.close());
    noise.bind(0, '127.0.0.1');
    await once(noise, 'listening');
    const random = Buffer.alloc(2_000).map(() => Math.floor(Math.random() * 256));
    for (let sent = 0; sent < 20_000; sent++) {
      const length = Math.floor(Math.random() ** 3 * 600);
      noise.send(random.subarray(sent % 1000, (sent % 1000) + length), at.port, at.host);
      if (sent % 200 === 199) await client.ask('mark', at);
    }
    const { queries, replies, silent } = counts.of('udp');
    expect(queries).toBe(20_100);
    expect(replies + silent).toBe(20_100);
  });
});

describe.skipIf(!isLinux)('listening with a batching engine', () => {
  test.each(['192.0.2.77', '2001:db8::77'])('on %s, which the machine has not, is refused', async (host) => {
    if (host.includes(':') && !haveIPv6) return;
    const { engine } = await makeBatchEngine([{ host, port: 0 }]);
    await expect(engine.listen()).rejects.toThrow(`this machine has no address ${host} (UDP)`);
  });

  test.skipIf(!haveIPv6)('by IPv6 leaves the same port to IPv4', async () => {
    const { at } = await startBatchEngine(['::']);
    const { engine } = await makeBatchEngine([{ host: '0.0.0.0', port: at.port }]);
    await engine.listen();
    expect(engine.addresses).toEqual([{ host: '0.0.0.0', port: at.port }]);
  });
});

describe.skipIf(!isLinux)('closing a batching engine', () => {
  test('answers what had come, and leaves the address to others', async () => {
    const { engine, at, counts } = await startBatchEngine();
    const client = await UdpClient.open();
    for (let i = 0; i < 500; i++) client.send(`query ${i}`, at);
    await new Promise(process.nextTick); // dgram sends behind a look-up, as it says
    await Promise.all([engine.close(), engine.close()]);
    expect(counts.of('udp').queries).toBe(500);
    await client.next(499);
    await isFree(at);
    expect(engine.addresses).toEqual([]);
  });

  test('does so though queries go on coming', async () => {
    const { engine, at, counts } = await startBatchEngine();
    await keepBusy(at);
    await engine.close();
    await isFree(at);
    expect(counts.of('udp').unsent).toBe(0);
  });

  test('by its own responder, in the middle of a batch, finishes the batch', async () => {
    const scripted = new ScriptedResponder();
    let closed: Promise<void> | undefined;
    const scene = await startBatchEngine(['127.0.0.1'], {
      respond(...query) {
        closed ??= scene.engine.close();
        return scripted.respond(...query);
      },
      transfer: () => undefined,
    });
    const client = await UdpClient.open();
    for (let i = 0; i < 10; i++) client.send(`query ${i}`, scene.at);
    await client.next(9);
    await closed;
    await isFree(scene.at);
  });

  test('before it listens is nothing', async () => {
    const { engine } = await makeBatchEngine([{ host: '127.0.0.1', port: 0 }]);
    await engine.close();
  });
});
