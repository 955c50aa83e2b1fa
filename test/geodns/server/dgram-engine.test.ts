import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { DnsCounts } from '../../../src/geodns/server/counts.ts';
import { DgramEngine, type DgramEngineOptions } from '../../../src/geodns/server/dgram-engine.ts';
import { addressesFor, isWildcard } from '../../../src/geodns/server/local-addresses.ts';
import { ReplaceableResponder } from '../../../src/geodns/server/replaceable-responder.ts';
import { type EventRecord, eventLevels } from '../../../src/observe/event-forward.ts';
import { Journal } from '../../support/journal.ts';
import { residentMemory } from '../../support/memory.ts';
import { RawUdp } from '../../support/raw-udp.ts';
import { atTeardown } from '../../support/teardown.ts';
import { ScriptedResponder } from './scripted-responder.ts';
import { UdpClient } from './udp-client.ts';

const haveIPv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));
/** For root alone. */
const raw = RawUdp.open();

interface Scene {
  readonly engine: DgramEngine;
  readonly log: Journal<EventRecord>;
  readonly at: HostPort;
}

function make(listen: readonly string[], options: Partial<DgramEngineOptions> = {}): Omit<Scene, 'at'> {
  const events = new Journal<EventRecord>('event');
  const log = eventLevels((event) => events.add(event));
  const counts = new DnsCounts();
  const engine = new DgramEngine({
    listen: listen.map((host) => ({ host, port: 0 })),
    responder: new ReplaceableResponder(new ScriptedResponder(), counts, log),
    counts,
    log,
    ...options,
  });
  atTeardown(() => engine.close());
  return { engine, log: events };
}

async function start(host = '127.0.0.1', options: Partial<DgramEngineOptions> = {}): Promise<Scene> {
  const { engine, log } = make([host], options);
  await engine.listen();
  return { engine, log, at: engine.addresses[0] as HostPort };
}

describe('a query by UDP', () => {
  test.each([
    { host: '127.0.0.1', client: '127.0.0.7', source: 'udp 7f000007' },
    { host: '127.0.0.5', client: '127.0.0.7', source: 'udp 7f000007' },
    { host: '::1', client: '::1', source: 'udp 00000000000000000000000000000001' },
  ])('to $host is answered from there, and its source known', async ({ host, client: from, source }) => {
    if (host === '::1' && !haveIPv6) return;
    const { at } = await start(host);
    const client = await UdpClient.open(from);
    const reply = await client.ask('who', at);
    expect(reply.text).toBe(`${source} ${client.port}`);
    expect(reply.from).toMatchObject({ address: host, port: at.port });
  });

  test('is answered by whatever has room in a reply', async () => {
    const { at, engine } = await start();
    const client = await UdpClient.open();
    expect((await client.ask('big 4096', at)).bytes).toHaveLength(4096);
    expect((await client.ask('aad', at)).text).toBe('aad');
    // Its third byte has the bit of TC.
    expect((await client.ask('abcd', at)).text).toBe('abcd');
    expect(engine.counts.of('udp')).toMatchObject({ queries: 3, replies: 3, truncated: 2, unsent: 0 });
  });

  test('is not answered if the responder is silent, throws or writes too much; the next one is', async () => {
    const { at, engine, log } = await start();
    const client = await UdpClient.open();
    for (const query of ['silent', 'throw', 'long', '']) client.send(query, at);
    expect((await client.ask('still there', at)).text).toBe('still there');
    expect(engine.counts.of('udp')).toMatchObject({ queries: 5, replies: 1, silent: 4 });
    expect(engine.counts.of('responder')).toEqual({ failed: 2 });
    expect(log.all.filter(({ event }) => event === 'a DNS query could not be answered')).toHaveLength(1);
  });

  test('that comes beside many others gets its own reply, not what was in the buffer later', async () => {
    const { at, engine } = await start();
    const client = await UdpClient.open();
    const count = 2_000;
    const queries = Array.from({ length: count }, (_, index) => `query ${index}`);
    for (const [index, query] of queries.entries()) {
      client.send(query, at);
      if (index % 100 === 99) await client.next(index);
    }
    await client.next(count - 1);
    expect(client.all.map(({ text }) => text).sort()).toEqual(queries.sort());
    expect(engine.counts.of('udp')).toMatchObject({ replies: count, dropped: 0, unsent: 0 });
  });
});

