import { randomBytes } from 'node:crypto';
import type { Ms } from '../../base/units.ts';
import type { Inquiry } from './inquiry.ts';

/** A power of two: numbers that differ by this share a place. */
const PLACES = 2_048;

/**
 * The inquiries of one thread by request number, in a ring, so that memory is bounded and none is searched for. An inquiry
 * that was judged stays, for answers that come late, until it is forgotten or its place is wanted.
 */
export class Outstanding {
  readonly #ring: (Inquiry | undefined)[] = new Array(PLACES).fill(undefined);
  /** Begins anywhere: who has not seen a question cannot answer it. */
  #last = randomBytes(4).readUInt32BE();

  /** The next request number. `undefined`: as many are under way as there may be. */
  next(): number | undefined {
    const number = (this.#last + 1) >>> 0;
    const there = this.#ring[number % PLACES];
    if (there !== undefined && !there.isJudged) return undefined;
    this.#last = number;
    return number;
  }

  add(inquiry: Inquiry): void {
    this.#ring[inquiry.requestNumber % PLACES] = inquiry;
  }

  get(requestNumber: number): Inquiry | undefined {
    const inquiry = this.#ring[requestNumber % PLACES];
    return inquiry?.requestNumber === requestNumber ? inquiry : undefined;
  }

  delete(inquiry: Inquiry): void {
    if (this.get(inquiry.requestNumber) === inquiry) this.#ring[inquiry.requestNumber % PLACES] = undefined;
  }

  /** Forgets those that were judged and asked before that time. */
  forget(before: Ms): void {
    for (const inquiry of this.all()) if (inquiry.isJudged && inquiry.asked < before) this.delete(inquiry);
  }

  all(): Inquiry[] {
    return this.#ring.filter((inquiry) => inquiry !== undefined);
  }
}
