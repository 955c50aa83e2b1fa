import { Doorbell } from '../base/doorbell.ts';
import type { Fraction, Ms } from '../base/units.ts';
import type { Standing } from '../proxy/pool/standing.ts';
import { type Layout, LINE, layoutOf, MAX_ORIGINS, MAX_POOLS, ORIGIN, ORIGIN_WORKER, POOL } from './origin-rows.ts';
import { PoolQueues } from './pool-queues.ts';
import { standingOf, standingWord } from './standing-word.ts';

export { MAX_ORIGINS, MAX_POOLS };

/** Retries that a pool may always make in two windows, however few its requests are. */
const RETRY_ALLOWANCE = 10;

/** A mean over about so many responses. */
const LATENCY_SPAN = 16;

/** What is known of the attempts at an origin since its row was given to it. Counts wrap around at 2^32. */
export interface Outcomes {
  /** All of which is known how they came out: those that failed among them. */
  readonly responses: number;
  readonly failures: number;
  /** Failures since the last success, over all workers. */
  readonly consecutiveFailures: number;
  readonly trialsSucceeded: number;
  readonly trialsFailed: number;
}

/**
 * The origin table: what all threads must agree on about pools and origins, in shared memory. Control writes how each
 * origin stands, workers what they do there. What a worker counts of its requests in flight is in a column of its own,
 * so that a worker which dies takes its counts with it. Rows are given by `SlotAllocator` and keep their meaning across
 * reloads.
 *
 * A request is counted in two cells, the sum and the worker's own. Between them V8 ends no thread: it does so where a
 * function is called or a loop goes round.
 */
export class OriginTable {
  /** The requests that wait at each pool. */
  readonly queues: PoolQueues;
  readonly #cells: Int32Array;
  readonly #layout: Layout;
  readonly #workers: number;
  readonly #worker: number;
  readonly #bells: Doorbell;

