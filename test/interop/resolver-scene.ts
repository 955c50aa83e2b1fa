import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { HostPort } from '../../src/base/address.ts';
import { startDns } from '../support/dns-node.ts';
import { DnsTap } from '../support/dns-tap.ts';
import { maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';
import { tempDir } from '../support/temp.ts';

/** A site whose names Portico answers for, and what resolvers see of it. */

export const DATACENTERS = {
  us: { location: [37.7, -97.8], addresses: ['192.0.2.10', '2001:db8:1::10'], check: 'off' },
  uk: { location: [51.5, -0.1], addresses: ['198.51.100.10', '2001:db8:2::10'], check: 'off' },
  au: { location: [-33.9, 151.2], addresses: ['198.51.100.20', '2001:db8:3::20'], check: 'off' },
} as const;

const LONDON = maxmindRecord({ continent: 'EU', country: 'GB', city: 'London', location: [51.51, -0.09] });
const SYDNEY = maxmindRecord({ continent: 'OC', country: 'AU', city: 'Sydney', location: [-33.87, 151.21] });
const KANSAS = maxmindRecord({ continent: 'NA', country: 'US', location: [37.75, -97.82] });

/** What clients have: in London a net that is as small as recursors tell, elsewhere larger ones. */
const NETS = [
  ['81.2.69.0/24', LONDON],
  ['1.128.0.0/11', SYDNEY],
  ['12.0.0.0/8', KANSAS],
  ['2a02:fb00::/32', LONDON],
  ['2403:fb00::/32', SYDNEY],
] as const;

/** In `dns:`, but where it listens and what delegations lead to. */
export async function siteDns(child = '127.0.0.1'): Promise<object> {
  const file = join(await tempDir(), 'city.mmdb');
  await writeFile(file, writeMmdb({ nets: NETS, type: 'GeoLite2-City' }));
  return {
    geo_database: file,
    datacenters: DATACENTERS,
    alpn: ['h2'],
    // A resolver asks on behalf of many.
    rate_limit: 'off',
    zones: [
      {
        name: 'example.com',
        soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com', minimum: '60s', serial: 7 },
        records: [...RECORDS, ...delegation('sub', child)],
      },
      {
        name: 'example.org',
        soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com', minimum: '1s', serial: 7 },
        records: [{ name: '@', type: 'NS', value: 'ns1.example.com' }],
      },
    ],
  };
}

const GEO = ['us', 'uk', 'au'];

const RECORDS = [
  { name: '@', type: 'NS', value: 'ns1.example.com', ttl: '1h' },
  { name: 'ns1', type: 'A', value: '127.0.0.1', ttl: '1h' },
  { name: 'www', geo: GEO, ttl: '60s' },
  { name: 'alias', type: 'CNAME', value: 'second.example.com' },
  { name: 'second', type: 'CNAME', value: 'www.example.com' },
  { name: '*.pages', geo: GEO, ttl: '60s' },
  { name: '*.wild', type: 'TXT', value: 'whatever it is' },
  { name: 'static', type: 'A', value: '192.0.2.77' },
  { name: 'deep.a.b.c', type: 'A', value: '192.0.2.78' },
  { name: 'old', type: 'DNAME', value: 'new.example.com' },
  { name: 'x.new', type: 'A', value: '192.0.2.79' },
  { name: 'www.new', type: 'CNAME', value: 'www.example.com' },
  { name: 'large', type: 'TXT', value: Array.from({ length: 8 }, (_, i) => String(i).repeat(250)) },
];

function delegation(name: string, child: string): object[] {
  return [
    { name, type: 'NS', value: `ns.${name}.example.com` },
    { name: `ns.${name}`, type: 'A', value: child },
  ];
}

export const ZONES = ['example.com', 'example.org'] as const;

export interface Site {
  /** The name server itself, and a way to it that tells what passes. */
  readonly authority: HostPort;
  readonly tap: DnsTap;
}

/** `child`: the address of the name server of `sub.example.com`. */
export async function openSite(child?: string): Promise<Site> {
  const authority = await startDns(await siteDns(child));
  return { authority, tap: await DnsTap.open(authority) };
}

/** For a resolver: whom to ask. */
export function zonesAt(at: HostPort): Readonly<Record<string, HostPort>> {
  return Object.fromEntries(ZONES.map((zone) => [zone, at]));
}

/** Delegations lead to port 53, where not everybody may listen. */
export async function canServe(host: string): Promise<boolean> {
  const server = createServer().listen(53, host);
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** The name server of `sub.example.com`. */
export function startChild(host: string): Promise<HostPort> {
  const zone = {
    name: 'sub.example.com',
    soa: { mname: 'ns.sub.example.com', rname: 'hostmaster.example.com', serial: 1 },
    records: [
      { name: '@', type: 'NS', value: 'ns.sub.example.com' },
      { name: 'ns', type: 'A', value: host },
      { name: 'www', type: 'A', value: '192.0.2.99' },
    ],
  };
  return startDns({ listen: [`${host}:53`], zones: [zone] });
}
