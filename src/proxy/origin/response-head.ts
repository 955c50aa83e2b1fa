import { ProxyError } from '../error.ts';
import { listTokens } from '../fields.ts';
import type { OriginFields } from '../headers.ts';

/** The status line and fields of an origin's response, and where its body ends (RFC 9112 §4 to §6). Pure. */

/** How the end of a body is told (RFC 9112 §6.3). */
export type BodyFraming =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly length: number }
  | { readonly kind: 'chunked' }
  | { readonly kind: 'close' };

export interface ResponseHead1 {
  readonly status: number;
  readonly fields: OriginFields;
  readonly framing: BodyFraming;
  /** Whether another request may be sent on this connection. */
  readonly persistent: boolean;
  /** From `Keep-Alive: timeout=`, in seconds. */
  readonly keepAliveTimeout: number | undefined;
}

export function tooLarge(): ProxyError {
  return new ProxyError('http_response_header_section_size');
}

/** `text` is the head without the empty line that ends it. Throws a `ProxyError` for what is no head. */
export function parseHead(text: string, method: string): ResponseHead1 {
  checkCharacters(text);
  const lineEnd = text.indexOf('\r\n');
  const line = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const match = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/.exec(line);
  if (match === null) throw broken(`status line ${JSON.stringify(line.slice(0, 60))}`);
  const status = Number(match[2]);
  const fields = lineEnd === -1 ? {} : fieldsOf(text, lineEnd + 2);
  const framing = framingOf(fields, status, method, match[1] === '0');
  return {
    status,
    fields,
    framing,
    persistent: isPersistent(fields, match[1] === '1', method, status, framing),
    keepAliveTimeout: keepAliveTimeout(fields['keep-alive']),
  };
}

/**
 * What has come of a head so far: who speaks no HTTP is not waited for until its time is up. All before `from` was found
 * to be good; returns up to where that is so now.
 */
export function checkBeginning(bytes: Buffer, from: number): number {
  const start = 'HTTP/1.';
  if (!start.startsWith(bytes.toString('latin1', 0, start.length))) throw broken('no HTTP/1.1');
  // The last byte may be half of a CRLF.
  const end = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length;
  checkCharacters(bytes.toString('latin1', from, end));
  return end;
}

/** Trailers: fields alone. */
export function readFields(text: string): OriginFields {
  checkCharacters(text);
  return fieldsOf(text, 0);
}

/** No control characters but tabs, and no line that ends by half: RFC 9112 §2.2, RFC 9110 §5.5. */
function checkCharacters(text: string): void {
  if (/[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/.test(text)) throw broken('a control character in the head');
}

/** Names in lower case, and an array where one comes more than once. */
function fieldsOf(text: string, start: number): OriginFields {
  const fields: Record<string, string | string[]> = {};
  for (let at = start; at < text.length; ) {
    const next = text.indexOf('\r\n', at);
    const end = next === -1 ? text.length : next;
    const colon = text.indexOf(':', at);
    // A line that is folded or has no name ends up here, too: its "name" is no token (RFC 9112 §5.1, §5.2).
    if (colon === -1 || colon > end) throw broken('a line that is no field');
    const name = nameOf(text.slice(at, colon));
    const value = valueIn(text, colon + 1, end);
    const before = fields[name];
    // The second question is for names that any object has, such as "constructor".
    if (before === undefined || !Object.hasOwn(fields, name)) addField(fields, name, value);
    else if (typeof before === 'string') fields[name] = [before, value];
    else before.push(value);
    at = end + 2;
  }
  return fields;
}

/** Without the blanks around it (RFC 9112 §5.1). `trim` would take 0xA0 for one, which ends many a letter in UTF-8. */
function valueIn(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from += 1;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** An origin may well send a field "__proto__": it is one like any other. */
function addField(fields: Record<string, string | string[]>, name: string, value: string): void {
  if (name !== '__proto__') fields[name] = value;
  else Object.defineProperty(fields, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Names as origins write them, checked and in lower case. Bounded: they come from the network. */
const names = new Map<string, string>();
const NAMES_MAX = 1024;

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) throw broken(`field name ${JSON.stringify(text.slice(0, 60))}`);
  if (names.size >= NAMES_MAX || text.length > 64) return text.toLowerCase();
  // A copy: a piece that is cut out of a head keeps all of it alive.
  const own = Buffer.from(text, 'latin1').toString('latin1');
  const lower = own.toLowerCase();
  names.set(own, lower);
  return lower;
}

/** RFC 9112 §6.3, in its order. Two ways to tell the length at once are an attack or a bug, and no length at all. */
function framingOf(fields: OriginFields, status: number, method: string, isHttp10: boolean): BodyFraming {
  const coding = fields['transfer-encoding'];
  const length = fields['content-length'];
  if (coding !== undefined && length !== undefined) throw broken('Content-Length beside Transfer-Encoding');
  if (length !== undefined && (typeof length !== 'string' || !/^\d{1,15}$/.test(length)))
    throw broken('Content-Length');
  const isChunked = typeof coding === 'string' && coding.toLowerCase() === 'chunked';
  if (coding !== undefined && (isHttp10 || (!isChunked && !isNoCoding(coding)))) throw broken('Transfer-Encoding');
  if (method === 'HEAD' || status < 200 || status === 204 || status === 304) return { kind: 'none' };
  if (isChunked) return { kind: 'chunked' };
  return length === undefined ? { kind: 'close' } : { kind: 'length', length: Number(length) };
}

/**
 * A name that nobody has registered and that cannot be meant for "chunked": some applications set the field without
 * knowing what it is for. Such a body ends with its connection (RFC 9112 §6.3, 4), and no two programs can disagree on that.
 */
function isNoCoding(coding: string | string[]): boolean {
  return (
    typeof coding === 'string' &&
    /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(coding) &&
    !/chunk|^(?:x-)?(?:gzip|compress|deflate)$|^(?:br|zstd|identity|trailers)$/i.test(coding)
  );
}

/**
 * RFC 9112 §9.3. Where an origin may have sent a body that it must not (after HEAD, with 204 and 304), that would be read
 * as the next response: such a connection is not used again.
 */
function isPersistent(
  fields: OriginFields,
  isHttp11: boolean,
  method: string,
  status: number,
  framing: BodyFraming,
): boolean {
  if (framing.kind === 'close') return false;
  if (framing.kind === 'none' && status >= 200 && mayHaveBody(fields, method)) return false;
  const connection = fields.connection;
  if (connection === undefined) return isHttp11;
  const tokens = listTokens(String(connection));
  return isHttp11 ? !tokens.includes('close') : tokens.includes('keep-alive') && !tokens.includes('close');
}

function mayHaveBody(fields: OriginFields, method: string): boolean {
  const length = fields['content-length'];
  return method === 'HEAD' || fields['transfer-encoding'] !== undefined || (length !== undefined && length !== '0');
}

function keepAliveTimeout(field: string | string[] | undefined): number | undefined {
  const match = typeof field === 'string' ? /(?:^|[,;\s])timeout=(\d{1,6})/i.exec(field) : null;
  return match === null ? undefined : Number(match[1]);
}

function broken(what: string): ProxyError {
  return new ProxyError('http_protocol_error', `broken response: ${what}`);
}
