import type { Ms } from '../../base/units.ts';
import type { CacheRequest } from '../message.ts';
import { fieldValue } from '../select/field.ts';
import { parseHttpDate } from '../semantics/dates.ts';
import type { StoredResponse } from '../stored.ts';
import { anyMatches, strongMatch, weakMatch } from './entity-tag.ts';

/** What a request's preconditions make of a stored response that could answer it (RFC 9110 §13, RFC 9111 §4.3.2). */

/**
 * `not-modified`: 304. `failed`: If-Match or If-Unmodified-Since does not hold of what is stored. Those two are for the
 * origin to judge (RFC 9111 §4.3.2), and it may have something newer: so ask it, and do not answer 412 from the cache.
 */
export type Evaluation = 'full' | 'not-modified' | 'failed';

type Conditional = Pick<CacheRequest, 'method' | 'known'>;
type Selected = Pick<StoredResponse, 'status' | 'fields' | 'etag' | 'lastModified' | 'responseTime'>;

/** In the order of §13.2.2. Only a response that would be a success is worth a condition (§13.2.1). */
export function evaluate(request: Conditional, stored: Selected, now: Ms): Evaluation {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = request.known;
  if (
    ifNoneMatch === undefined &&
    ifModifiedSince === undefined &&
    ifMatch === undefined &&
    ifUnmodifiedSince === undefined
  ) {
    return 'full';
  }
  if (stored.status < 200 || stored.status > 299) return 'full';
  if (ifMatch !== undefined) {
    if (!someTagMatches(ifMatch, stored.etag, strongMatch)) return 'failed';
  } else if (ifUnmodifiedSince !== undefined && stored.lastModified !== undefined) {
    if (isModifiedSince(ifUnmodifiedSince, stored, now) === true) return 'failed';
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') return 'full';
  if (ifNoneMatch !== undefined) return someTagMatches(ifNoneMatch, stored.etag, weakMatch) ? 'not-modified' : 'full';
  if (ifModifiedSince === undefined) return 'full';
  return isModifiedSince(ifModifiedSince, stored, now) === false ? 'not-modified' : 'full';
}

/**
 * Whether a Range is to be honoured, as far as If-Range has a say (§13.1.5): entity tags are compared strongly, and a
 * date must be the very Last-Modified, and that a strong validator. What is neither a tag nor a date does not hold.
 */
export function ifRangeHolds(ifRange: string | undefined, stored: Selected, now: Ms): boolean {
  if (ifRange === undefined) return true;
  if (stored.etag !== undefined && strongMatch(ifRange, stored.etag)) return true;
  const asked = parseHttpDate(ifRange, now);
  if (asked === undefined || stored.lastModified === undefined) return false;
  return asked === parseHttpDate(stored.lastModified, now) && isStrongDate(stored, now);
}

/**
 * Whether Last-Modified is a strong validator (§8.8.2.2): the Date beside it, by the same clock, is at least a second
 * later. Otherwise there may have been another change within that second.
 */
export function isStrongDate(stored: Pick<Selected, 'lastModified' | 'fields'>, now: Ms): boolean {
  const date = fieldValue(stored.fields, 'date');
  if (stored.lastModified === undefined || date === undefined) return false;
  const modified = parseHttpDate(stored.lastModified, now);
  const generated = parseHttpDate(date, now);
  return modified !== undefined && generated !== undefined && generated - modified >= 1000;
}

/** `*` holds as soon as there is a representation, whether it has a tag or not. */
function someTagMatches(list: string, etag: string | undefined, match: typeof weakMatch): boolean {
  if (list === '*') return true;
  return etag !== undefined && anyMatches(list, etag, match);
}

/**
 * Whether it was modified after `since`; `undefined` when `since` is no date, and then the condition does not count
 * (§13.1.3, §13.1.4). Without Last-Modified it counts when it was made: its Date, or when it came (RFC 9111 §4.3.2).
 */
function isModifiedSince(since: string, stored: Selected, now: Ms): boolean | undefined {
  if (since === stored.lastModified && parseHttpDate(since, now) !== undefined) return false;
  const asked = parseHttpDate(since, now);
  if (asked === undefined) return undefined;
  const known = stored.lastModified ?? fieldValue(stored.fields, 'date');
  const modified = known === undefined ? undefined : parseHttpDate(known, now);
  return (modified ?? stored.responseTime) > asked;
}
