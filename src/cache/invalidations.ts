import type { KeyHash } from './memory/hash.ts';

/** A power of two. Two URLs that share a cell cost one of them a fetch now and then, and nothing else. */
const CELLS = 65_536;

/**
 * What unsafe requests have made invalid (RFC 9111 §4.4), in memory that all threads share: for the hash of each URL the
 * number of the last one. An object of a lower number is no longer good; so is one whose fetch was under way, as its
 * number is older. Anybody may send unsafe requests, as many as they like: so this has a fixed size, is written to no
 * file, and purges remember theirs elsewhere.
 *
 * A cell is a double and written whole; of two writers at once either is right, since both came after what they are for.
 */
export class Invalidations {
  readonly #cells: Float64Array;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(8 * (CELLS + 1));
  }

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Float64Array(memory);
  }

  /** Of a hash of the URL part of a key. */
  cellOf({ low }: KeyHash): number {
    return low & (CELLS - 1);
  }

  /** What has a lower number than this is invalid. */
  note(cell: number, sequence: number): void {
    if (sequence > (this.#cells[cell] as number)) this.#cells[cell] = sequence;
  }

  /** The index does not know yet all that is on disk. */
  get diskIsBeingRead(): boolean {
    return this.#cells[CELLS] === 1;
  }

  set diskIsBeingRead(isRead: boolean) {
    this.#cells[CELLS] = isRead ? 1 : 0;
  }

  isValid(cell: number, sequence: number): boolean {
    return sequence >= (this.#cells[cell] as number);
  }
}
