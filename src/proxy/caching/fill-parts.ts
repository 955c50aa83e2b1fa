import type { Cache } from '../../cache/cache.ts';
import type { Flight } from '../../cache/flight.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { CacheQuery } from '../../cache/query.ts';
import type { FetchOrder } from '../fetch-order.ts';

/** What a fetch is made of whose response may be stored. */
export interface FillParts {
  readonly cache: Cache;
  readonly query: CacheQuery;
  readonly order: FetchOrder;
  /** What is validated by this fetch. */
  readonly candidate: CachedObject | undefined;
  /** A stored part that is to be completed by this fetch. */
  readonly part?: CachedObject | undefined;
  /** Siblings may be asked before the origins. */
  readonly asksSiblings: boolean;
  /** It is this sibling's, by its row: neither others nor origins are asked. */
  readonly onlySibling?: number | undefined;
  /** Where others wait for the outcome. */
  readonly flight: Flight | undefined;
  /** Keeps alive what the fetch needs, beyond the exchange that began it. */
  readonly hold: { enter(): void; leave(): void };
  /** `false`: the response is passed on and nothing else. */
  readonly mayStore: boolean;
}
