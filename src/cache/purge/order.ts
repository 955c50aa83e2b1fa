/**
 * Purges, and the bans that remember them. A purge looks for no objects: it is remembered, and each object is held
 * against what is remembered when it is looked up. So it costs the same for one object and for a million, and a fetch
 * that was under way cannot bring back what was purged meanwhile.
 */

/** What a purge is for. */
export type PurgeOrder =
  /** `url`: the URL part of keys, with all variants. `prefix`: how it begins. `tag`: of Surrogate-Key or Cache-Tag. */
  { readonly kind: 'url' | 'prefix' | 'tag'; readonly text: string } | { readonly kind: 'all' };

/** A purge that is remembered: it holds for objects of a lower sequence number. */
export interface Ban {
  readonly order: PurgeOrder;
  /** Soft: what it is for is stale from now on, and good enough where stale will do. */
  readonly soft: boolean;
  readonly sequence: number;
}

/** What is asked about: an object, by the parts of its `StoredResponse`. */
export interface BanSubject {
  readonly key: string;
  readonly tags: readonly string[];
  readonly sequence: number;
}

/**
 * `soft`: as if its freshness had ended. `suspect`: it may have been purged, which is not known yet; see `BanBoard.suspect`.
 * `gone`: as if it were not there.
 */
export type Verdict = 'keep' | 'soft' | 'suspect' | 'gone';

/** Bytes of UTF-8. No key is longer than a request target may be, 64 KiB, and its host. */
export const ORDER_TEXT_MAX = 128 * 1024;
