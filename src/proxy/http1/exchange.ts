import type { Duplex } from 'node:stream';
import type { Bytes, Ms } from '../../base/units.ts';
import type { ProxyErrorCode } from '../error.ts';
import type { Endpoints, Exchange, ExchangeListener, Fields, RequestHead, ResponseHead } from '../exchange.ts';
import { fieldLines } from '../fields.ts';
import { givingBack, ownCopy } from '../spent.ts';
import type { Http1Body } from './body.ts';
import type { Output, Written } from './output.ts';
import { declaredLength, responseLines, statusLine } from './response-text.ts';

/**
 * Up to this size a piece of a body is sent as text, together with the head and with whatever else is sent in the same
 * turn: one string and one write. It stays below what Node writes from its stack (16 KiB).
 */
const TEXT_MAX: Bytes = 12_288;

/** What an exchange does by means of its connection. */
export interface ExchangeConnection {
  readonly endpoints: Endpoints;
  /** Whether another request may follow this reply; asked when its head is written. */
  staysOpen(exchange: Http1Exchange): boolean;
  readonly output: Pick<Output, 'sendText' | 'sendBytes'>;
  /** The reply is whole. */
  replied(exchange: Http1Exchange): void;
  /** Breaks the connection, so that its client sees it. */
  breakOff(): void;
  /** Lets the socket go. */
  release(): Duplex;
}

/** How the end of a reply's body is told (RFC 9112 §6.3). */
type Framing = 'none' | 'length' | 'chunked' | 'close';

/** One request and its reply on an HTTP/1.1 connection. */
export class Http1Exchange implements Exchange {
  readonly head: RequestHead;
  readonly body: Http1Body | undefined;
  readonly startedAt: Ms = Date.now();
  listener: ExchangeListener | undefined;
  /** The connection cannot be used again after this exchange. */
  mustClose = false;
  /** The reply says that another request may follow. Known once `responded`. */
  persistent = false;
  responded = false;
  bytesSent: Bytes = 0;
  readonly #connection: ExchangeConnection;
  readonly #output: ExchangeConnection['output'];
  #framing: Framing = 'none';
  /** Of a body whose length was told: what is still to come. */
  #remaining: Bytes = 0;
  #over = false;

  constructor(connection: ExchangeConnection, head: RequestHead, body: Http1Body | undefined) {
    this.#connection = connection;
    this.#output = connection.output;
    this.head = head;
    this.body = body;
  }

  get endpoints(): Endpoints {
    return this.#connection.endpoints;
  }

  inform(status: number, fields: Fields): void {
    // HTTP/1.0 has no interim replies (RFC 9110 §15.2).
    if (this.head.version === '1.0' || this.responded || this.#over) return;
    this.#output.sendText(`${statusLine(status)}${fieldLines(fields)}\r\n`);
  }

  respond(head: ResponseHead): void {
    if (!this.#over) this.#output.sendText(this.#headText(head, declaredLength(head)));
  }

  write(chunk: Uint8Array): boolean {
    const length = chunk.byteLength;
    if (!this.#takes(length)) return true;
    if (length <= TEXT_MAX) return this.#writeText(chunk);
    const piece = ownCopy(chunk);
    return this.#writeBytes(piece, givingBack(piece));
  }

  writeOwned(chunk: Uint8Array, release: () => void): boolean {
    const length = chunk.byteLength;
    if (!this.#takes(length)) {
      release();
      return true;
    }
    if (length > TEXT_MAX) return this.#writeBytes(chunk, () => release());
    const more = this.#writeText(chunk);
    release();
    return more;
  }

  end(trailers?: Fields): void {
    if (this.#over) return;
    // Less than was told: the client must not take it for whole.
    if (this.#framing === 'length' && this.#remaining > 0) {
      this.breakOff();
      return;
    }
    this.#over = true;
    if (this.#framing === 'chunked') this.#output.sendText(`0\r\n${fieldLines(trailers ?? [])}\r\n`);
    this.#connection.replied(this);
  }

  reply(head: ResponseHead, body: Uint8Array | undefined): void {
    if (this.#over) return;
    const declared = declaredLength(head);
    if (declared !== undefined || isBodiless(this.head.method, head.status)) this.respond(head);
    else this.respond({ ...head, fields: [...head.fields, 'content-length', String(body?.byteLength ?? 0)] });
    if (body !== undefined) this.write(body);
    this.end();
  }

  breakOff(): void {
    if (this.#over) return;
    this.#over = true;
    this.#connection.breakOff();
  }

  switchProtocols(fields: Fields): Duplex {
    this.#over = true;
    this.#output.sendText(`${statusLine(101)}${fieldLines(fields)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    return this.#connection.release();
  }

  /** The client is gone, or its body could not be parsed: no reply can be trusted to arrive. */
  abandon(why: ProxyErrorCode): void {
    if (this.#over) return;
    this.#over = true;
    this.listener?.abandoned(why);
  }

  #headText(head: ResponseHead, length: number | undefined): string {
    this.responded = true;
    const { version, method } = this.head;
    let lines = responseLines(head);
    if (isBodiless(method, head.status)) {
      this.#framing = 'none';
    } else if (length !== undefined) {
      this.#framing = 'length';
      this.#remaining = length;
    } else if (version === '1.1') {
      this.#framing = 'chunked';
      lines += 'transfer-encoding: chunked\r\n';
    } else {
      this.#framing = 'close';
      this.mustClose = true;
    }
    this.persistent = this.#connection.staysOpen(this);
    if (!this.persistent) lines += 'connection: close\r\n';
    else if (version === '1.0') lines += 'connection: keep-alive\r\n';
    return `${statusLine(head.status)}${lines}\r\n`;
  }

  /** Whether bytes of the body are sent. More than was told would be the beginning of the next reply. */
  #takes(length: Bytes): boolean {
    if (this.#over || this.#framing === 'none' || length === 0) return false;
    if (this.#framing === 'length') {
      if (length > this.#remaining) {
        this.breakOff();
        return false;
      }
      this.#remaining -= length;
    }
    this.bytesSent += length;
    return true;
  }

  #writeText(chunk: Uint8Array): boolean {
    const text: string = Buffer.prototype.latin1Slice.call(chunk);
    return this.#output.sendText(this.#framing === 'chunked' ? `${text.length.toString(16)}\r\n${text}\r\n` : text);
  }

  #writeBytes(piece: Uint8Array, written: Written | undefined): boolean {
    if (this.#framing !== 'chunked') return this.#output.sendBytes(piece, '', written);
    this.#output.sendText(`${piece.byteLength.toString(16)}\r\n`);
    return this.#output.sendBytes(piece, '\r\n', written);
  }
}

/** RFC 9112 §6.3: whatever its fields say. */
function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 304;
}
