import { setImmediate } from 'node:timers/promises';
import type { Bytes, Ms } from '../base/units.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { Fields } from './message.ts';
import { urlOfKey } from './select/key.ts';
import { variantFields } from './select/variant-fields.ts';
import { currentAge } from './semantics/freshness.ts';
import type { StoredResponse } from './stored.ts';
import { decodeHead } from './stored-head.ts';

/** A stored response, by what has to be asked for to get it. */
export interface HotKey {
  readonly url: string;
  /** Request fields that select it among the variants of its URL. */
  readonly fields: Fields;
  /** Of its body. */
  readonly bytes: Bytes;
}

/** How long others wait for the event loop at a time. */
const SLICE: Ms = 2;
/** So many slots are looked at between two looks at the clock: some 50 µs. */
const SLOTS = 4_096;

/**
 * What is asked for most of all that is in memory, fresh, and may be served to a sibling, the hottest first: as S3-FIFO has
 * it, in eight classes. Who is in which is looked up once, with the first call; what it is when it is told.
 *
 * Left out is what cannot be asked for by a URL and the fields that Vary names: a key with fields of the route's own.
 */
export class HottestKeys {
  readonly #memory: CacheMemory;
  readonly #isGood: (stored: StoredResponse) => boolean;
  readonly #now: () => Ms;
  readonly #count: number;
  #slots: readonly number[] | undefined;
  #at = 0;
  #told = 0;

  /** `isGood`: whether purges and unsafe requests leave it. */
  constructor(memory: CacheMemory, count: number, isGood: (stored: StoredResponse) => boolean, now: () => Ms) {
    this.#memory = memory;
    this.#count = count;
    this.#isGood = isGood;
    this.#now = now;
  }

  /** The next of them, at most so many. None: that was all. */
  async next(most: number): Promise<readonly HotKey[]> {
    this.#slots ??= await this.#hottest();
    const keys: HotKey[] = [];
    let since = performance.now();
    while (keys.length < most && this.#told < this.#count && this.#at < this.#slots.length) {
      const key = this.#keyOf(this.#slots[this.#at++] as number);
      if (key !== undefined) {
        keys.push(key);
        this.#told += 1;
      }
      if (performance.now() - since < SLICE) continue;
      await setImmediate();
      since = performance.now();
    }
    return keys;
  }

  /** All slots by falling heat. Some more than are wanted: not all of them can be told. */
  async #hottest(): Promise<readonly number[]> {
    const most = 2 * this.#count;
    const classes: number[][] = [];
    let since = performance.now();
    for (let slot = 1; slot <= this.#memory.highestSlot; ) {
      const end = Math.min(slot + SLOTS, this.#memory.highestSlot + 1);
      for (; slot < end; slot++) {
        const heat = this.#memory.heat(slot);
        if (heat === 0) continue;
        classes[heat] ??= [];
        if (classes[heat].length < most) classes[heat].push(slot);
      }
      if (performance.now() - since < SLICE) continue;
      await setImmediate();
      since = performance.now();
    }
    return classes.reverse().flat().slice(0, most);
  }

  #keyOf(slot: number): HotKey | undefined {
    const memory = this.#memory;
    const found = memory.at(slot);
    if (found === undefined) return undefined;
    const head = memory.readHead(slot);
    const { length = 0 } = memory.news(slot);
    memory.unpin(slot);
    return head === undefined ? undefined : this.#keyOfStored(decodeHead(head), length);
  }

  #keyOfStored(stored: StoredResponse, bytes: Bytes): HotKey | undefined {
    const { key, status, part, alwaysValidate, lifetime, vary, variant } = stored;
    const url = urlOfKey(key);
    if (url !== key || status !== 200 || part !== undefined || alwaysValidate) return undefined;
    if (lifetime <= currentAge(stored, this.#now()) || !this.#isGood(stored)) return undefined;
    const fields = variantFields(vary, variant);
    return fields && { url, fields, bytes };
  }
}
