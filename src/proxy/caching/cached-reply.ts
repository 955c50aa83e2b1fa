import type { Ms } from '../../base/units.ts';
import type { Flight } from '../../cache/flight.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { NotWritten } from '../../cache/object-writer.ts';
import type { ForwardReason } from '../../cache/semantics/cache-status.ts';
import { currentAge } from '../../cache/semantics/freshness.ts';
import type { ForwardFailure } from '../../cache/semantics/reuse.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from '../error.ts';
import type { ExchangeListener, ResponseHead } from '../exchange.ts';
import { endToEndFields, type OriginFields } from '../headers.ts';
import type { ReplyOwner } from '../pass-through.ts';
import { type AnswerOwner, StoredAnswer } from './answer.ts';
import { CacheReport } from './cache-report.ts';
import type { CachedExchange } from './cached-exchange.ts';
import { fieldsToFill } from './conditions.ts';
import { failureOf } from './failure.ts';
import { Fill } from './fill.ts';
import type { FillClient } from './fill-client.ts';
import { LookUp, type LookUpOwner } from './look-up.ts';
import { passingReply } from './passing.ts';
import { isOnlyIfCached, isSharable } from './sharable.ts';
import { Waiting, type WaitingOwner } from './waiting.ts';

/** When what it was about to send was evicted more often than this, the request is sent on by itself. */
const LOSSES_MAX = 3;

/** What is fetched here is not stored of late. */
const HIT_FOR_MISS = 'hit-for-miss';

/**
 * Answers one exchange from the cache, or by a fetch whose response is stored for others:
 *
 *     look up ▸ hit, or stale that may be served ────────────────────────────▸ reply from what is stored
 *             ▸ somebody fetches it already: wait, and look up once more
 *             ▸ fetch ▸ stored, or freshened by a 304 ────────────────────────▸ reply from what is stored
 *                     ▸ not to be stored ─────────────────────────────────────▸ pass through
 *                     ▸ failed ▸ stale that may be served for want of better ─▸ reply from what is stored
 *                              ▸ nothing ─────────────────────────────────────▸ the owner's splash page
 */
export class CachedReply implements ExchangeListener, LookUpOwner, WaitingOwner, FillClient, AnswerOwner {
  readonly report = new CacheReport();
  readonly #with: CachedExchange;
  readonly #owner: ReplyOwner;
  readonly #lookUp: LookUp;
  readonly #waiting: Waiting;
  readonly #answer: StoredAnswer;
  #fill: Fill | undefined;
  /** How often what it was about to send had been evicted. */
  #losses = 0;
  #cutOff = false;
  #over = false;

  constructor(exchange: CachedExchange, owner: ReplyOwner) {
    this.#with = exchange;
    this.#owner = owner;
    this.#lookUp = new LookUp(exchange, this);
    this.#waiting = new Waiting(exchange, this);
    this.#answer = new StoredAnswer(exchange, this.report, this);
    exchange.exchange.listener = this;
  }

  /** The fetch that this exchange has made, if it did. */
  get fetch() {
    return this.#fill?.fetch;
  }

  start(): void {
    const { exchange } = this.#with;
    const { method, known } = exchange.head;
    if (method !== 'GET' && method !== 'HEAD') this.forward('method', undefined);
    else if (exchange.body !== undefined) this.forward('bypass', 'request-body');
    // Whether they hold is for the origin to say (RFC 9111 §4.3.2).
    else if (known.ifMatch !== undefined || known.ifUnmodifiedSince !== undefined)
      this.forward('bypass', 'precondition');
    else this.#lookUp.start();
  }

  /** Ends it from our side, as at the deadline of a stop. */
  cut(): void {
    this.#with.exchange.breakOff();
    this.abandoned('proxy_internal_error');
  }

