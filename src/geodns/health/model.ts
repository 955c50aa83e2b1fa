import type { Ms } from '../../base/units.ts';

/**
 * What is known of datacenters, in three layers that are never mixed: what the file says (`WatchedDatacenter`), what an
 * operator said since (`Word`), and what is seen (`Observed`). `effective` follows from the last two.
 */

export interface WatchedDatacenter {
  readonly name: string;
  /** `off`: nobody checks it, and it is in service unless an operator says otherwise. */
  readonly check: CheckRules | 'off';
}

/** How it is seen from here that a datacenter is there. */
export interface CheckRules {
  /** What is asked for, all of them at once: one that is well is enough. */
  readonly urls: readonly string[];
  /** From the beginning of one check to that of the next. */
  readonly interval: Ms;
  /** For all of a check: connection, TLS and answer. */
  readonly timeout: Ms;
  /** Good checks in a row that bring it back. */
  readonly rise: number;
  /** Bad checks in a row that take it out. */
  readonly fall: number;
  /** Whether the certificate must be valid. */
  readonly verify: boolean;
  /** PEM: what is trusted instead of the system's. */
  readonly ca: string | undefined;
}

/** The datacenters that some record chooses among, by name. */
export type Choice = readonly string[];

/** `drain`: it is well, and clients are to go elsewhere all the same. `down`: it is to be taken for broken. */
export interface Word {
  readonly admin: 'drain' | 'down';
  /** Epoch milliseconds from which on it does not hold any more; `undefined`: until somebody ends it. */
  readonly expires?: Ms | undefined;
}

/** `checking`: nothing is seen of it yet. `unknown`: nobody looks. */
export type Health = 'up' | 'down' | 'checking' | 'unknown';

export interface Observed {
  readonly health: Health;
  /** Epoch milliseconds of the last change of `health`. */
  readonly since: Ms;
  /** Of the last check, if that was bad; of one that is down, of the last bad one. */
  readonly problem: string | undefined;
  /** This node's own: an operator drains the node. */
  readonly draining: boolean;
  /** Epoch milliseconds when `health` may become another at the earliest, as some checks speak against it already. */
  readonly due: Ms | undefined;
  /** The last check: when it began, and how long it took. */
  readonly last: { readonly at: Ms; readonly took: Ms } | undefined;
}

/** What follows from it all; in service is what is `serving`. */
export type Effective = 'serving' | 'drain' | 'down';

/** One datacenter with all that is known of it here. */
export interface DatacenterStanding {
  readonly name: string;
  /** It is this node's: known by itself, and not checked. */
  readonly own: boolean;
  readonly observed: Observed;
  readonly effective: Effective;
  /** Seconds that answers which depend on it may be kept, as it may soon change; `undefined`: as their records say. */
  readonly ttlLimit: number | undefined;
}
