import type { Database } from '../geo/mmdb/database.ts';
import type { RecordSet, Resolution, Ttl, WireName } from '../model.ts';
import type { DnsPlan } from '../plan/dns-plan.ts';
import { DatacenterRecord } from '../plan/geo-map.ts';
import { Served } from '../plan/served.ts';
import { nameKey, nameToText } from '../wire/name.ts';
import { rdataToText } from '../wire/rdata.ts';
import { rcodeToText, TYPE, typeToText } from '../wire/types.ts';
import { GEO_TYPES } from '../zone/check.ts';
import { resolve } from '../zone/resolve.ts';
import type { Found, ZoneSet } from '../zone/zone.ts';
import { ANYWHERE, type Inquiry, netAround, tablesFor } from './asker.ts';
import { type ToldGeo, tellGeo } from './tell-geo.ts';

/** The answer, and why it is this one: plain data. */
export interface Told {
  readonly question: { readonly name: string; readonly type: string };
  readonly rcode: string;
  readonly authoritative: boolean;
  readonly answer: readonly ToldRecord[];
  readonly authority: readonly ToldRecord[];
  readonly additional: readonly ToldRecord[];
  /** For clients of this prefix length around who asks; 0: for all. `null`: it was no address that asked. */
  readonly scope: number | null;
  /** The same as a network; `null` when it holds for all, too. */
  readonly scope_net: string | null;
  readonly why: ToldWhy;
}

export interface ToldRecord {
  readonly name: string;
  readonly ttl: Ttl;
  readonly type: string;
  /** As in a master file. */
  readonly value: string;
}

export interface ToldWhy {
  /** `null`: none of ours has the name. */
  readonly zone: { readonly name: string; readonly serial: number } | null;
  /** What is there in the zone, and under which name; an absent name has none. */
  readonly found: { readonly kind: Found['kind']; readonly name: string | null } | null;
  readonly geo: ToldGeo | null;
  /** Where aliases lead that are not followed, as the answer is not the same for all clients. */
  readonly ask_for: string | null;
}

/** Answers by the code and the tables of the server. Throws a `DatabaseError` where one is damaged. */
export function inquire(inquiry: Inquiry, plan: DnsPlan, databases: readonly Database[]): Told {
  const { name, type, asker, without } = inquiry;
  const served = new Served(plan, {
    inService: Uint8Array.from(plan.datacenters, (_, position) => (without.has(position) ? 0 : 1)),
    ttlLimits: new Int32Array(plan.datacenters.length).fill(2 ** 31 - 1),
  });
  if (asker.kind !== 'address') served.takeTables(tablesFor(asker, plan));
  const { zones } = served;
  const resolution = resolve(zones, name, type, asker.kind === 'address' ? asker.place : ANYWHERE);

  // What there is not, there is not for all (RFC 7871 §7.4): as the server tells it.
  const scope = resolution.answer.length > 0 ? resolution.scope : 0;

  const key = nameKey(name);
  const zone = zones.find(key, type);
  const found = zone?.find(key, type);
  const record = GEO_TYPES.has(type) ? geoAt(found) : undefined;
  return {
    question: { name: nameToText(name), type: typeToText(type) },
    ...told(resolution),
    scope: asker.kind === 'address' ? scope : null,
    scope_net: asker.kind === 'address' && scope > 0 ? netAround(asker, scope) : null,
    why: {
      zone: zone === undefined ? null : { name: nameToText(zone.name), serial: zone.serial },
      found: found === undefined ? null : { kind: found.kind, name: nameOf(found) },
      geo: record === undefined ? null : tellGeo(inquiry, record, plan, databases),
      ask_for: aliasOfGeo(resolution, type, zones),
    },
  };
}

function told({ rcode, authoritative, answer, authority, additional }: Resolution) {
  return {
    rcode: rcodeToText(rcode),
    authoritative,
    answer: answer.flatMap(recordsOf),
    authority: authority.flatMap(recordsOf),
    additional: additional.flatMap(recordsOf),
  };
}

function recordsOf({ owner, ttl, type, rdatas }: RecordSet): ToldRecord[] {
  return rdatas.map(({ bytes }) => ({
    name: nameToText(owner),
    ttl,
    type: typeToText(type),
    value: rdataToText(type, bytes),
  }));
}

function geoAt(found: Found | undefined): DatacenterRecord | undefined {
  if (found?.kind !== 'exact' && found?.kind !== 'wildcard') return undefined;
  return found.node.geo instanceof DatacenterRecord ? found.node.geo : undefined;
}

function nameOf(found: Found): string | null {
  return found.kind === 'absent' ? null : nameToText(found.node.name);
}

function aliasOfGeo({ answer }: Resolution, type: number, zones: ZoneSet): string | null {
  const last = answer.at(-1);
  if (last?.type !== TYPE.CNAME || type === TYPE.CNAME || !GEO_TYPES.has(type)) return null;
  const target = last.rdatas[0]?.bytes as WireName;
  const key = nameKey(target);
  return geoAt(zones.find(key, type)?.find(key, type)) === undefined ? null : nameToText(target);
}
