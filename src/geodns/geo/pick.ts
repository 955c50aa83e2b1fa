import { embeddedIPv4, embeddingOf, NOT_EMBEDDED } from './embedded.ts';
import { type Datacenter, type GeoMode, type Order, WEIGHTED_GRAIN } from './plan.ts';

/** By position of a datacenter: not 0 when it is in service. A thread that decides about health may write it meanwhile. */
export type InService = Uint8Array;

/**
 * Which datacenters the answer has, best first. When none of the order is in service all count as if they were: an answer
 * that may be wrong is better than none (`isOpen()` tells). An empty order has no answer.
 *
 * `hash` is `netHash()` of the client, for `weighted` alone.
 */
export function pick(
  order: Order,
  inService: InService,
  mode: GeoMode,
  datacenters: readonly Datacenter[],
  hash: number,
): Order {
  if (mode === 'spread') {
    const serving = order.filter((position) => inService[position] !== 0);
    return serving.length > 0 ? serving : order;
  }
  const position = mode === 'weighted' ? drawn(order, inService, datacenters, hash) : first(order, inService);
  return position === undefined ? [] : [position];
}

/** Whether none of an order is in service, so that answers are given as if all were. */
export function isOpen(order: Order, inService: InService): boolean {
  return order.length > 0 && order.every((position) => inService[position] === 0);
}

/** The best that is in service; none: the best. */
export function first(order: Order, inService: InService): number | undefined {
  for (let i = 0; i < order.length; i++) {
    if (inService[order[i] as number] !== 0) return order[i];
  }
  return order[0];
}

/**
 * By weighted rendezvous hashing: each datacenter draws a number for the client's net, and the best one, for its weight, wins. When it
 * goes out of service its clients are spread over all others by their weights, and nobody else's answer changes.
 */
export function drawn(
  order: Order,
  inService: InService,
  datacenters: readonly Datacenter[],
  hash: number,
): number | undefined {
  const open = isOpen(order, inService);
  let best: number | undefined;
  let shortest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < order.length; i++) {
    const position = order[i] as number;
    if (!open && inService[position] === 0) continue;
    const { weight = 1 } = datacenters[position] as Datacenter;
    // As long as an exponentially distributed wait: whose weight is twice as great wins twice as often.
    const wait = -Math.log((scattered(hash ^ scattered(position + 1)) + 0.5) / 2 ** 32) / weight;
    if (best !== undefined && wait >= shortest) continue;
    best = position;
    shortest = wait;
  }
  return best;
}

/**
 * Of the client's net (/24, /48), the same on every node. An IPv4 address within an IPv6 address counts as such. Of 4 or 16 bytes
 * at `offset`.
 */
export function netHash(bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
  const word = (i: number) =>
    ((bytes[offset + i] as number) << 24) |
    ((bytes[offset + i + 1] as number) << 16) |
    ((bytes[offset + i + 2] as number) << 8) |
    (bytes[offset + i + 3] as number);
  if (length === 4) return hashIPv4(word(0));
  const [w0, w1] = [word(0) >>> 0, word(4) >>> 0];
  const embedding = embeddingOf(w0, w1, word(8) >>> 0);
  if (embedding !== NOT_EMBEDDED) return hashIPv4(embeddedIPv4(embedding, w0, w1, word(12) >>> 0));
  return scattered(scattered(w0) ^ (w1 >>> (64 - WEIGHTED_GRAIN.ipv6)));
}

function hashIPv4(address: number): number {
  return scattered(address >>> (32 - WEIGHTED_GRAIN.ipv4));
}

/** A number of 32 bits in whose place none of its neighbours' order is left: the last step of MurmurHash3. */
function scattered(number: number): number {
  let mixed = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
