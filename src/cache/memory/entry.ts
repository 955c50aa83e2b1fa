import type { KeyHash, VariantHash } from './hash.ts';
import type { DiskPlace } from './memory-handle.ts';

/**
 * - `pending`: its leader has sent the request, no head yet
 * - `filling`: the head is there and the body is coming
 * - `complete`: whole; in memory, on disk or both
 * - `failed`, `released`: over, and no longer found; only who followed it sees that
 * - `marker`: what is fetched here cannot be shared, do not wait for each other
 */
export type EntryState = 'free' | 'pending' | 'filling' | 'complete' | 'failed' | 'released' | 'marker';

export type VariantOf = (spec: number) => VariantHash | undefined;

export interface Found {
  readonly slot: number;
  readonly revision: number;
  readonly state: EntryState;
  readonly sequence: number;
  /** Of a marker: epoch milliseconds. */
  readonly expiresAt: number;
  /** The newest complete one, when this one is newer and is not complete. Pinned as well. */
  readonly previous: Found | undefined;
  /** This call made it: whoever made it has to publish, fail or release it. */
  readonly leads: boolean;
}

export interface Claim {
  /** The variant that the request would have by what is known so far; 0 and `NO_VARIANT` when nothing is. */
  readonly spec: number;
  readonly variant: VariantHash;
  /** What is not newer than this sequence is passed over: what was found stale, or a marker that has expired. */
  readonly after?: number;
}

export interface Publication {
  /** At least one byte. */
  readonly head: Uint8Array;
  readonly spec: number;
  readonly variant: VariantHash;
  /** Of the body in bytes; `undefined`: not known. */
  readonly length: number | undefined;
  /** 8 bits, for the caller. */
  readonly flags?: number;
}

export interface HeadUpdate {
  readonly head: Uint8Array;
  /** Of the fetch that brought it. */
  readonly sequence?: number;
  readonly flags?: number;
}

export interface Restored {
  readonly hash: KeyHash;
  readonly spec: number;
  readonly variant: VariantHash;
  readonly disk: DiskPlace;
  /** Of the body in bytes. */
  readonly length: number;
  readonly sequence: number;
  readonly flags?: number;
}

export interface News {
  /** Changes with every news. */
  readonly version: number;
  readonly state: EntryState;
  /** Bytes of the body in memory. Of a complete entry 0 when it is on disk only. */
  readonly filled: number;
  /** Bytes of the whole body; `undefined`: not known yet. */
  readonly length: number | undefined;
}

export interface EntryFacts extends News {
  readonly hash: KeyHash;
  readonly spec: number;
  readonly variant: VariantHash;
  readonly sequence: number;
  readonly flags: number;
  /** The head is in memory. */
  readonly hasHead: boolean;
  /** Somebody is bringing it back from disk. */
  readonly isLoading: boolean;
  readonly disk: DiskPlace | undefined;
}
