import type { Ms } from '../../base/units.ts';
import { type AddressBytes, sameBytes } from '../wire/address.ts';

/** For an address of IPv6 to answer: up to 60 ms have been seen on a busy machine. */
const LONGEST_UNREADY: Ms = 250;

/**
 * Announces addresses as soon as somebody would be found there: Linux answers at one of IPv6 only when it has told of it, and who was told
 * before would ask in vain, and again a second later.
 */
export class Announcing {
  readonly #announce: (count: number) => void;
  /** Those that were added, and do not answer yet. */
  #unready: readonly AddressBytes[] = [];
  /** What waits for them. */
  #count = 0;
  #overdue: NodeJS.Timeout | undefined;

  /** `announce`: so many times for each, now. */
  constructor(announce: (count: number) => void) {
    this.#announce = announce;
  }

  announce(count: number): void {
    this.#count = count;
    this.#goOn();
  }

  /** They are being added. */
  added(addresses: readonly AddressBytes[]): void {
    this.forget();
    this.#unready = addresses.filter(({ length }) => length === 16);
    if (this.#unready.length > 0) this.#overdue = setTimeout(() => this.#ready([]), LONGEST_UNREADY);
  }

  /** This one is there, and answers. */
  isThere(address: AddressBytes): void {
    if (this.#unready.length > 0) this.#ready(this.#unready.filter((each) => !sameBytes(each, address)));
  }

  /** They are ours no more. */
  forget(): void {
    clearTimeout(this.#overdue);
    this.#unready = [];
    this.#count = 0;
  }

  #ready(unready: readonly AddressBytes[]): void {
    this.#unready = unready;
    this.#goOn();
  }

  #goOn(): void {
    if (this.#unready.length > 0) return;
    clearTimeout(this.#overdue);
    if (this.#count > 0) this.#announce(this.#count);
    this.#count = 0;
  }
}
