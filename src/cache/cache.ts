import type { Bytes, Ms } from '../base/units.ts';
import { announcedPart, joins } from './conditional/part.ts';
import type { CacheCounters } from './counters.ts';
import type { DiskTier } from './disk/disk-tier.ts';
import { DiskObjects } from './disk-objects.ts';
import { Flight } from './flight.ts';
import type { Invalidations } from './invalidations.ts';
import { LocalTier } from './local-tier.ts';
import type { CacheMemory, Claim, Found as Entry } from './memory/cache-memory.ts';
import { NO_VARIANT, type VariantHash } from './memory/hash.ts';
import type { CacheResponse, Fields } from './message.ts';
import { CachedObject, OWN_BODY_MAX } from './object.ts';
import { type NotWritten, ObjectWriter } from './object-writer.ts';
import { type OpenBody, OpenMemoryBody } from './open-body.ts';
import type { CachePlan } from './plan.ts';
import type { BanBoard, Published } from './purge/ban-board.ts';
import type { PurgeOrder } from './purge/order.ts';
import type { CacheQuery } from './query.ts';
import { fieldValue, firstValue, hasField, withoutFields } from './select/field.ts';
import { urlOfKey } from './select/key.ts';
import { tagsOf } from './select/tags.ts';
import { isPreferredLanguageOf, varyOf } from './select/vary.ts';
import { cacheStatusName } from './semantics/cache-status.ts';
import { currentAge } from './semantics/freshness.ts';
import { invalidatedUris } from './semantics/invalidation.ts';
import { DISCONNECTED_MAX } from './semantics/reuse.ts';
import { decideStore, type StorableResponse, type StoreContext, type StoreDecision } from './semantics/storable.ts';
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
  /** `variant`: what the request has in the fields that others for this key vary by, none of which it selects. */
  | { readonly kind: 'none'; readonly variant: string | undefined };

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

/** What could not be shared is not waited for again for so long. */
const UNSHAREABLE_FOR: Ms = 120_000;

