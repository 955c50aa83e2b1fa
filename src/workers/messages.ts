import type { Bytes, Ms } from '../base/units.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import type { CacheShare } from '../cache/share.ts';
import type { AccessLogSettings } from '../observe/config.ts';
import type { EventRecord } from '../observe/event-forward.ts';
import type { Maintained } from '../proxy/maintenance.ts';
import type { ProxyPlan } from '../proxy/plan.ts';
import type { SiblingReceipt } from '../proxy/siblings.ts';
import type { SiblingPlan } from '../sibling/plan.ts';

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
  /** As `drain` has it. */
  readonly drainingIdle: Ms | undefined;
  /** `undefined`: nothing is cached. */
  readonly cache: CacheShare | undefined;
  /** What all threads know of siblings; a column for each worker, and control's last. */
  readonly peerTable: SharedArrayBuffer | undefined;
}

/** All that one generation of the configuration means to a worker. */
export interface WorkerPlan {
  readonly generation: number;
  readonly proxy: ProxyPlan;
  readonly accessLog: AccessLogSettings | 'off';
  /** Whom to ask before the origins. `undefined`: nobody. */
  readonly siblings: SiblingPlan | undefined;
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
  /** Connections of clients end with the next reply on them, or when they were idle for so long; or no more do. Whoever comes is served. */
  | { readonly type: 'drain'; readonly idle: Ms | undefined }
  /** Fetch this from the sibling of that row, and store it; say `filled`. */
  | ({ readonly type: 'fill'; readonly id: number; readonly slot: number } & Wanted)
  /** What became of a purge at the siblings, as `purged` asked. */
  | { readonly type: 'purge_told'; readonly id: number; readonly siblings: readonly SiblingReceipt[] }
  | { readonly type: 'reopen_logs' }
  /** Accept no more connections, and say `not_accepting`. */
  | { readonly type: 'stop_accepting' }
  /** Finish what runs within `within` ms, and end. */
  | { readonly type: 'stop'; readonly within: number };

export type FromWorker =
  | { readonly type: 'prepared'; readonly generation: number; readonly problem: string | undefined }
  | { readonly type: 'active'; readonly generation: number }
  | { readonly type: 'not_accepting' }
  /** `bytes`: of the body, `undefined` when it was not stored. */
  | { readonly type: 'filled'; readonly id: number; readonly bytes: Bytes | undefined }
  /** A client has purged this here: tell the siblings, and say `purge_told`. */
  | { readonly type: 'purged'; readonly id: number; readonly orders: readonly PurgeOrder[]; readonly soft: boolean }
  | { readonly type: 'event'; readonly record: EventRecord };

/** A response that a sibling has. */
export interface Wanted {
  readonly url: string;
  readonly fields: readonly string[];
}
