import type { Duplex } from 'node:stream';
import type { Rostered } from '../base/roster.ts';
import type { Cache } from '../cache/cache.ts';
import type { CacheQuery } from '../cache/query.ts';
import type { AccessEntry } from '../observe/access-entry.ts';
import type { CacheReport } from './caching/cache-report.ts';
import { tellStatus } from './caching/cached-exchange.ts';
import { CachedReply } from './caching/cached-reply.ts';
import { replyWithHotHit } from './caching/hot-hit.ts';
import { purgeReply } from './caching/purge-reply.ts';
import { queryOf } from './caching/query-of.ts';
import { type Client, type ForwardingFields, identify } from './client.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from './error.ts';
import { errorPage, type OwnReply } from './error-page.ts';
import type { Exchange, Fields } from './exchange.ts';
import type { Fetch } from './fetch.ts';
import type { FetchOrder } from './fetch-order.ts';
import type { Generation, Route } from './generation.ts';
import { addMissing, httpDate } from './headers.ts';
import { LateReply } from './late-reply.ts';
import { type Ended, endedEntry } from './log-entry.ts';
import { type Maintained, maintenanceReply } from './maintenance.ts';
import type { PageFacts } from './page-facts.ts';
import { PassThrough, type ReplyOwner } from './pass-through.ts';
import type { ListenerPlan } from './plan.ts';
import { httpsRedirect } from './redirect.ts';
import { isLoop, requestId } from './request-fields.ts';
import { hostOf } from './request-head.ts';
import { splashPage } from './splash.ts';
import { Tunnel, type TunnelEnd } from './tunnel.ts';

/** What an exchange is handled in, and who hears of its end. */
export interface HandlingSurroundings {
  readonly generation: Generation;
  readonly cache: Cache | undefined;
  readonly maintained: Maintained;
  readonly tunnels: Set<Handling>;
  readonly onEnd: (handling: Handling, entry: AccessEntry) => void;
}

/**
 * One exchange on its way, from its head to its line in the access log: access rules, route, cache or fetch, and
 * whatever happens one reply and one line.
 */
export class Handling implements ReplyOwner, Rostered, Ended {
  place = -1;
  readonly exchange: Exchange;
  readonly client: Client;
  readonly id: string;
  route: Route | undefined;
  report: CacheReport | undefined;
  splash = false;
  readonly fromSibling: boolean;
  readonly #generation: Generation;
  readonly #cache: Cache | undefined;
  readonly #maintained: Maintained;
  readonly #tunnels: Set<Handling>;
  readonly #onEnd: (handling: Handling, entry: AccessEntry) => void;
  #passing: PassThrough | CachedReply | undefined;
  #late: LateReply | undefined;
  #tunnel: Tunnel | undefined;

  constructor(exchange: Exchange, { generation, cache, maintained, tunnels, onEnd }: HandlingSurroundings) {
    this.exchange = exchange;
    this.#generation = generation;
    this.#cache = cache;
    this.#maintained = maintained;
    this.#tunnels = tunnels;
    this.#onEnd = onEnd;
    const { head, endpoints } = exchange;
    this.fromSibling = generation.siblings?.isFetching(exchange) === true;
    // What a sibling tells of its client is nothing to us.
    const told = this.fromSibling ? NOTHING_TOLD : head.known;
    this.client = identify(endpoints.remoteAddress, head, told, generation.trustedProxies);
    this.id = requestId(this.client, head);
    generation.enter();
  }

  get fetch(): Fetch | undefined {
    return this.#passing?.fetch;
  }

  run(listener: ListenerPlan): void {
    // What Squids ask one another, of themselves: no origin is to hear of it.
    if (this.exchange.head.target.startsWith('/squid-internal-')) this.refuse('not_found');
    else if (this.fromSibling) this.#serveSibling();
    else this.#serveClient(listener);
  }

