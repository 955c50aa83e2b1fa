import type { GeoRecord, NameKey, RecordSet, WireName } from '../model.ts';
import { labelOffsets, nameKey, nameToText } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';
import { checkDraft } from './check.ts';
import { type Draft, draftOf, type GeoEntry, recordSetOf } from './draft.ts';
import { type Findings, recordTitle, type ZoneRecord } from './record.ts';
import { targetsOf } from './targets.ts';
import { Zone, type ZoneNode } from './zone.ts';

/** What a zone is made of, from whatever source. */
export interface ZoneParts {
  readonly name: WireName;
  readonly records: readonly ZoneRecord[];
  readonly geo: readonly GeoEntry[];
  /** Where the zone as a whole is written, for what is missing in it. */
  readonly where: string;
}

/** The zone, or none if there is any problem, be it from before. */
export function buildZone({ name, records, geo, where }: ZoneParts, findings: Findings): Zone | undefined {
  const draft = draftOf(name, records, geo, findings);
  const apex = nameKey(name);
  checkDraft(draft, apex, where, findings);
  if (!findings.isSound) return undefined;

  const nodes = withEmptyNonTerminals(nodesOf(draft, findings), apex);
  const zone = new Zone(nodes.get(apex)?.sets.get(TYPE.SOA) as RecordSet, nodes);
  checkTargets(zone, draft, findings);
  return zone;
}

/**
 * A zone as it was built before, of its record sets and geographic records: nothing is checked again. So a thread makes it
 * of what it was handed.
 */
export function rebuildZone(
  name: WireName,
  sets: Iterable<RecordSet>,
  geo: readonly Pick<GeoEntry, 'owner' | 'record'>[],
): Zone {
  const nodes = new Map<NameKey, OpenNode>();
  let node: OpenNode | undefined;
  for (const set of sets) {
    // Most sets of a name follow one another.
    if (node?.name !== set.owner) node = openNode(nodes, set.owner);
    node.sets.set(set.type, set);
  }
  for (const { owner, record } of geo) openNode(nodes, owner).geo = record;

  const apex = nameKey(name);
  return new Zone(nodes.get(apex)?.sets.get(TYPE.SOA) as RecordSet, withEmptyNonTerminals(nodes, apex));
}

interface OpenNode extends ZoneNode {
  readonly sets: Map<number, RecordSet>;
  geo: GeoRecord | undefined;
}

function openNode(nodes: Map<NameKey, OpenNode>, name: WireName): OpenNode {
  const key = nameKey(name);
  const node: OpenNode = nodes.get(key) ?? { name, sets: new Map(), geo: undefined };
  nodes.set(key, node);
  return node;
}

function nodesOf(draft: Draft, findings: Findings): Map<NameKey, ZoneNode> {
  const nodes = new Map<NameKey, ZoneNode>();
  for (const [key, { name, records, geo }] of draft) {
    const sets = new Map([...records].map(([type, ofType]) => [type, recordSetOf(ofType, findings)]));
    nodes.set(key, { name, sets, geo: geo[0]?.record });
  }
  return nodes;
}

function withEmptyNonTerminals(nodes: Map<NameKey, ZoneNode>, apex: NameKey): ReadonlyMap<NameKey, ZoneNode> {
  for (const [key, { name }] of [...nodes]) {
    for (const at of labelOffsets(key, key.length - apex.length).slice(1)) {
      const above = key.slice(at);
      if (nodes.has(above)) break; // and so is all above it
      nodes.set(above, { name: name.subarray(at), sets: new Map(), geo: undefined });
    }
  }
  return nodes;
}

/** Targets within the zone that lead nowhere: allowed, and hardly ever meant. */
function checkTargets(zone: Zone, draft: Draft, findings: Findings): void {
  const all = draft.values().flatMap(({ records }) => [...records.values()].flat());
  for (const record of all) {
    for (const target of targetsOf({ type: record.type, rdatas: [record.rdata] })) {
      const problem = targetProblem(zone, target);
      if (problem === undefined) continue;
      findings.warn(record.where, `${recordTitle(record)}: leads to ${nameToText(target)}, ${problem}`);
    }
  }
}

function targetProblem(zone: Zone, target: WireName): string | undefined {
  const key = nameKey(target);
  if (!zone.has(key)) return undefined;
  const found = zone.find(key, TYPE.A);
  if (found.kind === 'delegation' || found.kind === 'dname') return undefined;
  if (found.kind === 'absent') return 'which does not exist';
  const { sets, geo } = found.node;
  if (sets.has(TYPE.CNAME)) return 'which is a CNAME (RFC 2181 §10.3)';
  return sets.has(TYPE.A) || sets.has(TYPE.AAAA) || geo !== undefined ? undefined : 'which has no address';
}
