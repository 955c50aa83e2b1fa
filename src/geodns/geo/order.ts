import { pointsOf, pointsOfContinent } from './countries.ts';
import { biased, meanDistance, type WeightedPoint } from './distance.ts';
import type { Place } from './place.ts';
import { type FoldedMap, foldMap, orderIn } from './place-map.ts';
import type { Datacenter, GeoMapPlan, Order } from './plan.ts';

/** How far a datacenter is from a client, in km; `undefined` when one of the two is nowhere. */
export interface Distance {
  readonly datacenter: number;
  readonly kilometres: number | undefined;
  /** As its bias lets it count. */
  readonly counted: number;
}

/**
 * Says which datacenters serve a place, best first. It does not know which are in service: an order is the same whatever
 * happens to them, and so is the net for which it holds.
 */
export class Ordering {
  readonly plan: GeoMapPlan;
  /** For clients of whom nothing is known: as the map's outermost default lists them, else as configured. */
  readonly fallback: Order;
  readonly #datacenters: readonly Datacenter[];
  readonly #map: FoldedMap;

  constructor(plan: GeoMapPlan, datacenters: readonly Datacenter[]) {
    this.plan = plan;
    this.#datacenters = datacenters;
    const located = plan.datacenters.some((position) => datacenters[position]?.location !== undefined);
    this.#map = foldMap(plan.map ?? { places: {} }, located ? 'closest' : plan.datacenters);
    this.fallback = this.#map.otherwise === 'closest' ? plan.datacenters : this.#map.otherwise;
  }

  /** Of a place that a database knows. */
  of(place: Place): Order {
    if (this.plan.mode !== 'closest') return this.plan.datacenters;
    const ordered = orderIn(this.#map, place);
    if (ordered !== 'closest') return ordered;
    const points = whereabouts(place);
    return points === undefined ? this.fallback : this.#byDistance(points);
  }

  /**
   * For clients of a net that belongs to a datacenter: that one, then those closest to it. `undefined` when it is not in
   * this map and nobody knows where it is.
   */
  ofNet(datacenter: number): Order | undefined {
    const location = this.#datacenters[datacenter]?.location;
    const listed = this.plan.datacenters.includes(datacenter);
    if (location === undefined && !listed) return undefined;
    const order = location === undefined ? this.plan.datacenters : this.#byDistance([{ location, weight: 1 }]);
    return listed ? [datacenter, ...order.filter((position) => position !== datacenter)] : order;
  }

  /** What decided about a place: what its map says of it, distance, or neither, so that it gets the configured order. */
  deciding(place: Place): 'places' | 'distance' | 'configured' {
    if (this.plan.mode !== 'closest') return 'configured';
    if (orderIn(this.#map, place) !== 'closest') return this.plan.map === undefined ? 'configured' : 'places';
    return whereabouts(place) === undefined ? 'configured' : 'distance';
  }

  /** From a place to all datacenters, in the configured order; for telling why. */
  distances(place: Place): Distance[] {
    const points = whereabouts(place);
    return this.plan.datacenters.map((datacenter) => this.#distance(points, datacenter));
  }

  #byDistance(points: readonly WeightedPoint[]): Order {
    const { datacenters, ranked = 3 } = this.plan;
    const sorted = datacenters
      .map((datacenter) => this.#distance(points, datacenter))
      .sort((a, b) => (a.counted === b.counted ? 0 : a.counted - b.counted)) // stable: equals stay as configured
      .map(({ datacenter }) => datacenter);
    if (ranked === 0) return sorted;
    const nearest = sorted.slice(0, ranked);
    return [...nearest, ...datacenters.filter((position) => !nearest.includes(position))];
  }

  #distance(points: readonly WeightedPoint[] | undefined, datacenter: number): Distance {
    const { location, bias = 0 } = this.#datacenters[datacenter] as Datacenter;
    if (points === undefined || location === undefined) {
      return { datacenter, kilometres: undefined, counted: Number.POSITIVE_INFINITY };
    }
    const kilometres = meanDistance(points, location);
    return { datacenter, kilometres, counted: biased(kilometres, bias) };
  }
}

/** What a country's code alone says of a place. */
export function placeOfCountry(country: string): Place {
  return { continent: undefined, country, subdivisions: [], city: undefined, location: undefined };
}

function whereabouts({ location, country, continent }: Place): readonly WeightedPoint[] | undefined {
  if (location !== undefined) return [{ location, weight: 1 }];
  const ofCountry = country === undefined ? undefined : pointsOf(country);
  return ofCountry ?? (continent === undefined ? undefined : pointsOfContinent(continent));
}
