import type { Ms } from '../../base/units.ts';
import { SHOWN } from './graph.ts';

export interface CachePoint {
  /** Epoch milliseconds at which it ends. */
  readonly at: Ms;
  /** By the second. */
  readonly hits: number;
  readonly forwards: number;
}

interface Counts {
  readonly hits: number;
  readonly forwards: number;
}

/** What the cache answered over the last ten minutes, of counts that only ever grow. */
export class CacheSeries {
  readonly #points: CachePoint[] = [];
  #last: (Counts & { readonly at: Ms }) | undefined;

  /** Every few seconds. `undefined`: there is no cache. */
  sample(counts: Counts | undefined, now: Ms): void {
    const last = this.#last;
    this.#last = counts && { hits: counts.hits, forwards: counts.forwards, at: now };
    while (this.#points[0] !== undefined && this.#points[0].at <= now - SHOWN) this.#points.shift();
    if (last === undefined || counts === undefined || now <= last.at) return;
    // Fewer than before: counting began anew.
    if (counts.hits < last.hits || counts.forwards < last.forwards) return;
    const seconds = (now - last.at) / 1000;
    this.#points.push({
      at: now,
      hits: (counts.hits - last.hits) / seconds,
      forwards: (counts.forwards - last.forwards) / seconds,
    });
  }

  /** Oldest first. */
  get points(): readonly CachePoint[] {
    return this.#points;
  }
}
