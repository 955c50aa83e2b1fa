import { describe, expect, test, vi } from 'vitest';
import {
  type ClearSource,
  type HtcpOutcome,
  HtcpServer,
  type HtcpServerOptions,
} from '../../../src/sibling/htcp/server.ts';
import { recordedLog } from '../../cache/disk/scene.ts';
import { FRESH, Scene } from '../../cache/inquiry-scene.ts';
import { atTeardown } from '../../support/teardown.ts';
import { peerPlan, siblingPlan } from '../plan.ts';
import { LAST, UdpClient } from '../udp-client.ts';
import { clearBytes, testBytes } from './packets.ts';

const URL = 'http://www.site.test/cc/p2';
const HTTPS = 'https://www.site.test/cc/p2';
const MISSING = '0014000100' + '0e1101000000010000000000000002';
const CLEARED = '000e000100084001' + '000000630002';

async function open(rest: Partial<HtcpServerOptions> = {}) {
  const { log, events } = recordedLog();
  const clock = { now: 0 };
  const purge = vi.fn((_url: string, _from: ClearSource) => true);
  const server = new HtcpServer({
    plan: siblingPlan(),
    inquiry: { ask: ({ host }) => (host === 'www.site.test' ? { ttl: 60_500, stored: undefined } : undefined) },
    purge,
    isPortico: () => false,
    log,
    now: () => Date.UTC(2026, 10, 20, 19, 0, 0),
    monotonic: () => clock.now,
    ...rest,
  });
  const address = await server.listen({ host: '127.0.0.1', port: 0 });
  atTeardown(() => server.close());
  return { server, address, clock, events, purge };
}

/** That one is answered, and so tells that what came before it was taken. */
const last = testBytes({ url: 'http://nowhere.test/', transaction: LAST });

function counted(server: HtcpServer): Partial<Record<HtcpOutcome, number>> {
  return Object.fromEntries(Object.entries(server.counts).filter(([, count]) => count > 0));
}

/** The length of a response to a TST that found something, and its three texts. */
function detailOf(packet: Buffer): [number, string, string, string] {
  expect(packet.toString('hex')).toMatch(/^.{4}0001.{4}100100000001/);
  const texts: string[] = [];
  for (let at = 12; texts.length < 3; ) {
    const end = at + 2 + packet.readUInt16BE(at);
    texts.push(packet.toString('latin1', at + 2, end));
    at = end;
  }
  return [packet.readUInt16BE(0), ...(texts as [string, string, string])];
}

const hexOf = (packets: readonly Buffer[]) => packets.map((packet) => packet.toString('hex'));