describe('what the network sends', () => {
  test.skipIf(raw === undefined)('from port 0 is dropped', async () => {
    const { at, engine } = await start();
    for (let i = 0; i < 3; i++) raw?.send(Buffer.from('hello'), { host: '127.0.0.1', port: 0 }, at);
    const client = await UdpClient.open();
    expect((await client.ask('still there', at)).text).toBe('still there');
    expect(engine.counts.of('udp')).toMatchObject({ queries: 4, portless: 3, replies: 1 });
  });

  test('100,000 random packets end nothing and cost no memory', async () => {
    const { at, engine } = await start();
    const client = await UdpClient.open();
    const batch = async (packets: number) => {
      const before = engine.counts.of('udp').queries;
      for (let sent = 0; sent < packets; sent++) {
        const length = Math.floor(Math.random() ** 3 * 600);
        noise.send(random.subarray(sent % 1000, (sent % 1000) + length), at.port, at.host);
        if (sent % 200 === 199) await client.ask('mark', at);
      }
      return engine.counts.of('udp').queries - before;
    };
    const random = Buffer.alloc(2000, 0).map(() => Math.floor(Math.random() * 256));
    const noise = createSocket('udp4');
    atTeardown(() => noise.close());
    noise.bind(0, '127.0.0.1');
    await once(noise, 'listening');
    await batch(20_000);
    const before = residentMemory(process.pid);
    expect(await batch(80_000)).toBeGreaterThanOrEqual(80_000);
    expect(residentMemory(process.pid) - before).toBeLessThan(48 * 1024 * 1024);
    const { queries, replies, silent } = engine.counts.of('udp');
    expect(queries).toBe(replies + silent);
    expect((await client.ask('still there', at)).text).toBe('still there');
  });

  test('is answered by what cannot be sent at all: it is counted, and ends nothing', async () => {
    const { at, engine } = await start('127.0.0.1', { responder: new ScriptedResponder() });
    const client = await UdpClient.open();
    // With nobody who looks after the responder: node:dgram throws on a length beyond the buffer, as it does on port 0.
    client.send('long', at);
    expect((await client.ask('still there', at)).text).toBe('still there');
    expect(engine.counts.of('udp')).toMatchObject({ replies: 2, unsent: 1 });
  });
});

describe('listening', () => {
  test('is refused with the address and the reason, and leaves nothing open', async () => {
    const other = createSocket('udp4');
    atTeardown(() => other.close());
    other.bind(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address();
    const { engine } = make([], {
      listen: [
        { host: '127.0.0.2', port },
        { host: '127.0.0.1', port },
      ],
    });
    await expect(engine.listen()).rejects.toThrow(`another program listens on 127.0.0.1:${port} already (UDP)`);
    expect(engine.addresses).toEqual([]);
    const after = createSocket('udp4');
    atTeardown(() => after.close());
    after.bind(port, '127.0.0.2');
    await once(after, 'listening');
  });

  test.skipIf(!haveIPv6)('by IPv6 leaves the same port to IPv4', async () => {
    const { at } = await start('::1');
    const { engine } = make([], { listen: [{ host: '127.0.0.1', port: at.port }] });
    await engine.listen();
    expect(engine.addresses).toEqual([{ host: '127.0.0.1', port: at.port }]);
  });
});

type Dict = ReturnType<typeof networkInterfaces>;

describe('a wildcard', () => {
  const loopback = (...addresses: string[]): Dict => ({
    lo: addresses.map(
      (address) => ({ address, family: address.includes(':') ? 'IPv6' : 'IPv4' }) as NetworkInterfaceInfo,
    ),
  });

  test('stands for each address of the machine, that its replies come from', async () => {
    const { engine, log } = make(['0.0.0.0'], {
      interfaces: () => loopback('127.0.0.1', '127.0.0.2', '::1'),
    });
    await engine.listen();
    const [first, second, ...more] = engine.addresses;
    expect([first?.host, second?.host, more]).toEqual(['127.0.0.1', '127.0.0.2', []]);
    expect(second?.port).toBe(first?.port);
    const client = await UdpClient.open('127.0.0.9');
    expect((await client.ask('a', second as HostPort)).from.address).toBe('127.0.0.2');
    expect(log.all.map(({ event }) => event)).toContain('dns answers by UDP on each address that the machine has');
  });

  test('follows addresses as they come and go', async () => {
    let has = loopback('127.0.0.1');
    const { engine, log } = make(['0.0.0.0'], {
      interfaces: () => has,
      followEvery: 5,
    });
    await engine.listen();
    const { port } = engine.addresses[0] as HostPort;
    has = loopback('127.0.0.1', '127.0.0.3', '192.0.2.77');
    await log.waitFor(({ event }) => event === 'dns answers on an address that the machine has now');
    await log.waitFor(({ event }) => event === 'dns cannot answer yet on an address of the machine');
    const client = await UdpClient.open();
    expect((await client.ask('a', { host: '127.0.0.3', port })).text).toBe('a');
    has = loopback('127.0.0.3');
    await log.waitFor(({ event }) => event === 'dns has left an address that the machine no longer has');
    expect(engine.addresses).toEqual([{ host: '127.0.0.3', port }]);
    // What is not there yet is told once, however often it is tried.
    expect(log.all.filter(({ level }) => level !== 'info')).toHaveLength(1);
  });

  test.each([
    { wildcard: '0.0.0.0', found: ['127.0.0.1', '192.0.2.1'] },
    { wildcard: '::', found: ['::1', 'fe80::1%eth0', 'fe80::1%eth1', '2001:db8::1'] },
    { wildcard: '0:0:0:0:0:0:0:0', found: ['::1', 'fe80::1%eth0', 'fe80::1%eth1', '2001:db8::1'] },
  ])(
    '$wildcard stands for those of its family, each once, link-local ones with their interface',
    ({ wildcard, found }) => {
      const v4 = (address: string) => ({ address, family: 'IPv4' });
      const v6 = (address: string, scopeid = 0) => ({ address, family: 'IPv6', scopeid });
      const interfaces = {
        lo: [v4('127.0.0.1'), v6('::1')],
        eth0: [v4('192.0.2.1'), v6('fe80::1', 2)],
        eth1: [v4('192.0.2.1'), v6('fe80::1', 3), v6('2001:db8::1')],
        eth2: undefined,
      } as unknown as Dict;
      expect(isWildcard(wildcard)).toBe(true);
      expect(addressesFor(wildcard, interfaces)).toEqual(found);
    },
  );
});
