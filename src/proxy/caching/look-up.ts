import type { Ms } from '../../base/units.ts';
import type { Found } from '../../cache/cache.ts';
import type { CachedObject } from '../../cache/object.ts';
import type { ForwardReason } from '../../cache/semantics/cache-status.ts';
import { decideReuse, type ForwardFailure, mayServeStale } from '../../cache/semantics/reuse.ts';
import type { CachedExchange } from './cached-exchange.ts';
import { revalidateBehind } from './revalidation.ts';

/** Whose request is looked up; each look-up ends in one of these. */
export interface LookUpOwner {
  /** `age` is current_age; `ttl` what is left of the lifetime, below zero when it is over. */
  hit(object: CachedObject, age: Ms, ttl: Ms, detail: string | undefined): void;
  /** The origins are to be asked, for this reason. */
  forward(forward: ForwardReason, detail: string | undefined): void;
  /** The same; and what they answer here is not shared of late, so that there is nobody to wait for. */
  unshareable(): void;
  /** The client wants what is stored or nothing, and it cannot be used. */
  notCached(detail: string): void;
}

/** Looks for what is stored that may answer a request, and keeps what it found that may not answer it yet. */
export class LookUp {
  readonly #with: CachedExchange;
  readonly #owner: LookUpOwner;
  #candidate: CachedObject | undefined;
  #part: CachedObject | undefined;
  #variant: string | undefined;
  #closed = false;

  constructor(exchange: CachedExchange, owner: LookUpOwner) {
    this.#with = exchange;
    this.#owner = owner;
  }

  /** Stored, but to be validated; served for want of better. */
  get candidate(): CachedObject | undefined {
    return this.#candidate;
  }

  /** A part of what is asked for, which a fetch may complete. */
  get part(): CachedObject | undefined {
    return this.#part;
  }

  /** What the request has in the fields that responses for its key vary by; empty: none is known. */
  get variant(): string {
    return this.#candidate?.stored.variant ?? this.#variant ?? '';
  }

  start(): void {
    const { cache, query } = this.#with;
    const object = cache.recall(query);
    if (object !== undefined) this.#consider(object);
    else this.#found(cache.find(query));
  }

  /** What it had found may be gone, or replaced. */
  forget(): void {
    this.#candidate = undefined;
    this.#part = undefined;
  }

  /** Whether there is a candidate that may be served after this failure. */
  mayServeStale(failure: ForwardFailure): boolean {
    const { cache, query } = this.#with;
    const object = this.#candidate;
    if (object === undefined || !cache.isKept(object)) return false;
    return mayServeStale(object.stored, failure, query.rules, cache.now(), object.purged);
  }

  /** Whatever is still being read is of no use any more. */
  close(): void {
    this.#closed = true;
  }

  #found(found: Found): void {
    switch (found.kind) {
      case 'object':
        this.#consider(found.object);
        break;
      case 'loading':
        void found.object.then((object) => {
          if (this.#closed) return;
          if (object === undefined) this.#owner.forward('uri-miss', 'disk-lost');
          else this.#consider(object);
        });
        break;
      case 'unshareable':
        this.#owner.unshareable();
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
    if (part === undefined || !isFresh || exchange.head.method !== 'GET') this.#owner.forward(miss, undefined);
    else if (exchange.head.known.range !== undefined) this.#consider(part);
    else {
      this.#part = part;
      this.#owner.forward('partial', undefined);
    }
  }

  #consider(object: CachedObject): void {
    const { cache, exchange, forSibling } = this.#with;
    const reuse = decideReuse(exchange.head, object.stored, cache.now(), object.purged);
    if (forSibling && 'ttl' in reuse && reuse.ttl <= 0) {
      this.#owner.notCached('stale');
      return;
    }
    switch (reuse.kind) {
      case 'hit':
        this.#owner.hit(object, reuse.age, reuse.ttl, reuse.detail);
        break;
      case 'stale-while-revalidate':
        revalidateBehind(this.#with, object);
        this.#owner.hit(object, reuse.age, reuse.ttl, 'stale-while-revalidate');
        break;
      case 'validate':
        this.#candidate = object;
        this.#owner.forward(reuse.forward, reuse.reason);
        break;
      case 'gateway-timeout':
        this.#owner.notCached(reuse.reason);
        break;
    }
  }
}
