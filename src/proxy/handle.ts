import { Roster } from '../base/roster.ts';
import type { Cache } from '../cache/cache.ts';
import type { AccessEntry } from '../observe/access-entry.ts';
import type { ProxyErrorCode } from './error.ts';
import type { Endpoints, Exchange } from './exchange.ts';
import type { Generation } from './generation.ts';
import { Handling } from './handling.ts';
import { unparsedEntry } from './log-entry.ts';
import type { Maintained } from './maintenance.ts';
import type { ListenerPlan } from './plan.ts';
import type { ExchangeTaker } from './taker.ts';

/** Takes the exchanges of all fronts, each into the generation of now, and knows those that are under way. */
export class Handler implements ExchangeTaker {
  readonly #log: (entry: AccessEntry) => void;
  readonly #cache: () => Cache | undefined;
  readonly #running = new Roster<Handling>();
  readonly #tunnels = new Set<Handling>();
  #generation: Generation;
  /** Pools that an operator has taken out of service. */
  maintained: Maintained = new Map();

  /** `cache`: the one of now; a new one may take its place while it runs. */
  constructor(generation: Generation, log: (entry: AccessEntry) => void, cache: () => Cache | undefined) {
    this.#generation = generation;
    this.#log = log;
    this.#cache = cache;
  }

  get generation(): Generation {
    return this.#generation;
  }

  /** Requests from now on are served by `next`. A tunnel lives on if `next` would lead it to the same origin. */
  switchTo(next: Generation): void {
    const old = this.#generation;
    this.#generation = next;
    old.retire(next);
    for (const handling of this.#tunnels) handling.keepTunnel(next);
  }

  /** Exchanges that are under way, tunnels among them. */
  get running(): number {
    return this.#running.size;
  }

  /** Breaks off what is under way. */
  cutAll(): void {
    for (const handling of this.#running) handling.cut();
  }

  take(exchange: Exchange, listener: ListenerPlan): void {
    this.#begin(exchange).run(listener);
  }

  refuse(exchange: Exchange, _listener: ListenerPlan, code: ProxyErrorCode): void {
    this.#begin(exchange).refuse(code);
  }

  hasSibling(address: string): boolean {
    return this.#generation.siblings?.allowed.has(address) === true;
  }

  unparsed(endpoints: Endpoints, scheme: 'http' | 'https', code: ProxyErrorCode): void {
    const entry = unparsedEntry(endpoints, scheme, code);
    this.#generation.traffic.ended(undefined, entry);
    this.#log(entry);
  }

  readonly #onEnd = (ended: Handling, entry: AccessEntry): void => {
    this.#running.delete(ended);
    this.#tunnels.delete(ended);
    if (!ended.fromSibling) this.#count(ended, entry);
    else this.#generation.siblings?.served(entry.peer, ended.report?.fromStore === true, entry.bytesSent);
    this.#log(entry);
  };

  #begin(exchange: Exchange): Handling {
    const surroundings = {
      generation: this.#generation,
      cache: this.#cache(),
      maintained: this.maintained,
      tunnels: this.#tunnels,
      onEnd: this.#onEnd,
    };
    const handling = new Handling(exchange, surroundings);
    this.#running.add(handling);
    return handling;
  }

  #count({ route, fetch }: Handling, entry: AccessEntry): void {
    const { traffic } = this.#generation;
    traffic.ended(route?.site, entry);
    // What a tunnel carried is known at its end; it was the origin's as well.
    if (entry.status !== 101 || fetch?.origin === undefined) return;
    traffic.received(fetch.origin.slot, entry.bytesSent);
    traffic.sent(fetch.origin.slot, entry.bytesReceived);
  }
}
