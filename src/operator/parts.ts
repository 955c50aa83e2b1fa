import type { Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { Rotation } from './effective.ts';
import type { Configured, DatacenterWord, Maintenance, Observed, Role, Traffic } from './model.ts';
import type { Standing } from './standing.ts';

/** What the operator's side is handed, and what it is told of the configuration. */

export interface OperatorParts {
  /** `state_dir`. */
  readonly directory: string;
  readonly log: EventLog;
  /** Epoch milliseconds. */
  readonly now: () => Ms;
  /** The name of an origin that the file gives none: the same for the same. */
  readonly idOf: (origin: FileOrigin) => string;
  /** Which origins of a pool get new clients, by all their standings: what workers go by. */
  readonly rotation: (pool: string, standings: readonly Standing[]) => Rotation;
  /** All workers see it with their next choice. */
  readonly setStanding: (slot: number, standing: Standing) => void;
  /**
   * Requests in flight over all workers. A worker counts a request before it looks whether the origin still admits it,
   * and takes it back if not: so 0 after `setStanding` is final for whoever is not admitted.
   */
  readonly inFlight: (slot: number) => number;
  readonly traffic: (slot: number) => Traffic;
  /** Requests that wait for an origin of this pool. */
  readonly queued: (pool: string) => number;
  /** Ends what is in flight at an origin, in all workers. */
  readonly cut: (slot: number) => void;
  /** An origin is down: those of its requests that wait for a reply, and may go elsewhere, do. After `setStanding`. */
  readonly giveWay: (slot: number) => void;
  /** An operator put it back: it warms up. Called before workers are told. What is seen of it then may be told at once. */
  readonly enabled: (key: string) => void;
  /** Makes a generation of what `adjusted` says now; resolves with what is wrong with it, if it cannot be served. */
  readonly apply: () => Promise<readonly string[]>;
  /** Has workers answer the whole traffic of a pool by this; `undefined`: no more. */
  readonly showMaintenance: (pool: string, maintenance: Maintenance | undefined) => void;
  /** Has the node's traffic go elsewhere, or no more. Also called at the start, when it was so before. */
  readonly drainNode: (on: boolean) => void;
}

/** The datacenters of the configuration, for what operators say of them. */
export interface DatacenterSide {
  readonly names: readonly string[];
  /** Some that records choose among, of whom nobody would be in service any more; `undefined`: there are none such. */
  readonly emptied: (name: string, word: DatacenterWord | undefined) => readonly string[] | undefined;
  /** `undefined`: nothing any more. Holds when this returns. */
  readonly said: (name: string, word: DatacenterWord | undefined) => void;
}

/** An origin as the file has it. */
export interface FileOrigin {
  readonly url: string;
  readonly name?: string | undefined;
  readonly weight: number;
  /** Default `primary`. */
  readonly role?: Role | undefined;
  /** Default 0. */
  readonly set?: number | undefined;
  /** Default: its id. */
  readonly route?: string | undefined;
}

export interface FilePool {
  readonly origins: readonly FileOrigin[];
}

/** Pools as the file has them, by name. */
export type FilePools = Readonly<Record<string, FilePool>>;

/** A pool of a generation that is planned or served. */
export interface KnownPool {
  readonly name: string;
  readonly balance: string;
  /** The name of the cookie that keeps clients at an origin. */
  readonly sticky: string | undefined;
  readonly origins: readonly KnownOrigin[];
}

export interface KnownOrigin {
  readonly id: string;
  /** What tells it from all others of the node, over reloads: another url is another origin. */
  readonly key: string;
  /** Its row in the shared table. */
  readonly slot: number;
  readonly route: string;
  /** That of its pool. Default 0. */
  readonly slowStart?: Ms;
  readonly configured: Configured;
  /** What is held of it before anything is seen: `checking` where checks have to be good first. */
  readonly observed: Observed;
}
