import type { Ms } from '../../base/units.ts';
import type { PoolPlan } from '../plan.ts';
import { FAILURE_LATENCY, nextPeak, wrappingNow } from './balance/peak-latency.ts';
import type { OriginCounters } from './counters.ts';
import type { Origin } from './origin.ts';
import type { PoolQueue } from './queue.ts';

/** A request's place at an origin, from when the origin is chosen until it has nothing more to do with it. */
export class Admission {
  readonly origin: Origin;
  /** The origin's, in the pool's list. */
  readonly position: number;
  readonly #plan: PoolPlan;
  readonly #counters: OriginCounters;
  readonly #queue: PoolQueue;
  #onTrial: boolean;

  constructor(
    origin: Origin,
    position: number,
    onTrial: boolean,
    { plan, counters, queue }: { plan: PoolPlan; counters: OriginCounters; queue: PoolQueue },
  ) {
    this.origin = origin;
    this.position = position;
    this.#onTrial = onTrial;
    this.#plan = plan;
    this.#counters = counters;
    this.#queue = queue;
  }

  /** The head of a good response is there. */
  succeeded(latency: Ms): void {
    this.#counters.succeeded(this.origin.slot, latency);
    if (goesByLatency(this.#plan)) this.#notePeak(latency);
    if (this.#onTrial) this.#endTrial('succeeded');
  }

  /** The origin cannot be connected to, is silent or breaks off; or says itself that it failed (5xx). */
  failed(): void {
    this.#counters.failed(this.origin.slot, this.#plan.troubleAfter);
    if (goesByLatency(this.#plan)) this.#notePeak(FAILURE_LATENCY);
    if (this.#onTrial) this.#endTrial('failed');
  }

  upgraded(): void {
    this.#counters.upgrade(this.origin.slot, true);
  }

  tunnelEnded(): void {
    this.#counters.upgrade(this.origin.slot, false);
    this.leave();
  }

  /** Once. */
  leave(): void {
    this.#counters.leave(this.origin.slot);
    if (this.#onTrial) this.#endTrial(undefined);
    else if (this.#plan.maxInFlight !== undefined) this.#queue.placeIsFree();
  }

  #endTrial(outcome: 'succeeded' | 'failed' | undefined): void {
    this.#onTrial = false;
    this.#counters.leaveTrial(this.origin.slot, outcome);
    this.#queue.placeIsFree();
  }

  #notePeak(latency: Ms): void {
    const { slot } = this.origin;
    const now = wrappingNow();
    const peak = nextPeak(this.#counters.peakLatency(slot), this.#counters.peakAt(slot), latency, now);
    this.#counters.setPeakLatency(slot, peak, now);
  }
}

function goesByLatency({ balance }: PoolPlan): boolean {
  return balance === 'ewma' || balance === 'least-requests';
}
