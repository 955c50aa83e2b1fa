import { LRUCache } from 'lru-cache';
import type { Bytes } from '../base/units.ts';
import type { KeyHash } from './memory/hash.ts';
import type { Fields } from './message.ts';
import type { CachedObject } from './object.ts';
import type { CacheQuery } from './query.ts';

/** What an entry takes beside the strings of its fields and its body: what is decoded, what is sent of it, its place here. */
const HEAD_COST: Bytes = 1_280;
/** What each string of its fields takes beside its text, which stands there twice: as decoded, and as lines of HTTP/1.1. */
const STRING_COST: Bytes = 32;
/** What Node keeps outside the heap for a body of its own. */
const BODY_COST: Bytes = 256;
/** Variants of one key that are kept at once; the oldest goes. */
const VARIANTS_MAX = 8;
/** Cells that remember which keys were found of late: about as many as entries fit when it is crowded. A power of two. */
const SEEN = 1_024;
/** How full it is when not everything is let in any more. */
const CROWDED = 0.9;

/**
 * The objects that one thread has decoded lately, by primary key. What it says may have been overtaken in the shared
 * index: whoever asks it has to check that.
 */
export class LocalTier {
  readonly #keys: LRUCache<string, CachedObject[]>;
  readonly #crowdedAt: Bytes;
  /** Of the key that was found last of those that share a cell, what tells it from the others. */
  readonly #seen = new Uint16Array(SEEN);

  /** `size`: about how much memory of this thread it may take. */
  constructor(size: Bytes) {
    this.#crowdedAt = size * CROWDED;
    this.#keys = new LRUCache({
      maxSize: Math.max(Math.floor(size), HEAD_COST),
      sizeCalculation: costOf,
    });
  }

  find(query: CacheQuery): CachedObject | undefined {
    const variants = this.#keys.get(query.key);
    if (variants === undefined) return undefined;
    for (const object of variants) {
      const { stored } = object;
      if (stored.vary.length === 0 || query.variantOf(stored.vary) === stored.variant) return object;
    }
    return undefined;
  }

  /**
   * Whether it is worth while to decode what is found in the shared index for more than this one reply. Without room for
   * all, that is so from the second time on: what is asked for once and never again would push out what is asked for
   * often, and leave its copy behind as garbage.
   */
  isWorthKeeping({ high, low }: KeyHash): boolean {
    if (this.#keys.calculatedSize < this.#crowdedAt) return true;
    const cell = low & (SEEN - 1);
    const mark = high & 0xffff;
    if (this.#seen[cell] === mark) return true;
    this.#seen[cell] = mark;
    return false;
  }

  add(object: CachedObject): void {
    const { key, variant } = object.stored;
    const others = this.#keys.peek(key)?.filter(({ stored }) => stored.variant !== variant) ?? [];
    this.#keys.set(key, [object, ...others].slice(0, VARIANTS_MAX));
  }

  /** Of all variants: what was decoded of this key is not to be trusted. */
  forget(key: string): void {
    this.#keys.delete(key);
  }
}

function costOf(variants: CachedObject[]): number {
  return variants.reduce((sum, { body, stored }) => sum + headCost(stored.fields) + bodyCost(body), 0);
}

function headCost(fields: Fields): Bytes {
  return fields.reduce((sum, text) => sum + STRING_COST + 2 * text.length, HEAD_COST);
}

function bodyCost(body: Buffer | undefined): Bytes {
  return body === undefined ? 0 : BODY_COST + body.length;
}
