import type { KeyHash } from './memory/hash.ts';

/**
 * Counts what is stored, by the lower bits of its key's hash, in memory that all threads share. While nothing has been
 * counted in its cell, what a thread has found is what it would find once more.
 */
export class Stamps {
  readonly #cells: Int32Array;

  /** As many cells as a power of two. Two keys that share one cost each other a look into the index, and nothing else. */
  constructor(cells: Int32Array) {
    this.#cells = cells;
  }

  cellOf({ low }: KeyHash): number {
    return low & (this.#cells.length - 1);
  }

  read(cell: number): number {
    return Atomics.load(this.#cells, cell);
  }

  /** Something has been stored there. */
  count(cell: number): void {
    Atomics.add(this.#cells, cell, 1);
  }
}
