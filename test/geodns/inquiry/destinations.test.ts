import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { destinationsOf } from '../../../src/geodns/inquiry/destinations.ts';
import type { DnsPlan } from '../../../src/geodns/plan/dns-plan.ts';
import { tempDir } from '../../support/temp.ts';
import { DATACENTERS, planOf, smallDatabase, zone } from '../plan/settings.ts';

/** Where clients are sent, by the tables of a plan: London, Sydney and Kansas are in its database. */

let plan: DnsPlan;

beforeAll(async () => {
  const file = join(await tempDir(), 'city.mmdb');
  writeFileSync(file, smallDatabase());
  const settings = {
    geo_database: file,
    datacenters: DATACENTERS,
    maps: { any: { mode: 'spread', datacenters: ['uk', 'us', 'au'] } },
    zones: [
      zone([
        { name: 'www', geo: ['us', 'uk', 'au'] },
        { name: 'all', geo: 'any' },
      ]),
    ],
  };
  ({ plan } = await planOf(settings));
});

const sent = (client: string, ...out: readonly string[]) => destinationsOf(client, plan, (name) => !out.includes(name));

test.each([
  { client: '81.2.69.142', out: [], chosen: ['uk'] },
  { client: '::ffff:81.2.69.142', out: [], chosen: ['uk'] },
  { client: '81.2.69.0/24', out: [], chosen: ['uk'] },
  { client: '1.130.0.1', out: [], chosen: ['au'] },
  { client: '81.2.69.142', out: ['uk'], chosen: ['us'] },
  { client: '81.2.69.142', out: ['us', 'uk', 'au'], chosen: ['uk'] },
])('$client, with $out out of service, is sent to $chosen', ({ client, out, chosen }) => {
  expect(sent(client, ...out)?.[0]).toMatchObject({ mode: 'closest', chosen });
});

test('has the whole order, whoever is in service, and the net that it holds for', () => {
  const [closest, spread] = sent('81.2.69.142', 'uk') ?? [];
  expect(closest).toMatchObject({ order: ['uk', 'us', 'au'], net: expect.stringMatching(/^81\.2\.\d+\.\d+\/\d+$/) });
  expect(spread).toMatchObject({ map: 'any', mode: 'spread', chosen: ['us', 'au'], net: undefined });
});

test.each(['', 'us', '1.2.3', '1.2.3.4/33', '::1/129', '1.2.3.4/', 'x'.repeat(1000)])('%s is no client', (client) => {
  expect(sent(client)).toBeUndefined();
});
