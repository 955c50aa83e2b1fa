import type { Duplex } from 'node:stream';
import type { Dispatcher } from 'undici';
import type { Ms } from '../base/units.ts';
import { ProxyError, PROXY_ERRORS, type ProxyErrorCode } from './error.ts';
import type { Exchange, ExchangeListener, Fields } from './exchange.ts';
import { endToEndFields, type OriginFields, type ResponseRules, responseFields } from './headers.ts';
import { originError } from './origin-error.ts';
import type { Origin } from './pool/origin.ts';
import type { Pool } from './pool/pool.ts';
import { ReplayBody } from './replay-body.ts';

/** Interim replies that one attempt may send; more is a flood. */
const INTERIM_MAX = 16;

/** What a fetch is asked for. */
export interface FetchOrder {
  readonly exchange: Exchange;
  readonly pool: Pool;
  /** The fields that the origin gets, without Host and Content-Length. */
  readonly fields: Fields;
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
export class Fetch implements ExchangeListener {
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
    const { pool } = this.order;
    const origin = pool.next(this.#tried);
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

  /** An attempt is being written to its origin. */
  sent(): void {
    this.attempts += 1;
    this.#reached = true;
  }

  /** The request as undici wants it. */
  request(origin: Origin): Dispatcher.DispatchOptions {
    const { exchange, pool, fields } = this.order;
    const { head, body } = exchange;
    const headers = fields.slice();
    headers.push('host', pool.plan.hostHeader === 'origin' ? origin.authority : head.authority);
    if (body?.length !== undefined || head.known.contentLength !== undefined) {
      headers.push('content-length', String(body?.length ?? head.known.contentLength));
    }
    return {
      path: head.target,
      method: head.method as Dispatcher.HttpMethod,
      headers,
      body: (this.#body?.read() ?? null) as Dispatcher.DispatchOptions['body'],
      upgrade: head.known.upgrade ?? null,
      servername: origin.servername,
    } as Dispatcher.DispatchOptions;
  }

  interim(status: number, fields: OriginFields): void {
    this.order.exchange.inform(status, endToEndFields(fields, this.order.rules));
  }

  /** The head of the final reply. Throws a `ProxyError` when it makes no sense. */
  head(status: number, origin: OriginFields): void {
    const { exchange, rules, requestId } = this.order;
    const response = responseFields(origin, status, rules, requestId);
    if (response === undefined) throw new ProxyError('http_protocol_error', 'Content-Length makes no sense');
    exchange.respond({ status, fields: response.fields, length: response.contentLength });
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
    const fields = responseFields({ ...origin, 'content-length': undefined }, 101, rules, requestId)?.fields ?? [];
    this.#outcome.upgraded(this, exchange.switchProtocols(fields), socket);
  }

  /** An attempt came to nothing: another one where it is safe, else the end. */
  attemptFailed(attempt: Attempt, error: unknown): void {
    if (attempt !== this.#attempt || this.#settled) return;
    const problem = originError(error, attempt.started);
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

/** One try at one origin. What undici tells of it after it was given up is not listened to. */
class Attempt implements Dispatcher.DispatchHandler {
  readonly origin: Origin;
  readonly #fetch: Fetch;
  #controller: Dispatcher.DispatchController | undefined;
  #interims = 0;
  #over = false;
  /** The origin may have seen some of the request. */
  started = false;

  constructor(fetch: Fetch, origin: Origin) {
    this.#fetch = fetch;
    this.origin = origin;
  }

  start(): void {
    const { counters } = this.#fetch.order.pool;
    counters.enter(this.origin.slot);
    try {
      this.origin.dispatch(this.#fetch.request(this.origin), this);
    } catch (error) {
      this.onResponseError(undefined, error as Error);
    }
  }

  resume(): void {
    if (this.#controller?.paused) this.#controller.resume();
  }

  /** Gives it up; a no-op when it is over. */
  cancel(): void {
    if (this.#leave()) this.#controller?.abort(new ProxyError('client_disconnected'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) {
      // Given up while it waited for a connection.
      controller.abort(new ProxyError('client_disconnected'));
      return;
    }
    this.started = true;
    this.#fetch.sent();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, fields: OriginFields): void {
    if (this.#over) return;
    // What this throws comes back as onResponseError.
    if (status < 100 || status > 599) throw new ProxyError('http_protocol_error', `status ${status}`);
    if (status < 200) {
      this.#interims += 1;
      if (this.#interims > INTERIM_MAX) controller.abort(new ProxyError('http_protocol_error', 'a flood of interim replies'));
      else this.#fetch.interim(status, fields);
      return;
    }
    this.#fetch.head(status, fields);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (!this.#over && !this.#fetch.body(chunk)) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: OriginFields): void {
    if (this.#leave()) this.#fetch.end(trailers);
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    if (this.#leave()) this.#fetch.attemptFailed(this, error);
  }

  onRequestUpgrade(
    _controller: Dispatcher.DispatchController,
    _status: number,
    fields: OriginFields,
    socket: Duplex,
  ): void {
    if (this.#over) {
      socket.destroy();
      return;
    }
    // A tunnel is in flight as long as it lives.
    this.#over = true;
    const { counters } = this.#fetch.order.pool;
    socket.once('close', () => counters.leave(this.origin.slot));
    this.#fetch.upgrade(fields, socket);
  }

  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#fetch.order.pool.counters.leave(this.origin.slot);
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
