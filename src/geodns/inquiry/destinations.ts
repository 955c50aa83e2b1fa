import type { GeoMode, Order } from '../geo/plan.ts';
import { choiceIn, GeoTable, scopeIn } from '../geo/table.ts';
import type { DnsPlan } from '../plan/dns-plan.ts';
import { GeoMap } from '../plan/geo-map.ts';
import { askerAt, netAround } from './asker.ts';

/** Where one of the maps that records refer to sends a client. */
export interface Destination {
  /** The map's name, or words for the list in its place. */
  readonly map: string;
  readonly mode: GeoMode;
  /** Names of datacenters, best first, in service or not. */
  readonly order: readonly string[];
  /** Those that the answer has; empty: there is none for such a client. */
  readonly chosen: readonly string[];
  /** The clients that this holds for, such as `192.0.2.0/24`; `undefined`: all. */
  readonly net: string | undefined;
}

/**
 * By the tables that questions are answered from, so that a running node can tell it at any time: no database is opened, as
 * it would be to say why. `client`: an address or a network. `undefined`: it is neither.
 */
export function destinationsOf(
  client: string,
  { maps, tables, datacenters }: Pick<DnsPlan, 'maps' | 'tables' | 'datacenters'>,
  isServing: (datacenter: string) => boolean,
): readonly Destination[] | undefined {
  const asker = askerAt(client);
  if (asker?.kind !== 'address') return undefined;
  const { address } = asker.place;
  const standings = {
    inService: Uint8Array.from(datacenters, ({ name }) => Number(isServing(name))),
    ttlLimits: new Int32Array(datacenters.length),
  };
  const named = (order: Order) => order.map((position) => datacenters[position]?.name ?? '');
  return maps.map((map, position) => {
    const table = tables[position] as DnsPlan['tables'][number];
    const found = new GeoTable(table).find(address);
    const order = table.orders[choiceIn(found)] as Order;
    const scope = scopeIn(found);
    return {
      map: map.name,
      mode: map.mode,
      order: named(order),
      chosen: named(new GeoMap(map, table, datacenters, new Map(), standings).chosen(order, address)),
      net: scope === 0 ? undefined : netAround(asker, scope),
    };
  });
}
