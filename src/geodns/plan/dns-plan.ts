import type { AnswerSettings } from '../answer/settings.ts';
import type { PlaceMap } from '../geo/plan.ts';
import type { GeoTableData } from '../geo/table.ts';
import type { Ttl } from '../model.ts';

/**
 * What the DNS thread answers from: plain data over shared memory, made once by the control plane. A thread that died is
 * brought to the same generation by sending it again.
 */
export interface DnsPlan {
  readonly zones: readonly PackedZone[];
  /** In the order of the configuration; their positions are what orders, maps and health go by. */
  readonly datacenters: readonly DatacenterPlan[];
  /** Those that records refer to. */
  readonly maps: readonly MapPlan[];
  /** Of the maps, in their order. They are replaced when a database is; nothing else of a plan is then. */
  readonly tables: readonly GeoTableData[];
  /** Protocols that HTTPS records of geographic names promise; empty: there are none of these records. */
  readonly alpn: readonly string[];
  readonly answering: AnswerSettings;
  /** Networks that may transfer zones. */
  readonly transferTo: readonly string[];
}

export interface PackedZone {
  /** In wire form. */
  readonly name: Uint8Array;
  /** All but its geographic records; see `packed-sets.ts`. */
  readonly sets: Uint8Array;
  readonly geo: readonly PackedGeo[];
}

export interface PackedGeo {
  /** In wire form. */
  readonly owner: Uint8Array;
  readonly ttl: Ttl;
  /** Its position in `DnsPlan.maps`. */
  readonly map: number;
}

/** A `Datacenter` of `geo/plan.ts`, and what its clients get. */
export interface DatacenterPlan {
  readonly name: string;
  readonly location?: readonly [latitude: number, longitude: number];
  readonly nets: readonly string[];
  readonly bias: number;
  readonly weight: number;
  readonly addresses: readonly string[];
}

/** A `GeoMapPlan` of `geo/plan.ts`. */
export interface MapPlan {
  /** That of the configuration; of a list in `geo`, words that tell it: `closest of us, uk`. */
  readonly name: string;
  readonly mode: 'closest' | 'failover' | 'weighted' | 'spread';
  readonly datacenters: readonly number[];
  readonly map?: PlaceMap;
  readonly ranked: number;
}
