import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import type { Connection } from './connection.ts';
import { ProxyError } from './error.ts';
import type {
  Endpoints,
  Exchange,
  ExchangeListener,
  Fields,
  KnownFields,
  RequestBody,
  RequestHead,
  ResponseHead,
} from './exchange.ts';
import type { ListenerPlan } from './plan.ts';
import { readWithin } from './read-within.ts';
import { givingBack, ownCopy } from './spent.ts';

/** One request and its reply on a stream of HTTP/2. */
export class Http2Exchange implements Exchange {
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
  #watched = false;
  #trailers: Fields | undefined;
  #waitsForTrailers = false;
  #bodiless = false;

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
    if (!ended) this.body = new Http2Body(stream, head.known, plan.timeouts.body);
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
    try {
      this.#stream.additionalHeaders({ ':status': status, ...grouped(fields) });
    } catch {
      // One that HTTP/2 cannot carry is no loss: the reply itself is still to come.
    }
  }

  respond(head: ResponseHead): void {
    this.#respond(head, false);
  }

  write(chunk: Uint8Array): boolean {
    if (this.#stream.destroyed || this.#bodiless) return true;
    this.#bytesSent += chunk.byteLength;
    const piece = ownCopy(chunk);
    return this.#write(piece, givingBack(piece));
  }

  writeOwned(chunk: Uint8Array, release: () => void): boolean {
    if (this.#stream.destroyed || this.#bodiless) {
      release();
      return true;
    }
    this.#bytesSent += chunk.byteLength;
    return this.#write(chunk, () => release());
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
    // Its `close` would end what was written so far cleanly, before the reset.
    this.#stream.destroy(new ProxyError('http_response_incomplete'));
  }

  switchProtocols(): Duplex {
    throw new ProxyError('proxy_internal_error', 'HTTP/2 has no Upgrade (RFC 9113 §8.6)');
  }

  #write(piece: Uint8Array, written: ((error?: Error | null) => void) | undefined): boolean {
    if (this.#stream.write(piece, written)) return true;
    if (!this.#stalled) {
      this.#stalled = true;
      this.#stream.once('drain', () => this.#drained());
      this.#watchWrites();
    }
    return false;
  }

  #respond(head: ResponseHead, endStream: boolean): void {
    if (this.#stream.destroyed) return;
    const bodiless = endStream || this.head.method === 'HEAD' || head.status === 204 || head.status === 304;
    this.#bodiless = bodiless;
    // Trailers come after bodies of unknown length alone: gRPC and its kin.
    const fields = lowerCaseFields(head);
    this.#waitsForTrailers = !bodiless && !hasField(fields, 'content-length');
    if (this.#waitsForTrailers) this.#stream.once('wantTrailers', () => this.#sendTrailers());
    this.#stream.respond(
      [':status', String(head.status), ...fields] as never,
      {
        endStream: bodiless,
        waitForTrailers: this.#waitsForTrailers,
        sendDate: false,
      } as never,
    );
  }

  #sendTrailers(): void {
    if (this.#stream.destroyed) return;
    try {
      this.#stream.sendTrailers(grouped(this.#trailers ?? []));
    } catch {
      // Those that HTTP/2 cannot carry are left out; the stream must end all the same.
      this.#stream.sendTrailers({});
    }
  }

  /** A reply that did not wait for all of the body: the client is told to stop sending (RFC 9113 §8.1). */
  #finish(): void {
    const stream = this.#stream;
    if (stream.writableLength > 0) this.#watchWrites();
    if (this.body === undefined || stream.readableEnded) return;
    stream.once('finish', () => {
      if (!stream.readableEnded) stream.close(constants.NGHTTP2_NO_ERROR);
    });
  }

  /** Cuts a client that takes nothing at all for so long; whoever still waits for it hears by "close". */
  #watchWrites(): void {
    const stream = this.#stream;
    if (!this.#watched) stream.on('timeout', () => stream.destroy(new ProxyError('client_disconnected')));
    this.#watched = true;
    stream.setTimeout(this.#plan.timeouts.write);
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
  readonly #expecting: boolean;
  readonly #patience: Ms;
  #received = 0;

  /** A client that waits for "100 Continue" is told once someone reads, not before. */
  constructor(stream: ServerHttp2Stream, { contentLength, expectContinue }: KnownFields, patience: Ms) {
    this.#stream = stream;
    this.length = contentLength;
    this.#expecting = expectContinue;
    this.#patience = patience;
  }

  get bytesReceived(): number {
    return this.#received;
  }

  async *read(): AsyncGenerator<Uint8Array> {
    const { destroyed, headersSent } = this.#stream;
    if (this.#expecting && !destroyed && !headersSent) this.#stream.additionalHeaders({ ':status': 100 });
    for await (const chunk of readWithin(this.#stream, this.#patience)) {
      this.#received += chunk.byteLength;
      yield chunk;
    }
    // nghttp2 has held the sum against Content-Length; a reset ends the stream early without an error.
    if (this.#stream.aborted) throw new ProxyError('client_disconnected');
  }
}

/** HTTP/2 knows no other names (RFC 9113 §8.2.1). */
function lowerCaseFields({ shared, fields }: ResponseHead): Fields {
  if (shared === undefined) return lowerCased(fields);
  shared.lowerCase ??= lowerCased(shared.fields);
  return [...shared.lowerCase, ...lowerCased(fields)];
}

function lowerCased(fields: Fields): Fields {
  return fields.map((text, index) => (index % 2 === 0 ? text.toLowerCase() : text));
}

function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) return true;
  }
  return false;
}

/** As node:http2 wants interim fields and trailers: an object, with an array where a name comes more than once. */
function grouped(fields: Fields): Record<string, string | string[]> {
  // Without a prototype, as a field may well be called "constructor".
  const object: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = (fields[i] as string).toLowerCase();
    const before = object[name];
    const value = fields[i + 1] as string;
    object[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return object;
}
