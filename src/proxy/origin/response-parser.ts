import type { Bytes } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { OriginFields } from '../headers.ts';
import { type BodyFraming, checkBeginning, parseHead, type ResponseHead1, readFields, TOO_LARGE } from './response-head.ts';

/**
 * Reads responses off one connection to an origin, as they arrive and as strictly as RFC 9112 allows: what two programs
 * could read as two different messages is an error here, never a guess. After an error the connection is of no use.
 */

export interface ResponseListener {
  /** 1xx but 101. */
  onInterim(status: number, fields: OriginFields): void;
  onHead(head: ResponseHead1): void;
  onBody(chunk: Buffer): void;
  /** The response is whole. */
  onEnd(trailers: OriginFields): void;
  /** 101: HTTP is over. `rest` is the first of what comes instead. */
  onSwitch(head: ResponseHead1, rest: Buffer): void;
}

/** A chunk's size with its extensions, of which nobody has a use. RFC 9112 §7.1.1. */
const CHUNK_LINE_MAX: Bytes = 1_024;
const HEAD_END = Buffer.from('\r\n\r\n');
const NO_TRAILERS: OriginFields = Object.freeze({});

/**
 * What is expected next:
 *
 *     idle ▸ head ▸ (interim: head) ▸ body of known length ─────────────────────────▸ idle
 *                                   ▸ body until close ▸ (end of connection) ────────▸ idle
 *                                   ▸ size ▸ chunk ▸ chunk end ▸ size … ▸ trailers ──▸ idle
 */
type Expects = 'nothing' | 'head' | 'length' | 'close' | 'size' | 'chunk' | 'chunk end' | 'trailers';

export class ResponseParser {
  readonly #listener: ResponseListener;
  readonly #headMax: Bytes;
  #expects: Expects = 'nothing';
  #method = '';
  #upgrade = false;
  /** The beginning of a line or head whose end has not come yet. */
  #rest: Buffer | undefined;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #remaining: Bytes = 0;

  constructor(listener: ResponseListener, headMax: Bytes) {
    this.#listener = listener;
    this.#headMax = headMax;
  }

  /** A request was sent: its response is expected. `upgrade`: a 101 would be right. */
  expect(method: string, upgrade: boolean): void {
    this.#expects = 'head';
    this.#method = method;
    this.#upgrade = upgrade;
  }

  /** Throws a `ProxyError` for what is no response to what was asked. */
  push(chunk: Buffer): void {
    let bytes = chunk;
    while (bytes.length > 0) bytes = this.#step(bytes);
  }

