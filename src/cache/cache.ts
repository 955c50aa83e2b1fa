import type { Bytes, Ms } from '../base/units.ts';
import { announcedPart, joins } from './conditional/part.ts';
import type { CacheCounters } from './counters.ts';
import type { DiskTier } from './disk/disk-tier.ts';
import { DiskObjects } from './disk-objects.ts';
import { Flight } from './flight.ts';
import { LocalTier } from './local-tier.ts';
import type { CacheMemory, Found as Entry } from './memory/cache-memory.ts';
import { NO_VARIANT, type VariantHash } from './memory/hash.ts';
import type { CacheResponse, Fields } from './message.ts';
import { CachedObject, OWN_BODY_MAX } from './object.ts';
import { type NotWritten, ObjectWriter } from './object-writer.ts';
import { type OpenBody, OpenMemoryBody } from './open-body.ts';
import type { CachePlan } from './plan.ts';
import type { BanBoard, Published } from './purge/ban-board.ts';
import type { PurgeOrder } from './purge/order.ts';
import type { CacheQuery } from './query.ts';
import { tagsOf } from './select/tags.ts';
import { isPreferredLanguageOf, varyOf } from './select/vary.ts';
import { cacheStatusName } from './semantics/cache-status.ts';
import { firstValue, hasField, withoutFields } from './semantics/field-list.ts';
import { invalidatedUris } from './semantics/invalidation.ts';
import { DISCONNECTED_MAX } from './semantics/reuse.ts';
import { decideStore, type StorableResponse, type StoreContext } from './semantics/storable.ts';
import { freshen, isSelectedBy, updateByHead } from './semantics/update.ts';
import type { StoredResponse } from './stored.ts';
import { decodeHead, encodeHead } from './stored-head.ts';
import { Watch } from './watch.ts';

/** What there is of the shared index for a request. */
export type Found =
  | { readonly kind: 'object'; readonly object: CachedObject }
  /** On disk only. `undefined`: it could not be read after all. */
  | { readonly kind: 'loading'; readonly object: Promise<CachedObject | undefined> }
  /** What is fetched here is not shared of late: wait for nobody. */
  | { readonly kind: 'unshareable' }
  /** `variants`: there are responses for this key, but none that this request selects. */
  | { readonly kind: 'none'; readonly variants: boolean };

/** What a thread's cache is made of. */
export interface CacheParts {
  readonly memory: CacheMemory;
  readonly disk: DiskTier | undefined;
  readonly bans: BanBoard;
  readonly counters: CacheCounters;
  /** Counts what is stored, by the lower bits of its key's hash. */
  readonly stamps: Int32Array;
  readonly plan: CachePlan;
  /** How this node is called in Cache-Status. */
  readonly name: string;
  /** Memory of this thread alone, for what it has decoded. */
  readonly localSize: Bytes;
  readonly now: () => Ms;
}

/** What could not be shared is not waited for again for so long. */
const UNSHAREABLE_FOR: Ms = 120_000;

