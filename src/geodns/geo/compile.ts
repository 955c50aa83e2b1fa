import { EMBEDDED_NETS, isEmbeddedNet } from './embedded.ts';
import { type Database, databaseFor } from './mmdb/database.ts';
import { type LeafVisitor, walkIPv4, walkIPv6 } from './mmdb/walk.ts';
import { type Net, parseNet } from './net.ts';
import { Ordering } from './order.ts';
import { type Place, placeOf } from './place.ts';
import { type Datacenter, type GeoMapPlan, type Order, WEIGHTED_GRAIN } from './plan.ts';
import { indexed } from './range-index.ts';
import { ELSEWHERE, MOST_IDS, overlay, RangesBuilder, rangesOfNets } from './ranges.ts';
import { SPECIAL_NETS } from './special.ts';
import type { GeoTableData } from './table.ts';

/** The maps of a configuration, in its order, compiled from one generation of the databases. */
export interface GeoTables {
  readonly maps: readonly GeoTableData[];
  readonly databases: readonly DatabaseSummary[];
}

export interface DatabaseSummary {
  /** Such as `GeoLite2-City`. */
  readonly type: string;
  /** When it was made, in seconds since 1970; 0: it does not say. */
  readonly buildEpoch: number;
  /** Families that it was asked for. */
  readonly families: readonly (4 | 6)[];
}

/**
 * Compiles maps. Each family is looked up in one of the databases (`databaseFor()`); with none for it, clients in nobody's nets get
 * the configured order.
 *
 * An operator's net wins over all, then a special-purpose net, then the database. The trees are walked once, and of a record
 * nothing is kept but the numbers of its choices. Throws a `DatabaseError` for what is damaged. It takes a second or two for a
 * large database, without a pause: call it in a thread where nobody waits.
 */
export function compile(
  databases: readonly Database[],
  datacenters: readonly Datacenter[],
  plans: readonly GeoMapPlan[],
): GeoTables {
  const maps = plans.map((plan) => new MapInMaking(new Ordering(plan, datacenters)));
  const forIPv4 = databaseFor(databases, 4);
  const forIPv6 = databaseFor(databases, 6);

  const placed = maps.filter(({ ordering }) => ordering.plan.mode === 'closest');
  if (placed.length > 0 && forIPv4 !== undefined) walkIPv4(forIPv4, visitor(forIPv4, placed, 'ipv4'));
  if (placed.length > 0 && forIPv6 !== undefined) walkIPv6(forIPv6, visitor(forIPv6, placed, 'ipv6'), isEmbeddedNet);

  return {
    maps: maps.map((map) => map.finish(datacenters)),
    databases: databases.map((database) => ({
      type: database.metadata.type,
      buildEpoch: database.metadata.buildEpoch,
      families: [...(database === forIPv4 ? [4 as const] : []), ...(database === forIPv6 ? [6 as const] : [])],
    })),
  };
}

/** Puts each leaf into all maps. A record that many leaves have is read once. */
function visitor(database: Database, maps: readonly MapInMaking[], family: 'ipv4' | 'ipv6'): LeafVisitor {
  const rowOf = new Map<number, number>();
  const builders = maps.map((map) => map[family]);
  const rows: number[] = [];
  const row = (record: number) => {
    let found = rowOf.get(record);
    if (found === undefined) {
      const place = placeOf(database, record);
      found = rows.length;
      for (const map of maps) rows.push(map.choiceFor(place));
      rowOf.set(record, found);
    }
    return found;
  };
  return (w0, w1, w2, w3, _prefix, record) => {
    const at = record === undefined ? undefined : row(record);
    for (let i = 0; i < builders.length; i++) {
      const choice = at === undefined ? UNKNOWN : (rows[at + i] as number);
      (builders[i] as RangesBuilder).push(w0, w1, w2, w3, choice);
    }
  };
}

/** The choice for clients of whom nothing is known. */
const UNKNOWN = 0;

class MapInMaking {
  readonly ordering: Ordering;
  readonly ipv4 = new RangesBuilder(1);
  readonly ipv6 = new RangesBuilder(4);
  readonly #orders: Order[] = [];
  readonly #choices = new Map<string, number>();

  constructor(ordering: Ordering) {
    this.ordering = ordering;
    this.#choiceOf(ordering.fallback);
    this.ipv4.push(0, 0, 0, 0, UNKNOWN);
    this.ipv6.push(0, 0, 0, 0, UNKNOWN);
  }

  choiceFor(place: Place): number {
    return this.#choiceOf(this.ordering.of(place));
  }

  finish(datacenters: readonly Datacenter[]): GeoTableData {
    const { name, mode } = this.ordering.plan;
    const nets = mode === 'closest' ? this.#netsOf(datacenters) : [];
    const over = (family: 4 | 6) =>
      [nets, family === 6 ? EMBEDDED : []].reduce(
        (below, above) => overlay(below, rangesOfNets(family, above)),
        rangesOfNets(family, SPECIAL),
      );
    return {
      name,
      orders: this.#orders,
      ipv4: indexed(overlay(this.ipv4.finish(), over(4))),
      ipv6: indexed(overlay(this.ipv6.finish(), over(6))),
      grain: mode === 'weighted' ? WEIGHTED_GRAIN : { ipv4: 0, ipv6: 0 },
    };
  }

  /** Settings are checked before they come here: a net that is none is left out. */
  #netsOf(datacenters: readonly Datacenter[]): (readonly [Net, number])[] {
    return datacenters.flatMap(({ nets }, position) => {
      const order = this.ordering.ofNet(position);
      if (order === undefined) return [];
      const choice = this.#choiceOf(order);
      return nets.flatMap((text) => {
        const net = parseNet(text);
        return net === undefined ? [] : [[net, choice] as const];
      });
    });
  }

  #choiceOf(order: Order): number {
    const key = order.join();
    let choice = this.#choices.get(key);
    if (choice === undefined) {
      choice = this.#orders.length;
      if (choice === MOST_IDS) {
        throw new RangeError(
          `the geo map ${this.ordering.plan.name} has more than ${MOST_IDS} orders: rank fewer datacenters`,
        );
      }
      this.#orders.push(order);
      this.#choices.set(key, choice);
    }
    return choice;
  }
}

const SPECIAL = SPECIAL_NETS.map(({ net }) => [net, UNKNOWN] as const);
const EMBEDDED = EMBEDDED_NETS.map((net) => [{ family: 6, ...net }, ELSEWHERE] as const);