describe('TST', () => {
  test('of a response in memory tells its age, its end and its Last-Modified, as Squid does', async () => {
    const scene = await Scene.open();
    const modified = 'Fri, 20 Nov 2026 14:32:32 GMT';
    const second = Math.floor(Date.now() / 1000) * 1000;
    const date = new Date(second - 40_000).toUTCString();
    scene.store(URL, ['cache-control', 'max-age=100', 'age', '40', 'date', date, 'last-modified', modified]);
    const { address } = await open({ inquiry: scene.inquiry, now: Date.now });
    const client = await UdpClient.open(address);
    const [length, cached, entity] = detailOf(await client.ask(testBytes({ url: URL })));
    expect(cached).toMatch(/^Age: 4\d\r\n$/);
    const [, expires = '', told] = /^Expires: (.*)\r\nLast-Modified: (.*)\r\n$/.exec(entity) ?? [];
    expect([length, told]).toEqual([115, modified]);
    expect((Date.parse(expires) - second) / 1000).toBeCloseTo(60, -1);
  });

  test('of what is on disk alone tells its end', async () => {
    const { address } = await open();
    const client = await UdpClient.open(address);
    const [, ...detail] = detailOf(await client.ask(testBytes({ url: URL })));
    expect(detail).toEqual(['', 'Expires: Fri, 20 Nov 2026 19:01:00 GMT\r\n', '']);
  });

  test.each([
    { name: 'we do not have', url: 'http://www.other.test/' },
    { name: 'is no URL', url: 'not a url' },
    { name: 'is of another method', method: 'POST' },
    { name: 'has https, for who would come by plain HTTP', url: HTTPS },
  ])('of what $name says so, as Squid does', async ({ url = URL, method = 'GET' }) => {
    const { address } = await open();
    const client = await UdpClient.open(address);
    expect((await client.ask(testBytes({ url, method }))).toString('hex')).toBe(MISSING);
  });

  test('of an https URL is answered where it is of use', async () => {
    const plan = siblingPlan({ peers: [peerPlan({ url: 'https://127.0.0.1' })] });
    const { server, address } = await open({ plan });
    const client = await UdpClient.open(address);
    await client.answersTo([testBytes({ url: HTTPS })], last);
    server.update(siblingPlan());
    await client.answersTo([testBytes({ url: HTTPS }), testBytes({ url: HTTPS, lines: 'Accept: */*\r\n' })], last);
    expect(counted(server)).toEqual({ found: 2, missing: 3 });
  });

  test('with the fields of the request is about the variant that they select', async () => {
    const scene = await Scene.open();
    for (const language of ['de', 'fr']) {
      scene.store(URL, [...FRESH, 'vary', 'accept-language'], ['accept-language', language]);
    }
    const { server, address } = await open({ inquiry: scene.inquiry, now: Date.now });
    const client = await UdpClient.open(address);
    const lines = ['', 'Accept-Language: fr\r\n', 'Accept-Language: en\r\n'];
    await client.answersTo(
      lines.map((each) => testBytes({ url: URL, lines: each })),
      last,
    );
    expect(counted(server)).toEqual({ found: 1, missing: 3 });
  });

  test('of a response that is stale in ten seconds is as if there were none', async () => {
    const scene = await Scene.open();
    scene.store(URL, ['cache-control', 'max-age=12']);
    scene.store(`${URL}?`, ['cache-control', 'max-age=9']);
    const { server, address } = await open({ inquiry: scene.inquiry, now: Date.now });
    const client = await UdpClient.open(address);
    await client.answersTo([testBytes({ url: URL }), testBytes({ url: `${URL}?` })], last);
    expect(counted(server)).toEqual({ found: 1, missing: 2 });
  });
});

