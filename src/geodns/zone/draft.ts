import type { GeoRecord, NameKey, Rdata, RecordSet, Ttl, WireName } from '../model.ts';
import { isWithin, nameEnd, nameKey, nameToText } from '../wire/name.ts';
import { type Findings, recordTitle, type ZoneRecord } from './record.ts';

/** A geographic record as somebody wrote it. */
export interface GeoEntry {
  readonly owner: WireName;
  readonly record: GeoRecord;
  readonly where: string;
}

/** What is written of one name. */
export interface DraftNode {
  readonly name: WireName;
  /** Never empty. */
  readonly records: ReadonlyMap<number, readonly ZoneRecord[]>;
  readonly geo: readonly GeoEntry[];
}

export type Draft = ReadonlyMap<NameKey, DraftNode>;

interface OpenNode extends DraftNode {
  readonly records: Map<number, ZoneRecord[]>;
  readonly geo: GeoEntry[];
}

/** Records and geographic records by name and type. What is outside of the zone is left out, with a warning. */
export function draftOf(
  apex: WireName,
  records: readonly ZoneRecord[],
  geo: readonly GeoEntry[],
  findings: Findings,
): Draft {
  const apexKey = nameKey(apex);
  const nodes = new Map<NameKey, OpenNode>();
  const nodeOf = ({ owner, where }: { owner: WireName; where: string }) => {
    const key = nameKey(owner);
    if (!isWithin(key, apexKey)) {
      findings.warn(where, `left out, as ${nameToText(owner)} is not within ${nameToText(apex)}`);
      return undefined;
    }
    const node: OpenNode = nodes.get(key) ?? { name: owner, records: new Map(), geo: [] };
    nodes.set(key, node);
    return node;
  };

  for (const record of records) {
    const ofType = nodeOf(record)?.records;
    const others = ofType?.get(record.type);
    if (others === undefined) ofType?.set(record.type, [record]);
    else if (!others.some((other) => isSame(record.rdata, other.rdata))) others.push(record);
  }
  for (const entry of geo) nodeOf(entry)?.geo.push(entry);
  return nodes;
}

/** One set of records of one name and type; it has the least TTL of them (RFC 2181 §5.2). */
export function recordSetOf(records: readonly ZoneRecord[], findings: Findings): RecordSet {
  const [first] = records as readonly [ZoneRecord];
  const ttl: Ttl = records.reduce((least, record) => Math.min(least, record.ttl), first.ttl);
  const other = records.find((record) => record.ttl !== first.ttl);
  if (other !== undefined) {
    findings.warn(
      other.where,
      `${recordTitle(other)}: its TTL differs from that at ${first.where}; all of the set get ${ttl}`,
    );
  }
  return { owner: first.owner, type: first.type, ttl, rdatas: records.map((record) => record.rdata) };
}

/** Names within RDATA are the same in any case. */
function isSame(a: Rdata, b: Rdata): boolean {
  return a.bytes.length === b.bytes.length && (a.bytes.equals(b.bytes) || caseless(a) === caseless(b));
}

function caseless({ bytes, names }: Rdata): string {
  let text = '';
  let at = 0;
  for (const start of names) {
    const end = nameEnd(bytes, start) ?? start;
    text += bytes.toString('latin1', at, start) + nameKey(bytes.subarray(start, end));
    at = end;
  }
  return text + bytes.toString('latin1', at);
}
