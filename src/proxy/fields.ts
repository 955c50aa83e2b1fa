import type { ProxyErrorCode } from './error.ts';
import type { Fields, KnownFields } from './exchange.ts';

/**
 * What becomes of each header field of a request, decided once, in one pass over the fields: passed on, dropped
 * because it belongs to the connection (RFC 9110 §7.6.1), or read by the proxy itself.
 */

export interface CollectedFields {
  /** End-to-end fields that are passed on as they are. */
  readonly fields: string[];
  readonly known: KnownFields;
  readonly hosts: number;
  readonly host: string;
  /** The options of Connection, in lower case. */
  readonly connection: readonly string[];
  readonly error: ProxyErrorCode | undefined;
}

type Kind =
  | 'pass'
  | 'drop'
  | 'host'
  | 'connection'
  | 'content-length'
  | 'transfer-encoding'
  | 'upgrade'
  | 'expect'
  | 'forwarded'
  | 'x-forwarded-for'
  | 'x-forwarded-proto'
  | 'x-forwarded-host'
  | 'x-request-id'
  | 'via'
  | 'cdn-loop'
  | 'cookie'
  | 'accept'
  | 'accept-encoding'
  | 'authorization'
  | 'cache-control'
  | 'if-match'
  | 'if-modified-since'
  | 'if-none-match'
  | 'if-range'
  | 'if-unmodified-since'
  | 'pragma'
  | 'range'
  | 'user-agent'
  | 'referer';

const KINDS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['keep-alive', 'drop'],
  ['proxy-connection', 'drop'],
  ['proxy-authorization', 'drop'],
  ['proxy-authenticate', 'drop'],
  ['te', 'drop'],
  // Request trailers are not passed on (RFC 9110 §6.5.1 lets them be discarded), so none are announced.
  ['trailer', 'drop'],
  ['http2-settings', 'drop'],
  // CGI would make HTTP_PROXY of it, and programs send their own requests there (httpoxy, CVE-2016-5385).
  ['proxy', 'drop'],
  ...(
    [
      'host connection content-length transfer-encoding upgrade expect forwarded x-forwarded-for x-forwarded-proto',
      'x-forwarded-host x-request-id via cdn-loop cookie accept accept-encoding authorization cache-control if-match',
      'if-modified-since if-none-match if-range if-unmodified-since pragma range user-agent referer',
    ]
      .join(' ')
      .split(' ') as Kind[]
  ).map((name): [string, Kind] => [name, name]),
]);

/** Names as clients write them, so that the usual ones need no lower-casing. Bounded: names come from the network. */
const seen = new Map<string, Kind>(KINDS);
const SEEN_MAX = 1024;

function kindOf(name: string): Kind {
  return seen.get(name) ?? learn(name);
}

function learn(name: string): Kind {
  const lower = name.toLowerCase();
  let kind = KINDS.get(lower) ?? 'pass';
  // CGI and WSGI know no difference between "X_Forwarded_For" and "X-Forwarded-For": an alias of a field which we
  // vouch for must not slip past us.
  if (kind === 'pass' && lower.includes('_') && KINDS.has(lower.replaceAll('_', '-'))) kind = 'drop';
  if (seen.size < SEEN_MAX && name.length <= 64) seen.set(name, kind);
  return kind;
}

/** What is known of a request before any of its fields was looked at. */
export function nothingKnown(): KnownFields {
  return {
    contentLength: undefined,
    chunked: false,
    upgrade: undefined,
    expectContinue: false,
    forwarded: undefined,
    xForwardedFor: undefined,
    xForwardedProto: undefined,
    xForwardedHost: undefined,
    requestId: undefined,
    via: undefined,
    cdnLoop: undefined,
    accept: undefined,
    acceptEncoding: undefined,
    authorization: undefined,
    cacheControl: undefined,
    cookie: undefined,
    ifMatch: undefined,
    ifModifiedSince: undefined,
    ifNoneMatch: undefined,
    ifRange: undefined,
    ifUnmodifiedSince: undefined,
    pragma: undefined,
    range: undefined,
    userAgent: undefined,
    referer: undefined,
  };
}

