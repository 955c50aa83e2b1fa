import type { Bytes } from '../base/units.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { Cache } from './cache.ts';
import { CacheCounters } from './counters.ts';
import { DiskTier } from './disk/disk-tier.ts';
import type { DiskTrouble } from './disk/read-trouble.ts';
import { Invalidations } from './invalidations.ts';
import { InvalidationsFile } from './invalidations-file.ts';
import { CalmMemory } from './memory/calm-memory.ts';
import type { CachePlan } from './plan.ts';
import { BanBoard } from './purge/ban-board.ts';
import { BanJournal } from './purge/journal.ts';
import type { CacheShare } from './share.ts';

/**
 * What a single worker may keep decoded, beside what is in the shared memory. Four together may keep half of it, as each
 * has a heap that takes something by itself.
 */
const LOCAL_SIZE: Bytes = 16 * 1024 * 1024;

export interface WorkerCacheOptions {
  readonly worker: number;
  readonly workers: number;
  readonly log: EventLog;
}

/** The cache of one worker, which takes another one's place when the shared memory is lost. */
export class WorkerCache {
  readonly #options: WorkerCacheOptions;
  readonly #disk: DiskTier | undefined;
  readonly #invalidations: InvalidationsFile | undefined;
  #share: CacheShare;
  #memory: CalmMemory;
  #cache: Cache | undefined;
  #plan: CachePlan | undefined;
  #name = '';

  constructor(share: CacheShare, options: WorkerCacheOptions) {
    const { worker, log } = options;
    this.#options = options;
    this.#share = share;
    this.#memory = new CalmMemory(share.memory, worker);
    const forget = (segment: number) => this.#forget(segment);
    if (share.disk === undefined) return;
    const counters = new CacheCounters(share.counters, worker);
    const onTrouble = (trouble: DiskTrouble) => counters.diskError(trouble);
    this.#disk = new DiskTier(share.disk, { worker, forget, log, onTrouble });
    this.#invalidations = new InvalidationsFile(share.disk.directory, worker, log);
  }

  /**
   * `undefined` before a plan is there. While a memory that was lost has not been replaced, it is one that stores nothing
   * and notes all the same what is purged and made invalid: that holds for what will be read from disk again.
   */
  get current(): Cache | undefined {
    return this.#cache;
  }

  /** Makes the cache by the first plan that has one. */
  prepare(plan: CachePlan | undefined, name: string): void {
    if (plan === undefined || this.#cache !== undefined) return;
    this.#plan = plan;
    this.#name = name;
    this.#cache = this.#make(plan);
  }

  /** Limits of a new generation. */
  update(plan: CachePlan): void {
    this.#plan = plan;
    this.#cache?.update(plan);
  }

  /** What was stored in memory is lost; what is under way with it ends as it can. */
  replace(share: CacheShare): void {
    this.#share = share;
    this.#memory = new CalmMemory(share.memory, this.#options.worker);
    this.#cache?.close();
    if (this.#plan !== undefined) this.#cache = this.#make(this.#plan);
  }

  async close(): Promise<void> {
    this.#cache?.close();
    await this.#disk?.close();
    this.#invalidations?.close();
  }

  #make(plan: CachePlan): Cache {
    const { bans, counters, stamps, invalidations, disk } = this.#share;
    const { worker, workers } = this.#options;
    const journal = disk === undefined ? undefined : new BanJournal(disk.directory);
    return new Cache({
      memory: this.#memory,
      disk: this.#disk,
      bans: new BanBoard(bans, worker, journal, Date.now),
      counters: new CacheCounters(counters, worker),
      stamps: new Int32Array(stamps),
      invalidations: new Invalidations(invalidations, this.#invalidations),
      plan,
      name: this.#name,
      localSize: Math.floor(LOCAL_SIZE / workers ** 1.5),
      now: Date.now,
    });
  }

  #forget(segment: number): void {
    this.#memory.clearSegment(segment);
  }
}
