import type { Duplex } from 'node:stream';
import type { ProxyErrorCode } from './error.ts';
import type { Exchange, ExchangeListener } from './exchange.ts';
import { Fetch, type FetchTarget } from './fetch.ts';
import type { FetchOrder } from './fetch-order.ts';
import { endToEndFields, type OriginFields, type ResponseRules, responseFields } from './headers.ts';
import { keepClient } from './keep-client.ts';

/** Who answers for an exchange, and hears how it came out. */
export interface ReplyOwner {
  /** The reply is with the client, whole; or broken off, when there is an `error`. */
  finished(status: number, error: ProxyErrorCode | undefined): void;
  /** No origin gave a reply, and nothing has been sent to the client yet: its reply is yours. */
  failed(error: ProxyErrorCode, status: number): void;
  /** The origin agreed to switch protocols; the exchange is out of HTTP now. */
  upgraded(client: Duplex, origin: Duplex): void;
}

/** What a reply is given on its way through. */
export interface Passing {
  readonly rules: ResponseRules;
  readonly requestId: string;
  /** More fields, made when the head is there; flat. */
  readonly more?: (status: number, fields: OriginFields) => readonly string[];
}

/** Streams the origin's reply to the client as fast as the client takes it, and keeps nothing. */
export class PassThrough implements FetchTarget, ExchangeListener {
  readonly fetch: Fetch;
  readonly #exchange: Exchange;
  readonly #passing: Passing;
  readonly #owner: ReplyOwner;

  constructor(order: FetchOrder, exchange: Exchange, passing: Passing, owner: ReplyOwner) {
    this.fetch = new Fetch(order, this);
    this.#exchange = exchange;
    this.#passing = passing;
    this.#owner = owner;
    exchange.listener = this;
  }

  start(): void {
    this.fetch.start();
  }

  /** Ends it from our side, as at the deadline of a stop. */
  cut(): void {
    this.#exchange.breakOff();
    this.abandoned('proxy_internal_error');
  }

  drained(): void {
    this.fetch.resume();
  }

  /** The client is gone: so is the request to the origin. */
  abandoned(why: ProxyErrorCode): void {
    if (this.fetch.cancel()) this.#owner.finished(this.fetch.status, why);
  }

  interim(status: number, fields: OriginFields): void {
    this.#exchange.inform(status, endToEndFields(fields, this.#passing.rules));
  }

  head(status: number, origin: OriginFields): void {
    const { rules, requestId, more } = this.#passing;
    const { fields, contentLength } = responseFields(origin, status, rules, requestId);
    if (more !== undefined) fields.push(...more(status, origin));
    keepClient(fields, this.fetch, rules);
    this.#exchange.respond({ status, fields, length: contentLength });
  }

  body(chunk: Uint8Array): boolean {
    return this.#exchange.write(chunk);
  }

  end(trailers: OriginFields): void {
    this.#exchange.end(endToEndFields(trailers, this.#passing.rules));
    this.#owner.finished(this.fetch.status, undefined);
  }

  upgraded(origin: OriginFields, socket: Duplex): void {
    const { rules, requestId } = this.#passing;
    const { fields } = responseFields({ ...origin, 'content-length': undefined }, 101, rules, requestId);
    keepClient(fields, this.fetch, rules);
    this.#owner.upgraded(this.#exchange.switchProtocols(fields), socket);
  }

  broken(error: ProxyErrorCode): void {
    this.#exchange.breakOff();
    this.#owner.finished(this.fetch.status, error);
  }

  failed(error: ProxyErrorCode, status: number): void {
    this.#owner.failed(error, status);
  }
}
