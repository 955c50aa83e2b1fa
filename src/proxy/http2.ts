import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import { type Connection, connectionOf } from './connection.ts';
import { ProxyError } from './error.ts';
import type { Endpoints, Exchange, ExchangeListener, Fields, RequestBody, RequestHead, ResponseHead } from './exchange.ts';
import type { ListenerPlan } from './plan.ts';
import { readWithin } from './read-within.ts';
import { readRequest2 } from './request-head.ts';
import { type ExchangeTaker, refusedHead } from './taker.ts';

/** HTTP/2 in front: `node:http2` (nghttp2) parses, this makes exchanges of its streams. RFC 9113. */

/** Streams that one client may have open: what nginx and HAProxy allow too. */
const MAX_STREAMS = 128;
/** What a client may send ahead on one stream before the origin has taken any of it. */
const STREAM_WINDOW = 262_144;
const SESSION_WINDOW = 1_048_576;

/** Time between "no new streams, but those under way are welcome" and the final GOAWAY. RFC 9113 §6.8. */
const GOAWAY_GRACE: Ms = 500;

const END_STREAM = constants.NGHTTP2_FLAG_END_STREAM;

export class Http2Front {
  readonly #taker: ExchangeTaker;
  readonly #sessions = new Set<ServerHttp2Session>();
  #plan: ListenerPlan;
  #draining = false;

  constructor(plan: ListenerPlan, taker: ExchangeTaker) {
    this.#plan = plan;
    this.#taker = taker;
  }

  update(plan: ListenerPlan): void {
    this.#plan = plan;
  }

