import { afterEach, beforeAll, expect, test } from 'vitest';
import { Authority } from '../proxy/tls/authority.ts';
import { describeWithPeers } from '../support/peers.ts';
import { HOST, openPair, type Pair, PORTICO, SQUID } from './squid-scene.ts';

/** Objects with https URLs, which have other keys than those with http. */

describeWithPeers(['squid', 'openssl'], 'a Squid and a Portico that speak TLS with each other', () => {
  let pair: Pair;

  beforeAll(async () => {
    const authority = await Authority.open();
    const files = authority.issue({ issuer: authority.root, names: [HOST, `IP:${PORTICO}`, `IP:${SQUID}`] });
    pair = await openPair({ tls: { ...files, ca: authority.root.cert } });
  });

  afterEach(() => pair.expectSquidWell());

  test.each([
    { scheme: 'https', options: { tls: {} } },
    { scheme: 'http', options: {} },
  ])('give each other what they have by $scheme', async ({ scheme, options }) => {
    const target = pair.target();
    await pair.viaPortico(target, options);
    expect(await pair.viaSquid(target, options)).toMatchObject({ status: 200, body: 'whole' });
    expect((await pair.squid.lineFor(pair.url(target, scheme))).hierarchy).toBe(`SIBLING_HIT/${PORTICO}`);
    const [, line] = await pair.lines(target);
    expect(line).toMatchObject({ scheme, from_sibling: true, cache: 'hit' });

    const { reply, lines, ...theirs } = await pair.askSquid('/', options);
    expect(reply).toMatchObject({ status: 200, body: 'whole' });
    expect(lines).toMatchObject([{ scheme, sibling: 'squid' }]);
    expect([pair.askedFor(target), pair.askedFor(theirs.target)]).toEqual([1, 1]);
  });
});

describeWithPeers(['squid', 'openssl'], 'a Squid and a Portico that do not', () => {
  test('say nothing of what they have by https: Squid would fetch it as if it were http', async () => {
    const authority = await Authority.open();
    const pair = await openPair({ https: authority.issue({ names: [HOST] }) });
    const [ours, theirs] = [pair.target(), pair.target()];
    const https = { tls: {} };
    await pair.viaPortico(ours, https);
    expect(await pair.viaSquid(ours, https)).toMatchObject({ status: 200, body: 'whole' });
    expect((await pair.squid.lineFor(pair.url(ours, 'https'))).hierarchy).toBe('FIRSTUP_PARENT/127.0.0.1');
    expect(await pair.lines(ours)).toHaveLength(1);

    await pair.viaSquid(theirs, https);
    expect(await pair.viaPortico(theirs, https)).toMatchObject({ status: 200, body: 'whole' });
    expect(await pair.lines(theirs)).toMatchObject([{ attempts: 1 }]);
    expect(pair.squid.linesFor(pair.url(theirs, 'https'), 'ICP_QUERY')).toEqual([]);
    await pair.expectSquidWell();
  });
});
