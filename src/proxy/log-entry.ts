import type { AccessEntry } from '../observe/access-entry.ts';
import type { CacheReport } from './caching/cache-report.ts';
import type { Client } from './client.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from './error.ts';
import type { Endpoints, Exchange } from './exchange.ts';
import type { Fetch } from './fetch.ts';
import type { Route } from './generation.ts';
import { nextId } from './request-fields.ts';
import type { TunnelEnd } from './tunnel.ts';

/** An exchange at its end, as far as it came. */
export interface Ended {
  readonly exchange: Exchange;
  readonly client: Client;
  readonly id: string;
  readonly route: Route | undefined;
  readonly fetch: Fetch | undefined;
  /** `undefined`: it never came to the cache. */
  readonly report: CacheReport | undefined;
  /** Whether the splash page was shown. */
  readonly splash: boolean;
  readonly fromSibling: boolean;
}

/** The one line of an exchange. */
export function endedEntry(
  { exchange, client, id, route, fetch, report, splash, fromSibling }: Ended,
  status: number,
  error: ProxyErrorCode | undefined,
  tunnel: TunnelEnd | undefined,
): AccessEntry {
  const { head, startedAt } = exchange;
  return {
    time: startedAt,
    id,
    client: client.address,
    peer: exchange.endpoints.remoteAddress,
    method: head.method,
    scheme: head.scheme,
    authority: head.authority,
    target: head.target,
    version: head.version,
    status,
    bytesSent: tunnel?.bytesSent ?? exchange.bytesSent,
    bytesReceived: tunnel?.bytesReceived ?? exchange.body?.bytesReceived ?? 0,
    duration: Date.now() - startedAt,
    firstByte: fetch?.firstByteAt === undefined ? undefined : fetch.firstByteAt - startedAt,
    pool: route?.pool.name,
    origin: fetch?.origin?.name,
    attempts: fetch?.attempts ?? 0,
    sibling: fetch?.sibling,
    fromSibling,
    error,
    splash,
    cache: report?.word,
    cacheDetail: report?.detail,
    collapsed: report?.collapsed ?? false,
    referer: head.known.referer,
    userAgent: head.known.userAgent,
  };
}

/** The line of what was no request, or none that could be read. */
export function unparsedEntry(endpoints: Endpoints, scheme: 'http' | 'https', code: ProxyErrorCode): AccessEntry {
  return {
    time: Date.now(),
    id: nextId(),
    client: endpoints.remoteAddress,
    peer: endpoints.remoteAddress,
    method: '-',
    scheme,
    authority: '',
    target: '',
    version: '',
    status: PROXY_ERRORS[code].status,
    bytesSent: 0,
    bytesReceived: 0,
    duration: 0,
    firstByte: undefined,
    pool: undefined,
    origin: undefined,
    attempts: 0,
    sibling: undefined,
    fromSibling: false,
    error: code,
    splash: false,
    cache: undefined,
    cacheDetail: undefined,
    collapsed: false,
    referer: undefined,
    userAgent: undefined,
  };
}
