import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Bytes, Ms } from '../base/units.ts';
import { type Connection, connectionOf } from './connection.ts';
import type { ProxyErrorCode } from './error.ts';
import type { Endpoints, Exchange, ExchangeListener, Fields, RequestBody, RequestHead, ResponseHead } from './exchange.ts';
import { Http1Body } from './http1-body.ts';
import type { ListenerPlan } from './plan.ts';
import { readRequest1 } from './request-head.ts';
import { type ExchangeTaker, refusedHead } from './taker.ts';

/** HTTP/1.1 in front: `node:http` parses (llhttp, strict), this makes exchanges of what it parsed. */

/**
 * A body that comes in one piece, up to this size, is sent as text together with the head: node:http then makes one
 * string and one write of both, where a head and a buffer become a list of two. That takes a quarter off the cost of
 * an exchange (`npm run bench -- --only uncached-1k`).
 */
const WHOLE_MAX: Bytes = 12_288;

/** How often node looks for connections whose request head is overdue. */
const CHECK_INTERVAL: Ms = 500;

export class Http1Front {
  readonly #server: Server;
  readonly #taker: ExchangeTaker;
  #plan: ListenerPlan;
  draining = false;

  constructor(plan: ListenerPlan, taker: ExchangeTaker) {
    this.#plan = plan;
    this.#taker = taker;
    this.#server = createServer({
      connectionsCheckingInterval: CHECK_INTERVAL,
      // We check Host ourselves, on the fields as they came.
      requireHostHeader: false,
      joinDuplicateHeaders: false,
      shouldUpgradeCallback: (request: IncomingMessage) => request.headers.upgrade?.toLowerCase() === 'websocket',
      optimizeEmptyRequests: true,
    } as object);
    this.#server.timeout = 0;
    // All of a body has no deadline, each read of it has one (Http1Body).
    this.#server.requestTimeout = 0;
    this.#server.maxRequestsPerSocket = 0;
    this.#server.on('request', (request, response) => this.#request(request, response));
    this.#server.on('checkContinue', (request, response) => this.#request(request, response));
    this.#server.on('checkExpectation', (request, response) => this.#request(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on('connect', (request, socket) => this.#connect(request, socket));
    this.#server.on('clientError', (error, socket) => this.#clientError(error, socket as Socket));
    // Never listens itself (connections are handed to it), but its watch over overdue heads starts with this event.
    this.#server.emit('listening');
    this.update(plan);
  }

  /** New limits and timeouts, for requests from now on. */
  update(plan: ListenerPlan): void {
    this.#plan = plan;
    this.#server.headersTimeout = plan.timeouts.head;
    this.#server.keepAliveTimeout = plan.timeouts.idle;
    (this.#server as { maxHeaderSize?: number }).maxHeaderSize = plan.limits.head;
    // One more than allowed: node drops fields beyond without a word, and we must see that there were too many.
    this.#server.maxHeadersCount = plan.limits.fields + 1;
  }

  accept(socket: Socket): void {
    this.#server.emit('connection', socket);
  }

  /** Every reply from now on ends its connection. */
  drain(): void {
    this.draining = true;
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  close(): void {
    this.#server.close();
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    this.#start(request, response, undefined);
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const socket = request.socket;
    // node:http lets go of the connection here; a refusal is still answered by it.
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on('finish', () => socket.destroySoon());
    socket.on('error', () => {});
    if (head.length > 0) stream.unshift(head);
    this.#start(request, response, stream);
  }

  #connect(request: IncomingMessage, socket: Duplex): void {
    this.#upgrade(request, socket, Buffer.alloc(0));
  }

  #start(request: IncomingMessage, response: ServerResponse, upgrade: Duplex | undefined): void {
    const scheme = request.socket instanceof TLSSocket ? 'https' : 'http';
    const raw = {
      method: request.method as string,
      target: request.url as string,
      version: request.httpVersion,
      fields: request.rawHeaders,
    };
    const read = readRequest1(raw, scheme, this.#plan.limits);
    if (!read.ok) {
      const version = raw.version === '1.0' ? '1.0' : '1.1';
      const exchange = this.#exchange(request, response, refusedHead({ ...raw, version, scheme }), upgrade);
      exchange.mustClose = read.refusal.close;
      this.#taker.refuse(exchange, this.#plan, read.refusal.code);
      return;
    }
    const { known } = read.head;
    const exchange = this.#exchange(request, response, read.head, upgrade);
    if (upgrade !== undefined && (known.upgrade === undefined || known.chunked || known.contentLength)) {
      // A WebSocket has no body: one with a body would hide a second request in it.
      exchange.mustClose = true;
      this.#taker.refuse(exchange, this.#plan, 'bad_request');
      return;
    }
    this.#taker.take(exchange, this.#plan);
  }

  #exchange(
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    upgrade: Duplex | undefined,
  ): Http1Exchange {
    return new Http1Exchange(request, response, head, connectionOf(request.socket), this.#plan, this, upgrade);
  }

  /** The parser gave up on a connection, or a head is overdue. */
  #clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = parseError(error);
    const response = (socket as { _httpMessage?: ServerResponse })._httpMessage;
    if (code === undefined || !socket.writable) {
      socket.destroy();
    } else if (response === undefined || (!response.headersSent && response.req.complete)) {
      // Between requests. A reply that is under way is lost with the connection: nobody can tell the two apart.
      const scheme = socket instanceof TLSSocket ? 'https' : 'http';
      this.#taker.unparsed(connectionOf(socket).endpoints, scheme, code);
      socket.end(bareReply(code), () => socket.destroy());
    } else {
      // Within a request's body: its own exchange is told, and answers if it can.
      (response as { exchange?: Http1Exchange }).exchange?.broken(code);
      socket.destroy();
    }
  }
}

