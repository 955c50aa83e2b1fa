import { afterEach, beforeAll, expect, test } from 'vitest';
import { decode, type HtcpMessage } from '../../src/sibling/htcp/message.ts';
import { describeWithPeers } from '../support/peers.ts';
import { fieldOf } from '../support/raw-client.ts';
import { openPair, type Pair, PORTICO } from './squid-scene.ts';

/** HTCP between Portico and Debian's Squid: Squid asks by it, and each purges at the other what was purged at itself. */

/** What passed between Squid and Portico's HTCP: `TST there GET` with the method asked about, `response back`. */
function packets({ toHtcp }: Pair): string[] {
  return toHtcp.all.map(({ way, packet }) => {
    const message = decode(packet) as HtcpMessage;
    return 'specifier' in message ? `${message.kind} ${way} ${message.specifier.method}` : `${message.kind} ${way}`;
  });
}

describeWithPeers(['squid'], 'Squid asks Portico by HTCP', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await openPair({ htcp: {} });
  });

  afterEach(() => pair.expectSquidWell());

  test('and fetches what only Portico has', async () => {
    const target = pair.target();
    await pair.viaPortico(target);
    const reply = await pair.viaSquid(target);
    expect(reply).toMatchObject({ status: 200, body: 'whole' });
    expect(Number(fieldOf(reply, 'age'))).toBeGreaterThanOrEqual(100);
    expect((await pair.squid.lineFor(pair.url(target))).hierarchy).toBe(`SIBLING_HIT/${PORTICO}`);
    expect([packets(pair), pair.askedFor(target)]).toEqual([['TST there GET', 'response back'], 1]);
  });

  test('and goes to the origin at once for what Portico has not', async () => {
    const target = pair.target();
    expect(await pair.viaSquid(target)).toMatchObject({ status: 200, body: 'whole' });
    expect((await pair.squid.lineFor(pair.url(target))).hierarchy).toBe('FIRSTUP_PARENT/127.0.0.1');
  });

  test('and gets another variant from the origin, when Portico has but one and can not know', async () => {
    const target = pair.target('/varied/');
    await pair.viaPortico(target, { head: ['Accept-Language: de'] });
    expect(await pair.viaSquid(target, { head: ['Accept-Language: fr'] })).toMatchObject({ status: 200, body: 'fr' });
    expect((await pair.lines(target)).map(({ status }) => status)).toEqual([200, 504]);
  });
});

describeWithPeers(['squid'], 'a purge by HTCP', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await openPair({ htcp: {} });
  });

  afterEach(() => pair.expectSquidWell());

  test('at Squid is one at Portico', async () => {
    const target = pair.target();
    await pair.viaPortico(target);
    await pair.viaSquid(target);
    expect(await pair.viaSquid(target, { method: 'PURGE' })).toMatchObject({ status: 200 });
    const fetches = async () => {
      await pair.viaPortico(target);
      return pair.askedFor(target);
    };
    await expect.poll(fetches).toBe(2);
    expect(await fetches()).toBe(2);
    // It wants no answer.
    expect(packets(pair)).toEqual(['TST there GET', 'response back', 'CLR there PURGE']);
  });

  test('at Portico is one at Squid, which says so', async () => {
    const target = pair.target();
    await pair.viaSquid(target);
    await pair.viaPortico(target);
    const { status, body } = await pair.viaPortico(target, { method: 'PURGE' });
    expect([status, JSON.parse(body).siblings]).toEqual([200, [{ peer: 'squid', outcome: 'acknowledged' }]]);
    const before = pair.askedFor(target);
    expect(await pair.viaSquid(target)).toMatchObject({ status: 200, body: 'whole' });
    expect(pair.askedFor(target)).toBe(before + 1);
    expect(await pair.squid.lineFor(pair.url(target), 'HTCP_CLR')).toMatchObject({
      client: PORTICO,
      result: 'UDP_HIT/000',
    });
    expect(pair.squid.linesFor(pair.url(target), 'HTCP_CLR')).toHaveLength(1);
  });

  test('at Portico, by prefix, is not told: HTCP knows no such thing', async () => {
    const { body } = await pair.viaPortico('/some/*', { method: 'PURGE' });
    expect(JSON.parse(body)).toMatchObject({ siblings: [{ peer: 'squid', outcome: 'not-told' }] });
  });
});

describeWithPeers(['squid'], 'a Squid that takes no purges', () => {
  test('is told of as not having acknowledged', async () => {
    const pair = await openPair({ htcp: {}, squid: [] });
    const { status, body } = await pair.viaPortico(pair.target(), { method: 'PURGE' });
    expect([status, JSON.parse(body).siblings]).toEqual([200, [{ peer: 'squid', outcome: 'not-acknowledged' }]]);
    await pair.expectSquidWell();
  });
});

describeWithPeers(['squid'], 'a Squid that sends all purges on, and answers to purges as well', () => {
  test('makes no storm with Portico', async () => {
    const pair = await openPair({ htcp: { forwardsClears: true } });
    const [first, second] = [pair.target(), pair.target()];
    for (const target of [first, second]) {
      await pair.viaPortico(target);
      await pair.viaSquid(target);
    }
    const before = packets(pair).length;
    const counted = () => {
      const count: Record<string, number> = {};
      for (const name of packets(pair).slice(before)) count[name] = (count[name] ?? 0) + 1;
      return count;
    };
    await pair.viaPortico(first, { method: 'PURGE' });
    await pair.viaSquid(second, { method: 'PURGE' });
    // By http and https: both come back, are answered, and the answers come back. Nobody answers those.
    const all = { 'CLR there GET': 2, 'response back': 2, 'response there': 2, 'CLR there PURGE': 1 };
    await expect.poll(counted).toEqual(all);
    for (let i = 1; i <= 3; i++) {
      await pair.viaSquid(pair.target());
      expect(counted()).toEqual({ ...all, 'TST there GET': i, 'response back': 2 + i });
    }
    expect(pair.squid.accessLog.all.filter(({ method }) => method === 'HTCP_CLR').map(({ result }) => result)).toEqual([
      ...['UDP_HIT/000', 'UDP_MISS/000', 'UDP_INVALID/000', 'UDP_INVALID/000'],
    ]);
    await pair.expectSquidWell();
  });
});
