import type { Ms } from '../../base/units.ts';
import type { Run } from './message.ts';

/**
 * What a voter has lent. It has one vote for each virtual router, and lends it for a time: "nobody else gets it from me before
 * then". A promise is kept to its end, whoever asks, unless its holder gives it back. Times are of the voter's own monotonic
 * clock, which need not agree with anybody's; it only has to run at about the same rate.
 *
 * A voter that has just started does not know what it has promised before. So it promises nothing for as long as the longest
 * promise can last, to nobody, as whoever says that the vote is his may be wrong.
 */

/**
 * Longer ones are not made. It is 3 intervals of the usual second; with longer intervals who asks is given this, and renews
 * sooner.
 */
export const LONGEST_LEASE: Ms = 3000;

/** Who has borrowed a vote. Its name is for people. */
export interface Holder {
  readonly run: Run;
  readonly name: string;
}

export interface Lent {
  readonly holder: Holder;
  readonly remaining: Ms;
}

export type Vote =
  /** `isNew`: it is not a renewal. */
  | { readonly kind: 'granted'; readonly span: Ms; readonly isNew: boolean }
  | ({ readonly kind: 'denied' } & Lent)
  | { readonly kind: 'quiet'; readonly remaining: Ms }
  | { readonly kind: 'full' };

export interface LeaseBookOptions {
  /** When the voter started. */
  readonly from: Ms;
  /** No lease is longer, nor was any before the start. */
  readonly longest?: Ms;
  /** How many votes may be lent at one time. */
  readonly capacity?: number;
}

export class LeaseBook {
  readonly #quietUntil: Ms;
  readonly #longest: Ms;
  readonly #capacity: number;
  readonly #leases = new Map<string, { readonly holder: Holder; readonly until: Ms }>();

  constructor({ from, longest = LONGEST_LEASE, capacity = 4096 }: LeaseBookOptions) {
    this.#quietUntil = from + longest;
    this.#longest = longest;
    this.#capacity = capacity;
  }

  /** How many are kept; those that have run out among them. */
  get size(): number {
    return this.#leases.size;
  }

  /** `subject`: as by `nameOf`. */
  ask(subject: string, holder: Holder, span: Ms, now: Ms): Vote {
    if (now < this.#quietUntil) return { kind: 'quiet', remaining: this.#quietUntil - now };
    const lent = this.lent(subject, now);
    if (lent !== undefined && lent.holder.run !== holder.run) return { kind: 'denied', ...lent };
    if (lent === undefined && !this.#hasRoom(subject, now)) return { kind: 'full' };
    const granted = Math.min(span, this.#longest);
    // A shorter renewal takes nothing from what was promised.
    this.#leases.set(subject, { holder, until: now + Math.max(granted, lent?.remaining ?? 0) });
    return { kind: 'granted', span: granted, isNew: lent === undefined };
  }

  /** Whether it was lent to this one. */
  release(subject: string, run: Run, now: Ms): boolean {
    if (this.lent(subject, now)?.holder.run !== run) return false;
    return this.#leases.delete(subject);
  }

  lent(subject: string, now: Ms): Lent | undefined {
    const lease = this.#leases.get(subject);
    return lease === undefined || lease.until <= now
      ? undefined
      : { holder: lease.holder, remaining: lease.until - now };
  }

  #hasRoom(subject: string, now: Ms): boolean {
    if (this.#leases.size < this.#capacity || this.#leases.has(subject)) return true;
    for (const [name, { until }] of this.#leases) if (until <= now) this.#leases.delete(name);
    return this.#leases.size < this.#capacity;
  }
}
