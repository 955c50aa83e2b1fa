import type { Duplex } from 'node:stream';
import { failureOf } from './caching/failure.ts';
import type { OriginFields } from './headers.ts';
import type { OriginCall, OriginReplies, OriginRequest } from './origin/call.ts';
import { originError } from './origin-error.ts';
import type { Origin, OriginCounters } from './pool/origin.ts';
import type { Pool } from './pool/pool.ts';
import type { TrafficCounter, Unanswered } from './traffic.ts';

/** Whom an attempt is made for, and who hears of it: its fetch. */
export interface AttemptOwner {
  readonly counters: OriginCounters;
  readonly traffic: TrafficCounter;
  readonly order: { readonly pool: Pool };
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
  #answered = false;
  #begunAt = 0;
  /** The origin may have seen some of the request. */
  started = false;

  constructor(fetch: AttemptOwner, origin: Origin) {
    this.#fetch = fetch;
    this.origin = origin;
  }

  start(): void {
    this.#begunAt = performance.now();
    this.#fetch.counters.enter(this.origin.slot);
    const call = this.origin.send(this.#fetch.request(this.origin), this);
    this.#call = call;
    if (this.#over) call.cancel();
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Gives it up; a no-op when it is over. */
  cancel(why: Unanswered = 'cancelled'): void {
    if (!this.#leave()) return;
    if (!this.#answered) this.#fetch.traffic.unanswered(this.origin.slot, why);
    this.#call?.cancel();
  }

  sent(): void {
    this.started = true;
    this.#fetch.sent();
  }

  interim(status: number, fields: OriginFields): void {
    this.#fetch.interim(status, fields);
  }

  head(status: number, fields: OriginFields): void {
    this.#count(status);
    this.#fetch.head(status, fields);
  }

  body(chunk: Buffer): boolean {
    this.#fetch.traffic.received(this.origin.slot, chunk.length);
    return this.#fetch.body(chunk);
  }

  end(trailers: OriginFields): void {
    if (this.#leave()) this.#fetch.end(trailers);
  }

  failed(error: Error): void {
    if (!this.#leave()) return;
    const { traffic } = this.#fetch;
    if (this.#answered) traffic.brokenOff(this.origin.slot);
    else traffic.unanswered(this.origin.slot, failureOf(originError(error, this.started).code));
    this.#fetch.attemptFailed(this, error);
  }

  switched(fields: OriginFields, socket: Duplex): void {
    // A tunnel is in flight as long as it lives.
    this.#over = true;
    this.#count(101);
    const { counters } = this.#fetch;
    socket.once('close', () => counters.leave(this.origin.slot));
    this.#fetch.upgrade(fields, socket);
  }

  #count(status: number): void {
    this.#answered = true;
    const { traffic, order } = this.#fetch;
    traffic.answered(order.pool.plan.slot, this.origin.slot, status, performance.now() - this.#begunAt);
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#fetch.counters.leave(this.origin.slot);
    return true;
  }
}