describe('CLR', () => {
  test.each(['GET', 'HEAD', 'PURGE'])('by %s purges, and is answered byte for byte as by Squid', async (method) => {
    const { address, purge } = await open();
    const client = await UdpClient.open(address);
    const answer = await client.ask(clearBytes({ url: URL, method, transaction: 99, f1: true }));
    expect(answer.toString('hex')).toBe(CLEARED);
    expect(purge.mock.calls).toEqual([[URL, { address: '127.0.0.1', port: client.port, slot: undefined }]]);
  });

  test('tells of which peer it came', async () => {
    const plan = siblingPlan({ peers: [peerPlan({ slot: 9, htcp: { host: '127.0.0.1', port: 4827 } })] });
    const { address, purge } = await open({ plan });
    const client = await UdpClient.open(address);
    await client.answersTo([clearBytes({ url: URL })], last);
    expect(purge.mock.lastCall?.[1].slot).toBe(9);
  });

  test.each([
    { name: 'of minor 0, as MediaWiki sends it', request: { minor: 0, method: 'HEAD' }, purges: 1, answers: 0 },
    { name: 'to which no response is desired', request: {}, purges: 1, answers: 0 },
    { name: 'of another method', request: { method: 'POST', f1: true }, purges: 0, answers: 0 },
  ] as const)('$name: $purges purges, $answers responses', async ({ request, purges, answers }) => {
    const { address, purge } = await open();
    const client = await UdpClient.open(address);
    expect(await client.answersTo([clearBytes({ url: URL, ...request })], last)).toHaveLength(answers);
    expect(purge).toHaveBeenCalledTimes(purges);
  });

  test('that comes twice is answered twice, and carried out once; again after a while', async () => {
    const { server, address, clock, purge } = await open();
    const client = await UdpClient.open(address);
    const clear = clearBytes({ url: URL, transaction: 99, f1: true });
    expect(hexOf(await client.answersTo([clear, clear], last))).toEqual([CLEARED, CLEARED]);
    expect(purge).toHaveBeenCalledTimes(1);
    clock.now = 3_000;
    await client.answersTo([clear, clearBytes({ url: `${URL}?`, transaction: 99 })], last);
    expect(purge).toHaveBeenCalledTimes(3);
    expect(counted(server)).toEqual({ purged: 3, repeated: 1, missing: 2 });
  });

  test('of what cannot be purged is answered so', async () => {
    const { server, address } = await open({ purge: () => false });
    const client = await UdpClient.open(address);
    const [answer] = await client.answersTo([clearBytes({ url: 'not a url', transaction: 99, f1: true })], last);
    expect(answer?.toString('hex')).toBe(CLEARED.replace('4001', '4201'));
    expect(counted(server)).toEqual({ refused: 1, missing: 1 });
  });

  test('that goes wrong is logged, not answered, and tried again when it is sent again', async () => {
    let failures = 1;
    const purge = () => {
      if (failures-- > 0) throw new Error('the purge on seat 1 does not end');
      return true;
    };
    const { address, events } = await open({ purge });
    const client = await UdpClient.open(address);
    const clear = clearBytes({ url: URL, transaction: 99, f1: true });
    expect(hexOf(await client.answersTo([clear], last))).toEqual([]);
    expect(events).toMatchObject([{ level: 'error', event: 'a purge by HTCP failed' }]);
    expect(hexOf(await client.answersTo([clear], last))).toEqual([CLEARED]);
  });

  test('is taken from one source a thousand times at once, then a hundred times a second', async () => {
    const { server, address, clock, purge } = await open();
    const client = await UdpClient.open(address);
    const clears = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => clearBytes({ url: URL, transaction: from + i }));
    for (let i = 0; i < 12; i++) await client.answersTo(clears(100 * i, 100), last);
    expect(purge).toHaveBeenCalledTimes(1_000);
    clock.now = 500;
    await client.answersTo(clears(2_000, 100), last);
    expect([purge.mock.calls.length, server.counts.excess]).toEqual([1_050, 250]);
  });
});

describe('who is not in the list', () => {
  test('is not answered, and each list is for its own', async () => {
    const { server, address, purge, events } = await open({ plan: siblingPlan({ clearFrom: ['127.0.0.9'] }) });
    const asks = await UdpClient.open(address);
    const clears = await UdpClient.open(address, '127.0.0.9');
    expect(await asks.answersTo([clearBytes({ url: URL, f1: true })], last)).toEqual([]);
    clears.send(testBytes({ url: URL }));
    await clears.ask(clearBytes({ url: URL, f1: true }));
    expect([purge.mock.calls.length, clears.received.length]).toEqual([1, 1]);
    expect(counted(server)).toEqual({ denied: 2, missing: 1, purged: 1 });
    expect(events).toHaveLength(1);
  });

  test('may be so after a reload', async () => {
    const { server, address } = await open({ plan: siblingPlan({ allow: [], clearFrom: [] }) });
    const client = await UdpClient.open(address);
    client.send(testBytes({ url: URL }));
    await expect.poll(() => server.counts.denied).toBe(1);
    server.update(siblingPlan());
    await client.ask(testBytes({ url: URL }));
    expect(server.counts.found).toBe(1);
  });
});

test('what is no request is counted and not answered', async () => {
  const { server, address } = await open();
  const client = await UdpClient.open(address);
  const nop = testBytes({ url: URL });
  nop[6] = 0;
  const cleared = Buffer.from(CLEARED, 'hex');
  const silent = [
    nop,
    cleared,
    testBytes({ url: URL, f1: false }),
    Buffer.alloc(3),
    clearBytes({ url: URL }).subarray(1),
  ];
  expect(await client.answersTo(silent, last)).toEqual([]);
  expect(counted(server)).toMatchObject({ ignored: 3, short: 1, missing: 1 });
});

test('the address that cannot be had is told', async () => {
  const { address } = await open();
  const { server } = await open();
  await expect(server.listen(address)).rejects.toThrow(`cannot listen on 127.0.0.1:${address.port} (UDP): EADDRINUSE`);
});
