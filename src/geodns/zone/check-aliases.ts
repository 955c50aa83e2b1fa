import type { NameKey, Rdata, RecordSet, WireName } from '../model.ts';
import { nameKey, nameToText, substituted } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';
import { type Findings, recordTitle, type ZoneRecord } from './record.ts';
import { type Found, type Zone, type ZoneNode, ZoneSet } from './zone.ts';

/** A zone that has no problem of its own, the records that it was built of, and what is to be told of it. */
export interface CheckedZone {
  readonly zone: Zone;
  readonly records: readonly ZoneRecord[];
  readonly findings: Findings;
}

interface Alias {
  readonly record: ZoneRecord;
  readonly findings: Findings;
}

/** What aliases lead to within all our zones: ways that never end are problems, those that end nowhere are hardly meant. */
export function checkAliases(checked: readonly CheckedZone[]): void {
  const zones = new ZoneSet(checked.map(({ zone }) => zone));
  const aliases = aliasesOf(checked, zones);
  const walked = new Set<ZoneNode>();
  for (const [node, { record, findings }] of aliases) {
    if (findNode(zones, record.rdata.bytes)?.kind === 'absent') {
      findings.warn(
        record.where,
        `${recordTitle(record)}: leads to ${nameToText(record.rdata.bytes)}, which does not exist`,
      );
    }
    const [first, ...others] = loopFrom(node, zones, walked).flatMap((each) => aliases.get(each) ?? []);
    if (first === undefined) continue;
    const by = others.length === 0 ? '' : ` by ${others.map((each) => nameToText(each.record.owner)).join(', ')}`;
    first.findings.problem(first.record.where, `${recordTitle(first.record)}: leads back to itself${by}`);
  }
}

/** Those that questions come to, by their nodes. */
function aliasesOf(checked: readonly CheckedZone[], zones: ZoneSet): ReadonlyMap<ZoneNode, Alias> {
  const aliases = new Map<ZoneNode, Alias>();
  for (const { zone, records, findings } of checked) {
    for (const record of records) {
      if (record.type !== TYPE.CNAME || zones.find(nameKey(record.owner), TYPE.A) !== zone) continue;
      const found = findNode(zones, record.owner);
      if (found?.kind === 'exact') aliases.set(found.node, { record, findings });
    }
  }
  return aliases;
}

/**
 * The nodes with a CNAME that a way from this one goes round and round through; empty when it ends. A CNAME leads to the same
 * name from wherever one comes to it, be it a wildcard's; a DNAME does not. `walked`: nodes whose ways are known already.
 */
function loopFrom(start: ZoneNode, zones: ZoneSet, walked: Set<ZoneNode>): readonly ZoneNode[] {
  const way = new Set<ZoneNode>();
  const seen = new Set<NameKey>();
  let node: ZoneNode | undefined = start;
  while (node !== undefined && !walked.has(node)) {
    walked.add(node);
    way.add(node);
    node = nextAlias(node, zones, seen);
  }
  if (node === undefined || !way.has(node)) return [];
  return [...way].slice([...way].indexOf(node));
}

/** The next node with a CNAME, over any DNAME. `seen`: names that DNAMEs have led away from. */
function nextAlias(node: ZoneNode, zones: ZoneSet, seen: Set<NameKey>): ZoneNode | undefined {
  let name: WireName | undefined = targetOf(node, TYPE.CNAME);
  while (name !== undefined) {
    const found = findNode(zones, name);
    if (found?.kind === 'exact' || found?.kind === 'wildcard')
      return found.node.sets.has(TYPE.CNAME) ? found.node : undefined;
    const key = nameKey(name);
    if (found?.kind !== 'dname' || seen.has(key)) return undefined;
    seen.add(key);
    name = substituted(name, found.node.name, targetOf(found.node, TYPE.DNAME));
  }
  return undefined;
}

/** `undefined`: it is in none of our zones. */
function findNode(zones: ZoneSet, name: WireName): Found | undefined {
  const key = nameKey(name);
  return zones.find(key, TYPE.A)?.find(key, TYPE.A);
}

function targetOf({ sets }: ZoneNode, type: number): WireName {
  return ((sets.get(type) as RecordSet).rdatas[0] as Rdata).bytes;
}
