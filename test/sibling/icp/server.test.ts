import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { decode, encodeExactQuery, encodeQuery, encodeUrl, type IcpMessage } from '../../../src/sibling/icp/message.ts';
import { type IcpOutcome, IcpServer, type IcpServerOptions } from '../../../src/sibling/icp/server.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { FRESH, Scene } from '../../cache/inquiry-scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { siblingPlan } from '../plan.ts';
import { LAST, UdpClient } from '../udp-client.ts';

const URL = 'http://www.site.test/cc/a';
const HELD = { ttl: 60_000, stored: undefined };

async function open({ host = '127.0.0.1', ...rest }: Partial<IcpServerOptions> & { host?: string } = {}) {
  const { log, events } = recordedLog();
  const clock = { now: 0 };
  const server = new IcpServer({
    plan: siblingPlan({ allow: ['127.0.0.1', '::1'] }),
    inquiry: { ask: ({ host }) => (host === 'www.site.test' ? HELD : undefined) },
    isPortico: () => false,
    isBusy: () => false,
    now: () => clock.now,
    log,
    ...rest,
  });
  const address = await server.listen({ host, port: 0 });
  atTeardown(() => server.close());
  return { server, address, clock, events };
}

const query = (url: string, number = 1) => encodeQuery(number, url) as Buffer;
const answers = (packets: readonly Buffer[]) => packets.map((packet) => (decode(packet) as IcpMessage).opcode);

function counted(server: IcpServer): Partial<Record<IcpOutcome, number>> {
  return Object.fromEntries(Object.entries(server.counts).filter(([, count]) => count > 0));
}

describe('by a real cache, byte for byte what Squid 5.7 answered', () => {
  const vectors: { name: string; query: string; reply: string }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../data/icp/icp-golden-vectors.json'), 'utf8'),
  );
  test.each(vectors)('$name', async ({ name, query, reply }) => {
    const scene = await Scene.open();
    scene.store(URL, FRESH);
    const { address } = await open({ inquiry: scene.inquiry });
    const client = await UdpClient.open(address, name.startsWith('denied') ? '127.0.0.9' : '127.0.0.1');
    expect((await client.ask(Buffer.from(query, 'hex'))).toString('hex')).toBe(reply);
  });

  test('and for the variant, when the fields are told', async () => {
    const scene = await Scene.open();
    for (const language of ['de', 'fr']) {
      scene.store(URL, [...FRESH, 'vary', 'accept-language'], ['accept-language', language]);
    }
    const { address } = await open({ inquiry: scene.inquiry });
    const client = await UdpClient.open(address);
    const exact = (language: string) => encodeExactQuery(1, URL, ['Accept-Language', language]) as Buffer;
    const packets = [query(URL), exact('fr'), exact('en')];
    expect(answers(await client.answersTo(packets, query(URL, LAST)))).toEqual(['MISS', 'HIT', 'MISS']);
  });
});

describe('the server', () => {
  test('answers by IPv6', async () => {
    const { address } = await open({ host: '::1' });
    const client = await UdpClient.open(address, '::1');
    expect(decode(await client.ask(query(URL, 7)))).toEqual({ opcode: 'HIT', requestNumber: 7, url: URL });
  });

  test('does not say that it would fetch while it is busy', async () => {
    const { address } = await open({ isBusy: () => true });
    const client = await UdpClient.open(address);
    const packets = [query('http://www.other.test/'), query(URL)];
    expect(answers(await client.answersTo(packets, query(URL, LAST)))).toEqual(['MISS_NOFETCH', 'HIT']);
  });

  test('says nothing to what is no question, and counts it', async () => {
    const { server, address } = await open();
    const client = await UdpClient.open(address);
    const good = query(URL);
    const packets = [
      ...(['HIT', 'MISS', 'SECHO', 'DECHO'] as const).map((opcode) => encodeUrl(opcode, 1, URL)),
      Buffer.alloc(0),
      good.subarray(0, 19),
      good.subarray(0, -1),
      ...[1, 3, 4].map((version) => changed(good, 1, version)),
      changed(good, 0, 23),
      changed(good, 30, 0),
    ];
    expect(await client.answersTo(packets, query(URL, LAST))).toEqual([]);
    expect(counted(server)).toEqual({
      ...{ HIT: 1, unsolicited: 4, short: 2, length: 1, version: 3, opcode: 1, 'embedded-nul': 1 },
    });
  });

  test('denies strangers ten times a second, and tells who runs it', async () => {
    const { server, address, clock, events } = await open();
    const stranger = await UdpClient.open(address, '127.0.0.9');
    const friend = await UdpClient.open(address);
    for (let i = 0; i < 30; i++) stranger.send(i % 2 === 0 ? query(URL) : query('no url'));
    await expect.poll(() => server.counts.withheld).toBe(20);
    await friend.answersTo([], query(URL, LAST));
    clock.now = 1_000;
    await stranger.answersTo([], query(URL, LAST));
    expect(stranger.received).toHaveLength(11);
    expect(counted(server)).toEqual({ DENIED: 6, ERR: 5, withheld: 20, HIT: 1 });
    expect(events).toMatchObject([{ level: 'warn', fields: { from: '127.0.0.9' } }]);
  });

  test('goes by who is allowed now', async () => {
    const { server, address } = await open();
    const client = await UdpClient.open(address, '127.0.0.9');
    expect(answers([await client.ask(query(URL))])).toEqual(['DENIED']);
    server.update(siblingPlan({ allow: ['127.0.0.9'] }));
    expect(answers([await client.ask(query(URL))])).toEqual(['HIT']);
  });

  test('says which address it cannot have, and why', async () => {
    const { address } = await open();
    const { server } = await open();
    await expect(server.listen(address)).rejects.toThrow(
      `cannot listen on 127.0.0.1:${address.port} (UDP): EADDRINUSE`,
    );
    await expect(server.listen({ host: '192.0.2.1', port: 0 })).rejects.toThrow('192.0.2.1:0 (UDP): EADDRNOTAVAIL');
  });

  test('can be closed twice, and before it listens', async () => {
    const { server } = await open();
    await server.close();
    await server.close();
  });
});

function changed(packet: Buffer, at: number, value: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = value;
  return copy;
}
