import type { Bytes, Ms } from '../../base/units.ts';
import { ProxyError } from '../error.ts';
import type { RequestBody } from '../exchange.ts';

/** How much may wait for its reader before the client is told to hold on. */
const QUEUE_MAX: Bytes = 65_536;
/** And in how many pieces: who sends a byte in each chunk makes each of them cost far more than a byte. */
const PIECES_MAX = 256;

/** What a body needs of the connection that it comes on. */
export interface BodySource {
  /** Someone reads now: a client that waits for "100 Continue" is told to send. */
  wanted(body: Http1Body): void;
  /** Enough is here for now, or no more so: `full` has changed. */
  paced(): void;
}

/** The body of an HTTP/1.1 request, read at the pace of its reader, with a deadline on each read. */
export class Http1Body implements RequestBody, AsyncIterableIterator<Uint8Array> {
  readonly length: number | undefined;
  readonly #source: BodySource;
  readonly #patience: Ms;
  readonly #queue: Uint8Array[] = [];
  #queued: Bytes = 0;
  #received: Bytes = 0;
  #wanted = false;
  #waiting: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: ProxyError | undefined;
  /** All of it has come, read or not. */
  complete = false;

  constructor(source: BodySource, length: number | undefined, patience: Ms) {
    this.#source = source;
    this.length = length;
    this.#patience = patience;
  }

  get bytesReceived(): number {
    return this.#received;
  }

  /** More shall not be read off the connection for now. */
  get full(): boolean {
    return this.#queued >= QUEUE_MAX || this.#queue.length >= PIECES_MAX;
  }

  read(): AsyncIterableIterator<Uint8Array> {
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#wanted) {
      this.#wanted = true;
      this.#source.wanted(this);
    }
    const wasFull = this.full;
    const piece = this.#queue.shift();
    if (piece !== undefined) {
      this.#queued -= piece.byteLength;
      if (wasFull && !this.full) this.#source.paced();
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.complete) return Promise.resolve(END);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#timer = setTimeout(overdue, this.#patience, this);
    });
  }

  /** A piece has come; it is ours to keep. */
  push(piece: Uint8Array): void {
    this.#received += piece.byteLength;
    if (this.#error !== undefined) return;
    const waiting = this.#settle();
    if (waiting !== undefined) {
      waiting.resolve({ done: false, value: piece });
      return;
    }
    const wasFull = this.full;
    this.#queue.push(piece);
    this.#queued += piece.byteLength;
    if (!wasFull && this.full) this.#source.paced();
  }

  /** Its end has come. */
  finish(): void {
    this.complete = true;
    this.#settle()?.resolve(END);
  }

  /** The rest will not come. What has come may still be read, but not to a clean end. */
  fail(error: ProxyError): void {
    if (this.complete || this.#error !== undefined) return;
    this.#error = error;
    this.#settle()?.reject(error);
  }

  #settle(): Waiting | undefined {
    const waiting = this.#waiting;
    if (waiting === undefined) return undefined;
    this.#waiting = undefined;
    clearTimeout(this.#timer);
    return waiting;
  }
}

interface Waiting {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (error: ProxyError) => void;
}

const END: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

function overdue(body: Http1Body): void {
  body.fail(new ProxyError('request_timeout'));
}
