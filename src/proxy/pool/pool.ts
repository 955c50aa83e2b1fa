import type { PoolPlan } from '../plan.ts';
import type { Origin, OriginCounters } from './origin.ts';
import { nextInTurn, weightedSchedule } from './selection.ts';

/** A pool as one worker sees it: its origins, and whose turn it is over all workers. */
export class Pool {
  readonly plan: PoolPlan;
  readonly origins: readonly Origin[];
  readonly counters: OriginCounters;
  readonly #schedule: Uint16Array;

  /** `origins` in the order of the plan; the generation keeps those of the one before where nothing changed. */
  constructor(plan: PoolPlan, origins: readonly Origin[], counters: OriginCounters) {
    this.plan = plan;
    this.origins = origins;
    this.counters = counters;
    this.#schedule = weightedSchedule(plan.origins.map((origin) => origin.weight));
  }

  get name(): string {
    return this.plan.name;
  }

  /** The origin whose turn it is among those not yet tried for this request; `undefined` when all were. */
  next(tried: readonly Origin[]): Origin | undefined {
    const turn = this.counters.turn(this.plan.slot);
    const { origins } = this;
    const position = nextInTurn(this.#schedule, turn, (at) => tried.includes(origins[at] as Origin));
    return position === undefined ? undefined : origins[position];
  }

  /** Takes one retry out of the budget. `false`: the pool is in trouble already, and more requests would not help. */
  takeRetry(): boolean {
    return this.counters.takeRetry(this.plan.slot, this.plan.retries.budget);
  }
}