  /** The origin closed its side. Throws a `ProxyError` unless that is how the response ends. */
  finish(): void {
    if (this.#expects === 'close') this.#end(NO_TRAILERS);
    else if (this.#expects === 'head') throw new ProxyError('connection_terminated', 'closed before the response');
    else if (this.#expects !== 'nothing')
      throw new ProxyError('http_response_incomplete', 'closed within the response');
  }

  /** Takes some of the bytes, and returns those that are left. */
  #step(bytes: Buffer): Buffer {
    switch (this.#expects) {
      case 'nothing':
        throw new ProxyError('http_protocol_error', 'bytes that no request asked for');
      case 'head':
        return this.#head(bytes);
      case 'length':
      case 'chunk':
        return this.#some(bytes);
      case 'close':
        this.#listener.onBody(bytes);
        return bytes.subarray(bytes.length);
      case 'size':
        return this.#size(bytes);
      case 'chunk end':
        return this.#chunkEnd(bytes);
      case 'trailers':
        return this.#trailers(bytes);
    }
  }

  #head(bytes: Buffer): Buffer {
    const all = this.#gathered(bytes);
    const end = all.indexOf(HEAD_END);
    if (end === -1 ? all.length > this.#headMax : end > this.#headMax) throw TOO_LARGE();
    if (end === -1) {
      checkBeginning(all.toString('latin1'));
      return this.#keep(all);
    }
    const head = parseHead(all.toString('latin1', 0, end), this.#method);
    const left = all.subarray(end + 4);
    if (head.status === 101) return this.#switched(head, left);
    if (head.status < 200) {
      this.#listener.onInterim(head.status, head.fields);
      return left;
    }
    // Before the listener is told, which may want the next response at once.
    this.#begin(head.framing);
    this.#listener.onHead(head);
    if (this.#expects === 'nothing') this.#listener.onEnd(NO_TRAILERS);
    return left;
  }

  #begin(framing: BodyFraming): void {
    switch (framing.kind) {
      case 'none':
        this.#expects = 'nothing';
        break;
      case 'length':
        this.#remaining = framing.length;
        this.#expects = framing.length === 0 ? 'nothing' : 'length';
        break;
      case 'chunked':
        this.#expects = 'size';
        break;
      case 'close':
        this.#expects = 'close';
        break;
    }
  }

  #switched(head: ResponseHead1, rest: Buffer): Buffer {
    if (!this.#upgrade) throw new ProxyError('http_protocol_error', '101 that no request asked for');
    this.#expects = 'nothing';
    this.#listener.onSwitch(head, rest);
    return rest.subarray(rest.length);
  }

  #some(bytes: Buffer): Buffer {
    const taken = bytes.length <= this.#remaining ? bytes : bytes.subarray(0, this.#remaining);
    this.#remaining -= taken.length;
    const isWhole = this.#remaining === 0;
    const wasChunk = this.#expects === 'chunk';
    if (isWhole) this.#expects = wasChunk ? 'chunk end' : 'nothing';
    this.#listener.onBody(taken);
    if (isWhole && !wasChunk) this.#listener.onEnd(NO_TRAILERS);
    return bytes.subarray(taken.length);
  }

  /** `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1). */
  #size(bytes: Buffer): Buffer {
    const all = this.#gathered(bytes);
    const end = all.indexOf('\r\n', 0, 'latin1');
    if (end === -1 ? all.length > CHUNK_LINE_MAX : end > CHUNK_LINE_MAX) {
      throw new ProxyError('http_protocol_error', 'a chunk size that does not end');
    }
    if (end === -1) return this.#keep(all);
    const line = /^([0-9a-fA-F]{1,13})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(all.toString('latin1', 0, end));
    if (line === null) throw new ProxyError('http_protocol_error', 'a chunk size that is none');
    this.#remaining = Number.parseInt(line[1] as string, 16);
    this.#expects = this.#remaining === 0 ? 'trailers' : 'chunk';
    return all.subarray(end + 2);
  }

  #chunkEnd(bytes: Buffer): Buffer {
    const all = this.#gathered(bytes);
    if (all.length < 2 && all[0] === 0x0d) return this.#keep(all);
    if (all[0] !== 0x0d || all[1] !== 0x0a) throw new ProxyError('http_protocol_error', 'a chunk longer than it said');
    this.#expects = 'size';
    return all.subarray(2);
  }

  /** `*( field-line CRLF ) CRLF` */
  #trailers(bytes: Buffer): Buffer {
    const all = this.#gathered(bytes);
    if (all.length < 2) return this.#keep(all);
    if (all[0] === 0x0d && all[1] === 0x0a) {
      this.#end(NO_TRAILERS);
      return all.subarray(2);
    }
    const end = all.indexOf(HEAD_END);
    if (end === -1 ? all.length > this.#headMax : end > this.#headMax) throw TOO_LARGE();
    if (end === -1) return this.#keep(all);
    this.#end(readFields(all.toString('latin1', 0, end)));
    return all.subarray(end + 4);
  }

  #end(trailers: OriginFields): void {
    this.#expects = 'nothing';
    this.#listener.onEnd(trailers);
  }

  #gathered(bytes: Buffer): Buffer {
    if (this.#rest === undefined) return bytes;
    const all = Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    return all;
  }

  #keep(bytes: Buffer): Buffer {
    this.#rest = bytes;
    return bytes.subarray(bytes.length);
  }
}
