import { LRUCache } from 'lru-cache';
import type { Ms } from '../base/units.ts';

/** Sources that are told apart. Who is pushed out by others begins anew. */
const SOURCES_MAX = 1_024;

export interface RateLimit {
  readonly perSecond: number;
  /** As many at once, after a rest. */
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: Ms;
}

/** A token bucket for each source address, in bounded memory. */
export class SourceRate {
  readonly #limit: RateLimit;
  readonly #now: () => Ms;
  readonly #buckets = new LRUCache<string, Bucket>({ max: SOURCES_MAX });

  /** `now`: of a clock that never goes back. */
  constructor(limit: RateLimit, now: () => Ms) {
    this.#limit = limit;
    this.#now = now;
  }

  /** Whether one more is within the limit; if so, it counts. */
  take(source: string): boolean {
    const { perSecond, burst } = this.#limit;
    const now = this.#now();
    let bucket = this.#buckets.get(source);
    if (bucket === undefined) {
      bucket = { tokens: burst, at: now };
      this.#buckets.set(source, bucket);
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
