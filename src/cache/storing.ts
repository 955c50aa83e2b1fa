import type { Bytes, Ms } from '../base/units.ts';
import { announcedPart, joins } from './conditional/part.ts';
import type { CacheCounters } from './counters.ts';
import type { DiskObjects } from './disk-objects.ts';
import type { Kept } from './kept.ts';
import type { Lookup } from './lookup.ts';
import type { CacheMemory, Claim, Found as Entry } from './memory/cache-memory.ts';
import { NO_VARIANT } from './memory/hash.ts';
import type { CacheResponse, Fields } from './message.ts';
import { CachedObject } from './object.ts';
import { type NotWritten, ObjectWriter, type WriterOwner } from './object-writer.ts';
import type { CachePlan } from './plan.ts';
import type { CacheQuery } from './query.ts';
import { firstValue, hasField, withoutFields } from './select/field.ts';
import { tagsOf } from './select/tags.ts';
import { selectingFields } from './selecting-fields.ts';
import { decideStore, type StorableResponse, type StoreContext, type StoreDecision } from './semantics/storable.ts';
import type { Stamps } from './stamps.ts';
import type { StoredResponse } from './stored.ts';
import { encodeHead } from './stored-head.ts';
import type { Watch } from './watch.ts';

export interface StoringParts {
  readonly memory: CacheMemory;
  readonly disk: DiskObjects | undefined;
  readonly watch: Watch;
  readonly stamps: Stamps;
  readonly kept: Kept;
  readonly lookup: Lookup;
  readonly counters: CacheCounters;
  /** Of the generation that there is now. */
  readonly plan: () => CachePlan;
  readonly now: () => Ms;
}

/** What could not be shared is not waited for again for so long. */
const UNSHAREABLE_FOR: Ms = 120_000;

const FOR_ALL = { spec: 0, variant: NO_VARIANT };
const NOTHING_SELECTED = () => undefined;

/** Stores what comes from the origins, and remembers of what is not stored that it is not worth waiting for. */
export class Storing implements WriterOwner {
  readonly #memory: CacheMemory;
  readonly #disk: DiskObjects | undefined;
  readonly #watch: Watch;
  readonly #stamps: Stamps;
  readonly #kept: Kept;
  readonly #lookup: Lookup;
  readonly #counters: CacheCounters;
  readonly #plan: () => CachePlan;
  readonly #now: () => Ms;

  constructor({ memory, disk, watch, stamps, kept, lookup, counters, plan, now }: StoringParts) {
    this.#memory = memory;
    this.#disk = disk;
    this.#watch = watch;
    this.#stamps = stamps;
    this.#kept = kept;
    this.#lookup = lookup;
    this.#counters = counters;
    this.#plan = plan;
    this.#now = now;
  }

  /** What decides over storing a response to this request. */
  storeContext(query: CacheQuery, method: string, requestTime: Ms, partUsable: boolean): StoreContext {
    return {
      request: { method, known: query.request.known },
      uri: query.uri,
      rules: query.rules,
      refresh: query.refresh,
      times: { requestTime, responseTime: this.#now() },
      partUsable,
      objectLimit: this.#plan().objectLimit,
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
    if (typeof writer === 'string') this.#counters.notStored(writer);
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
    const isAfter = joins(stored, length, { fields: response.fields, part: brought }, this.#now()) === 'after';
    const total = length + brought.length;
    const whole = isAfter && this.#memory.news(slot).filled === length;
    const fields = joinedFields(stored.fields, response.fields, total);
    const writer = whole ? this.store(query, { status: 200, fields }, context, sequence, total) : 'partial';
    if (typeof writer !== 'string') for (const piece of this.#memory.body(slot, 0, length)) writer.append(piece);
    this.#memory.unpin(slot);
    return typeof writer === 'string' ? undefined : writer;
  }

  /** Remembers that responses to this request are not shared. */
  markUnshareable(query: CacheQuery): void {
    const entry = this.#claim(query, FOR_ALL);
    if (entry === undefined) return;
    this.#memory.release(entry.slot, this.#now() + UNSHAREABLE_FOR);
    this.#memory.unpin(entry.slot);
  }

  /** Remembers that it grew too large: while nobody says beforehand how long it is, it is not tried again. */
  markTooLarge(query: CacheQuery): void {
    this.markUnshareable(query);
    this.markUnshareable(query.grown);
  }

  /** A new object is whole: to disk with it, if there is one. */
  written(object: CachedObject, kept: boolean): void {
    // What became invalid before it was there to be removed would be found on disk after the next start, as good as new.
    if (!kept || !this.#kept.isKept(object)) {
      this.#memory.unpin(object.slot);
      return;
    }
    this.#counters.stored('memory');
    this.#stamp(object.stored.key);
    if (this.#disk === undefined) this.#memory.unpin(object.slot);
    else void this.#disk.save(object, this.#plan().memoryObjectLimit);
  }

  #decide(query: CacheQuery, response: CacheResponse, context: StoreContext, length: Bytes | undefined): StoreDecision {
    const decision = decideStore(response, context);
    const grows = decision.store && length === undefined && this.#lookup.find(query.grown).kind === 'unshareable';
    return grows ? { store: false, shareable: false, reason: 'too-large' } : decision;
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
    });
    if (!published) {
      memory.fail(entry.slot);
      memory.unpin(entry.slot);
      return 'no-room';
    }
    this.#stamp(query.key);
    const object = new CachedObject(stored, entry.slot, entry.revision, length, undefined);
    this.#kept.placed(object, 0, -1);
    return new ObjectWriter(object, memory, this.#watch, this.#plan().objectLimit, this);
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
    this.#stamps.count(this.#stamps.cellOf(this.#memory.hashOf(key)));
  }
}

/** RFC 9111 §3.4: the fields of the new response take the place of those that were stored. */
function joinedFields(stored: Fields, fresh: Fields, length: Bytes): string[] {
  const replaced = (name: string) => hasField(fresh, name) || name === 'content-range';
  const fields = withoutFields(stored, replaced);
  fields.push(...withoutFields(fresh, (name) => name === 'content-range' || name === 'content-length'));
  fields.push('content-length', String(length));
  return fields;
}
