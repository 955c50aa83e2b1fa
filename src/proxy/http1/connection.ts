import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Bytes, Ms } from '../../base/units.ts';
import { connectionOf } from '../connection.ts';
import { ProxyError, type ProxyErrorCode } from '../error.ts';
import type { Endpoints } from '../exchange.ts';
import type { ListenerPlan } from '../plan.ts';
import { ownCopy } from '../spent.ts';
import { type ExchangeTaker, refusedHead } from '../taker.ts';
import { type BodySource, Http1Body } from './body.ts';
import { BodyParser } from './body-parser.ts';
import { type ExchangeConnection, Http1Exchange } from './exchange.ts';
import { LendingSocket } from './lending-socket.ts';
import { Output, type OutputOwner } from './output.ts';
import { type Http1Request, RequestReader } from './request-reader.ts';
import { checkBeginning } from './request-text.ts';
import { Unread } from './unread.ts';

/** How long connections may be idle from then on, or from later. */
export interface Draining {
  readonly idle: Ms;
  /** On the clock of `performance.now()`. */
  readonly since: Ms;
}

/** What a connection is told by the front that it belongs to. */
export interface ConnectionFront {
  readonly plan: ListenerPlan;
  readonly taker: ExchangeTaker;
  /** Every reply ends its connection; `undefined`: they stay. */
  readonly draining: Draining | undefined;
  /** It is closed, or no longer HTTP. */
  left(connection: Http1Connection): void;
}

/** Requests that came before it is their turn; a client that sends more ahead is told to hold on. */
const AHEAD_MAX: Bytes = 65_536;
/** How long a client may go on sending after a reply that did not wait for all of its body. */
const LINGER: Ms = 2_000;
/** What a client may still send in that time if it was no HTTP. A body may be as long as it likes. */
const JUNK_MAX: Bytes = 65_536;
/** Where the look for a head's end is done in the text that is needed anyway; longer heads are searched as bytes. */
const USUAL_HEAD: Bytes = 4_096;
const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 0x0d;
const LF = 0x0a;

/**
 * One client's connection: requests one after the other, each of which waits for the reply to the one before it. In
 * parallel only safe ones may be served (RFC 9112 §9.3.2), and one connection shall not put a thousand requests to the
 * origins at once.
 *
 *     head ▸ body, if any ▸ (reply is whole) ▸ head … ▸ closing: what still comes is thrown away
 */
export class Http1Connection implements ExchangeConnection, BodySource, OutputOwner {
  readonly endpoints: Endpoints;
  readonly output: Output;
  readonly #socket: Socket;
  readonly #front: ConnectionFront;
  readonly #scheme: 'http' | 'https';
  readonly #reader: RequestReader;
  /** What comes is lent until it was looked at. */
  readonly #lent: boolean;
  readonly #unread = new Unread();
  readonly #onData = (chunk: Buffer) => this.#came(chunk);
  readonly #onEnd = () => this.#ended();
  readonly #onClose = () => this.#closed();
  #exchange: Http1Exchange | undefined;
  /** Of the body that is on its way; its exchange may be over already. */
  #bodyParser: BodyParser | undefined;
  /** The client would send another request after this one. */
  #persistent = true;
  /** No request is read any more. */
  #closing = false;
  #closeWith: 'end' | 'linger' | undefined;
  #lingering: NodeJS.Timeout | undefined;
  /** Bytes that came since it is closing, and how many of them are put up with. */
  #ignored: Bytes = 0;
  #ignorable: Bytes = Number.POSITIVE_INFINITY;
  #advancing = false;
  #paused = false;
  /** A request was read. */
  #used = false;
  /** Since when it has waited for a request, or for the rest of a head; on the clock of `performance.now()`. */
  #since: Ms = performance.now();
  /** How much of the beginning of a head was found to be good; -1: nothing of it has come. */
  #checked = -1;

