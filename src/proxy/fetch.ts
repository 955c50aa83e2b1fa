import type { Duplex } from 'node:stream';
import type { Ms } from '../base/units.ts';
import { Attempt, type AttemptOwner } from './attempt.ts';
import { PROXY_ERRORS, type ProxyError, type ProxyErrorCode } from './error.ts';
import type { Exchange, ExchangeListener } from './exchange.ts';
import { endToEndFields, type OriginFields, type ResponseRules, responseFields } from './headers.ts';
import type { OriginRequest } from './origin/call.ts';
import { originError } from './origin-error.ts';
import type { Origin, OriginCounters } from './pool/origin.ts';
import type { Pool } from './pool/pool.ts';
import { ReplayBody } from './replay-body.ts';

/** What a fetch is asked for. */
export interface FetchOrder {
  readonly exchange: Exchange;
  readonly pool: Pool;
  /** What the origin is told beside the fields that came, as lines. */
  readonly lines: string;
  readonly rules: ResponseRules;
  /** How long the origins may be silent, all attempts together; without the time in which the client is waited for. */
  readonly patience: Ms;
  readonly bodyLimit: number | undefined;
  readonly requestId: string;
}

/** What a fetch tells who ordered it. */
export interface FetchOutcome {
  /** The reply is with the client, whole; or broken off, when there is an `error`. */
  finished(fetch: Fetch, error: ProxyErrorCode | undefined): void;
  /** No origin gave a reply, and nothing has been sent to the client yet: its reply is yours. */
  failed(fetch: Fetch, error: ProxyErrorCode, status: number): void;
  /** The origin agreed to switch protocols; the exchange is out of HTTP now. */
  upgraded(fetch: Fetch, client: Duplex, origin: Duplex): void;
}

/**
 * Gets one exchange's reply from a pool: an attempt at the origin whose turn it is, another one elsewhere where that is
 * safe (RFC 9110 §9.2.2), one deadline over all of them, and the reply streamed through as fast as the client takes it.
 */
export class Fetch implements ExchangeListener, AttemptOwner {
  readonly order: FetchOrder;
  readonly #outcome: FetchOutcome;
  readonly #tried: Origin[] = [];
  readonly #body: ReplayBody | undefined;
  #timer: NodeJS.Timeout | undefined;
  #attempt: Attempt | undefined;
  #settled = false;
  #reached = false;

  /** Attempts that an origin was really sent. */
  attempts = 0;
  /** Epoch milliseconds of the first byte of the reply. */
  firstByteAt: Ms | undefined;
  status = 0;

