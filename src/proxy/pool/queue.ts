import type { Ms } from '../../base/units.ts';
import type { QueueCounters } from './counters.ts';

/** A request that waits for an origin to be free. */
export interface QueueMember {
  /** It waits for one origin alone, where its client sticks: that others find no place says nothing of it. */
  readonly isPicky: boolean;
  /** Goes on if it can, and has left the queue by then. `false`: there is still no place for it. */
  goOn(): boolean;
  /** It has waited too long, and has left the queue. */
  overdue(): void;
}

/** A member's place in the queue. */
export interface Waiter {
  readonly member: QueueMember;
  readonly ticket: number;
  readonly deadline: Ms;
  /** As the member was when it came: that may change while it waits. */
  readonly isPicky: boolean;
  previous: Waiter | undefined;
  next: Waiter | undefined;
  isWaiting: boolean;
}

/** Nobody is forgotten for longer, should the worker that was to wake it have died in between. */
const LOOK_EVERY: Ms = 100;

/**
 * This worker's requests that wait at one pool, in the order they came. It outlives a reload. All workers together are
 * as good as one queue: a place that is freed is offered to who has waited longest of all, and only the next turn of the
 * event loop offers it here.
 */
export class PoolQueue {
  readonly #slot: number;
  readonly #counters: QueueCounters;
  #first: Waiter | undefined;
  #last: Waiter | undefined;
  #picky = 0;
  #timer: NodeJS.Timeout | undefined;
  #isScheduled = false;

  /** `slot`: the pool's row in the shared table. */
  constructor(slot: number, counters: QueueCounters) {
    this.#slot = slot;
    this.#counters = counters;
  }

  /** Whether a request that comes now would have others before it. */
  get isBusy(): boolean {
    return this.#first !== undefined;
  }

  /** `size` counts those of all workers. `undefined`: so many wait already. */
  join(member: QueueMember, { size, timeout }: { readonly size: number; readonly timeout: Ms }): Waiter | undefined {
    const ticket = this.#counters.join(this.#slot, size);
    if (ticket === undefined) return undefined;
    const deadline = performance.now() + timeout;
    const { isPicky } = member;
    const waiter: Waiter = {
      member,
      ticket,
      deadline,
      isPicky,
      previous: this.#last,
      next: undefined,
      isWaiting: true,
    };
    if (this.#last !== undefined) this.#last.next = waiter;
    this.#last = waiter;
    if (isPicky) this.#picky += 1;
    if (this.#first === undefined) this.#lead(waiter);
    // A place that was freed before we said that somebody waits, nobody offers to us.
    this.#schedule();
    return waiter;
  }

  /** A no-op for who has left already. */
  leave(waiter: Waiter): void {
    if (!waiter.isWaiting) return;
    waiter.isWaiting = false;
    const { previous, next } = waiter;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    if (waiter.isPicky) this.#picky -= 1;
    this.#counters.leave(this.#slot);
    if (previous === undefined) this.#lead(next);
    else previous.next = next;
  }

  /** Of this worker's requests, one has left its origin. */
  placeIsFree(): void {
    if (this.#counters.length(this.#slot) === 0) return;
    this.#counters.wakeOldest(this.#slot);
    this.#schedule();
  }

  /** Something has changed: whoever can go on does. */
  wake(): void {
    let isBlocked = false;
    let waiter = this.#first;
    while (waiter !== undefined && !(isBlocked && this.#picky === 0)) {
      const { member, next } = waiter;
      if (waiter.isWaiting && !(isBlocked && !member.isPicky) && !member.goOn() && !member.isPicky) isBlocked = true;
      waiter = next;
    }
  }

  #lead(waiter: Waiter | undefined): void {
    this.#first = waiter;
    this.#counters.tellHead(this.#slot, waiter?.ticket ?? 0);
    if (waiter === undefined) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } else {
      this.#timer ??= setTimeout(() => this.#look(), this.#pause(waiter));
    }
  }

  #pause({ deadline }: Waiter): Ms {
    return Math.max(1, Math.min(LOOK_EVERY, deadline - performance.now()));
  }

  #look(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (let first = this.#first; first !== undefined && first.deadline <= now; first = this.#first) {
      this.leave(first);
      first.member.overdue();
    }
    this.wake();
    if (this.#first !== undefined) this.#timer ??= setTimeout(() => this.#look(), this.#pause(this.#first));
  }

  #schedule(): void {
    if (this.#isScheduled || this.#first === undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.wake();
    });
  }
}
