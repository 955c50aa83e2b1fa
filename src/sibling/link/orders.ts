import { ORDER_TEXT_MAX, type PurgeOrder } from '../../cache/purge/order.ts';

/** Purge orders as they stand in the log and on the wire: `[["url","https://www.example.com/"],["all"]]`. */

export type EncodedOrders = readonly (readonly string[])[];

export function encodeOrders(orders: readonly PurgeOrder[]): EncodedOrders {
  return orders.map((order) => (order.kind === 'all' ? ['all'] : [order.kind, order.text]));
}

/** `undefined`: one of them is none. */
export function decodeOrders(value: unknown): readonly PurgeOrder[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const orders: PurgeOrder[] = [];
  for (const each of value) {
    const order = decodeOrder(each);
    if (order === undefined) return undefined;
    orders.push(order);
  }
  return orders;
}

function decodeOrder(value: unknown): PurgeOrder | undefined {
  if (!Array.isArray(value)) return undefined;
  const [kind, text, ...more]: unknown[] = value;
  if (kind === 'all') return value.length === 1 ? { kind } : undefined;
  if ((kind !== 'url' && kind !== 'prefix' && kind !== 'tag') || typeof text !== 'string') return undefined;
  if (more.length > 0 || Buffer.byteLength(text) > ORDER_TEXT_MAX) return undefined;
  return { kind, text };
}

/**
 * The same orders in groups that take no more than `room` bytes each as JSON; one that is larger alone is a group. The
 * largest order there is takes 768 KiB so: 128 KiB of control characters, six bytes each.
 */
export function grouped(orders: readonly PurgeOrder[], room: number): readonly (readonly PurgeOrder[])[] {
  const groups: PurgeOrder[][] = [];
  let taken = Number.POSITIVE_INFINITY;
  for (const order of orders) {
    const size = Buffer.byteLength(JSON.stringify(encodeOrders([order])));
    if (taken + size > room) {
      groups.push([]);
      taken = 0;
    }
    groups.at(-1)?.push(order);
    taken += size;
  }
  return groups;
}
