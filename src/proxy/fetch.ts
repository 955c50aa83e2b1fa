import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { failureOf } from './caching/failure.ts';
import { PROXY_ERRORS, type ProxyError, type ProxyErrorCode } from './error.ts';
import type { FetchOrder } from './fetch-order.ts';
import type { OriginFields } from './headers.ts';
import type { OriginRequest } from './origin/call.ts';
import type { Admission } from './pool/admission.ts';
import type { Origin } from './pool/origin.ts';
import type { Chosen } from './pool/pool.ts';
import type { QueueMember, Waiter } from './pool/queue.ts';
import { ReplayBody } from './replay-body.ts';
import { SiblingAttempt, type SiblingOrder, type SiblingTarget } from './sibling-attempt.ts';
import { type TrafficCounter, UNCOUNTED } from './traffic.ts';

/** Whom a fetch brings its reply. After `end`, `upgraded`, `broken` or `failed` nothing more comes. */
export interface FetchTarget {
  interim(status: number, fields: OriginFields): void;
  /** The head of the final reply; once. Throws a `ProxyError` when it makes no sense. */
  head(status: number, fields: OriginFields): void;
  /** A piece of the body, lent until it returns. `false`: hold on until `Fetch.resume`. */
  body(chunk: Uint8Array): boolean;
  /** The reply is whole. */
  end(trailers: OriginFields): void;
  /** The origin agreed to switch protocols. */
  upgraded(fields: OriginFields, origin: Duplex): void;
  /** The reply broke off within its body. */
  broken(error: ProxyErrorCode): void;
  /** No origin gave a reply. `status`: what tells it to a client. */
  failed(error: ProxyErrorCode, status: number): void;
}

/**
 * Gets a reply from a sibling that has it, where they are asked; else from a pool: an attempt at the origin that the pool
 * chooses, after a wait in its queue if none has a place, another one elsewhere where that is safe (RFC 9110 §9.2.2), one
 * deadline over all of them.
 */
export class Fetch implements AttemptOwner, QueueMember, SiblingTarget {
  readonly order: FetchOrder;
  readonly #target: FetchTarget;
  readonly #tried: Origin[] = [];
  readonly #body: ReplayBody | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt: Attempt | undefined;
  readonly #sibling: SiblingAttempt | undefined;
  /** Its place in the queue, while it has none at an origin. */
  #waiter: Waiter | undefined;
  #lastError: ProxyErrorCode | undefined;
  /** Of an attempt that is not the first, or had to wait: the origin has had but a part of the fetch's time. */
  #lateStart: Ms | undefined;
  #settled = false;
  #reached = false;
  /** A head was handed on: whatever comes, there is no other attempt. */
  #headed = false;

  /** Attempts that an origin was really sent. */
  attempts = 0;
  /** Epoch milliseconds of the first byte of the reply. */
  firstByteAt: Ms | undefined;
  status = 0;

