import { METHODS } from '../../base/node-http.ts';
import { ProxyError } from '../error.ts';

/**
 * The text of a request's head: its first line and its field lines (RFC 9112 §3, §5). As strict as a sender has to be;
 * what two programs could read in two ways is an error here, never a guess. Pure.
 */

export interface RequestLine {
  readonly method: string;
  /** Byte for byte; visible ASCII alone (RFC 3986 §2). */
  readonly target: string;
  /** What follows "HTTP/". */
  readonly version: string;
}

/** As Node knows them: whoever gets a method wrong finds out here, and not at an origin that reads it as another. */
const METHOD_NAMES: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, method]));
const LONGEST_METHOD = Math.max(...METHODS.map((method) => method.length));

/** Versions that have been. 0.9 and 2.0 are told that we do not speak them; whoever invents one speaks no HTTP. */
const VERSIONS: ReadonlySet<string> = new Set(['1.1', '1.0', '2.0', '0.9']);

/** `method SP request-target SP HTTP-version`. More than one space is passed over, as RFC 9112 §3 allows; no other blank. */
export function parseRequestLine(line: string): RequestLine {
  const space = line.indexOf(' ');
  const method = METHOD_NAMES.get(space === -1 ? '' : line.slice(0, space));
  if (method === undefined) throw badRequest('a method that nobody knows');
  if (line.endsWith(' HTTP/1.1')) {
    const target = line.slice(space + 1, -9);
    if (isVisible(target)) return { method, target, version: '1.1' };
  }
  const match = /^ +([\x21-\x7e]+) +HTTP\/(\d\.\d)$/.exec(line.slice(space));
  if (match === null || !VERSIONS.has(match[2] as string)) throw badRequest('a request line that is none');
  return { method, target: match[1] as string, version: match[2] as string };
}

function isVisible(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Field lines, each begun by the CRLF that ends the line before it; flat, as they came: name, value, … */
export function parseFieldLines(text: string): string[] {
  checkCharacters(text);
  const fields: string[] = [];
  for (let at = 2; at < text.length; ) {
    const next = text.indexOf('\r\n', at);
    const end = next === -1 ? text.length : next;
    const colon = text.indexOf(':', at);
    // A line that is folded or has no name ends up here, too: its "name" is no token (RFC 9112 §5.1, §5.2).
    if (colon === -1 || colon > end) throw badRequest('a line that is no field');
    fields.push(nameOf(text.slice(at, colon)), valueIn(text, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

/** No control characters but tabs, and no line that ends by half: RFC 9112 §2.2, RFC 9110 §5.5. */
function checkCharacters(text: string): void {
  if (/[^\t\r\n\x20-\x7e\x80-\xff]|\r(?!\n)|(?<!\r)\n/.test(text)) throw badRequest('a control character in the head');
}

/**
 * What has come of a head so far: who speaks no HTTP is not waited for until its time is up. What stands before `from`
 * was found to be good; returns up to where that is so now.
 */
export function checkBeginning(bytes: Buffer, from: number): number {
  const start = bytes.toString('latin1', 0, Math.min(bytes.length, LONGEST_METHOD + 1));
  const space = start.indexOf(' ');
  const isMethod = space === -1 ? /^[A-Z-]*$/.test(start) : METHOD_NAMES.has(start.slice(0, space));
  if (!isMethod || (space === -1 && start.length > LONGEST_METHOD)) throw badRequest('no HTTP');
  // The last byte may be half of a CRLF.
  const end = bytes[bytes.length - 1] === 0x0d ? bytes.length - 1 : bytes.length;
  checkCharacters(bytes.toString('latin1', from, end));
  return end;
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

/** Names as clients write them, once they were found to be good. Bounded: they come from the network. */
const names = new Map<string, string>();
const NAMES_MAX = 1024;

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)) throw badRequest('a field name that is none');
  if (names.size >= NAMES_MAX || text.length > 64) return text;
  // A copy: a piece that is cut out of a head keeps all of it alive.
  const own = Buffer.from(text, 'latin1').toString('latin1');
  names.set(own, own);
  return own;
}

function badRequest(what: string): ProxyError {
  return new ProxyError('bad_request', what);
}
