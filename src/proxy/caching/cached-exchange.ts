import type { Cache } from '../../cache/cache.ts';
import type { CacheQuery } from '../../cache/query.ts';
import { appendStatus } from '../../cache/semantics/cache-status.ts';
import type { Exchange, Fields } from '../exchange.ts';
import type { FetchOrder } from '../fetch-order.ts';
import type { ResponseRules } from '../headers.ts';
import type { CacheReport } from './cache-report.ts';

/** What an exchange brings along that is answered by way of the cache. */
export interface CachedExchange {
  readonly cache: Cache;
  readonly exchange: Exchange;
  readonly query: CacheQuery;
  readonly rules: ResponseRules;
  readonly requestId: string;
  /** A sibling asks: it gets what is stored as it is stored, fresh or not at all, and is no client that is counted. */
  readonly forSibling: boolean;
  /** A fetch from the origins with these fields. */
  order(fields: Fields): FetchOrder;
  /** Keeps the generation, for a fetch that outlives the exchange. */
  readonly hold: { enter(): void; leave(): void };
}

/** Adds Cache-Status to a reply's fields (RFC 9211 §2), after what caches nearer to the origin said in theirs. */
export function tellStatus(
  fields: string[],
  upstream: string | string[] | undefined,
  cache: Cache,
  route: { readonly tellStatus: boolean },
  { remove }: Pick<ResponseRules, 'remove'>,
  report: CacheReport,
): void {
  const before = upstream === undefined ? undefined : String(upstream);
  if (remove.has('cache-status')) return;
  if (route.tellStatus) fields.push('cache-status', appendStatus(before, report.status(cache.name)));
  else if (before !== undefined) fields.push('cache-status', before);
}
