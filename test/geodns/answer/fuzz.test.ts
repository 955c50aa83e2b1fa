import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { RATE_LIMITS } from '../../../src/geodns/answer/rate-limiter.ts';
import { dnsQuery, parseDnsMessage } from '../../support/dns-message.ts';
import { mutated, noise, Random } from './packets.ts';
import { TestResponder } from './responders.ts';

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

      family: 4 as 4 | 6,
      port: 53,
      transport: 'udp' as 'udp' | 'tcp',
    };

    let replies = 0;
    const run = (count: number) => {
      for (let i = 0; i < count; i++) {
        const length = i % 4 === 0 ? noise(random, packet) : mutated(random, packet);
        source.family = i % 3 === 0 ? 6 : 4;
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
    const source = { address: Buffer.alloc(4), family: 4, port: 53, transport: 'udp' } as const;
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
    const source = { address: Buffer.alloc(4), family: 4, port: 53, transport: 'udp' } as const;
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

function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { heapUsed: used, external } = process.memoryUsage();
  return used + external;
}