  /** `sibling`: what siblings are asked for first. */
  constructor(order: FetchOrder, target: FetchTarget, sibling?: SiblingOrder) {
    this.order = order;
    this.#target = target;
    this.#sibling = sibling && new SiblingAttempt(sibling, this);
    const { body } = order;
    this.#body =
      body === undefined ? undefined : new ReplayBody(body, order.bodyLimit, (waits) => this.#waitForClient(waits));
  }

  get traffic(): TrafficCounter {
    return this.order.traffic ?? UNCOUNTED;
  }

  get origin(): Origin | undefined {
    return this.#attempt?.origin;
  }

  /** The sibling whose response this is. */
  get sibling(): string | undefined {
    return this.#sibling?.name;
  }

  start(): void {
    if (this.#sibling?.start() !== true) this.nobodyHad();
  }

  /** Of the siblings: the origins are asked, and their time begins. */
  nobodyHad(): void {
    if (this.#sibling?.orOrigins === false) {
      this.#fail('not_cached');
      return;
    }
    this.#startClock();
    this.#go(this.order.pool.choose(this.order, this.#tried));
  }

  /** More can be taken. */
  resume(): void {
    this.#attempt?.resume();
    this.#sibling?.resume();
  }

  /** Nobody wants the reply any more: nothing more is told of it. `false`: it is over already. */
  cancel(): boolean {
    return this.#settle();
  }

  /** The Set-Cookie that keeps the client at the origin of this reply; `undefined`: none is needed. */
  stickyCookie(): string | undefined {
    const { pool, head, client } = this.order;
    const position = this.#attempt?.admission.position;
    return position === undefined ? undefined : pool.stickyCookie(position, head, client.proto === 'https');
  }

  timeout(): void {
    if (this.#waiter !== undefined) this.#fail('queue_timeout');
    else {
      const code = this.#attempt?.started ? 'http_response_timeout' : 'connection_timeout';
      if (this.#hadItsTime()) this.#attempt?.overdue();
      this.#attempt?.cancel(failureOf(code));
      this.#fail(code);
    }
  }

  #hadItsTime(): boolean {
    return this.#lateStart === undefined || performance.now() - this.#lateStart >= this.order.patience / 2;
  }

  get isPicky(): boolean {
    return this.#tried.length > 0 || this.order.pool.isSticking(this.order);
  }

  goOn(): boolean {
    const chosen = this.order.pool.choose(this.order, this.#tried, true);
    if (chosen === 'wait') return false;
    this.#leaveQueue();
    this.#lateStart = performance.now();
    this.#go(chosen);
    return true;
  }

  overdue(): void {
    this.#waiter = undefined;
    this.#fail('queue_timeout');
  }

  #go(chosen: Chosen): void {
    if (chosen === 'wait') this.#wait();
    else if (chosen !== undefined) this.#begin(chosen);
    // Not one of them could be connected to: the pool is down, whatever the last one's own trouble was.
    else
      this.#fail(this.#lastError ?? 'destination_unavailable', this.#reached ? undefined : 'destination_unavailable');
  }

  #begin(admission: Admission): void {
    this.#tried.push(admission.origin);
    const attempt = new Attempt(this, admission, this.order.pool.underWay);
    this.#attempt = attempt;
    attempt.start();
  }

  #wait(): void {
    const { pool } = this.order;
    this.#waiter = pool.queue.join(this, pool.plan.queue);
    if (this.#waiter !== undefined) return;
    // Those who wait may be waiting for other origins.
    const chosen = pool.choose(this.order, this.#tried, true);
    if (chosen === 'wait') this.#fail('queue_full');
    else this.#go(chosen);
  }

  #next(error: ProxyErrorCode): void {
    this.#lastError = error;
    this.#lateStart = performance.now();
    const { pool } = this.order;
    this.#go(pool.choose(this.order, this.#tried) ?? this.#again(error));
  }

  /**
   * The same origin once more, when there is no other and it closed a connection on us before its answer: most often
   * that was a kept one whose time was up just then, and all that is needed is a new one.
   */
  #again(error: ProxyErrorCode): Chosen {
    const last = this.#attempt;
    if (error !== 'connection_terminated' || !last?.started || last.wasCut) return undefined;
    const chosen = this.order.pool.again(last.origin);
    // Somebody else has its place by now: it waits for any.
    if (chosen === 'wait') this.#tried.length = 0;
    return chosen;
  }

  #leaveQueue(): void {
    if (this.#waiter === undefined) return;
    this.order.pool.queue.leave(this.#waiter);
    this.#waiter = undefined;
  }

  /** An attempt is being written to its origin. */
  sent(): void {
    this.attempts += 1;
    this.#reached = true;
  }

  /** What the origin is sent. */
  request(origin: Origin): OriginRequest {
    const { head, fields, body, pool, lines } = this.order;
    const authority = pool.plan.hostHeader === 'origin' ? origin.authority : head.authority;
    // Without a body, "0" says so where one is expected (RFC 9110 §8.6).
    const none = head.known.contentLength === 0 || expectsBody(head.method) ? 0 : undefined;
    return {
      method: head.method,
      target: head.target,
      fields: ['host', authority, ...fields],
      lines,
      body: this.#body?.read(),
      length: body === undefined ? none : body.length,
      upgrade: head.known.upgrade !== undefined,
    };
  }

  interim(status: number, fields: OriginFields): void {
    this.#target.interim(status, fields);
  }

  /** The head of the final reply. */
  head(status: number, fields: OriginFields): void {
    this.#headed = true;
    this.#target.head(status, fields);
    clearTimeout(this.#timer);
    this.firstByteAt = Date.now();
    this.status = status;
  }

  body(chunk: Uint8Array): boolean {
    return this.#target.body(chunk);
  }

  end(trailers: OriginFields): void {
    if (this.#settle()) this.#target.end(trailers);
  }

  siblingBroken(error: ProxyErrorCode): void {
    if (this.#settle()) this.#target.broken(error);
  }

  upgrade(fields: OriginFields, socket: Duplex): void {
    this.#settle();
    this.firstByteAt = Date.now();
    this.status = 101;
    this.#target.upgraded(fields, socket);
  }

  /** An attempt came to nothing: another one where it is safe, else the end. */
  attemptFailed(attempt: Attempt, problem: ProxyError): void {
    if (attempt !== this.#attempt || this.#settled) return;
    // Somebody is there, but not who it should be: that is another trouble than a pool which is down.
    if (problem.code.startsWith('tls_')) this.#reached = true;
    if (this.#headed) {
      this.#settle();
      this.#target.broken(problem.code);
    } else if (this.#mayRetry(attempt, problem)) {
      this.traffic.retried(this.order.pool.plan.slot);
      this.#next(problem.code);
    } else {
      this.#fail(problem.code);
    }
  }

  /** Its origin is down: it waits there no longer, if it may go elsewhere and somebody is there who is well. */
  giveWay(attempt: Attempt): void {
    if (attempt !== this.#attempt || this.#settled || this.#headed || this.#body?.replayable === false) return;
    const { head, pool } = this.order;
    if (attempt.started && !isIdempotent(head.method)) return;
    const admission = pool.elsewhere(this.order, this.#tried);
    if (admission === undefined) return;
    this.traffic.retried(pool.plan.slot);
    this.#lateStart = performance.now();
    attempt.cancel();
    this.#begin(admission);
  }

  #mayRetry(attempt: Attempt, problem: ProxyError): boolean {
    if (this.#body?.replayable === false || problem.retry === 'never') return false;
    // What never left us cannot have been acted on, nor did it burden the origin.
    if (!attempt.started) return true;
    const { head, pool } = this.order;
    if (!isIdempotent(head.method)) return false;
    // An operator's word is no trouble of the pool's.
    return attempt.wasCut || (this.attempts < pool.plan.retries.attempts && pool.takeRetry());
  }

  #fail(code: ProxyErrorCode, as: ProxyErrorCode = code): void {
    if (!this.#settle()) return;
    this.#target.failed(code, PROXY_ERRORS[as].status);
  }

  /**
   * While the client's bytes are waited for no origin is silent: a slow upload has a limit of its own. Each time it goes
   * on the origins have their time anew, for to take what is sent is a sign of life too.
   */
  #waitForClient(waits: boolean): void {
    clearTimeout(this.#timer);
    if (!waits && !this.#settled && this.firstByteAt === undefined) this.#startClock();
  }

  #startClock(): void {
    this.#timer = setTimeout(timedOut, this.order.patience, this);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#leaveQueue();
    this.#attempt?.cancel();
    this.#sibling?.cancel();
    const { body } = this.order;
    if (body !== undefined && this.origin !== undefined) this.traffic.sent(this.origin.slot, body.bytesReceived);
    return true;
  }
}

function timedOut(fetch: Fetch): void {
  fetch.timeout();
}

/** RFC 9110 §9.2.2. */
function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'PUT':
    case 'DELETE':
    case 'QUERY':
      return true;
    default:
      return false;
  }
}

/** Methods whose request without a body is told to have none (RFC 9110 §9.3). */
function expectsBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
