import type { Bytes, Ms } from '../../base/units.ts';
import type { Cache, Found } from '../../cache/cache.ts';
import { evaluate } from '../../cache/conditional/evaluate.ts';
import { notModifiedFields } from '../../cache/conditional/not-modified.ts';
import { completionFields } from '../../cache/conditional/part.ts';
import type { Flight } from '../../cache/flight.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { NotWritten } from '../../cache/object-writer.ts';
import type { OpenBody } from '../../cache/open-body.ts';
import type { CacheQuery } from '../../cache/query.ts';
import { firstValue } from '../../cache/select/field.ts';
import { parseRequestCacheControl } from '../../cache/semantics/cache-control.ts';
import { appendStatus, type ForwardReason } from '../../cache/semantics/cache-status.ts';
import { ageSeconds, currentAge } from '../../cache/semantics/freshness.ts';
import { decideReuse, type ForwardFailure, mayServeStale } from '../../cache/semantics/reuse.ts';
import type { Watcher } from '../../cache/watch.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from '../error.ts';
import type { Exchange, ExchangeListener, Fields, ResponseHead } from '../exchange.ts';
import type { FetchOrder } from '../fetch.ts';
import { endToEndFields, type OriginFields, type ResponseRules, responseFields } from '../headers.ts';
import type { ReplyOwner } from '../pass-through.ts';
import { BodySender, type BodySenderOwner } from './body-sender.ts';
import { CacheReport } from './cache-report.ts';
import { fetchFields } from './conditions.ts';
import { failureOf } from './failure.ts';
import { ERROR_STATUS, Fill, type FillClient, WORTH_FINISHING } from './fill.ts';
import { presented } from './presented.ts';
import { type StoredReply, storedReply } from './stored-reply.ts';

/** What an exchange brings along that is answered by way of the cache. */
export interface CachedExchange {
  readonly cache: Cache;
  readonly exchange: Exchange;
  readonly query: CacheQuery;
  readonly rules: ResponseRules;
  readonly requestId: string;
  /** A fetch from the origins with these fields. */
  order(fields: Fields): FetchOrder;
  /** Keeps the generation, for a fetch that outlives the exchange. */
  readonly hold: { enter(): void; leave(): void };
}

/** After so many fetches of others that were of no use, a request is sent on by itself. */
const WAITS_MAX = 2;
const LOSSES_MAX = 3;

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
export class CachedReply implements ExchangeListener, FillClient, Watcher, BodySenderOwner {
  readonly report = new CacheReport();
  readonly #with: CachedExchange;
  readonly #owner: ReplyOwner;
  #fill: Fill | undefined;
  #flight: Flight | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sender: BodySender | undefined;
  #body: OpenBody | undefined;
  /** How often what it was about to send had been evicted. */
  #losses = 0;
  /** Stored, but to be validated; served for want of better. */
  #candidate: CachedObject | undefined;
  #status = 0;
  /** Of those that are stored it is none. */
  #variant: string | undefined;
  /** A part of what is asked for. */
  #stored: CachedObject | undefined;
  /** Another one's fetch had landed after it looked, and before it was to lead one of its own. */
  #looksAgain = false;
  /** How often it waited for somebody else's fetch. */
  #waits = 0;
  #cutOff = false;
  /** Not some ranges of it. */
  #sendsWhole = false;
  #over = false;

  constructor(exchange: CachedExchange, owner: ReplyOwner) {
    this.#with = exchange;
    this.#owner = owner;
    exchange.exchange.listener = this;
  }

  /** The fetch that this exchange has made, if it did. */
  get fetch() {
    return this.#fill?.fetch;
  }

  start(): void {
    const { exchange } = this.#with;
    const { method, known } = exchange.head;
    if (method !== 'GET' && method !== 'HEAD') this.#forward('method', undefined);
    else if (exchange.body !== undefined) this.#forward('bypass', 'request-body');
    // Whether they hold is for the origin to say (RFC 9111 §4.3.2).
    else if (known.ifMatch !== undefined || known.ifUnmodifiedSince !== undefined)
      this.#forward('bypass', 'precondition');
    else this.#lookUp();
  }

