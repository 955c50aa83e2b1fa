import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import { failureOf } from './caching/failure.ts';
import { ProxyError } from './error.ts';
import type { OriginFields } from './headers.ts';
import type { OriginCall, OriginReplies, OriginRequest } from './origin/call.ts';
import { originError } from './origin-error.ts';
import type { Admission } from './pool/admission.ts';
import type { Origin } from './pool/origin.ts';
import type { Pool } from './pool/pool.ts';
import type { Cuttable, UnderWay } from './pool/under-way.ts';
import type { TrafficCounter, Unanswered } from './traffic.ts';

/** Whom an attempt is made for, and who hears of it: its fetch. */
export interface AttemptOwner {
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
  /** Its origin is down. */
  giveWay(attempt: Attempt): void;
  /** It came to nothing. */
  attemptFailed(attempt: Attempt, problem: ProxyError): void;
}

/** One try at one origin: it has its place there until it is over, and tells the pool how it came out. */
export class Attempt implements OriginReplies, Cuttable {
  place = -1;
  readonly admission: Admission;
  readonly #fetch: AttemptOwner;
  readonly #underWay: UnderWay;
  readonly #startedAt: Ms = performance.now();
  #call: OriginCall | undefined;
  #tunnel: Duplex | undefined;
  #isKept = false;
  #over = false;
  #answered = false;
  /** The origin may have seen some of the request. */
  started = false;
  /** It was ended because its origin is to have no more requests. */
  wasCut = false;

  constructor(fetch: AttemptOwner, admission: Admission, underWay: UnderWay) {
    this.#fetch = fetch;
    this.admission = admission;
    this.#underWay = underWay;
  }

  get origin(): Origin {
    return this.admission.origin;
  }

  start(): void {
    this.#underWay.begin(this.origin.slot, this);
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

  /** Ends it because its origin is to have no more requests: who waits for a reply gets it from another one. */
  cut(): void {
    if (this.#tunnel !== undefined) this.#tunnel.destroy();
    else if (this.#leave()) {
      this.wasCut = true;
      if (!this.#answered) this.#fetch.traffic.unanswered(this.origin.slot, 'cancelled');
      this.#call?.cancel();
      this.#fetch.attemptFailed(this, new ProxyError('connection_terminated', 'the origin was stopped'));
    }
  }

  giveWay(): void {
    if (!this.#over) this.#fetch.giveWay(this);
  }

  sent(isKept: boolean): void {
    this.started = true;
    this.#isKept = isKept;
    this.#fetch.sent();
  }

  interim(status: number, fields: OriginFields): void {
    this.#fetch.interim(status, fields);
  }

  head(status: number, fields: OriginFields): void {
    const latency = performance.now() - this.#startedAt;
    this.#count(status, latency);
    if (status >= 500) this.admission.failed();
    else this.#succeeded(latency);
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
    if (this.#over) return;
    const problem = originError(error, this.started);
    if (problem.blame === 'origin' && !this.#isLateClose(problem)) this.admission.failed();
    this.#leave();
    const { traffic } = this.#fetch;
    if (this.#answered) traffic.brokenOff(this.origin.slot);
    else traffic.unanswered(this.origin.slot, failureOf(problem.code));
    this.#fetch.attemptFailed(this, problem);
  }

  /** The fetch's time is over, and the origin has had most of it. */
  overdue(): void {
    if (!this.#over) this.admission.failed();
  }

  switched(fields: OriginFields, socket: Duplex): void {
    // A tunnel is in flight as long as it lives.
    this.#over = true;
    const latency = performance.now() - this.#startedAt;
    this.#count(101, latency);
    this.#tunnel = socket;
    this.#succeeded(latency);
    this.admission.upgraded();
    socket.once('close', () => {
      this.#underWay.end(this.origin.slot, this);
      this.admission.tunnelEnded();
    });
    this.#fetch.upgrade(fields, socket);
  }

  /** Tells the pool, where it wants to know how long that took. */
  #succeeded(latency: Ms): void {
    this.admission.succeeded(this.admission.isMeasured ? latency : undefined);
  }

  #count(status: number, latency: Ms): void {
    this.#answered = true;
    const { traffic, order } = this.#fetch;
    traffic.answered(order.pool.plan.slot, this.origin.slot, status, latency);
  }

  /** A kept connection may be closed for good reason, just as a request is on its way: that is no failure. */
  #isLateClose({ code }: ProxyError): boolean {
    return this.#isKept && !this.#answered && code === 'connection_terminated';
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#underWay.end(this.origin.slot, this);
    this.admission.leave();
    return true;
  }
}
