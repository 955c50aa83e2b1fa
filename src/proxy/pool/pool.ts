import type { RequestHead } from '../exchange.ts';
import type { PoolPlan } from '../plan.ts';
import { Admission, goesByLatency } from './admission.ts';
import { ConsistentHash } from './balance/consistent-hash.ts';
import { scattered } from './balance/hash.ts';
import { Least, requestsInFlight, timeInFlight } from './balance/least.ts';
import type { Balanced, Candidate, Policy } from './balance/policy.ts';
import { RoundRobin } from './balance/round-robin.ts';
import type { OriginCounters } from './counters.ts';
import { type Eligibility, eligibility } from './eligibility.ts';
import type { Origin } from './origin.ts';
import { PoolView } from './pool-view.ts';
import type { PoolQueue } from './queue.ts';
import type { Standing } from './standing.ts';
import { Sticky } from './sticky.ts';
import type { UnderWay } from './under-way.ts';

/** `wait`: there are origins for it, but none has a place now. `undefined`: there is none that it has not been at. */
export type Chosen = Admission | 'wait' | undefined;

/** A pool as one worker sees it: its origins, how they stand, and whose turn it is over all workers. */
export class Pool {
  readonly plan: PoolPlan;
  readonly origins: readonly Origin[];
  readonly counters: OriginCounters;
  readonly queue: PoolQueue;
  readonly underWay: UnderWay;
  readonly #sticky: Sticky | undefined;
  readonly #most: number;
  /** Of the shared table, when `#standings` was read. */
  #version: number | undefined;
  #standings: readonly Standing[] = [];
  #eligibility: Eligibility = { eligible: [], known: [], mode: 'none' };
  #policy: Policy = new RoundRobin([]);
  readonly #view: PoolView;
  #choices = -1;

  /** `origins` in the order of the plan; the generation keeps those of the one before where nothing changed. */
  constructor(plan: PoolPlan, origins: readonly Origin[], underWay: UnderWay) {
    this.plan = plan;
    this.origins = origins;
    this.underWay = underWay;
    this.counters = underWay.counters;
    this.queue = underWay.queue(plan.slot);
    this.#most = plan.maxInFlight ?? Number.POSITIVE_INFINITY;
    const routes = plan.origins.map(({ route }) => route);
    this.#sticky = plan.sticky === undefined ? undefined : new Sticky(plan.sticky, plan.name, routes);
    this.#view = new PoolView(origins, this.counters, this.#most);
  }

  get name(): string {
    return this.plan.name;
  }

  /**
   * Gives the request a place at an origin that is not among those tried for it. `waited`: it comes from the queue, and
   * need not stand behind those who wait there.
   */
  choose(request: Balanced, tried: readonly Origin[], waited = false): Chosen {
    if (!waited && tried.length === 0 && this.queue.isBusy) return 'wait';
    for (;;) {
      const version = this.#refresh();
      const chosen = this.#choose(request, tried);
      if (!(chosen instanceof Admission)) return chosen;
      // Who has changed a standing meanwhile may have found nothing in flight there, and must not be proven wrong.
      if (this.counters.version === version) return chosen;
      chosen.leave();
    }
  }

