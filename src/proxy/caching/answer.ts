import type { Ms } from '../../base/units.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { OpenBody } from '../../cache/open-body.ts';
import { ageSeconds } from '../../cache/semantics/freshness.ts';
import type { ResponseHead } from '../exchange.ts';
import type { Fetch } from '../fetch.ts';
import { keepClient } from '../keep-client.ts';
import { BodySender, type BodySenderOwner } from './body-sender.ts';
import type { CacheReport } from './cache-report.ts';
import { type CachedExchange, tellStatus } from './cached-exchange.ts';
import { asStored, presented } from './presented.ts';
import { isWhole, type StoredReply, storedReply } from './stored-reply.ts';

/** Whose exchange is answered with what is stored. */
export interface AnswerOwner {
  /** This is all of it: small enough, or without a body. */
  replyAtOnce(head: ResponseHead, body: Buffer | undefined): void;
  /** What is stored is a part, and does not have the range that is asked for. Nothing was sent. */
  lacking(): void;
  /** Evicted within this very moment. Nothing was sent. */
  evicted(): void;
  /** Everything has been written. */
  sent(): void;
  /** What is stored ends before its end. `whole`: it was sent from its beginning, and not some ranges of it. */
  cutShort(whole: boolean): void;
}

/** Answers an exchange with what is stored: a head of its own, and the body as fast as the client takes it. */
export class StoredAnswer implements BodySenderOwner {
  readonly #with: CachedExchange;
  readonly #report: CacheReport;
  readonly #owner: AnswerOwner;
  #fetch: Fetch | undefined;
  #body: OpenBody | undefined;
  #sender: BodySender | undefined;
  #sendsWhole = false;
  #closed = false;

  constructor(exchange: CachedExchange, report: CacheReport, owner: AnswerOwner) {
    this.#with = exchange;
    this.#report = report;
    this.#owner = owner;
  }

  /**
   * Replies with this object, which the client's own `fetch` may have brought. Another one may follow if nothing was
   * sent of it.
   */
  give(object: CachedObject, age: Ms, fetch?: Fetch): void {
    this.#fetch = fetch;
    const { cache, exchange, query, rules, forSibling } = this.#with;
    const { shared, upstream } = (forSibling ? asStored : presented)(object, rules, query.rules.setCookie);
    const reply = storedReply(exchange.head, object, shared, cache.now());
    if (reply === undefined) {
      this.#owner.lacking();
      return;
    }
    if (reply.parts.length === 0 || (object.body !== undefined && isWhole(reply))) {
      cache.discard(object);
      const body = reply.parts.length === 0 ? undefined : object.body;
      this.#owner.replyAtOnce(this.#headOf(reply, age, upstream), body);
      return;
    }
    const body = cache.open(object);
    if (body instanceof Promise) void body.then((opened) => this.#send(opened, reply, age, upstream));
    else this.#send(body, reply, age, upstream);
  }

  /** Whether a body is being sent from what is stored. */
  get isSending(): boolean {
    return this.#sender !== undefined;
  }

  /** The client can take more. */
  resume(): void {
    this.#sender?.resume();
  }

  /** The client takes no more. */
  cancel(): void {
    this.#sender?.cancel();
  }

  /** The exchange is over: no body is opened any more. What is being sent is not ended by it. */
  close(): void {
    this.#closed = true;
    this.#body?.close();
  }

  sent(): void {
    this.#owner.sent();
  }

  cutShort(): void {
    this.#sender = undefined;
    this.#owner.cutShort(this.#sendsWhole);
  }

  #send(body: OpenBody | undefined, reply: StoredReply, age: Ms, upstream: string | undefined): void {
    if (this.#closed) {
      body?.close();
      return;
    }
    if (body === undefined) {
      this.#owner.evicted();
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
    const { cache, query, rules, requestId, forSibling } = this.#with;
    this.#report.replied = status;
    if (forSibling) {
      fields.push('age', String(ageSeconds(age)));
      if (upstream !== undefined) fields.push('cache-status', upstream);
      return { status, shared, fields, length };
    }
    // What comes straight from the origin has no Age but the origin's own.
    const isAged = age >= 1000 || this.#report.fromStore;
    if (isAged && !rules.remove.has('age')) fields.push('age', String(ageSeconds(age)));
    tellStatus(fields, upstream, cache, query.rules, rules, this.#report);
    if (!rules.remove.has('x-request-id')) fields.push('x-request-id', requestId);
    if (this.#fetch !== undefined) keepClient(fields, this.#fetch, rules);
    return { status, shared, fields, length };
  }
}