function sameNames(names: readonly string[] | '*', others: readonly string[]): boolean {
  return names !== '*' && names.join() === others.join();
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
  readonly #stamps: Int32Array;
  readonly #local: LocalTier;
  readonly #watch: Watch;
  readonly #disk: DiskObjects | undefined;
  /** By the number of their spec. */
  readonly #varies: (readonly string[])[] = [];
  #plan: CachePlan;

  constructor({ memory, disk, bans, counters, stamps, plan, name, localSize, now }: CacheParts) {
    this.name = cacheStatusName(name);
    this.counters = counters;
    this.now = now;
    this.#memory = memory;
    this.#bans = bans;
    this.#stamps = stamps;
    this.#plan = plan;
    this.#local = new LocalTier(localSize);
    this.#watch = new Watch(memory);
    this.#disk = disk === undefined ? undefined : new DiskObjects(disk, memory, counters);
    memory.bell.listen(() => this.#watch.check());
  }

  /** Limits of a new generation. */
  update(plan: CachePlan): void {
    this.#plan = plan;
  }

  /** Its memory was left half-changed by a thread that died; another cache is on its way. */
  get isBroken(): boolean {
    return this.#memory.isBroken();
  }

  close(): void {
    this.#memory.bell.close();
  }

  /** For a fetch, when it begins: whatever is purged from then on is purged of it as well. */
  nextSequence(): number {
    return this.#bans.nextSequence();
  }

  /** What this thread knows for sure without a look into the index. */
  recall(query: CacheQuery): CachedObject | undefined {
    const object = this.#local.find(query);
    if (object === undefined) return undefined;
    if (
      this.#memory.isCurrent(object.slot, object.revision) &&
      Atomics.load(this.#stamps, object.stampAt) === object.stamp &&
      this.#isKept(object)
    ) {
      object.tier = 'local';
      return object;
    }
    this.#local.forget(query.key);
    return undefined;
  }

  find(query: CacheQuery): Found {
    const hash = this.#memory.hashOf(query.key);
    const stampAt = hash.low & (this.#stamps.length - 1);
    const stamp = Atomics.load(this.#stamps, stampAt);
    // Those that turn out to be purged are removed, and what they hid is looked at.
    for (;;) {
      const entry = this.#memory.find(hash, (spec) => this.#variant(query, spec));
      if (entry === undefined) return this.#findOther(query, stampAt, stamp);
      const found = this.#inspect(query, entry, stampAt, stamp);
      if (found !== 'purged') return found;
    }
  }

  touch(object: CachedObject): void {
    this.#memory.touch(object.slot);
  }

  /** Its body, kept from being evicted. `undefined`: it is gone, look it up again. */
  open(object: CachedObject): OpenBody | undefined | Promise<OpenBody | undefined> {
    if (object.opened !== undefined) return object.opened;
    if (!this.#memory.pin(object.slot, object.revision)) return undefined;
    const { state, filled, length } = this.#memory.news(object.slot);
    if (state !== 'complete' || filled === length) return new OpenMemoryBody(this.#memory, this.#watch, object.slot);
    if (this.#disk !== undefined) return this.#disk.open(object);
    this.#memory.unpin(object.slot);
    return undefined;
  }

  /** The fetch of this response that is under way, or a new one that the caller leads. */
  join(query: CacheQuery, candidate: CachedObject | undefined): Flight | undefined {
    const variant = candidate === undefined ? '' : candidate.stored.variant;
    return Flight.join(this.#memory, this.#watch, this.#memory.hashOf(`${query.key}\n\n${variant}`));
  }

  /** Remembers that responses to this request are not shared. */
  markUnshareable(query: CacheQuery): void {
    const entry = this.#claim(query);
    if (entry === undefined) return;
    this.#memory.release(entry.slot, this.now() + UNSHAREABLE_FOR);
    this.#memory.unpin(entry.slot);
  }

  /** What decides over storing a response to this request. */
  storeContext(query: CacheQuery, method: string, requestTime: Ms, partUsable: boolean): StoreContext {
    return {
      request: { method, known: query.request.known },
      uri: query.uri,
      rules: query.rules,
      refresh: query.refresh,
      times: { requestTime, responseTime: this.now() },
      partUsable,
      objectLimit: this.#plan.objectLimit,
    };
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
    const decision = decideStore(response, context);
    const where = part === undefined ? query : query.part;
    const writer = decision.store
      ? this.#write(where, response, { ...decision.stored, part }, sequence, length)
      : decision.reason;
    if (typeof writer === 'string') this.counters.notStored(writer);
    return writer;
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
    const { slot, revision, length = 0, stored } = part;
    const contentLength = firstValue(response.fields, 'content-length');
    const brought = announcedPart(response.fields, contentLength === undefined ? undefined : Number(contentLength));
    if (brought === undefined || !this.#memory.pin(slot, revision)) return undefined;
    // Only the end of what there is the beginning of: the other way round nobody could be sent anything before all is there.
    const isAfter = joins(stored, length, { fields: response.fields, part: brought }, this.now()) === 'after';
    const total = length + brought.length;
    const whole = isAfter && this.#memory.news(slot).filled === length;
    const fields = joinedFields(stored.fields, response.fields, total);
    const writer = whole ? this.store(query, { status: 200, fields }, context, sequence, total) : 'partial';
    if (typeof writer !== 'string') for (const piece of this.#memory.body(slot, 0, length)) writer.append(piece);
    this.#memory.unpin(slot);
    return typeof writer === 'string' ? undefined : writer;
  }

  /** What a 304 makes of what it is about. `undefined`: it is about something else, ask again without a condition. */
  freshen(
    object: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): CachedObject | undefined {
    if (!isSelectedBy(object.stored, response.fields)) return undefined;
    const { fields, decision } = freshen(object.stored, response, context);
    const { tags } = tagsOf(fields);
    if (decision.store && sameNames(varyOf(fields), object.stored.vary)) {
      return this.#replaceHead(object, { ...object.stored, ...decision.stored, tags, sequence });
    }
    // Who asked gets it once more, and then it goes.
    return this.#lastUse(object, { ...object.stored, fields, sequence });
  }

  /** What a HEAD's response says of the stored response to a GET. */
  updateByHead(query: CacheQuery, object: CachedObject, response: CacheResponse, context: StoreContext): void {
    const coded = query.rules.compress.length > 0 ? undefined : object.length;
    const update = updateByHead(object.stored, coded, response, context);
    if (update.kind === 'outdated') this.#remove(object);
    else if (update.kind === 'freshened' && update.decision.store) {
      this.#replaceHead(object, { ...object.stored, ...update.decision.stored });
    }
  }

  /** Removes what an unsafe request has made invalid. RFC 9111 §4.4. */
  invalidateBy(query: CacheQuery, method: string, response: CacheResponse): void {
    const uris = invalidatedUris(method, query.uri, response.status, response.fields);
    if (uris.length === 0) return;
    for (const uri of uris) {
      const text = query.urlOf(uri);
      // Most often there is nothing: a ban for every form that is sent would soon be too many.
      if (query.rules.keyHeaders.length === 0 && !this.#hasVariants(text)) continue;
      this.#bans.publish([{ kind: 'url', text }], false);
      this.#memory.removeKey(this.#memory.hashOf(text));
    }
  }

  /** When it returns, no thread serves any more what this is for. Throws a `RangeError` for a text that is too long. */
  purge(orders: readonly PurgeOrder[], soft: boolean): Published {
    const published = this.#bans.publish(orders, soft);
    for (const order of orders) {
      this.counters.purged(order.kind);
      if (soft) continue;
      // Purged it is already; this gives the memory back now and not when somebody asks for it.
      if (order.kind === 'url') this.#memory.removeKey(this.#memory.hashOf(order.text));
    }
    return published;
  }

  /** Without the very variant: one in the language that the client likes best will do. */
  #findOther(query: CacheQuery, stampAt: number, stamp: number): Found {
    const memory = this.#memory;
    const entries = memory.list(memory.hashOf(query.key));
    let other: Found | undefined;
    for (const { slot, revision, state } of entries) {
      const head = state === 'complete' && other === undefined ? memory.readHead(slot) : undefined;
      if (head === undefined) continue;
      const object = this.#decode({ slot, revision, state }, head);
      const { key, vary } = object.stored;
      if (key !== query.key || !isPreferredLanguageOf(object.stored, query.variantOf(vary), query.request)) continue;
      object.stampAt = stampAt;
      object.stamp = stamp;
      if (this.#isKept(object)) other = { kind: 'object', object };
    }
    for (const { slot } of entries) memory.unpin(slot);
    return (
      other ?? { kind: 'none', variants: entries.some(({ state }) => state === 'complete' || state === 'filling') }
    );
  }

  #inspect(query: CacheQuery, entry: Entry, stampAt: number, stamp: number): Found | 'purged' {
    const memory = this.#memory;
    const { slot, previous, state } = entry;
    if (previous !== undefined) memory.unpin(previous.slot);
    try {
      if (state === 'marker') {
        if (entry.expiresAt > this.now()) return { kind: 'unshareable' };
        memory.remove(slot, entry.revision);
        return 'purged';
      }
      // Between two steps of another thread, or over since: as if it were not there.
      if (state !== 'complete' && state !== 'filling') return { kind: 'none', variants: false };
      const head = memory.readHead(slot);
      if (head === undefined) return this.#load(query, entry);
      const object = this.#decode(entry, head);
      if (!isFor(query, object.stored)) return { kind: 'none', variants: false };
      object.stampAt = stampAt;
      object.stamp = stamp;
      if (!this.#isKept(object)) return 'purged';
      if (state === 'complete') this.#local.add(object);
      return { kind: 'object', object };
    } finally {
      memory.unpin(slot);
    }
  }

  /** For a reply that needs no body, or no more of it. */
  discard(object: CachedObject): void {
    object.opened?.close();
    object.opened = undefined;
  }

  #decode({ slot, revision, state }: Pick<Entry, 'slot' | 'revision' | 'state'>, head: Buffer): CachedObject {
    const { filled, length } = this.#memory.news(slot);
    const isSmall = state === 'complete' && length !== undefined && filled === length && length <= OWN_BODY_MAX;
    const body = isSmall ? Buffer.concat(this.#memory.body(slot, 0, length)) : undefined;
    return new CachedObject(decodeHead(head), slot, revision, length, body);
  }

  #load(query: CacheQuery, { slot, revision }: Entry): Found {
    if (this.#disk === undefined) return { kind: 'none', variants: false };
    const { disk } = this.#memory.describe(slot);
    if (disk === undefined) return { kind: 'none', variants: false };
    this.#memory.pinAgain(slot);
    const loaded = this.#disk.load(slot, revision, disk, this.#plan.memoryObjectLimit);
    const object = loaded.then((each) => {
      if (each === undefined) this.#memory.remove(slot, revision);
      return each !== undefined && isFor(query, each.stored) && this.#isKept(each) ? each : undefined;
    });
    return { kind: 'loading', object };
  }

  /** Whether purges leave it; one that they do not is removed. */
  #isKept(object: CachedObject): boolean {
    const { version } = this.#bans;
    if (object.purgesSeen === version) return true;
    const verdict = this.#bans.verdict(object.stored);
    if (verdict === 'gone') {
      this.#remove(object);
      return false;
    }
    object.purged = verdict === 'soft' ? 'soft' : undefined;
    object.purgesSeen = version;
    return true;
  }

  #write(
    query: CacheQuery,
    response: CacheResponse,
    storable: StorableResponse & Pick<StoredResponse, 'part'>,
    sequence: number,
    length: Bytes | undefined,
  ): ObjectWriter | NotWritten {
    const memory = this.#memory;
    const vary = varyOf(response.fields);
    if (vary === '*') return 'vary-star';
    const spec = memory.specOf(vary.join('\n'));
    if (spec === undefined) return 'no-room';
    const variant = query.variantOf(vary);
    const { tags } = tagsOf(response.fields);
    const stored = { ...storable, key: query.key, vary, variant, tags, sequence };
    const entry = this.#claim(query);
    if (entry === undefined) return 'no-room';
    const published = memory.publish(entry.slot, {
      head: encodeHead(stored),
      spec,
      variant: vary.length === 0 ? NO_VARIANT : memory.hashOf(variant),
      length,
      expiresAt: keptUntil(stored),
    });
    if (!published) {
      memory.fail(entry.slot);
      memory.unpin(entry.slot);
      return 'no-room';
    }
    this.#stamp(query.key);
    const object = new CachedObject(stored, entry.slot, entry.revision, length, undefined);
    return new ObjectWriter(object, memory, this.#watch, this.#plan.objectLimit, this);
  }

  /** A new object is whole: to disk with it, if there is one. */
  written(object: CachedObject, kept: boolean): void {
    if (!kept) {
      this.#memory.unpin(object.slot);
      return;
    }
    this.counters.stored('memory');
    this.#stamp(object.stored.key);
    if (this.#disk === undefined) this.#memory.unpin(object.slot);
    else void this.#disk.save(object, keptUntil(object.stored), this.#plan.memoryObjectLimit);
  }

  #replaceHead(object: CachedObject, stored: StoredResponse): CachedObject | undefined {
    const memory = this.#memory;
    const { slot, length, body } = object;
    if (!memory.pin(slot, object.revision)) return undefined;
    const update = { head: encodeHead(stored), expiresAt: keptUntil(stored) };
    const revision = memory.updateHead(slot, object.revision, update);
    if (revision === undefined) {
      memory.unpin(slot);
      return undefined;
    }
    const fresh = new CachedObject(stored, slot, revision, length, body);
    fresh.stampAt = object.stampAt;
    fresh.stamp = object.stamp;
    this.#local.add(fresh);
    // One that is on disk alone keeps its new head in memory; the next start will validate it once more.
    const { filled } = memory.news(slot);
    if (this.#disk === undefined || filled !== length) memory.unpin(slot);
    else void this.#disk.save(fresh, keptUntil(stored), this.#plan.memoryObjectLimit);
    return fresh;
  }

  /** For one reply, of an entry that is to go: what it says now, and the body that it has. */
  #lastUse(object: CachedObject, stored: StoredResponse): CachedObject | undefined {
    const last = new CachedObject(stored, object.slot, object.revision, object.length, object.body);
    last.purgesSeen = this.#bans.version;
    if (object.body === undefined) {
      const opened = this.open(object);
      if (opened === undefined || opened instanceof Promise) return undefined;
      last.opened = opened;
    }
    this.#remove(object);
    return last;
  }

  #remove({ slot, revision, stored }: CachedObject): void {
    this.#memory.remove(slot, revision);
    this.#local.forget(stored.key);
  }

  /** A pending entry under the key of a response that has come. */
  #claim(query: CacheQuery): Entry | undefined {
    const hash = this.#memory.hashOf(query.key);
    const entry = this.#memory.claim(hash, NOTHING_SELECTED, {
      spec: 0,
      variant: NO_VARIANT,
      after: Number.POSITIVE_INFINITY,
    });
    if (entry?.previous !== undefined) this.#memory.unpin(entry.previous.slot);
    return entry;
  }

  #stamp(key: string): void {
    Atomics.add(this.#stamps, this.#memory.hashOf(key).low & (this.#stamps.length - 1), 1);
  }

  #hasVariants(key: string): boolean {
    const entries = this.#memory.list(this.#memory.hashOf(key));
    for (const { slot } of entries) this.#memory.unpin(slot);
    return entries.some(({ state }) => state === 'complete' || state === 'filling');
  }

  #variant(query: CacheQuery, spec: number): VariantHash {
    let vary = this.#varies[spec];
    if (vary === undefined) {
      vary = this.#memory.namesOf(spec).split('\n');
      this.#varies[spec] = vary;
    }
    return this.#memory.hashOf(query.variantOf(vary));
  }
}

const NOTHING_SELECTED = () => undefined;

/** RFC 9111 §3.4: the fields of the new response take the place of those that were stored. */
function joinedFields(stored: Fields, fresh: Fields, length: Bytes): string[] {
  const replaced = (name: string) => hasField(fresh, name) || name === 'content-range';
  const fields = withoutFields(stored, replaced);
  fields.push(...withoutFields(fresh, (name) => name === 'content-range' || name === 'content-length'));
  fields.push('content-length', String(length));
  return fields;
}

/** Hashes may be made to collide; full keys may not. */
function isFor(query: CacheQuery, { key, vary, variant }: StoredResponse): boolean {
  return key === query.key && (vary.length === 0 || query.variantOf(vary) === variant);
}

/** Epoch milliseconds from which on nobody has a use for it: it could still be validated, or stand in for a lost origin. */
function keptUntil({ responseTime, initialAge, lifetime, staleIfError, staleWhileRevalidate }: StoredResponse): Ms {
  const stale = Math.max(DISCONNECTED_MAX, staleIfError, staleWhileRevalidate);
  return responseTime - initialAge + lifetime + stale;
}
