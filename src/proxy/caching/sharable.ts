import { parseRequestCacheControl } from '../../cache/semantics/cache-control.ts';
import type { RequestHead } from '../exchange.ts';

/**
 * Whether a request may wait for another one's response: what depends on who asks would most often not be shared, and to
 * have waited for it costs time (RFC 9111 §4).
 */
export function isSharable({ method, known }: RequestHead): boolean {
  return (
    method === 'GET' &&
    known.authorization === undefined &&
    !parseRequestCacheControl(known.cacheControl).noStore &&
    (known.range === undefined || isAll(known.range))
  );
}

/** As players ask for all of a film: with nothing stored, it is the whole that is worth fetching. */
export function isAll(range: string): boolean {
  return /^bytes=0-$/i.test(range);
}

/** Whether the client wants what is stored or nothing (RFC 9111 §5.2.1.7). */
export function isOnlyIfCached({ known }: Pick<RequestHead, 'known'>): boolean {
  return parseRequestCacheControl(known.cacheControl, known.pragma).onlyIfCached;
}

/** Whether it is so that siblings ask each other for what they have. */
export function asksForStored({ method, known }: Pick<RequestHead, 'method' | 'known'>): boolean {
  if (known.cacheControl === undefined || known.upgrade !== undefined) return false;
  return (method === 'GET' || method === 'HEAD') && isOnlyIfCached({ known });
}
