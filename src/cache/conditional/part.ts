import type { Ms } from '../../base/units.ts';
import type { Fields } from '../message.ts';
import { fieldValue } from '../select/field.ts';
import type { StoredResponse } from '../stored.ts';
import { isStrong, strongMatch } from './entity-tag.ts';
import { isStrongDate } from './evaluate.ts';

/** Storing a part of a representation, and completing it (RFC 9111 §3.3, §3.4). */

type Part = NonNullable<StoredResponse['part']>;
type StoredPart = Pick<StoredResponse, 'fields' | 'etag' | 'lastModified' | 'part'>;

/** A part of which `length` bytes will come, neither more nor less. */
export interface AnnouncedPart extends Part {
  readonly length: number;
}

/**
 * What a 206 brings, by its Content-Range (RFC 9110 §14.4); `undefined`: nothing that could be stored. One with several
 * parts has no Content-Range.
 *
 * How many bytes come, the message's framing decides. An origin that counts one too many at the end (`bytes 4-9/10` and
 * five bytes by its own Content-Length) is taken by the place where it begins and by what it sends; then the whole ends
 * where its bytes end. Any other disagreement leaves nothing to go by.
 */
export function announcedPart(fields: Fields, contentLength: number | undefined): AnnouncedPart | undefined {
  const contentRange = fieldValue(fields, 'content-range');
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(contentRange ?? '');
  if (match === null) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2]);
  const complete = match[3] === '*' ? undefined : Number(match[3]);
  if (last < first || (complete !== undefined && complete <= last)) return undefined;
  const length = last - first + 1;
  if (contentLength === undefined || contentLength === length) return { first, complete, length };
  if (contentLength === 0 || contentLength > length || complete !== last + 1) return undefined;
  return { first, complete: first + contentLength, length: contentLength };
}

/**
 * Range and If-Range by which to ask for what a stored part lacks, when the whole is wanted. Empty where that is more
 * than one piece, or nothing is known of the end. `length` is that of the stored body.
 *
 * Without a strong validator there is no If-Range, and a 206 that comes cannot be joined to the part (`joins` refuses):
 * only an answer with the whole is of use.
 */
export function completionFields(stored: StoredPart, length: number, now: Ms): string[] {
  const { part } = stored;
  if (part === undefined) return [];
  const end = part.first + length;
  const fields: string[] = [];
  if (part.first === 0) fields.push('range', `bytes=${end}-`);
  else if (end === part.complete) fields.push('range', `bytes=0-${part.first - 1}`);
  else return [];
  const validator = strongValidator(stored, now);
  if (validator !== undefined) fields.push('if-range', validator);
  return fields;
}

/**
 * Whether the 206 that came makes a whole together with a stored part: it begins where that ends and reaches the end, or
 * it ends where that begins and starts at 0; both are of one representation by a strong validator (RFC 9110 §15.3.7.3).
 */
export function joins(
  stored: StoredPart,
  length: number,
  response: { readonly fields: Fields; readonly part: AnnouncedPart },
  now: Ms,
): 'before' | 'after' | undefined {
  const old = stored.part;
  const { part: brought, fields } = response;
  if (old === undefined || !sharesStrongValidator(stored, fields, now)) return undefined;
  const complete = brought.complete ?? old.complete;
  if (complete === undefined || (old.complete ?? complete) !== complete) return undefined;
  const oldEnd = old.first + length;
  const broughtEnd = brought.first + brought.length;
  if (old.first === 0 && brought.first === oldEnd && broughtEnd === complete) return 'after';
  if (brought.first === 0 && broughtEnd === old.first && oldEnd === complete) return 'before';
  return undefined;
}

function strongValidator(stored: StoredPart, now: Ms): string | undefined {
  if (stored.etag !== undefined) return isStrong(stored.etag) ? stored.etag : undefined;
  return isStrongDate(stored, now) ? stored.lastModified : undefined;
}

/** An entity tag decides wherever there is one on either side. */
function sharesStrongValidator(stored: StoredPart, fields: Fields, now: Ms): boolean {
  const etag = fieldValue(fields, 'etag');
  if (stored.etag !== undefined || etag !== undefined) {
    return stored.etag !== undefined && etag !== undefined && strongMatch(stored.etag, etag);
  }
  return stored.lastModified === fieldValue(fields, 'last-modified') && isStrongDate(stored, now);
}
