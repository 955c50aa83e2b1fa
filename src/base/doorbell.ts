import type { Bytes } from './units.ts';

/**
 * One bell a seat, by which threads tell each other that something changed; what, stands in the memory that they share.
 * Each cell counts rings and wraps around, each in a cache line of its own.
 *
 *     0            16           32
 *     +------+-----+------+-----+--
 *     | rings|     | rings|     |
 *     +------+-----+------+-----+--
 *       seat 0       seat 1
 */
export class Doorbell {
  readonly #cells: Int32Array;
  readonly #seat: number;
  #onRing: (() => void) | undefined;
  /** Outlives `close` until the wait has ended. */
  #isWaiting = false;

  static allocate(seats: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Doorbell.size(seats));
  }

  static size(seats: number): Bytes {
    return 4 * STRIDE * seats;
  }

  /** `offset`: where the first bell is in the memory, in bytes, if that holds other things as well. */
  constructor(memory: SharedArrayBuffer, seat: number, offset: Bytes = 0) {
    this.#cells = new Int32Array(memory, offset);
    this.#seat = seat;
  }

  /** Rings at every seat of the mask. Whoever does not listen misses nothing: it reads the memory before it listens. */
  ring(mask: number): void {
    for (let rest = mask; rest !== 0; rest &= rest - 1) {
      const cell = (31 - Math.clz32(rest & -rest)) * STRIDE;
      Atomics.add(this.#cells, cell, 1);
      Atomics.notify(this.#cells, cell);
    }
  }

  /**
   * Calls `onRing` once for any number of rings since the last time, until `close`. Does not keep the event loop alive.
   */
  listen(onRing: () => void): void {
    this.#onRing = onRing;
    if (!this.#isWaiting) this.#await(Atomics.load(this.#cells, this.#seat * STRIDE));
  }

  close(): void {
    if (this.#onRing === undefined) return;
    this.#onRing = undefined;
    // The outstanding wait ends, and nothing begins another.
    this.ring(1 << this.#seat);
  }

  /** Waits for the cell to be other than `seen`, what it was before the last call: a ring in between ends the wait at once. */
  #await(seen: number): void {
    this.#isWaiting = true;
    const wait = Atomics.waitAsync(this.#cells, this.#seat * STRIDE, seen);
    if (wait.async) void wait.value.then(() => this.#answer());
    else setImmediate(() => this.#answer());
  }

  #answer(): void {
    this.#isWaiting = false;
    if (this.#onRing === undefined) return;
    const seen = Atomics.load(this.#cells, this.#seat * STRIDE);
    try {
      this.#onRing();
    } finally {
      this.#await(seen);
    }
  }
}

const STRIDE = 16;
