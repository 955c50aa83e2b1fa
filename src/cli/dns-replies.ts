import type { Ms } from '../base/units.ts';
import { fieldsOf, notUnderstood, type Reply } from './reply.ts';

/** What commands read of replies about the name server. `GET /status` has the first three fields alone. */
export interface DnsReply {
  readonly datacenters: readonly DatacenterReply[];
  /** Datacenters of whom none is in service, so that answers are given as if all were. */
  readonly failingOpen: readonly (readonly string[])[];
  readonly databases?: readonly DatabaseReply[];
  readonly engine?: string;
  /** Why it is not the engine that was wanted. */
  readonly fallback?: string | null;
  readonly threads?: number;
  readonly listeners?: readonly string[];
  readonly zones?: readonly ZoneReply[];
  readonly counters?: DnsCountersReply;
}

export interface DatacenterReply {
  readonly name: string;
  readonly own?: boolean;
  readonly addresses?: readonly string[];
  readonly health: string;
  readonly effective: string;
  readonly healthSince?: string | null;
  readonly problem?: string | null;
  /** Seconds. */
  readonly ttlLimit?: number | null;
  /** `duration`: in milliseconds. */
  readonly lastCheck?: { readonly at: string; readonly duration: Ms } | null;
  readonly override?: {
    readonly by: string;
    readonly reason?: string;
    readonly since: string;
    readonly expires?: string | null;
  } | null;
}

export interface ZoneReply {
  readonly name: string;
  readonly serial: number;
  readonly records: number;
  /** `null`: it is from the configuration. */
  readonly file: string | null;
  /** Why the file as it is now is not served. */
  readonly problems: readonly string[];
}

export interface DatabaseReply {
  readonly file: string;
  readonly type: string;
  readonly built: string | null;
  /** Why the file as it is now is not in force. */
  readonly problem?: string | null;
}

export interface DnsCountersReply {
  readonly queries: { readonly udp: number; readonly tcp: number };
  /** By RCODE. */
  readonly replies: Readonly<Record<string, number>>;
  readonly limited: number;
  readonly dropped: number;
  /** By datacenter. */
  readonly answers: Readonly<Record<string, number>>;
}

export function dnsOf(reply: Reply): DnsReply {
  const { datacenters, failingOpen } = fieldsOf(reply);
  const isDns = Array.isArray(datacenters) && datacenters.every(isDatacenter) && Array.isArray(failingOpen);
  if (!isDns) throw notUnderstood();
  return reply.body as DnsReply;
}

export function datacenterOf(reply: Reply): DatacenterReply {
  if (!isDatacenter(reply.body)) throw notUnderstood();
  return reply.body;
}

function isDatacenter(value: unknown): value is DatacenterReply {
  const { name, health, effective } = (value ?? {}) as Partial<DatacenterReply>;
  return [name, health, effective].every((text) => typeof text === 'string');
}
