import type { Ms } from '../../base/units.ts';
import type { Fields } from '../message.ts';
import { fieldValue } from '../select/field.ts';
import { parseHttpDate } from '../semantics/dates.ts';
import type { StoredResponse } from '../stored.ts';
import { isStrong, weakMatch } from './entity-tag.ts';

/** Validation of stored responses at their origin (RFC 9111 §4.3.1), and what its 304 says about which of them (§4.3.4). */

type Validated = Pick<StoredResponse, 'etag' | 'lastModified' | 'responseTime'>;

/** Entity tags in one If-None-Match. A key with more variants is validated for the first ones alone. */
const ENTITY_TAGS_MAX = 16;

/**
 * The condition under which to ask for what is stored: all stored responses whose 304 we could use, the one that the
 * request selects first. Entity tags of all of them go along; Last-Modified only when there is one response, since a date
 * would not say which it is about. They replace the client's own If-None-Match and If-Modified-Since, which are evaluated
 * on the outcome: so a 304 is always about something that we have. Empty: there is nothing to validate by.
 */
export function validationFields(stored: readonly Validated[], now: Ms): string[] {
  const tags = new Set(stored.flatMap(({ etag }) => etag ?? []));
  const fields: string[] = [];
  if (tags.size > 0) fields.push('if-none-match', [...tags].slice(0, ENTITY_TAGS_MAX).join(', '));
  const lastModified = stored.length === 1 ? stored[0]?.lastModified : undefined;
  if (lastModified !== undefined && parseHttpDate(lastModified, now) !== undefined) {
    fields.push('if-modified-since', lastModified);
  }
  return fields;
}

/**
 * The stored responses, of those that were validated, which a 304 is about; they are to be updated by it. None: the
 * answer is of no use, ask again without a condition.
 *
 * Two steps away from the letter of §4.3.4, both usual. A strong tag also identifies what we have under the same tag made
 * weak: an origin that compresses (or we, when we do) weakens it, and the origin's 304 does not know that. And a 304
 * without any validator is about the one response that was asked for, if it was one: origins often leave them out.
 */
export function selectedByNotModified<T extends Validated>(validated: readonly T[], notModified: Fields): readonly T[] {
  const etag = fieldValue(notModified, 'etag');
  if (etag !== undefined) {
    const matching = validated.filter((stored) => stored.etag !== undefined && weakMatch(stored.etag, etag));
    if (matching.length > 0) return isStrong(etag) ? matching : [mostRecent(matching)];
    return onlyWithout(validated, 'etag');
  }
  const lastModified = fieldValue(notModified, 'last-modified');
  if (lastModified !== undefined) {
    const matching = validated.filter((stored) => stored.lastModified === lastModified);
    return matching.length > 0 ? [mostRecent(matching)] : onlyWithout(validated, 'lastModified');
  }
  return validated.length === 1 ? validated : [];
}

/** The one that was validated, unless it has a validator of that kind, and thus a different one. */
function onlyWithout<T extends Validated>(validated: readonly T[], kind: 'etag' | 'lastModified'): readonly T[] {
  return validated.length === 1 && validated[0]?.[kind] === undefined ? validated : [];
}

function mostRecent<T extends Validated>(stored: readonly T[]): T {
  return stored.reduce((a, b) => (b.responseTime > a.responseTime ? b : a));
}
