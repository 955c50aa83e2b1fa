import type { Ms } from '../base/units.ts';
import type { AccessEntry } from '../observe/access-entry.ts';

/** Why an attempt had no response; `cancelled`: the client left, or nobody waited for it any more. */
export type Unanswered = 'unreachable' | 'silent' | 'error' | 'cancelled';

export type ClientProtocol = 'http/1.1' | 'h2';

/**
 * What is counted of the traffic, for metrics and rates. Sites, pools, origins and listeners are told by their rows in
 * the shared table, as the plan has them. worker.ts hands one in; each call is a few additions.
 */
export interface TrafficCounter {
  /** A request belongs to this site; `ended` follows. */
  entered(site: number): void;
  /** Its connection is a tunnel from now on. */
  tunnelled(site: number): void;
  /** An exchange is over. `site` is `undefined` when it never came to one. */
  ended(site: number | undefined, entry: AccessEntry): void;

  /** A response's head has come; `firstByte`: since the attempt began. */
  answered(pool: number, origin: number, status: number, firstByte: Ms): void;
  /** An attempt ended without a response. */
  unanswered(origin: number, why: Unanswered): void;
  /** A response broke off after its head. */
  brokenOff(origin: number): void;
  /** Bytes of bodies that came from an origin. */
  received(origin: number, bytes: number): void;
  /** Bytes of bodies that went there. */
  sent(origin: number, bytes: number): void;
  /** A request is tried again. */
  retried(pool: number): void;

  /** A connection was accepted; `left` follows when its socket is closed. */
  accepted(listener: number): void;
  left(listener: number): void;
  /** It speaks HTTP now, and `closed` follows. */
  opened(listener: number, protocol: ClientProtocol): void;
  closed(listener: number, protocol: ClientProtocol): void;
  /** A TLS handshake is done; `version` as OpenSSL calls it: `TLSv1.3`. */
  secured(listener: number, version: string): void;
  notSecured(listener: number): void;
}

/** For who counts nothing. */
export const UNCOUNTED: TrafficCounter = {
  entered() {},
  tunnelled() {},
  ended() {},
  answered() {},
  unanswered() {},
  brokenOff() {},
  received() {},
  sent() {},
  retried() {},
  accepted() {},
  left() {},
  opened() {},
  closed() {},
  secured() {},
  notSecured() {},
};
