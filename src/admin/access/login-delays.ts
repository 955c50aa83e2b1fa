import { parseAddress } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';

/**
 * How long somebody who guesses has to wait. A guess is counted for its address and for its user. What waits is the pair
 * of both: nobody is kept out because somebody else, at another address, tries their name, and nobody because a
 * colleague at the same address mistypes. Memory is bounded: the longest untouched are forgotten.
 */
export class LoginDelays {
  readonly #now: () => Ms;
  readonly #pairs: Recent<{ failures: number; until: Ms; isTrusted: boolean }>;
  readonly #addresses: Recent<{ failures: number }>;
  readonly #users: Recent<{ failures: number }>;

  constructor({ now, limit = 4096 }: { readonly now: () => Ms; readonly limit?: number }) {
    this.#now = now;
    this.#pairs = new Recent(limit, now);
    this.#addresses = new Recent(limit, now);
    this.#users = new Recent(limit, now);
  }

  /** Milliseconds until this user may be tried again from this address; 0: now. `user`: '' for all that there are not. */
  remaining(address: string, user: string): Ms {
    return Math.max(0, (this.#pairs.get(pairOf(address, user))?.until ?? 0) - this.#now());
  }

  /** Returns the wait that follows. */
  failed(address: string, user: string): Ms {
    const ofAddress = this.#addresses.change(networkOf(address), (known) => ({ failures: (known?.failures ?? 0) + 1 }));
    const ofUser = this.#users.change(user, (known) => ({ failures: (known?.failures ?? 0) + 1 }));
    let wait = 0;
    this.#pairs.change(pairOf(address, user), (known) => {
      const failures = (known?.failures ?? 0) + 1;
      const isTrusted = known?.isTrusted ?? false;
      // Who logged in from there before does not pay for what others try elsewhere.
      const elsewhere = isTrusted ? 0 : ofUser.failures - USER_ALLOWANCE;
      wait = waitAfter(Math.max(failures, ofAddress.failures - ADDRESS_ALLOWANCE, elsewhere));
      return { failures, until: this.#now() + wait, isTrusted };
    });
    return wait;
  }

  succeeded(address: string, user: string): void {
    this.#pairs.change(pairOf(address, user), () => ({ failures: 0, until: 0, isTrusted: true }));
  }
}

/** Failures beyond those of a pair that make nobody else wait longer: of its address over all users, and the other way. */
const ADDRESS_ALLOWANCE = 5;
const USER_ALLOWANCE = 10;

/** Typing errors cost nothing. */
const FREE = 2;
const LONGEST: Ms = 30_000;

/** 0, 0, 1 s, 2 s, 4 s, … 30 s. */
function waitAfter(failures: number): Ms {
  return failures <= FREE ? 0 : Math.min(LONGEST, 1000 * 2 ** Math.min(failures - FREE - 1, 10));
}

function pairOf(address: string, user: string): string {
  return `${networkOf(address)} ${user}`;
}

/** Of IPv6 the /64: whoever has one address of it has them all. */
export function networkOf(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined || typeof parsed === 'number' ? String(parsed) : `${parsed[0]}:${parsed[1]}/64`;
}

/** What was touched lately, the longest untouched first; forgotten after a quarter of an hour, or for want of room. */
class Recent<T> {
  static readonly #KEPT: Ms = 15 * 60_000;
  readonly #limit: number;
  readonly #now: () => Ms;
  readonly #entries = new Map<string, { readonly value: T; readonly touched: Ms }>();

  constructor(limit: number, now: () => Ms) {
    this.#limit = limit;
    this.#now = now;
  }

  get(key: string): T | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && this.#now() - entry.touched < Recent.#KEPT ? entry.value : undefined;
  }

  change(key: string, next: (known: T | undefined) => T): T {
    const value = next(this.get(key));
    this.#entries.delete(key);
    this.#entries.set(key, { value, touched: this.#now() });
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limit) break;
      this.#entries.delete(oldest);
    }
    return value;
  }
}
