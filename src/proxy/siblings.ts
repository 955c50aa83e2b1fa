import type { Bytes, Ms } from '../base/units.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import type { Fields } from './exchange.ts';

/** What the data plane wants of siblings: who of them has a response. The fetch from there is its own. */
export interface Siblings {
  /**
   * Asks all siblings that are worth asking at once. `found` is told once, never within this call: the row of the first
   * that has it, or `undefined` when nobody has it, or not in time. Returns `undefined` when there is nobody to ask.
   */
  ask(question: SiblingQuestion, found: (slot: number | undefined) => void): Asking | undefined;
  /** How the fetch from that sibling came out, for its account and for whether it is asked again. */
  fetched(slot: number, outcome: SiblingOutcome, latency: Ms): void;
  /** Somebody who may fetch from us asked from this address: it got what we have, in so many bytes of body, or 504. */
  served(address: string, isHit: boolean, bytes: Bytes): void;
  /** Tells all of them of a purge that holds here already; resolves with what became of it. Never rejects. */
  purged(orders: readonly PurgeOrder[], soft: boolean): Promise<readonly SiblingReceipt[]>;
}

export interface SiblingReceipt {
  readonly peer: string;
  /** `not-reached`: it is not there, and purges when it comes back. `not-told`: it knows no such purge. */
  readonly outcome: 'acknowledged' | 'not-acknowledged' | 'not-reached' | 'not-told';
}

export interface SiblingQuestion {
  /** `scheme://host[:port]/path?query`: host in lower case, a port only where it is not the usual one. */
  readonly url: string;
  /** The request's fields as the origin would get them, for siblings that can tell variants apart. */
  readonly fields: Fields;
}

export interface Asking {
  /** Nobody wants to know any more: `found` is not told. A no-op afterwards. */
  cancel(): void;
}

/**
 * `hit`: it sent a response that is good. `false-hit`: it said that it has it, and then that it has not, or something
 * that is stale or purged here. `failed`: no connection, or a broken reply. `overdue`: nothing in time.
 */
export type SiblingOutcome = 'hit' | 'false-hit' | 'failed' | 'overdue';
