import { type Address, formatAddress, type IPv6Words, parseAddress } from '../../base/address.ts';
import { compile } from '../geo/compile.ts';
import { Ordering, placeOfCountry } from '../geo/order.ts';
import type { Order } from '../geo/plan.ts';
import type { GeoTableData } from '../geo/table.ts';
import type { ClientPlace, WireName } from '../model.ts';
import type { DnsPlan, MapPlan } from '../plan/dns-plan.ts';

/** For whom something is resolved, offline. */
export type Asker =
  /** A client, or with a prefix that is shorter than its address a client subnet (RFC 7871). */
  | { readonly kind: 'address'; readonly text: string; readonly place: ClientPlace }
  /** Two capital letters. */
  | { readonly kind: 'country'; readonly country: string }
  /** Somebody of whom nothing is known. */
  | { readonly kind: 'nobody' };

/** Reads `192.0.2.1`, `2001:db8::1` or a network of them, whose bits beyond the prefix do not count. */
export function askerAt(text: string): Asker | undefined {
  const [host = '', digits, ...more] = text.split('/');
  const address = parseAddress(host);
  if (address === undefined || more.length > 0 || (digits !== undefined && !/^\d{1,3}$/.test(digits))) return undefined;
  const bytes = bytesOf(address);
  const width = bytes.length * 8;
  const prefix = digits === undefined ? width : Number(digits);
  if (prefix > width) return undefined;
  const known = masked(bytes, prefix);
  return { kind: 'address', text: textOf(known), place: { address: known, prefix } };
}

/** Such as `192.0.2.0/24`. */
export function netAround({ place: { address } }: Extract<Asker, { kind: 'address' }>, prefix: number): string {
  return `${textOf(masked(address, prefix))}/${prefix}`;
}

/** The place that stands for an asker without an address: tables that are made for it are the same for all of them. */
export const ANYWHERE: ClientPlace = { address: new Uint8Array(4), prefix: 0 };

/** What a map says to somebody of whom no more than a country is known, or not even that. */
export function orderFor(asker: Exclude<Asker, { kind: 'address' }>, plan: DnsPlan, map: MapPlan): Order {
  const ordering = new Ordering(map, plan.datacenters);
  if (map.mode !== 'closest') return map.datacenters;
  return asker.kind === 'country' ? ordering.of(placeOfCountry(asker.country)) : ordering.fallback;
}

/** Tables by which every address gets the order that such an asker gets. */
export function tablesFor(asker: Exclude<Asker, { kind: 'address' }>, plan: DnsPlan): readonly GeoTableData[] {
  const orders = plan.maps.map((map) => ({
    name: map.name,
    mode: 'failover' as const,
    datacenters: orderFor(asker, plan, map),
  }));
  return compile([], plan.datacenters, orders).maps;
}

/** The first `prefix` bits, and zeros. */
function masked(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - 8 * i))));
}

function bytesOf(address: Address): Uint8Array {
  const words = typeof address === 'number' ? [address] : address;
  const bytes = Buffer.alloc(4 * words.length);
  for (const [i, word] of words.entries()) bytes.writeUInt32BE(word, 4 * i);
  return new Uint8Array(bytes);
}

function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes);
  if (buffer.length === 4) return formatAddress(buffer.readUInt32BE());
  return formatAddress([0, 4, 8, 12].map((at) => buffer.readUInt32BE(at)) as unknown as IPv6Words);
}

/** A question that is asked of a plan, without a server. */
export interface Inquiry {
  readonly name: WireName;
  readonly type: number;
  readonly asker: Asker;
  /** Positions of datacenters that are to count as out of service. */
  readonly without: ReadonlySet<number>;
}
