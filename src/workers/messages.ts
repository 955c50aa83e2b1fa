import type { CacheShare } from '../cache/share.ts';
import type { AccessLogSettings } from '../observe/config.ts';
import type { EventRecord } from '../observe/event-forward.ts';
import type { Maintained } from '../proxy/maintenance.ts';
import type { ProxyPlan } from '../proxy/plan.ts';

/** What the control plane and its workers say to each other. */

/** Given to a worker at its birth. */
export interface WorkerStart {
  /** Its column in the origin table. */
  readonly index: number;
  readonly workers: number;
  readonly originTable: SharedArrayBuffer;
  /** Where it counts; `undefined`: nowhere. */
  readonly trafficTable: SharedArrayBuffer | undefined;
  /** Pools that are answered by a page. */
  readonly maintained: Maintained;
  /** The node's traffic is to go elsewhere. */
  readonly draining: boolean;
  /** `undefined`: nothing is cached. */
  readonly cache: CacheShare | undefined;
}

/** All that one generation of the configuration means to a worker. */
export interface WorkerPlan {
  readonly generation: number;
  readonly proxy: ProxyPlan;
  readonly accessLog: AccessLogSettings | 'off';
}

export type ToWorker =
  /** Build this generation beside the one that serves, new listeners included, and say `prepared`. */
  | { readonly type: 'prepare'; readonly plan: WorkerPlan }
  /** Serve by what was prepared, and say `active`. */
  | { readonly type: 'activate' }
  /** Another worker could not prepare it: forget it. */
  | { readonly type: 'discard' }
  /** A worker died and left the cache's memory half-changed: here is an empty one. */
  | { readonly type: 'replace_cache'; readonly cache: CacheShare }
  /** Cut what is in flight at the origin of this row of the table. Who still waits for a reply may get it from another. */
  | { readonly type: 'cut'; readonly slot: number }
  /** The origin of this row is down: requests that wait for it, and may go to another, do. */
  | { readonly type: 'give_way'; readonly slot: number }
  /** From now on these pools, and no others, are answered by a page. */
  | { readonly type: 'maintain'; readonly maintained: Maintained }
  /** Connections of clients end with the next reply on them, or no more do. Whoever comes is served. */
  | { readonly type: 'drain'; readonly on: boolean }
  | { readonly type: 'reopen_logs' }
  /** Accept no more connections, and say `not_accepting`. */
  | { readonly type: 'stop_accepting' }
  /** Finish what runs within `within` ms, and end. */
  | { readonly type: 'stop'; readonly within: number };

export type FromWorker =
  | { readonly type: 'prepared'; readonly generation: number; readonly problem: string | undefined }
  | { readonly type: 'active'; readonly generation: number }
  | { readonly type: 'not_accepting' }
  | { readonly type: 'event'; readonly record: EventRecord };
