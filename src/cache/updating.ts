import type { Ms } from '../base/units.ts';
import type { DiskObjects } from './disk-objects.ts';
import type { Kept } from './kept.ts';
import type { LocalTier } from './local-tier.ts';
import type { Lookup } from './lookup.ts';
import type { CacheMemory } from './memory/cache-memory.ts';
import type { CacheResponse } from './message.ts';
import { CachedObject } from './object.ts';
import type { NotWritten } from './object-writer.ts';
import type { BanBoard } from './purge/ban-board.ts';
import type { CacheQuery } from './query.ts';
import { hasField } from './select/field.ts';
import { tagsOf } from './select/tags.ts';
import { selectingFields } from './selecting-fields.ts';
import { currentAge } from './semantics/freshness.ts';
import type { StoreContext } from './semantics/storable.ts';
import { freshen, isSelectedBy, updateByHead } from './semantics/update.ts';
import type { StoredResponse } from './stored.ts';
import { encodeHead } from './stored-head.ts';

export interface UpdatingParts {
  readonly memory: CacheMemory;
  readonly local: LocalTier;
  readonly disk: DiskObjects | undefined;
  readonly bans: BanBoard;
  readonly kept: Kept;
  readonly lookup: Lookup;
  readonly now: () => Ms;
}

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

/** Dates have whole seconds: by so much two responses may seem to differ that say the same. */
const JITTER: Ms = 1_000;

/** Brings what is stored up to date, by responses that say something of it and are not stored themselves. */
export class Updating {
  readonly #memory: CacheMemory;
  readonly #local: LocalTier;
  readonly #disk: DiskObjects | undefined;
  readonly #bans: BanBoard;
  readonly #kept: Kept;
  readonly #lookup: Lookup;
  readonly #now: () => Ms;

  constructor({ memory, local, disk, bans, kept, lookup, now }: UpdatingParts) {
    this.#memory = memory;
    this.#local = local;
    this.#disk = disk;
    this.#bans = bans;
    this.#kept = kept;
    this.#lookup = lookup;
    this.#now = now;
  }

  /** What a 304 makes of what it is about. `undefined`: it is about something else, ask again without a condition. */
  freshen(
    object: CachedObject,
    response: CacheResponse,
    context: StoreContext,
    sequence: number,
  ): CachedObject | undefined {
    if (!this.#kept.isKept(object) || !isSelectedBy(object.stored, response.fields)) return undefined;
    const { fields, decision } = freshen(object.stored, response, context);
    const { tags } = tagsOf(fields);
    if (decision.store && sameNames(selectingFields(fields), object.stored.vary)) {
      return this.#replaceHead(object, { ...object.stored, ...decision.stored, tags, sequence });
    }
    // Who asked gets it once more; and then it goes, unless it was only this request that was in the way.
    const isOfRequest =
      !decision.store && (decision.reason === 'request-no-store' || decision.reason === 'authorization');
    const last = this.#forOneReply(object, { ...object.stored, fields, sequence });
    if (!isOfRequest) {
      this.#kept.remove(object);
      this.#kept.forgetOnDisk(object);
    }
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
    if (!this.#kept.isKept(object) || context.request.known.authorization !== undefined) return;
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
  overtaken(object: CachedObject, status: number, reason: NotWritten): void {
    const { slot, revision, stored, purged } = object;
    if (status >= 500 || NOT_FOR_ALL.has(reason)) return;
    // One that is fresh was validated because a client wished it: what that one got may be its own.
    const isFresh = !stored.alwaysValidate && purged === undefined && stored.lifetime > currentAge(stored, this.#now());
    if (isFresh) return;
    if (!this.#memory.remove(slot, revision)) return;
    this.#local.forget(stored.key);
    this.#kept.forgetOnDisk(object);
  }

  #replaceHead(object: CachedObject, stored: StoredResponse): CachedObject | undefined {
    const memory = this.#memory;
    const { slot, length, body } = object;
    if (!memory.pin(slot, object.revision)) return undefined;
    const revision = memory.updateHead(slot, object.revision, { head: encodeHead(stored) });
    const { state, filled } = memory.news(slot);
    const fresh = new CachedObject(stored, slot, revision ?? object.revision, length, body);
    this.#kept.placed(fresh, object.stampAt, object.stamp);
    if (revision !== undefined && object.stamp !== -1) this.#local.add(fresh);
    // On disk it keeps its old head. By that it is validated once more as a rule, when it comes back.
    if (this.#disk !== undefined && this.#wouldComeBack(object, servedUntil(stored))) {
      this.#kept.forgetOnDisk(object);
      if (revision !== undefined && filled === length) memory.setDisk(slot, revision, undefined);
      else this.#kept.remove(fresh);
    }
    memory.unpin(slot);
    // Of a body that is still coming the head stays as it was; this client gets the new one.
    return revision === undefined && state !== 'filling' ? undefined : fresh;
  }

  /** Whether what is on disk of it would be served without a question, for longer than until then. */
  #wouldComeBack({ stored, purged }: CachedObject, until: Ms): boolean {
    // Soft purges are for what is on disk as well.
    return purged !== 'soft' && servedUntil(stored) > Math.max(this.#now(), until + JITTER);
  }

  /** What it says now, for one reply, and the body that it has. */
  #forOneReply(object: CachedObject, stored: StoredResponse): CachedObject | undefined {
    const last = new CachedObject(stored, object.slot, object.revision, object.length, object.body);
    last.purgesSeen = this.#bans.version;
    if (object.body === undefined) {
      const opened = this.#lookup.open(object);
      if (opened instanceof Promise) void opened.then((body) => body?.close());
      if (opened === undefined || opened instanceof Promise) return undefined;
      last.opened = opened;
    }
    return this.#kept.placed(last, object.stampAt, -1);
  }

  /** Stale from now on (RFC 9111 §4.3.5): there is something newer, but it is still better than nothing. */
  #outdate(object: CachedObject): void {
    const { stored } = object;
    const age = currentAge(stored, this.#now());
    if (stored.lifetime <= age && stored.staleWhileRevalidate === 0) return;
    const lifetime = Math.min(stored.lifetime, age);
    this.#replaceHead(object, { ...stored, lifetime, staleWhileRevalidate: 0 });
  }
}

/** Epoch milliseconds until which it is served without asking the origin first. */
function servedUntil(stored: StoredResponse): Ms {
  const { responseTime, initialAge, lifetime, staleWhileRevalidate, alwaysValidate } = stored;
  return alwaysValidate ? 0 : responseTime - initialAge + lifetime + staleWhileRevalidate;
}

function sameNames(names: readonly string[] | NotWritten, others: readonly string[]): boolean {
  return typeof names !== 'string' && names.join() === others.join();
}
