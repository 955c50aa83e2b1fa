import { afterEach, beforeAll, expect, test } from 'vitest';
import { ownAddress } from '../support/free-ports.ts';
import { describeWithPeers } from '../support/peers.ts';
import { fieldOf } from '../support/raw-client.ts';
import { squidPlace, startSquid } from '../support/squid.ts';
import { HOSTS, openPair, type Pair, PORTICO, SQUID } from './squid-scene.ts';

/** Debian's Squid asks Portico for what it has not. */

describeWithPeers(['squid'], 'Squid asks Portico by ICP', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await openPair();
  });

  afterEach(() => pair.expectSquidWell());

  test('and fetches what only Portico has, which gets no younger by that', async () => {
    const target = pair.target();
    await pair.viaPortico(target);
    const { status, body, ...rest } = await pair.viaSquid(target);
    expect([status, body]).toEqual([200, 'whole']);
    expect(Number(fieldOf(rest, 'age'))).toBeGreaterThanOrEqual(100);
    expect(await pair.squid.lineFor(pair.url(target))).toMatchObject({
      result: 'TCP_MISS/200',
      hierarchy: `SIBLING_HIT/${PORTICO}`,
    });
    expect(pair.askedFor(target)).toBe(1);
    const [, line] = await pair.lines(target);
    expect(line).toMatchObject({ from_sibling: true, client: SQUID, status: 200, cache: 'hit' });
  });

  test.each([
    { name: 'Portico has not', isThere: false, path: '/' },
    { name: 'will not be fresh for 30 s', isThere: true, path: '/brief/' },
  ])('and goes to the origin at once for what $name', async ({ isThere, path }) => {
    const target = pair.target(path);
    if (isThere) await pair.viaPortico(target);
    expect(await pair.viaSquid(target)).toMatchObject({ status: 200 });
    // Had it not been answered, it would say TIMEOUT_FIRSTUP_PARENT.
    expect((await pair.squid.lineFor(pair.url(target))).hierarchy).toBe('FIRSTUP_PARENT/127.0.0.1');
    expect(await pair.lines(target)).toHaveLength(isThere ? 1 : 0);
  });

  test.each(HOSTS)('for what clients ask of $named', async ({ named, kept }) => {
    const target = pair.target('/%7Ea/../b//?q=%20&r=');
    await pair.viaPortico(target, { host: named });
    expect(await pair.viaSquid(target, { host: named })).toMatchObject({ status: 200, body: 'whole' });
    expect((await pair.squid.lineFor(`http://${kept}${target}`)).hierarchy).toBe(`SIBLING_HIT/${PORTICO}`);
  });

  test('and gets another variant from the origin, when Portico has but one and can not know', async () => {
    const target = pair.target('/varied/');
    await pair.viaPortico(target, { head: ['Accept-Language: de'] });
    expect(await pair.viaSquid(target, { head: ['Accept-Language: fr'] })).toMatchObject({ status: 200, body: 'fr' });
    const [, line] = await pair.lines(target);
    expect(line).toMatchObject({ from_sibling: true, status: 504 });
    expect((await pair.squid.lineFor(pair.url(target))).hierarchy).toBe('FIRSTUP_PARENT/127.0.0.1');
  });

  test('and is denied by its address, which is told', async () => {
    const target = pair.target();
    await pair.viaPortico(target);
    const place = await squidPlace(ownAddress(63));
    const stranger = await startSquid(place, { origin: pair.origin, lines: [pair.peerLine] });
    const reply = await pair.viaSquid(target, { socket: { host: place.address, port: place.http } });
    expect(reply).toMatchObject({ status: 200, body: 'whole' });
    expect((await stranger.lineFor(pair.url(target))).hierarchy).toBe('TIMEOUT_FIRSTUP_PARENT/127.0.0.1');
    await pair.portico.events.waitFor(
      ({ message, from }) =>
        message === 'asked by ICP from an address that is not in siblings.allow' && from === place.address,
    );
    expect([pair.askedFor(target), stranger.remarks]).toEqual([2, []]);
  });
});

describeWithPeers(['squid'], 'a Portico that answers ICP, but no HTTP any more', () => {
  test('costs the clients of Squid nothing', async () => {
    const pair = await openPair();
    const targets = [pair.target(), pair.target(), pair.target()];
    for (const target of targets) await pair.viaPortico(target);
    await pair.withoutHttp();
    for (const target of targets) {
      expect(await pair.viaSquid(target)).toMatchObject({ status: 200, body: 'whole' });
      expect((await pair.squid.lineFor(pair.url(target))).hierarchy).toBe('FIRSTUP_PARENT/127.0.0.1');
      expect(pair.askedFor(target)).toBe(2);
    }
    await pair.expectSquidWell(targets.map(() => expect.stringMatching(/^TCP connection to .* failed$/)));
  });
});
