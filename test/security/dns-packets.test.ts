import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import { mutated, noise, Random } from '../geodns/answer/packets.ts';
import { dnsQuery } from '../support/dns-message.ts';
import { MEMORY_IS_TOLD } from '../support/memory.ts';
import { RawUdp } from '../support/raw-udp.ts';
import { atTeardown } from '../support/teardown.ts';
import { MIB, type NameServer, startNameServer, WWW } from './name-server.ts';

/** Packets that nobody who means well would send, at a real node. Others are answered meanwhile, each at once. */

const raw = RawUdp.open();

/** So many, and then one that means well: fewer than the buffer of a socket holds. */
const AT_ONCE = 128;

describe.skipIf(!MEMORY_IS_TOLD).each([
  { engine: 'batch', packets: 800_000 },
  { engine: 'plain', packets: 200_000 },
])('at the $engine engine', ({ engine, packets }) => {
  let server: NameServer;
  beforeAll(async () => {
    server = await startNameServer({ engine });
  });

  test(`${packets} random packets break nothing, leave nothing behind, and keep nobody waiting`, async () => {
    const storm = await Storm.open(server.at);
    const early = packets / 4;
    await storm.blow(server, early);
    const before = server.memory;
    await storm.blow(server, packets - early);
    expect(server.memory - before).toBeLessThan(32 * MIB); // ready replies alone may take 16 MiB
    await server.expectUnharmed();

    // All of them have come, and were looked at.
    const page = await server.metrics();
    const unread = page.sum('portico_dns_silences_total', { reason: 'oversized' });
    const innocents = Math.floor(packets / AT_ONCE) + 1;
    expect(page.value('portico_dns_queries_total', { transport: 'udp' }) + unread).toBe(packets + innocents);
    const limited = page.sum('portico_dns_silences_total', { reason: 'limited' });
    expect(limited + page.value('portico_dns_slipped_replies_total')).toBeGreaterThan(packets / 20);
    expect(page.sum('portico_dns_replies_total', { rcode: 'FORMERR' })).toBeGreaterThan(packets / 20);
  }, 120_000);

  /** For root alone. */
  describe.skipIf(raw === undefined)('packets with forged sources', () => {
    const silences = async (reason: string) =>
      (await server.metrics()).value('portico_dns_silences_total', { reason, transport: 'udp' });
    const queries = async () => (await server.metrics()).value('portico_dns_queries_total', { transport: 'udp' });

    test('from port 0 are dropped, and nobody else notices', async () => {
      const before = await silences('port');
      for (let i = 0; i < 1_000; i++) {
        raw?.send(dnsQuery(WWW), { host: '127.77.0.2', port: 0 }, server.at);
        if (i % 50 === 0) await server.innocent();
      }
      await server.expectUnharmed();
      expect((await silences('port')) - before).toBe(1_000);
      expect((await server.metrics()).value('portico_dns_unsent_replies_total')).toBe(0);
    });

    test('from the name server itself come to their end: it answers no answers', async () => {
      const before = { silences: await silences('malformed'), queries: await queries() };
      for (let i = 0; i < 100; i++) raw?.send(dnsQuery({ ...WWW, id: i }), server.at, server.at);
      await server.innocent(); // behind them all
      await server.expectUnharmed(); // and behind what they were answered
      expect((await silences('malformed')) - before.silences).toBe(100);
      expect((await queries()) - before.queries).toBe(202);
    });

    test('from a server that answers everything come to their end too', async () => {
      const echo = createSocket('udp4');
      atTeardown(() => echo.close());
      let answered = 0;
      echo.on('message', (message, { port, address }) => {
        answered += 1;
        echo.send(message, port, address);
      });
      echo.bind(0, '127.0.0.1');
      await once(echo, 'listening');
      const from = { host: '127.0.0.1', port: echo.address().port };
      for (let i = 0; i < 100; i++)
        raw?.send(dnsQuery({ ...WWW, flags: i % 2 === 0 ? 0x0100 : 0x8400 }), from, server.at);
      await server.innocent();
      await server.expectUnharmed();
      expect(answered).toBe(50);
    });
  });
});

/** Clients that send what they like and read nothing; half of them are of networks that are limited. */
class Storm {
  readonly #sockets: readonly Socket[];
  readonly #random = new Random(6);
  readonly #packet = Buffer.alloc(70_000);
  #sent = 0;

  static async open(to: HostPort): Promise<Storm> {
    const hosts = ['127.1.0.1', '127.77.0.3', '127.2.0.1', '127.77.0.4'];
    return new Storm(await Promise.all(hosts.map((host) => connected(host, to))));
  }

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  async blow(server: NameServer, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      this.#sockets[this.#sent % this.#sockets.length]?.send(this.#next());
      if (++this.#sent % AT_ONCE === 0) await server.innocent();
    }
  }

  #next(): Buffer {
    const kind = this.#random.below(16);
    if (kind < SHAPES.length) return (SHAPES[kind] as (random: Random) => Buffer)(this.#random);
    const length = (kind < 8 ? noise : mutated)(this.#random, this.#packet);
    return Buffer.from(this.#packet.subarray(0, Math.min(length, 9_000)));
  }
}

/** Attacks that chance does not find often. */
const SHAPES: readonly ((random: Random) => Buffer)[] = [
  // A question whose name is a chain of pointers, each to the one before, or in a circle.
  (random) => {
    const count = 1 + random.below(300);
    const chain = Array.from({ length: count }, (_, i) =>
      u16(0xc000 | (i === 0 ? 12 + 2 * random.below(count) : 10 + 2 * i)),
    );
    return Buffer.concat([header(random, 1, 0), ...chain, u16(1), u16(1)]);
  },
  // Records with such names, where only OPT is expected.
  (random) => {
    const count = 1 + random.below(100);
    const record = Buffer.concat([
      u16(0xc00c),
      u16(1),
      u16(1),
      u16(0),
      u16(60),
      u16(2),
      u16(0xc000 | random.below(64)),
    ]);
    const { length } = dnsQuery(WWW);
    const query = dnsQuery({ ...WWW, counts: [1, 0, 0, count + 1] }).subarray(0, length);
    return Buffer.concat([query, ...Array.from({ length: count }, () => record)]);
  },
  // An answer, as if we had asked.
  (random) => dnsQuery({ ...WWW, id: random.below(65_536), flags: 0x8000 | random.below(0x8000) }),
  // More than one OPT, or hundreds of options in one.
  (random) => {
    const options = Array.from(
      { length: random.below(300) },
      () => [random.below(20), 'ab'.repeat(random.below(5))] as const,
    );
    const additional = Array.from({ length: random.below(3) }, () => '0000290200000000000000');
    return dnsQuery({ ...WWW, additional, edns: { options } });
  },
];

function header(random: Random, questions: number, additional: number): Buffer {
  return Buffer.concat([u16(random.below(65_536)), u16(0x0100), u16(questions), u16(0), u16(0), u16(additional)]);
}

function u16(value: number): Buffer {
  return Buffer.from([value >>> 8, value & 255]);
}

async function connected(host: string, to: HostPort): Promise<Socket> {
  const socket = createSocket('udp4');
  atTeardown(() => socket.close());
  socket.on('error', () => {});
  socket.bind(0, host);
  await once(socket, 'listening');
  const done = once(socket, 'connect');
  socket.connect(to.port, to.host);
  await done;
  return socket;
}
