import { LRUCache } from 'lru-cache';
import type { Bytes } from '../base/units.ts';
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

/**
 * The objects that one thread has decoded lately, by primary key. What it says may have been overtaken in the shared
 * index: whoever asks it has to check that.
 */
export class LocalTier {
  readonly #keys: LRUCache<string, CachedObject[]>;

  /** `size`: about how much memory of this thread it may take. */
  constructor(size: Bytes) {
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
