import type { GeoTableData } from '../geo/table.ts';
import type { WireName } from '../model.ts';
import { rebuildZone } from '../zone/build.ts';
import { type Zone, ZoneSet } from '../zone/zone.ts';
import { datacenterSets } from './datacenter-sets.ts';
import type { DnsPlan, PackedGeo, PackedZone } from './dns-plan.ts';
import { DatacenterRecord, type DatacenterStandings, GeoMap } from './geo-map.ts';
import { unpackSets } from './packed-sets.ts';

/** A plan made into what questions are answered from. */
export class Served {
  readonly zones: ZoneSet;
  /** In the order of the plan's. */
  readonly maps: readonly GeoMap[];

  constructor({ zones, datacenters, maps, tables, alpn }: DnsPlan, standings: DatacenterStandings) {
    const sets = datacenterSets(datacenters, alpn);
    this.maps = maps.map(
      (map, position) => new GeoMap(map, tables[position] as GeoTableData, datacenters, sets, standings),
    );
    this.zones = new ZoneSet(zones.map((zone) => this.#zone(zone)));
  }

  /** Of the same maps, from databases that were replaced. From the next question on they are what counts. */
  takeTables(tables: readonly GeoTableData[]): void {
    for (const [position, map] of this.maps.entries()) map.take(tables[position] as GeoTableData);
  }

  #zone({ name, sets, geo }: PackedZone): Zone {
    return rebuildZone(
      asName(name),
      unpackSets(sets),
      geo.map(({ owner, ttl, map }: PackedGeo) => ({
        owner: asName(owner),
        record: new DatacenterRecord(this.maps[map] as GeoMap, ttl),
      })),
    );
  }
}

/** What comes from another thread is a plain array of bytes. */
function asName(bytes: Uint8Array): WireName {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
