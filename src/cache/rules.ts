import type { Ms } from '../base/units.ts';

/** How a route's responses are cached: plain data, made of the route's `cache:` and `compress:` settings. */
export interface CacheRules {
  /** `cache: off` makes it false: such a request is not looked up, nor is its response stored. */
  readonly enabled: boolean;
  /** For a response that says nothing of its freshness, in place of the heuristic. `undefined`: the heuristic. */
  readonly defaultTtl: Ms | undefined;
  /** In place of whatever a response says of its freshness; what forbids storing still forbids it. */
  readonly ttl: Ms | undefined;
  /** For a response that does not say itself (RFC 5861 §3). */
  readonly staleWhileRevalidate: Ms | undefined;
  /** For a response that does not say itself (RFC 5861 §4). */
  readonly staleIfError: Ms | undefined;
  /** Query parameters that do not count: all of them, or those named here (`utm_*` names all that begin so). */
  readonly ignoreQuery: boolean | readonly string[];
  /** Request fields, in lower case, whose values are part of the key whatever Vary says. */
  readonly keyHeaders: readonly string[];
  /** Of a response that varies by Cookie, only these cookies count. Empty: all of them. */
  readonly varyCookies: readonly string[];
  /** What becomes of a response with Set-Cookie. */
  readonly setCookie: 'bypass' | 'strip' | 'store';
  /** By path, the first that matches; as Squid's refresh_pattern, for responses that say nothing of their freshness. */
  readonly refresh: readonly RefreshRule[];
  /** How long after its freshness ended a response may still be shown in place of a splash page. */
  readonly staleBeforeSplash: Ms;
  /** The codings, best first, into which a response is compressed when it is stored. */
  readonly compress: readonly CompressCoding[];
  /** Whether clients are told by Cache-Status; the access log always is. */
  readonly tellStatus: boolean;
}

export type CompressCoding = 'zstd' | 'br' | 'gzip';

/** Freshness lifetime = `percent` of Date − Last-Modified, at least `min` and at most `max`. */
export interface RefreshRule {
  /** `/prefix`, `= /exact` or `~ expression`, as in routes. */
  readonly path: string;
  readonly min: Ms;
  /** 0.2 for 20 %. */
  readonly percent: number;
  readonly max: Ms;
}
