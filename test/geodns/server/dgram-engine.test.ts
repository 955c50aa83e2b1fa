import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { HostPort } from '../../../src/base/address.ts';
import { isWildcard } from '../../../src/base/listen-address.ts';
import { addressesFor } from '../../../src/geodns/server/local-addresses.ts';
import { residentMemory } from '../../support/memory.ts';
import { atTeardown } from '../../support/teardown.ts';
import { haveIPv6 } from './batch-scene.ts';
import { makeDgramEngine, startDgramEngine } from './dgram-scene.ts';
import { ScriptedResponder } from './scripted-responder.ts';
import { UdpClient } from './udp-client.ts';

describe('a query by UDP', () => {
  test('that comes beside many others gets its own reply, not what was in the buffer later', async () => {
    const { at, counts } = await startDgramEngine();
    const client = await UdpClient.open();
    const count = 2_000;
    const queries = Array.from({ length: count }, (_, index) => `query ${index}`);
    for (const [index, query] of queries.entries()) {
      client.send(query, at);
      if (index % 100 === 99) await client.next(index);
    }
    await client.next(count - 1);
    expect(client.all.map(({ text }) => text).sort()).toEqual(queries.sort());
    expect(counts.of('udp')).toMatchObject({ replies: count, dropped: 0, unsent: 0 });
  });
});

describe('what the network sends', () => {
  test('100,000 random packets end nothing and cost no memory', async () => {
    const { at, counts } = await startDgramEngine();
    const client = await UdpClient.open();
    const batch = async (packets: number) => {
      const before = counts.of('udp').queries;
      for (let sent = 0; sent < packets; sent++) {
        const length = Math.floor(Math.random() ** 3 * 600);
        noise.send(random.subarray(sent % 1000, (sent % 1000) + length), at.port, at.host);
        if (sent % 200 === 199) await client.ask('mark', at);
      }
      return counts.of('udp').queries - before;
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
    const { queries, replies, silent } = counts.of('udp');
    expect(queries).toBe(replies + silent);
    expect((await client.ask('still there', at)).text).toBe('still there');
  });

  test('is answered by what cannot be sent at all: it is counted, and ends nothing', async () => {
    const { at, counts } = await startDgramEngine(['127.0.0.1'], { responder: new ScriptedResponder() });
    const client = await UdpClient.open();
    // With nobody who looks after the responder: node:dgram throws on a length beyond the buffer, as it does on port 0.
    client.send('long', at);
    expect((await client.ask('still there', at)).text).toBe('still there');
    expect(counts.of('udp')).toMatchObject({ replies: 2, unsent: 1 });
  });
});

describe('listening', () => {
  test.skipIf(!haveIPv6)('by IPv6 leaves the same port to IPv4', async () => {
    const { at } = await startDgramEngine(['::1']);
    const { engine } = makeDgramEngine([{ host: '127.0.0.1', port: at.port }]);
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
    const { engine, log } = makeDgramEngine([{ host: '0.0.0.0', port: 0 }], {
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
    const { engine, log } = makeDgramEngine([{ host: '0.0.0.0', port: 0 }], {
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
