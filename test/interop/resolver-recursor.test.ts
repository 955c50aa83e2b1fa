import { beforeAll, expect, test } from 'vitest';
import { DnsClient, subnetOf } from '../support/dns-client.ts';
import type { DnsMessage } from '../support/dns-message.ts';
import { ownAddress } from '../support/free-ports.ts';
import type { NameServer } from '../support/name-server.ts';
import { startRecursor } from '../support/pdns-recursor.ts';
import { describeWithPeers } from '../support/peers.ts';
import { openSite, type Site, zonesAt } from './resolver-scene.ts';

/** PowerDNS Recursor tells us the net of each client, and keeps answers for the nets that we say. */

const A = 1;
const AAAA = 28;

describeWithPeers(['pdns_recursor'], 'a recursor that tells client subnets', () => {
  let site: Site;
  let recursor: NameServer;
  let client: DnsClient;
  let names = 0;

  beforeAll(async () => {
    site = await openSite();
    recursor = await startRecursor({ zones: zonesAt(site.tap) });
    client = await DnsClient.open(recursor);
  });

  /** Nobody has asked for it yet. */
  const newName = () => `n${++names}.pages.example.com.`;

  async function ask(name: string, subnet: string, type = A) {
    const from = site.tap.count;
    const { answers } = await client.ask({ name, type, subnet });
    const asked = site.tap.since(from).filter(({ query }) => query.questions[0]?.name === name);
    return {
      address: addressOf(answers),
      told: asked.map(({ query }) => subnetOf(query)),
      scopes: asked.map(({ reply }) => subnetOf(reply)),
    };
  }

  const LONDON = '198.51.100.10';
  const SYDNEY = '198.51.100.20';
  const KANSAS = '192.0.2.10';

  test.each([
    { name: 'IPv4', type: A, london: LONDON, sydney: SYDNEY },
    { name: 'IPv6', type: AAAA, london: hex('2001:0db8:0002::0010'), sydney: hex('2001:0db8:0003::0020') },
  ])('gives each client the $name address of the closest', async ({ type, london, sydney }) => {
    const name = newName();
    expect(await ask(name, '81.2.69.0/24', type)).toMatchObject({ address: london, told: ['81.2.69.0/24'] });
    expect(await ask(name, '1.130.7.0/24', type)).toMatchObject({ address: sydney, told: ['1.130.7.0/24'] });
    expect(await ask(name, '2a02:fb00:1::/56', type)).toMatchObject({ address: london });
    expect(await ask(name, '2403:fb00:1::/56', type)).toMatchObject({ address: sydney });
    // All of them are in its cache now, beside each other.
    expect(await ask(name, '81.2.69.0/24', type)).toEqual({ address: london, told: [], scopes: [] });
    expect(await ask(name, '1.130.7.0/24', type)).toEqual({ address: sydney, told: [], scopes: [] });
  });

  test.each([
    { scope: 24, first: '81.2.69.0/25', second: '81.2.69.128/25', other: '81.2.68.0/24', address: LONDON },
    { scope: 11, first: '1.128.0.0/24', second: '1.159.255.0/24', other: '1.160.0.0/24', address: SYDNEY },
    { scope: 5, first: '8.0.0.0/24', second: '15.255.255.0/24', other: '16.0.0.0/24', address: KANSAS },
    { scope: 32, first: '2a02:fb00::/56', second: '2a02:fb00:ffff::/56', other: '2a02:fb01::/56', address: LONDON },
  ])('asks once for all clients in a scope of /$scope', async ({ scope, first, second, other, address }) => {
    const name = newName();
    const asked = await ask(name, first);
    expect(asked).toMatchObject({ address, scopes: [expect.stringMatching(new RegExp(`/${scope}$`))] });
    expect(await ask(name, second)).toEqual({ address, told: [], scopes: [] });
    expect((await ask(name, other)).told).toHaveLength(1);
  });

  test('follows an alias to what is closest to the client, and keeps the alias for all', async () => {
    const chain = ['second', 'www'].map((label) => `${label}.example.com.`);
    const of = async (subnet: string) => {
      const from = site.tap.count;
      const { answers } = await client.ask({ name: chain[0] as string, subnet });
      expect(answers.map(({ name }) => name)).toEqual(chain);
      const asked = site.tap.since(from).map(({ query }) => query.questions[0]?.name);
      return { address: addressOf(answers), asked: new Set(asked) };
    };
    expect(await of('81.2.69.0/24')).toMatchObject({ address: LONDON });
    expect(await of('1.130.7.0/24')).toMatchObject({ address: SYDNEY });
    expect(await of('12.1.1.0/24')).toEqual({ address: KANSAS, asked: new Set(['www.example.com.']) });
    expect(await of('12.200.1.0/24')).toEqual({ address: KANSAS, asked: new Set() });
  });

  test.each(['static.example.com.', 'nowhere.example.com.', 'b.c.example.com.'])(
    'asks once for what is the same for all: %s',
    async (name) => {
      const first = await ask(name, '81.2.69.0/24');
      expect(first.scopes).toEqual(['81.2.69.0/24/0']);
      expect(await ask(name, '1.130.7.0/24')).toEqual({ ...first, told: [], scopes: [] });
      expect(await ask(name, '2403:fb00:1::/56')).toEqual({ ...first, told: [], scopes: [] });
    },
  );

  test.each([
    { who: 'has a private address', from: ownAddress(77) },
    { who: 'wants it so, by a prefix of 0', from: '127.0.0.1', subnet: '0.0.0.0/0' },
  ])('tells nothing of a client that $who, but where it is itself', async ({ from, ...asked }) => {
    const before = site.tap.count;
    const neighbour = await DnsClient.open(recursor, from);
    const { answers } = await neighbour.ask({ name: newName(), ...asked });
    expect(addressOf(answers)).toBe(KANSAS);
    expect(site.tap.since(before).map(({ query }) => subnetOf(query))).toEqual(['127.0.0.1/32']);
  });
});

/** The last one's; of IPv6 in hexadecimal. */
function addressOf(answers: DnsMessage['answers']): string | undefined {
  const rdata = answers.at(-1)?.rdata;
  return rdata?.length === 8 ? Buffer.from(rdata, 'hex').join('.') : rdata;
}

function hex(address: string): string {
  const [head = '', tail = ''] = address.split('::').map((part) => part.replaceAll(':', ''));
  return head + tail.padStart(32 - head.length, '0');
}
