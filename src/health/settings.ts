import type { Fraction, Ms } from '../base/units.ts';

/** What is configured of the health of pools: names, units and ranges are those of `pools:`. */

export interface HealthCheckSettings {
  /** `http`: HTTP, or HTTPS where the origin's url says so. `tcp`: a connection that is made is a good sign already. */
  readonly type: 'http' | 'tcp';
  readonly path: string;
  readonly method: 'GET' | 'HEAD';
  /** `undefined`: the authority of the origin's url. */
  readonly host?: string | undefined;
  /** `undefined`: the port of the origin's url. */
  readonly port?: number | undefined;
  /** From the beginning of one check to that of the next. */
  readonly interval: Ms;
  /** For all of a check: connection, TLS, head and body. */
  readonly timeout: Ms;
  /** Good checks in a row that bring an origin back. */
  readonly rise: number;
  /** Bad checks in a row that take it out. */
  readonly fall: number;
  /** Ranges of status codes, both ends included. */
  readonly expect: readonly (readonly [number, number])[];
  /** Text that the first 64 KiB of the body have to contain. */
  readonly body?: string | undefined;
  /** What it is before its first check. */
  readonly initial: 'checking' | 'up';
  /** By which share of it an interval is longer or shorter, at random. */
  readonly jitter: Fraction;
}

export interface OutlierSettings {
  /** Failures in a row. */
  readonly failures: number;
  /** Share of the requests of `window` that failed. */
  readonly error_rate: Fraction;
  /** Requests in `window` below which their share says nothing. */
  readonly min_requests: number;
  readonly window: Ms;
  /** How long the first ejection lasts; the second twice as long, and so on. */
  readonly eject_for: Ms;
  readonly max_eject_for: Ms;
  /** Share of a pool's origins that may be ejected at once. */
  readonly max_ejected: Fraction;
}

/** PEM, not files: whoever has read them has seen that they can be used. */
export interface TlsSettings {
  readonly ca: string | undefined;
  /** `undefined`: the host of the url. */
  readonly serverName: string | undefined;
  readonly verify: boolean;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

export interface WatchedOrigin {
  /** What tells it from all others of the node, and stays the same over reloads. */
  readonly key: string;
  readonly name: string;
  /** Its row in the shared table. */
  readonly slot: number;
  /** `http://HOST[:PORT]` or `https://HOST[:PORT]`. */
  readonly url: string;
}

export interface WatchedPool {
  readonly name: string;
  readonly health_check: HealthCheckSettings | 'off';
  readonly outlier: OutlierSettings | 'off';
  /** 0: an origin has its whole share at once. */
  readonly slow_start: Ms;
  readonly tls: TlsSettings;
  readonly origins: readonly WatchedOrigin[];
}
