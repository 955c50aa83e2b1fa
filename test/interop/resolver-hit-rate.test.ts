import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HostPort } from '../../src/base/address.ts';
import { randomNumbers } from '../cache/disk/records.ts';
import { SEED, tell } from '../endurance/form.ts';
import { DnsClient } from '../support/dns-client.ts';
import { startDns } from '../support/dns-node.ts';
import { DnsTap } from '../support/dns-tap.ts';
import { startGdnsd } from '../support/gdnsd.ts';
import { startRecursor } from '../support/pdns-recursor.ts';
import { describeWithPeers } from '../support/peers.ts';
import { tempDir } from '../support/temp.ts';
import { type Question, questionsOf, worldDatabase } from './resolver-world.ts';

/**
 * How often a recursor has to ask for clients all over the world: the larger the nets that answers hold for, the more seldom.
 * gdnsd is asked for the same, with the same zone, map and database.
 */

const DATACENTERS = {
  us: { location: [37.7, -97.8], addresses: ['192.0.2.10', '2001:db8:1::10'] },
  uk: { location: [51.5, -0.1], addresses: ['198.51.100.10', '2001:db8:2::10'] },
  au: { location: [-33.9, 151.2], addresses: ['198.51.100.20', '2001:db8:3::20'] },
  sg: { location: [1.3, 103.8], addresses: ['198.51.100.30', '2001:db8:4::30'] },
} as const;

const NAMES = Object.keys(DATACENTERS);

/** Clients of these belong to the datacenter, whatever the database says. */
const NETS = { us: ['100.20.0.0/14'], uk: ['2a00:100::/24'], au: [], sg: ['43.8.0.0/13', '44.0.0.0/22'] } as const;

const QUERIES = 2_000;
const HOSTS = ['www', 'api', 'img'];

describeWithPeers(['pdns_recursor', 'gdnsd'], 'a recursor that tells client subnets', () => {
  test('has to ask Portico no more often than gdnsd, and its clients get the same answers', {
    timeout: 90_000,
  }, async () => {
    const database = worldDatabase(randomNumbers(SEED));
    const questions = questionsOf(
      HOSTS.map((host) => `${host}.example.com.`),
      QUERIES,
      randomNumbers(SEED + 1),
    );
    const gdnsd = await behind(await startTheirs(database), questions);
    const portico = await behind(await startOurs(database, { rate_limit: 'off' }), questions);
    tell('queries of the authority', { gdnsd: gdnsd.asked, portico: portico.asked, of: QUERIES });
    expect(portico.answers).toEqual(gdnsd.answers);
    expect(new Set(portico.answers).size).toBe(2 * NAMES.length);
    expect(portico.asked).toBeLessThanOrEqual(gdnsd.asked);
    expect(portico.asked).toBeLessThan(QUERIES * 0.9);
    // One that asks as fast as it can is sent to TCP by our limits, and all of its clients have their answers.
    const limited = await behind(await startOurs(database), questions);
    expect(limited.answers).toEqual(gdnsd.answers);
  });
});

/** What clients of a recursor that starts with nothing get, and how often it asked for that. */
async function behind(authority: HostPort, questions: readonly Question[]) {
  const tap = await DnsTap.open(authority);
  const client = await DnsClient.open(await startRecursor({ zones: { 'example.com': tap } }));
  const answers: string[] = [];
  for (const question of questions) {
    const { answers: records } = await client.ask(question);
    answers.push(records.map(({ rdata }) => rdata).join(' '));
  }
  return { answers, asked: tap.count };
}

function startOurs(database: Buffer, more: object = {}): Promise<HostPort> {
  return withFile(database, (file) =>
    startDns({
      geo_database: file,
      datacenters: Object.fromEntries(
        Object.entries(DATACENTERS).map(([name, each]) => [
          name,
          { ...each, nets: NETS[name as keyof typeof NETS], check: 'off' },
        ]),
      ),
      alpn: [],
      ...more,
      zones: [
        {
          name: 'example.com',
          soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com', minimum: '60s', serial: 7 },
          records: [
            { name: '@', type: 'NS', value: 'ns1.example.com', ttl: '1h' },
            { name: 'ns1', type: 'A', value: '127.0.0.1', ttl: '1h' },
            ...HOSTS.map((name) => ({ name, geo: NAMES, ttl: '1h' })),
          ],
        },
      ],
    }),
  );
}

async function withFile<T>(database: Buffer, use: (file: string) => Promise<T>): Promise<T> {
  const file = join(await tempDir(), 'city.mmdb');
  await writeFile(file, database);
  return use(file);
}

async function startTheirs(database: Buffer): Promise<HostPort> {
  const entries = (write: (name: keyof typeof DATACENTERS) => string) =>
    (NAMES as (keyof typeof DATACENTERS)[]).map(write).join(', ');
  // Whose clients a net is, we take all the others by their distance from there.
  const nets = (NAMES as (keyof typeof NETS)[]).flatMap((name) =>
    NETS[name].map((net) => `${net} => [ ${NEAREST[name].join(', ')} ]`),
  );
  const { port } = await startGdnsd({
    zones: {
      'example.com': `
@ 3600 SOA ns1 hostmaster 7 3600 900 604800 60
@ 3600 NS ns1
ns1 3600 A 127.0.0.1
${HOSTS.map((name) => `${name} 3600/3600 DYNA geoip!site`).join('\n')}
`,
    },
    geoip: { 'city.mmdb': database },
    plugins: `
geoip => {
  maps => {
    world => {
      geoip2_db => city.mmdb
      datacenters => [ ${NAMES.join(', ')} ]
      auto_dc_coords => { ${entries((name) => `${name} => [ ${DATACENTERS[name].location.join(', ')} ]`)} }
      nets => { ${nets.join(', ')} }
    }
  }
  resources => {
    site => {
      map => world
      service_types => up
      dcmap => { ${entries((name) => `${name} => { addrs_v4 => { a => ${DATACENTERS[name].addresses[0]} }, addrs_v6 => { b => ${DATACENTERS[name].addresses[1]} } }`)} }
    }
  }
}`,
  });
  return { host: '127.0.0.1', port };
}

/** From each datacenter the others by distance, of which three are ranked. */
const NEAREST = {
  us: ['us', 'uk', 'au'],
  uk: ['uk', 'us', 'sg'],
  au: ['au', 'sg', 'us'],
  sg: ['sg', 'au', 'uk'],
} as const;
