/**
 * Keys that were evicted not long ago, by a fingerprint. Long ago means that since then more was evicted than the cache holds.
 * A table of sets of four; who comes into a full set takes the oldest one's place.
 *
 *     0       2                      4
 *     +-------+------+---+-----------+------+---
 *     | clock | -    | … | hash, low | time |      time: the clock, in units evicted, when it was put in
 *     +-------+------+---+-----------+------+---
 */
export class Ghost {
  readonly #cells: Int32Array;
  readonly #sets: number;

  static allocate(entries: number): SharedArrayBuffer {
    const sets = 2 ** Math.ceil(Math.log2(Math.max(1, entries / WAYS)));
    return new SharedArrayBuffer(4 * (ROW + sets * WAYS * ROW));
  }

  constructor(memory: SharedArrayBuffer) {
    this.#cells = new Int32Array(memory);
    this.#sets = (this.#cells.length / ROW - 1) / WAYS;
  }

  add(high: number, low: number, units: number): void {
    const now = (this.#get(0) + units) | 0;
    this.#cells[0] = now;
    let oldest = 0;
    let age = -1;
    const set = this.#setOf(high);
    for (let row = set; row < set + WAYS * ROW; row += ROW) {
      const since = this.#get(row) === 0 ? 2 ** 32 : (now - this.#get(row + TIME)) >>> 0;
      if (since <= age) continue;
      oldest = row;
      age = since;
    }
    this.#cells[oldest] = low | 1;
    this.#cells[oldest + TIME] = now;
  }

  /** Whether it was evicted within the last `units` of evictions. It is forgotten by this. */
  recall(high: number, low: number, units: number): boolean {
    const set = this.#setOf(high);
    for (let row = set; row < set + WAYS * ROW; row += ROW) {
      if (this.#get(row) !== (low | 1)) continue;
      this.#cells[row] = 0;
      return (this.#get(0) - this.#get(row + TIME)) >>> 0 <= units;
    }
    return false;
  }

  #setOf(high: number): number {
    return ROW * (1 + (high & (this.#sets - 1)) * WAYS);
  }

  #get(cell: number): number {
    return this.#cells[cell] as number;
  }
}

const ROW = 2;
const TIME = 1;
const WAYS = 4;
