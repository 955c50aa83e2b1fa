import type { CacheQuery } from '../cache/query.ts';
import { parseRequestCacheControl } from '../cache/semantics/cache-control.ts';
import type { RequestDirectives } from '../cache/semantics/directives.ts';
import type { Fields } from './exchange.ts';
import type { FetchOrder } from './fetch-order.ts';
import type { OriginRequest } from './origin/call.ts';
import type { SiblingQuestion } from './siblings.ts';

/**
 * What siblings are asked, and then sent, in place of an order to the origins. `undefined`: they are not asked, because
 * what they have could not be used (RFC 9111 §5.2.1), or what is asked for is more than its URL and fields say to them.
 */
export function siblingQuestion(query: CacheQuery, { head, fields, client }: FetchOrder): SiblingQuestion | undefined {
  const { method, known, authority } = head;
  const wishes = parseRequestCacheControl(known.cacheControl, known.pragma);
  if (method !== 'GET' || known.authorization !== undefined) return undefined;
  if (wishes.noCache || wishes.noStore || wishes.maxAge === 0) return undefined;
  // Our key has more than the URL then, and theirs does not: another host that a proxy tells of, fields that a route adds.
  if (client.host !== authority || query.rules.keyHeaders.length > 0) return undefined;
  return { url: query.uri, fields: siblingFields(fields, wishes) };
}

/** In absolute form (RFC 9112 §3.2.2), so that the scheme is told as well. `lines`: what it is given beside its fields. */
export function siblingRequest({ url, fields }: SiblingQuestion, lines: string): OriginRequest {
  const authority = url.slice(url.indexOf('://') + 3).split('/', 1)[0] as string;
  const none = { body: undefined, length: undefined, upgrade: false };
  return { method: 'GET', target: url, fields: ['host', authority, ...fields], lines, ...none };
}

/**
 * The fields as origins would get them, but the whole is asked for, and only if it is there. What we can do is not said:
 * it is nothing that the response was chosen by.
 */
function siblingFields(fields: Fields, wishes: RequestDirectives): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!REPLACED.has(name.toLowerCase())) kept.push(name, fields[i + 1] as string);
  }
  kept.push('cache-control', wished(wishes));
  return kept;
}

const REPLACED: ReadonlySet<string> = new Set(['cache-control', 'if-range', 'pragma', 'range', 'surrogate-capability']);

/** What is stale is of no use, whatever the client would put up with. */
function wished({ maxAge, minFresh }: RequestDirectives): string {
  const directives = ['only-if-cached'];
  if (maxAge !== undefined) directives.push(`max-age=${Math.floor(maxAge / 1000)}`);
  if (minFresh !== undefined) directives.push(`min-fresh=${Math.ceil(minFresh / 1000)}`);
  return directives.join(', ');
}