  /** Ends it from our side, as at the deadline of a stop. */
  cut(): void {
    this.#with.exchange.breakOff();
    this.abandoned('proxy_internal_error');
  }

  drained(): void {
    if (this.#sender !== undefined) this.#sender.resume();
    else this.#fill?.resume();
  }

  abandoned(why: ProxyErrorCode): void {
    if (!this.#leave()) return;
    this.#sender?.cancel();
    this.#fill?.leave();
    this.#owner.finished(this.#status, why);
  }

  #lookUp(): void {
    const { cache, query } = this.#with;
    const object = cache.recall(query);
    if (object !== undefined) this.#consider(object);
    else this.#found(cache.find(query));
  }

  #found(found: Found): void {
    switch (found.kind) {
      case 'object':
        this.#consider(found.object);
        break;
      case 'loading':
        void found.object.then((object) => {
          if (this.#over) return;
          if (object === undefined) this.#forward('uri-miss', 'disk-lost');
          else this.#consider(object);
        });
        break;
      case 'unshareable':
        this.#waits = WAITS_MAX;
        this.#with.cache.counters.hitForMiss();
        this.#forward('uri-miss', 'hit-for-miss');
        break;
      case 'none':
        this.#variant = found.variant;
        this.#lookUpPart(found.variant === undefined ? 'uri-miss' : 'vary-miss');
        break;
    }
  }

  /** The whole is not stored; perhaps a part of it is. */
  #lookUpPart(miss: ForwardReason): void {
    const { cache, exchange, query } = this.#with;
    const found = cache.find(query.part);
    const part = found.kind === 'object' ? found.object : undefined;
    const isFresh =
      part !== undefined && decideReuse(exchange.head, part.stored, cache.now(), part.purged).kind === 'hit';
    if (part === undefined || !isFresh || exchange.head.method !== 'GET') this.#forward(miss, undefined);
    else if (exchange.head.known.range !== undefined) this.#consider(part);
    else {
      this.#stored = part;
      this.#forward('partial', undefined);
    }
  }

