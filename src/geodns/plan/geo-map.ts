import { drawn, first, netHash } from '../geo/pick.ts';
import type { Order } from '../geo/plan.ts';
import { choiceIn, type Found, GeoTable, type GeoTableData, scopeIn } from '../geo/table.ts';
import type { ClientPlace, GeoChoice, GeoRecord, RecordSet, Ttl } from '../model.ts';
import { type DatacenterSets, setsOf, setsOfType } from './datacenter-sets.ts';
import type { DatacenterPlan, MapPlan } from './dns-plan.ts';

/** How datacenters are, by position. Another thread may write it meanwhile. */
export interface DatacenterStandings {
  /** Not 0: in service. */
  readonly inService: Uint8Array;
  /** Seconds: answers that depend on it must not be kept for longer; 2^31 − 1: they may. */
  readonly ttlLimits: Int32Array;
}

/** A map as the DNS thread has it: chooses for all records that refer to it. */
export class GeoMap {
  readonly plan: MapPlan;
  readonly sets: DatacenterSets;
  readonly #datacenters: readonly DatacenterPlan[];
  readonly #standings: DatacenterStandings;
  /** Each datacenter alone: made once, as nearly all choices are one of these. */
  readonly #alone: readonly Order[];
  #table: GeoTable;

  constructor(
    plan: MapPlan,
    table: GeoTableData,
    datacenters: readonly DatacenterPlan[],
    sets: DatacenterSets,
    standings: DatacenterStandings,
  ) {
    this.plan = plan;
    this.sets = setsOf(sets, plan.datacenters);
    this.#datacenters = datacenters;
    this.#standings = standings;
    this.#alone = datacenters.map((_, position) => [position]);
    this.#table = new GeoTable(table);
  }

  get table(): GeoTable {
    return this.#table;
  }

  /** Of the same map, made of other databases. */
  take(table: GeoTableData): void {
    this.#table = new GeoTable(table);
  }

  choose({ address }: ClientPlace): GeoChoice {
    const found: Found = this.#table.find(address);
    const order = this.#table.orders[choiceIn(found)] as Order;
    return { datacenters: this.chosen(order, address), scope: scopeIn(found) };
  }

  /** Of an order those that the answer has: never nobody, unless the order is empty. */
  chosen(order: Order, address: Uint8Array): Order {
    const { inService } = this.#standings;
    const { mode } = this.plan;
    if (mode === 'spread') return inServiceOf(order, inService);
    const position =
      mode === 'weighted' ? drawn(order, inService, this.#datacenters, netHash(address)) : first(order, inService);
    return position === undefined ? NOBODY : (this.#alone[position] as Order);
  }

  /**
   * Of one of its records. While a datacenter may soon come or go, all answers are short-lived: which of them depend on it
   * cannot be told from a record.
   */
  ttl(ttl: Ttl): Ttl {
    const { ttlLimits } = this.#standings;
    const { datacenters } = this.plan;
    let least = ttl;
    for (let i = 0; i < datacenters.length; i++) {
      const limit = ttlLimits[datacenters[i] as number] as number;
      if (limit < least) least = limit;
    }
    return least;
  }
}

/** A name whose A, AAAA and HTTPS records are those of datacenters that a map chooses. */
export class DatacenterRecord implements GeoRecord {
  readonly map: GeoMap;
  readonly #ttl: Ttl;

  constructor(map: GeoMap, ttl: Ttl) {
    this.map = map;
    this.#ttl = ttl;
  }

  get ttl(): Ttl {
    return this.map.ttl(this.#ttl);
  }

  sets(type: number): readonly (RecordSet | undefined)[] {
    return setsOfType(this.map.sets, type);
  }

  choose(client: ClientPlace): GeoChoice {
    return this.map.choose(client);
  }
}

const NOBODY: Order = [];

/** The order itself where all are. */
function inServiceOf(order: Order, inService: Uint8Array): Order {
  for (let i = 0; i < order.length; i++) {
    if (inService[order[i] as number] !== 0) continue;
    const serving = order.filter((position) => inService[position] !== 0);
    return serving.length > 0 ? serving : order;
  }
  return order;
}
