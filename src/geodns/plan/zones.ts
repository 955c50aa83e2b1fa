import { createHash } from 'node:crypto';
import { readZones } from '../check-zones.ts';
import type { ZoneSettings } from '../config.ts';
import type { NameKey, Rdata, RecordSet } from '../model.ts';
import { TYPE } from '../wire/types.ts';
import type { ReadText } from '../zone/master-file.ts';
import type { DatacenterPlan, MapPlan, PackedGeo, PackedZone } from './dns-plan.ts';
import type { Maps } from './maps.ts';
import { packSets } from './packed-sets.ts';

/** The serial of a zone with `serial: auto` whose content, but for the serial, has this digest. */
export type SerialOf = (zone: NameKey, content: string) => number;

/** A zone cannot be served: the reasons, a line each, such as `zones/example.org:12: …`. */
export class ZonesError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** Reads the zones of the settings, with the files that they name. Throws a `ZonesError` with all that is wrong. */
export function packZones(
  zones: readonly ZoneSettings[],
  maps: Maps,
  datacenters: readonly DatacenterPlan[],
  serialOf: SerialOf,
  readText: ReadText,
): PackedZone[] {
  const problems: string[] = [];
  const packed = readZones(zones, readText).flatMap(({ source, zone, findings }) => {
    problems.push(...findings.problems);
    if (source === undefined || zone === undefined) return [];
    const geo = source.geo.map(({ owner, record, settings: { geo, mode } }) => {
      return { owner: new Uint8Array(owner), ttl: record.ttl, map: maps.positionOf(geo, mode) };
    });
    // Copies of their own: of a Buffer all that lies in memory with it would go to the thread.
    const name = new Uint8Array(zone.name);
    const sets = [...zone.recordSets()];
    if (!source.isSerialAuto) return [{ name, sets: packSets(sets), geo }];
    const serial = serialOf(zone.key, digest(packSets(sets), geo, maps.plans, datacenters));
    return [{ name, sets: packSets(withSerial(sets, serial)), geo }];
  });
  if (problems.length > 0) throw new ZonesError(problems);
  return packed;
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
