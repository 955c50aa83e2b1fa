import { createHash } from 'node:crypto';
import { readZones } from '../check-zones.ts';
import type { ZoneSettings } from '../config.ts';
import type { NameKey, Rdata, RecordSet } from '../model.ts';
import { TYPE } from '../wire/types.ts';
import type { ReadText } from '../zone/master-file.ts';
import type { ZoneSource } from '../zone/settings.ts';
import type { DatacenterPlan, MapPlan, PackedGeo, PackedZone } from './dns-plan.ts';
import type { Maps } from './maps.ts';
import { packSets } from './packed-sets.ts';

/** The serial of a zone with `serial: auto` whose content, but for the serial, has this digest. */
export type SerialOf = (zone: NameKey, content: string) => number;

/** What is wrong with the serial of a zone that has one, for secondaries; `undefined`: nothing. */
export type SerialProblem = (zone: NameKey, serial: number, content: string) => string | undefined;

/** A zone cannot be served: the reasons, a line each, such as `zones/example.org:12: …`. */
export class ZonesError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

export interface PackContext {
  readonly serialOf: SerialOf;
  readonly serialProblem?: SerialProblem | undefined;
  readonly readText: ReadText;
}

export interface PackedZones {
  readonly zones: readonly PackedZone[];
  /** Lines. */
  readonly warnings: readonly string[];
}

/** Reads the zones of the settings, with the files that they name. Throws a `ZonesError` with all that is wrong. */
export function packZones(
  zones: readonly ZoneSettings[],
  maps: Maps,
  datacenters: readonly DatacenterPlan[],
  { serialOf, serialProblem, readText }: PackContext,
): PackedZones {
  const problems: string[] = [];
  const warnings: string[] = [];
  const packed = readZones(zones, readText).flatMap(({ source, zone, findings }) => {
    problems.push(...findings.problems);
    if (source === undefined || zone === undefined) return [];
    const geo = source.geo.map(({ owner, record, settings: { geo, mode } }) => {
      return { owner: new Uint8Array(owner), ttl: record.ttl, map: maps.positionOf(geo, mode) };
    });
    // Copies of their own: of a Buffer all that lies in memory with it would go to the thread.
    const name = new Uint8Array(zone.name);
    const sets = [...zone.recordSets()];
    const content = digest(packSets(withSerial(sets, 0)), geo, maps.plans, datacenters);
    if (!source.isSerialAuto) {
      const problem = serialProblem?.(zone.key, zone.serial, content);
      if (problem !== undefined) warnings.push(`${soaWhere(source)}: ${problem}: secondaries keep what they have`);
      return [{ name, sets: packSets(sets), geo }];
    }
    const serial = serialOf(zone.key, content);
    return [{ name, sets: packSets(withSerial(sets, serial)), geo }];
  });
  if (problems.length > 0) throw new ZonesError(problems);
  return { zones: packed, warnings };
}

function soaWhere({ records, where }: ZoneSource): string {
  return records.find(({ type }) => type === TYPE.SOA)?.where ?? where;
}

/** Of all that answers follow from, but for who asks and how datacenters are. */
function digest(
  sets: Uint8Array,
  geo: readonly PackedGeo[],
  maps: readonly MapPlan[],
  datacenters: readonly DatacenterPlan[],
): string {
  const hash = createHash('sha256').update(sets);
  for (const { owner, ttl, map } of geo) hash.update(owner).update(JSON.stringify([ttl, maps[map]]));
  if (geo.length > 0) hash.update(JSON.stringify(datacenters));
  return hash.digest('hex');
}

function withSerial(sets: readonly RecordSet[], serial: number): RecordSet[] {
  return sets.map((set) => {
    return set.type === TYPE.SOA ? { ...set, rdatas: set.rdatas.map((soa) => soaWith(soa, serial)) } : set;
  });
}

/** RFC 1035 §3.3.13: the serial is the first of the five numbers at the end. */
function soaWith({ bytes, names }: Rdata, serial: number): Rdata {
  const changed = Buffer.from(bytes);
  changed.writeUInt32BE(serial, bytes.length - 20);
  return { bytes: changed, names };
}
