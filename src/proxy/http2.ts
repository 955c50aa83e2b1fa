import {
  constants,
  type IncomingHttpHeaders,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Ms } from '../base/units.ts';
import { type Connection, connectionOf } from './connection.ts';
import { Http2Exchange } from './http2-exchange.ts';
import type { ListenerPlan } from './plan.ts';
import { readRequest2 } from './request-head.ts';
import { type ExchangeTaker, refusedHead } from './taker.ts';

/** HTTP/2 in front: `node:http2` (nghttp2) parses, this makes exchanges of its streams. RFC 9113. */

/** Streams that one client may have open: what nginx and HAProxy allow too. */
const MAX_STREAMS = 128;
/** What a client may send ahead on one stream before the origin has taken any of it. */
const STREAM_WINDOW = 262_144;
const SESSION_WINDOW = 1_048_576;

/** How long a session that was accepted just before we began to stop may take to bring its first stream. */
const FIRST_STREAM_GRACE: Ms = 1_000;

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
    // Of the socket itself: `session.socket` is another object, of which nobody has heard.
    const connection = connectionOf(socket);
    session.on('stream', (stream, headers, flags, raw: string[]) =>
      this.#stream(connection, stream, headers, flags, raw),
    );
    new IdleWatch(session, timeouts.idle);
    if (this.#draining) closeAfterFirstStream(session);
  }

  /**
   * Tells clients to open no more streams, and closes each session after its last one. RFC 9113 §6.8 would have us name
   * the highest stream id first, for streams that are on their way; but nghttp2 answers none that comes after a GOAWAY
   * of ours, so we name the last that came: the others have not been processed, and clients send them again elsewhere.
   */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions) session.close();
  }

  /** Sessions that were told to end do so all the same; those that come stay. */
  resume(): void {
    this.#draining = false;
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #stream(
    connection: Connection,
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    flags: number,
    raw: string[],
  ): void {
    // nghttp2 resets a stream for many reasons; whoever waits for it hears "close".
    stream.on('error', () => {});
    const pseudo = pseudoFields(raw);
    const read = readRequest2({ ...pseudo, fields: pseudo.rest }, 'https', this.#plan.limits);
    const head = read.ok
      ? read.head
      : refusedHead({ method: headers[':method'] ?? '-', target: pseudo.path ?? '', version: '2.0', scheme: 'https' });
    const ended = (flags & END_STREAM) !== 0;
    const exchange = new Http2Exchange(stream, head, ended, connection, this.#plan);
    if (read.ok) this.#taker.take(exchange, this.#plan);
    else this.#taker.refuse(exchange, this.#plan, read.refusal.code);
  }
}

function closeAfterFirstStream(session: ServerHttp2Session): void {
  session.once('stream', () => setImmediate(() => session.close()));
  setTimeout(() => session.close(), FIRST_STREAM_GRACE).unref();
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

interface PseudoFields {
  method: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  path: string | undefined;
  rest: string[];
}

/** Pseudo-header fields come first and once each: nghttp2 sees to it (RFC 9113 §8.3). */
function pseudoFields(raw: readonly string[]): PseudoFields {
  const pseudo: PseudoFields = {
    method: undefined,
    scheme: undefined,
    authority: undefined,
    path: undefined,
    rest: [],
  };
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
