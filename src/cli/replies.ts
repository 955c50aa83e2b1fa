import type { Fraction, Ms } from '../base/units.ts';
import type { AdminClient } from './admin-client.ts';
import type { DnsReply } from './dns-replies.ts';
import { fieldsOf, notUnderstood, type Reply } from './reply.ts';
import type { VrrpReply } from './vrrp-replies.ts';

/** What commands read of the admin API's replies. Times are in ISO 8601; a node of another version may leave things out. */

export interface OriginReply {
  readonly id: string;
  readonly url?: string;
  readonly admin: string;
  readonly role?: string;
  readonly health: string;
  readonly effective: string;
  readonly weight?: number;
  readonly set?: number;
  readonly ignoreErrors?: boolean;
  readonly inFlight: number;
  readonly rate?: number;
  readonly errors?: Fraction;
  /** Milliseconds to the first byte. */
  readonly latency?: Ms | null;
  readonly drain?: { readonly since?: string; readonly deadline?: string | null; readonly drained?: boolean } | null;
  readonly override?: {
    readonly by: string;
    readonly reason?: string;
    readonly since: string;
    readonly expires?: string | null;
    readonly values?: Readonly<Record<string, unknown>>;
  } | null;
  readonly healthSince?: string;
  readonly problem?: string | null;
  readonly ejectedUntil?: string | null;
}

export interface PoolReply {
  readonly name: string;
  readonly panic?: boolean;
  readonly queued?: number;
  readonly maintenance?: { readonly by: string; readonly reason?: string; readonly since: string } | null;
  readonly origins: readonly OriginReply[];
}

export interface StatusReply {
  /** Its name. */
  readonly node: string;
  readonly region?: string;
  readonly version?: string;
  readonly pid?: number;
  /** Seconds. */
  readonly uptime?: number;
  readonly workers?: number;
  readonly generation?: number;
  /** Who drains the node; `null`: nobody. */
  readonly drain?: { readonly by: string; readonly reason?: string; readonly since: string } | null;
  readonly listeners?: readonly { readonly address: string; readonly protocol: string }[];
  /** `null`: it has none. */
  readonly cache?: CacheReply | null;
  readonly siblings?: readonly SiblingReply[];
  /** `null`: it has no name server. */
  readonly dns?: DnsReply | null;
  /** `null`: it shares no addresses. */
  readonly vrrp?: VrrpReply | null;
}

export interface SiblingReply {
  readonly name: string;
  readonly health: string;
  readonly fetching?: string;
  /** With a Portico node; `stranger`: it is none. */
  readonly link?: string | null;
  readonly problem?: string | null;
  /** Milliseconds. */
  readonly roundTrip?: Ms | null;
  readonly queries?: number;
  readonly hits?: number;
  readonly timeouts?: number;
  readonly fetched?: number;
  readonly falseHits?: number;
}

/** What became of a purge at a sibling. */
export interface PurgedSibling {
  readonly peer: string;
  readonly outcome: string;
}

export interface NodeReply {
  readonly name: string;
  readonly admin: string;
  readonly ready: boolean;
  readonly reasons: readonly string[];
  /** Under way. */
  readonly exchanges: number;
  /** Of clients. */
  readonly connections: number;
  readonly drained: boolean;
}

export interface CacheReply {
  readonly hits: number;
  readonly forwards: number;
  readonly memory?: TierReply;
  readonly disk?: TierReply | null;
}

export interface TierReply {
  readonly objects: number;
  readonly bytes: number;
  readonly capacity: number;
}

export function originPath(pool: string, id: string): string {
  return `/pools/${encodeURIComponent(pool)}/origins/${encodeURIComponent(id)}`;
}

export async function readPools(client: AdminClient): Promise<{ pools: readonly PoolReply[]; reply: Reply }> {
  const reply = await client.ask('/pools');
  const { pools } = fieldsOf(reply);
  if (!Array.isArray(pools) || !pools.every(isPool)) throw notUnderstood();
  return { pools, reply };
}

export function statusOf(reply: Reply): StatusReply {
  const status = fieldsOf(reply);
  if (typeof status.node !== 'string') throw notUnderstood();
  return status as unknown as StatusReply;
}

export function nodeOf(reply: Reply): NodeReply {
  const { name, admin, reasons, exchanges, connections } = fieldsOf(reply);
  const isNode = typeof name === 'string' && typeof admin === 'string' && Array.isArray(reasons);
  if (!isNode || typeof exchanges !== 'number' || typeof connections !== 'number') throw notUnderstood();
  return reply.body as NodeReply;
}

/** Of a purge; a node of another version may tell nothing of siblings. */
export function purgedSiblings(reply: Reply): readonly PurgedSibling[] {
  const { siblings = [] } = fieldsOf(reply);
  if (!Array.isArray(siblings) || !siblings.every(isPurged)) throw notUnderstood();
  return siblings;
}

/** An origin, or a problem (409) that has it as `origin`. */
export function originOf(reply: Reply): OriginReply {
  const fields = fieldsOf(reply);
  const origin = fields.origin ?? fields;
  if (!isOrigin(origin)) throw notUnderstood();
  return origin;
}

/** Of an operation: the origins that it changed, each with its pool. */
export function changedOrigins(reply: Reply): readonly (OriginReply & { readonly pool: string })[] {
  const { origins } = fieldsOf(reply);
  if (!Array.isArray(origins) || !origins.every(isOfPool)) throw notUnderstood();
  return origins;
}

/** Milliseconds since then, at least a second, as less tells nothing; `undefined` when nothing is said. */
export function since(time: string | null | undefined, now: Ms = Date.now()): Ms | undefined {
  const at = time === undefined || time === null ? Number.NaN : Date.parse(time);
  return Number.isNaN(at) ? undefined : Math.max(1000, now - at);
}

function isPurged(value: unknown): value is PurgedSibling {
  const { peer, outcome } = (value ?? {}) as Partial<PurgedSibling>;
  return typeof peer === 'string' && typeof outcome === 'string';
}

function isPool(value: unknown): value is PoolReply {
  const { name, origins } = (value ?? {}) as Partial<PoolReply>;
  return typeof name === 'string' && Array.isArray(origins) && origins.every(isOrigin);
}

function isOrigin(value: unknown): value is OriginReply {
  const { id, admin, health, effective, inFlight } = (value ?? {}) as Partial<OriginReply>;
  return [id, admin, health, effective].every((text) => typeof text === 'string') && typeof inFlight === 'number';
}

function isOfPool(value: unknown): value is OriginReply & { readonly pool: string } {
  return isOrigin(value) && typeof (value as { pool?: unknown }).pool === 'string';
}
