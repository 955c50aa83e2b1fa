import type { Duplex } from 'node:stream';
import type { OriginFields } from './headers.ts';
import type { OriginCall, OriginReplies, OriginRequest } from './origin/call.ts';
import type { Origin, OriginCounters } from './pool/origin.ts';

/** Whom an attempt is made for, and who hears of it: its fetch. */
export interface AttemptOwner {
  readonly counters: OriginCounters;
  request(origin: Origin): OriginRequest;
  /** It is being written to its origin. */
  sent(): void;
  interim(status: number, fields: OriginFields): void;
  /** The head of the final reply. Throws a `ProxyError` when it makes no sense. */
  head(status: number, fields: OriginFields): void;
  body(chunk: Uint8Array): boolean;
  end(trailers: OriginFields): void;
  upgrade(fields: OriginFields, socket: Duplex): void;
  /** It came to nothing. */
  attemptFailed(attempt: Attempt, error: unknown): void;
}

/** One try at one origin. */
export class Attempt implements OriginReplies {
  readonly origin: Origin;
  readonly #fetch: AttemptOwner;
  #call: OriginCall | undefined;
  #over = false;
  /** The origin may have seen some of the request. */
  started = false;

  constructor(fetch: AttemptOwner, origin: Origin) {
    this.#fetch = fetch;
    this.origin = origin;
  }

  start(): void {
    this.#fetch.counters.enter(this.origin.slot);
    const call = this.origin.send(this.#fetch.request(this.origin), this);
    this.#call = call;
    if (this.#over) call.cancel();
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Gives it up; a no-op when it is over. */
  cancel(): void {
    if (this.#leave()) this.#call?.cancel();
  }

  sent(): void {
    this.started = true;
    this.#fetch.sent();
  }

  interim(status: number, fields: OriginFields): void {
    this.#fetch.interim(status, fields);
  }

  head(status: number, fields: OriginFields): void {
    this.#fetch.head(status, fields);
  }

  body(chunk: Buffer): boolean {
    return this.#fetch.body(chunk);
  }

  end(trailers: OriginFields): void {
    if (this.#leave()) this.#fetch.end(trailers);
  }

  failed(error: Error): void {
    if (this.#leave()) this.#fetch.attemptFailed(this, error);
  }

  switched(fields: OriginFields, socket: Duplex): void {
    // A tunnel is in flight as long as it lives.
    this.#over = true;
    const { counters } = this.#fetch;
    socket.once('close', () => counters.leave(this.origin.slot));
    this.#fetch.upgrade(fields, socket);
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#fetch.counters.leave(this.origin.slot);
    return true;
  }
}
