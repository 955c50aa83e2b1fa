import type { Ms } from '../../base/units.ts';
import type { PoolPlan } from '../plan.ts';
import { FAILURE_LATENCY, nextPeak, wrappingNow } from './balance/peak-latency.ts';
import type { OriginCounters } from './counters.ts';
import type { Origin } from './origin.ts';
import type { PoolQueue } from './queue.ts';

/** The pool that gives places. */
export interface AdmittingPool {
  readonly plan: PoolPlan;
  readonly counters: OriginCounters;
  readonly queue: PoolQueue;
}

/** A request's place at an origin, from when the origin is chosen until it has nothing more to do with it. */
export class Admission {
  readonly origin: Origin;
  /** The origin's, in the pool's list. */
  readonly position: number;
  /** Whether its latency is wanted. */
  readonly isMeasured: boolean;
  readonly #pool: AdmittingPool;
  #onTrial: boolean;

  constructor(pool: AdmittingPool, origin: Origin, position: number, onTrial: boolean, isMeasured: boolean) {
    this.origin = origin;
    this.position = position;
    this.isMeasured = isMeasured;
    this.#onTrial = onTrial;
    this.#pool = pool;
  }

  /** The head of a good response is there; `latency` after the origin was chosen, if that is measured. */
  succeeded(latency: Ms | undefined): void {
    this.#pool.counters.succeeded(this.origin.slot, latency);
    if (latency !== undefined && goesByLatency(this.#pool.plan)) this.#notePeak(latency);
    if (this.#onTrial) this.#endTrial('succeeded');
  }

  /** The origin cannot be connected to, is silent or breaks off; or says itself that it failed (5xx). */
  failed(): void {
    this.#pool.counters.failed(this.origin.slot, this.#pool.plan.troubleAfter);
    if (goesByLatency(this.#pool.plan)) this.#notePeak(FAILURE_LATENCY);
    if (this.#onTrial) this.#endTrial('failed');
  }

  upgraded(): void {
    this.#pool.counters.upgrade(this.origin.slot, true);
  }

  tunnelEnded(): void {
    this.#pool.counters.upgrade(this.origin.slot, false);
    this.leave();
  }

  /** Once. */
  leave(): void {
    this.#pool.counters.leave(this.origin.slot);
    if (this.#onTrial) this.#endTrial(undefined);
    else if (this.#pool.plan.maxInFlight !== undefined) this.#pool.queue.placeIsFree();
  }

  #endTrial(outcome: 'succeeded' | 'failed' | undefined): void {
    this.#onTrial = false;
    this.#pool.counters.leaveTrial(this.origin.slot, outcome);
    this.#pool.queue.placeIsFree();
  }

  #notePeak(latency: Ms): void {
    const { slot } = this.origin;
    const { counters } = this.#pool;
    const now = wrappingNow();
    counters.setPeakLatency(slot, nextPeak(counters.peakLatency(slot), counters.peakAt(slot), latency, now), now);
  }
}

/** Policies that do. */
export function goesByLatency({ balance }: Pick<PoolPlan, 'balance'>): boolean {
  return balance === 'ewma' || balance === 'least-requests';
}
