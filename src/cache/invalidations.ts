import { CELLS, type InvalidationsFile } from './invalidations-file.ts';
import type { KeyHash } from './memory/hash.ts';

/**
 * What is no longer good, by URL, in memory that all threads share. For the hash of each URL there are two numbers: an
 * object of a lower one than the first is *invalid* (RFC 9111 §4.4), wherever it is, also one whose fetch was under way;
 * a record of a lower one than the second is not to be brought back *from disk*, be it that it is invalid, be it that
 * memory knew better than the disk. Anybody may send unsafe requests, as many as they like: so this has a fixed size, and
 * purges remember theirs elsewhere. The file keeps the second number for the next start.
 *
 * The numbers are doubles, which go up only: read as they are, raised by their bits, which are in the same order.
 */
export class Invalidations {
  readonly #cells: Float64Array;
  readonly #bits: BigInt64Array;
  readonly #file: InvalidationsFile | undefined;
  readonly #wanted = new Float64Array(1);
  readonly #wantedBits = new BigInt64Array(this.#wanted.buffer);

  /** `known`: what is not to be brought back from disk, from before the start. */
  static allocate(known?: Float64Array): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(2 * 8 * CELLS);
    if (known !== undefined) new Float64Array(memory).set(known, CELLS);
    return memory;
  }

  /** Without a file nothing is remembered beyond the end of the process. */
  constructor(memory: SharedArrayBuffer, file?: InvalidationsFile) {
    this.#cells = new Float64Array(memory);
    this.#bits = new BigInt64Array(memory);
    this.#file = file;
  }

  /** Of a hash of the URL part of a key. */
  cellOf({ low }: KeyHash): number {
    return low & (CELLS - 1);
  }

  /** What has a lower number than this is invalid. When it returns, no thread and no later process takes it for good. */
  note(cell: number, sequence: number): void {
    this.#raise(cell, sequence);
    this.noteOnDisk(cell, sequence);
  }

  /** What is on disk with a lower number than this is not to be brought back; what is in memory may be good. */
  noteOnDisk(cell: number, sequence: number): void {
    this.#raise(CELLS + cell, sequence);
    // What others have noted meanwhile is as right, and what this thread wrote before is not more.
    this.#file?.write(cell, this.#cells[CELLS + cell] as number);
  }

  isValid(cell: number, sequence: number): boolean {
    return sequence >= (this.#cells[cell] as number);
  }

  isValidOnDisk(cell: number, sequence: number): boolean {
    return sequence >= (this.#cells[CELLS + cell] as number);
  }

  #raise(at: number, sequence: number): void {
    this.#wanted[0] = sequence;
    const wanted = this.#wantedBits[0] as bigint;
    for (;;) {
      const present = Atomics.load(this.#bits, at);
      if (present >= wanted || Atomics.compareExchange(this.#bits, at, present, wanted) === present) return;
    }
  }
}
