import { LONGEST_QUERY, SHORTEST_QUERY } from './tcp-limits.ts';

/** There is no whole query (yet). */
export const NONE = -1;
/** What comes next cannot be a query of ours, by its length. Nothing behind it can be read either. */
export const BROKEN = -2;

/**
 * Finds queries in what TCP brings, wherever that is cut (RFC 1035 §4.2.2):
 *
 *     +--------+--------+----------------+--------+--------+----
 *     | length (16)     | query          | length          | …
 *     +--------+--------+----------------+--------+--------+----
 *
 * Of a query that is not all there, a copy is kept, of `LONGEST_QUERY` at most, and nothing of the bytes it came in.
 */
export class FrameReader {
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** Of the query that is being read; `NONE`: its length is not known. */
  #length = NONE;
  /** The first byte of a length whose second has not come; `NONE`: neither has. */
  #high = NONE;
  #partial: Buffer = EMPTY;
  #have = 0;

  /** What was pushed before must have been read to its end. */
  push(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** Whether a query has begun and is not all there. Asked when `next` has returned `NONE`. */
  get isWithin(): boolean {
    return this.#length !== NONE || this.#high !== NONE;
  }

  /** Copies the next query, which must have room there, and returns its length; or `NONE` or `BROKEN`. */
  next(into: Buffer): number {
    if (this.#length === NONE && !this.#readLength()) return this.#forget();
    const length = this.#length;
    if (length < SHORTEST_QUERY || length > LONGEST_QUERY) return BROKEN;

    const available = this.#chunk.length - this.#at;
    if (this.#have === 0 && available >= length) {
      this.#chunk.copy(into, 0, this.#at, this.#at + length);
      this.#at += length;
      this.#length = NONE;
      return length;
    }
    if (this.#have === 0) this.#partial = Buffer.allocUnsafeSlow(length);
    const taken = Math.min(available, length - this.#have);
    this.#chunk.copy(this.#partial, this.#have, this.#at, this.#at + taken);
    this.#at += taken;
    this.#have += taken;
    if (this.#have < length) return this.#forget();
    this.#partial.copy(into);
    this.#partial = EMPTY;
    this.#have = 0;
    this.#length = NONE;
    return length;
  }

  #readLength(): boolean {
    const chunk = this.#chunk;
    if (this.#high === NONE) {
      if (this.#at === chunk.length) return false;
      this.#high = chunk[this.#at++] as number;
    }
    if (this.#at === chunk.length) return false;
    this.#length = (this.#high << 8) | (chunk[this.#at++] as number);
    this.#high = NONE;
    return true;
  }

  /** The chunk has been read to its end, and its memory is not to be kept. */
  #forget(): typeof NONE {
    this.#chunk = EMPTY;
    this.#at = 0;
    return NONE;
  }
}

const EMPTY = Buffer.alloc(0);
