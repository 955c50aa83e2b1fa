import type { Ms } from '../../base/units.ts';

/**
 * What became of a purge at a peer. `acknowledged`: no thread of it serves any more what was purged. `not-acknowledged`: it
 * did not say so in time. `not-reached`: there was no link to it. In both cases it purges before it is linked again.
 * `unknown`: it never was a Portico node.
 */
export type Outcome = 'acknowledged' | 'not-acknowledged' | 'not-reached' | 'unknown';

export interface Receipt {
  readonly peer: string;
  readonly slot: number;
  readonly outcome: Outcome;
}

interface Waiting {
  readonly number: number;
  readonly slots: Set<number>;
  readonly done: () => void;
}

/** Waits for peers to acknowledge purges. */
export class Acknowledgements {
  readonly #waiting = new Set<Waiting>();

  /** Until the peers of these slots have acknowledged this number, or the time is over. */
  wait(number: number, slots: readonly number[], within: Ms): Promise<void> {
    if (slots.length === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting = { number, slots: new Set(slots), done: () => this.#end(waiting, timer, resolve) };
    const timer = setTimeout(waiting.done, within);
    this.#waiting.add(waiting);
    return promise;
  }

  acknowledged(slot: number, number: number): void {
    for (const waiting of this.#waiting) {
      if (waiting.number > number || !waiting.slots.delete(slot)) continue;
      if (waiting.slots.size === 0) waiting.done();
    }
  }

  /** Nobody waits any more. */
  close(): void {
    for (const { done } of this.#waiting) done();
  }

  #end(waiting: Waiting, timer: NodeJS.Timeout, resolve: () => void): void {
    clearTimeout(timer);
    this.#waiting.delete(waiting);
    resolve();
  }
}