  constructor(order: FetchOrder, outcome: FetchOutcome) {
    this.order = order;
    this.#outcome = outcome;
    const { body } = order.exchange;
    this.#body =
      body === undefined ? undefined : new ReplayBody(body, order.bodyLimit, (waits) => this.#waitForClient(waits));
    order.exchange.listener = this;
  }

  get counters(): OriginCounters {
    return this.order.pool.counters;
  }

  get origin(): Origin | undefined {
    return this.#attempt?.origin;
  }

  start(): void {
    this.#startClock();
    this.#next(undefined);
  }

  /** The client may be written to again. */
  drained(): void {
    this.#attempt?.resume();
  }

  /** The client is gone: so is the request to the origin. */
  abandoned(why: ProxyErrorCode): void {
    if (this.#settle()) this.#outcome.finished(this, why);
  }

  /** Ends it from our side, as at the deadline of a stop. */
  cut(): void {
    this.order.exchange.breakOff();
    this.abandoned('proxy_internal_error');
  }

  timeout(): void {
    this.#fail(this.#attempt?.started ? 'http_response_timeout' : 'connection_timeout');
  }

  #next(lastError: ProxyErrorCode | undefined): void {
    const origin = this.order.pool.next(this.#tried) ?? this.#again(lastError);
    if (origin === undefined) {
      // Not one of them could be connected to: the pool is down, whatever the last one's own trouble was.
      this.#fail(lastError ?? 'destination_unavailable', this.#reached ? undefined : 'destination_unavailable');
      return;
    }
    this.#tried.push(origin);
    const attempt = new Attempt(this, origin);
    this.#attempt = attempt;
    attempt.start();
  }

  /**
   * The same origin once more, when there is no other and it closed a connection on us before its answer: most often
   * that was a kept one whose time was up just then, and all that is needed is a new one.
   */
  #again(lastError: ProxyErrorCode | undefined): Origin | undefined {
    return lastError === 'connection_terminated' && this.#attempt?.started ? this.#attempt.origin : undefined;
  }

  /** An attempt is being written to its origin. */
  sent(): void {
    this.attempts += 1;
    this.#reached = true;
  }

  /** What the origin is sent. */
  request(origin: Origin): OriginRequest {
    const { exchange, pool, lines } = this.order;
    const { head, body } = exchange;
    const authority = pool.plan.hostHeader === 'origin' ? origin.authority : head.authority;
    // Without a body, "0" says so where one is expected (RFC 9110 §8.6).
    const none = head.known.contentLength === 0 || expectsBody(head.method) ? 0 : undefined;
    return {
      method: head.method,
      target: head.target,
      fields: ['host', authority, ...head.fields],
      lines,
      body: this.#body?.read(),
      length: body === undefined ? none : body.length,
      upgrade: head.known.upgrade !== undefined,
    };
  }

  interim(status: number, fields: OriginFields): void {
    this.order.exchange.inform(status, endToEndFields(fields, this.order.rules));
  }

  /** The head of the final reply. */
  head(status: number, origin: OriginFields): void {
    const { exchange, rules, requestId } = this.order;
    const { fields, contentLength } = responseFields(origin, status, rules, requestId);
    exchange.respond({ status, fields, length: contentLength });
    clearTimeout(this.#timer);
    this.firstByteAt = Date.now();
    this.status = status;
  }

  body(chunk: Uint8Array): boolean {
    return this.order.exchange.write(chunk);
  }

  end(trailers: OriginFields): void {
    if (!this.#settle()) return;
    this.order.exchange.end(endToEndFields(trailers, this.order.rules));
    this.#outcome.finished(this, undefined);
  }

  upgrade(origin: OriginFields, socket: Duplex): void {
    this.#settle();
    this.firstByteAt = Date.now();
    this.status = 101;
    const { exchange, rules, requestId } = this.order;
    const { fields } = responseFields({ ...origin, 'content-length': undefined }, 101, rules, requestId);
    this.#outcome.upgraded(this, exchange.switchProtocols(fields), socket);
  }

  /** An attempt came to nothing: another one where it is safe, else the end. */
  attemptFailed(attempt: Attempt, error: unknown): void {
    if (attempt !== this.#attempt || this.#settled) return;
    const problem = originError(error, attempt.started);
    // Somebody is there, but not who it should be: that is another trouble than a pool which is down.
    if (problem.code.startsWith('tls_')) this.#reached = true;
    if (this.order.exchange.responded) {
      this.#settle();
      this.order.exchange.breakOff();
      this.#outcome.finished(this, problem.code);
    } else if (this.#mayRetry(attempt, problem)) {
      this.#next(problem.code);
    } else {
      this.#fail(problem.code);
    }
  }

  #mayRetry(attempt: Attempt, problem: ProxyError): boolean {
    if (this.#body?.replayable === false || problem.retry === 'never') return false;
    // What never left us cannot have been acted on, nor did it burden the origin.
    if (!attempt.started) return true;
    const { exchange, pool } = this.order;
    return isIdempotent(exchange.head.method) && this.attempts < pool.plan.retries.attempts && pool.takeRetry();
  }

  #fail(code: ProxyErrorCode, as: ProxyErrorCode = code): void {
    if (!this.#settle()) return;
    this.#outcome.failed(this, code, PROXY_ERRORS[as].status);
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
    this.#attempt?.cancel();
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
