import type { Aim } from './figures.ts';

/** What is measured: each work is one kind of request, the same for every server that can do it. */

export const SERVER_NAMES = ['portico', 'nginx', 'haproxy', 'varnish', 'squid'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** How a client speaks to the server; the origin behind it is always asked in HTTP/1.1 without TLS. */
export type Protocol = 'http/1.1' | 'http/1.1 over TLS' | 'h2 over TLS';

export interface Work {
  readonly name: string;
  readonly protocol: Protocol;
  /** Asked of the origin; it answers with a body of `bodyBytes`. */
  readonly path: string;
  readonly bodyBytes: number;
  /** Whether the server has it in its cache; the origin must not be asked then. */
  readonly cached: boolean;
  readonly aims: readonly Aim<ServerName>[];
}

/** The work that is measured in bytes: a cache full of small objects, `OBJECTS_PREFIX` and a number each. */
export const MEMORY_WORK = 'memory-1m';
export const OBJECTS_PREFIX = '/cached/object/';
export const OBJECT_BYTES = 1024;

/** Connections that the load generator keeps open. */
export const CONNECTIONS = 50;

/** Requests in flight on each HTTP/2 connection. */
export const STREAMS = 20;

/** What stands below this path may be cached; all servers keep everything else out of their caches. */
export const CACHED_PREFIX = '/cached/';

export const WORKS: readonly Work[] = [
  {
    name: 'uncached-1k',
    protocol: 'http/1.1',
    path: '/1k',
    bodyBytes: 1024,
    cached: false,
    aims: [
      { peer: 'nginx', ratio: 0.4, later: 1 },
      { peer: 'varnish', ratio: 1.5 },
    ],
  },
  { name: 'uncached-100k', protocol: 'http/1.1', path: '/100k', bodyBytes: 100 * 1024, cached: false, aims: [] },
  { name: 'tls-1k', protocol: 'http/1.1 over TLS', path: '/1k', bodyBytes: 1024, cached: false, aims: [] },
  { name: 'http2-1k', protocol: 'h2 over TLS', path: '/1k', bodyBytes: 1024, cached: false, aims: [] },
  hit('hit-1k', 'http/1.1', 1024, [
    { peer: 'nginx', ratio: 0.75, later: 1 },
    { peer: 'varnish', ratio: 1 },
    { peer: 'squid', ratio: 1 },
  ]),
  hit('hit-100k', 'http/1.1', 100 * 1024),
  hit('hit-10m', 'http/1.1', 10 * 1024 * 1024, [{ peer: 'varnish', ratio: 0.8 }]),
  hit('hit-1k-tls', 'http/1.1 over TLS', 1024),
  hit('hit-1k-h2', 'h2 over TLS', 1024),
];

function hit(name: string, protocol: Protocol, bodyBytes: number, aims: readonly Aim<ServerName>[] = []): Work {
  return { name, protocol, path: `${CACHED_PREFIX}${bodyBytes}`, bodyBytes, cached: true, aims };
}

export function generatorFor({ protocol }: Work): 'wrk' | 'h2load' {
  return protocol === 'h2 over TLS' ? 'h2load' : 'wrk';
}
