import type { Cache } from '../../cache/cache.ts';
import type { CacheQuery } from '../../cache/query.ts';
import { ageSeconds } from '../../cache/semantics/freshness.ts';
import { decideReuse } from '../../cache/semantics/reuse.ts';
import type { Exchange, RequestHead } from '../exchange.ts';
import type { ResponseRules } from '../headers.ts';
import { CacheReport } from './cache-report.ts';
import { tellStatus } from './cached-exchange.ts';
import { presented } from './presented.ts';

/**
 * The shortest way of all: a small object that this thread has decoded, fresh, for a request without conditions or
 * ranges. What it saves, against the way of all others, is a third of the time that a hit takes. `undefined`: nothing
 * was sent, go the other way.
 */
export function replyWithHotHit(
  cache: Cache,
  query: CacheQuery,
  exchange: Exchange,
  rules: ResponseRules,
  requestId: string,
): CacheReport | undefined {
  const { head } = exchange;
  if (!isPlain(head) || exchange.body !== undefined) return undefined;
  const object = cache.recall(query);
  if (object?.body === undefined || object.stored.part !== undefined) return undefined;
  const reuse = decideReuse(head, object.stored, cache.now(), object.purged);
  if (reuse.kind !== 'hit') return undefined;
  cache.touch(object);
  cache.counters.hit('local');
  const report = new CacheReport();
  report.hit(reuse.ttl, reuse.detail);
  report.replied = object.stored.status;
  const made = presented(object, rules, query.rules.setCookie);
  const fields: string[] = [];
  if (!rules.remove.has('age')) fields.push('age', String(ageSeconds(reuse.age)));
  tellStatus(fields, made.upstream, cache, query.rules, rules, report);
  if (!rules.remove.has('x-request-id')) fields.push('x-request-id', requestId);
  exchange.reply(
    { status: object.stored.status, shared: made.shared, fields, length: object.length },
    head.method === 'HEAD' ? undefined : object.body,
  );
  return report;
}

function isPlain({ method, known }: RequestHead): boolean {
  return (
    (method === 'GET' || method === 'HEAD') &&
    known.range === undefined &&
    known.ifNoneMatch === undefined &&
    known.ifModifiedSince === undefined &&
    known.ifMatch === undefined &&
    known.ifUnmodifiedSince === undefined
  );
}
