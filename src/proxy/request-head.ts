import { isIPv6 } from 'node:net';
import { METHODS } from '../base/node-http.ts';
import { asksForStored } from './caching/sharable.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from './error.ts';
import type { Fields, HttpVersion, RequestHead } from './exchange.ts';
import { type CollectedFields, collectFields } from './fields.ts';

/**
 * The strictness that the parsers in front leave to us: exactly one well-formed Host, an absolute-form target that
 * wins over it, no fragment, no transfer coding but chunked (RFC 9112 §3.2, §6.1; RFC 9113 §8.3).
 */

export interface RequestLimits {
  /** Bytes of the request target. */
  readonly uri: number;
  /** Number of header fields. */
  readonly fields: number;
}

/** What was wrong with a request, and whether its connection can go on. */
export interface RequestRefusal {
  readonly code: ProxyErrorCode;
  readonly status: number;
  /** The framing is in doubt: nothing that follows on this connection can be trusted. */
  readonly close: boolean;
}

export type ReadRequest =
  | { readonly ok: true; readonly head: RequestHead }
  | { readonly ok: false; readonly refusal: RequestRefusal };

/** An HTTP/1.x request line and fields as the parser gives them. */
export interface RawRequest1 {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: Fields;
}

/** The parser knows RTSP and ICE as well. Their versions are not ours, and give themselves away by their methods. */
const HTTP_METHODS: ReadonlySet<string> = new Set(METHODS.filter((method) => method !== 'SOURCE'));

const NOBODY = () => false;

/**
 * `sorted`: what `collectFields` made of the same fields, for who has it already. It is left as it is. `isSibling`: whether
 * it comes from where siblings are, who tell by the scheme of the target what they ask for, over whatever connection.
 */
