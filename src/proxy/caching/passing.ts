import type { Bytes } from '../../base/units.ts';
import { evaluate } from '../../cache/conditional/evaluate.ts';
import { notModifiedFields } from '../../cache/conditional/not-modified.ts';
import type { NotWritten } from '../../cache/object-writer.ts';
import { firstValue } from '../../cache/select/field.ts';
import type { Fields, ResponseHead } from '../exchange.ts';
import type { Fetch } from '../fetch.ts';
import { type OriginFields, responseFields } from '../headers.ts';
import { keepClient } from '../keep-client.ts';
import type { CacheReport } from './cache-report.ts';
import { type CachedExchange, tellStatus } from './cached-exchange.ts';

/** What the client gets of a response that comes to it straight from the origin. */
export interface PassingReply {
  readonly head: ResponseHead;
  /** The client has it already: `head` is a 304, and nothing of the body goes with it. */
  readonly hasAlready: boolean;
  /** Of the body that the origin sends; `undefined`: it did not say. */
  readonly length: Bytes | undefined;
}

/** `reason`: why it is not stored; `undefined`: it is a part, and stored beside. */
export function passingReply(
  cached: CachedExchange,
  report: CacheReport,
  { status, fields: origin, fetch }: { status: number; fields: OriginFields; fetch: Fetch },
  reason: NotWritten | undefined,
): PassingReply {
  const { fields, contentLength: length } = responseFields(origin, status, cached.rules, cached.requestId);
  if (reason === undefined) report.stored = true;
  else report.notStored(reason);
  tellStatus(fields, origin['cache-status'], cached.cache, cached.query.rules, cached.rules, report);
  keepClient(fields, fetch, cached.rules);
  if (!isNotModified(cached, report, status, fields))
    return { head: { status, fields, length }, hasAlready: false, length };
  return { head: { status: 304, fields: notModifiedFields(fields) }, hasAlready: true, length };
}

/** Whether a condition of the client's, which the origin was not told, makes a 304 of what passes. */
function isNotModified(
  { cache, exchange: { head } }: CachedExchange,
  { forward }: CacheReport,
  status: number,
  fields: Fields,
): boolean {
  const { method, known } = head;
  if (known.ifNoneMatch === undefined && known.ifModifiedSince === undefined) return false;
  if (method !== 'GET' || forward === 'bypass') return false;
  const etag = firstValue(fields, 'etag');
  const lastModified = firstValue(fields, 'last-modified');
  const passing = { status, fields, etag, lastModified, responseTime: cache.now() };
  return evaluate(head, passing, cache.now()) === 'not-modified';
}