  drained(): void {
    if (this.#answer.isSending) this.#answer.resume();
    else this.#fill?.resume();
  }

  abandoned(why: ProxyErrorCode): void {
    if (!this.#leave()) return;
    this.#answer.cancel();
    this.#fill?.leave();
    this.#owner.finished(this.report.replied, why);
  }

  hit(object: CachedObject, age: Ms, ttl: Ms, detail: string | undefined): void {
    const { cache, forSibling } = this.#with;
    cache.touch(object);
    if (!forSibling) {
      cache.counters.hit(object.tier);
      if (ttl <= 0) cache.counters.staleHit();
    }
    this.report.hit(ttl, detail);
    this.#answer.give(object, age);
  }

  unshareable(): void {
    this.#waiting.renounce();
    if (!this.#with.forSibling) this.#with.cache.counters.hitForMiss();
    this.forward('uri-miss', HIT_FOR_MISS);
  }

  /** only-if-cached (RFC 9111 §5.2.1.7). */
  notCached(detail: string): void {
    this.report.unanswered(detail);
    if (this.#leave()) this.#owner.failed('not_cached', PROXY_ERRORS.not_cached.status);
  }

  /** Asks the origins, together with whoever asks for the same. */
  forward(forward: ForwardReason, detail: string | undefined): void {
    const { cache, exchange } = this.#with;
    const { head } = exchange;
    if (isOnlyIfCached(head) && forward !== 'method') {
      this.notCached(detail ?? forward);
      return;
    }
    this.report.forwarded(forward, detail);
    cache.counters.forwarded(forward);
    const isAlone = forward === 'method' || forward === 'bypass' || !isSharable(head);
    const flight = isAlone ? undefined : this.#waiting.join(this.#lookUp.variant, this.#lookUp.candidate);
    if (flight === 'waits') return;
    if (flight === 'news') this.#lookAgain();
    else this.#fetch(flight);
  }

  landed(): void {
    this.report.collapsed = true;
    this.#lookUp.start();
  }

  orphaned(): void {
    this.#lookUp.start();
  }

  erred(): void {
    if (this.#serveStale('error')) return;
    this.#waiting.renounce();
    this.#fetch(undefined);
  }

  #fetch(flight: Flight | undefined): void {
    const { cache, exchange, query, hold } = this.#with;
    const { forward, detail } = this.report;
    if (this.report.collapsed === true) this.report.collapsed = false;
    const { method } = exchange.head;
    const whole = forward !== 'method' && forward !== 'bypass' && method === 'GET';
    const candidate = whole || method === 'HEAD' ? this.#lookUp.candidate : undefined;
    const { part } = this.#lookUp;
    const fields = whole ? fieldsToFill(query, candidate, part, cache.now()) : exchange.head.fields;
    const mayStore = forward !== 'bypass';
    const order = this.#with.order(fields);
    // Once: whoever did not have it then, or not what will do, is not waited for again.
    const asksSiblings = whole && this.#fill === undefined && detail !== HIT_FOR_MISS;
    this.#fill = new Fill({ cache, query, order, candidate, part, asksSiblings, flight, hold, mayStore }, this);
    this.#fill.start();
  }

  interim(status: number, fields: OriginFields): void {
    this.#with.exchange.inform(status, endToEndFields(fields, this.#with.rules));
  }

  stored(object: CachedObject): void {
    const age = currentAge(object.stored, this.#with.cache.now());
    if (this.fetch?.sibling !== undefined) this.report.fetchedFromSibling(200);
    this.report.stored = true;
    this.report.ttl = object.stored.lifetime - age;
    this.#answer.give(object, age, this.fetch);
  }

  freshened(object: CachedObject): void {
    this.report.originStatus = 304;
    this.stored(object);
  }

  /** Somebody else may have been quicker to bring what is stored up to date. */
  askAgain(): void {
    this.#fill?.leave();
    this.#lookUp.forget();
    this.#waiting.renounce();
    this.#losses += 1;
    if (this.#losses > 1) this.#fetch(undefined);
    else this.#lookUp.start();
  }

  insteadOfError(status: number): void {
    this.report.originStatus = status;
    this.#answerStale(this.#lookUp.candidate as CachedObject, 'error');
  }

  passing(status: number, origin: OriginFields, reason: NotWritten | undefined): void {
    const { exchange } = this.#with;
    if (this.fetch?.sibling !== undefined) this.report.fetchedFromSibling(status);
    const { head, hasAlready, length } = passingReply(
      this.#with,
      this.report,
      { status, fields: origin, fetch: (this.#fill as Fill).fetch },
      reason,
    );
    if (!hasAlready) {
      this.report.replied = status;
      exchange.respond(head);
      return;
    }
    if (!this.#leave()) return;
    this.report.replied = head.status;
    exchange.reply(head, undefined);
    this.#fill?.dispense(length);
    this.#owner.finished(head.status, undefined);
  }

  piece(chunk: Uint8Array): boolean {
    return this.#with.exchange.write(chunk);
  }

  whole(trailers: OriginFields): void {
    if (!this.#leave()) return;
    this.#with.exchange.end(endToEndFields(trailers, this.#with.rules));
    this.#owner.finished(this.report.replied, undefined);
  }

  cutOff(reason: NotWritten): void {
    this.report.notStored(reason);
    this.#cutOff = true;
  }

  broken(error: ProxyErrorCode): void {
    if (!this.#leave()) return;
    this.#with.exchange.breakOff();
    this.#owner.finished(this.report.replied, error);
  }

  /** Of its own fetch, or of the one that it waited for. */
  failed(error: ProxyErrorCode, status: number): void {
    if (this.#over || this.#serveStale(failureOf(error))) return;
    if (this.#leave()) this.#owner.failed(error, status);
  }

  replyAtOnce(head: ResponseHead, body: Buffer | undefined): void {
    if (!this.#leave()) return;
    this.#with.exchange.reply(head, body);
    this.#fill?.detach();
    this.#owner.finished(head.status, undefined);
  }

  lacking(): void {
    this.#waiting.renounce();
    this.forward('partial', 'range');
  }

  /** What there is now, or a fetch of its own. */
  evicted(): void {
    this.#fill?.leave();
    this.#lookUp.forget();
    this.#losses += 1;
    if (this.#losses <= LOSSES_MAX) {
      this.#lookUp.start();
      return;
    }
    this.#waiting.renounce();
    this.forward('uri-miss', 'evicted');
  }

  sent(): void {
    if (!this.#leave()) return;
    this.#with.exchange.end();
    this.#fill?.detach();
    this.#owner.finished(this.report.replied, undefined);
  }

  cutShort(whole: boolean): void {
    if (this.#cutOff && whole) {
      this.#fill?.rest();
      return;
    }
    // What follows is the rest of the whole, and not of the ranges that were promised.
    this.broken('http_response_incomplete');
    if (this.#cutOff) this.#fill?.leave();
  }

  #serveStale(failure: ForwardFailure): boolean {
    if (!this.#lookUp.mayServeStale(failure)) return false;
    this.#answerStale(this.#lookUp.candidate as CachedObject, failure);
    return true;
  }

  #answerStale(object: CachedObject, failure: ForwardFailure): void {
    const age = currentAge(object.stored, this.#with.cache.now());
    const left = object.stored.lifetime - age;
    this.report.hit(object.purged === 'soft' ? Math.min(0, left) : left, `stale-${failure}`);
    this.#answer.give(object, age);
  }

  /** Another one's fetch has landed, or what was found is gone. */
  #lookAgain(): void {
    this.#lookUp.forget();
    this.#lookUp.start();
  }

  /** Whether it was still under way. */
  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#lookUp.close();
    this.#waiting.stop();
    this.#answer.close();
    return true;
  }
}
