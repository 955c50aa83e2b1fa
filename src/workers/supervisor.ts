import { Worker } from 'node:worker_threads';
import type { Bytes, Ms } from '../base/units.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import type { CacheShare } from '../cache/share.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { replayEvent } from '../observe/event-log.ts';
import type { Maintained } from '../proxy/maintenance.ts';
import type { SiblingReceipt } from '../proxy/siblings.ts';
import { keepHeapsSmall, youngGeneration } from './heaps.ts';
import type { FromWorker, ToWorker, Wanted, WorkerPlan, WorkerStart } from './messages.ts';
import { OriginTable } from './origin-table.ts';

/** A worker that dies again and again is started ever more slowly, but never given up. */
const FIRST_BACKOFF: Ms = 100;
const LONGEST_BACKOFF: Ms = 10_000;
/** After this long a worker's death is its first again. */
const SETTLED_AFTER: Ms = 60_000;

/** A worker that is still there so long after its deadline does not listen (an endless loop, say), and is ended. */
const OVERDUE: Ms = 2_000;

/**
 * How long a connection may be idle while the node is drained: it would keep its client for as long as it stays open. Most clients that use
 * theirs do so within that time, and get their `Connection: close` without losing any.
 */
const DRAINING_IDLE: Ms = 10_000;

/** The same, where all are to be over within a time: as late as that lets it. */
const MOVING_SHARE = 0.8;

export interface SupervisorOptions {
  /** The worker's program. */
  readonly entry: URL;
  readonly workers: number;
  readonly log: EventLog;
  readonly cache?: SupervisedCache | undefined;
  readonly traffic?: SupervisedTraffic | undefined;
  readonly siblings?: SupervisedSiblings | undefined;
}

/** What workers and siblings have to do with each other. */
export interface SupervisedSiblings {
  readonly memory: SharedArrayBuffer;
  /** Tells siblings of a purge that was made in a worker. Never rejects. */
  publish(orders: readonly PurgeOrder[], soft: boolean): Promise<readonly SiblingReceipt[]>;
}

/** Where workers count what passes. */
export interface SupervisedTraffic {
  readonly memory: SharedArrayBuffer;
  /** Forgets what a dead worker held: requests in flight, open connections. */
  dropWorker(worker: number): void;
}

/** What workers share beside the origin table. */
export interface SupervisedCache {
  readonly share: CacheShare;
  /** Told when all workers are to be given the new `share`. */
  onRenewed: () => void;
  workerDied(worker: number): Promise<void>;
}

/** Starts the workers, hands them each generation in two steps, and replaces one that dies. */
export class Supervisor {
  readonly originTable: OriginTable;
  readonly #options: SupervisorOptions;
  readonly #memory: SharedArrayBuffer;
  readonly #seats: Seat[];
  #current: WorkerPlan | undefined;
  /** One change at a time: a new generation, or a new worker that is brought to where the others are. */
  #changes: Promise<unknown> = Promise.resolve();
  #maintained: Maintained = new Map();
  #isDraining = false;
  #movesWithin: Ms | undefined;
  #stopping = false;
  #deaths = 0;
  #fills = 0;
  /** What of the cache is being set right after a death. */
  readonly #settling = new Set<Promise<void>>();

