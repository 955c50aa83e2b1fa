import type { Ms } from '../../src/base/units.ts';
import { PATIENCE, within } from './wait.ts';

/** What happened, in order, and can be waited for: log events, requests at an origin, frames. */
export class Journal<T> {
  readonly all: T[] = [];
  readonly #what: string;
  readonly #waiting = new Set<() => void>();
  #ended: Error | undefined;

  /** `what` names an entry in the messages of failures: "event", "request". */
  constructor(what: string) {
    this.#what = what;
  }

  add(entry: T): void {
    this.all.push(entry);
    this.#wake();
  }

  /** Nothing more will come: whoever still waits is told why. */
  end(reason: Error): void {
    this.#ended = reason;
    this.#wake();
  }

  /** The first entry from index `from` on that fits, whether it is there already or still to come. */
  async waitFor(
    fits: (entry: T) => boolean,
    { from = 0, limit = PATIENCE, wanted = 'that fits' }: { from?: number; limit?: Ms; wanted?: string } = {},
  ): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let seen = from;
    const look = () => {
      for (; seen < this.all.length; seen++) {
        if (fits(this.all[seen] as T)) return resolve(this.all[seen] as T);
      }
      if (this.#ended) reject(new Error(`no ${this.#what} ${wanted}: ${this.#ended.message}`));
    };
    this.#waiting.add(look);
    try {
      look();
      return await within(promise, `${/^[aeiou]/.test(this.#what) ? 'an' : 'a'} ${this.#what} ${wanted}`, limit);
    } finally {
      this.#waiting.delete(look);
    }
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}
