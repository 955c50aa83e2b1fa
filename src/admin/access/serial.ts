/**
 * One after the other: scrypt takes a thread of libuv's pool, which the whole process shares, and the disk tier of the
 * cache needs it too. Whoever floods the admin listener with guesses must not be felt by visitors.
 */
export class Serial {
  readonly #limit: number;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** `limit`: how many may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isFull(): boolean {
    return this.#waiting >= this.#limit;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(work);
    this.#last = result.then(
      () => this.#waiting--,
      () => this.#waiting--,
    );
    return result;
  }
}
