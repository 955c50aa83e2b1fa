import { afterEach, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../support/free-ports.ts';
import { describeWithPeers } from '../support/peers.ts';
import { fieldOf } from '../support/raw-client.ts';
import { HOSTS, openPair, type Pair, PORTICO, SQUID, WELCOME } from './squid-scene.ts';

/** Portico asks Debian's Squid for what it has not. */

describeWithPeers(['squid'], 'Portico asks Squid by ICP', () => {
  let pair: Pair;

  beforeAll(async () => {
    pair = await openPair();
  });

  afterEach(() => pair.expectSquidWell());

  test('and fetches what only Squid has, which gets no younger by that', async () => {
    const { target, url, reply, lines } = await pair.askSquid('/?q=');
    expect(reply).toMatchObject({ status: 200, body: 'whole' });
    expect(Number(fieldOf(reply, 'age'))).toBeGreaterThanOrEqual(100);
    expect(lines).toMatchObject([{ sibling: 'squid', cache_detail: 'sibling-hit', attempts: 0 }]);
    expect(await pair.squid.lineFor(url, 'ICP_QUERY')).toMatchObject({ client: PORTICO, result: 'UDP_HIT/000' });
    expect(pair.squid.linesFor(url).map(({ result }) => result)).toEqual(['TCP_MISS/200', 'TCP_MEM_HIT/200']);
    expect(pair.askedFor(target)).toBe(1);
    await pair.viaPortico(target);
    expect(await pair.lines(target)).toMatchObject([{ sibling: 'squid' }, { cache: 'hit' }]);
  });

  test('and goes to the origin for what Squid has not', async () => {
    const target = pair.target();
    expect(await pair.viaPortico(target)).toMatchObject({ status: 200, body: 'whole' });
    expect(await pair.squid.lineFor(pair.url(target), 'ICP_QUERY')).toMatchObject({ result: 'UDP_MISS/000' });
    expect(await pair.lines(target)).toMatchObject([{ attempts: 1 }]);
  });

  test.each(HOSTS)('for what clients ask of $named', async ({ named, kept }) => {
    const { target, url, lines } = await pair.askSquid('/%7Ea/../b//?q=%20&r=', { host: named });
    expect([url, lines[0]?.sibling]).toEqual([`http://${kept}${target}`, 'squid']);
    expect(await pair.squid.lineFor(url, 'ICP_QUERY')).toMatchObject({ result: 'UDP_HIT/000' });
  });

  test('and gets another variant from the origin, when Squid says that it has it, and has not', async () => {
    const [german, french] = ['de', 'fr'].map((language) => ({ head: [`Accept-Language: ${language}`] }));
    const { url, reply, lines } = await pair.askSquid('/varied/', german, french);
    expect(reply).toMatchObject({ status: 200, body: 'fr' });
    expect(pair.squid.linesFor(url, 'ICP_QUERY')).toMatchObject([{ result: 'UDP_HIT/000' }]);
    expect(pair.squid.linesFor(url).map(({ result }) => result)).toEqual(['TCP_MISS/200', 'TCP_MISS/504']);
    expect(lines).toMatchObject([{ attempts: 1 }]);
    expect(lines[0]).not.toHaveProperty('sibling');
  });

  test.each(['Cache-Control: no-cache', 'Authorization: Basic b3BzOnNlY3JldA=='])('but not with %s', async (field) => {
    const [asked, control] = [pair.target(), pair.target()];
    await pair.viaPortico(asked, { head: [field] });
    await pair.viaPortico(control);
    await pair.squid.lineFor(pair.url(control), 'ICP_QUERY');
    expect(pair.squid.linesFor(pair.url(asked), 'ICP_QUERY')).toEqual([]);
  });
});

describeWithPeers(['squid'], 'Portico, whose log is like Squid’s', () => {
  test('says SIBLING_HIT', async () => {
    const pair = await openPair({ portico: { logs: { access: { format: 'squid' } } } });
    // It is the first that Squid is asked, so that Portico waits as long as it may.
    const target = pair.target();
    await pair.viaSquid(target);
    await pair.viaPortico(target);
    const line = `127.0.0.1 TCP_MISS/200 5 GET ${pair.url(target)} - SIBLING_HIT/squid -\n`;
    await expect.poll(() => pair.portico.output).toContain(line);
    await pair.expectSquidWell();
  });
});

describeWithPeers(['squid'], 'a Squid that denies', () => {
  test('is not waited for', async () => {
    const pair = await openPair({ squid: [], siblings: { timeout: '2s' } });
    const target = pair.target();
    await pair.viaSquid(target);
    expect(await pair.viaPortico(target)).toMatchObject({ status: 200, body: 'whole' });
    expect(await pair.squid.lineFor(pair.url(target), 'ICP_QUERY')).toMatchObject({ result: 'UDP_DENIED/000' });
    const [line] = await pair.lines(target);
    expect(line).toMatchObject({ attempts: 1 });
    expect(line?.duration_ms).toBeLessThan(2_000);
    await pair.expectSquidWell();
  });
});

describeWithPeers(['squid'], 'a Squid that answers ICP, but no HTTP any more', () => {
  test('costs clients nothing, and is fetched from again when it delivers', async () => {
    // Else it would go on to serve us over the connection that we keep.
    const pair = await openPair({ squid: [...WELCOME, 'client_persistent_connections off'] });
    const targets = Array.from({ length: 40 }, () => pair.target());
    for (const target of targets) await pair.viaSquid(target);
    /** Where Portico gets from what only Squid has. */
    const next = async () => {
      const target = targets.shift() as string;
      expect(await pair.viaPortico(target)).toMatchObject({ status: 200, body: 'whole' });
      const [line] = await pair.lines(target);
      return line?.sibling ?? 'origin';
    };
    expect(await next()).toBe('squid');

    const [elsewhere = 0] = await freePorts(SQUID, 1);
    await pair.squid.moveHttp(elsewhere);
    const from: string[] = [];
    const leaves = 'sibling does not deliver what it says it has, it is not asked for a while';
    while (!pair.portico.events.all.some(({ message }) => message === leaves) && from.length < 10)
      from.push(await next());
    expect(new Set(from)).toEqual(new Set(['origin']));
    await pair.portico.events.waitFor(leaves);

    await pair.squid.moveHttp(pair.squid.place.http);
    await expect.poll(next, { timeout: 4_000 }).toBe('squid');
    await pair.portico.events.waitFor('sibling delivers again');
    await pair.expectSquidWell();
  });
});
