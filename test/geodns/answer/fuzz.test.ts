import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { RATE_LIMITS } from '../../../src/geodns/answer/rate-limiter.ts';
import { type DnsQueryParts, dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { TestResponder } from './responders.ts';

/** Queries to begin with: each part of the parser is in one of them. */
const SEEDS = (
  [
    {},
    { name: 'static.example.com.', edns: {} },
    { name: 'x.wild.example.com.', type: 16, edns: { options: [[10, '0102030405060708']] } },
    { edns: { options: [[8, '00011800010203']] } },
    {
      edns: {
        options: [
          [8, '0002380002000000000000'],
          [10, '0102030405060708'],
          [3, ''],
          [11, ''],
          [12, '0000'],
        ],
      },
    },
    { name: 'many.example.com.', edns: { udpLength: 600 } },
    { name: 'crowd.example.com.', edns: { udpLength: 4096, flags: 0x8000 } },
    { name: 'x.dn.example.com.', additional: ['0161000010000100000000000401020304'], edns: {} },
    { name: 'version.bind.', type: 16, class: 3 },
    { question: '', edns: { options: [[10, '0102030405060708']] } },
    { additional: ['c00c00010001000000000000', '0000fa00ff000000000000'] },
  ] satisfies DnsQueryParts[]
).map(dnsQuery);

describe('whatever is sent', () => {
  test('a million packets are each answered well, or with silence; nothing breaks, and nothing grows', () => {
    const udp = new TestResponder({ nsid: Buffer.from('us-1') }, undefined, false);
    const tcp = new TestResponder({ nsid: Buffer.from('us-1'), keepalive: 100 }, undefined, false);
    const limited = new TestResponder(
      { limits: { ...RATE_LIMITS, responses: 5, nxdomains: 5, errors: 5 } },
      undefined,
      false,
    );
    const random = new Random(1);
    const packet = Buffer.alloc(70_000);
    const out = Buffer.alloc(65_535);
    const source = {
      address: Buffer.alloc(16),
      addressAt: 0,
      addressLength: 4 as 4 | 16,
      port: 53,
      transport: 'udp' as 'udp' | 'tcp',
    };

    let replies = 0;
    const run = (count: number) => {
      for (let i = 0; i < count; i++) {
        const length = i % 4 === 0 ? noise(random, packet) : mutated(random, packet);
        source.addressLength = i % 3 === 0 ? 16 : 4;
        source.transport = i % 5 === 0 ? 'tcp' : 'udp';
        source.address.writeUInt32BE(random.below(2 ** 24), 0);
        const { responder } = i % 5 === 0 ? tcp : i % 7 === 0 ? limited : udp;
        const replied = responder.respond(packet, length, source, out);
        if (replied === 0) continue;
        replies++;
        // By hand for all, and by the letter for some: the parser of the tests takes its time.
        if (out[0] !== packet[0] || out[1] !== packet[1] || ((out[2] as number) & 0x80) === 0 || replied < 12) {
          expect.unreachable(`${packet.toString('hex', 0, length)} ▸ ${out.toString('hex', 0, replied)}`);
        }
        if (source.transport === 'udp' && replied > 1232) expect.unreachable(`${replied} bytes`);
        if (i % 10 < 2) checkReply(packet.subarray(0, length), out.subarray(0, replied));
      }
    };

    run(100_000);
    const before = heapUsed();
    run(900_000);
    const grown = heapUsed() - before;
    expect([udp, tcp, limited].flatMap((responder) => responder.failures)).toEqual([]);
    expect(replies).toBeGreaterThan(500_000);
    expect(udp.responder.cached).toBeLessThanOrEqual(2 ** 24);
    expect(grown).toBeLessThan(24 * 2 ** 20); // what a cache may have is 16 MiB
  }, 60_000);

  test('names that are asked for once leave nothing behind', () => {
    const { responder } = new TestResponder({}, undefined, false);
    const out = Buffer.alloc(512);
    const source = { address: Buffer.alloc(4), addressAt: 0, addressLength: 4, port: 53, transport: 'udp' } as const;
    for (let i = 0; i < 40_000; i++) {
      const parent = ['wild.example.com.', 'geo.example.com.', 'example.com.'][i % 3];
      const query = dnsQuery({ name: `n${i}.${parent}`, type: i % 3 === 0 ? 16 : 1 });
      responder.respond(query, query.length, source, out);
    }
    expect(responder.cached).toBeLessThan(10_000); // but for two that happen to look alike
  });

  test('what is kept is bounded, if all is asked for again and again', () => {
    const { responder } = new TestResponder({}, undefined, false);
    const out = Buffer.alloc(512);
    const source = { address: Buffer.alloc(4), addressAt: 0, addressLength: 4, port: 53, transport: 'udp' } as const;
    let most = 0;
    for (let type = 300; type < 40_000; type++) {
      const query = dnsQuery({ name: 'static.example.com.', type });
      for (let i = 0; i < 2; i++) responder.respond(query, query.length, source, out);
      most = Math.max(most, responder.cached);
    }
    expect(most).toBeGreaterThan(2 ** 22);
    expect(most).toBeLessThanOrEqual(2 ** 24);
  });
});

function checkReply(query: Buffer, reply: Buffer): void {
  const message = parseDnsMessage(reply);
  if (!message.qr || message.id !== query.readUInt16BE(0)) throw new Error('not a reply to that');
  if (message.questions.length === 0) return;
  const end = reply.indexOf(0, 12) + 5;
  // No label has a zero in it but by chance; then the rest of the question is in there as well.
  if (!reply.subarray(12, end).equals(query.subarray(12, end))) throw new Error('not the question that was asked');
}

/** Bytes, but for a header that gets them read, most of the time. */
function noise(random: Random, packet: Buffer): number {
  const length = random.below(100);
  for (let i = 0; i < length; i++) packet[i] = random.below(256);
  if (random.below(4) > 0 && length >= 12) Buffer.from('0100000100000000', 'hex').copy(packet, 2);
  if (random.below(2) > 0) packet[11] = 1;
  return length;
}

/** One of the seeds with some bytes changed, cut off, put in or doubled. */
function mutated(random: Random, packet: Buffer): number {
  const seed = SEEDS[random.below(SEEDS.length)] as Buffer;
  let length = seed.copy(packet);
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.below(length + 1);
    switch (random.below(6)) {
      case 0:
        length = at;
        break;
      case 1:
        packet.copyWithin(at + 1, at, length++);
        packet[at] = random.below(256);
        break;
      case 2:
        packet.copyWithin(at, at + 1, length);
        length = Math.max(0, length - 1);
        break;
      case 3:
        length += packet.copy(packet, length, at, length);
        break;
      case 4:
        packet[at] = [0, 1, 0x3f, 0x40, 0x7f, 0xc0, 0xff][random.below(7)] as number;
        break;
      default:
        packet[at] = (packet[at] as number) ^ (1 << random.below(8));
    }
  }
  return length;
}

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed: used, external } = process.memoryUsage();
  return used + external;
}
