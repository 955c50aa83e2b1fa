import type { Bytes, Ms } from '../../base/units.ts';
import type { CacheRequest, CacheResponse, Fields } from '../message.ts';
import type { CacheRules, RefreshRule } from '../rules.ts';
import { firstValue } from '../select/field.ts';
import { varyOf } from '../select/vary.ts';
import type { StoredResponse } from '../stored.ts';
import { parseRequestCacheControl } from './cache-control.ts';
import { parseHttpDate } from './dates.ts';
import type { ResponseDirectives } from './directives.ts';
import {
  correctedInitialAge,
  type ExchangeTimes,
  explicitLifetime,
  type FreshnessLifetime,
  freshnessLifetime,
} from './freshness.ts';
import { isStorable, isUnderstood } from './status-codes.ts';
import { isCookieField, storedFields } from './stored-fields.ts';
import { type EffectiveDirectives, effectiveDirectives } from './targeted.ts';

/** Whether a response may be stored, and what is decided once for all its later uses. RFC 9111 §3. */

/** What of a stored response follows from the exchange alone; key, variant, tags and part are others' business. */
export type StorableResponse = Omit<StoredResponse, 'key' | 'vary' | 'variant' | 'sequence' | 'tags' | 'part'>;

/** Why a response is not stored. These codes are told in Cache-Status and in the access log: they stay as they are. */
export type NotStored =
  | 'cache-off'
  | 'method'
  | 'request-no-store'
  | 'status'
  | 'partial'
  | 'must-understand'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'vary-star'
  | 'set-cookie'
  | 'no-freshness'
  | 'no-cache'
  | 'expired'
  | 'too-large';

/** `shareable`: others who waited for the same fetch may be given the response without asking again (RFC 9111 §4). */
export type StoreDecision =
  | { readonly store: true; readonly shareable: boolean; readonly stored: StorableResponse }
  | { readonly store: false; readonly shareable: boolean; readonly reason: NotStored };

/** How a response came to us, and what the route says. */
export interface StoreContext {
  readonly request: Pick<CacheRequest, 'method' | 'known'>;
  /** The target URI as the client has it: `https://www.example.com/path?query`. */
  readonly uri: string;
  readonly rules: CacheRules;
  /** The first of `rules.refresh` whose path matches. */
  readonly refresh: RefreshRule | undefined;
  readonly times: ExchangeTimes;
  /** Whether this 206 is one part whose place is known; not looked at for other responses. */
  readonly partUsable: boolean;
  /** `cache.object_limit`, held against Content-Length; a body that turns out longer is cut off by who writes it. */
  readonly objectLimit: Bytes;
}

export function decideStore(response: CacheResponse, context: StoreContext): StoreDecision {
  const { status, fields } = response;
  const { rules, times } = context;
  const effective = effectiveDirectives(fields);
  const { directives } = effective;

  const refusal = forbidden(response, effective, context);
  if (refusal !== undefined) return { store: false, shareable: false, reason: refusal };

  const freshness = freshnessLifetime(status, fields, effective, rules, context.refresh, times.responseTime);
  const stored = describe(response, directives, freshness, context);
  const useless = uselessness(stored, freshness, rules);
  if (useless !== undefined) return { store: false, shareable: false, reason: useless };

  const shareable = !stored.alwaysValidate && stored.lifetime + stored.staleWhileRevalidate > stored.initialAge;
  const length = firstValue(fields, 'content-length');
  if (length !== undefined && Number(length) > context.objectLimit) {
    return { store: false, shareable, reason: 'too-large' };
  }
  return { store: true, shareable, stored };
}

/** What RFC 9111 §3 and the route forbid, in an order that names the plainest reason first. */
function forbidden(
  response: CacheResponse,
  effective: EffectiveDirectives,
  context: StoreContext,
): NotStored | undefined {
  const { status, fields } = response;
  const { request, rules } = context;
  const { directives } = effective;
  if (!rules.enabled) return 'cache-off';
  if (request.method !== 'GET' && !answersForGet(response, effective, context)) return 'method';
  if (parseRequestCacheControl(request.known.cacheControl).noStore) return 'request-no-store';
  if (!isStorable(status)) return 'status';
  if (status === 206 && !context.partUsable) return 'partial';
  // must-understand takes no-store's place where the status code is understood (RFC 9111 §5.2.2.3).
  if (directives.mustUnderstand && !isUnderstood(status)) return 'must-understand';
  if (directives.noStore && !directives.mustUnderstand) return 'no-store';
  if (directives.private) return 'private';
  if (request.known.authorization !== undefined && !permitsAuthorized(directives)) return 'authorization';
  if (varyOf(fields) === '*') return 'vary-star';
  if (rules.setCookie === 'bypass' && handsOutCookie(fields, directives)) return 'set-cookie';
  return undefined;
}