class Http1Exchange implements Exchange {
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
  readonly #front: Http1Front;
  readonly #upgrade: Duplex | undefined;
  #bytesSent = 0;
  #over = false;
  #stalled = false;
  #length: number | undefined;
  #whole: Uint8Array | undefined;

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    connection: Connection,
    plan: ListenerPlan,
    front: Http1Front,
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
      this.body = new Http1Body(request, head.known.expectContinue ? response : undefined, contentLength, plan.timeouts.body);
    }
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
    socket.write(`HTTP/1.1 ${status} ${reason(status)}\r\n${lines(fields)}\r\n`, 'latin1');
  }

  respond(head: ResponseHead): void {
    this.#length = head.length;
    this.#writeHead(head);
  }

  write(chunk: Uint8Array): boolean {
    this.#bytesSent += chunk.byteLength;
    if (chunk.byteLength === this.#length && chunk.byteLength <= WHOLE_MAX) {
      this.#whole = chunk;
      return true;
    }
    if (this.#response.write(chunk)) return true;
    if (!this.#stalled) {
      this.#stalled = true;
      this.#response.once('drain', () => this.#drained());
      // Cuts a client that takes nothing at all for so long; any progress begins it anew.
      this.#request.socket.setTimeout(this.#plan.timeouts.write);
    }
    return false;
  }

  end(trailers?: Fields): void {
    this.#over = true;
    if (this.#whole !== undefined) {
      this.#response.end(Buffer.prototype.latin1Slice.call(this.#whole), 'latin1');
    } else {
      if (trailers !== undefined && trailers.length > 0) this.#response.addTrailers(pairs(trailers));
      this.#response.end();
    }
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
      `HTTP/1.1 101 Switching Protocols\r\n${lines(fields)}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
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
    const { socket } = this.#request;
    if (socket.writableLength > 0) socket.setTimeout(this.#plan.timeouts.write);
  }
}

function closed(this: ServerResponse): void {
  (this as { exchange?: Http1Exchange }).exchange?.gone();
}

/** How long, and how much, a client may go on sending after a reply that did not wait for all of its body. */
const LINGER: Ms = 2_000;

/**
 * Closing a connection on which bytes are still unread resets it, and the reset can overtake the reply: the client then
 * never sees its 413. So our side is ended first, and what still comes is thrown away for a while.
 */
function lingerAfter(request: IncomingMessage): void {
  const { socket } = request;
  socket.destroySoon = () => {
    socket.end();
    request.resume();
    const timer = setTimeout(() => socket.destroy(), LINGER);
    request.once('end', () => socket.destroy());
    socket.once('close', () => clearTimeout(timer));
  };
}

function parseError(error: NodeJS.ErrnoException): ProxyErrorCode | undefined {
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout';
  if (error.code === 'HPE_HEADER_OVERFLOW') return 'head_too_large';
  if (error.code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'body_too_large';
  return error.code?.startsWith('HPE_') ? 'bad_request' : undefined;
}

const BARE: Partial<Record<ProxyErrorCode, string>> = {
  request_timeout: '408 Request Timeout',
  head_too_large: '431 Request Header Fields Too Large',
  body_too_large: '413 Content Too Large',
};

/** For who did not speak HTTP: a status line, no page. */
function bareReply(code: ProxyErrorCode): string {
  return `HTTP/1.1 ${BARE[code] ?? '400 Bad Request'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
}

function reason(status: number): string {
  return status === 103 ? 'Early Hints' : status === 102 ? 'Processing' : 'Informational';
}

function lines(fields: Fields): string {
  let text = '';
  for (let i = 0; i + 1 < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return text;
}

function pairs(fields: Fields): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) list.push([fields[i] as string, fields[i + 1] as string]);
  return list;
}