  constructor(socket: Socket, front: ConnectionFront) {
    this.#socket = socket;
    this.#front = front;
    this.endpoints = connectionOf(socket).endpoints;
    this.#scheme = socket instanceof TLSSocket ? 'https' : 'http';
    const isSibling = () => front.taker.hasSibling(this.endpoints.remoteAddress);
    this.#reader = new RequestReader(this.#scheme, isSibling);
    this.#lent = socket instanceof LendingSocket;
    if (socket instanceof LendingSocket) socket.reader = this.#onData;
    else socket.on('data', this.#onData);
    socket.on('end', this.#onEnd).on('close', this.#onClose);
    this.output = new Output(socket, this);
  }

  /** Neither a request nor a reply is under way. */
  get idle(): boolean {
    return this.#waits && this.#checked === -1 && this.output.empty;
  }

  /** Nothing is to be done before more comes from the client. */
  get #waits(): boolean {
    return this.#exchange === undefined && !this.#closing && !this.output.stalled;
  }

  get writeTimeout(): Ms {
    return this.#front.plan.timeouts.write;
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Looked at once in a while: a timer for each request costs more. */
  closeIfOverdue(now: Ms): void {
    if (!this.#waits) return;
    // Who is still taking the last reply is watched for as long as that takes.
    if (!this.output.empty) this.#since = now;
    const { head, idle } = this.#front.plan.timeouts;
    const { draining } = this.#front;
    const waited = now - this.#since;
    if (this.#checked !== -1) {
      if (waited > head) this.#refuse('request_timeout');
    } else if (waited > (this.#used ? idle : head) || isOverdueIn(draining, this.#since, now)) {
      this.#closeUnlessAsked();
    }
  }

  /** Who never said a word, as browsers that connect ahead, is not answered either. But what has come and was not read yet is. */
  #closeUnlessAsked(): void {
    setImmediate(() => {
      if (this.idle) this.#socket.destroy();
    });
  }

  // --- what comes ---

  #came(chunk: Buffer): void {
    if (this.#closing) {
      this.#ignored += chunk.length;
      if (this.#ignored > this.#ignorable) this.#socket.destroy();
      return;
    }
    this.#unread.add(chunk);
    this.#advance();
    if (this.#lent) this.#unread.keep();
  }

  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    while (this.#unread.bytes.length > 0 && this.#step());
    this.#advancing = false;
    this.paced();
  }

  /** Takes some of what came. `false`: nothing can be taken for now. */
  #step(): boolean {
    const parser = this.#bodyParser;
    // A request's turn comes when the reply before it is whole, and its client takes what it gets.
    const waits = parser === undefined && (this.#exchange !== undefined || this.output.stalled);
    if (this.#closing || waits) return false;
    let request: Http1Request | undefined;
    try {
      if (parser !== undefined) return this.#readBody(parser);
      request = this.#readHead();
    } catch (error) {
      if (!(error instanceof ProxyError)) throw error;
      this.#refuse(error.code);
    }
    if (request !== undefined) this.#begin(request);
    return request !== undefined;
  }

  #readHead(): Http1Request | undefined {
    const unread = this.#unread;
    // At least one empty line before a request is to be passed over (RFC 9112 §2.2).
    while (unread.bytes[0] === CR && unread.bytes[1] === LF) unread.take(2);
    const { bytes } = unread;
    const { limits } = this.#front.plan;
    const isUsual = bytes.length <= USUAL_HEAD;
    const start = isUsual ? bytes.toString('latin1', 0, bytes.length) : '';
    // What was looked at before may have ended within the empty line.
    const end = isUsual ? start.indexOf('\r\n\r\n') : bytes.indexOf(HEAD_END, Math.max(0, this.#checked - 3));
    if (end === -1 ? bytes.length > limits.head + HEAD_END.length : end > limits.head) {
      throw new ProxyError('head_too_large');
    }
    if (end === -1) {
      this.#awaitHead(bytes);
      return undefined;
    }
    const text = !isUsual ? bytes.toString('latin1', 0, end) : start.slice(0, end);
    unread.take(end + HEAD_END.length);
    this.#checked = -1;
    return this.#reader.read(text, limits);
  }

  #awaitHead(bytes: Buffer): void {
    // An empty line that has come by half is no beginning yet.
    if (bytes.length === 0 || (bytes.length === 1 && bytes[0] === CR)) return;
    if (this.#checked === -1) {
      this.#since = performance.now();
      this.#checked = 0;
    }
    this.#checked = checkBeginning(bytes, this.#checked);
  }

  #begin({ line, read, persistent }: Http1Request): void {
    const { plan, taker } = this.#front;
    this.#used = true;
    this.#persistent = persistent;
    if (!read.ok) {
      const version = line.version === '1.0' ? '1.0' : '1.1';
      this.#decline(
        new Http1Exchange(this, refusedHead({ ...line, version, scheme: this.#scheme }), undefined),
        read.refusal.code,
      );
      return;
    }
    const { head } = read;
    const { chunked, contentLength, upgrade } = head.known;
    const hasBody = chunked || (contentLength !== undefined && contentLength > 0);
    if (!hasBody) {
      this.#exchange = new Http1Exchange(this, head, undefined);
      // If it does not become a WebSocket, what was sent along is nobody's request.
      if (upgrade !== undefined) this.#exchange.mustClose = true;
    } else {
      const body = new Http1Body(this, contentLength, plan.timeouts.body);
      this.#exchange = new Http1Exchange(this, head, body);
      if (upgrade !== undefined) {
        // A WebSocket has no body: one with a body would hide a second request in it.
        this.#decline(this.#exchange, 'bad_request');
        return;
      }
      this.#bodyParser = new BodyParser(contentLength, plan.limits.head, (piece) => {
        body.push(this.#lent ? ownCopy(piece) : piece);
      });
    }
    taker.take(this.#exchange, plan);
  }

  /** A request that is refused before it is one, and the last of its connection. */
  #decline(exchange: Http1Exchange, code: ProxyErrorCode): void {
    this.#exchange = exchange;
    exchange.mustClose = true;
    this.#front.taker.refuse(exchange, this.#front.plan, code);
  }

  #readBody(parser: BodyParser): boolean {
    const taken = parser.push(this.#unread.bytes);
    this.#unread.take(taken);
    if (!parser.done) return false;
    this.#bodyParser = undefined;
    this.#exchange?.body?.finish();
    return true;
  }

  wanted(body: Http1Body): void {
    const exchange = this.#exchange;
    if (exchange?.body === body && exchange.head.known.expectContinue && !exchange.responded)
      this.output.sendText('HTTP/1.1 100 Continue\r\n\r\n');
  }

  paced(): void {
    const waits = this.#bodyParser === undefined && (this.#exchange !== undefined || this.output.stalled);
    const full = (waits && this.#unread.bytes.length >= AHEAD_MAX) || this.#exchange?.body?.full === true;
    if ((full && !this.#closing) === this.#paused) return;
    this.#paused = !this.#paused;
    if (this.#paused) this.#socket.pause();
    else this.#socket.resume();
  }

  // --- what goes out ---

  staysOpen({ mustClose, body }: Http1Exchange): boolean {
    // A body that will not be read to its end leaves the connection in its middle.
    return (
      this.#persistent && !mustClose && this.#front.draining === undefined && (body === undefined || body.complete)
    );
  }

  replied(exchange: Http1Exchange): void {
    this.#exchange = undefined;
    if (!exchange.persistent) {
      const unread = exchange.mustClose || this.#bodyParser !== undefined || this.#unread.bytes.length > 0;
      this.#closeWith = unread ? 'linger' : 'end';
      this.#closing = true;
    }
    this.output.schedule();
  }

  turnEnded(): void {
    if (this.#exchange !== undefined) return;
    if (this.#closeWith !== undefined) {
      this.#close(this.#closeWith);
    } else if (!this.#closing) {
      this.#since = performance.now();
      this.#advance();
    }
  }

  drained(): void {
    if (this.#exchange !== undefined) this.#exchange.listener?.drained();
    else if (!this.#closing) this.output.schedule();
  }

  // --- how it ends ---

  /** Answers what could not be parsed, or did not come, and reads nothing after it. */
  #refuse(code: ProxyErrorCode): void {
    const exchange = this.#exchange;
    if (exchange?.responded) {
      exchange.abandon(code);
      this.breakOff();
      return;
    }
    this.#exchange = undefined;
    this.#closing = true;
    if (exchange === undefined) this.#front.taker.unparsed(this.endpoints, this.#scheme, code);
    // The body ends here, and so the reply to it is ours.
    else exchange.abandon(code);
    exchange?.body?.fail(new ProxyError(code));
    this.output.sendText(bareReply(code));
    this.#closeWith = 'linger';
    this.#ignorable = JUNK_MAX;
  }

  breakOff(): void {
    this.output.flush();
    this.#closing = true;
    this.#closeWith = undefined;
    // A reset, so that a body which ends with the connection does not look whole.
    if (this.#socket instanceof TLSSocket || this.#socket.destroyed) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  /**
   * Closing a connection on which bytes are still unread resets it, and the reset can overtake the reply: the client then
   * never sees its 413. So our side is ended first, and what still comes is thrown away for a while (RFC 9112 §9.6).
   */
  #close(how: 'end' | 'linger'): void {
    const socket = this.#socket;
    this.#closeWith = undefined;
    this.#unread.clear();
    this.#bodyParser = undefined;
    this.paced();
    if (how === 'end' || socket.readableEnded) {
      socket.destroySoon();
      return;
    }
    socket.end(() => {
      if (!socket.destroyed) this.#lingering = setTimeout(() => socket.destroy(), LINGER);
    });
  }

  release(): Duplex {
    const socket = this.#socket;
    this.output.release();
    this.#exchange = undefined;
    this.#closing = true;
    if (socket instanceof LendingSocket) socket.reader = undefined;
    else socket.off('data', this.#onData);
    socket.off('end', this.#onEnd).off('close', this.#onClose);
    socket.pause();
    this.#paused = false;
    if (this.#unread.bytes.length > 0) socket.unshift(Buffer.from(this.#unread.bytes));
    this.#unread.clear();
    this.#front.left(this);
    return socket;
  }

  /** A client that half-closes is gone, as with nginx: most FINs amid a request are people who left. */
  #ended(): void {
    if (this.#closing) {
      if (this.#closeWith === undefined) this.#socket.destroySoon();
    } else if (this.#bodyParser !== undefined || this.#checked !== -1) {
      // Its message is not whole (RFC 9112 §8).
      this.#refuse('bad_request');
    } else if (this.#exchange !== undefined) {
      const { responded } = this.#exchange;
      this.#exchange.abandon('client_disconnected');
      if (responded) this.breakOff();
      else this.#socket.destroy();
    } else {
      this.#closing = true;
      this.#closeWith = 'end';
      this.output.schedule();
    }
  }

  #closed(): void {
    clearTimeout(this.#lingering);
    this.#closing = true;
    this.#closeWith = undefined;
    this.#unread.clear();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.body?.fail(new ProxyError('client_disconnected'));
    exchange?.abandon('client_disconnected');
    this.#front.left(this);
  }
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

function isOverdueIn(draining: Draining | undefined, since: Ms, now: Ms): boolean {
  return draining !== undefined && now - Math.max(since, draining.since) > draining.idle;
}