  constructor(options: SupervisorOptions) {
    const { workers } = options;
    this.#options = options;
    keepHeapsSmall();
    this.#memory = OriginTable.allocate(workers);
    this.originTable = new OriginTable(this.#memory, workers);
    this.#seats = Array.from({ length: workers }, (_, index) => new Seat(index));
    for (const seat of this.#seats) this.#seat(seat);
    const { cache } = options;
    if (cache === undefined) return;
    cache.onRenewed = () => {
      for (const seat of this.#seats) seat.send({ type: 'replace_cache', cache: cache.share });
    };
  }

  /**
   * Has every worker build the generation and, if all could, serve it; resolves when all do. Else it is as if it had
   * never been, and what they could not do is returned.
   */
  switchTo(plan: WorkerPlan): Promise<string[]> {
    return this.#inTurn(async () => {
      const answers = await Promise.all(this.#seats.map((seat) => seat.prepare(plan)));
      const problems = new Set(answers.filter((problem) => problem !== undefined));
      if (problems.size > 0) {
        for (const seat of this.#seats) seat.discard();
      } else {
        const isFirst = this.#current === undefined;
        this.#current = plan;
        await Promise.all(this.#seats.map((seat) => seat.activate()));
        // Later on a worker that dies has a successor; if none lives to begin with, there is nothing to succeed to.
        const isServed = this.#seats.some(({ generation }) => generation === plan.generation);
        if (isFirst && !isServed) problems.add('every worker died at its start, for the reasons above');
      }
      return [...problems];
    });
  }

  /** Workers that serve the newest generation. */
  get serving(): number {
    const generation = this.#current?.generation;
    return generation === undefined ? 0 : this.#seats.filter((seat) => seat.generation === generation).length;
  }

  /** How many workers have died. */
  get deaths(): number {
    return this.#deaths;
  }

  /** Has every worker cut what is in flight at an origin, by its row. Nobody new goes there if its standing says so. */
  cut(slot: number): void {
    for (const seat of this.#seats) seat.send({ type: 'cut', slot });
  }

  /** An origin is down, by its row: has every worker send those elsewhere who wait for it, and may go. */
  giveWay(slot: number): void {
    for (const seat of this.#seats) seat.send({ type: 'give_way', slot });
  }

  /** Has these pools, and no others, answered by a page. */
  maintain(maintained: Maintained): void {
    this.#maintained = maintained;
    for (const seat of this.#seats) seat.send({ type: 'maintain', maintained });
  }

  /** The node's traffic is to go elsewhere, or no more: clients' connections end with the next reply on them. */
  drain(on: boolean): void {
    this.#isDraining = on;
    this.#tellDraining();
  }

  /** An address is about to go to another node: the same, within so long; `undefined`: no more. */
  move(within: Ms | undefined): void {
    this.#movesWithin = within;
    this.#tellDraining();
  }

  #tellDraining(): void {
    const idle = this.#drainingIdle;
    for (const seat of this.#seats) seat.send({ type: 'drain', idle });
  }

  get #drainingIdle(): Ms | undefined {
    if (this.#movesWithin !== undefined) return MOVING_SHARE * this.#movesWithin;
    return this.#isDraining ? DRAINING_IDLE : undefined;
  }

  /** Has one of the workers store what a sibling has. Resolves with the bytes of its body; `undefined`: it is not stored. */
  fill(slot: number, wanted: Wanted): Promise<Bytes | undefined> {
    const seats = this.#seats.filter(({ generation }) => generation !== undefined);
    this.#fills += 1;
    const seat = seats[this.#fills % seats.length];
    return seat === undefined ? Promise.resolve(undefined) : seat.fill(this.#fills, slot, wanted);
  }

  reopenLogs(): void {
    for (const seat of this.#seats) seat.send({ type: 'reopen_logs' });
  }

  /** Resolves when every worker has ended; each cuts what still runs after `within`. */
  async stop(within: Ms): Promise<void> {
    this.#stopping = true;
    const overdue = setTimeout(() => {
      for (const seat of this.#seats) seat.kill();
    }, within + OVERDUE);
    // First all of them: a client whose connection one worker ends may come again at once, and would be accepted by
    // another worker's listener only to be closed with it.
    await Promise.all(this.#seats.map((seat) => seat.stopAccepting()));
    await Promise.all(this.#seats.map((seat) => seat.stop(within)));
    clearTimeout(overdue);
    await Promise.all(this.#settling);
  }

  #seat(seat: Seat): void {
    const { entry, workers, log, cache, traffic, siblings } = this.#options;
    const start: WorkerStart = {
      index: seat.index,
      workers,
      originTable: this.#memory,
      trafficTable: traffic?.memory,
      maintained: this.#maintained,
      drainingIdle: this.#drainingIdle,
      cache: cache?.share,
      peerTable: siblings?.memory,
    };
    const worker = new Worker(entry, {
      workerData: start,
      name: `worker ${seat.index}`,
      resourceLimits: { maxYoungGenerationSizeMb: youngGeneration(workers) },
    });
    const onPurge = async (orders: readonly PurgeOrder[], soft: boolean) =>
      (await siblings?.publish(orders, soft)) ?? [];
    seat.take(worker, { log, onDeath: (error) => this.#replace(seat, error), onPurge });
  }

  #replace(seat: Seat, error: unknown): void {
    this.originTable.dropWorker(seat.index);
    this.#options.traffic?.dropWorker(seat.index);
    if (this.#stopping) return;
    this.#deaths += 1;
    const settled = this.#settleCache(seat.index);
    this.#settling.add(settled);
    void settled.finally(() => this.#settling.delete(settled));
    const delay = seat.nextBackoff();
    this.#options.log.error('worker died, a new one is started', { worker: seat.index, backoff_ms: delay, error });
    setTimeout(async () => {
      await settled;
      if (this.#stopping) return;
      this.#seat(seat);
      void this.#inTurn(() => this.#resume(seat));
    }, delay);
  }

  /** Undoes what a dead worker had of the cache, before another one sits in its place. */
  async #settleCache(index: number): Promise<void> {
    try {
      await this.#options.cache?.workerDied(index);
    } catch (error) {
      this.#options.log.error('what a dead worker had of the cache was not undone', { worker: index, error });
    }
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#changes.then(change);
    this.#changes = result.catch(() => {});
    return result;
  }

  /** Brings a new worker to where the others are, unless a change before it has done so. */
  async #resume(seat: Seat): Promise<void> {
    const plan = this.#current;
    if (plan === undefined) return;
    const problem = seat.generation === plan.generation ? undefined : await seat.prepare(plan);
    if (problem !== undefined) {
      this.#options.log.error('worker cannot serve', { worker: seat.index, problem });
      seat.kill();
      return;
    }
    await seat.activate();
    // Else it has died meanwhile, and the next one is on its way.
    if (seat.generation === plan.generation) this.#options.log.info('worker replaced', { worker: seat.index });
  }
}

interface SeatHolder {
  readonly log: EventLog;
  readonly onDeath: (error: unknown) => void;
  /** Never rejects. */
  readonly onPurge: (orders: readonly PurgeOrder[], soft: boolean) => Promise<readonly SiblingReceipt[]>;
}

/** A worker's place, whichever worker sits there. */
class Seat {
  readonly index: number;
  #worker: Worker | undefined;
  /** What it has prepared and not yet been told to serve. */
  #next: WorkerPlan | undefined;
  #generation: number | undefined;
  #startedAt = 0;
  #backoff: Ms = FIRST_BACKOFF;
  #prepared: ((problem: string | undefined) => void) | undefined;
  #active: (() => void) | undefined;
  #notAccepting: (() => void) | undefined;
  #ended: (() => void) | undefined;
  readonly #filling = new Map<number, (bytes: Bytes | undefined) => void>();

  constructor(index: number) {
    this.index = index;
  }

  /** Which one its worker serves. */
  get generation(): number | undefined {
    return this.#generation;
  }

  take(worker: Worker, holder: SeatHolder): void {
    this.#worker = worker;
    this.#startedAt = Date.now();
    let error: unknown;
    worker.on('message', (message: FromWorker) => this.#heard(message, holder));
    worker.on('error', (cause) => {
      error = cause;
    });
    worker.on('exit', (code) => {
      this.#worker = undefined;
      this.#next = undefined;
      this.#generation = undefined;
      // Whoever waits for the dead waits no longer: its successor is brought to the newest generation.
      this.#prepared?.(undefined);
      this.#active?.();
      this.#notAccepting?.();
      this.#ended?.();
      for (const id of [...this.#filling.keys()]) this.#filled(id, undefined);
      holder.onDeath(error ?? new Error(`it ended with status ${code}`));
    });
  }

  nextBackoff(): Ms {
    if (Date.now() - this.#startedAt > SETTLED_AFTER) this.#backoff = FIRST_BACKOFF;
    const delay = this.#backoff;
    this.#backoff = Math.min(delay * 2, LONGEST_BACKOFF);
    return delay;
  }

  send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  prepare(plan: WorkerPlan): Promise<string | undefined> {
    if (this.#worker === undefined) return Promise.resolve(undefined);
    this.#next = plan;
    return new Promise((resolve) => {
      this.#prepared = resolve;
      this.send({ type: 'prepare', plan });
    });
  }

  /** A worker that came after the others had prepared has nothing to activate, and is brought along later. */
  activate(): Promise<void> {
    if (this.#next === undefined) return Promise.resolve();
    this.#generation = this.#next.generation;
    this.#next = undefined;
    return new Promise((resolve) => {
      this.#active = resolve;
      this.send({ type: 'activate' });
    });
  }

  fill(id: number, slot: number, { url, fields }: Wanted): Promise<Bytes | undefined> {
    return new Promise((resolve) => {
      this.#filling.set(id, resolve);
      this.send({ type: 'fill', id, slot, url, fields });
    });
  }

  discard(): void {
    this.#next = undefined;
    this.send({ type: 'discard' });
  }

  stopAccepting(): Promise<void> {
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#notAccepting = resolve;
      this.send({ type: 'stop_accepting' });
    });
  }

  stop(within: Ms): Promise<void> {
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#ended = resolve;
      this.send({ type: 'stop', within });
    });
  }

  kill(): void {
    void this.#worker?.terminate();
  }

  #filled(id: number, bytes: Bytes | undefined): void {
    this.#filling.get(id)?.(bytes);
    this.#filling.delete(id);
  }

  #heard(message: FromWorker, { log, onPurge }: SeatHolder): void {
    switch (message.type) {
      case 'prepared':
        this.#prepared?.(message.problem);
        break;
      case 'active':
        this.#active?.();
        break;
      case 'not_accepting':
        this.#notAccepting?.();
        break;
      case 'filled':
        this.#filled(message.id, message.bytes);
        break;
      case 'purged':
        void onPurge(message.orders, message.soft).then((siblings) =>
          this.send({ type: 'purge_told', id: message.id, siblings }),
        );
        break;
      case 'event':
        replayEvent(log, message.record);
        break;
    }
  }
}
