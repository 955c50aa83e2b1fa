/** What is measured: each work is one kind of request, the same for every server that can do it. */

export const SERVER_NAMES = ['portico', 'nginx', 'haproxy', 'varnish'] as const;
export type ServerName = (typeof SERVER_NAMES)[number];

/** How a client speaks to the server; the origin behind it is always asked in HTTP/1.1 without TLS. */
export type Protocol = 'http/1.1' | 'http/1.1 over TLS' | 'h2 over TLS';

/** Requests per CPU-second, as a multiple of the peer's. */
export interface Aim {
  readonly peer: ServerName;
  readonly ratio: number;
  /** What the design asks for in the end (design §10); `ratio` is what this version has to reach. */
  readonly later?: number;
}

export interface Work {
  readonly name: string;
  readonly protocol: Protocol;
  /** Asked of the origin; it answers with a body of `bodyBytes`. */
  readonly path: string;
  readonly bodyBytes: number;
  readonly aims: readonly Aim[];
}

/** Connections that the load generator keeps open. */
export const CONNECTIONS = 50;

/** Requests in flight on each HTTP/2 connection. */
export const STREAMS = 20;

export const WORKS: readonly Work[] = [
  {
    name: 'uncached-1k',
    protocol: 'http/1.1',
    path: '/1k',
    bodyBytes: 1024,
    aims: [
      { peer: 'nginx', ratio: 0.4, later: 1 },
      { peer: 'varnish', ratio: 1.5 },
    ],
  },
  { name: 'uncached-100k', protocol: 'http/1.1', path: '/100k', bodyBytes: 100 * 1024, aims: [] },
  { name: 'tls-1k', protocol: 'http/1.1 over TLS', path: '/1k', bodyBytes: 1024, aims: [] },
  { name: 'http2-1k', protocol: 'h2 over TLS', path: '/1k', bodyBytes: 1024, aims: [] },
];

export function generatorFor({ protocol }: Work): 'wrk' | 'h2load' {
  return protocol === 'h2 over TLS' ? 'h2load' : 'wrk';
}