  /** Memory for a node with this many workers. */
  static allocate(workers: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * layoutOf(workers).bells + Doorbell.size(workers + 1));
  }

  /** `worker` is whose column is counted in; the control plane has none. */
  constructor(memory: SharedArrayBuffer, workers: number, worker = workers) {
    const layout = layoutOf(workers);
    this.#cells = new Int32Array(memory, 0, layout.bells);
    this.#layout = layout;
    this.#workers = workers;
    this.#worker = worker;
    this.#bells = new Doorbell(memory, worker, 4 * layout.bells);
    this.queues = new PoolQueues(this.#cells, layout, workers, worker, this.#bells);
  }

  /** Changes whenever a standing does: a worker that reads it at each choice knows all of them. */
  get version(): number {
    return Atomics.load(this.#cells, this.#layout.version);
  }

  /** By control alone. Workers see it with their next choice, and those that have requests waiting look at once. */
  setStanding(slot: number, standing: Standing): void {
    Atomics.store(this.#cells, this.#row(slot) + ORIGIN.standing, standingWord(standing));
    this.#changed();
  }

  /** `undefined`: none was written since the row was given away, and what the file says holds. */
  standing(slot: number): Standing | undefined {
    return standingOf(Atomics.load(this.#cells, this.#row(slot) + ORIGIN.standing));
  }

  /** Makes the row that of another origin. By control, while nothing is in flight there. */
  clear(slot: number): void {
    const row = this.#row(slot);
    for (let cell = row; cell < row + this.#layout.row; cell++) Atomics.store(this.#cells, cell, 0);
    this.#changed();
  }

  /** One more request at the origin. `false`: it has `most` of them already. */
  enter(slot: number, most = Number.POSITIVE_INFINITY): boolean {
    const cells = this.#cells;
    const sum = this.#row(slot) + ORIGIN.inFlight;
    const own = this.#own(slot);
    if (most === Number.POSITIVE_INFINITY) {
      Atomics.add(cells, sum, 1);
      Atomics.add(cells, own + ORIGIN_WORKER.inFlight, 1);
      return true;
    }
    let seen = Atomics.load(cells, sum);
    while (seen < most) {
      const before = Atomics.compareExchange(cells, sum, seen, seen + 1);
      if (before === seen) {
        Atomics.add(cells, own + ORIGIN_WORKER.inFlight, 1);
        return true;
      }
      seen = before;
    }
    return false;
  }

  leave(slot: number): void {
    Atomics.sub(this.#cells, this.#row(slot) + ORIGIN.inFlight, 1);
    Atomics.sub(this.#cells, this.#own(slot) + ORIGIN_WORKER.inFlight, 1);
  }

  /** Requests in flight at an origin, over all workers: one look at the sum, for who compares origins. */
  load(slot: number): number {
    return Atomics.load(this.#cells, this.#row(slot) + ORIGIN.inFlight);
  }

  /** The same, counted together from what each worker has. */
  inFlight(slot: number): number {
    return this.#sum(slot, ORIGIN_WORKER.inFlight);
  }

  /** Upgraded connections among those in flight. */
  upgraded(slot: number): number {
    return this.#sum(slot, ORIGIN_WORKER.upgraded);
  }

  /** A request in flight has become an upgraded connection; `false`: that has ended. */
  upgrade(slot: number, begins: boolean): void {
    Atomics.add(this.#cells, this.#own(slot) + ORIGIN_WORKER.upgraded, begins ? 1 : -1);
  }

  /** How often it was chosen. Wraps around at 2^32. */
  elected(slot: number): number {
    return this.#sum(slot, ORIGIN_WORKER.elected);
  }

  /** How often because a client sticks there. Wraps around at 2^32. */
  stickySeen(slot: number): number {
    return this.#sum(slot, ORIGIN_WORKER.sticky);
  }

  elect(slot: number, sticks: boolean): void {
    const own = this.#own(slot);
    Atomics.add(this.#cells, own + ORIGIN_WORKER.elected, 1);
    if (sticks) Atomics.add(this.#cells, own + ORIGIN_WORKER.sticky, 1);
  }

  /** Takes the one place that an origin on trial has. `false`: another request has it. */
  enterTrial(slot: number): boolean {
    const cell = this.#row(slot) + ORIGIN.trial;
    return Atomics.compareExchange(this.#cells, cell, 0, this.#worker + 1) === 0;
  }

  /** Gives that place back. Control is woken by how it came out; `undefined`: the request was given up. */
  leaveTrial(slot: number, outcome: 'succeeded' | 'failed' | undefined): void {
    const row = this.#row(slot);
    if (outcome === 'succeeded') Atomics.add(this.#cells, row + ORIGIN.trialsSucceeded, 1);
    else if (outcome === 'failed') Atomics.add(this.#cells, row + ORIGIN.trialsFailed, 1);
    Atomics.store(this.#cells, row + ORIGIN.trial, 0);
    if (outcome !== undefined) this.#ringControl();
  }

  /** A response that tells that the origin is well. `latency`: until its first byte, if that was measured. */
  succeeded(slot: number, latency: Ms | undefined): void {
    const cells = this.#cells;
    const row = this.#row(slot);
    Atomics.add(cells, this.#own(slot) + ORIGIN_WORKER.responses, 1);
    if (Atomics.load(cells, row + ORIGIN.consecutiveFailures) !== 0) {
      Atomics.store(cells, row + ORIGIN.consecutiveFailures, 0);
    }
    if (latency === undefined) return;
    // Of two workers at once one may be lost: it is a mean.
    const sample = Math.min(MAX_LATENCY, latency * 1000);
    const mean = Atomics.load(cells, row + ORIGIN.latency);
    const next = mean === 0 ? sample : mean + (sample - mean) / LATENCY_SPAN;
    Atomics.store(cells, row + ORIGIN.latency, Math.max(1, Math.round(next)));
  }

  /** An attempt failed. Control is woken each time that `limit` of them have come one after the other; 0: never. */
  failed(slot: number, limit: number): void {
    const own = this.#own(slot);
    Atomics.add(this.#cells, own + ORIGIN_WORKER.responses, 1);
    Atomics.add(this.#cells, own + ORIGIN_WORKER.failures, 1);
    const count = (Atomics.add(this.#cells, this.#row(slot) + ORIGIN.consecutiveFailures, 1) + 1) >>> 0;
    if (limit > 0 && count % limit === 0) this.#ringControl();
  }

  outcomes(slot: number): Outcomes {
    const row = this.#row(slot);
    const shared = (cell: number) => Atomics.load(this.#cells, row + cell) >>> 0;
    return {
      responses: this.#sum(slot, ORIGIN_WORKER.responses) >>> 0,
      failures: this.#sum(slot, ORIGIN_WORKER.failures) >>> 0,
      consecutiveFailures: shared(ORIGIN.consecutiveFailures),
      trialsSucceeded: shared(ORIGIN.trialsSucceeded),
      trialsFailed: shared(ORIGIN.trialsFailed),
    };
  }

  /** Begins to count consecutive failures anew, as when an ejection ends. */
  forgetFailures(slot: number): void {
    Atomics.store(this.#cells, this.#row(slot) + ORIGIN.consecutiveFailures, 0);
  }

  /** Time to the first byte of good responses, a moving mean; `undefined`: none was measured. */
  latency(slot: number): Ms | undefined {
    const mean = Atomics.load(this.#cells, this.#row(slot) + ORIGIN.latency);
    return mean === 0 ? undefined : mean / 1000;
  }

  /** What policies keep of an origin's latency, and when (ms that wrap around at 2^31). 0: nothing. */
  peakLatency(slot: number): Ms {
    return Atomics.load(this.#cells, this.#row(slot) + ORIGIN.peak) / 1000;
  }

  peakAt(slot: number): Ms {
    return Atomics.load(this.#cells, this.#row(slot) + ORIGIN.peakAt);
  }

  setPeakLatency(slot: number, latency: Ms, at: Ms): void {
    const row = this.#row(slot);
    Atomics.store(this.#cells, row + ORIGIN.peak, Math.max(1, Math.round(Math.min(MAX_LATENCY, latency * 1000))));
    Atomics.store(this.#cells, row + ORIGIN.peakAt, at);
  }

  /**
   * Of control: called when an origin has failed as often as its pool endures, and when a trial came out. Of a worker:
   * called when there may be a place for one of its requests that wait. One call for any number of reasons; what they
   * are stands in the table. Until `close`.
   */
  listen(onNews: () => void): void {
    this.#bells.listen(onNews);
  }

  close(): void {
    this.#bells.close();
  }

  turn(poolSlot: number): number {
    return Atomics.add(this.#cells, this.#pool(poolSlot) + POOL.cursor, 1) >>> 0;
  }

  /**
   * Whether this window and the one before have a retry left; takes it. Two workers at once may take one more than there
   * is: cheaper than to have one wait for the other.
   */
  takeRetry(poolSlot: number, budget: Fraction): boolean {
    const row = this.#pool(poolSlot);
    const since = (cell: number, mark: number) =>
      (Atomics.load(this.#cells, row + cell) - Atomics.load(this.#cells, row + mark)) >>> 0;
    const retries = since(POOL.retries, POOL.retriesMark);
    // A retry takes a turn as well. That it is one must not make room for the next.
    const requests = Math.max(0, since(POOL.cursor, POOL.mark) - retries);
    if (retries >= RETRY_ALLOWANCE + requests * budget) return false;
    Atomics.add(this.#cells, row + POOL.retries, 1);
    return true;
  }

  /**
   * Begins a new window of the retry budget for every pool. The last one counts on: an origin that dies just then fails
   * requests that were counted there.
   */
  beginRetryWindow(): void {
    for (let slot = 0; slot < MAX_POOLS; slot++) {
      const row = this.#pool(slot);
      const move = (to: number, from: number) =>
        Atomics.store(this.#cells, row + to, Atomics.load(this.#cells, row + from));
      move(POOL.mark, POOL.nextMark);
      move(POOL.retriesMark, POOL.nextRetriesMark);
      move(POOL.nextMark, POOL.cursor);
      move(POOL.nextRetriesMark, POOL.retries);
    }
  }

  /** Forgets what a dead worker had in flight, on trial and waiting. */
  dropWorker(worker: number): void {
    for (let slot = 0; slot < MAX_ORIGINS; slot++) {
      const row = this.#row(slot);
      const own = row + LINE * (1 + worker);
      const inFlight = Atomics.exchange(this.#cells, own + ORIGIN_WORKER.inFlight, 0);
      if (inFlight !== 0) Atomics.sub(this.#cells, row + ORIGIN.inFlight, inFlight);
      Atomics.store(this.#cells, own + ORIGIN_WORKER.upgraded, 0);
      Atomics.compareExchange(this.#cells, row + ORIGIN.trial, worker + 1, 0);
    }
    this.queues.dropWorker(worker);
    // Its places are free now.
    this.#bells.ring(this.#everyWorker);
  }

  #changed(): void {
    Atomics.add(this.#cells, this.#layout.version, 1);
    this.#bells.ring(this.#everyWorker);
  }

  #ringControl(): void {
    this.#bells.ring(1 << this.#workers);
  }

  get #everyWorker(): number {
    return (1 << this.#workers) - 1;
  }

  #sum(slot: number, cell: number): number {
    const row = this.#row(slot);
    let sum = 0;
    for (let worker = 0; worker < this.#workers; worker++) {
      sum += Atomics.load(this.#cells, row + LINE * (1 + worker) + cell);
    }
    return sum;
  }

  #pool(slot: number): number {
    return slot * this.#layout.row;
  }

  #row(slot: number): number {
    return this.#layout.origins + slot * this.#layout.row;
  }

  #own(slot: number): number {
    return this.#row(slot) + LINE * (1 + this.#worker);
  }
}

/** In µs, as one cell holds it: 35 minutes. */
const MAX_LATENCY = 2 ** 31 - 1;