function sameNames(names: readonly string[] | NotWritten, others: readonly string[]): boolean {
  return typeof names !== 'string' && names.join() === others.join();
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
  readonly #invalidations: Invalidations;
  readonly #local: LocalTier;
  readonly #watch: Watch;
  readonly #disk: DiskObjects | undefined;
  /** By the number of their spec. */
  readonly #varies: (readonly string[])[] = [];
  #plan: CachePlan;

  constructor(parts: CacheParts) {
    const { memory, disk, bans, counters, stamps, invalidations, plan, name, localSize, now } = parts;
    this.name = cacheStatusName(name);
    this.counters = counters;
    this.now = now;
    this.#memory = memory;
    this.#bans = bans;
    this.#stamps = stamps;
    this.#invalidations = invalidations;
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
    const object = this.#local.find(query);
    if (object === undefined) return undefined;
    if (
      this.#memory.isCurrent(object.slot, object.revision) &&
      Atomics.load(this.#stamps, object.stampAt) === object.stamp &&
      this.isKept(object)
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

  /** Whether there is something else by now than `before`, which was found: another one's fetch has landed in between. */
  hasNews(query: CacheQuery, before: CachedObject | undefined): boolean {
    const memory = this.#memory;
    const entry = memory.find(memory.hashOf(query.key), (spec) => this.#variant(query, spec));
    if (entry === undefined) return false;
    if (entry.previous !== undefined) memory.unpin(entry.previous.slot);
    memory.unpin(entry.slot);
    return entry.slot !== before?.slot || entry.revision !== before.revision;
  }

  /** The fetch of this variant that is under way, or a new one that the caller leads. Before anything is known of variants, ''. */
  join(query: CacheQuery, variant: string): Flight | undefined {
    return Flight.join(this.#memory, this.#watch, this.#memory.hashOf(`${query.key}\n\n${variant}`));
  }

  /** Remembers that responses to this request are not shared. */
  markUnshareable(query: CacheQuery): void {
    const entry = this.#claim(query, FOR_ALL);
    if (entry === undefined) return;
    this.#memory.release(entry.slot, this.now() + UNSHAREABLE_FOR);
    this.#memory.unpin(entry.slot);
  }

  /** Remembers that it grew too large: while nobody says beforehand how long it is, it is not tried again. */
  markTooLarge(query: CacheQuery): void {
    this.markUnshareable(query);
    this.markUnshareable(query.grown);
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
    const decision = this.#decide(query, response, context, length);
    const where = part === undefined ? query : query.part;
    const writer = decision.store
      ? this.#write(where, response, { ...decision.stored, part }, sequence, length)
      : decision.reason;
    if (typeof writer === 'string') this.counters.notStored(writer);
    return writer;
  }

  #decide(query: CacheQuery, response: CacheResponse, context: StoreContext, length: Bytes | undefined): StoreDecision {
    const decision = decideStore(response, context);
    const grows = decision.store && length === undefined && this.find(query.grown).kind === 'unshareable';
    return grows ? { store: false, shareable: false, reason: 'too-large' } : decision;
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
    if (!this.isKept(object) || !isSelectedBy(object.stored, response.fields)) return undefined;
    const { fields, decision } = freshen(object.stored, response, context);
    const { tags } = tagsOf(fields);
    if (decision.store && sameNames(selectingFields(fields), object.stored.vary)) {
      return this.#replaceHead(object, { ...object.stored, ...decision.stored, tags, sequence });
    }
    // Who asked gets it once more; and then it goes, unless it was only this request that was in the way.
    const isOfRequest =
      !decision.store && (decision.reason === 'request-no-store' || decision.reason === 'authorization');
    const last = this.#forOneReply(object, { ...object.stored, fields, sequence });
    if (!isOfRequest) this.#remove(object);
    return last;
  }

  /** What a HEAD's response says of the stored response to a GET. */
  updateByHead(
    query: CacheQuery,
    object: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): void {
    if (!this.isKept(object) || context.request.known.authorization !== undefined) return;
    const { slot, revision, stored } = object;
    // It may have been whole only since it was found; before, there is no telling whether it is the same.
    const length =
      object.length ?? (this.#memory.isCurrent(slot, revision) ? this.#memory.news(slot).length : undefined);
    if (length === undefined) return;
    const isCoded = query.rules.compress.length > 0 && hasField(stored.fields, 'content-encoding');
    const update = updateByHead(stored, isCoded ? undefined : length, response, context);
    if (update.kind === 'outdated') this.#outdate(object);
    else if (update.kind === 'freshened' && update.decision.store) {
      this.#replaceHead(object, { ...object.stored, ...update.decision.stored, sequence });
    }
  }

  /**
   * What was to be validated has been answered by something that is not stored, for this reason. Where that speaks for all,
   * what is stored is not shown any more, be it stale while it is revalidated or for want of better.
   */
  overtaken({ slot, revision, stored, purged }: CachedObject, status: number, reason: NotWritten): void {
    if (status >= 500 || NOT_FOR_ALL.has(reason)) return;
    // One that is fresh was validated because a client wished it: what that one got may be its own.
    const isFresh = !stored.alwaysValidate && purged !== 'soft' && stored.lifetime > currentAge(stored, this.now());
    if (isFresh) return;
    if (this.#memory.remove(slot, revision)) this.#local.forget(stored.key);
  }

  /** Removes what an unsafe request has made invalid. RFC 9111 §4.4. */
  invalidateBy(query: CacheQuery, method: string, response: CacheResponse): void {
    const uris = invalidatedUris(method, query.uri, response.status, response.fields);
    if (uris.length === 0) return;
    const sequence = this.nextSequence();
    for (const uri of uris) {
      const url = query.urlOf(uri);
      const hash = this.#memory.hashOf(url);
      this.#invalidations.note(this.#invalidations.cellOf(hash), sequence);
      if (this.#memory.removeKey(hash) > 0) this.#disk?.bury(url, sequence);
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
    const mayChoose = fieldValue(query.request.fields, 'accept-language') !== undefined;
    for (const { slot, revision, state } of mayChoose ? entries.slice(0, LOOKS_MAX) : []) {
      const head = state === 'complete' && other === undefined ? memory.readHead(slot) : undefined;
      if (head === undefined) continue;
      const stored = decodeHead(head);
      if (stored.key !== query.key) continue;
      if (!isPreferredLanguageOf(stored, query.variantOf(stored.vary), query.request)) continue;
      const object = this.#decode({ slot, revision, state }, stored, stampAt, stamp);
      if (this.isKept(object)) other = { kind: 'object', object };
    }
    const one = entries.find(({ state }) => state === 'complete' || state === 'filling');
    const variant = one && query.variantOf(this.#varyOf(memory.describe(one.slot).spec));
    for (const { slot } of entries) memory.unpin(slot);
    return other ?? { kind: 'none', variant };
  }

  #inspect(query: CacheQuery, entry: Entry, stampAt: number, stamp: number): Found | 'purged' {
    const memory = this.#memory;
    const { slot, previous, state } = entry;
    try {
      // A marker says no more than not to wait for each other: what is stored is still good.
      if (previous !== undefined) return this.#inspect(query, previous, stampAt, stamp);
      if (state === 'marker') {
        if (entry.expiresAt > this.now()) return { kind: 'unshareable' };
        memory.remove(slot, entry.revision);
        return 'purged';
      }
      // Between two steps of another thread, whose flight is still to be joined; or over since.
      if (state !== 'complete' && state !== 'filling') return this.#findOther(query, stampAt, stamp);
      const head = memory.readHead(slot);
      if (head === undefined) return this.#load(query, entry, stampAt, stamp);
      const stored = decodeHead(head);
      if (!isFor(query, stored)) return { kind: 'none', variant: undefined };
      const object = this.#decode(entry, stored, stampAt, stamp);
      if (!this.isKept(object)) return 'purged';
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

  #decode(
    { slot, revision, state }: Pick<Entry, 'slot' | 'revision' | 'state'>,
    stored: StoredResponse,
    stampAt: number,
    stamp: number,
  ): CachedObject {
    const { filled, length } = this.#memory.news(slot);
    const isSmall = state === 'complete' && length !== undefined && filled === length && length <= OWN_BODY_MAX;
    const body = isSmall ? Buffer.concat(this.#memory.body(slot, 0, length)) : undefined;
    return this.#placed(new CachedObject(stored, slot, revision, length, body), stampAt, stamp);
  }

  #placed(object: CachedObject, stampAt: number, stamp: number): CachedObject {
    object.stampAt = stampAt;
    object.stamp = stamp;
    object.invalidAt = this.#invalidations.cellOf(this.#memory.hashOf(urlOfKey(object.stored.key)));
    return object;
  }

  #load(query: CacheQuery, { slot, revision }: Entry, stampAt: number, stamp: number): Found {
    if (this.#disk === undefined) return { kind: 'none', variant: undefined };
    const { disk } = this.#memory.describe(slot);
    if (disk === undefined) return { kind: 'none', variant: undefined };
    this.#memory.pinAgain(slot);
    const loaded = this.#disk.load(slot, revision, disk, this.#plan.memoryObjectLimit);
    const object = loaded.then((each) => {
      if (each === undefined) this.#memory.remove(slot, revision);
      if (each === undefined || !isFor(query, each.stored)) return undefined;
      return this.isKept(this.#placed(each, stampAt, stamp)) ? each : undefined;
    });
    return { kind: 'loading', object };
  }

  /** Whether purges and unsafe requests leave it; one that they do not is removed. */
  isKept(object: CachedObject): boolean {
    if (!this.#invalidations.isValid(object.invalidAt, object.stored.sequence)) {
      this.#remove(object);
      return false;
    }
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
    const vary = selectingFields(response.fields);
    if (typeof vary === 'string') return vary;
    const spec = memory.specOf(vary.join('\n'));
    if (spec === undefined) return 'no-room';
    const variant = query.variantOf(vary);
    const { tags } = tagsOf(response.fields);
    const stored = { ...storable, key: query.key, vary, variant, tags, sequence };
    // From the first on under its own variant: for a moment it hides what is older, and that of others it should not.
    const whose = vary.length === 0 ? FOR_ALL : { spec, variant: memory.hashOf(variant) };
    const entry = this.#claim(query, whose);
    if (entry === undefined) return 'no-room';
    const published = memory.publish(entry.slot, {
      head: encodeHead(stored),
      ...whose,
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
    this.#placed(object, 0, -1);
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
    const isFilling = revision === undefined && memory.news(slot).state === 'filling';
    memory.unpin(slot);
    // Of a body that is still coming the head stays as it was; this client gets the new one.
    if (revision === undefined && !isFilling) return undefined;
    // On disk it keeps its old head: after the next start it is validated once more.
    const fresh = new CachedObject(stored, slot, revision ?? object.revision, length, body);
    this.#placed(fresh, object.stampAt, object.stamp);
    if (revision !== undefined && object.stamp !== -1) this.#local.add(fresh);
    return fresh;
  }

  /** What it says now, for one reply, and the body that it has. */
  #forOneReply(object: CachedObject, stored: StoredResponse): CachedObject | undefined {
    const last = new CachedObject(stored, object.slot, object.revision, object.length, object.body);
    last.purgesSeen = this.#bans.version;
    if (object.body === undefined) {
      const opened = this.open(object);
      if (opened instanceof Promise) void opened.then((body) => body?.close());
      if (opened === undefined || opened instanceof Promise) return undefined;
      last.opened = opened;
    }
    return this.#placed(last, object.stampAt, -1);
  }

  /** Stale from now on (RFC 9111 §4.3.5): there is something newer, but it is still better than nothing. */
  #outdate(object: CachedObject): void {
    const { stored, purged } = object;
    const age = currentAge(stored, this.now());
    if (stored.lifetime <= age && stored.staleWhileRevalidate === 0) return;
    const lifetime = Math.min(stored.lifetime, age);
    const outdated = this.#replaceHead(object, { ...stored, lifetime, staleWhileRevalidate: 0 });
    if (outdated === undefined || this.#disk === undefined || purged === 'soft') return;
    const { slot, revision, length } = outdated;
    // From disk it would come back as fresh as it was.
    if (this.#memory.news(slot).filled === length) this.#memory.setDisk(slot, revision, undefined);
    else this.#remove(outdated);
  }

  #remove({ slot, revision, stored }: CachedObject): void {
    this.#memory.remove(slot, revision);
    this.#local.forget(stored.key);
  }

  /** A pending entry under the key of a response that has come. */
  #claim(query: CacheQuery, whose: Pick<Claim, 'spec' | 'variant'>): Entry | undefined {
    const hash = this.#memory.hashOf(query.key);
    const entry = this.#memory.claim(hash, NOTHING_SELECTED, {
      ...whose,
      after: Number.POSITIVE_INFINITY,
    });
    if (entry?.previous !== undefined) this.#memory.unpin(entry.previous.slot);
    return entry;
  }

  #stamp(key: string): void {
    Atomics.add(this.#stamps, this.#memory.hashOf(key).low & (this.#stamps.length - 1), 1);
  }

  #variant(query: CacheQuery, spec: number): VariantHash {
    return this.#memory.hashOf(query.variantOf(this.#varyOf(spec)));
  }

  #varyOf(spec: number): readonly string[] {
    if (spec === 0) return NO_NAMES;
    let vary = this.#varies[spec];
    if (vary === undefined) {
      vary = this.#memory.namesOf(spec).split('\n');
      this.#varies[spec] = vary;
    }
    return vary;
  }
}

/** Variants that are looked through for one in a language that will do. */
const LOOKS_MAX = 16;

/** Of what we write ourselves requests have nothing that they could be told apart by. */
const WRITTEN_BY_US: ReadonlySet<string> = new Set([
  'cdn-loop',
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-request-id',
]);

/** The fields by which a response is told from others of its key, or why it cannot be. */
function selectingFields(fields: Fields): readonly string[] | NotWritten {
  const vary = varyOf(fields);
  if (vary === '*') return 'vary-star';
  if (vary.some((name) => WRITTEN_BY_US.has(name))) return 'vary-unknown';
  // Whoever codes without saying so would have it sent to clients that cannot undo it.
  if (!hasField(fields, 'content-encoding') || vary.includes('accept-encoding')) return vary;
  return [...vary, 'accept-encoding'].sort();
}

const NO_NAMES: readonly string[] = [];
const FOR_ALL = { spec: 0, variant: NO_VARIANT };
const NOTHING_SELECTED = () => undefined;

/** Why a response is not stored that says nothing of what others would get. */
const NOT_FOR_ALL: ReadonlySet<NotWritten> = new Set([
  'authorization',
  'bypass',
  'cache-off',
  'method',
  'no-room',
  'partial',
  'request-no-store',
  'status',
]);

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
