import type { Ms } from '../base/units.ts';
import type { CacheCounters } from './counters.ts';
import type { Invalidations } from './invalidations.ts';
import type { LocalTier } from './local-tier.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { CacheResponse } from './message.ts';
import type { CachedObject } from './object.ts';
import type { BanBoard, Published } from './purge/ban-board.ts';
import type { PurgeOrder } from './purge/order.ts';
import type { CacheQuery } from './query.ts';
import { urlOfKey } from './select/key.ts';
import { invalidatedUris } from './semantics/invalidation.ts';
import { DISCONNECTED_MAX } from './semantics/reuse.ts';
import type { StoredResponse } from './stored.ts';

export interface KeptParts {
  readonly memory: CacheMemory;
  readonly local: LocalTier;
  readonly bans: BanBoard;
  readonly invalidations: Invalidations;
  readonly counters: CacheCounters;
}

/**
 * What is kept of what is stored, and what is not: purges and unsafe requests are noted in memory that all threads
 * share, and whoever has found an object asks here whether it is still good.
 */
export class Kept {
  readonly #memory: CacheMemory;
  readonly #local: LocalTier;
  readonly #bans: BanBoard;
  readonly #invalidations: Invalidations;
  readonly #counters: CacheCounters;

  constructor({ memory, local, bans, invalidations, counters }: KeptParts) {
    this.#memory = memory;
    this.#local = local;
    this.#bans = bans;
    this.#invalidations = invalidations;
    this.#counters = counters;
  }

  /** Whether purges and unsafe requests leave it; one that they do not is removed. */
  isKept(object: CachedObject): boolean {
    if (!this.#invalidations.isValid(object.invalidAt, object.stored.sequence)) {
      this.remove(object);
      return false;
    }
    const { version } = this.#bans;
    if (object.purgesSeen === version) return true;
    const verdict = this.#bans.verdict(object.stored);
    if (verdict === 'gone') {
      this.remove(object);
      return false;
    }
    object.purged = verdict === 'keep' ? undefined : verdict;
    object.purgesSeen = version;
    return true;
  }

  /** Whether no purge, soft ones among them, and no unsafe request would be for what has this key, tags and number. */
  leaves(key: string, tags: readonly string[], sequence: number): boolean {
    const cell = this.#invalidations.cellOf(this.#memory.hashOf(urlOfKey(key)));
    return this.#invalidations.isValid(cell, sequence) && this.#bans.verdict({ key, tags, sequence }) === 'keep';
  }

  /** Notes where there will be news of it: of its neighbourhood in the index, and of its URL. */
  placed(object: CachedObject, stampAt: number, stamp: number): CachedObject {
    object.stampAt = stampAt;
    object.stamp = stamp;
    object.invalidAt = this.#invalidations.cellOf(this.#memory.hashOf(urlOfKey(object.stored.key)));
    return object;
  }

  /** From the index that all threads look into, and of what this one has decoded. */
  remove({ slot, revision, stored }: CachedObject): void {
    this.#memory.remove(slot, revision);
    this.#local.forget(stored.key);
  }

  /** What is on disk of it, or is being written there, is not brought back by the next start. */
  forgetOnDisk({ invalidAt, stored }: CachedObject): void {
    this.#invalidations.noteOnDisk(invalidAt, stored.sequence + 1);
  }

  /** When it returns, what an unsafe request has made invalid is served no more, nor after a kill. RFC 9111 §4.4. */
  invalidateBy(query: CacheQuery, method: string, response: CacheResponse): void {
    const uris = invalidatedUris(method, query.uri, response.status, response.fields);
    if (uris.length === 0) return;
    const sequence = this.#bans.nextSequence();
    for (const uri of uris) {
      const hash = this.#memory.hashOf(query.urlOf(uri));
      this.#invalidations.note(this.#invalidations.cellOf(hash), sequence);
      // Gives memory back early. Keys with more than a URL are under other hashes, and go when somebody asks for them.
      this.#memory.removeKey(hash);
    }
  }

  /** When it returns, no thread serves any more what this is for. Throws a `RangeError` for a text that is too long. */
  purge(orders: readonly PurgeOrder[], soft: boolean): Published {
    const published = this.#bans.publish(orders, soft);
    for (const order of orders) {
      this.#counters.purged(order.kind);
      if (soft) continue;
      // Purged it is already; this gives the memory back now and not when somebody asks for it.
      if (order.kind === 'url') this.#memory.removeKey(this.#memory.hashOf(order.text));
    }
    return published;
  }
}

/** Epoch milliseconds until which it is served without a question; 0: it never is. */
export function freshUntil({ responseTime, initialAge, lifetime, alwaysValidate }: StoredResponse): Ms {
  return alwaysValidate ? 0 : responseTime - initialAge + lifetime;
}

/** Epoch milliseconds from which on nobody has a use for it: it could still be validated, or stand in for a lost origin. */
export function keptUntil({
  responseTime,
  initialAge,
  lifetime,
  staleIfError,
  staleWhileRevalidate,
}: StoredResponse): Ms {
  const stale = Math.max(DISCONNECTED_MAX, staleIfError, staleWhileRevalidate);
  return responseTime - initialAge + lifetime + stale;
}
