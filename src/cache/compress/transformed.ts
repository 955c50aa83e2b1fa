import { entityTags, isStrong } from '../conditional/entity-tag.ts';
import type { Fields } from '../message.ts';
import type { CompressCoding } from '../rules.ts';
import { listMembers } from '../select/field.ts';

/** What compression makes of a response's fields, and of the requests of clients that got it. */

/** They describe bytes that are no longer sent, or promise ranges of bytes that the next compression may not bring. */
const UNTRUE: ReadonlySet<string> = new Set([
  'accept-ranges',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-md5',
  'digest',
  'repr-digest',
]);

/**
 * The fields of a response whose body was compressed. Its entity tag is weak: two representations must not share a
 * strong one (RFC 9110 §8.8.3.3), but what they say is the same (§8.8.1).
 */
export function compressedFields(fields: Fields, coding: CompressCoding): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (!UNTRUE.has(fields[i] as string)) kept.push(fields[i] as string, fields[i + 1] as string);
  }
  kept.push('content-encoding', coding);
  return variedByEncoding(weakenedFields(kept));
}

/**
 * Vary with Accept-Encoding in it. Whoever is sent such a response uncompressed must be told as well, or a cache behind
 * us would give it to all.
 */
export function variedByEncoding(fields: Fields): string[] {
  const varied = [...fields];
  let at = -1;
  for (let i = 0; i + 1 < varied.length; i += 2) {
    if (varied[i] !== 'vary') continue;
    const names = listMembers((varied[i + 1] as string).toLowerCase());
    if (names.includes('accept-encoding') || names.includes('*')) return varied;
    if (names.length > 0) at = i + 1;
  }
  if (at === -1) varied.push('vary', 'Accept-Encoding');
  else varied[at] += ', Accept-Encoding';
  return varied;
}

/**
 * Fields with a weak entity tag. For the 304, too, that an origin sends to a client who has our compressed response: by
 * the strong one the client would not recognise it.
 */
export function weakenedFields(fields: Fields): string[] {
  return fields.map((value, index) => (index % 2 === 1 && fields[index - 1] === 'etag' ? weakened(value) : value));
}

/** What is no entity tag stays: nobody may take it for a strong one. */
export function weakened(etag: string): string {
  return isStrong(etag) ? `W/${etag}` : etag;
}

/**
 * If-None-Match as it goes to an origin whose strong tags we may have weakened: each weak one is also asked for in its
 * strong form. By the weak comparison that changes nothing (RFC 9110 §13.1.2); not all origins compare so.
 */
export function ifNoneMatchForOrigin(ifNoneMatch: string): string {
  if (!ifNoneMatch.includes('W/"')) return ifNoneMatch;
  const tags = entityTags(ifNoneMatch);
  return [...new Set(tags.flatMap((tag) => (tag.startsWith('W/"') ? [tag, tag.slice(2)] : tag)))].join(', ');
}
