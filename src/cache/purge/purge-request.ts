import type { Fields } from '../message.ts';
import type { CacheRules } from '../rules.ts';
import { fieldValue, withoutSpace } from '../select/field.ts';
import { type PurgedUrl, parsePurgedUrl, urlOf } from '../select/key.ts';
import { tagsOf } from '../select/tags.ts';
import type { PurgeOrder } from './order.ts';

/**
 * What a `PURGE` request asks for. As users of Squid, nginx, Varnish and Fastly send it:
 *
 *     PURGE /path?query      that URL of that host, by http and https, with all variants
 *     PURGE /path*           all URLs of that host that begin so, as nginx has it
 *     Surrogate-Key: a b     all that has one of these tags, on any host; the target is not looked at
 *     Cache-Tag: a, b        the same
 *     X-Purge-All: 1         everything, on any host; the target is not looked at
 *
 *     Fastly-Soft-Purge: 1   soft: stale from now on, but good enough where stale will do
 *     X-Purge-Soft: 1        the same
 *
 * The scheme does not matter, as who purges is seldom who visits: PURGE comes by http from a machine nearby.
 */

export interface PurgeRequest {
  /** As `authority` and `target` of a request head are: in lower case, and byte for byte. */
  readonly authority: string;
  readonly target: string;
  readonly fields: Fields;
}

export type PurgeAsked =
  | { readonly ok: true; readonly orders: readonly PurgeOrder[]; readonly soft: boolean }
  /** A 400, with this text for who sent it. */
  | { readonly ok: false; readonly problem: string };

type KeyRules = Pick<CacheRules, 'ignoreQuery'>;

/** `rules`: of the route that the target takes. */
export function purgeAsked(request: PurgeRequest, rules: KeyRules): PurgeAsked {
  const { fields } = request;
  const soft = [flag(fields, 'fastly-soft-purge'), flag(fields, 'x-purge-soft')];
  const all = flag(fields, 'x-purge-all');
  if ([all, ...soft].includes('odd')) return refused('expected 1 or 0 in X-Purge-All, X-Purge-Soft, Fastly-Soft-Purge');
  const isTagged = fieldValue(fields, 'surrogate-key') !== undefined || fieldValue(fields, 'cache-tag') !== undefined;
  if (all === 'on' && isTagged) return refused('expected X-Purge-All or tags, got both');
  const orders =
    all === 'on' ? [{ kind: 'all' } as const] : isTagged ? tagOrders(fields) : targetOrders(request, rules);
  return typeof orders === 'string' ? refused(orders) : { ok: true, orders, soft: soft.includes('on') };
}

/** All variants of a URL. `rules`: of the route that it takes. */
export function urlOrders(url: PurgedUrl, rules: KeyRules): readonly PurgeOrder[] {
  return url.schemes.map((scheme) => ({ kind: 'url', text: urlOf(scheme, url.host, url.target, rules) }));
}

/** All URLs that begin so. */
export function prefixOrders(url: PurgedUrl): readonly PurgeOrder[] {
  return url.schemes.map((scheme) => ({ kind: 'prefix', text: `${scheme}://${url.host}${url.target}` }));
}

function tagOrders(fields: Fields): readonly PurgeOrder[] | string {
  const { tags, dropped } = tagsOf(fields);
  if (dropped > 0) return 'expected at most 256 tags of at most 256 characters';
  // A tag that a script left empty must not become a purge of the URL that it happened to use.
  if (tags.length === 0) return 'expected a tag in Surrogate-Key or Cache-Tag, got none';
  return tags.map((text) => ({ kind: 'tag', text }));
}

function targetOrders({ authority, target }: PurgeRequest, rules: KeyRules): readonly PurgeOrder[] | string {
  const isPrefix = target.endsWith('*');
  const url = parsePurgedUrl(isPrefix ? target.slice(0, -1) : target, authority);
  if (url === undefined) return 'expected the path of a URL, or one with * at its end';
  return isPrefix ? prefixOrders(url) : urlOrders(url, rules);
}

function flag(fields: Fields, name: string): 'on' | 'off' | 'odd' {
  const value = withoutSpace(fieldValue(fields, name) ?? '0').toLowerCase();
  if (value === '1' || value === 'true') return 'on';
  return value === '0' || value === 'false' ? 'off' : 'odd';
}

function refused(problem: string): PurgeAsked {
  return { ok: false, problem };
}
