import type { Location } from './place.ts';

/** A place that serves clients, as the configuration has it. */
export interface Datacenter {
  readonly name: string;
  /** Absent: it is never the closest, and comes after those that have one. */
  readonly location?: Location;
  /** Clients of these networks belong here, whatever the database says; of several nets around a client the smallest counts. */
  readonly nets: readonly string[];
  /** −99 to 99, default 0: how much nearer (above 0) or farther than it is it counts; see `biased()`. */
  readonly bias?: number;
  /** For the mode `weighted`: its share of clients, default 1; 0: none while another is in service. */
  readonly weight?: number;
}

/**
 * How one of several datacenters is chosen.
 *
 * - `closest`: by the map where there is one, else by distance.
 * - `failover`: the first in the order as written that is in service, whoever asks.
 * - `weighted`: each client net has a datacenter of its own by the weights, and keeps it while that is in service.
 * - `spread`: all that are in service.
 */
export type GeoMode = 'closest' | 'failover' | 'weighted' | 'spread';

/** Positions of datacenters in the list of all, best first. */
export type Order = readonly number[];

/** A way to choose among datacenters; what a geographic record refers to. */
export interface GeoMapPlan {
  readonly name: string;
  readonly mode: GeoMode;
  /** Those that it chooses among, in the configured order: what clients get of whom nothing is known. */
  readonly datacenters: Order;
  /** For `closest`: orders by place. Absent: by distance everywhere. */
  readonly map?: PlaceMap;
  /**
   * For `closest`: how many are ranked by distance, default 3; the others follow in the configured order. The more, the more orders
   * there are, and the smaller the nets for which an answer holds: a resolver then asks for each of them. 0: all.
   */
  readonly ranked?: number;
}

/** Orders by continent, in it by country, in it by subdivision or city. Keys are compared without regard to case. */
export interface PlaceMap {
  /** For what is not in `places`. Absent: that of the map around this one; at the top `closest` where a datacenter has a location. */
  readonly default?: PlaceOrder;
  readonly places: Readonly<Record<string, PlaceOrder | PlaceMap>>;
}

/** By distance, or as written; an empty list: there is no answer for clients from there (NODATA). */
export type PlaceOrder = 'closest' | Order;

/** For `weighted`: clients in one net of this length get the same datacenter, and no scope is shorter. */
export const WEIGHTED_GRAIN = { ipv4: 24, ipv6: 48 } as const;
