import { domainToASCII } from 'node:url';
import type { CacheRequest } from '../message.ts';
import type { CacheRules } from '../rules.ts';
import { fieldValue } from './field.ts';

/**
 * The primary cache key (RFC 9111 §2). It is a URL, and where a route adds request fields to it, their values follow,
 * each after a line feed: a byte that neither a URL nor a field value can have. So whoever purges a URL finds all keys
 * that begin with it, and no value can pass for another.
 */

export type Scheme = 'http' | 'https';

type KeyRules = Pick<CacheRules, 'ignoreQuery' | 'keyHeaders'>;

const SEPARATOR = '\n';

/** `host` is in lower case and has no port. One concatenation where the route asks for nothing special. */
export function primaryKey(
  scheme: Scheme,
  host: string,
  request: Pick<CacheRequest, 'target' | 'fields'>,
  rules: KeyRules,
): string {
  if (rules.ignoreQuery === false && rules.keyHeaders.length === 0) return `${scheme}://${host}${request.target}`;
  let key = urlOf(scheme, host, request.target, rules);
  for (const name of rules.keyHeaders) {
    const value = fieldValue(request.fields, name);
    // Absent and empty are two things.
    key += value === undefined ? SEPARATOR : `${SEPARATOR}=${value}`;
  }
  return key;
}

/** The URL part of the keys of all requests for a target. */
export function urlOf(scheme: Scheme, host: string, target: string, rules: Pick<CacheRules, 'ignoreQuery'>): string {
  return `${scheme}://${host}${withoutIgnored(target, rules.ignoreQuery)}`;
}

/** The URL part of a key: what a purge by URL, by prefix and all our words to people go by. */
export function urlOfKey(key: string): string {
  const end = key.indexOf(SEPARATOR);
  return end === -1 ? key : key.slice(0, end);
}

function withoutIgnored(target: string, ignore: CacheRules['ignoreQuery']): string {
  const mark = target.indexOf('?');
  if (mark === -1 || ignore === false) return target;
  const path = target.slice(0, mark);
  if (ignore === true) return path;
  if (ignore.length === 0) return target;
  const kept = target
    .slice(mark + 1)
    .split('&')
    .filter((parameter) => !isIgnored(parameter, ignore))
    .join('&');
  return kept === '' ? path : `${path}?${kept}`;
}

/**
 * A parameter with a ";" always counts. Some origins read "utm_x=1;id=2" as two parameters: were it left out, anybody
 * could have the page of another id stored under this key.
 */
function isIgnored(parameter: string, ignore: readonly string[]): boolean {
  if (parameter.includes(';')) return false;
  const end = parameter.indexOf('=');
  const name = end === -1 ? parameter : parameter.slice(0, end);
  return ignore.some((each) => (each.endsWith('*') ? name.startsWith(each.slice(0, -1)) : name === each));
}

/** What a purge by URL is about. The route of host and target says what `urlOf` leaves out. */
export interface PurgedUrl {
  /** Both, where the purge does not say. */
  readonly schemes: readonly Scheme[];
  readonly host: string;
  /** Byte for byte as in requests; a fragment is cut off. */
  readonly target: string;
}

/**
 * Reads what an operator named: a full URL, or the absolute path of a PURGE request together with the authority it was
 * sent to. A path is taken as it came. What people write in a URL is put as clients would send it: letters beyond ASCII
 * percent-encoded, a host with such letters in Punycode. `undefined`: it is no URL.
 */
export function parsePurgedUrl(named: string, authority?: string): PurgedUrl | undefined {
  if (named.startsWith('/')) {
    const host = authority === undefined ? '' : hostOf(authority);
    if (host === '' || !isTarget(named)) return undefined;
    return { schemes: ['http', 'https'], host, target: withoutFragment(named) };
  }
  const [, scheme, where = '', rest = ''] = /^(https?):\/\/([^/?#\\@]+)((?:[/?#].*)?)$/is.exec(named) ?? [];
  const host = hostOf(where);
  if (scheme === undefined || host === '') return undefined;
  const path = withoutFragment(rest);
  const target = percentEncoded(path.startsWith('/') ? path : `/${path}`);
  if (target === undefined || !isTarget(target)) return undefined;
  return { schemes: [scheme.toLowerCase() as Scheme], host, target };
}

/** The host of an authority as keys have it. Empty: it is none. */
function hostOf(authority: string): string {
  const host = authority.replace(/:\d*$/, '').toLowerCase();
  if (/^(?:[a-z0-9._~!$&'()*+,;=%-]+|\[[0-9a-f:.]+\])$/.test(host)) return host;
  return /[\x80-\u{10ffff}]/u.test(host) ? domainToASCII(host) : '';
}

function withoutFragment(target: string): string {
  const fragment = target.indexOf('#');
  return fragment === -1 ? target : target.slice(0, fragment);
}

/** `undefined`: half of a surrogate pair is no letter. */
function percentEncoded(path: string): string | undefined {
  if (!path.isWellFormed()) return undefined;
  return path.replace(/[\x80-\u{10ffff}]+/gu, encodeURIComponent);
}

function isTarget(target: string): boolean {
  return /^\/[\x21-\x7e\x80-\xff]*$/.test(target);
}