/** RFC 9111 §3.5. */
function permitsAuthorized(directives: ResponseDirectives): boolean {
  return directives.public || directives.mustRevalidate || directives.sMaxage !== undefined;
}

/** A cookie that is not taken out anyhow, because `private` or `no-cache` names its field. */
function handsOutCookie(fields: Fields, { privateFields, noCacheFields }: ResponseDirectives): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (isCookieField(name) && !privateFields.includes(name) && !noCacheFields.includes(name)) return true;
  }
  return false;
}

/** A POST's response that says it is what a GET would get, and for how long. RFC 9110 §9.3.3. */
function answersForGet(
  { status, fields }: CacheResponse,
  effective: EffectiveDirectives,
  { request, uri, times }: StoreContext,
): boolean {
  if (request.method !== 'POST' || status !== 200) return false;
  const location = firstValue(fields, 'content-location');
  if (location === undefined || explicitLifetime(fields, effective, times.responseTime) === undefined) return false;
  const target = URL.parse(uri);
  return target !== null && URL.parse(location, target)?.href === target.href;
}

function describe(
  { status, fields }: CacheResponse,
  directives: ResponseDirectives,
  { lifetime }: FreshnessLifetime,
  { rules, times }: StoreContext,
): StorableResponse {
  const kept = storedFields(fields, directives, rules.setCookie === 'strip' ? 'strip' : 'store', times.responseTime);
  const lastModified = firstValue(kept, 'last-modified');
  const dated = lastModified !== undefined && parseHttpDate(lastModified, times.responseTime) !== undefined;
  return {
    status,
    fields: kept,
    requestTime: times.requestTime,
    responseTime: times.responseTime,
    initialAge: correctedInitialAge(fields, times),
    lifetime,
    ...staleWindows(directives, lifetime, rules),
    alwaysValidate: directives.noCache,
    mustRevalidate: directives.mustRevalidate || directives.proxyRevalidate || directives.sMaxage !== undefined,
    etag: firstValue(kept, 'etag'),
    lastModified: dated ? lastModified : undefined,
  };
}

/**
 * The windows of RFC 5861, none where the response forbids to serve it stale (RFC 9111 §4.2.4). s-maxage forbids that,
 * too; but an origin that sends it together with a window means the window, and everybody reads it so. The route's
 * stale-while-revalidate prolongs freshness and does not give any to a response that had none.
 */
function staleWindows(
  directives: ResponseDirectives,
  lifetime: Ms,
  rules: CacheRules,
): Pick<StoredResponse, 'staleWhileRevalidate' | 'staleIfError'> {
  if (directives.noCache || directives.mustRevalidate || directives.proxyRevalidate) {
    return { staleWhileRevalidate: 0, staleIfError: 0 };
  }
  const ours = directives.sMaxage === undefined ? rules : undefined;
  return {
    staleWhileRevalidate: directives.staleWhileRevalidate ?? (lifetime > 0 ? ours?.staleWhileRevalidate : 0) ?? 0,
    staleIfError: directives.staleIfError ?? ours?.staleIfError ?? 0,
  };
}

/**
 * What could never be reused is not worth its place: nothing says how long it is fresh and it is none that may be kept
 * without that (RFC 9111 §3), or it is stale when it comes, or nearly so, and cannot be validated.
 */
function uselessness(
  stored: StorableResponse,
  { source }: FreshnessLifetime,
  rules: CacheRules,
): 'no-freshness' | 'no-cache' | 'expired' | undefined {
  if (source === 'none') return 'no-freshness';
  if (stored.etag !== undefined || stored.lastModified !== undefined) return undefined;
  if (source === 'unknown') return 'no-freshness';
  if (stored.alwaysValidate) return 'no-cache';
  if (stored.staleWhileRevalidate > 0 || stored.staleIfError > 0) return undefined;
  if (stored.mustRevalidate) return stored.lifetime > stored.initialAge ? undefined : 'expired';
  return stored.lifetime > 0 || rules.staleBeforeSplash > 0 ? undefined : 'expired';
}
