import type { Fields } from '../message.ts';
import { fieldValue, withoutSpace } from './field.ts';

/**
 * The tags by which a response can be purged: those of Surrogate-Key, between spaces, and of Cache-Tag, between commas.
 * Case counts. Both fields stay in what clients get, for a cache between them and us may want them; a site that does not
 * want them seen has `response_headers.remove`.
 */

/** Tags that are kept of a response: more than a page of a large shop has. They are kept with each stored response. */
export const TAGS_MAX = 256;

/** Characters of a tag, which are bytes. */
export const TAG_LENGTH_MAX = 256;

export interface Tags {
  readonly tags: readonly string[];
  /** Tags beyond the bounds. Their purge would miss this response: worth a word to who runs the origin. */
  readonly dropped: number;
}

const NONE: Tags = Object.freeze({ tags: Object.freeze([]), dropped: 0 });

export function tagsOf(fields: Fields): Tags {
  const surrogateKey = fieldValue(fields, 'surrogate-key');
  const cacheTag = fieldValue(fields, 'cache-tag');
  if (surrogateKey === undefined && cacheTag === undefined) return NONE;
  // Several Surrogate-Key fields are joined by a comma that is not theirs; a comma within a tag is.
  const named = new Set([...(surrogateKey ?? '').split(/,?[ \t]+/), ...(cacheTag ?? '').split(',').map(withoutSpace)]);
  named.delete('');
  const tags = [...named].filter((tag) => tag.length <= TAG_LENGTH_MAX).slice(0, TAGS_MAX);
  return { tags, dropped: named.size - tags.length };
}