  /** A place at an origin once more. `wait`: it has none now; `undefined`: it takes nobody any more. */
  again(origin: Origin): Chosen {
    for (;;) {
      const version = this.#refresh();
      const position = this.origins.indexOf(origin);
      if (this.#standings[position]?.admits === 'none') return undefined;
      const admission = this.#admit(position, false);
      if (admission === undefined || this.counters.version === version) return admission ?? 'wait';
      admission.leave();
    }
  }

  /** A place at once, at an origin that is well and not among those tried; `undefined`: there is none. */
  elsewhere(request: Balanced, tried: readonly Origin[]): Admission | undefined {
    this.#refresh();
    if (this.#eligibility.mode !== 'normal') return undefined;
    const chosen = this.choose(request, tried, true);
    return chosen instanceof Admission ? chosen : undefined;
  }

  /** Whether the client sticks to an origin to which it may go. */
  isSticking({ head }: Balanced): boolean {
    const position = this.#sticky?.positionOf(head);
    return position !== undefined && this.#eligibility.known[position] === true;
  }

  /** The Set-Cookie for a client that was sent to this origin; `undefined`: it needs none. */
  stickyCookie(position: number, head: RequestHead, isSecure: boolean): string | undefined {
    if (this.#sticky === undefined || this.#sticky.positionOf(head) === position) return undefined;
    return this.#sticky.setCookie(position, isSecure);
  }

  /** Takes one retry out of the budget. `false`: the pool is in trouble already, and more requests would not help. */
  takeRetry(): boolean {
    return this.counters.takeRetry(this.plan.slot, this.plan.retries.budget);
  }

  #choose(request: Balanced, tried: readonly Origin[]): Chosen {
    const turn = this.counters.turn(this.plan.slot);
    const stuck = this.#sticky?.positionOf(request.head);
    if (stuck !== undefined && this.#eligibility.known[stuck] && !tried.includes(this.origins[stuck] as Origin)) {
      const admission = this.#admit(stuck, true);
      if (admission !== undefined) return admission;
      // Its session is there: that is worth a wait. Where one request at a time is let in, it is not.
      if (this.#standings[stuck]?.health !== 'trial') return 'wait';
    }
    if (this.#eligibility.mode === 'checking') return 'wait';
    const view = this.#view;
    view.begin(tried);
    for (;;) {
      const position = this.#policy.choose(turn, request, view);
      if (position === undefined) return this.#besideTrial(turn, tried) ?? (view.someAreFull ? 'wait' : undefined);
      const admission = this.#admit(position, false);
      if (admission !== undefined) return admission;
      view.exclude(position);
    }
  }

  #admit(position: number, sticks: boolean): Admission | undefined {
    const { slot } = this.origins[position] as Origin;
    const onTrial = this.#standings[position]?.health === 'trial';
    if (onTrial && !this.counters.enterTrial(slot)) return undefined;
    return this.#enter(position, sticks, onTrial);
  }

  /**
   * Where all that is left for a request is on trial, it need not wait for the one place that these have: the others
   * have failed it, or there are none, and a queue that moves by one at a time fails it as well.
   */
  #besideTrial(turn: number, tried: readonly Origin[]): Admission | undefined {
    const left = this.#eligibility.eligible.filter((position) => !tried.includes(this.origins[position] as Origin));
    if (left.some((position) => this.#standings[position]?.health !== 'trial')) return undefined;
    for (const [index] of left.entries()) {
      const admission = this.#enter(left[((turn >>> 0) + index) % left.length] as number, false, false);
      if (admission !== undefined) return admission;
    }
    return undefined;
  }

  #enter(position: number, sticks: boolean, onTrial: boolean): Admission | undefined {
    const origin = this.origins[position] as Origin;
    const { slot } = origin;
    if (!this.counters.enter(slot, this.#most)) {
      if (onTrial) this.counters.leaveTrial(slot, undefined);
      return undefined;
    }
    this.counters.elect(slot, sticks);
    return new Admission(this, origin, position, onTrial, this.#isMeasured());
  }

  /** Where the policy goes by latency, each; else one in eight, as the clock takes as long as all the rest of a choice. */
  #isMeasured(): boolean {
    if (goesByLatency(this.plan)) return true;
    this.#choices = (this.#choices + 1) | 0;
    // In no order that could fall in with that of the origins' turns.
    return (scattered(this.#choices) & 7) === 0;
  }

  /** Reads how the origins stand, if that has changed. Returns the version it goes by. */
  #refresh(): number {
    const { version } = this.counters;
    if (version === this.#version) return version;
    this.#version = version;
    const standings = this.plan.origins.map(({ slot, standing }) => this.counters.standing(slot) ?? standing);
    // The table is that of all pools: most often it is another one that has changed.
    if (isSame(standings, this.#standings)) return version;
    this.#standings = standings;
    this.#eligibility = eligibility(standings, this.plan.whenAllDown);
    this.#policy = policyOf(this.plan, this.#candidates());
    return version;
  }

  #candidates(): Candidate[] {
    return this.#eligibility.eligible.map((position) => ({
      position,
      weight: (this.#standings[position] as Standing).weight,
      name: (this.origins[position] as Origin).name,
    }));
  }
}

function policyOf({ balance, hashOn }: PoolPlan, candidates: readonly Candidate[]): Policy {
  switch (balance) {
    case 'round-robin':
      return new RoundRobin(candidates);
    case 'least-requests':
      return new Least(candidates, requestsInFlight);
    case 'ewma':
      return new Least(candidates, timeInFlight);
    case 'consistent-hash':
      return new ConsistentHash(candidates, hashOn);
  }
}

function isSame(some: readonly Standing[], others: readonly Standing[]): boolean {
  return some.length === others.length && some.every((each, at) => isOne(each, others[at] as Standing));
}

function isOne(a: Standing, b: Standing): boolean {
  return (
    a.admits === b.admits &&
    a.health === b.health &&
    a.role === b.role &&
    a.set === b.set &&
    a.weight === b.weight &&
    a.ignoreErrors === b.ignoreErrors
  );
}
