import type { Fraction, Ms } from '../base/units.ts';

/**
 * What is known of pools and origins, in three layers that are never mixed: what the file says (`configured`), what an
 * operator said since (`Override`), and what is seen (`Observed`). `effective` follows from them. Pages, API, command
 * line and metrics are views of this.
 */

/**
 * What an operator wants: `drain`, no new clients, while those that stick to it stay; `maint`, nobody new, and what runs
 * is finished; `stopped`, as maint, and what still runs at the deadline is cut.
 */
export type Admin = 'active' | 'drain' | 'maint' | 'stopped';

/** `standby`: used when no primary is usable. `spare`: takes the place of one that is out, in its own set. */
export type Role = 'primary' | 'standby' | 'spare';

/** `unknown`: nobody checks it. `ejected` is told apart from what active checks say: requests failed there. */
export type Health = 'up' | 'down' | 'checking' | 'unknown' | 'forced_down';

export type Effective =
  | 'active'
  | 'warming'
  | 'draining'
  | 'drained'
  | 'maint'
  | 'stopped'
  | 'removing'
  | 'standby'
  | 'spare'
  | 'down';

/** What may be overridden, and what an override says. What it does not say, the file says. */
export interface OverrideValues {
  readonly admin?: Admin;
  readonly weight?: number;
  readonly role?: Role;
  /** Apache's lbset: a set of a higher number is used when no origin of a lower one is usable. 0 to 99. */
  readonly set?: number;
  /** `forced_down`: as if its checks failed. */
  readonly health?: 'forced_down';
  /** Failures do not take it out of rotation. */
  readonly ignoreErrors?: boolean;
  /** What tells it in Apache's route suffix of a sticky cookie; nobody else's in its pool. */
  readonly route?: string;
  /** How long it takes to its whole share; in place of its pool's. 0: has it at once. */
  readonly slowStart?: Ms;
}

/** Who said so, when, why and until when. */
export interface Override {
  readonly values: OverrideValues;
  readonly by: string;
  /** By which way: `api`, `balancer-manager`, `page`, `cli`. A restart does not change it. */
  readonly source: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: Ms;
  /** Epoch milliseconds since when `admin` is what it is; `undefined`: `admin` is not overridden. */
  readonly adminSince?: Ms | undefined;
  /** Epoch milliseconds from which on it does not hold any more; `undefined`: until somebody ends it. */
  readonly expires?: Ms | undefined;
  /** Of a drain or stop: epoch milliseconds, and what becomes of requests that still run then. */
  readonly deadline?: Ms | undefined;
  readonly onDeadline?: 'keep' | 'cut' | undefined;
  /** What the file said when it was overridden: when that changes, the override is dropped. */
  readonly was: Configured;
}

/** What the file says of an origin. */
export interface Configured {
  readonly url: string;
  readonly weight: number;
  readonly role: Role;
  readonly set: number;
  /** `undefined`: its id. */
  readonly route?: string | undefined;
}

/** What is seen of an origin. */
export interface Observed {
  readonly health: Exclude<Health, 'forced_down'>;
  /** An operator put it back, and no check has been good since: what is waited for, to be up, is not yet so. */
  readonly unproven?: boolean | undefined;
  /** Epoch milliseconds of the last change of `health`. */
  readonly since: Ms;
  /** Of the last check that failed: `expected status 200-399, got 500`. */
  readonly problem?: string | undefined;
  /** Requests failed there; it is out until then (epoch milliseconds). */
  readonly ejectedUntil?: Ms | undefined;
  /** It was ejected, and gets one request at a time until one succeeds. */
  readonly trial?: boolean | undefined;
  /** How far it is warmed up: 1 when it has its whole share. */
  readonly warmth: Fraction;
}

/** What the traffic of an origin was, over all workers since the start; and now. */
export interface Traffic {
  readonly inFlight: number;
  /** Upgraded connections (WebSocket) among them. */
  readonly upgraded: number;
  /** Times that it was chosen. */
  readonly elected: number;
  /** Clients that came with a cookie that names it, in the last minutes. */
  readonly stickyRecent: number;
  /** Requests of the last ten seconds, by the second. */
  readonly rate: number;
  /** Failed or answered by 5xx, of all in the last ten seconds; 0 without any. */
  readonly errors: Fraction;
  /** Time to the first byte: a moving mean in milliseconds; `undefined` before the first. */
  readonly latency: Ms | undefined;
  /** Of bodies: what came from it, and what was sent to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** One origin with all that is known of it. */
export interface OriginState {
  readonly pool: string;
  readonly id: string;
  readonly configured: Configured;
  /** What tells it in Apache's route suffix of a sticky cookie; by default its id. */
  readonly route: string;
  readonly override: Override | undefined;
  readonly observed: Observed;
  readonly traffic: Traffic;
  /** What holds now. */
  readonly admin: Admin;
  readonly role: Role;
  readonly health: Health;
  readonly weight: number;
  readonly set: number;
  readonly ignoreErrors: boolean;
  readonly slowStart: Ms;
  readonly effective: Effective;
  readonly drain: DrainState | undefined;
  /** Counted up with each change of what an operator can change, or of health: for ETag. */
  readonly version: number;
}

/** There is one of each origin that is not to get new clients: `drain`, `maint`, `stopped`, or being removed. */
export interface DrainState {
  readonly since: Ms;
  readonly deadline: Ms | undefined;
  readonly onDeadline: 'keep' | 'cut';
  /**
   * Nothing is in flight, and no new client is sent there any more. In `maint` and `stopped` that is final: no request
   * reaches it until somebody puts it back, so this is what a deployment waits for. In `drain` clients that stick to the
   * origin may still come, and then it is `false` again: who has sticky clients, and wants to be rid of them, goes on
   * to `maint`. Health checks are no requests.
   */
  readonly drained: boolean;
}

export interface PoolState {
  readonly name: string;
  readonly balance: string;
  /** Its whole traffic is answered by this page, until somebody ends it. */
  readonly maintenance: Maintenance | undefined;
  /** The name of the cookie that keeps clients at an origin; `undefined`: none does. */
  readonly sticky: string | undefined;
  /** Every origin is down, and all are tried all the same. */
  readonly panic: boolean;
  /** Requests that wait for an origin to be free. */
  readonly queued: number;
  readonly origins: readonly OriginState[];
  readonly version: number;
}

/** An operator wants the traffic of the whole node to go elsewhere: it serves whoever comes, but asks nobody to come. */
export interface NodeDrain {
  readonly by: string;
  /** As that of an override. */
  readonly source: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: Ms;
}

/** What an operator says of a datacenter: `drain`, clients are to go elsewhere; `down`, it is to be taken for broken. */
export interface DatacenterWord {
  readonly admin: 'drain' | 'down';
  readonly by: string;
  /** As that of an override. */
  readonly source: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly since: Ms;
  /** As that of an override. */
  readonly expires?: Ms | undefined;
}

export interface Maintenance {
  /** HTML; `undefined`: the pool's own splash page. */
  readonly page: string | undefined;
  /** Seconds. */
  readonly retryAfter: number;
  readonly by: string;
  readonly reason: string;
  readonly since: Ms;
}
