import type { Bytes, Ms } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import type { ScalarFamily } from '../observe/metric.ts';
import { CacheCounters, type TierGauges } from './counters.ts';
import { DiskDirectory } from './disk/disk-directory.ts';
import type { FoundRecord } from './disk/found-record.ts';
import { readDiskKey } from './disk-key.ts';
import { HottestKeys } from './hottest.ts';
import { Inquiry, type RulesOf } from './inquiry.ts';
import { Invalidations } from './invalidations.ts';
import { InvalidationsFile } from './invalidations-file.ts';
import { CacheMemory } from './memory/cache-memory.ts';
import { CalmMemory } from './memory/calm-memory.ts';
import { type KeyHash, NO_VARIANT } from './memory/hash.ts';
import type { MemoryHandle } from './memory/memory-handle.ts';
import type { CachePlan } from './plan.ts';
import { BanBoard, type Published } from './purge/ban-board.ts';
import { BanJournal } from './purge/journal.ts';
import type { PurgeOrder } from './purge/order.ts';
import { urlOfKey } from './select/key.ts';
import type { CacheShare } from './share.ts';
import type { StoredResponse } from './stored.ts';

/** Memory for counting what is stored, by the lower bits of a key's hash: 256 KiB. A power of two. */
const STAMPS = 65_536;
/** What an object takes at least, in memory and on disk: so many are planned for. */
const SMALLEST_OBJECT: Bytes = 512;
const SMALLEST_ON_DISK: Bytes = 1_024;
/** How often it is looked after. */
const LOOK_EVERY: Ms = 1_000;
const MOST_ENTRIES = 2 ** 25;

/** `hits`, `forwards`: since the start. */
export interface CacheSummary {
  readonly hits: number;
  readonly forwards: number;
  readonly memory: TierGauges;
  readonly disk: TierGauges | undefined;
}

export interface SharedCacheOptions {
  readonly plan: CachePlan;
  readonly workers: number;
  readonly log: EventLog;
  readonly now: () => Ms;
}

/** The cache as control has it: makes what all threads share, watches over it, and purges. Seat `workers` is its own. */
export class SharedCache {
  readonly #options: SharedCacheOptions;
  readonly #bans: SharedArrayBuffer;
  readonly #counters: SharedArrayBuffer;
  readonly #stamps = new SharedArrayBuffer(4 * STAMPS);
  readonly #invalidations: SharedArrayBuffer;
  readonly #board: BanBoard;
  readonly #disk: DiskDirectory | undefined;
  /** The first number of this process. */
  readonly #first: number;
  /** The highest that was found on disk at the start. */
  #found = 0;
  #handle: MemoryHandle;
  #memory: CalmMemory;
  readonly #look: NodeJS.Timeout;
  /** Told when all threads are to be given the new `share`: the memory was left half-changed by a thread that died. */
  onRenewed: () => void = () => {};

  /** Throws a `DiskError` when the disk tier's directory cannot be used. */
  static async open(options: SharedCacheOptions): Promise<SharedCache> {
    const { plan, workers, log, now } = options;
    // Whoever evicts calls it in its own thread; at the start there is nothing to forget yet.
    let cache: SharedCache | undefined;
    const forget = (segment: number) => cache?.forget(segment);
    const disk =
      plan.disk === undefined ? undefined : await DiskDirectory.open({ ...plan.disk, workers, forget, log, now });
    cache = new SharedCache(options, disk);
    return cache;
  }

  private constructor(options: SharedCacheOptions, disk: DiskDirectory | undefined) {
    const { workers, log, now } = options;
    this.#options = options;
    this.#disk = disk;
    const journal = disk === undefined ? undefined : new BanJournal(disk.plan.directory);
    const restored = journal?.restore(now()) ?? { bans: [], sequence: now() * 1000, problem: undefined };
    if (restored.problem !== undefined) log.error('purges cannot be remembered', { error: restored.problem });
    this.#first = restored.sequence;
    this.#bans = BanBoard.allocate(restored);
    this.#board = new BanBoard(this.#bans, workers, journal, now);
    this.#counters = CacheCounters.allocate(workers + 1);
    const known = disk && InvalidationsFile.restore(disk.plan.directory, workers, restored.sequence);
    if (known?.problem !== undefined)
      log.error('what requests make invalid cannot be remembered', { error: known.problem });
    this.#invalidations = Invalidations.allocate(known?.cells);
    this.#handle = this.#allocate(known?.seed);
    this.#memory = new CalmMemory(this.#handle, workers);
    this.#memory.raiseSequence(restored.sequence);
    // A thread may find the memory broken though none has ended.
    this.#look = setInterval(() => this.#renewIfBroken(), LOOK_EVERY).unref();
  }

  /** What a worker is given. */
  get share(): CacheShare {
    return {
      memory: this.#handle,
      bans: this.#bans,
      counters: this.#counters,
      stamps: this.#stamps,
      invalidations: this.#invalidations,
      disk: this.#disk?.plan,
    };
  }

  /** Finds again what was stored on disk before the start, in the background. */
  async recover(): Promise<void> {
    const invalidations = new Invalidations(this.#invalidations);
    await this.#disk?.recover((record) => {
      this.#found = Math.max(this.#found, record.sequence);
      if (!this.#isTwice(record.sequence)) this.#restore(record, invalidations);
    });
  }

