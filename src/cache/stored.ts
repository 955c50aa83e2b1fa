import type { Ms } from '../base/units.ts';
import type { Fields } from './message.ts';

/**
 * All that is kept of a response beside its body. Plain JSON: as such it stands before the body in the memory tier and
 * in the records on disk. What is decided when it is stored is not decided again at each hit.
 */
export interface StoredResponse {
  /** The primary key, `https://www.example.com/path?query` and what the route adds. */
  readonly key: string;
  readonly status: number;
  /** As they are sent, names in lower case; without Age, Content-Length and what belongs to a connection. */
  readonly fields: Fields;
  /** Epoch milliseconds: when the request for it was sent, and when its head came (RFC 9111 §4.2.3). */
  readonly requestTime: Ms;
  readonly responseTime: Ms;
  /** corrected_initial_age of RFC 9111 §4.2.3, at `responseTime`. */
  readonly initialAge: Ms;
  /** freshness_lifetime of RFC 9111 §4.2.1. */
  readonly lifetime: Ms;
  /** How long beyond `lifetime` it may be served while it is revalidated, and when that fails (RFC 5861). */
  readonly staleWhileRevalidate: Ms;
  readonly staleIfError: Ms;
  /** no-cache: no reuse without validation, however fresh it is. */
  readonly alwaysValidate: boolean;
  /** must-revalidate, proxy-revalidate, s-maxage or the like: never stale, not even when no origin can be reached. */
  readonly mustRevalidate: boolean;
  /** The selecting request fields in lower case, sorted; empty without Vary. */
  readonly vary: readonly string[];
  /** The values they had in the request, normalised: see `variantKey`. Empty without Vary. */
  readonly variant: string;
  /** Surrogate-Key and Cache-Tag, by which it can be purged. */
  readonly tags: readonly string[];
  /** Validators as they stand in `fields`. */
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** The body is only a part (206): its first byte's place in the whole, and the length of the whole if it is known. */
  readonly part: { readonly first: number; readonly complete: number | undefined } | undefined;
  /** Its place in the order of fetches and purges: a purge of a higher number is for it, too. */
  readonly sequence: number;
}
