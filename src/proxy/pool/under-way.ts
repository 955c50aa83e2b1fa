import { Roster, type Rostered } from '../../base/roster.ts';
import type { OriginCounters } from './counters.ts';
import { PoolQueue } from './queue.ts';

/** What can be ended from our side. */
export interface Cuttable extends Rostered {
  cut(): void;
  /** Goes elsewhere, if that is safe and somebody is there; else it stays. */
  giveWay(): void;
}

/** What of a worker's pools outlives a reload: attempts at each origin, and requests that wait at each pool. */
export class UnderWay {
  readonly counters: OriginCounters;
  /** By the rows of origins, and of pools. */
  readonly #attempts: (Roster<Cuttable> | undefined)[] = [];
  readonly #queues = new Map<number, PoolQueue>();

  constructor(counters: OriginCounters) {
    this.counters = counters;
  }

  queue(poolSlot: number): PoolQueue {
    let queue = this.#queues.get(poolSlot);
    if (queue === undefined) {
      queue = new PoolQueue(poolSlot, this.counters.queues);
      this.#queues.set(poolSlot, queue);
    }
    return queue;
  }

  begin(slot: number, attempt: Cuttable): void {
    let attempts = this.#attempts[slot];
    if (attempts === undefined) {
      attempts = new Roster();
      this.#attempts[slot] = attempts;
    }
    attempts.add(attempt);
  }

  end(slot: number, attempt: Cuttable): void {
    this.#attempts[slot]?.delete(attempt);
  }

  /** Ends whatever is in flight at the origin of this row, tunnels too. */
  cut(slot: number): void {
    for (const attempt of this.#attempts[slot] ?? []) attempt.cut();
  }

  /** The origin of this row is down: who still waits for it need not. */
  giveWay(slot: number): void {
    for (const attempt of this.#attempts[slot] ?? []) attempt.giveWay();
  }

  /** A place may be free, or an origin usable that was not. */
  wake(): void {
    for (const queue of this.#queues.values()) queue.wake();
  }
}
