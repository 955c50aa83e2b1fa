import { withoutSpace } from '../select/field.ts';

/**
 * Entity tags and their comparison (RFC 9110 §8.8.3).
 *
 *     entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE
 *
 * Origins send others, too: without quotes, with a small "w/", with spaces inside. Such a tag is worth nothing where the
 * strong comparison is asked for; in the weak one it matches the same text and nothing else, so that a client that gives
 * back what it got is understood.
 */

/** §8.8.3.2: both are strong, and the same. */
export function strongMatch(a: string, b: string): boolean {
  return a === b && isStrong(a);
}

/** §8.8.3.2: the same but for "W/". */
export function weakMatch(a: string, b: string): boolean {
  return a === b || opaque(a) === opaque(b);
}

/** Anything that is not a quoted text, in which no further quote comes, is not. */
export function isStrong(tag: string): boolean {
  return tag.length >= 2 && tag.startsWith('"') && tag.indexOf('"', 1) === tag.length - 1;
}

function opaque(tag: string): string {
  return tag.startsWith('W/"') ? tag.slice(2) : tag;
}

/** Whether one of the entity tags of an If-Match or If-None-Match matches. A comma within a tag's quotes is part of it. */
export function anyMatches(list: string, tag: string, match: (a: string, b: string) => boolean): boolean {
  if (list === tag && match(list, tag)) return true;
  return entityTags(list).some((each) => match(each, tag));
}

/** The members of the list. A backslash is an ordinary character here, unlike in a quoted string (§8.8.3). */
export function entityTags(list: string): readonly string[] {
  return list.match(/(?:[^ \t,"]+)?"[^"]*"|[^ \t,"][^,"]*/g)?.map(withoutSpace) ?? [];
}
