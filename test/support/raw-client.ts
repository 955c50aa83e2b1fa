import { once } from 'node:events';
import { type NetConnectOpts, connect as netConnect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import {
  type FieldLines,
  type Framing,
  Http1Parser,
  type MessageHead,
  readStatusLine,
  responseFraming,
  valuesOf,
} from './http1-parser.ts';
import { atTeardown } from './teardown.ts';
import { PATIENCE, turn, within } from './wait.ts';

/** A response as the client saw it. */
export interface RawResponse {
  readonly status: number;
  readonly fields: FieldLines;
  readonly framing: Framing['kind'];
  readonly body: string;
  readonly trailers: FieldLines;
  /** The 1xx that came before it. */
  readonly interim: readonly { readonly status: number; readonly fields: FieldLines }[];
  /** `broken`: the connection ended before the response did (RFC 9112 §8). */
  readonly end: 'clean' | 'broken';
}

export interface ConnectOptions {
  readonly host?: string;
  readonly tls?: ConnectionOptions;
  readonly socket?: Partial<NetConnectOpts>;
}

/** A client that sends whatever bytes it is told to, by plain TCP or TLS (certificates are not checked). */
export async function connectRaw(port: number, options: ConnectOptions = {}): Promise<RawClient> {
  const socket = await openSocket(port, options);
  const client = new RawClient(socket);
  atTeardown(() => client.close());
  return client;
}

export async function openSocket(port: number, { host = '127.0.0.1', tls, socket }: ConnectOptions): Promise<Socket> {
  const to = { host, port, noDelay: true, allowHalfOpen: true, ...socket };
  const opened = tls ? tlsConnect({ ...to, rejectUnauthorized: false, ...tls }) : netConnect(to as NetConnectOpts);
  await within(once(opened, tls ? 'secureConnect' : 'connect'), `a connection to ${host}:${port}`);
  return opened;
}

export class RawClient {
  readonly socket: Socket;
  /** Resolves when the connection is gone: by both sides' FIN, or by a reset. */
  readonly closed: Promise<'ended' | 'reset'>;
  readonly #asked: string[] = [];
  readonly #received: Buffer[] = [];
  readonly #responses: RawResponse[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #parser: Http1Parser;
  #arriving: Arriving = newArriving();
  #fault: Error | undefined;
  #over = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#parser = new Http1Parser({
      head: (head) => this.#startResponse(head),
      data: (bytes) => this.#arriving.body.push(bytes),
      end: (trailers) => this.#endResponse('clean', trailers),
    });
    let failed = false;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => resolve(failed ? 'reset' : 'ended'));
    });
    socket.on('data', (bytes: Buffer) => this.#take(bytes));
    socket.on('end', () => {
      this.#finish(true);
      socket.end();
    });
    socket.on('error', () => {
      failed = true;
    });
    socket.on('close', () => this.#finish(false));
  }

  /** Every byte that came, from the first on. */
  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Sends each piece (text as latin1) in a packet of its own. */
  async send(...pieces: ReadonlyArray<string | Uint8Array>): Promise<void> {
    for (const piece of pieces) {
      const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece;
      if (!this.socket.writable) return; // Whoever closed on us does not get the rest; what it said is still read.
      await Promise.race([new Promise<void>((resolve) => this.socket.write(bytes, () => resolve())), this.closed]);
      if (pieces.length > 1) await turn();
    }
  }

  /** The next whole response; `undefined` when the connection ends without one. `method` is that of its request. */
  async next(method = 'GET', limit = PATIENCE): Promise<RawResponse | undefined> {
    this.#asked.push(method);
    const taken = this.#asked.length - 1;
    await within(
      this.#until(() => this.#over || this.#responses.length > taken),
      () => `a response; so far came ${tell(this.received)}`,
      limit,
    );
    const response = this.#responses[taken];
    if (response === undefined && this.#fault) throw this.#fault;
    return response;
  }

  /** As `next`, where there must be one. */
  async response(method = 'GET', limit = PATIENCE): Promise<RawResponse> {
    const response = await this.next(method, limit);
    if (response === undefined) throw new Error(`the connection closed without a response; ${tell(this.received)}`);
    return response;
  }

  /** Resolves when the peer has ended the connection, with all responses that came until then. */
  async untilClosed(limit = PATIENCE): Promise<readonly RawResponse[]> {
    await within(
      this.#until(() => this.#over),
      () => `the connection to be closed; so far came ${tell(this.received)}`,
      limit,
    );
    if (this.#fault) throw this.#fault;
    return this.#responses;
  }

  /** Resolves when this 1xx has come for the response that is being read. */
  async interim(status: number, limit = PATIENCE): Promise<void> {
    await within(
      this.#until(() => this.#over || this.#arriving.interim.some((each) => each.status === status)),
      () => `a ${status}; so far came ${tell(this.received)}`,
      limit,
    );
    if (this.#over) throw new Error(`the connection closed without a ${status}; ${tell(this.received)}`);
  }

  /** Half-close: no more requests, but answers are still read. */
  finish(): void {
    this.socket.end();
  }

  reset(): void {
    this.socket.resetAndDestroy();
  }

  close(): void {
    this.socket.destroy();
  }

  #startResponse(head: MessageHead): Framing {
    const { status } = readStatusLine(head.startLine);
    const framing = responseFraming(head, this.#asked[this.#responses.length] ?? 'GET');
    if (status >= 200 || status === 101) Object.assign(this.#arriving, { status, head, framing });
    else this.#arriving.interim.push({ status, fields: head.fields });
    return framing;
  }

  #endResponse(end: 'clean' | 'broken', trailers: FieldLines): void {
    const { status, head, framing, body, interim } = this.#arriving;
    if (status === undefined || head === undefined || framing === undefined) return; // It was an interim one.
    const text = Buffer.concat(body).toString('latin1');
    const { fields } = head;
    this.#responses.push({ status, fields, framing: framing.kind, body: text, trailers, interim, end });
    this.#arriving = newArriving();
  }

  #take(bytes: Buffer): void {
    this.#received.push(bytes);
    if (this.#fault) return;
    try {
      this.#parser.push(bytes);
    } catch (error) {
      this.#fault = error as Error;
      this.#over = true;
    }
    this.#wake();
  }

  /** `cleanly`: by FIN. A body that goes on until the close is whole only then. */
  #finish(cleanly: boolean): void {
    if (this.#over) return;
    if (cleanly) this.#parser.finish();
    this.#endResponse('broken', []);
    this.#over = true;
    this.#wake();
  }

  #until(reached: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!reached()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #wake(): void {
    for (const look of this.#waiting) look();
  }
}

/** One well-formed request on a connection of its own. `head`: more field lines. */
export async function fetchRaw(
  port: number,
  target: string,
  {
    method = 'GET',
    host = 'www.example.com',
    head = [] as readonly string[],
    body = '',
    ...options
  }: ConnectOptions & { method?: string; host?: string; head?: readonly string[]; body?: string } = {},
): Promise<RawResponse> {
  const client = await connectRaw(port, options);
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...head];
  if (body !== '') lines.push(`Content-Length: ${Buffer.byteLength(body, 'latin1')}`);
  await client.send(`${lines.join('\r\n')}\r\n\r\n${body}`);
  const response = await client.response(method);
  client.close();
  return response;
}

/** The value of a response's (or request's) field, when it is there once. */
export function fieldOf(message: { readonly fields: FieldLines }, name: string): string | undefined {
  const values = valuesOf(message.fields, name);
  if (values.length > 1) throw new Error(`${name} ${values.length} times: ${JSON.stringify(values)}`);
  return values[0];
}

interface Arriving {
  status?: number;
  head?: MessageHead;
  framing?: Framing;
  body: Buffer[];
  interim: { status: number; fields: FieldLines }[];
}

function newArriving(): Arriving {
  return { body: [], interim: [] };
}

function tell(bytes: Buffer): string {
  const text = bytes.toString('latin1', 0, 600);
  return bytes.length === 0 ? 'nothing' : `${bytes.length} bytes: ${JSON.stringify(text)}`;
}