/** Sorts the fields of a request. `raw` is flat (name, value, …) without pseudo-header fields. */
export function collectFields(raw: Fields): CollectedFields {
  const fields: string[] = [];
  const known = nothingKnown();
  let hosts = 0;
  let host = '';
  let cookieAt = -1;
  let connection: string | undefined;
  let upgrade: string | undefined;
  let error: ProxyErrorCode | undefined;

  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    switch (kindOf(name)) {
      case 'pass':
        fields.push(name, value);
        break;
      case 'drop':
        break;
      case 'host':
        hosts += 1;
        host = value;
        break;
      case 'connection':
        connection = joined(connection, value);
        break;
      case 'content-length': {
        // The parser lets only one through, all digits; "005" is sent on as 5.
        const length = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
        if (!Number.isSafeInteger(length) || known.contentLength !== undefined) error ??= 'bad_request';
        known.contentLength = length;
        break;
      }
      case 'transfer-encoding':
        if (known.chunked || value.toLowerCase() !== 'chunked') error ??= 'transfer_coding_unknown';
        known.chunked = true;
        break;
      case 'upgrade':
        upgrade = joined(upgrade, value);
        break;
      case 'expect':
        if (value.toLowerCase() !== '100-continue') error ??= 'expectation_failed';
        known.expectContinue = true;
        break;
      case 'forwarded':
        known.forwarded = joined(known.forwarded, value);
        break;
      case 'x-forwarded-for':
        known.xForwardedFor = joined(known.xForwardedFor, value);
        break;
      case 'x-forwarded-proto':
        known.xForwardedProto = joined(known.xForwardedProto, value);
        break;
      case 'x-forwarded-host':
        known.xForwardedHost = joined(known.xForwardedHost, value);
        break;
      case 'x-request-id':
        known.requestId = value;
        break;
      case 'via':
        known.via = joined(known.via, value);
        break;
      case 'cdn-loop':
        known.cdnLoop = joined(known.cdnLoop, value);
        break;
      case 'cookie':
        // HTTP/2 may split a Cookie into crumbs; HTTP/1.1 has one field (RFC 9113 §8.2.3).
        if (cookieAt === -1) cookieAt = fields.push(name, value) - 1;
        else fields[cookieAt] += `; ${value}`;
        known.cookie = fields[cookieAt];
        break;
      case 'accept':
        known.accept = joined(known.accept, value);
        fields.push(name, value);
        break;
      case 'accept-encoding':
        known.acceptEncoding = joined(known.acceptEncoding, value);
        fields.push(name, value);
        break;
      case 'authorization':
        known.authorization = joined(known.authorization, value);
        fields.push(name, value);
        break;
      case 'cache-control':
        known.cacheControl = joined(known.cacheControl, value);
        fields.push(name, value);
        break;
      case 'if-match':
        known.ifMatch = joined(known.ifMatch, value);
        fields.push(name, value);
        break;
      case 'if-modified-since':
        known.ifModifiedSince = joined(known.ifModifiedSince, value);
        fields.push(name, value);
        break;
      case 'if-none-match':
        known.ifNoneMatch = joined(known.ifNoneMatch, value);
        fields.push(name, value);
        break;
      case 'if-range':
        known.ifRange = joined(known.ifRange, value);
        fields.push(name, value);
        break;
      case 'if-unmodified-since':
        known.ifUnmodifiedSince = joined(known.ifUnmodifiedSince, value);
        fields.push(name, value);
        break;
      case 'pragma':
        known.pragma = joined(known.pragma, value);
        fields.push(name, value);
        break;
      case 'range':
        known.range = joined(known.range, value);
        fields.push(name, value);
        break;
      case 'user-agent':
        known.userAgent = value;
        fields.push(name, value);
        break;
      case 'referer':
        known.referer = value;
        fields.push(name, value);
        break;
    }
  }
  // Two lengths are an attack, whatever else is wrong with either (RFC 9112 §6.1).
  if (known.chunked && known.contentLength !== undefined) error = 'bad_request';
  if (connection !== undefined) {
    const tokens = listTokens(connection);
    if (upgrade !== undefined && tokens.includes('upgrade') && upgrade.trim().toLowerCase() === 'websocket') {
      known.upgrade = 'websocket';
    }
    forgetNamed(known, tokens);
    return { fields: withoutNamed(fields, tokens), known, hosts, host, connection: tokens, error };
  }
  return { fields, known, hosts, host, connection: NO_OPTIONS, error };
}

const NO_OPTIONS: readonly string[] = [];
const KEEP_ALIVE: readonly string[] = ['keep-alive'];

/** The members of a comma-separated list in lower case, empty ones left out (RFC 9110 §5.6.1). */
export function listTokens(value: string): readonly string[] {
  if (value === 'keep-alive') return KEEP_ALIVE;
  return value
    .toLowerCase()
    .split(',')
    .map((token) => token.trim())
    .filter((token) => token !== '');
}

/** Fields as HTTP/1.1 writes them: lines, each with its CRLF. */
export function fieldLines(fields: Fields): string {
  let text = '';
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

/** Fields without those that Connection names: they belong to that connection alone (RFC 9110 §7.6.1). */
export function withoutNamed(fields: string[], tokens: readonly string[]): string[] {
  const named = tokens.filter((token) => token !== 'keep-alive' && token !== 'close' && token !== 'upgrade');
  if (named.length === 0) return fields;
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!named.includes(name.toLowerCase())) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}

/** Read by the cache as they are sent on: what the origin does not get must not choose what is stored for it. */
const CACHE_FIELDS: ReadonlyMap<string, keyof KnownFields> = new Map<string, keyof KnownFields>([
  ['accept-encoding', 'acceptEncoding'],
  ['authorization', 'authorization'],
  ['cache-control', 'cacheControl'],
  ['cookie', 'cookie'],
  ['if-match', 'ifMatch'],
  ['if-modified-since', 'ifModifiedSince'],
  ['if-none-match', 'ifNoneMatch'],
  ['if-range', 'ifRange'],
  ['if-unmodified-since', 'ifUnmodifiedSince'],
  ['pragma', 'pragma'],
  ['range', 'range'],
]);

function forgetNamed(known: KnownFields, tokens: readonly string[]): void {
  for (const token of tokens) {
    const name = CACHE_FIELDS.get(token);
    if (name !== undefined) (known as unknown as Record<string, undefined>)[name] = undefined;
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}
