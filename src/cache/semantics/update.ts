import type { Bytes, Ms } from '../../base/units.ts';
import { weakMatch } from '../conditional/entity-tag.ts';
import type { CacheResponse, Fields } from '../message.ts';
import { firstValue, hasField } from '../select/field.ts';
import { varyOf } from '../select/vary.ts';
import type { StoredResponse } from '../stored.ts';
import { formatHttpDate, parseHttpDate } from './dates.ts';
import { decideStore, type StoreContext, type StoreDecision } from './storable.ts';
import { connectionNamed, isStoredField } from './stored-fields.ts';

/** What a 304 or a HEAD's response brings to a stored response. RFC 9111 §3.2, §4.3.4 and §4.3.5. */

export interface Freshened {
  /** For the client whose request was validated: what was stored, brought up to date, without Age and Content-Length. */
  readonly fields: Fields;
  /** Whether what was stored, brought up to date, is stored in its place. Vary may have changed with it. */
  readonly decision: StoreDecision;
}

/**
 * Whether a 304 speaks of this stored response (RFC 9111 §4.3.4). If it does not, the request is to be sent once more,
 * without conditions. Tags are compared weakly, as If-None-Match was: origins that weaken a tag when they compress name
 * the strong one in their 304.
 */
export function isSelectedBy(stored: Pick<StoredResponse, 'etag' | 'lastModified'>, fields: Fields): boolean {
  const etag = firstValue(fields, 'etag');
  if (etag !== undefined && stored.etag !== undefined) return weakMatch(etag, stored.etag);
  const lastModified = firstValue(fields, 'last-modified');
  if (lastModified !== undefined && stored.lastModified !== undefined) return lastModified === stored.lastModified;
  return true;
}

/** A stored response after a 304 that selects it. Its freshness starts anew with what both say together. */
export function freshen(stored: StoredResponse, response: CacheResponse, context: StoreContext): Freshened {
  const { responseTime } = context.times;
  const fields = updatedFields(stored.fields, response.fields, responseTime);
  const age = firstValue(response.fields, 'age');
  const whole: CacheResponse = {
    status: stored.status,
    fields: age === undefined ? fields : [...fields, 'age', age],
  };
  // It is a GET's response that is updated, and one that was stored, whatever request brought the news.
  const request = { ...context.request, method: 'GET' };
  const decision = decideStore(whole, {
    ...context,
    request,
    partUsable: stored.part !== undefined,
    objectLimit: Number.POSITIVE_INFINITY,
  });
  return { fields, decision };
}

/**
 * What a 200 for a HEAD does to the stored response to a GET (RFC 9111 §4.3.5): `freshened`, or `outdated` if it speaks
 * of another representation, so that the stored one is to be taken for stale. Other status codes do nothing.
 * `length` is that of the stored body; `undefined` where it is not the origin's, because we have compressed it.
 */
export type HeadUpdate =
  | { readonly kind: 'none' | 'outdated' }
  | { readonly kind: 'freshened'; readonly decision: StoreDecision };

export function updateByHead(
  stored: StoredResponse,
  length: Bytes | undefined,
  response: CacheResponse,
  context: StoreContext,
): HeadUpdate {
  if (response.status !== 200 || stored.status !== 200) return { kind: 'none' };
  if (!isSameRepresentation(stored, length, response.fields)) return { kind: 'outdated' };
  return { kind: 'freshened', decision: freshen(stored, response, context).decision };
}

function isSameRepresentation(stored: StoredResponse, length: Bytes | undefined, fields: Fields): boolean {
  const etag = firstValue(fields, 'etag');
  if (etag !== undefined && (stored.etag === undefined || !weakMatch(etag, stored.etag))) return false;
  const lastModified = firstValue(fields, 'last-modified');
  if (lastModified !== undefined && lastModified !== stored.lastModified) return false;
  const contentLength = firstValue(fields, 'content-length');
  return contentLength === undefined || length === undefined || Number(contentLength) === length;
}

/**
 * What describes the stored bytes, as they were received or as we have coded them, and so stays with them: a 304 brings
 * none. A digest that another one replaces would belie them: that of a 304 may be of its own empty content, or of bytes
 * that only a weak tag takes for the same. RFC 9111 §3.2 leaves out what the integrity of the stored response needs.
 */
const OF_STORED_BYTES: ReadonlySet<string> = new Set([
  'content-digest',
  'content-encoding',
  'content-md5',
  'content-range',
  'digest',
  'repr-digest',
]);

/** What an origin says of its own bytes: news for stored ones, but not for those that we have compressed. */
const OF_ORIGIN_BYTES: ReadonlySet<string> = new Set(['accept-ranges', 'etag']);

/** RFC 9111 §3.2: fields of the new response take the place of all stored ones of their name. */
function updatedFields(stored: Fields, fresh: Fields, responseTime: Ms): string[] {
  const named = connectionNamed(fresh);
  const replaced = new Set<string>(['date']);
  const fields: string[] = [];
  for (let i = 0; i + 1 < fresh.length; i += 2) {
    const name = fresh[i] as string;
    if (name === 'date' || !isStoredField(name, named) || staysAsStored(name, stored)) continue;
    replaced.add(name);
    fields.push(name, fresh[i + 1] as string);
  }
  const date = firstValue(fresh, 'date');
  const dated = date !== undefined && parseHttpDate(date, responseTime) !== undefined;
  fields.push('date', dated ? date : formatHttpDate(responseTime));
  if (replaced.has('vary') && variesByCoding(stored) && !variesByCoding(fields)) fields.push('vary', 'Accept-Encoding');
  for (let i = 0; i + 1 < stored.length; i += 2) {
    const name = stored[i] as string;
    if (!replaced.has(name)) fields.push(name, stored[i + 1] as string);
  }
  return fields;
}

/**
 * Whether a stored field, or that there is none, is not touched. A coded response without a tag may be one
 * from which we took it when we compressed it; one that has a tag has the one that the 304 confirms.
 */
function staysAsStored(name: string, stored: Fields): boolean {
  if (OF_STORED_BYTES.has(name)) return true;
  if (name === 'etag' && hasField(stored, 'etag')) return true;
  return OF_ORIGIN_BYTES.has(name) && !hasField(stored, name) && hasField(stored, 'content-encoding');
}

/** An origin's 304 does not know that we vary what we have compressed. */
function variesByCoding(fields: Fields): boolean {
  return varyOf(fields).includes('accept-encoding');
}