  async #recoverAgain(): Promise<void> {
    const invalidations = new Invalidations(this.#invalidations);
    const next = this.#board.nextSequence();
    await this.#disk?.recoverAgain((record) => {
      if (record.sequence < next && !this.#isTwice(record.sequence)) this.#restore(record, invalidations);
    });
  }

  /**
   * Whether a number was given out before the start and is, or will be, again: by a clock that was set back since. It says
   * nothing of what came before what.
   */
  #isTwice(sequence: number): boolean {
    return sequence >= this.#first && sequence <= this.#found;
  }

  /** For the admin API: when it returns, no thread serves any more what this is for. */
  purge(orders: readonly PurgeOrder[], soft: boolean): Published {
    return this.#board.publish(orders, soft);
  }

  /** Answers what others want to know of us, also when the memory has been replaced. */
  inquiry(rulesOf: RulesOf, isOwnPort: (port: number) => boolean): Inquiry {
    return new Inquiry({
      memory: () => this.#memory,
      bans: this.#board,
      invalidations: new Invalidations(this.#invalidations),
      rulesOf,
      isOwnPort,
      now: this.#options.now,
    });
  }

  /**
   * What was stored before now may have been purged at a sibling meanwhile: until `trustStored`, nothing of it is served that
   * an origin has not confirmed. Before the workers begin, and only where a sibling has yet to be heard of.
   */
  suspectStored(): void {
    this.#board.suspect();
  }

  /** All that siblings purged has been purged here. */
  trustStored(): void {
    this.#board.trust();
  }

  /** A worker has ended, and what it had is undone. */
  async workerDied(worker: number): Promise<void> {
    this.#board.seatLeft(worker);
    await this.#disk?.workerDied(worker);
    this.#memory.releaseSeat(worker);
    this.#renewIfBroken();
  }

  #renewIfBroken(): void {
    if (!this.#memory.isBroken()) return;
    this.#options.log.error('the memory of the cache was left half-changed, and begins anew');
    // With the seed that it had: what was noted by hashes, beside it, stays good.
    this.#handle = this.#allocate(this.#handle.seed);
    this.#memory = new CalmMemory(this.#handle, this.#options.workers);
    // Above what is on disk, and what was stored before.
    this.#memory.raiseSequence(this.#board.nextSequence());
    this.onRenewed();
    void this.#recoverAgain();
  }

  forget(segment: number): void {
    this.#memory.clearSegment(segment);
  }

  /** What is asked for most, the hottest first, at most so many: for a sibling that starts with nothing. */
  hottest(count: number): HottestKeys {
    const invalidations = new Invalidations(this.#invalidations);
    const memory = this.#memory;
    const isGood = (stored: StoredResponse) =>
      this.#board.verdict(stored) === 'keep' &&
      invalidations.isValid(invalidations.cellOf(memory.hashOf(urlOfKey(stored.key))), stored.sequence);
    return new HottestKeys(memory, count, isGood, this.#options.now);
  }

  /** For the operator's short account of the node. */
  summary(): CacheSummary {
    const counters = new CacheCounters(this.#counters, this.#options.workers);
    const { memory, disk } = this.#tiers();
    return { hits: counters.hits, forwards: counters.forwards, memory, disk };
  }

  /** For the metrics page. */
  snapshot(): ScalarFamily[] {
    const { memory, disk } = this.#tiers();
    const counters = new CacheCounters(this.#counters, this.#options.workers);
    return counters.snapshot({ memory, ...(disk !== undefined && { disk }) });
  }

  #tiers(): Pick<CacheSummary, 'memory' | 'disk'> {
    const { objects, objectBytes, bytes, onDisk, evictions } = this.#memory.stats();
    const memory = { objects, bytes: objectBytes, capacity: bytes, evictions };
    if (this.#disk === undefined) return { memory, disk: undefined };
    const { usage } = this.#disk;
    const capacity = this.#options.plan.disk?.size ?? 0;
    return { memory, disk: { objects: onDisk, bytes: usage.bytes, capacity, evictions: usage.evictions } };
  }

  /**
   * Says what is left in memory when the workers have closed theirs, and whether all of it fits together: no entry is
   * held by anybody, each page is free or in one entry. For tests, and for who suspects that memory leaks.
   */
  check(): void {
    const { log } = this.#options;
    try {
      const holdings = this.#memory.holdings();
      this.#memory.check();
      log.info('cache memory checked', { ...holdings, ...this.#memory.stats() });
    } catch (error) {
      log.error('cache memory is damaged', { error });
    }
  }

  /** After the workers have closed theirs. */
  async close(): Promise<void> {
    clearInterval(this.#look);
    await this.#disk?.close();
  }

  #allocate(seed?: KeyHash): MemoryHandle {
    const { plan, workers } = this.#options;
    const entries = plan.memory / SMALLEST_OBJECT + (plan.disk?.size ?? 0) / SMALLEST_ON_DISK;
    return CacheMemory.allocate({
      bytes: plan.memory,
      entries: Math.min(MOST_ENTRIES, Math.max(1024, Math.ceil(entries))),
      seats: workers + 1,
      ...(seed !== undefined && { seed }),
    });
  }

  #restore({ key, place, bodyLength, sequence }: FoundRecord, invalidations: Invalidations): void {
    const named = readDiskKey(key);
    if (named === undefined) return;
    const memory = this.#memory;
    const cell = invalidations.cellOf(memory.hashOf(urlOfKey(named.key)));
    if (!invalidations.isValidOnDisk(cell, sequence)) return;
    const spec = memory.specOf(named.vary.replaceAll(',', '\n'));
    if (spec === undefined) return;
    const variant = spec === 0 ? NO_VARIANT : memory.hashOf(named.variant);
    memory.restore({
      hash: memory.hashOf(named.key),
      spec,
      variant,
      disk: { ...place, sequence, freshUntil: named.freshUntil },
      length: bodyLength,
      sequence,
    });
  }
}