  /** `socket`: a TLS connection on which ALPN chose h2. */
  accept(socket: Socket): void {
    const { limits, timeouts } = this.#plan;
    const session = performServerHandshake(socket, {
      settings: {
        enablePush: false,
        maxConcurrentStreams: MAX_STREAMS,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: limits.head,
      },
      maxHeaderListPairs: limits.fields + 8,
      // Names that may come once only are counted by collectFields.
      strictSingleValueFields: false,
    } as object);
    this.#sessions.add(session);
    // A session that breaks takes its streams along; each of them hears of it by its own "close".
    session.on('error', () => session.destroy());
    session.on('close', () => this.#sessions.delete(session));
    session.on('connect', () => session.setLocalWindowSize(SESSION_WINDOW));
    session.on('stream', (stream, headers, flags, raw: string[]) => this.#stream(session, stream, headers, flags, raw));
    new IdleWatch(session, timeouts.idle);
    if (this.#draining) session.close();
  }

  /** Tells clients to open no more streams, and closes each session after its last one. */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions) {
      // RFC 9113 §6.8: first with the highest stream id, so that streams on their way are not lost.
      if (!session.destroyed) session.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
    }
    setTimeout(() => {
      for (const session of this.#sessions) session.close();
    }, GOAWAY_GRACE).unref();
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #stream(
    session: ServerHttp2Session,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: string[],
  ): void {
    // nghttp2 resets a stream for many reasons; whoever waits for it hears "close".
    stream.on('error', () => {});
    const socket = session.socket as unknown as Socket;
    const pseudo = pseudoFields(raw);
    const read = readRequest2({ ...pseudo, fields: pseudo.rest }, 'https', this.#plan.limits);
    const head = read.ok
      ? read.head
      : refusedHead({ method: headers[':method'] ?? '-', target: pseudo.path ?? '', version: '2.0', scheme: 'https' });
    const ended = (flags & END_STREAM) !== 0;
    const exchange = new Http2Exchange(stream, head, ended, connectionOf(socket), this.#plan);
    if (read.ok) this.#taker.take(exchange, this.#plan);
    else this.#taker.refuse(exchange, this.#plan, read.refusal.code);
  }
}

/** Ends a session that had no stream for too long: bytes alone (PING, CONTINUATION, …) do not keep it alive. */
class IdleWatch {
  readonly #session: ServerHttp2Session;
  readonly #idle: Ms;
  #streams = 0;
  #timer: NodeJS.Timeout;

  constructor(session: ServerHttp2Session, idle: Ms) {
    this.#session = session;
    this.#idle = idle;
    this.#timer = this.#arm();
    session.on('stream', (stream: ServerHttp2Stream) => {
      this.#streams += 1;
      if (this.#streams === 1) clearTimeout(this.#timer);
      stream.once('close', () => {
        this.#streams -= 1;
        if (this.#streams === 0 && !session.closed) this.#timer = this.#arm();
      });
    });
    session.on('close', () => clearTimeout(this.#timer));
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#session.close();
      // Who does not answer to GOAWAY either is cut.
      this.#timer = setTimeout(() => this.#session.destroy(), 1_000);
    }, this.#idle);
  }
}

class Http2Exchange implements Exchange {
  readonly head: RequestHead;
  readonly body: RequestBody | undefined;
  readonly startedAt: Ms = Date.now();
  listener: ExchangeListener | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #connection: Connection;
  readonly #plan: ListenerPlan;
  #bytesSent = 0;
  #over = false;
  #stalled = false;
  #trailers: Fields | undefined;
  #waitsForTrailers = false;

  constructor(
    stream: ServerHttp2Stream,
    head: RequestHead,
    ended: boolean,
    connection: Connection,
    plan: ListenerPlan,
  ) {
    this.head = head;
    this.#stream = stream;
    this.#connection = connection;
    this.#plan = plan;
    if (!ended) this.body = new Http2Body(stream, head.known.contentLength, plan.timeouts.body);
    stream.on('close', () => this.#closed());
  }

  get endpoints(): Endpoints {
    return this.#connection.endpoints;
  }

  get bytesSent(): number {
    return this.#bytesSent;
  }

  get responded(): boolean {
    return this.#stream.headersSent;
  }

  inform(status: number, fields: Fields): void {
    if (this.#stream.destroyed || this.responded) return;
    this.#stream.additionalHeaders({ ':status': status, ...grouped(fields) });
  }

  respond(head: ResponseHead): void {
    this.#respond(head, false);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#stream.destroyed || this.head.method === 'HEAD') return true;
    this.#bytesSent += chunk.byteLength;
    if (this.#stream.write(chunk)) return true;
    if (!this.#stalled) {
      this.#stalled = true;
      this.#stream.once('drain', () => this.#drained());
      this.#stream.setTimeout(this.#plan.timeouts.write, () => this.breakOff());
    }
    return false;
  }

  end(trailers?: Fields): void {
    this.#over = true;
    if (this.#stream.destroyed) return;
    if (this.#waitsForTrailers) this.#trailers = trailers ?? [];
    this.#stream.end();
    this.#finish();
  }

  reply(head: ResponseHead, body: Uint8Array | undefined): void {
    this.#over = true;
    if (this.#stream.destroyed) return;
    this.#respond(head, body === undefined);
    if (body !== undefined && !this.#stream.writableEnded) {
      this.#bytesSent += body.byteLength;
      this.#stream.end(body);
    }
    this.#finish();
  }

  breakOff(): void {
    this.#over = true;
    this.#stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }

  switchProtocols(): Duplex {
    throw new ProxyError('proxy_internal_error', 'HTTP/2 has no Upgrade (RFC 9113 §8.6)');
  }

  #respond(head: ResponseHead, endStream: boolean): void {
    if (this.#stream.destroyed) return;
    const bodiless = endStream || this.head.method === 'HEAD' || head.status === 204 || head.status === 304;
    // Trailers come after bodies of unknown length alone: gRPC and its kin.
    this.#waitsForTrailers = !bodiless && !hasField(head.fields, 'content-length');
    if (this.#waitsForTrailers) this.#stream.once('wantTrailers', () => this.#sendTrailers());
    const fields: string[] = [':status', String(head.status)];
    for (let i = 0; i + 1 < head.fields.length; i += 2) {
      fields.push((head.fields[i] as string).toLowerCase(), head.fields[i + 1] as string);
    }
    this.#stream.respond(fields as never, {
      endStream: bodiless,
      waitForTrailers: this.#waitsForTrailers,
      sendDate: false,
    } as never);
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed) return;
    this.#stream.sendTrailers(grouped(this.#trailers ?? []));
  }

  /** A reply that did not wait for all of the body: the client is told to stop sending (RFC 9113 §8.1). */
  #finish(): void {
    const stream = this.#stream;
    if (stream.writableLength > 0) stream.setTimeout(this.#plan.timeouts.write, () => stream.close(constants.NGHTTP2_CANCEL));
    if (this.body === undefined || stream.readableEnded) return;
    stream.once('finish', () => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  #drained(): void {
    this.#stalled = false;
    this.#stream.setTimeout(0);
    this.listener?.drained();
  }

  #closed(): void {
    if (this.#over) return;
    this.#over = true;
    this.listener?.abandoned('client_disconnected');
  }
}

class Http2Body implements RequestBody {
  readonly length: number | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #patience: Ms;
  #received = 0;

  constructor(stream: ServerHttp2Stream, length: number | undefined, patience: Ms) {
    this.#stream = stream;
    this.length = length;
    this.#patience = patience;
  }

  get bytesReceived(): number {
    return this.#received;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readWithin(this.#stream, this.#patience)) {
      this.#received += chunk.byteLength;
      yield chunk;
    }
    // nghttp2 has held the sum against Content-Length; a reset ends the stream early without an error.
    if (this.#stream.aborted) throw new ProxyError('client_disconnected');
  }
}

interface PseudoFields {
  method: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  path: string | undefined;
  rest: string[];
}

/** Pseudo-header fields come first and once each: nghttp2 sees to it (RFC 9113 §8.3). */
function pseudoFields(raw: readonly string[]): PseudoFields {
  const pseudo: PseudoFields = { method: undefined, scheme: undefined, authority: undefined, path: undefined, rest: [] };
  let i = 0;
  for (; i + 1 < raw.length && (raw[i] as string).startsWith(':'); i += 2) {
    const value = raw[i + 1] as string;
    switch (raw[i]) {
      case ':method':
        pseudo.method = value;
        break;
      case ':scheme':
        pseudo.scheme = value;
        break;
      case ':authority':
        pseudo.authority = value;
        break;
      case ':path':
        pseudo.path = value;
        break;
    }
  }
  pseudo.rest = raw.slice(i);
  return pseudo;
}

function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if ((fields[i] as string).toLowerCase() === name) return true;
  }
  return false;
}

/** As node:http2 wants interim fields and trailers: an object, with an array where a name comes more than once. */
function grouped(fields: Fields): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = {};
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const before = object[name];
    const value = fields[i + 1] as string;
    object[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return object;
}
