import type { Ms } from '../../base/units.ts';
import type { Fields } from '../message.ts';
import type { CacheRules, RefreshRule } from '../rules.ts';
import { firstValue, withoutSpace } from '../select/field.ts';
import type { StoredResponse } from '../stored.ts';
import { parseHttpDate } from './dates.ts';
import { parseDeltaSeconds } from './directives.ts';
import { isHeuristicallyCacheable } from './status-codes.ts';
import type { EffectiveDirectives } from './targeted.ts';

/** How long a response is fresh and how old it is. RFC 9111 §4.2. */

/** When the request was sent and when the response's head came, epoch milliseconds. RFC 9111 §4.2.3. */
export interface ExchangeTimes {
  readonly requestTime: Ms;
  readonly responseTime: Ms;
}

/**
 * Where a lifetime comes from. `unknown`: the response says nothing and there is nothing to guess from, so it may be
 * kept but has to be validated. `none`: nor is it one that may be kept without saying so (RFC 9111 §3).
 */
export type FreshnessSource = 'route' | 'explicit' | 'refresh' | 'default' | 'heuristic' | 'unknown' | 'none';

export interface FreshnessLifetime {
  readonly lifetime: Ms;
  readonly source: FreshnessSource;
}

export type FreshnessRules = Pick<CacheRules, 'ttl' | 'defaultTtl'>;

const HEURISTIC_FRACTION = 0.2;
const HEURISTIC_MAX: Ms = 3 * 86_400_000;

/**
 * freshness_lifetime of RFC 9111 §4.2.1. The route's `ttl` goes before what the response says, but only for responses
 * that could be kept anyhow: no origin's 500 becomes an hour's answer by it. It is measured against the current age as
 * any other lifetime, so that two nodes that ask each other cannot keep a response alive between them for good.
 */
export function freshnessLifetime(
  status: number,
  fields: Fields,
  effective: EffectiveDirectives,
  rules: FreshnessRules,
  refresh: RefreshRule | undefined,
  responseTime: Ms,
): FreshnessLifetime {
  const guessable = isHeuristicallyCacheable(status) || effective.directives.public;
  if (rules.ttl !== undefined && guessable) return { lifetime: rules.ttl, source: 'route' };
  const explicit = explicitLifetime(fields, effective, responseTime);
  if (explicit !== undefined) return { lifetime: explicit, source: 'explicit' };
  if (!guessable) return { lifetime: 0, source: 'none' };

  const unchangedFor = sinceLastModified(fields, responseTime);
  // As Squid's refresh_pattern, whose minimum is not meant for errors: a missing picture may be there in a minute.
  if (refresh !== undefined && status < 400) {
    const share = unchangedFor * refresh.percent;
    return { lifetime: Math.max(refresh.min, Math.min(share, refresh.max)), source: 'refresh' };
  }
  if (rules.defaultTtl !== undefined) return { lifetime: rules.defaultTtl, source: 'default' };
  const guess = Math.min(unchangedFor * HEURISTIC_FRACTION, HEURISTIC_MAX);
  return guess > 0 ? { lifetime: guess, source: 'heuristic' } : { lifetime: 0, source: 'unknown' };
}

/** What the response itself says: s-maxage, else max-age, else Expires − Date. What cannot be read is zero. */
export function explicitLifetime(fields: Fields, effective: EffectiveDirectives, responseTime: Ms): Ms | undefined {
  const { directives, targeted } = effective;
  const age = directives.sMaxage ?? directives.maxAge;
  if (age !== undefined || targeted) return age;
  const expires = firstValue(fields, 'expires');
  if (expires === undefined) return undefined;
  const time = parseHttpDate(expires, responseTime);
  return time === undefined ? 0 : Math.max(0, time - dateValue(fields, responseTime));
}

/** Date − Last-Modified; zero if there is nothing to be learnt from it. */
function sinceLastModified(fields: Fields, responseTime: Ms): Ms {
  const lastModified = firstValue(fields, 'last-modified');
  const time = lastModified === undefined ? undefined : parseHttpDate(lastModified, responseTime);
  return time === undefined ? 0 : Math.max(0, dateValue(fields, responseTime) - time);
}

/** date_value; a response whose Date is missing or no date was made when it came (RFC 9110 §6.6.1). */
function dateValue(fields: Fields, responseTime: Ms): Ms {
  const date = firstValue(fields, 'date');
  return (date === undefined ? undefined : parseHttpDate(date, responseTime)) ?? wholeSecond(responseTime);
}

/**
 * age_value: the first member of Age. What is no number of seconds counts as no age (RFC 9111 §5.1). One with a
 * parameter behind it is none either; but whoever sends `7200;foo=bar` means that age, and to believe it is the safe side.
 */
export function ageValue(fields: Fields): Ms {
  const age = firstValue(fields, 'age');
  if (age === undefined) return 0;
  const end = age.search(/[,;]/);
  return parseDeltaSeconds(withoutSpace(end === -1 ? age : age.slice(0, end))) ?? 0;
}

/** corrected_initial_age of RFC 9111 §4.2.3. Date knows whole seconds only, so apparent_age is counted in these. */
export function correctedInitialAge(fields: Fields, { requestTime, responseTime }: ExchangeTimes): Ms {
  const apparentAge = Math.max(0, wholeSecond(responseTime) - dateValue(fields, responseTime));
  const responseDelay = Math.max(0, responseTime - requestTime);
  return Math.max(apparentAge, ageValue(fields) + responseDelay);
}

/** current_age of RFC 9111 §4.2.3. */
export function currentAge(stored: Pick<StoredResponse, 'initialAge' | 'responseTime'>, now: Ms): Ms {
  const residentTime = now - stored.responseTime;
  return residentTime > 0 ? stored.initialAge + residentTime : stored.initialAge;
}

/** The value of Age for a reply from the cache (RFC 9111 §5.1). */
export function ageSeconds(age: Ms): number {
  return Math.floor(age / 1000);
}

function wholeSecond(time: Ms): Ms {
  return time - (time % 1000);
}