  /** What we have, or that we do not: whom a site lets in, and to where it sends them, is about clients. */
  #serveSibling(): void {
    const { head } = this.exchange;
    const cache = this.#cache;
    this.route = this.#generation.router.route(hostOf(head.authority), head.target);
    if (this.route === undefined || cache === undefined || !this.route.cache.enabled) this.#haveNot();
    else this.#answerByCache(this.route, cache, queryOf(this.exchange, this.client, this.route));
  }

  /** In Squid's words as well, though it looks at the status alone. */
  #haveNot(): void {
    const fields = ['x-squid-error', 'ERR_ONLY_IF_CACHED_MISS 0', 'cache-control', 'no-store', 'content-length', '0'];
    fields.push('date', httpDate());
    const { status } = PROXY_ERRORS.not_cached;
    this.exchange.reply({ status, fields, length: 0 }, undefined);
    this.#end(status, 'not_cached');
  }

  #serveClient(listener: ListenerPlan): void {
    // Behind a trusted proxy that speaks https with the client, there is nowhere to send it.
    if (listener.redirectPort !== undefined && this.client.proto === 'http') {
      this.#answer(httpsRedirect(this.exchange.head, listener.redirectPort));
    } else if (this.exchange.head.target === '*') {
      this.#answer({ status: 204, fields: ['allow', ALLOWED], body: undefined });
    } else {
      const admitted = this.#admit();
      if (typeof admitted === 'string') this.refuse(admitted);
      else if (this.exchange.head.method === 'PURGE' && this.#cache !== undefined) this.#purge(admitted, this.#cache);
      else this.#serve(admitted);
    }
  }

  #serve(route: Route): void {
    const page = this.#maintained.size > 0 ? this.#maintained.get(route.pool.name) : undefined;
    if (page === undefined) this.#fetchFrom(route);
    else {
      this.splash = true;
      const facts = this.#facts(503, 'in_maintenance', page.retryAfter);
      this.#answer(maintenanceReply(page, route.pages, facts), 'in_maintenance');
    }
  }

  /** The route, or why there is none for this request. */
  #admit(): Route | ProxyErrorCode {
    const { head, body } = this.exchange;
    const { plan, router } = this.#generation;
    const route = router.route(hostOf(head.authority), head.target);
    if (route === undefined) return 'misdirected_request';
    // A refusal has the headers of its site.
    this.route = route;
    this.#generation.traffic.entered(route.site);
    if (!isAllowed(route, this.client.address)) return 'access_denied';
    if (isLoop(head.known.cdnLoop, plan.node.name)) return 'proxy_loop_detected';
    if ((body?.length ?? 0) > (route.bodyLimit ?? Number.POSITIVE_INFINITY)) return 'body_too_large';
    return route;
  }

  #fetchFrom(route: Route): void {
    const exchange = this.exchange;
    const { rules, cache: settings } = route;
    const cache = this.#cache;
    if (cache === undefined || !settings.enabled || exchange.head.known.upgrade !== undefined) {
      const order = this.#order(route, exchange.head.fields);
      this.#passing = new PassThrough(order, exchange, { rules, requestId: this.id }, this);
      this.#passing.start();
      return;
    }
    const query = queryOf(exchange, this.client, route);
    const hit = replyWithHotHit(cache, query, exchange, rules, this.id);
    if (hit !== undefined) {
      this.report = hit;
      this.#end(hit.replied, undefined);
      return;
    }
    this.#answerByCache(route, cache, query);
  }

  #answerByCache(route: Route, cache: Cache, query: CacheQuery): void {
    const reply = this.#cached(route, cache, query);
    this.report = reply.report;
    this.#passing = reply;
    reply.start();
  }

  #purge(route: Route, cache: Cache): void {
    const { head, endpoints } = this.exchange;
    // Both: a trusted proxy that passes on anybody's PURGE must not make everybody its neighbour.
    const { purgeFrom } = this.#generation;
    if (!purgeFrom.has(this.client.address) || !purgeFrom.has(endpoints.remoteAddress)) this.refuse('access_denied');
    else this.#answerAsSoonAs(purgeReply(head, route.cache, cache, this.#generation.siblings?.asked));
  }

  #answerAsSoonAs(reply: OwnReply | Promise<OwnReply>): void {
    if (!(reply instanceof Promise)) this.#answer(reply);
    else {
      this.#late = new LateReply(this.exchange, reply, {
        answer: (each) => this.#answer(each),
        finished: (status, error) => this.finished(status, error),
      });
    }
  }

  #cached(route: Route, cache: Cache, query: CacheQuery): CachedReply {
    const { exchange, fromSibling: forSibling, id: requestId } = this;
    const { rules } = route;
    const order = (fields: Fields) => this.#order(route, fields);
    const hold = this.#generation;
    return new CachedReply({ cache, exchange, query, rules, requestId, forSibling, order, hold }, this);
  }

  #order(route: Route, fields: Fields): FetchOrder {
    const { head, endpoints, body } = this.exchange;
    return {
      head,
      fields,
      body,
      pool: route.pool,
      client: this.client,
      lines: `${this.#generation.forwarding.lines(head, this.client, endpoints)}x-request-id: ${this.id}\r\n`,
      patience: route.patience,
      bodyLimit: route.bodyLimit,
      traffic: this.#generation.traffic,
      siblings: this.#generation.siblings,
    };
  }

  /** Answers with an error of our own. */
  refuse(code: ProxyErrorCode): void {
    const reply = errorPage(this.#facts(PROXY_ERRORS[code].status, code, 0));
    if (code === 'method_not_allowed') reply.fields.push('allow', ALLOWED);
    this.#answer(reply, code);
  }

  finished(status: number, error: ProxyErrorCode | undefined): void {
    this.#end(status || (error === undefined ? 0 : PROXY_ERRORS[error].status), error);
  }

  failed(error: ProxyErrorCode, status: number): void {
    if (this.fromSibling) {
      this.#haveNot();
      return;
    }
    const route = this.route as Route;
    if (PROXY_ERRORS[error].blame !== 'origin') {
      this.refuse(error);
      return;
    }
    this.splash = true;
    this.#answer(splashPage(route.pages, this.#facts(status, error, route.retryAfter)), error);
  }

  upgraded(client: Duplex, origin: Duplex): void {
    const { pool, site } = this.route as Route;
    this.#generation.traffic.tunnelled(site);
    this.#tunnels.add(this);
    this.#tunnel = new Tunnel(client, origin, pool.plan.timeouts.tunnel, (end) => this.#end(101, undefined, end));
  }

  /** Cuts the tunnel unless `next` has the same origin on its route. */
  keepTunnel(next: Generation): void {
    const { head } = this.exchange;
    const route = next.router.route(hostOf(head.authority), head.target);
    const origin = this.fetch?.origin;
    const stays =
      route?.pool.name === this.route?.pool.name && route?.pool.origins.some((each) => each.slot === origin?.slot);
    if (!stays) this.#tunnel?.cut();
  }

  cut(): void {
    if (this.#tunnel !== undefined) this.#tunnel.cut();
    else if (this.#passing !== undefined) this.#passing.cut();
    else if (this.#late !== undefined) this.#late.cut();
    else this.exchange.breakOff();
  }

  #answer(reply: OwnReply, error?: ProxyErrorCode): void {
    const { fields } = reply;
    fields.push('date', httpDate(), 'x-request-id', this.id);
    if (this.route !== undefined) {
      // What the cache had to do with a reply of our own: it had nothing to serve instead.
      const { report } = this;
      const cache = this.#cache;
      if (report !== undefined && cache !== undefined) {
        tellStatus(fields, undefined, cache, this.route.cache, this.route.rules, report);
      }
      addMissing(fields, this.route.rules.set);
    }
    this.exchange.reply(reply, reply.body);
    this.#end(reply.status, error);
  }

  #facts(status: number, error: ProxyErrorCode, retryAfter: number): PageFacts {
    const { head, startedAt } = this.exchange;
    const { method, authority, known } = head;
    return {
      status,
      method,
      accept: known.accept,
      host: hostOf(authority),
      requestId: this.id,
      startedAt,
      error,
      retryAfter,
    };
  }

  #end(status: number, error: ProxyErrorCode | undefined, tunnel?: TunnelEnd): void {
    this.#generation.leave();
    const { report, exchange } = this;
    if (report !== undefined && !this.fromSibling)
      this.#cache?.counters.sent(report.fromStore ? 'cache' : 'origin', exchange.bytesSent);
    this.#onEnd(this, endedEntry(this, status, error, tunnel));
  }
}

const NOTHING_TOLD: ForwardingFields = {
  xForwardedFor: undefined,
  xForwardedProto: undefined,
  xForwardedHost: undefined,
  forwarded: undefined,
};

const ALLOWED = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';

function isAllowed({ access }: Route, client: string): boolean {
  if (!access.deny.isEmpty && access.deny.has(client)) return false;
  return access.allow.isEmpty || access.allow.has(client);
}
