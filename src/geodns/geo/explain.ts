import { formatAddress, type IPv6Words, parseAddress } from '../../base/address.ts';
import { embeddedIPv4, embeddingOf, NOT_EMBEDDED } from './embedded.ts';
import { type Database, databaseFor } from './mmdb/database.ts';
import { formatNet, isWithin, type Net, netAround, parseNet } from './net.ts';
import { type Distance, Ordering } from './order.ts';
import { type Place, placeOf } from './place.ts';
import type { Datacenter, GeoMapPlan, Order } from './plan.ts';
import { SPECIAL_NETS } from './special.ts';
import { choiceIn, type GeoTable, scopeIn } from './table.ts';

/** Why a client gets the order that it gets. */
export interface Explanation {
  /** As it is looked up: for an IPv6 address that is an IPv4 one in truth, that one. */
  readonly address: string;
  readonly reason: Reason;
  /** In the configured order; empty when the place does not matter. */
  readonly distances: readonly Distance[];
  /** From the table that the server answers from. */
  readonly order: Order;
  readonly scope: number;
}

/** What decided; `net` is what was matched, as `192.0.2.0/24`. */
export type Reason =
  /** The mode takes no notice of who asks. */
  | { readonly kind: 'mode' }
  | { readonly kind: 'nets'; readonly net: string; readonly datacenter: number }
  | { readonly kind: 'special'; readonly net: string; readonly what: string }
  | { readonly kind: 'database'; readonly net: string; readonly place: Place }
  /** No database knows it; `net`: how much around it is unknown, absent when none was asked. */
  | { readonly kind: 'unknown'; readonly net: string | undefined };

/** `undefined` when the text is no address. Throws a `DatabaseError` where a database is damaged. */
export function explain(
  text: string,
  table: GeoTable,
  plan: GeoMapPlan,
  datacenters: readonly Datacenter[],
  databases: readonly Database[],
): Explanation | undefined {
  const asked = parseAddress(text);
  if (asked === undefined) return undefined;
  const address = truly(asked);
  const reason = reasonFor(address, plan, datacenters, databases);
  const found = typeof asked === 'number' ? table.findIPv4(asked) : table.findIPv6(...asked);
  return {
    address: formatAddress(address),
    reason,
    distances: reason.kind === 'database' ? new Ordering(plan, datacenters).distances(reason.place) : [],
    order: table.orders[choiceIn(found)] as Order,
    scope: scopeIn(found),
  };
}

function reasonFor(
  address: number | IPv6Words,
  plan: GeoMapPlan,
  datacenters: readonly Datacenter[],
  databases: readonly Database[],
): Reason {
  if (plan.mode !== 'closest') return { kind: 'mode' };
  const family = typeof address === 'number' ? 4 : 6;
  const words: IPv6Words = typeof address === 'number' ? [0, 0, 0, address] : address;

  const own = ownNet(family, words, plan, datacenters);
  if (own !== undefined) return { kind: 'nets', net: formatNet(own.net), datacenter: own.datacenter };
  const special = SPECIAL_NETS.find(({ net }) => isWithin(net, family, words));
  if (special !== undefined) return { kind: 'special', net: formatNet(special.net), what: special.what };

  const database = databaseFor(databases, family);
  if (database === undefined) return { kind: 'unknown', net: undefined };
  const { record, prefix } = database.lookUp(family, words);
  const net = formatNet(netAround(family, words, prefix));
  return record === undefined ? { kind: 'unknown', net } : { kind: 'database', net, place: placeOf(database, record) };
}

/** The smallest net of a datacenter's around an address, of those that count in this map. */
function ownNet(
  family: 4 | 6,
  words: IPv6Words,
  plan: GeoMapPlan,
  datacenters: readonly Datacenter[],
): { readonly net: Net; readonly datacenter: number } | undefined {
  const ordering = new Ordering(plan, datacenters);
  let smallest: { readonly net: Net; readonly datacenter: number } | undefined;
  for (const [datacenter, { nets }] of datacenters.entries()) {
    if (ordering.ofNet(datacenter) === undefined) continue;
    for (const text of nets) {
      const net = parseNet(text);
      if (net === undefined || !isWithin(net, family, words)) continue;
      if (smallest === undefined || net.prefix > smallest.net.prefix) smallest = { net, datacenter };
    }
  }
  return smallest;
}

/** The IPv4 address within, where an IPv6 address has one. */
function truly(address: number | IPv6Words): number | IPv6Words {
  if (typeof address === 'number') return address;
  const [w0, w1, w2, w3] = address;
  const embedding = embeddingOf(w0, w1, w2);
  return embedding === NOT_EMBEDDED ? address : embeddedIPv4(embedding, w0, w1, w3);
}
