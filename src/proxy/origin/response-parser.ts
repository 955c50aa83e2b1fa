import type { Bytes } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { OriginFields } from '../headers.ts';
import {
  type BodyFraming,
  checkBeginning,
  parseHead,
  type ResponseHead1,
  readFields,
  tooLarge,
} from './response-head.ts';

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

/** Interim responses before one response; more is a flood. */
const INTERIM_MAX = 16;
/** A chunk's size with its extensions, of which nobody has a use. RFC 9112 §7.1.1. */
const CHUNK_LINE_MAX: Bytes = 1_024;
const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const NOTHING = Buffer.alloc(0);
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
  #interims = 0;
  /** Bytes of the body, or of its chunk, that are still to come. */
  #remaining: Bytes = 0;
  /** The beginning of a line or head whose end has not come yet, and how much of it there is. */
  #room: Buffer = NOTHING;
  #kept: Bytes = 0;
  /** How much of the beginning of a head was found to be good. */
  #checked: Bytes = 0;
  /** Where the end is of what was gathered. */
  #at = 0;

  constructor(listener: ResponseListener, headMax: Bytes) {
    this.#listener = listener;
    this.#headMax = headMax;
  }

  /** A request was sent: its response is expected. `upgrade`: a 101 would be right. */
  expect(method: string, upgrade: boolean): void {
    this.#expects = 'head';
    this.#method = method;
    this.#upgrade = upgrade;
    this.#interims = 0;
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
        return NOTHING;
      case 'size':
        return this.#size(bytes);
      case 'chunk end':
        return this.#chunkEnd(bytes);
      case 'trailers':
        return this.#trailers(bytes);
    }
  }

  #head(bytes: Buffer): Buffer {
    const all = this.#gather(bytes, HEAD_END, this.#headMax, tooLarge);
    if (all === undefined) {
      this.#checked = checkBeginning(this.#room.subarray(0, this.#kept), this.#checked);
      return NOTHING;
    }
    this.#checked = 0;
    const head = parseHead(all.toString('latin1', 0, this.#at), this.#method);
    const left = all.subarray(this.#at + HEAD_END.length);
    if (head.status === 101) return this.#switched(head, left);
    if (head.status < 200) {
      this.#interim(head);
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

  #interim({ status, fields }: ResponseHead1): void {
    this.#interims += 1;
    if (this.#interims > INTERIM_MAX) throw new ProxyError('http_protocol_error', 'a flood of interim responses');
    this.#listener.onInterim(status, fields);
  }

  #switched(head: ResponseHead1, rest: Buffer): Buffer {
    if (!this.#upgrade) throw new ProxyError('http_protocol_error', '101 that no request asked for');
    this.#expects = 'nothing';
    this.#listener.onSwitch(head, rest);
    return NOTHING;
  }

  #some(bytes: Buffer): Buffer {
    const isWhole = bytes.length >= this.#remaining;
    const taken = bytes.length > this.#remaining ? bytes.subarray(0, this.#remaining) : bytes;
    // The listener may do with what it gets as it likes, and so it is not looked at any more.
    const left = taken === bytes ? NOTHING : bytes.subarray(this.#remaining);
    const wasChunk = this.#expects === 'chunk';
    this.#remaining -= taken.length;
    if (isWhole) this.#expects = wasChunk ? 'chunk end' : 'nothing';
    this.#listener.onBody(taken);
    if (isWhole && !wasChunk) this.#listener.onEnd(NO_TRAILERS);
    return left;
  }

  /** `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1). */
  #size(bytes: Buffer): Buffer {
    const all = this.#gather(bytes, CRLF, CHUNK_LINE_MAX, endlessSize);
    if (all === undefined) return NOTHING;
    const line = /^([0-9a-fA-F]{1,13})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(all.toString('latin1', 0, this.#at));
    if (line === null) throw new ProxyError('http_protocol_error', 'a chunk size that is none');
    this.#remaining = Number.parseInt(line[1] as string, 16);
    this.#expects = this.#remaining === 0 ? 'trailers' : 'chunk';
    // Trailers end as a head does if the CRLF before them is theirs, even where there are none.
    return all.subarray(this.#remaining === 0 ? this.#at : this.#at + CRLF.length);
  }

  #chunkEnd(bytes: Buffer): Buffer {
    const all = this.#gather(bytes, CRLF, 0, longerChunk);
    if (all === undefined) return NOTHING;
    this.#expects = 'size';
    return all.subarray(CRLF.length);
  }

  /** `CRLF *( field-line CRLF ) CRLF`, the first of which ended the line of the last chunk. */
  #trailers(bytes: Buffer): Buffer {
    const all = this.#gather(bytes, HEAD_END, this.#headMax, tooLarge);
    if (all === undefined) return NOTHING;
    const left = all.subarray(this.#at + HEAD_END.length);
    this.#end(this.#at === 0 ? NO_TRAILERS : readFields(all.toString('latin1', CRLF.length, this.#at)));
    return left;
  }

  #end(trailers: OriginFields): void {
    this.#expects = 'nothing';
    this.#listener.onEnd(trailers);
  }

  /**
   * What has come since the beginning of a line or head, once its `end` is there, at `#at`. `undefined`: it is still to
   * come. `max`: how many bytes may come before it.
   */
  #gather(bytes: Buffer, end: Buffer, max: Bytes, tooLong: () => ProxyError): Buffer | undefined {
    const before = this.#kept;
    const all = before === 0 ? bytes : this.#append(bytes);
    this.#at = all.indexOf(end, Math.max(0, before - end.length + 1));
    if (this.#at === -1 ? all.length >= max + end.length : this.#at > max) throw tooLong();
    if (this.#at === -1) {
      // The bytes are only lent.
      if (before === 0) this.#room = Buffer.from(bytes);
      this.#kept = all.length;
      return undefined;
    }
    this.#room = NOTHING;
    this.#kept = 0;
    return all;
  }

  /** Room doubles where it runs out: who sends byte by byte makes us copy each of them a few times, not thousands. */
  #append(bytes: Buffer): Buffer {
    const length = this.#kept + bytes.length;
    if (length > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(2 * length);
      this.#room.copy(room, 0, 0, this.#kept);
      this.#room = room;
    }
    bytes.copy(this.#room, this.#kept);
    return this.#room.subarray(0, length);
  }
}

function endlessSize(): ProxyError {
  return new ProxyError('http_protocol_error', 'a chunk size that does not end');
}

function longerChunk(): ProxyError {
  return new ProxyError('http_protocol_error', 'a chunk longer than it said');
}
