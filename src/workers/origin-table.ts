import type { Fraction } from '../base/units.ts';

/**
 * The origin table: what all threads must agree on about pools and origins, in shared memory. A worker counts its
 * requests in flight in a column of its own, so that a worker which dies takes its counts with it.
 *
 * All cells are 32 bits:
 *
 *     0                     POOLS × 4                      + ORIGINS × (2 + workers)
 *     +---------------------+------------------------------+
 *     | cursor | mark |     | state | - | in flight by     |
 *     | retries | -         | worker 0, 1, …               |
 *     +---------------------+------------------------------+
 *       one row a pool        one row an origin
 *
 * `cursor` counts the turns of round robin, one for each attempt, and wraps around; `mark` is where it stood when the
 * retry window began, `retries` how many of the turns since then were retries. Rows are given by `SlotAllocator` and keep their meaning across reloads.
 */

export const MAX_POOLS = 512;
export const MAX_ORIGINS = 8192;

/** Retries that a pool may always make in one window, however few its requests are. */
const RETRY_ALLOWANCE = 10;

const POOL_CELLS = 4;
const CURSOR = 0;
const MARK = 1;
const RETRIES = 2;

const ORIGIN_CELLS = 2;
const ORIGINS_AT = MAX_POOLS * POOL_CELLS;

export class OriginTable {
  readonly #cells: Int32Array;
  readonly #stride: number;
  readonly #workers: number;
  readonly #worker: number;

  /** Memory for a node with this many workers. */
  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * (ORIGINS_AT + MAX_ORIGINS * (ORIGIN_CELLS + workers)));
  }

  /** `worker` is whose column `enter` and `leave` count in; the control plane needs none. */
  constructor(memory: SharedArrayBuffer, workers: number, worker = 0) {
    this.#cells = new Int32Array(memory);
    this.#stride = ORIGIN_CELLS + workers;
    this.#workers = workers;
    this.#worker = worker;
  }

  enter(slot: number): void {
    Atomics.add(this.#cells, this.#column(slot, this.#worker), 1);
  }

  leave(slot: number): void {
    Atomics.sub(this.#cells, this.#column(slot, this.#worker), 1);
  }

  /** Requests in flight at an origin, over all workers. */
  inFlight(slot: number): number {
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) {
      sum += Atomics.load(this.#cells, this.#column(slot, worker));
    }
    return sum;
  }

  /** Forgets what a dead worker had in flight. */
  dropWorker(worker: number): void {
    for (let slot = 0; slot < MAX_ORIGINS; slot++) Atomics.store(this.#cells, this.#column(slot, worker), 0);
  }

  turn(poolSlot: number): number {
    return Atomics.add(this.#cells, poolSlot * POOL_CELLS + CURSOR, 1) >>> 0;
  }

  /** Two workers at once may take one more than there is: cheaper than to have one wait for the other. */
  takeRetry(poolSlot: number, budget: Fraction): boolean {
    const row = poolSlot * POOL_CELLS;
    const turns = (Atomics.load(this.#cells, row + CURSOR) - Atomics.load(this.#cells, row + MARK)) >>> 0;
    const retries = Atomics.load(this.#cells, row + RETRIES);
    // A retry takes a turn as well. That it is one must not make room for the next.
    const requests = Math.max(0, turns - retries);
    if (retries >= RETRY_ALLOWANCE + requests * budget) return false;
    Atomics.add(this.#cells, row + RETRIES, 1);
    return true;
  }

  /** Begins a new window of the retry budget for every pool. */
  beginRetryWindow(): void {
    for (let row = 0; row < ORIGINS_AT; row += POOL_CELLS) {
      Atomics.store(this.#cells, row + MARK, Atomics.load(this.#cells, row + CURSOR));
      Atomics.store(this.#cells, row + RETRIES, 0);
    }
  }

  #column(slot: number, worker: number): number {
    return ORIGINS_AT + slot * this.#stride + ORIGIN_CELLS + worker;
  }
}
