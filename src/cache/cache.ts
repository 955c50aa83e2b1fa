import type { Bytes, Ms } from '../base/units.ts';
import type { CacheCounters } from './counters.ts';
import type { DiskTier } from './disk/disk-tier.ts';
import { DiskObjects } from './disk-objects.ts';
import { Flight } from './flight.ts';
import type { Invalidations } from './invalidations.ts';
import { Kept } from './kept.ts';
import { LocalTier } from './local-tier.ts';
import { type Found, Lookup } from './lookup.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { CacheResponse } from './message.ts';
import type { CachedObject } from './object.ts';
import type { NotWritten, ObjectWriter } from './object-writer.ts';
import type { OpenBody } from './open-body.ts';
import type { CachePlan } from './plan.ts';
import type { BanBoard, Published } from './purge/ban-board.ts';
import type { PurgeOrder } from './purge/order.ts';
import type { CacheQuery } from './query.ts';
import { cacheStatusName } from './semantics/cache-status.ts';
import type { StoreContext } from './semantics/storable.ts';
import { Stamps } from './stamps.ts';
import type { StoredResponse } from './stored.ts';
import { Storing } from './storing.ts';
import { Updating } from './updating.ts';
import { Vetting } from './vetting.ts';
import { Watch } from './watch.ts';

export type { Found } from './lookup.ts';

/** What a thread's cache is made of. */
export interface CacheParts {
  readonly memory: CacheMemory;
  readonly disk: DiskTier | undefined;
  readonly bans: BanBoard;
  readonly counters: CacheCounters;
  /** Counts what is stored, by the lower bits of its key's hash. */
  readonly stamps: Int32Array;
  readonly invalidations: Invalidations;
  readonly plan: CachePlan;
  /** How this node is called in Cache-Status. */
  readonly name: string;
  /** Memory of this thread alone, for what it has decoded. */
  readonly localSize: Bytes;
  readonly now: () => Ms;
}

/**
 * The cache as one thread uses it: what it has decoded lately, in front of the shared index and memory, in front of the
 * disk. It does no I/O of its own but for the disk's, and knows HTTP's meaning but not its wire.
 */
export class Cache {
  readonly name: string;
  readonly counters: CacheCounters;
  readonly now: () => Ms;
  readonly #memory: CacheMemory;
  readonly #bans: BanBoard;
  readonly #watch: Watch;
  readonly #kept: Kept;
  readonly #lookup: Lookup;
  readonly #storing: Storing;
  readonly #updating: Updating;
  readonly #vetting: Vetting;
  #plan: CachePlan;

  constructor(parts: CacheParts) {
    const { memory, bans, counters, invalidations, name, localSize, now } = parts;
    this.name = cacheStatusName(name);
    this.counters = counters;
    this.now = now;
    this.#memory = memory;
    this.#bans = bans;
    this.#plan = parts.plan;
    this.#watch = new Watch(memory);
    const plan = () => this.#plan;
    const local = new LocalTier(localSize);
    const disk = parts.disk === undefined ? undefined : new DiskObjects(parts.disk, memory, counters);
    const stamps = new Stamps(parts.stamps);
    const watch = this.#watch;
    const kept = new Kept({ memory, local, bans, invalidations, counters });
    const lookup = new Lookup({ memory, local, disk, watch, stamps, kept, plan, now });
    this.#kept = kept;
    this.#lookup = lookup;
    this.#storing = new Storing({ memory, disk, watch, stamps, kept, lookup, counters, plan, now });
    this.#updating = new Updating({ memory, local, disk, bans, kept, lookup, now });
    this.#vetting = new Vetting({ bans, kept });
    memory.bell.listen(() => watch.check());
  }

  /** Limits of a new generation. */
  update(plan: CachePlan): void {
    this.#plan = plan;
  }

  /** Who waits for news hears once more, and then nothing. */
  close(): void {
    this.#memory.bell.close();
    this.#watch.tellAll();
  }

  /** For a fetch, when it begins: whatever is purged from then on is purged of it as well. */
  nextSequence(): number {
    return this.#bans.nextSequence();
  }

  /** What this thread knows for sure without a look into the index. */
  recall(query: CacheQuery): CachedObject | undefined {
    return this.#lookup.recall(query);
  }

