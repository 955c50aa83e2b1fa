import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Bytes, Ms } from '../base/units.ts';
import type { Connection } from './connection.ts';
import type { ProxyErrorCode } from './error.ts';
import type {
  Endpoints,
  Exchange,
  ExchangeListener,
  Fields,
  RequestBody,
  RequestHead,
  ResponseHead,
} from './exchange.ts';
import { fieldLines } from './fields.ts';
import { Http1Body } from './http1-body.ts';
import type { ListenerPlan } from './plan.ts';
import { givingBack, ownCopy } from './spent.ts';
import { type AtTurnEnd, atTurnEnd } from './turn.ts';

/**
 * A body that comes in one piece, up to this size, is sent as text together with the head: node:http then makes one
 * string and one write of both, where a head and a buffer become a list of two. That takes a quarter off the cost of
 * an exchange (`npm run bench -- --only uncached-1k`).
 */
const WHOLE_MAX: Bytes = 12_288;

/** What its front may decide while it runs. */
interface Http1ExchangeFront {
  /** Every reply from now on ends its connection. */
  readonly draining: boolean;
}

/** One request and its reply on an HTTP/1.1 connection. */
export class Http1Exchange implements Exchange, AtTurnEnd {
  readonly head: RequestHead;
  readonly body: RequestBody | undefined;
  readonly startedAt: Ms = Date.now();
  listener: ExchangeListener | undefined;
  /** The connection cannot be used again after this exchange. */
  mustClose = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #connection: Connection;
  readonly #plan: ListenerPlan;
  readonly #front: Http1ExchangeFront;
  readonly #upgrade: Duplex | undefined;
  #bytesSent = 0;
  #over = false;
  #stalled = false;
  /** A limit is set on how long the client may take nothing. */
  #watched = false;
  #length: number | undefined;
  #whole: string | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    connection: Connection,
    plan: ListenerPlan,
    front: Http1ExchangeFront,
    upgrade: Duplex | undefined,
  ) {
    this.head = head;
    this.#request = request;
    this.#response = response;
    this.#connection = connection;
    this.#plan = plan;
    this.#front = front;
    this.#upgrade = upgrade;
    const { chunked, contentLength } = head.known;
    if (chunked || (contentLength !== undefined && contentLength > 0)) {
      this.body = new Http1Body(
        request,
        head.known.expectContinue ? response : undefined,
        contentLength,
        plan.timeouts.body,
      );
    }
    connection.enter();
    (response as { exchange?: Http1Exchange }).exchange = this;
    response.on('close', closed);
  }

  get endpoints(): Endpoints {
    return this.#connection.endpoints;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get responded(): boolean {
    return this.#response.headersSent;
  }

  inform(status: number, fields: Fields): void {
    // HTTP/1.0 has no interim replies (RFC 9110 §15.2).
    if (this.head.version === '1.0' || this.responded || !this.#response.writable) return;
    const socket = this.#request.socket;
    if ((socket as { _httpMessage?: ServerResponse })._httpMessage !== this.#response) return;
    socket.write(`HTTP/1.1 ${status} ${reason(status)}\r\n${fieldLines(fields)}\r\n`, 'latin1');
  }

  respond(head: ResponseHead): void {
    this.#length = head.length;
    this.#writeHead(head);
  }

  write(chunk: Uint8Array): boolean {
    this.#bytesSent += chunk.byteLength;
    if (chunk.byteLength === this.#length && chunk.byteLength <= WHOLE_MAX) {
      this.#whole = Buffer.prototype.latin1Slice.call(chunk);
      return true;
    }
    const piece = ownCopy(chunk);
    if (this.#response.write(piece, givingBack(piece))) return true;
    if (!this.#stalled) {
      this.#stalled = true;
      this.#response.once('drain', () => this.#drained());
      this.#watchWrites();
    }
    return false;
  }

  end(trailers?: Fields): void {
    this.#over = true;
    if (this.#whole !== undefined) {
      atTurnEnd(this);
      return;
    }
    if (trailers !== undefined && trailers.length > 0) this.#response.addTrailers(pairs(trailers));
    this.#response.end();
    this.#watchFlush();
  }

  /** Writes the reply that was whole at once. */
  atTurnEnd(): void {
    if (this.#request.socket.destroyed || this.#whole === undefined) return;
    this.#response.end(this.#whole, 'latin1');
    this.#watchFlush();
  }

  reply(head: ResponseHead, body: Uint8Array | undefined): void {
    this.#writeHead(head);
    this.#over = true;
    this.#bytesSent += body?.byteLength ?? 0;
    this.#response.end(body);
    this.#watchFlush();
  }

  breakOff(): void {
    this.#over = true;
    const { socket } = this.#request;
    // A reset, so that a body which ends with the connection does not look whole.
    if (socket instanceof TLSSocket || socket.destroyed) socket.destroy();
    else socket.resetAndDestroy();
  }

  switchProtocols(fields: Fields): Duplex {
    this.#over = true;
    const socket = this.#request.socket;
    this.#response.detachSocket(socket);
    socket.setTimeout(0);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\n${fieldLines(fields)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      'latin1',
    );
    return this.#upgrade ?? socket;
  }

  /** The request's body could not be parsed: no reply can be trusted to arrive. */
  broken(code: ProxyErrorCode): void {
    if (this.#over) return;
    this.#over = true;
    this.listener?.abandoned(code);
  }

  /** The connection is gone. */
  gone(): void {
    if (this.#watched) this.#request.socket.setTimeout(0);
    this.#connection.leave();
    this.broken('client_disconnected');
  }

  #writeHead(head: ResponseHead): void {
    const response = this.#response;
    // A body that will not be read to its end leaves the connection in its middle.
    const unread = this.body !== undefined && !this.#request.complete;
    if (unread || this.mustClose || this.#front.draining) response.shouldKeepAlive = false;
    if (unread) lingerAfter(this.#request);
    response.sendDate = false;
    response.writeHead(head.status, head.fields as string[]);
  }

  #drained(): void {
    this.#stalled = false;
    this.#request.socket.setTimeout(0);
    this.listener?.drained();
  }

  #watchFlush(): void {
    if (this.#request.socket.writableLength > 0) this.#watchWrites();
  }

  /** Cuts a client that takes nothing at all for so long; any progress begins it anew. */
  #watchWrites(): void {
    this.#watched = true;
    this.#request.socket.setTimeout(this.#plan.timeouts.write);
  }
}

/** The exchange that answers by this response. */
export function exchangeOf(response: ServerResponse): Http1Exchange | undefined {
  return (response as { exchange?: Http1Exchange }).exchange;
}

function closed(this: ServerResponse): void {
  exchangeOf(this)?.gone();
}

/** How long a client may go on sending after a reply that did not wait for all of its body. */
const LINGER: Ms = 2_000;

/**
 * Closing a connection on which bytes are still unread resets it, and the reset can overtake the reply: the client then
 * never sees its 413. So our side is ended first, and what still comes is thrown away for a while.
 */
export function linger(socket: Socket): void {
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}

/** `linger` once the reply is out, which is when node:http ends the connection. */
function lingerAfter(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    request.resume();
    request.once('end', () => socket.destroy());
    linger(socket);
  };
}

function reason(status: number): string {
  return status === 103 ? 'Early Hints' : status === 102 ? 'Processing' : 'Informational';
}

function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) list.push([fields[i] as string, fields[i + 1] as string]);
  return list;
}
