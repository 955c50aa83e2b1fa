import { beforeAll, expect, test } from 'vitest';
import { DnsClient } from '../support/dns-client.ts';
import type { Tapped } from '../support/dns-tap.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startUnbound } from '../support/unbound.ts';
import { openSite, type Site, zonesAt } from './resolver-scene.ts';

/** What unbound asks of us that no ordinary client would. */

describeWithPeers(['unbound'], 'unbound', () => {
  let site: Site;
  let client: DnsClient;

  beforeAll(async () => {
    site = await openSite();
    client = await DnsClient.open(await startUnbound({ zones: zonesAt(site.tap) }));
  });

  test('mixes the case of what it asks (0x20), and gets the same back, of each kind of answer', async () => {
    const names = ['www', 'alias', 'x.pages', 'a.b.wild', 'x.old', 'nowhere', 'large'];
    for (const name of names) await client.ask({ name: `${name}.example.com.` });
    const asked = site.tap.since(0);
    const cases = asked.map(({ query, reply }) => [nameOf(query), nameOf(reply)]);
    expect(cases.filter(([query]) => query !== query?.toLowerCase()).length).toBeGreaterThan(cases.length / 2);
    expect(cases.filter(([query, reply]) => query !== reply)).toEqual([]);
    // It has not begun to doubt us, and asked again to compare.
    const kinds = asked.map(({ query, transport }) => `${transport} ${nameOf(query).toLowerCase()} ${typeOf(query)}`);
    expect(kinds).toEqual([...new Set(kinds)]);
  });

  test('is told of each name on the way that it is there, so that it can tell as little as it must (RFC 9156)', async () => {
    const from = site.tap.count;
    const { answers } = await client.ask({ name: 'deep.a.b.c.example.com.' });
    expect(answers).toMatchObject([{ rdata: 'c000024e' }]);
    const asked = site.tap.since(from).map(({ query, reply }) => [nameOf(query).toLowerCase(), reply.rcode]);
    expect(asked).toEqual([
      ['c.example.com.', 0],
      ['b.c.example.com.', 0],
      ['a.b.c.example.com.', 0],
      ['deep.a.b.c.example.com.', 0],
    ]);
  });

  test('asks for nothing below a name that is not there', async () => {
    const from = site.tap.count;
    expect(await client.ask({ name: 'x.y.z.nothing.example.com.' })).toMatchObject({ rcode: 3 });
    expect(site.tap.since(from).map(({ query }) => nameOf(query).toLowerCase())).toEqual(['nothing.example.com.']);
  });
});

function nameOf({ questions }: Tapped['query']): string {
  return questions[0]?.name ?? '';
}

function typeOf({ questions }: Tapped['query']): number {
  return questions[0]?.type ?? 0;
}