export function readRequest1(
  raw: RawRequest1,
  scheme: 'http' | 'https',
  limits: RequestLimits,
  sorted?: CollectedFields,
  isSibling: () => boolean = NOBODY,
): ReadRequest {
  const { method, version } = raw;
  if (version !== '1.1' && version !== '1.0') return refuse('version_not_supported', true);
  if (!HTTP_METHODS.has(method)) return refuse('version_not_supported', true);
  let collected = sorted ?? collectFields(raw.fields);
  const { error, hosts, host, known } = collected;
  if (error !== undefined) return refuse(error, true);
  if (version === '1.0' && known.chunked) return refuse('bad_request', true);
  if (raw.target.length > limits.uri) return refuse('uri_too_long', true);
  if (raw.fields.length > limits.fields * 2) return refuse('head_too_large', true);
  if (method === 'CONNECT' || method === 'TRACE') return refuse('method_not_allowed', true);
  if (hosts !== 1 || !isAuthority(host)) return refuse('bad_request', true);
  if (version === '1.0') {
    // It has neither (RFC 9110 §7.8, §10.1.1).
    collected = { ...collected, known: { ...known, upgrade: undefined, expectContinue: false } };
  }
  if (raw.target.startsWith('/') || (raw.target === '*' && method === 'OPTIONS')) {
    return head(method, version, scheme, host, raw.target, collected);
  }
  const absolute = /^http(s?):\/\/([^/?#]*)(.*)$/is.exec(raw.target);
  if (absolute === null) return refuse('bad_request', true);
  const [, secure, authority = '', rest = ''] = absolute;
  const named = secure === '' ? 'http' : 'https';
  const believed = named === scheme || (asksForStored({ method, known: collected.known }) && isSibling());
  // What is asked for by https must not be answered where anybody may listen (RFC 9110 §7.4).
  if (named === 'https' && !believed) return refuse('misdirected_request', true);
  if (!isAuthority(authority)) return refuse('bad_request', true);
  return head(method, version, believed ? named : scheme, authority, pathOf(rest, method), collected);
}

/** The pseudo-header fields and fields of an HTTP/2 request. */
export interface RawRequest2 {
  readonly method: string | undefined;
  readonly scheme: string | undefined;
  readonly authority: string | undefined;
  readonly path: string | undefined;
  readonly fields: Fields;
}

export function readRequest2(raw: RawRequest2, scheme: 'http' | 'https', limits: RequestLimits): ReadRequest {
  const { method, path } = raw;
  if (method === 'CONNECT' || method === 'TRACE') return refuse('method_not_allowed', false);
  if (method === undefined || path === undefined || raw.scheme === undefined) return refuse('bad_request', false);
  // The parser of HTTP/2 lets any method through; in HTTP/1.1 to the origin a space in it would be a second request.
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return refuse('bad_request', false);
  if (raw.scheme !== 'https' && raw.scheme !== 'http') return refuse('bad_request', false);
  if (path.length > limits.uri) return refuse('uri_too_long', false);
  if (raw.fields.length > limits.fields * 2) return refuse('head_too_large', false);
  for (let i = 0; i + 1 < raw.fields.length; i += 2) {
    // HPACK carries any byte: what HTTP/1.1 could not must not become a line of its own there (RFC 9113 §8.2.1).
    if (!isFieldName(raw.fields[i] as string) || !isFieldValue(raw.fields[i + 1] as string))
      return refuse('bad_request', false);
  }
  const collected = collectFields(raw.fields);
  if (collected.error !== undefined) return refuse(collected.error, false);
  const { hosts, host, known } = collected;
  // What frames or leaves HTTP/1.1 has no meaning here (RFC 9113 §8.2.2); nghttp2 lets none of it through.
  if (known.chunked || known.upgrade !== undefined) return refuse('bad_request', false);
  const authority = raw.authority ?? host;
  if (hosts > 1 || !isAuthority(authority)) return refuse('bad_request', false);
  if (hosts === 1 && host.toLowerCase() !== authority.toLowerCase()) return refuse('bad_request', false);
  return head(method, '2.0', scheme, authority, path, collected);
}

/**
 * `host[:port]` as RFC 9110 §7.2 has it: a name, an IPv4 address or an IPv6 address in brackets. No userinfo, no
 * list, no path: what two programs could read as two hosts is none.
 */
export function isAuthority(text: string): boolean {
  if (/^[A-Za-z0-9._-]+$/.test(text)) return text.length <= 255;
  const match =
    /^(?:(?:[A-Za-z0-9._~!$&'()*+;=-]|%[0-9A-Fa-f]{2}){1,255}|\[([0-9A-Fa-f:.]{2,45})\])(?::(\d{0,5}))?$/.exec(text);
  if (match === null || Number(match[2] ?? 0) > 65_535) return false;
  return match[1] === undefined || isIPv6(match[1]);
}

/** The host of an authority, without its port. */
export function hostOf(authority: string): string {
  const colon = authority.lastIndexOf(':');
  return colon === -1 || authority.endsWith(']') ? authority : authority.slice(0, colon);
}

function head(
  method: string,
  version: HttpVersion,
  scheme: 'http' | 'https',
  authority: string,
  target: string,
  collected: CollectedFields,
): ReadRequest {
  if (!isTarget(target) && !(target === '*' && method === 'OPTIONS')) return refuse('bad_request', version !== '2.0');
  const { fields, known } = collected;
  return { ok: true, head: { method, version, scheme, authority: authority.toLowerCase(), target, fields, known } };
}

/** Absolute-form without a path means "/" (RFC 9112 §3.2.2), and with OPTIONS all of the server (§3.2.4). */
function pathOf(rest: string, method: string): string {
  if (rest === '' && method === 'OPTIONS') return '*';
  return rest.startsWith('/') ? rest : `/${rest}`;
}

function isTarget(target: string): boolean {
  return /^\/[\x21\x22\x24-\x7e\x80-\xff]*$/.test(target);
}

function isFieldName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name);
}

function isFieldValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
}

function refuse(code: ProxyErrorCode, close: boolean): ReadRequest {
  return { ok: false, refusal: { code, status: PROXY_ERRORS[code].status, close } };
}
