import type { ClientPlace, GeoChoice } from '../model.ts';
import { bitsBefore, embeddedIPv4, embeddingOf, NOT_EMBEDDED, prefixBeside } from './embedded.ts';
import type { Order } from './plan.ts';
import { type IndexedRanges, IPV6_INDEX_BASE } from './range-index.ts';
import { ELSEWHERE } from './ranges.ts';

/** A map, compiled. Plain data over shared memory: any thread can be sent it, and none changes it. */
export interface GeoTableData {
  readonly name: string;
  /** By the number of a choice; 0 is for clients of whom nothing is known. */
  readonly orders: readonly Order[];
  readonly ipv4: IndexedRanges;
  readonly ipv6: IndexedRanges;
  /** No scope is shorter: clients of a longer prefix may get another answer than their neighbours. 0 where that is not so. */
  readonly grain: { readonly ipv4: number; readonly ipv6: number };
}

/**
 * What a look-up found, in a number, so that it makes no garbage: the choice × 256 + the scope. Read it by `choiceIn()` and
 * `scopeIn()`.
 */
export type Found = number;

/** The number of a choice: a position in `orders`. */
export function choiceIn(found: Found): number {
  return found >>> 8;
}

/**
 * The length of the largest net around the address in which all clients get the same choice, in terms of the address's family
 * (RFC 7871 §7.2.1). It may be longer than the source prefix: then more bits would have been welcome. Nets of two answers
 * never overlap. 0, which holds for both families, only where nobody gets anything else.
 */
export function scopeIn(found: Found): number {
  return found & 255;
}

/** Looks up the choice for an address: some tens of millions a second. */
export class GeoTable {
  readonly name: string;
  readonly orders: readonly Order[];
  readonly #ipv4: IndexedRanges;
  readonly #ipv6: IndexedRanges;
  readonly #leastScope4: number;
  readonly #leastScope6: number;
  readonly #isStatic: boolean;

  constructor(data: GeoTableData) {
    this.name = data.name;
    this.orders = data.orders;
    this.#ipv4 = data.ipv4;
    this.#ipv6 = data.ipv6;
    this.#isStatic = isUniform(data) && data.grain.ipv4 === 0 && data.grain.ipv6 === 0;
    const least = this.#isStatic ? 0 : 1;
    this.#leastScope4 = Math.max(least, data.grain.ipv4);
    this.#leastScope6 = Math.max(least, data.grain.ipv6);
  }

  /** For the address of 4 or 16 bytes at `offset`; bits that are not known are zeros. */
  find(bytes: Uint8Array, offset = 0, length = bytes.length - offset): Found {
    if (length === 4) return this.findIPv4(wordAt(bytes, offset));
    return this.findIPv6(
      wordAt(bytes, offset),
      wordAt(bytes, offset + 4),
      wordAt(bytes, offset + 8),
      wordAt(bytes, offset + 12),
    );
  }

  findIPv4(address: number): Found {
    const { starts, ids, index, shift } = this.#ipv4;
    const bucket = address >>> shift;
    let low = index[bucket] as number;
    let high = index[bucket + 1] as number;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((starts[middle] as number) <= address) low = middle;
      else high = middle - 1;
    }

    // The shortest prefix whose net holds neither the address before the range nor the one after it.
    let scope = low === 0 ? 0 : Math.clz32(address ^ ((starts[low] as number) - 1)) + 1;
    if (low + 1 < ids.length) scope = Math.max(scope, Math.clz32(address ^ (starts[low + 1] as number)) + 1);
    return ((ids[low] as number) << 8) | Math.max(scope, this.#leastScope4);
  }

  findIPv6(w0: number, w1: number, w2: number, w3: number): Found {
    if (this.#isStatic) return STATIC;
    const embedding = embeddingOf(w0, w1, w2);
    // The scope of the IPv4 address is at most 32, and what is added at most 96.
    if (embedding !== NOT_EMBEDDED) return this.findIPv4(embeddedIPv4(embedding, w0, w1, w3)) + bitsBefore(embedding);

    const { starts, ids } = this.#ipv6;
    const range = this.#rangeOf(w0, w1, w2, w3);
    const id = ids[range] as number;
    // Beside embedded addresses, in nets that nobody has been given.
    if (id === ELSEWHERE) return prefixBeside(w0, w2);

    let scope = 0;
    let at = 4 * range;
    if (range > 0) {
      const s0 = starts[at] as number;
      const s1 = starts[at + 1] as number;
      const s2 = starts[at + 2] as number;
      const s3 = starts[at + 3] as number;
      const borrow2 = s3 === 0 ? 1 : 0;
      const borrow1 = borrow2 & (s2 === 0 ? 1 : 0);
      const borrow0 = borrow1 & (s1 === 0 ? 1 : 0);
      scope = 1 + alike(w0 ^ (s0 - borrow0), w1 ^ (s1 - borrow1), w2 ^ (s2 - borrow2), w3 ^ (s3 - 1));
    }
    if (range + 1 < ids.length) {
      at += 4;
      const next = alike(
        w0 ^ (starts[at] as number),
        w1 ^ (starts[at + 1] as number),
        w2 ^ (starts[at + 2] as number),
        w3 ^ (starts[at + 3] as number),
      );
      scope = Math.max(scope, 1 + next);
    }
    return (id << 8) | Math.max(scope, this.#leastScope6);
  }

  /** As `find()`, for those who can bear an object. */
  choose({ address }: ClientPlace): GeoChoice {
    const found = this.find(address);
    return { datacenters: this.orders[choiceIn(found)] as Order, scope: scopeIn(found) };
  }

  #rangeOf(w0: number, w1: number, w2: number, w3: number): number {
    const { starts, ids, index, shift } = this.#ipv6;
    let low = 0;
    let high = ids.length - 1;
    if (w0 >>> 29 === 1) {
      const bucket = (w0 - IPV6_INDEX_BASE) >>> shift;
      low = index[bucket] as number;
      high = index[bucket + 1] as number;
    }
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const at = 4 * middle;
      let difference = (starts[at] as number) - w0;
      if (difference === 0) difference = (starts[at + 1] as number) - w1;
      if (difference === 0) difference = (starts[at + 2] as number) - w2;
      if (difference === 0) difference = (starts[at + 3] as number) - w3;
      if (difference <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Special-purpose nets have choice 0; so where there is one choice only, it is that. */
const STATIC: Found = 0;

/** How many bits two addresses have in common, told their difference; not all. */
function alike(x0: number, x1: number, x2: number, x3: number): number {
  if (x0 !== 0) return Math.clz32(x0);
  if (x1 !== 0) return 32 + Math.clz32(x1);
  if (x2 !== 0) return 64 + Math.clz32(x2);
  return 96 + Math.clz32(x3);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

/** Whether all addresses of both families have the same choice. */
function isUniform({ ipv4, ipv6 }: GeoTableData): boolean {
  return ipv4.ids.length === 1 && ipv6.ids.every((id) => id === ELSEWHERE || id === ipv4.ids[0]);
}
