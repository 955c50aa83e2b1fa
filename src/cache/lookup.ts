import type { Bytes, Ms } from '../base/units.ts';
import type { DiskObjects } from './disk-objects.ts';
import type { Kept } from './kept.ts';
import type { LocalTier } from './local-tier.ts';
import type { CacheMemory, Found as Entry } from './memory/cache-memory.ts';
import type { VariantHash } from './memory/hash.ts';
import { CachedObject, OWN_BODY_MAX } from './object.ts';
import { type OpenBody, OpenMemoryBody } from './open-body.ts';
import type { CachePlan } from './plan.ts';
import type { CacheQuery } from './query.ts';
import { fieldValue } from './select/field.ts';
import { isPreferredLanguageOf } from './select/vary.ts';
import type { Stamps } from './stamps.ts';
import type { StoredResponse } from './stored.ts';
import { decodeHead } from './stored-head.ts';
import type { Watch } from './watch.ts';

/** What there is of the shared index for a request. */
export type Found =
  | { readonly kind: 'object'; readonly object: CachedObject }
  /** On disk only. `undefined`: it could not be read after all. */
  | { readonly kind: 'loading'; readonly object: Promise<CachedObject | undefined> }
  /** What is fetched here is not shared of late: wait for nobody. */
  | { readonly kind: 'unshareable' }
  /** `variant`: what the request has in the fields that others for this key vary by, none of which it selects. */
  | { readonly kind: 'none'; readonly variant: string | undefined };

export interface LookupParts {
  readonly memory: CacheMemory;
  readonly local: LocalTier;
  readonly disk: DiskObjects | undefined;
  readonly watch: Watch;
  readonly stamps: Stamps;
  readonly kept: Kept;
  /** Of the generation that there is now. */
  readonly plan: () => CachePlan;
  readonly now: () => Ms;
}

/** Variants that are looked through for one in a language that will do. */
const LOOKS_MAX = 16;

const NO_NAMES: readonly string[] = [];

/** Finds what is stored: decoded already in this thread, in the shared index and memory, or on disk. */
export class Lookup {
  readonly #memory: CacheMemory;
  readonly #local: LocalTier;
  readonly #disk: DiskObjects | undefined;
  readonly #watch: Watch;
  readonly #stamps: Stamps;
  readonly #kept: Kept;
  readonly #plan: () => CachePlan;
  readonly #now: () => Ms;
  /** By the number of their spec. */
  readonly #varies: (readonly string[])[] = [];

  constructor({ memory, local, disk, watch, stamps, kept, plan, now }: LookupParts) {
    this.#memory = memory;
    this.#local = local;
    this.#disk = disk;
    this.#watch = watch;
    this.#stamps = stamps;
    this.#kept = kept;
    this.#plan = plan;
    this.#now = now;
  }

  /** What this thread knows for sure without a look into the index. */
  recall(query: CacheQuery): CachedObject | undefined {
    const object = this.#local.find(query);
    if (object === undefined) return undefined;
    if (
      this.#memory.isCurrent(object.slot, object.revision) &&
      this.#stamps.read(object.stampAt) === object.stamp &&
      this.#kept.isKept(object)
    ) {
      object.tier = 'local';
      return object;
    }
    this.#local.forget(query.key);
    return undefined;
  }

  find(query: CacheQuery): Found {
    const hash = this.#memory.hashOf(query.key);
    const stampAt = this.#stamps.cellOf(hash);
    const stamp = this.#stamps.read(stampAt);
    // Those that turn out to be purged are removed, and what they hid is looked at.
    for (;;) {
      const entry = this.#memory.find(hash, (spec) => this.#variant(query, spec));
      if (entry === undefined) return this.#findOther(query, stampAt, stamp);
      const found = this.#inspect(query, entry, stampAt, stamp, this.#local.isWorthKeeping(hash));
      if (found !== 'purged') return found;
    }
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
      const object = this.#decode({ slot, revision, state }, stored, stampAt, stamp, false);
      if (this.#kept.isKept(object)) other = { kind: 'object', object };
    }
    const one = entries.find(({ state }) => state === 'complete' || state === 'filling');
    const variant = one && query.variantOf(this.#varyOf(memory.describe(one.slot).spec));
    for (const { slot } of entries) memory.unpin(slot);
    return other ?? { kind: 'none', variant };
  }

  #inspect(query: CacheQuery, entry: Entry, stampAt: number, stamp: number, keep: boolean): Found | 'purged' {
    const memory = this.#memory;
    const { slot, previous, state } = entry;
    try {
      // A marker says no more than not to wait for each other: what is stored is still good.
      if (previous !== undefined) return this.#inspect(query, previous, stampAt, stamp, keep);
      if (state === 'marker') {
        if (entry.expiresAt > this.#now()) return { kind: 'unshareable' };
        memory.remove(slot, entry.revision);
        return 'purged';
      }
      // Between two steps of another thread, whose flight is still to be joined; or over since.
      if (state !== 'complete' && state !== 'filling') return this.#findOther(query, stampAt, stamp);
      const head = memory.readHead(slot);
      if (head === undefined) return this.#load(query, entry, stampAt, stamp);
      const stored = decodeHead(head);
      if (!isFor(query, stored)) return { kind: 'none', variant: undefined };
      const object = this.#decode(entry, stored, stampAt, stamp, keep);
      if (!this.#kept.isKept(object)) return 'purged';
      if (state === 'complete' && keep) this.#local.add(object);
      return { kind: 'object', object };
    } finally {
      memory.unpin(slot);
    }
  }

  #decode(
    { slot, revision, state }: Pick<Entry, 'slot' | 'revision' | 'state'>,
    stored: StoredResponse,
    stampAt: number,
    stamp: number,
    copyBody: boolean,
  ): CachedObject {
    const { filled, length } = this.#memory.news(slot);
    const isSmall = state === 'complete' && length !== undefined && filled === length && length <= OWN_BODY_MAX;
    const body = isSmall && copyBody ? ownBody(this.#memory.body(slot, 0, length), length) : undefined;
    return this.#kept.placed(new CachedObject(stored, slot, revision, length, body), stampAt, stamp);
  }

  #load(query: CacheQuery, { slot, revision }: Entry, stampAt: number, stamp: number): Found {
    if (this.#disk === undefined) return { kind: 'none', variant: undefined };
    const { disk } = this.#memory.describe(slot);
    if (disk === undefined) return { kind: 'none', variant: undefined };
    this.#memory.pinAgain(slot);
    const loaded = this.#disk.load(slot, revision, disk, this.#plan().memoryObjectLimit);
    const object = loaded.then((each) => {
      if (each === undefined) this.#memory.remove(slot, revision);
      if (each === undefined || !isFor(query, each.stored)) return undefined;
      return this.#kept.isKept(this.#kept.placed(each, stampAt, stamp)) ? each : undefined;
    });
    return { kind: 'loading', object };
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

/** Hashes may be made to collide; full keys may not. */
function isFor(query: CacheQuery, { key, vary, variant }: StoredResponse): boolean {
  return key === query.key && (vary.length === 0 || query.variantOf(vary) === variant);
}

/**
 * A copy in memory of its own: in one of the blocks of 8 KiB that Node makes small buffers of, it would keep all that was
 * beside it.
 */
function ownBody(pieces: readonly Buffer[], length: Bytes): Buffer {
  const body = Buffer.allocUnsafeSlow(length);
  let end = 0;
  for (const piece of pieces) {
    body.set(piece, end);
    end += piece.length;
  }
  return body;
}
