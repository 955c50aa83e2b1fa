import type { Ms } from '../base/units.ts';
import type { Kept } from './kept.ts';
import type { CacheResponse } from './message.ts';
import type { CachedObject } from './object.ts';
import type { BanBoard } from './purge/ban-board.ts';
import type { CacheQuery } from './query.ts';
import { fieldValue } from './select/field.ts';
import { tagsOf } from './select/tags.ts';
import { currentAge } from './semantics/freshness.ts';
import { decideReuse } from './semantics/reuse.ts';
import { decideStore, type StorableResponse, type StoreContext } from './semantics/storable.ts';
import { freshen, isSelectedBy } from './semantics/update.ts';

/** Age and Date count whole seconds: a response may be older than the one says, and younger than the other, by less than this. */
const STEP: Ms = 1000;

/**
 * Judges what another cache has sent in place of an origin. It is as old as it says, and not as young as our request for
 * it: what was purged here since it was made must not come back through a cache that nobody has told of the purge.
 */
export class Vetting {
  readonly #bans: BanBoard;
  readonly #kept: Kept;

  constructor({ bans, kept }: { readonly bans: BanBoard; readonly kept: Kept }) {
    this.#bans = bans;
    this.#kept = kept;
  }

  /**
   * The number under which a response is to be stored, by when it was made. `undefined`: it is not to be used, as it could
   * not be served for this request now, fresh by our own rules. `unsure`: nor this one, as something was purged about the
   * time when it was made. `candidate`: what a 304 would be about.
   */
  vet(
    query: CacheQuery,
    candidate: CachedObject | undefined,
    response: CacheResponse,
    context: StoreContext,
  ): number | 'unsure' | undefined {
    const now = context.times.responseTime;
    const made = response.status === 304 ? this.#freshened(candidate, response, context) : whole(response, context);
    if (made === undefined) return undefined;
    const madeAt = now - currentAge(made.stored, now);
    // It fetched it before we fetched what we want to know more of.
    if (candidate !== undefined && madeAt < now - currentAge(candidate.stored, now)) return undefined;
    const sequence = this.#bans.sequenceAt(madeAt - STEP);
    const reuse = decideReuse(query.request, made.stored, now);
    if (reuse.kind !== 'hit' || reuse.ttl <= 0) return undefined;
    if (this.#kept.leaves(query.key, made.tags, sequence)) return sequence;
    const latest = this.#bans.sequenceAt(Math.min(now, madeAt + STEP));
    return this.#kept.leaves(query.key, made.tags, latest) ? 'unsure' : undefined;
  }

  #freshened(candidate: CachedObject | undefined, response: CacheResponse, context: StoreContext): Made | undefined {
    if (candidate === undefined || !this.#kept.isKept(candidate)) return undefined;
    if (!isSelectedBy(candidate.stored, response.fields)) return undefined;
    const { fields, decision } = freshen(candidate.stored, response, context);
    return decision.store ? { stored: decision.stored, tags: tagsOf(fields).tags } : undefined;
  }
}

interface Made {
  readonly stored: StorableResponse;
  readonly tags: readonly string[];
}

function whole(response: CacheResponse, context: StoreContext): Made | undefined {
  // Whoever sends an error of its own does not say how old it is.
  const { status, fields } = response;
  if (status !== 200 && (status === 206 || status >= 500 || fieldValue(fields, 'age') === undefined)) return undefined;
  const decision = decideStore(response, context);
  return decision.store ? { stored: decision.stored, tags: tagsOf(response.fields).tags } : undefined;
}
