import type { Bytes } from '../base/units.ts';
import type { HitTier } from './counters.ts';
import type { OpenBody } from './open-body.ts';
import type { Purged } from './semantics/reuse.ts';
import type { StoredResponse } from './stored.ts';

/** A body up to this size is kept in the memory of the thread itself, beside the decoded head. */
export const OWN_BODY_MAX: Bytes = 12_288;

/**
 * A stored response as one thread has decoded it. It tells what is stored in a slot of the shared memory for as long as
 * the slot has this revision; who reads the body pins the slot first.
 */
export class CachedObject {
  readonly stored: StoredResponse;
  readonly slot: number;
  readonly revision: number;
  /** Of the whole body; `undefined` while it is still coming and nobody said. */
  readonly length: Bytes | undefined;
  /** All of a small body. */
  readonly body: Buffer | undefined;
  /** What purges have made of it, up to the count that `purgesSeen` was checked at. */
  purged: Purged = undefined;
  purgesSeen = -1;
  /** Of its key's neighbourhood in the index, and where that is counted, when it was found; see `Cache.recall`. */
  stamp = 0;
  stampAt = 0;
  /** Where it is noted what made its URL invalid. */
  invalidAt = 0;
  /** Which tier had it when it was last asked for. */
  tier: HitTier = 'memory';
  /** Its body, where its entry is gone already: for one reply. */
  opened: OpenBody | undefined;
  /** What the protocol in front has made of it, and of which rules. */
  presentation: unknown;
  presentedBy: object | undefined;

  constructor(
    stored: StoredResponse,
    slot: number,
    revision: number,
    length: Bytes | undefined,
    body: Buffer | undefined,
  ) {
    this.stored = stored;
    this.slot = slot;
    this.revision = revision;
    this.length = length;
    this.body = body;
  }
}
