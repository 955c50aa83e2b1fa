import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, TLSSocket, type TlsOptions } from 'node:tls';
import {
  type FieldLines,
  Http1Parser,
  type MessageHead,
  readRequestLine,
  requestFraming,
  valuesOf,
} from './http1-parser.ts';
import { Journal } from './journal.ts';
import { atTeardown } from './teardown.ts';
import { turn } from './wait.ts';

/**
 * What an origin does with a request. Bytes: sent as they stand (latin1) once the request is whole. A generator: a play
 * from the request's head on, each `yield` a packet of its own, `await` between them, `request.connection.reset()` at
 * will. `undefined`: silence.
 */
export type Script = (request: OriginRequest) => Lines | AsyncIterable<Lines> | undefined;
type Lines = string | Uint8Array;

/** An origin that keeps every byte it gets and answers by a script; on a free loopback port. */
export async function startOrigin(script: Script = () => answer('ok'), tls?: TlsOptions): Promise<ScriptedOrigin> {
  const origin = new ScriptedOrigin(script, tls);
  await origin.listen();
  atTeardown(() => origin.close());
  return origin;
}

/** A well-formed answer with a Content-Length (text is latin1, as everywhere in the tests); `fields` are whole lines, such as `ETag: "1"`. */
export function answer(body: string, { status = '200 OK', fields = [] as readonly string[] } = {}): Buffer {
  const lines = [`HTTP/1.1 ${status}`, ...fields, `Content-Length: ${body.length}`, '', ''];
  return Buffer.from(lines.join('\r\n') + body, 'latin1');
}

export class ScriptedOrigin {
  /** May be changed between requests: the next one is answered by it. */
  script: Script;
  readonly connections: OriginConnection[] = [];
  readonly arrivals = new Journal<OriginRequest>('request at the origin');
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #scheme: string;

  constructor(script: Script, tls?: TlsOptions) {
    this.script = script;
    this.#scheme = tls ? 'https' : 'http';
    const accept = (socket: Socket) => {
      this.connections.push(new OriginConnection(socket, this.connections.length, this));
    };
    this.#server = tls
      ? createTlsServer({ allowHalfOpen: true, ...tls }, accept)
      : createServer({ allowHalfOpen: true, noDelay: true }, accept);
    this.#server.on('connection', (socket) => this.#sockets.add(socket));
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** All requests whose head has arrived, on any connection, in order. */
  get requests(): readonly OriginRequest[] {
    return this.arrivals.all;
  }

  /** What bytes came that no strict sender would have sent. */
  get faults(): readonly string[] {
    return this.connections.flatMap(({ id, fault }) => (fault ? [`connection ${id}: ${fault.message}`] : []));
  }

  /** Resolves when a request for `target` has arrived. */
  requestFor(target: string): Promise<OriginRequest> {
    return this.arrivals.waitFor((request) => request.target === target, { wanted: `for ${target}` });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

export class OriginConnection {
  readonly id: number;
  readonly requests: OriginRequest[] = [];
  /** Resolves when the connection is gone, whoever ended it. */
  readonly closed: Promise<void>;
  fault: Error | undefined;
  readonly #socket: Socket;
  readonly #received: Buffer[] = [];
  readonly #parser: Http1Parser;
  #play: Promise<void> = Promise.resolve();

  constructor(socket: Socket, id: number, origin: ScriptedOrigin) {
    this.id = id;
    this.#socket = socket;
    this.#parser = new Http1Parser({
      head: (head) => {
        const request = new OriginRequest(this, head);
        const framing = requestFraming(head);
        this.requests.push(request);
        origin.arrivals.add(request);
        // One answer after the other, as they were asked for.
        this.#play = this.#play.then(() => this.#perform(origin.script(request), request));
        return framing;
      },
      data: (bytes) => this.requests.at(-1)?.take(bytes),
      end: (trailers) => this.requests.at(-1)?.finish('whole', trailers),
    });
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => socket.end());
    socket.on('error', () => {}); // A reset is one of the endings that tests look for.
    socket.on('close', () => this.requests.at(-1)?.finish('cut', []));
  }

  /** Every byte that came, from the first on. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  get open(): boolean {
    return !this.#socket.destroyed;
  }

  /** Bytes that wait here because the peer does not take them. */
  get unsent(): number {
    return this.#socket.writableLength;
  }

  /** Sends outside of any answer. */
  async send(bytes: Lines): Promise<void> {
    if (!this.#socket.writable) return;
    const buffer = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
    // A peer that goes away while its receive window is shut never acknowledges: its close ends the wait.
    await Promise.race([new Promise<void>((resolve) => this.#socket.write(buffer, () => resolve())), this.closed]);
    await turn();
  }

  /** Half-close: no more from us, but the peer may go on. */
  end(): void {
    this.#socket.end();
  }

  reset(): void {
    // Node resets plain TCP only; a TLS peer sees the missing close_notify.
    if (this.#socket instanceof TLSSocket) this.#socket.destroy();
    else this.#socket.resetAndDestroy();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    if (this.fault) return;
    try {
      this.#parser.push(bytes);
    } catch (error) {
      this.fault = error as Error;
      this.#socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    }
  }

  async #perform(lines: ReturnType<Script>, request: OriginRequest): Promise<void> {
    if (lines === undefined) return;
    if (typeof lines === 'string' || lines instanceof Uint8Array) {
      if ((await request.arrived) === 'whole') await this.send(lines);
      return;
    }
    for await (const line of lines) {
      if (!this.open) return;
      await this.send(line);
    }
  }
}

export class OriginRequest {
  readonly connection: OriginConnection;
  readonly method: string;
  readonly target: string;
  readonly fields: FieldLines;
  trailers: FieldLines = [];
  /** `cut` when the connection closed before the request's end. */
  readonly arrived: Promise<'whole' | 'cut'>;
  state: 'arriving' | 'whole' | 'cut' = 'arriving';
  readonly #body: Buffer[] = [];
  readonly #settle: (state: 'whole' | 'cut') => void;

  constructor(connection: OriginConnection, head: MessageHead) {
    this.connection = connection;
    ({ method: this.method, target: this.target } = readRequestLine(head.startLine));
    this.fields = head.fields;
    ({ promise: this.arrived, resolve: this.#settle } = Promise.withResolvers<'whole' | 'cut'>());
  }

  /** The body so far. */
  get body(): string {
    return Buffer.concat(this.#body).toString('latin1');
  }

  /** The values of all fields called `name`. */
  values(name: string): string[] {
    return valuesOf(this.fields, name);
  }

  take(bytes: Buffer): void {
    this.#body.push(bytes);
  }

  finish(state: 'whole' | 'cut', trailers: FieldLines): void {
    if (this.state !== 'arriving') return;
    this.state = state;
    this.trailers = trailers;
    this.#settle(state);
  }
}
