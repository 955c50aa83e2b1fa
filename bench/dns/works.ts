import type { Aim } from '../figures.ts';

/** What is asked of name servers: each work is one kind of query. */

export const DNS_SERVER_NAMES = ['portico', 'portico-plain', 'gdnsd', 'powerdns'] as const;
export type DnsServerName = (typeof DNS_SERVER_NAMES)[number];

export type Transport = 'udp' | 'tcp';

export interface DnsWork {
  readonly name: string;
  readonly transport: Transport;
  /**
   * geo: names whose addresses depend on where the client is; each query has a client subnet and a client cookie. static: names
   * that have the same ones for all, and EDNS without options.
   */
  readonly names: 'geo' | 'static';
  readonly aims: readonly Aim<DnsServerName>[];
}

export const DNS_WORKS: readonly DnsWork[] = [
  {
    name: 'dns-udp',
    transport: 'udp',
    names: 'geo',
    aims: [
      { peer: 'gdnsd', ratio: 0.75 },
      { peer: 'powerdns', ratio: 2 },
      { peer: 'gdnsd', ratio: 0.4, of: 'portico-plain' },
    ],
  },
  { name: 'dns-udp-static', transport: 'udp', names: 'static', aims: [] },
  { name: 'dns-tcp', transport: 'tcp', names: 'geo', aims: [{ peer: 'gdnsd', ratio: 1 }] },
];

/** Queries that are under way at a time: as many as a socket has room for, if the server is slow. By TCP they share connections. */
export const OUTSTANDING = 150;
export const TCP_CONNECTIONS = 20;

/** The zone of all servers, and how many names of either kind are in it. */
export const ZONE = 'example.com';
export const NAMES = 16;

/** All as long as each other, so that replies are too. */
export function nameOf(kind: DnsWork['names'], index: number): string {
  return `${kind === 'geo' ? 'geo' : 'fix'}${String(index).padStart(2, '0')}`;
}

export const ALL_INDEXES: readonly number[] = Array.from({ length: NAMES }, (_, index) => index);

/** Of every static name. */
export const STATIC_ADDRESSES = ['192.0.2.20', '192.0.2.21'] as const;

export const TTL_SECONDS = 60;
