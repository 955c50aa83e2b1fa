import { isIPv4 } from 'node:net';
import { type Explanation, explain } from '../geo/explain.ts';
import { type Database, databaseFor } from '../geo/mmdb/database.ts';
import { type Distance, Ordering, placeOfCountry } from '../geo/order.ts';
import type { Place } from '../geo/place.ts';
import type { GeoMode, Order } from '../geo/plan.ts';
import type { Ttl } from '../model.ts';
import type { DatacenterPlan, DnsPlan, MapPlan } from '../plan/dns-plan.ts';
import type { DatacenterRecord, GeoMap } from '../plan/geo-map.ts';
import { ANYWHERE, type Asker, type Inquiry, orderFor } from './asker.ts';

/** Why a geographic record has the answer that it has. */
export interface ToldGeo {
  /** The map's name, or words for the list in its place. */
  readonly map: string;
  readonly mode: GeoMode;
  /** Seconds, as configured. */
  readonly ttl: Ttl;
  /** As it is looked up: an IPv6 address that is an IPv4 one in truth is that one. */
  readonly client: string | null;
  readonly reason: ToldReason;
  /** Best first. */
  readonly order: readonly ToldDatacenter[];
  /** None of them is in service, so the answer is as if all were. */
  readonly fail_open: boolean;
}

export interface ToldDatacenter {
  readonly name: string;
  /** From the client, where that matters. */
  readonly km: number | null;
  /** As its bias has it count. */
  readonly counted_km: number | null;
  readonly in_service: boolean;
  /** It is in the answer. */
  readonly chosen: boolean;
}

export type ToldReason =
  /** The mode takes no notice of who asks. */
  | { readonly kind: 'mode' }
  /** The client is in a net of a datacenter's. */
  | { readonly kind: 'nets'; readonly net: string; readonly datacenter: string }
  /** Nobody in particular has such an address: `what`, such as `private`. */
  | { readonly kind: 'special'; readonly net: string; readonly what: string }
  | ({ readonly kind: 'database'; readonly net: string; readonly database: string } & ToldPlace)
  /** No database knows the net; `null`: there is none to ask. */
  | { readonly kind: 'unknown'; readonly net: string | null }
  | ({ readonly kind: 'country' } & ToldPlace)
  /** Nobody said who asks. */
  | { readonly kind: 'nobody' };

interface ToldPlace {
  readonly place: Place;
  /** `places`: the map says so; `distance`; `configured`: neither can tell. */
  readonly decided_by: ReturnType<Ordering['deciding']>;
}

export function tellGeo(
  { asker, without }: Pick<Inquiry, 'asker' | 'without'>,
  record: DatacenterRecord,
  plan: DnsPlan,
  databases: readonly Database[],
): ToldGeo {
  const { map } = record;
  const { client, reason, distances, order } =
    asker.kind === 'address' ? whyAddress(asker.text, map, plan, databases) : whyOther(asker, map.plan, plan);
  const chosen = map.chosen(order, asker.kind === 'address' ? asker.place.address : ANYWHERE.address);
  return {
    map: map.plan.name,
    mode: map.plan.mode,
    ttl: record.ttl,
    client,
    reason,
    order: order.map((position) => ({
      name: nameAt(plan, position),
      ...kilometres(distances.find(({ datacenter }) => datacenter === position)),
      in_service: !without.has(position),
      chosen: chosen.includes(position),
    })),
    fail_open: order.length > 0 && order.every((position) => without.has(position)),
  };
}

interface Why {
  readonly client: string | null;
  readonly reason: ToldReason;
  readonly distances: readonly Distance[];
  readonly order: Order;
}

/** By the table that the answer is from, and what that was compiled of. */
function whyAddress(text: string, { plan: map, table }: GeoMap, plan: DnsPlan, databases: readonly Database[]): Why {
  const found = explain(text, table, map, plan.datacenters, databases);
  if (found === undefined) throw new TypeError(`no address: ${text}`);
  const { address: client, distances, order } = found;
  return { client, reason: toldReason(found, map, plan, databases), distances, order };
}

function whyOther(asker: Exclude<Asker, { kind: 'address' }>, map: MapPlan, plan: DnsPlan): Why {
  const order = orderFor(asker, plan, map);
  const client = asker.kind === 'country' ? asker.country : null;
  if (map.mode !== 'closest') return { client, reason: { kind: 'mode' }, distances: [], order };
  if (asker.kind === 'nobody') return { client, reason: { kind: 'nobody' }, distances: [], order };
  const place = placeOfCountry(asker.country);
  const ordering = new Ordering(map, plan.datacenters);
  const reason = { kind: 'country', place, decided_by: ordering.deciding(place) } as const;
  return { client, reason, distances: ordering.distances(place), order };
}

function toldReason(
  { reason, address }: Explanation,
  map: MapPlan,
  plan: DnsPlan,
  databases: readonly Database[],
): ToldReason {
  switch (reason.kind) {
    case 'nets':
      return { ...reason, datacenter: nameAt(plan, reason.datacenter) };
    case 'unknown':
      return { kind: 'unknown', net: reason.net ?? null };
    case 'database': {
      const database = databaseFor(databases, isIPv4(address) ? 4 : 6)?.metadata.type ?? '';
      return { ...reason, database, decided_by: new Ordering(map, plan.datacenters).deciding(reason.place) };
    }
    default:
      return reason;
  }
}

function kilometres(distance: Distance | undefined): Pick<ToldDatacenter, 'km' | 'counted_km'> {
  if (distance?.kilometres === undefined) return { km: null, counted_km: null };
  return { km: Math.round(distance.kilometres), counted_km: Math.round(distance.counted) };
}

function nameAt(plan: DnsPlan, position: number): string {
  return (plan.datacenters[position] as DatacenterPlan).name;
}
