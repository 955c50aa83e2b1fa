import type { Ms } from '../../base/units.ts';
import { fadedPeak, wrappingNow } from './balance/peak-latency.ts';
import type { OriginsView } from './balance/policy.ts';
import type { OriginCounters } from './counters.ts';
import type { Origin } from './origin.ts';

/** What a policy sees of the pool's origins while it chooses for one request. */
export class PoolView implements OriginsView {
  readonly #origins: readonly Origin[];
  readonly #counters: OriginCounters;
  readonly #most: number;
  #tried: readonly Origin[] = [];
  #excluded: number[] = [];
  #now: Ms | undefined;
  /** Some were passed over because they had no place, and not because they had been tried. */
  someAreFull = false;

  constructor(origins: readonly Origin[], counters: OriginCounters, most: number) {
    this.#origins = origins;
    this.#counters = counters;
    this.#most = most;
  }

  begin(tried: readonly Origin[]): void {
    this.#tried = tried;
    if (this.#excluded.length > 0) this.#excluded = [];
    this.#now = undefined;
    this.someAreFull = false;
  }

  /** It had no place after all. */
  exclude(position: number): void {
    this.#excluded.push(position);
    this.someAreFull = true;
  }

  excluded(position: number): boolean {
    const origin = this.#origins[position] as Origin;
    if (this.#tried.length > 0 && this.#tried.includes(origin)) return true;
    if (this.#excluded.length > 0 && this.#excluded.includes(position)) return true;
    if (this.#most === Number.POSITIVE_INFINITY || this.#counters.load(origin.slot) < this.#most) return false;
    this.someAreFull = true;
    return true;
  }

  load(position: number): number {
    return this.#counters.load((this.#origins[position] as Origin).slot);
  }

  latency(position: number): Ms {
    const { slot } = this.#origins[position] as Origin;
    const peak = this.#counters.peakLatency(slot);
    if (peak === 0) return 0;
    this.#now ??= wrappingNow();
    return fadedPeak(peak, this.#counters.peakAt(slot), this.#now);
  }
}