  #consider(object: CachedObject): void {
    const { cache, exchange } = this.#with;
    const reuse = decideReuse(exchange.head, object.stored, cache.now(), object.purged);
    switch (reuse.kind) {
      case 'hit':
        this.#hit(object, reuse.age, reuse.ttl, reuse.detail);
        break;
      case 'stale-while-revalidate':
        this.#revalidateBehind(object);
        this.#hit(object, reuse.age, reuse.ttl, 'stale-while-revalidate');
        break;
      case 'validate':
        this.#candidate = object;
        this.#forward(reuse.forward, reuse.reason);
        break;
      case 'gateway-timeout':
        this.#notCached(reuse.reason);
        break;
    }
  }

  #hit(object: CachedObject, age: number, ttl: number, detail: string | undefined): void {
    const { cache } = this.#with;
    cache.touch(object);
    cache.counters.hit(object.tier);
    if (ttl <= 0) cache.counters.staleHit();
    this.report.hit(ttl, detail);
    this.#answer(object, age);
  }

  /** Asks the origins, together with whoever asks for the same. */
  #forward(forward: ForwardReason, detail: string | undefined): void {
    const { cache, exchange, query } = this.#with;
    const { head } = exchange;
    if (parseRequestCacheControl(head.known.cacheControl, head.known.pragma).onlyIfCached && forward !== 'method') {
      this.#notCached(detail ?? forward);
      return;
    }
    this.report.forwarded(forward, detail);
    cache.counters.forwarded(forward);
    if (this.#waits >= WAITS_MAX || forward === 'method' || forward === 'bypass' || !isSharable(this.#with)) {
      this.#fetch(undefined);
      return;
    }
    const flight = cache.join(query, this.#candidate?.stored.variant ?? this.#variant ?? '');
    if (flight?.leads === true && !this.#looksAgain && cache.hasNews(query, this.#candidate)) {
      this.#looksAgain = true;
      flight.release();
      this.#candidate = undefined;
      this.#stored = undefined;
      this.#lookUp();
      return;
    }
    if (flight === undefined || flight.leads) {
      this.#fetch(flight);
      return;
    }
    this.#flight = flight;
    flight.watch(this);
    this.#timer = setTimeout(() => this.#waitedInVain(OVERDUE), this.#with.order(NO_FIELDS).patience);
    cache.counters.collapsed();
    // What happened before it watched, nobody tells it.
    this.news();
  }

  /** Of the fetch that it waits for. */
  news(): void {
    const flight = this.#flight;
    if (flight === undefined) return;
    const outcome = flight.outcome();
    if (outcome === 'pending') return;
    this.#stopWaiting();
    if (outcome === 'landed') {
      this.#waits += 1;
      this.report.collapsed = true;
      this.#lookUp();
    } else if (outcome.error === undefined) {
      // Its thread died: that says nothing of the origins.
      this.#waits = WAITS_MAX;
      this.#lookUp();
    } else {
      this.#waitedInVain(outcome.error);
    }
  }

  /** `error`: the status and the `ProxyErrorCode` of which the fetch died, or `ERROR_STATUS`. */
  #waitedInVain(error: string): void {
    this.#stopWaiting();
    if (error !== ERROR_STATUS) {
      const [status, code] = error.split(' ');
      this.failed(code as ProxyErrorCode, Number(status));
    } else if (!this.#serveStale('error')) {
      this.#waits = WAITS_MAX;
      this.#fetch(undefined);
    }
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#flight?.leave();
    this.#flight = undefined;
  }

  #fetch(flight: Flight | undefined): void {
    const { cache, exchange, query, hold } = this.#with;
    const { forward } = this.report;
    if (this.report.collapsed === true) this.report.collapsed = false;
    const { method } = exchange.head;
    const whole = forward !== 'method' && forward !== 'bypass' && method === 'GET';
    const candidate = whole || method === 'HEAD' ? this.#candidate : undefined;
    const part = this.#stored;
    const fields = whole ? this.#fieldsFor(candidate, part) : exchange.head.fields;
    const mayStore = forward !== 'bypass';
    this.#fill = new Fill(
      { cache, query, order: this.#with.order(fields), candidate, part, flight, hold, mayStore },
      this,
    );
    this.#fill.start();
  }

  #fieldsFor(candidate: CachedObject | undefined, part: CachedObject | undefined): Fields {
    const { cache, exchange, query } = this.#with;
    const { range, ifRange } = exchange.head.known;
    const fields = fetchFields(query, candidate, cache.now());
    if (part?.length !== undefined) fields.push(...completionFields(part.stored, part.length, cache.now()));
    else if (range !== undefined && candidate === undefined && !isAll(range)) {
      fields.push('range', range);
      if (ifRange !== undefined) fields.push('if-range', ifRange);
    }
    return fields;
  }

  /** RFC 5861 §3: what is stored is served, and nobody waits for the fetch that renews it. */
  #revalidateBehind(object: CachedObject): void {
    const { cache, query, hold } = this.#with;
    const flight = cache.join(query, object.stored.variant);
    if (flight === undefined) return;
    if (!flight.leads) {
      flight.leave();
      return;
    }
    if (cache.hasNews(query, object)) {
      flight.release();
      return;
    }
    const asked = this.#with.order(fetchFields(query, object, cache.now()));
    // A HEAD could not bring what is to be stored.
    const order = { ...asked, head: { ...asked.head, method: 'GET' } };
    new Fill({ cache, query, order, candidate: object, flight, hold, mayStore: true }, undefined).start();
  }

  interim(status: number, fields: OriginFields): void {
    this.#with.exchange.inform(status, endToEndFields(fields, this.#with.rules));
  }

  stored(object: CachedObject): void {
    const age = currentAge(object.stored, this.#with.cache.now());
    this.report.stored = true;
    this.report.ttl = object.stored.lifetime - age;
    this.#answer(object, age);
  }

  freshened(object: CachedObject): void {
    const age = currentAge(object.stored, this.#with.cache.now());
    this.report.originStatus = 304;
    this.report.stored = true;
    this.report.ttl = object.stored.lifetime - age;
    this.#answer(object, age);
  }

  /** Somebody else may have been quicker to bring what is stored up to date. */
  askAgain(): void {
    this.#fill?.leave();
    this.#candidate = undefined;
    this.#stored = undefined;
    this.#waits = WAITS_MAX;
    this.#losses += 1;
    if (this.#losses > 1) this.#fetch(undefined);
    else this.#lookUp();
  }

  insteadOfError(status: number): void {
    this.report.originStatus = status;
    this.#answerStale(this.#candidate as CachedObject, 'error');
  }

  passing(status: number, origin: OriginFields, reason: NotWritten | undefined): void {
    const { exchange, rules, requestId } = this.#with;
    const { fields, contentLength } = responseFields(origin, status, rules, requestId);
    if (reason === undefined) this.report.stored = true;
    else this.report.notStored(reason);
    this.#tellStatus(fields, origin['cache-status']);
    if (this.#hasAlready(status, fields)) {
      this.#notModified(fields, contentLength);
      return;
    }
    this.#status = status;
    exchange.respond({ status, fields, length: contentLength });
  }

  /** Whether a condition of the client's, which the origin was not told, makes a 304 of what passes. */
  #hasAlready(status: number, fields: Fields): boolean {
    const { cache, exchange } = this.#with;
    const { method, known } = exchange.head;
    const { forward } = this.report;
    if (known.ifNoneMatch === undefined && known.ifModifiedSince === undefined) return false;
    if (method !== 'GET' || forward === 'bypass') return false;
    const etag = firstValue(fields, 'etag');
    const lastModified = firstValue(fields, 'last-modified');
    const passing = { status, fields, etag, lastModified, responseTime: cache.now() };
    return evaluate(exchange.head, passing, cache.now()) === 'not-modified';
  }

  #notModified(fields: Fields, length: Bytes | undefined): void {
    if (!this.#leave()) return;
    this.#status = 304;
    this.#with.exchange.reply({ status: 304, fields: notModifiedFields(fields) }, undefined);
    // The rest of a short body is cheaper than another connection to the origin.
    if (length !== undefined && length <= WORTH_FINISHING) this.#fill?.detach();
    else this.#fill?.leave();
    this.#owner.finished(304, undefined);
  }

  piece(chunk: Uint8Array): boolean {
    return this.#with.exchange.write(chunk);
  }

  whole(trailers: OriginFields): void {
    if (!this.#leave()) return;
    this.#with.exchange.end(endToEndFields(trailers, this.#with.rules));
    this.#owner.finished(this.#status, undefined);
  }

  cutOff(reason: NotWritten): void {
    this.report.notStored(reason);
    this.#cutOff = true;
  }

  broken(error: ProxyErrorCode): void {
    if (!this.#leave()) return;
    this.#with.exchange.breakOff();
    this.#owner.finished(this.#status, error);
  }

  failed(error: ProxyErrorCode, status: number): void {
    if (this.#over || this.#serveStale(failureOf(error))) return;
    if (this.#leave()) this.#owner.failed(error, status);
  }

  sent(): void {
    if (!this.#leave()) return;
    this.#with.exchange.end();
    this.#fill?.detach();
    this.#owner.finished(this.#status, undefined);
  }

  cutShort(): void {
    this.#sender = undefined;
    if (this.#cutOff && this.#sendsWhole) {
      this.#fill?.rest();
      return;
    }
    // What follows is the rest of the whole, and not of the ranges that were promised.
    this.broken('http_response_incomplete');
    if (this.#cutOff) this.#fill?.leave();
  }

  /** Replies with what is stored. */
  #answer(object: CachedObject, age: Ms): void {
    const { cache, exchange, query, rules } = this.#with;
    const { shared, upstream } = presented(object, rules, query.rules.setCookie);
    const reply = storedReply(exchange.head, object, shared, cache.now());
    if (reply === undefined) {
      this.#waits = WAITS_MAX;
      this.#forward('partial', 'range');
      return;
    }
    if (reply.parts.length === 0 || (object.body !== undefined && isWhole(reply))) {
      cache.discard(object);
      this.#replyAtOnce(this.#headOf(reply, age, upstream), reply.parts.length === 0 ? undefined : object.body);
      return;
    }
    const body = cache.open(object);
    if (body instanceof Promise) void body.then((opened) => this.#answerWith(opened, reply, age, upstream));
    else this.#answerWith(body, reply, age, upstream);
  }

  #answerWith(body: OpenBody | undefined, reply: StoredReply, age: Ms, upstream: string | undefined): void {
    if (body === undefined) {
      // Evicted within this very moment: what there is now, or a fetch of its own.
      if (this.#over) return;
      this.#fill?.leave();
      this.#candidate = undefined;
      this.#stored = undefined;
      this.#losses += 1;
      if (this.#losses <= LOSSES_MAX) {
        this.#lookUp();
        return;
      }
      this.#waits = WAITS_MAX;
      this.#forward('uri-miss', 'evicted');
      return;
    }
    if (this.#over) {
      body.close();
      return;
    }
    this.#body = body;
    const { exchange } = this.#with;
    exchange.respond(this.#headOf(reply, age, upstream));
    this.#sendsWhole = isWhole(reply);
    this.#sender = new BodySender(exchange, ({ from, to }, sink) => body.read(from, to, sink), reply, this);
    this.#sender.start();
  }

  #headOf({ status, shared, fields, length }: StoredReply, age: Ms, upstream: string | undefined): ResponseHead {
    const { rules, requestId } = this.#with;
    this.#status = status;
    // What comes straight from the origin has no Age but the origin's own.
    if ((age >= 1000 || this.report.fromStore) && !rules.remove.has('age')) fields.push('age', String(ageSeconds(age)));
    this.#tellStatus(fields, upstream);
    if (!rules.remove.has('x-request-id')) fields.push('x-request-id', requestId);
    return { status, shared, fields, length };
  }

  #replyAtOnce(head: ResponseHead, body: Buffer | undefined): void {
    if (!this.#leave()) return;
    this.#with.exchange.reply(head, body);
    this.#fill?.detach();
    this.#owner.finished(this.#status, undefined);
  }

  #tellStatus(fields: string[], upstream: string | string[] | undefined): void {
    const { cache, query, rules } = this.#with;
    const before = upstream === undefined ? undefined : String(upstream);
    if (rules.remove.has('cache-status')) return;
    if (query.rules.tellStatus) fields.push('cache-status', appendStatus(before, this.report.status(cache.name)));
    else if (before !== undefined) fields.push('cache-status', before);
  }

  #serveStale(failure: ForwardFailure): boolean {
    const { cache, query } = this.#with;
    const object = this.#candidate;
    if (object === undefined || !cache.isKept(object)) return false;
    if (!mayServeStale(object.stored, failure, query.rules, cache.now(), object.purged)) return false;
    this.#answerStale(object, failure);
    return true;
  }

  #answerStale(object: CachedObject, failure: ForwardFailure): void {
    const age = currentAge(object.stored, this.#with.cache.now());
    const left = object.stored.lifetime - age;
    this.report.hit(object.purged === 'soft' ? Math.min(0, left) : left, `stale-${failure}`);
    this.#answer(object, age);
  }

  /** only-if-cached (RFC 9111 §5.2.1.7). */
  #notCached(detail: string): void {
    this.report.unanswered(detail);
    if (this.#leave()) this.#owner.failed('not_cached', PROXY_ERRORS.not_cached.status);
  }

  /** Whether it was still under way. */
  #leave(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#stopWaiting();
    this.#body?.close();
    return true;
  }
}

const NO_FIELDS: Fields = [];

/** Of a fetch that takes longer than the origins may. */
const OVERDUE = `${PROXY_ERRORS.http_response_timeout.status} http_response_timeout`;

/** As players ask for all of a film: with nothing stored, it is the whole that is worth fetching. */
function isAll(range: string): boolean {
  return /^bytes=0-$/i.test(range);
}

function isWhole({ parts }: StoredReply): boolean {
  return parts.length === 1 && parts[0]?.from === 0 && parts[0].to === undefined;
}

/**
 * Whether a request may wait for another one's response: what depends on who asks would most often not be shared, and to
 * have waited for it costs time (RFC 9111 §4).
 */
function isSharable({ exchange: { head } }: CachedExchange): boolean {
  return (
    head.method === 'GET' &&
    head.known.authorization === undefined &&
    !parseRequestCacheControl(head.known.cacheControl).noStore &&
    (head.known.range === undefined || isAll(head.known.range))
  );
}
