import type { Ms } from '../../base/units.ts';
import type { CacheRequest } from '../message.ts';
import type { CacheRules } from '../rules.ts';
import type { StoredResponse } from '../stored.ts';
import { parseRequestCacheControl } from './cache-control.ts';
import type { RequestDirectives } from './directives.ts';
import { currentAge } from './freshness.ts';
import type { StorableResponse } from './storable.ts';
import { effectiveDirectives } from './targeted.ts';

/** Whether a stored response may answer a request. RFC 9111 §4 and §4.2.4; RFC 5861. */

/** Why a stored response is not used as it is. These codes are told in Cache-Status and the access log. */
export type ValidateReason =
  /** The client does not want it as it is. */
  | 'request-no-cache'
  | 'request-max-age'
  | 'request-min-fresh'
  /** The response has to be validated each time, is too old, was purged softly, or may have been purged at a sibling. */
  | 'no-cache'
  | 'stale'
  | 'purged'
  | 'suspect';

/** `age` is current_age, for Age; `ttl` is what is left of the lifetime, below zero when it is over. */
export type Reuse =
  | { readonly kind: 'hit'; readonly age: Ms; readonly ttl: Ms; readonly detail: 'max-stale' | undefined }
  | { readonly kind: 'stale-while-revalidate'; readonly age: Ms; readonly ttl: Ms }
  | {
      readonly kind: 'validate';
      readonly age: Ms;
      readonly ttl: Ms;
      /** The `fwd` of RFC 9211 §2.2. */
      readonly forward: 'stale' | 'request';
      readonly reason: ValidateReason;
    }
  /** only-if-cached, and it cannot be used: 504 (RFC 9111 §5.2.1.7). */
  | { readonly kind: 'gateway-timeout'; readonly reason: ValidateReason };

/**
 * `soft`: stale from now on, however fresh it was. `suspect`: a sibling may have purged it for good. So nothing of it is
 * served but what an origin confirms, not even when none can be reached: a splash page is better than what somebody
 * wanted gone.
 */
export type Purged = 'soft' | 'suspect' | undefined;

export function decideReuse(
  { known }: Pick<CacheRequest, 'known'>,
  stored: StorableResponse,
  now: Ms,
  purged?: Purged,
): Reuse {
  const age = currentAge(stored, now);
  const left = stored.lifetime - age;
  const ttl = purged !== undefined && left > 0 ? 0 : left;
  if (known.cacheControl === undefined && known.pragma === undefined) {
    if (ttl > 0 && !stored.alwaysValidate) return { kind: 'hit', age, ttl, detail: undefined };
    return withDirectives(NO_WISHES, stored, age, ttl, purged);
  }
  const wishes = parseRequestCacheControl(known.cacheControl, known.pragma);
  const reuse = withDirectives(wishes, stored, age, ttl, purged);
  if (wishes.onlyIfCached && reuse.kind === 'validate') return { kind: 'gateway-timeout', reason: reuse.reason };
  return reuse;
}

const NO_WISHES = parseRequestCacheControl(undefined);

function withDirectives(wishes: RequestDirectives, stored: StorableResponse, age: Ms, ttl: Ms, purged: Purged): Reuse {
  if (purged === 'suspect') return { kind: 'validate', age, ttl, forward: 'stale', reason: 'suspect' };
  const staleReason = purged === 'soft' ? 'purged' : 'stale';
  const fresh = ttl > 0;
  if (stored.alwaysValidate) return { kind: 'validate', age, ttl, forward: 'stale', reason: 'no-cache' };
  if (wishes.noCache) return validate(age, ttl, 'request-no-cache', staleReason);
  if (tooOld(wishes, age) && !(fresh && isImmutable(stored))) return validate(age, ttl, 'request-max-age', staleReason);
  if (wishes.minFresh !== undefined && ttl < wishes.minFresh) {
    return validate(age, ttl, 'request-min-fresh', staleReason);
  }
  if (fresh) return { kind: 'hit', age, ttl, detail: undefined };
  if (wishes.maxStale !== undefined && -ttl <= wishes.maxStale && !stored.mustRevalidate) {
    return { kind: 'hit', age, ttl, detail: 'max-stale' };
  }
  // A client that names an age without max-stale does not want what is stale (RFC 9111 §5.2.1.1).
  const particular = wishes.maxAge !== undefined || wishes.minFresh !== undefined;
  if (!particular && -ttl < stored.staleWhileRevalidate) return { kind: 'stale-while-revalidate', age, ttl };
  return { kind: 'validate', age, ttl, forward: 'stale', reason: staleReason };
}

/** The client's wish is the reason only if the response would have been fresh without it. */
function validate(age: Ms, ttl: Ms, wish: ValidateReason, stale: ValidateReason): Reuse {
  if (ttl > 0) return { kind: 'validate', age, ttl, forward: 'request', reason: wish };
  return { kind: 'validate', age, ttl, forward: 'stale', reason: stale };
}

/** max-age=0 is the wish to validate, also within the second in which the response came. */
function tooOld({ maxAge }: RequestDirectives, age: Ms): boolean {
  return maxAge !== undefined && (age > maxAge || maxAge === 0);
}

/** What does not change while it is fresh is not validated because somebody pressed reload (RFC 8246 §2). */
function isImmutable(stored: StorableResponse): boolean {
  return effectiveDirectives(stored.fields).directives.immutable;
}

/**
 * What went wrong with the forwarded request.
 * - `unreachable`: no origin took it, or the connection ended without an answer
 * - `silent`: no whole answer in time; the client would get a splash page
 * - `error`: an origin answered 500, 502, 503 or 504
 */
export type ForwardFailure = 'unreachable' | 'silent' | 'error';

/** How long beyond its freshness a response may be served when no origin can be reached; Squid's max_stale is as long. */
export const DISCONNECTED_MAX: Ms = 7 * 86_400_000;

/**
 * Whether a stored response, however stale, may be served in place of that failure. RFC 9111 §4.2.4 allows it without a
 * connection unless a directive forbids it; RFC 5861 §4 for any error, for as long as stale-if-error says; the site
 * before its splash page. That the client asked for a validated one is a preference and does not stand against it.
 */
export function mayServeStale(
  stored: StoredResponse,
  failure: ForwardFailure,
  rules: Pick<CacheRules, 'staleBeforeSplash'>,
  now: Ms,
  purged?: Purged,
): boolean {
  if (stored.alwaysValidate || purged === 'suspect') return false;
  const staleFor = currentAge(stored, now) - stored.lifetime;
  return (purged === 'soft' ? Math.max(0, staleFor) : staleFor) < staleLimit(stored, failure, rules);
}

function staleLimit(
  { staleIfError, mustRevalidate }: StoredResponse,
  failure: ForwardFailure,
  { staleBeforeSplash }: Pick<CacheRules, 'staleBeforeSplash'>,
): Ms {
  // Of a response with must-revalidate the window is zero; one that is left was asked for beside s-maxage.
  if (mustRevalidate || failure === 'error') return staleIfError;
  const splash = Math.max(staleIfError, staleBeforeSplash);
  return failure === 'silent' ? splash : Math.max(splash, DISCONNECTED_MAX);
}
