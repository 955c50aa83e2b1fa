import type { Flight } from '../../cache/flight.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { Watcher } from '../../cache/watch.ts';
import { PROXY_ERRORS, type ProxyErrorCode } from '../error.ts';
import type { Fields } from '../exchange.ts';
import type { CachedExchange } from './cached-exchange.ts';
import { flightFailure } from './landing.ts';

/** Whose request waits for another one's fetch. By the time it is told, the waiting is over. */
export interface WaitingOwner {
  /** There may be something stored now. */
  landed(): void;
  /** The thread that fetched has died: that says nothing of the origins. */
  orphaned(): void;
  /** The origin answered with an error, in place of which something stored may do. */
  erred(): void;
  /** No origin gave a response, or none in time. */
  failed(error: ProxyErrorCode, status: number): void;
}

/** After so many fetches of others that were of no use, a request is sent on by itself. */
const ROUNDS_MAX = 2;

/**
 * Waits for the outcome of a fetch that somebody else has begun, at most as long as the origins may take:
 *
 *     join ▸ landed           ▸ look up; not there: another round, or a fetch of its own
 *          ▸ its thread died  ▸ look up; not there: a fetch of its own
 *          ▸ an error status  ▸ stale that may be served; else a fetch of its own
 *          ▸ failed, overdue  ▸ stale that may be served; else the same failure for all who wait
 */
export class Waiting implements Watcher {
  readonly #with: CachedExchange;
  readonly #owner: WaitingOwner;
  #flight: Flight | undefined;
  #timer: NodeJS.Timeout | undefined;
  #rounds = 0;
  #lookedAgain = false;

  constructor(exchange: CachedExchange, owner: WaitingOwner) {
    this.#with = exchange;
    this.#owner = owner;
  }

  /** From now on the request is sent on by itself. */
  renounce(): void {
    this.#rounds = ROUNDS_MAX;
  }

  /**
   * Joins those who ask for the same. A flight is ours to lead; `undefined`: fetch alone; `waits`: the owner is told, and
   * may have been by now; `news`: another one's fetch has landed since the look for `candidate`, look again.
   */
  join(variant: string, candidate: CachedObject | undefined): Flight | 'waits' | 'news' | undefined {
    if (this.#rounds >= ROUNDS_MAX) return undefined;
    const { cache, query } = this.#with;
    const flight = cache.join(query, variant);
    if (flight === undefined) return undefined;
    if (!flight.leads) {
      this.#begin(flight);
      return 'waits';
    }
    if (this.#lookedAgain || !cache.hasNews(query, candidate)) return flight;
    this.#lookedAgain = true;
    flight.release();
    return 'news';
  }

  /** A no-op when it does not wait. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#flight?.leave();
    this.#flight = undefined;
  }

  news(): void {
    const outcome = this.#flight?.outcome() ?? 'pending';
    if (outcome === 'pending') return;
    this.stop();
    if (outcome === 'landed') {
      this.#rounds += 1;
      this.#owner.landed();
    } else if (outcome.error === undefined) {
      this.renounce();
      this.#owner.orphaned();
    } else {
      const failure = flightFailure(outcome.error);
      if (failure === 'error-status') this.#owner.erred();
      else this.#owner.failed(failure.error, failure.status);
    }
  }

  #begin(flight: Flight): void {
    this.#flight = flight;
    flight.watch(this);
    this.#timer = setTimeout(() => this.#overdue(), this.#with.order(NO_FIELDS).patience);
    this.#with.cache.counters.collapsed();
    // What happened before it watched, nobody tells it.
    this.news();
  }

  /** The fetch takes longer than the origins may. */
  #overdue(): void {
    this.stop();
    this.#owner.failed('http_response_timeout', PROXY_ERRORS.http_response_timeout.status);
  }
}

const NO_FIELDS: Fields = [];
