import type { Bytes } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import { parseFieldLines } from './request-text.ts';

/** All chunk extensions of one body together; nobody has a use for them. RFC 9112 §7.1.1. */
const EXTENSIONS_MAX: Bytes = 16_384;
/** A chunk's size: `Number` holds it exactly. */
const SIZE_DIGITS = 13;
/** `chunk-size *( ";" chunk-ext-name [ "=" ( token / quoted-string ) ] )`; no sender needs the blanks that §7.1.1 allows. */
const CHUNK_LINE =
  /^([0-9a-fA-F]{1,13})(?:;[!#$%&'*+.^_`|~0-9A-Za-z-]+(?:=(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+|"(?:[\t\x20\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*"))?)*$/;
const CRLF = Buffer.from('\r\n');
const SECTION_END = Buffer.from('\r\n\r\n');

/**
 * Where the body of a request is in the bytes that come (RFC 9112 §6, §7.1). What is expected next:
 *
 *     body of known length ──────────────────────────────────────▸ nothing
 *     size ▸ chunk ▸ chunk end ▸ size ▸ … ▸ size 0 ▸ trailers ────▸ nothing
 */
type Expects = 'length' | 'size' | 'chunk' | 'chunk end' | 'trailers' | 'nothing';

export class BodyParser {
  readonly #onBody: (piece: Buffer) => void;
  readonly #trailersMax: Bytes;
  #expects: Expects;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #remaining: Bytes;
  #extensions: Bytes = 0;

  /** `length`: from Content-Length; `undefined` for a chunked body. `onBody` gets pieces that share the memory of `push`. */
  constructor(length: number | undefined, trailersMax: Bytes, onBody: (piece: Buffer) => void) {
    this.#expects = length === undefined ? 'size' : 'length';
    this.#remaining = length ?? 0;
    this.#trailersMax = trailersMax;
    this.#onBody = onBody;
  }

  /** The body was seen to its end. */
  get done(): boolean {
    return this.#expects === 'nothing';
  }

  /**
   * Takes what is the body's, and returns how many bytes that was. What it leaves is the next request's once it is
   * `done`, else the beginning of a line: it wants to see that again, together with more. Throws a `ProxyError`.
   */
  push(bytes: Buffer): number {
    let at = 0;
    while (at < bytes.length && this.#expects !== 'nothing') {
      const taken = this.#step(at === 0 ? bytes : bytes.subarray(at));
      if (taken === 0) break;
      at += taken;
    }
    return at;
  }

  #step(bytes: Buffer): number {
    switch (this.#expects) {
      case 'length':
      case 'chunk':
        return this.#some(bytes);
      case 'size':
        return this.#size(bytes);
      case 'chunk end':
        return this.#chunkEnd(bytes);
      case 'trailers':
        return this.#trailers(bytes);
      case 'nothing':
        return 0;
    }
  }

  #some(bytes: Buffer): number {
    const piece = bytes.length > this.#remaining ? bytes.subarray(0, this.#remaining) : bytes;
    this.#remaining -= piece.length;
    if (this.#remaining === 0) this.#expects = this.#expects === 'chunk' ? 'chunk end' : 'nothing';
    this.#onBody(piece);
    return piece.length;
  }

  /** `chunk-size [ chunk-ext ] CRLF`. */
  #size(bytes: Buffer): number {
    const end = bytes.indexOf(CRLF);
    if (end === -1) {
      // Who sends no size is told so at once.
      const line = bytes.toString('latin1', 0, Math.min(bytes.length, SIZE_DIGITS + 1));
      if (!/^[0-9a-fA-F]{1,13}(?:;.*|\r)?$/s.test(line)) throw broken('a chunk size that is none');
      if (bytes.length > EXTENSIONS_MAX) throw tooManyExtensions();
      return 0;
    }
    const line = CHUNK_LINE.exec(bytes.toString('latin1', 0, end));
    if (line === null) throw broken('a chunk size that is none');
    const digits = line[1] as string;
    this.#extensions += end - digits.length;
    if (this.#extensions > EXTENSIONS_MAX) throw tooManyExtensions();
    this.#remaining = Number.parseInt(digits, 16);
    this.#expects = this.#remaining === 0 ? 'trailers' : 'chunk';
    // Trailers end as a head does if the CRLF before them is theirs, even where there are none.
    return this.#remaining === 0 ? end : end + CRLF.length;
  }

  #chunkEnd(bytes: Buffer): number {
    if (bytes[0] !== 0x0d || (bytes.length > 1 && bytes[1] !== 0x0a)) throw broken('a chunk longer than it said');
    if (bytes.length < CRLF.length) return 0;
    this.#expects = 'size';
    return CRLF.length;
  }

  /** `CRLF *( field-line CRLF ) CRLF`, the first of which ended the line of the last chunk. They are checked and dropped. */
  #trailers(bytes: Buffer): number {
    const end = bytes.indexOf(SECTION_END);
    if (end === -1 ? bytes.length > this.#trailersMax + SECTION_END.length : end > this.#trailersMax) {
      throw new ProxyError('head_too_large', 'trailers that do not end');
    }
    if (end === -1) return 0;
    const fields = parseFieldLines(bytes.toString('latin1', 0, end));
    for (let i = 0; i < fields.length; i += 2) {
      if (/^(?:content-length|transfer-encoding)$/i.test(fields[i] as string)) throw broken('framing in trailers');
    }
    this.#expects = 'nothing';
    return end + SECTION_END.length;
  }
}

function broken(what: string): ProxyError {
  return new ProxyError('bad_request', what);
}

function tooManyExtensions(): ProxyError {
  return new ProxyError('body_too_large', 'chunk extensions that do not end');
}
