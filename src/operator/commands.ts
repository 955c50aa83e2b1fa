import type { Ms } from '../base/units.ts';
import type { Admin, Maintenance, NodeDrain, OriginState, OverrideValues, PoolState, Role } from './model.ts';

/** What can be asked of the operator's side of the node, by whatever way it is asked: page, API, command line. */

/** Who asks. */
export interface Actor {
  readonly name: string;
  /** `api`, `balancer-manager`, `page`, `cli`. */
  readonly source: string;
  /** Its address, for the audit log. */
  readonly address?: string | undefined;
}

/** A change of one origin, or of each of several. */
export interface Change {
  /** `null`: back to what the file says. */
  readonly values: { readonly [Name in keyof OverrideValues]?: OverrideValues[Name] | null };
  /** At most 500 characters; empty: none was given. */
  readonly reason: string;
  /** How long it holds; `null`: until somebody ends it; `undefined`: as was said before of what stays the same. */
  readonly expiresIn?: Ms | null | undefined;
  /** Of a drain, maint or stop; `null`: none. */
  readonly deadlineIn?: Ms | null | undefined;
  readonly onDeadline?: 'keep' | 'cut' | undefined;
  /** Also takes away the last usable origin of a pool. */
  readonly force?: boolean | undefined;
  /** Says what would come of it, and changes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Refused unless the origin has this version. */
  readonly ifVersion?: number | undefined;
}

/** A change of a datacenter. */
export interface DatacenterChange {
  /** `active`: it is in service when checks say so. */
  readonly admin: 'active' | 'drain' | 'down';
  /** At most 500 characters; empty: none was given. */
  readonly reason: string;
  /** How long it holds; `null`: until somebody ends it; `undefined`: as was said before of the same. */
  readonly expiresIn?: Ms | null | undefined;
  /** Also takes away the last one in service of those that a record chooses among. */
  readonly force?: boolean | undefined;
  /** Says what would come of it, and changes nothing. */
  readonly dryRun?: boolean | undefined;
}

export type Refusal =
  | { readonly kind: 'unknown-pool'; readonly detail: string }
  | { readonly kind: 'unknown-origin'; readonly detail: string }
  /** The last usable one of a pool is not taken away without `force`. */
  | { readonly kind: 'last-active-origin'; readonly detail: string }
  | { readonly kind: 'version-mismatch'; readonly detail: string }
  | { readonly kind: 'duplicate'; readonly detail: string }
  | { readonly kind: 'invalid'; readonly detail: string }
  /** It could not be written to `state_dir`: nothing was changed. */
  | { readonly kind: 'not-kept'; readonly detail: string };

export type DatacenterRefusal =
  | Extract<Refusal, { readonly kind: 'invalid' | 'not-kept' }>
  | { readonly kind: 'unknown-datacenter'; readonly detail: string }
  /** The last one in service of those that a record chooses among is not taken away without `force`. */
  | { readonly kind: 'last-datacenter'; readonly detail: string };

/** What is asked of addresses that nodes share: to leave them to others, never to take them, and to take part again. */
export type AddressCommand = 'handover' | 'release' | 'resume';

export type AddressRefusal =
  | Extract<Refusal, { readonly kind: 'invalid' | 'not-kept' }>
  | { readonly kind: 'unknown-instance'; readonly detail: string }
  /** Who holds the addresses is not there now: it was not told. */
  | { readonly kind: 'agent-away'; readonly detail: string }
  /** This node does not have the addresses. */
  | { readonly kind: 'nothing-to-hand-over'; readonly detail: string };

export type Outcome<T, R = Refusal> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: R };

export interface Changed {
  readonly before: OriginState;
  readonly after: OriginState;
  /** It was so already. */
  readonly same: boolean;
}

export interface OriginId {
  readonly pool: string;
  readonly id: string;
}

