import {
  type DatacenterSettings,
  type DnsSettings,
  type GeoMapSettings,
  OTHERWISE,
  type PlaceOrders,
  type RecordSettings,
} from '../config.ts';
import type { PlaceMap, PlaceOrder } from '../geo/plan.ts';
import type { DatacenterPlan, MapPlan } from './dns-plan.ts';

/** As many as `ranked` has by default. */
const RANKED = 3;

type Positions = ReadonlyMap<string, number>;

export function datacenterPlans(datacenters: DnsSettings['datacenters']): DatacenterPlan[] {
  return Object.entries(datacenters).map(([name, settings]) => datacenterPlan(name, settings));
}

/** The maps that records refer to, each once, in the order in which they were first referred to. */
export class Maps {
  readonly plans: MapPlan[] = [];
  readonly #settings: DnsSettings['maps'];
  readonly #positions: Positions;
  readonly #byName = new Map<string, number>();

  constructor({ datacenters, maps }: Pick<DnsSettings, 'datacenters' | 'maps'>) {
    this.#settings = maps;
    this.#positions = new Map(Object.keys(datacenters).map((name, position) => [name, position]));
  }

  /** Of what `geo` says: the position of its map. Settings are checked before they come here. */
  positionOf(geo: NonNullable<RecordSettings['geo']>, mode: RecordSettings['mode']): number {
    const plan =
      typeof geo === 'string'
        ? mapPlan(geo, this.#settings[geo] as GeoMapSettings, this.#positions)
        : listPlan(geo, mode, this.#positions);
    const known = this.#byName.get(plan.name);
    if (known !== undefined) return known;
    const position = this.plans.push(plan) - 1;
    this.#byName.set(plan.name, position);
    return position;
  }
}

/** No map of the configuration can have such a name. */
function listPlan(names: readonly string[], mode: RecordSettings['mode'] = 'closest', positions: Positions): MapPlan {
  const name = `${mode} of ${names.join(', ')}`;
  return { name, mode, datacenters: positionsOf(names, positions), ranked: RANKED };
}

function mapPlan(name: string, { mode, datacenters, places, ranked }: GeoMapSettings, positions: Positions): MapPlan {
  return {
    name,
    mode,
    datacenters: positionsOf(datacenters, positions),
    ...(places !== undefined && { map: placeMap(places, positions) }),
    ranked,
  };
}

function placeMap(places: { readonly [place: string]: PlaceOrders }, positions: Positions): PlaceMap {
  const { [OTHERWISE]: otherwise, ...named } = places;
  const entries = Object.entries(named).map(([place, orders]) => {
    return [place, isOrder(orders) ? placeOrder(orders, positions) : placeMap(orders, positions)] as const;
  });
  return {
    ...(otherwise !== undefined && isOrder(otherwise) && { default: placeOrder(otherwise, positions) }),
    places: Object.fromEntries(entries),
  };
}

function isOrder(orders: PlaceOrders): orders is 'closest' | string[] {
  return typeof orders === 'string' || Array.isArray(orders);
}

function placeOrder(order: 'closest' | readonly string[], positions: Positions): PlaceOrder {
  return typeof order === 'string' ? order : positionsOf(order, positions);
}

function positionsOf(names: readonly string[], positions: Positions): number[] {
  return names.map((name) => positions.get(name) as number);
}

function datacenterPlan(name: string, settings: DatacenterSettings): DatacenterPlan {
  const { location, nets, bias, weight, addresses } = settings;
  return { name, ...(location !== undefined && { location }), nets, bias, weight, addresses };
}
