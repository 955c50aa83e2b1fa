import type { Bytes, Ms } from '../../base/units.ts';
import type { OperatorPort } from '../../operator/commands.ts';
import type { SiblingReceipt } from '../../proxy/siblings.ts';
import type { SiblingReport } from '../../sibling/state.ts';
import type { DnsPort } from './dns-port.ts';
import type { Operations } from './operations.ts';
import type { RemovedOrigins } from './removed.ts';
import type { VrrpPort } from './vrrp-port.ts';

/** What the API stands on; handed over by control. */
export interface ApiOptions {
  readonly operator: OperatorPort;
  readonly status: () => NodeStatus;
  readonly siblings: () => SiblingReport;
  /** `undefined`: there is no cache. Holds in all threads when it returns. */
  readonly purge: ((order: PurgeCommand) => Promise<PurgeResult>) | undefined;
  /** `undefined`: the node has no name server now. Absent: it never has. */
  readonly dns?: () => DnsPort | undefined;
  /** `undefined`: the node shares no addresses now. Absent: it never does. */
  readonly vrrp?: () => VrrpPort | undefined;
  readonly now: () => Ms;
  /** How often an event stream without events says that it is there. Default: 15 s. */
  readonly heartbeat?: Ms;
}

export interface ApiContext extends ApiOptions {
  readonly heartbeat: Ms;
  readonly operations: Operations;
  readonly removed: RemovedOrigins;
  /** Tells this run of the node from the last: the numbers of events begin anew with each. */
  readonly run: string;
}

export interface PurgeCommand {
  readonly urls: readonly string[];
  readonly prefixes: readonly string[];
  readonly tags: readonly string[];
  readonly all: boolean;
  readonly soft: boolean;
  /** Only looks whether it could be done. */
  readonly dryRun: boolean;
}

export type PurgeResult =
  | { readonly ok: true; readonly purges: number; readonly siblings: readonly SiblingReceipt[] }
  /** Nothing was purged. */
  | { readonly ok: false; readonly problems: readonly PurgeProblem[] };

export interface PurgeProblem {
  readonly list: 'urls' | 'prefixes' | 'tags';
  readonly index: number;
  /** `expected …, got …` */
  readonly detail: string;
}

export interface NodeStatus {
  readonly node: string;
  readonly region: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly started: Ms;
  readonly generation: number;
  readonly workers: number;
  readonly listeners: readonly { readonly address: string; readonly protocol: string }[];
  readonly cache: CacheSummary | undefined;
  /** Why the node wants no traffic, as `/readyz` says; empty: it does. */
  readonly notReady: readonly string[];
  /** Exchanges under way, tunnels among them, and connections of clients. */
  readonly exchanges: number;
  readonly connections: number;
}

export interface CacheSummary {
  /** Requests since the start that were answered from the cache, and those that were not. */
  readonly hits: number;
  readonly forwards: number;
  readonly memory: TierSummary;
  readonly disk: TierSummary | undefined;
}

export interface TierSummary {
  readonly objects: number;
  readonly bytes: Bytes;
  readonly capacity: Bytes;
  readonly evictions: number;
}
