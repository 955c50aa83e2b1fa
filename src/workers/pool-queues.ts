import type { Doorbell } from '../base/doorbell.ts';
import { type Layout, LINE, MAX_POOLS, POOL, POOL_WORKER } from './origin-rows.ts';

/**
 * What workers know of each other's requests that wait at a pool for an origin to be free. Each keeps its own in order
 * and tells the number of its oldest, so that whoever frees a place can wake the worker whose request has waited
 * longest of all.
 */
export class PoolQueues {
  readonly #cells: Int32Array;
  readonly #layout: Layout;
  readonly #workers: number;
  readonly #worker: number;
  readonly #bells: Doorbell;

  constructor(cells: Int32Array, layout: Layout, workers: number, worker: number, bells: Doorbell) {
    this.#cells = cells;
    this.#layout = layout;
    this.#workers = workers;
    this.#worker = worker;
    this.#bells = bells;
  }

  /** Requests that wait at the pool, over all workers. */
  length(pool: number): number {
    return Atomics.load(this.#cells, this.#row(pool) + POOL.queued);
  }

  /** One more waits. Its number, never 0; `undefined`: `size` wait already. */
  join(pool: number, size: number): number | undefined {
    const cells = this.#cells;
    const row = this.#row(pool);
    let seen = Atomics.load(cells, row + POOL.queued);
    while (seen < size) {
      const before = Atomics.compareExchange(cells, row + POOL.queued, seen, seen + 1);
      if (before === seen) {
        Atomics.add(cells, this.#own(row, this.#worker) + POOL_WORKER.queued, 1);
        return Atomics.add(cells, row + POOL.ticket, 2) | 1;
      }
      seen = before;
    }
    return undefined;
  }

  /** One of this worker's waits no longer. */
  leave(pool: number): void {
    const row = this.#row(pool);
    Atomics.sub(this.#cells, row + POOL.queued, 1);
    Atomics.sub(this.#cells, this.#own(row, this.#worker) + POOL_WORKER.queued, 1);
  }

  /** Tells which of this worker's requests has waited longest; 0: none waits. */
  tellHead(pool: number, ticket: number): void {
    Atomics.store(this.#cells, this.#own(this.#row(pool), this.#worker) + POOL_WORKER.head, ticket);
  }

  /** A place is free: wakes the worker whose request has waited longest. `true`: that is this one. */
  wakeOldest(pool: number): boolean {
    const row = this.#row(pool);
    let oldest = -1;
    let first = 0;
    for (let worker = 0; worker < this.#workers; worker++) {
      const head = Atomics.load(this.#cells, this.#own(row, worker) + POOL_WORKER.head);
      // Numbers wrap around: what lies within half a circle behind is older.
      if (head === 0 || (oldest !== -1 && ((head - first) | 0) >= 0)) continue;
      oldest = worker;
      first = head;
    }
    if (oldest !== -1 && oldest !== this.#worker) this.#bells.ring(1 << oldest);
    return oldest === this.#worker;
  }

  /** Forgets what a dead worker had waiting. */
  dropWorker(worker: number): void {
    for (let pool = 0; pool < MAX_POOLS; pool++) {
      const row = this.#row(pool);
      const own = this.#own(row, worker);
      Atomics.store(this.#cells, own + POOL_WORKER.head, 0);
      const queued = Atomics.exchange(this.#cells, own + POOL_WORKER.queued, 0);
      if (queued !== 0) Atomics.sub(this.#cells, row + POOL.queued, queued);
    }
  }

  #row(pool: number): number {
    return pool * this.#layout.row;
  }

  #own(row: number, worker: number): number {
    return row + LINE * (1 + worker);
  }
}
