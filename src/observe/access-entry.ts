import type { Ms } from '../base/units.ts';

/** What is known of an exchange at its end; the one line of the access log is made of it. */
export interface AccessEntry {
  /** Epoch milliseconds of the request's arrival. */
  readonly time: number;
  readonly id: string;
  /** The client, as far as trusted proxies tell; `peer` is who connected. */
  readonly client: string;
  readonly peer: string;
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  /** Path and query as they came (latin1). */
  readonly target: string;
  /** `1.0`, `1.1` or `2.0`. */
  readonly version: string;
  /** 0 when the client left before there was one. */
  readonly status: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly duration: Ms;
  /** From arrival to the first byte of an origin's answer; `undefined` when there was none. */
  readonly firstByte: Ms | undefined;
  readonly pool: string | undefined;
  readonly origin: string | undefined;
  readonly attempts: number;
  /** The sibling that it was fetched from. */
  readonly sibling: string | undefined;
  /** Whether it was a sibling that asked for what we have. */
  readonly fromSibling: boolean;
  /** The code of `PROXY_ERRORS` that ended it, such as `connection_refused`. */
  readonly error: string | undefined;
  /** Whether the splash page was shown. */
  readonly splash: boolean;
  /** `hit`, or why the request was sent on: the `fwd` of RFC 9211. `undefined`: it never came to the cache. */
  readonly cache: string | undefined;
  /** A stable code beside it, such as `no-store`, and whether another request's fetch answered it. */
  readonly cacheDetail: string | undefined;
  readonly collapsed: boolean;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
}