  find(query: CacheQuery): Found {
    return this.#lookup.find(query);
  }

  touch(object: CachedObject): void {
    this.#memory.touch(object.slot);
  }

  /** Whether purges and unsafe requests leave it; one that they do not is removed. */
  isKept(object: CachedObject): boolean {
    return this.#kept.isKept(object);
  }

  /** Its body, kept from being evicted. `undefined`: it is gone, look it up again. */
  open(object: CachedObject): OpenBody | undefined | Promise<OpenBody | undefined> {
    return this.#lookup.open(object);
  }

  /** For a reply that needs no body, or no more of it. */
  discard(object: CachedObject): void {
    object.opened?.close();
    object.opened = undefined;
  }

  /** Whether there is something else by now than `before`, which was found: another one's fetch has landed in between. */
  hasNews(query: CacheQuery, before: CachedObject | undefined): boolean {
    return this.#lookup.hasNews(query, before);
  }

  /** The fetch of this variant that is under way, or a new one that the caller leads. Before anything is known of variants, ''. */
  join(query: CacheQuery, variant: string): Flight | undefined {
    return Flight.join(this.#memory, this.#watch, this.#memory.hashOf(`${query.key}\n\n${variant}`));
  }

  /** Remembers that responses to this request are not shared. */
  markUnshareable(query: CacheQuery): void {
    this.#storing.markUnshareable(query);
  }

  /** Remembers that it grew too large: while nobody says beforehand how long it is, it is not tried again. */
  markTooLarge(query: CacheQuery): void {
    this.#storing.markTooLarge(query);
  }

  /** What decides over storing a response to this request. */
  storeContext(query: CacheQuery, method: string, requestTime: Ms, partUsable: boolean): StoreContext {
    return this.#storing.storeContext(query, method, requestTime, partUsable);
  }

  /**
   * The number under which to store what another cache has sent in place of an origin. `undefined`: it will not do.
   * `unsure`: whether it would, cannot be told. `candidate`: what a 304 would be about.
   */
  vet(
    query: CacheQuery,
    candidate: CachedObject | undefined,
    response: CacheResponse,
    context: StoreContext,
  ): number | 'unsure' | undefined {
    return this.#vetting.vet(query, candidate, response, context);
  }

  /** Begins to store a response, or says why not. `length`: of the body as it will be stored, if it is known. */
  store(
    query: CacheQuery,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
    length: Bytes | undefined,
    part?: StoredResponse['part'],
  ): ObjectWriter | NotWritten {
    return this.#storing.store(query, response, context, sequence, length, part);
  }

  /**
   * Begins to store the whole that a 206 makes together with a stored part (RFC 9111 §3.4). `undefined`: it does not, ask
   * for the whole.
   */
  join206(
    query: CacheQuery,
    part: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): ObjectWriter | undefined {
    return this.#storing.join206(query, part, response, context, sequence);
  }

  /** What a 304 makes of what it is about. `undefined`: it is about something else, ask again without a condition. */
  freshen(
    object: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): CachedObject | undefined {
    return this.#updating.freshen(object, response, context, sequence);
  }

  /** What a HEAD's response says of the stored response to a GET. */
  updateByHead(
    query: CacheQuery,
    object: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): void {
    this.#updating.updateByHead(query, object, response, context, sequence);
  }

  /**
   * What was to be validated has been answered by something that is not stored, for this reason. Where that speaks for all,
   * what is stored is not shown any more, be it stale while it is revalidated or for want of better.
   */
  overtaken(object: CachedObject, status: number, reason: NotWritten): void {
    this.#updating.overtaken(object, status, reason);
  }

  /** When it returns, what an unsafe request has made invalid is served no more, nor after a kill. RFC 9111 §4.4. */
  invalidateBy(query: CacheQuery, method: string, response: CacheResponse): void {
    this.#kept.invalidateBy(query, method, response);
  }

  /** When it returns, no thread serves any more what this is for. Throws a `RangeError` for a text that is too long. */
  purge(orders: readonly PurgeOrder[], soft: boolean): Published {
    return this.#kept.purge(orders, soft);
  }
}
