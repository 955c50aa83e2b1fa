import { LRUCache } from 'lru-cache';
import type { Bytes } from '../base/units.ts';
import type { Fields } from './message.ts';
import type { CachedObject } from './object.ts';
import type { CacheQuery } from './query.ts';

/** What an entry costs beside its body and the text of its fields, which stands there three times. */
const HEAD_COST: Bytes = 1_024;
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
      maxSize: Math.max(size, HEAD_COST),
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
  return variants.reduce(
    (sum, { body, stored }) => sum + HEAD_COST + 3 * textOf(stored.fields) + (body?.length ?? 0),
    0,
  );
}

function textOf(fields: Fields): number {
  return fields.reduce((sum, text) => sum + text.length, 0);
}
