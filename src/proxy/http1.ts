import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Ms } from '../base/units.ts';
import { connectionOf } from './connection.ts';
import type { ProxyErrorCode } from './error.ts';
import type { RequestHead } from './exchange.ts';
import { exchangeOf, Http1Exchange, linger } from './http1-exchange.ts';
import type { ListenerPlan } from './plan.ts';
import { readRequest1 } from './request-head.ts';
import { type ExchangeTaker, refusedHead } from './taker.ts';

/** HTTP/1.1 in front: `node:http` parses (llhttp, strict), this makes exchanges of what it parsed. */

/** How often connections are looked for whose request head, or next request, is overdue. */
const CHECK_INTERVAL: Ms = 500;

export class Http1Front {
  readonly #server: Server;
  readonly #taker: ExchangeTaker;
  /** Those that wait for their next request are looked through once in a while: a timer for each request costs more. */
  readonly #connections = new Set<Socket>();
  readonly #sweep: NodeJS.Timeout;
  /** Connections of which no more is understood. */
  readonly #refused = new WeakSet<Socket>();
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
      shouldUpgradeCallback: isWebSocket,
      optimizeEmptyRequests: true,
    } as object);
    this.#server.timeout = 0;
    this.#server.keepAliveTimeout = 0;
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
    this.#sweep = setInterval(() => this.#closeOverdue(), CHECK_INTERVAL).unref();
  }

  /** New limits and timeouts, for requests from now on. */
  update(plan: ListenerPlan): void {
    this.#plan = plan;
    this.#server.headersTimeout = plan.timeouts.head;
    (this.#server as { maxHeaderSize?: number }).maxHeaderSize = plan.limits.head;
    // One more than allowed: node drops fields beyond without a word, and we must see that there were too many.
    this.#server.maxHeadersCount = plan.limits.fields + 1;
  }

  accept(socket: Socket): void {
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
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
    clearInterval(this.#sweep);
    this.#server.close();
  }

  #closeOverdue(): void {
    const latest = performance.now() - this.#plan.timeouts.idle;
    for (const socket of this.#connections) if (connectionOf(socket).isIdleSince(latest)) socket.destroy();
  }

  /**
   * Requests that come before the reply to the one before them wait for their turn: in parallel only safe ones may be
   * served (RFC 9112 §9.3.2), and one connection shall not put a thousand requests to the origins at once.
   */
  #request(request: IncomingMessage, response: ServerResponse): void {
    if (response.socket !== null) this.#start(request, response, undefined);
    else response.once('socket', () => this.#start(request, response, undefined));
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
    whenFree(socket, () => this.#upgrade(request, socket, Buffer.alloc(0)));
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

  /** The parser gave up on a connection, or a head is overdue; the parser says so again for whatever else comes. */
  #clientError(error: NodeJS.ErrnoException, socket: Socket): void {
    const code = parseError(error);
    if (code === undefined || !socket.writable) {
      socket.destroy();
    } else if (!this.#refused.has(socket)) {
      this.#refused.add(socket);
      socket.pause();
      this.#refuseRest(socket, code);
    }
  }

  /** Answers in its turn what could not be parsed, and nothing after it. */
  #refuseRest(socket: Socket, code: ProxyErrorCode): void {
    const response = responseOn(socket);
    if (response === undefined) {
      const scheme = socket instanceof TLSSocket ? 'https' : 'http';
      this.#taker.unparsed(connectionOf(socket).endpoints, scheme, code);
      socket.write(bareReply(code));
      linger(socket);
    } else if (response.req.complete) {
      // A good request came before. If its reply is the connection's last word, this one is not answered.
      whenFree(socket, () => this.#refuseRest(socket, code));
    } else if (!response.headersSent) {
      // Within a body: the exchange ends here, and so the reply to it is ours.
      exchangeOf(response)?.broken(code);
      socket.write(bareReply(code));
      linger(socket);
    } else if (!response.writableEnded) {
      exchangeOf(response)?.broken(code);
      exchangeOf(response)?.breakOff();
    }
  }
}

/** The response whose turn it is on a connection. */
function responseOn(socket: Duplex): ServerResponse | undefined {
  return (socket as { _httpMessage?: ServerResponse | null })._httpMessage ?? undefined;
}

/** Calls back when no reply is under way on a connection, and never if that ends with it. */
function whenFree(socket: Duplex, then: () => void): void {
  const response = responseOn(socket);
  if (response === undefined) then();
  else response.once('close', () => socket.writable && whenFree(socket, then));
}

/** Whether the connection may leave HTTP: not in HTTP/1.0 (RFC 9110 §7.8), nor while replies are still due on it. */
function isWebSocket({ headers, httpVersion, socket }: IncomingMessage): boolean {
  return httpVersion === '1.1' && headers.upgrade?.toLowerCase() === 'websocket' && responseOn(socket) === undefined;
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