/** Something that happened, numbered in order from the start of the node. */
export interface OperatorEvent {
  readonly number: number;
  /** Epoch milliseconds. */
  readonly time: Ms;
  /**
   * `origin-changed`, `-added`, `-removing`, `-removed`; as seen: `origin-health`, `-ejected`, `-returned`, `pool-panic`, `pool-usable`;
   * `drain-progress`, `drained`, `drain-deadline`; `override-dropped`, `overrides-lost`; `pool-maintenance`; `node-changed`;
   * `datacenter-changed`, `datacenter-health`, `dns-failing-open`, whose `detail` names the datacenter;
   * `vrrp-changed`, `vrrp-role`, `vrrp-alarm`, whose `detail` names the instance; `vrrp-agent`.
   */
  readonly type: string;
  readonly pool?: string | undefined;
  readonly origin?: string | undefined;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** A change that somebody made, or tried to. Survives a restart. */
export interface AuditRecord {
  readonly number: number;
  readonly time: Ms;
  readonly actor: string;
  readonly source: string;
  readonly address?: string | undefined;
  /**
   * `origin.change`, `origin.add`, `origin.remove`, `override.clear`, `pool.maintenance`, `node.change`, `datacenter.change`, `vrrp.change`, `cache.purge`, `login.failed`, `request.refused`, …;
   * `override.drop` and the like are the node's own.
   */
  readonly action: string;
  readonly target: string;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason: string;
  /** Why it was refused; absent: it was done. */
  readonly refused?: string | undefined;
}

export type WaitFor = 'drained' | 'up' | 'active' | 'changed';

export interface NewOrigin {
  readonly id?: string | undefined;
  readonly url: string;
  readonly weight?: number | undefined;
  readonly role?: Role | undefined;
  readonly set?: number | undefined;
  /** Default `maint`. */
  readonly admin?: Admin | undefined;
  readonly reason: string;
  readonly dryRun?: boolean | undefined;
}

/** What admin pages and the API stand on. Implemented by `Operator`. */
export interface OperatorPort {
  pools(): readonly PoolState[];
  pool(name: string): PoolState | undefined;
  /** Also one that the file has no more, or its pool: until nothing is in flight there it is `removing`. */
  origin(id: OriginId): OriginState | undefined;

  /** All or none: a change of several is one, also for the last usable origin's guard. */
  change(ids: readonly OriginId[], change: Change, actor: Actor): Outcome<readonly Changed[]>;
  /** Resolves when workers serve by what was said so far: a route needs a new plan, all else holds at once. */
  planned(): Promise<void>;
  /** Back to what the file says. */
  clear(id: OriginId, reason: string, actor: Actor): Outcome<Changed>;
  add(pool: string, origin: NewOrigin, actor: Actor): Promise<Outcome<OriginState>>;
  /** Drains first, unless `now`; stays listed as `removing` until nothing is in flight. */
  remove(id: OriginId, now: boolean, reason: string, actor: Actor): Promise<Outcome<OriginState>>;
  /** `undefined` ends it. */
  maintain(
    pool: string,
    page: Pick<Maintenance, 'page' | 'retryAfter'> | undefined,
    reason: string,
    actor: Actor,
  ): Outcome<PoolState>;

  /** `undefined`: the node's traffic comes as always. */
  node(): NodeDrain | undefined;
  /** `drain`: its traffic is to go elsewhere; survives a restart. Nothing follows from what is so already. */
  setNode(
    admin: 'active' | 'drain',
    reason: string,
    actor: Actor,
    options?: { readonly dryRun?: boolean },
  ): Outcome<NodeDrain | undefined>;

  /**
   * Resolves with the origin when what is waited for is so, or as it is when the time is over or `signal` is aborted:
   * whoever asked looks. `undefined`: it is removed and empty. `changed` counts from `version`.
   */
  wait(
    id: OriginId,
    what: WaitFor,
    timeout: Ms,
    options?: { readonly version?: number; readonly signal?: AbortSignal },
  ): Promise<OriginState | undefined>;

  /** Those after this number that are still known (some thousands); and then each as it comes, until unsubscribed. */
  events(after: number, onEvent: (event: OperatorEvent) => void): () => void;
  /** Newest last. */
  audit(after: number, limit: number): readonly AuditRecord[];
  /** Notes what was done elsewhere, a purge or a failed login. */
  record(entry: Omit<AuditRecord, 'number' | 'time'>): void;
}
