import type { Fields } from '../message.ts';
import { firstValue } from '../select/field.ts';

/** What a request that changes something makes invalid. RFC 9111 §4.4. */

/** Registered as safe (RFC 9110 §9.2.1 and the registry of methods). What is not known to be safe is not. */
const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY']);

export function isSafeMethod(method: string): boolean {
  return SAFE.has(method);
}

const NOTHING: readonly string[] = [];

/**
 * The URIs whose stored responses are invalid after this response: the target, byte for byte as it was handed in, and
 * those that Location and Content-Location name, if they are of the same origin: nobody empties another site's cache.
 */
export function invalidatedUris(method: string, uri: string, status: number, fields: Fields): readonly string[] {
  if (isSafeMethod(method) || status < 200 || status > 399) return NOTHING;
  const uris = [uri];
  const target = URL.parse(uri);
  if (target === null) return uris;
  const front = uri.slice(0, endOfAuthority(uri));
  for (const name of ['location', 'content-location']) {
    const value = firstValue(fields, name);
    const named = value === undefined ? null : URL.parse(value, target);
    if (named === null || named.origin !== target.origin) continue;
    const full = `${front}${named.pathname}${named.search}`;
    if (!uris.includes(full)) uris.push(full);
  }
  return uris;
}

/** Where the path begins: `https://www.example.com:8443` goes before it. */
function endOfAuthority(uri: string): number {
  const from = uri.indexOf('//') + 2;
  const path = uri.slice(from).search(/[/?#]/);
  return path === -1 ? uri.length : from + path;
}
