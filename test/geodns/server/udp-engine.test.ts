import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { RawUdp } from '../../support/raw-udp.ts';
import { atTeardown } from '../../support/teardown.ts';
import { haveIPv6, isFree, isLinux, makeBatchEngine, startBatchEngine } from './batch-scene.ts';
import { makeDgramEngine, startDgramEngine } from './dgram-scene.ts';
import { UdpClient } from './udp-client.ts';

/** For root alone. */
const raw = RawUdp.open();

/** What does not depend on how packets are taken and sent. */
describe.each([
  { name: 'batch', isHere: isLinux, start: startBatchEngine, make: makeBatchEngine },
  { name: 'plain', isHere: true, start: startDgramEngine, make: makeDgramEngine },
])('the $name engine', ({ isHere, start, make }) => {
  describe.skipIf(!isHere)('a query by UDP', () => {
    test.each([
      { host: '127.0.0.1', client: '127.0.0.7', source: 'udp 7f000007' },
      { host: '127.0.0.5', client: '127.0.0.7', source: 'udp 7f000007' },
      { host: '::1', client: '::1', source: 'udp 00000000000000000000000000000001' },
    ])('to $host is answered from there, and its source known', async ({ host, client: from, source }) => {
      if (host.includes(':') && !haveIPv6) return;
      const { at, counts } = await start([host]);
      expect(at).toEqual({ host, port: expect.any(Number) });
      const client = await UdpClient.open(from);
      const reply = await client.ask('who', at);
      expect(reply.text).toBe(`${source} ${client.port}`);
      expect(reply.from).toMatchObject({ address: host, port: at.port });
      expect(counts.of('udp')).toMatchObject({ queries: 1, replies: 1, unsent: 0, socketErrors: 0 });
    });

    test('is answered by whatever has room in a reply', async () => {
      const { at, counts } = await start();
      const client = await UdpClient.open();
      expect((await client.ask('big 4096', at)).bytes).toHaveLength(4096);
      expect((await client.ask('aad', at)).text).toBe('aad');
      // Its third byte has the bit of TC.
      expect((await client.ask('abcd', at)).text).toBe('abcd');
      expect(counts.of('udp')).toMatchObject({ queries: 3, replies: 3, truncated: 2, unsent: 0 });
    });

    test('is not answered if the responder is silent, throws or writes too much; those beside it are', async () => {
      const { at, counts, log } = await start();
      const client = await UdpClient.open();
      for (const query of ['one', 'silent', 'two', 'throw', 'three', 'long', '', 'four']) client.send(query, at);
      await client.next(3);
      expect(client.all.map(({ text }) => text)).toEqual(['one', 'two', 'three', 'four']);
      expect(counts.of('udp')).toMatchObject({ queries: 8, replies: 4, silent: 4 });
      expect(counts.of('responder')).toEqual({ failed: 2 });
      expect(log.all.filter(({ event }) => event === 'a DNS query could not be answered')).toHaveLength(1);
    });

    test.skipIf(raw === undefined)('from port 0 is dropped', async () => {
      const { at, counts } = await start();
      for (let i = 0; i < 3; i++) raw?.send(Buffer.from('hello'), { host: '127.0.0.1', port: 0 }, at);
      const client = await UdpClient.open();
      expect((await client.ask('still there', at)).text).toBe('still there');
      expect(counts.of('udp')).toMatchObject({ queries: 4, portless: 3, replies: 1 });
    });
  });

  describe.skipIf(!isHere)('listening', () => {
    test('is refused with the address and the reason, and leaves nothing open', async () => {
      const other = createSocket('udp4');
      atTeardown(() => other.close());
      other.bind(0, '127.0.0.1');
      await once(other, 'listening');
      const { port } = other.address();
      const { engine } = await make([
        { host: '127.0.0.2', port },
        { host: '127.0.0.1', port },
      ]);
      await expect(engine.listen()).rejects.toThrow(`another program listens on 127.0.0.1:${port} already (UDP)`);
      expect(engine.addresses).toEqual([]);
      await isFree({ host: '127.0.0.2', port });
    });
  });
});
