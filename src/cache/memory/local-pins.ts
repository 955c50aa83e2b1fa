/**
 * The slots that this thread has pinned, how often, and how far it has read the body of each. The shared bit of a seat flips
 * only when a count leaves 0 or comes back to it. An open hash table, because a `Map` through which every request passes
 * an entry makes new tables all the time.
 *
 *     0      1       2          3
 *     +------+-------+----------+------+
 *     | slot | count | position | unit |   one row; slot 0: empty
 *     +------+-------+----------+------+
 */
export class LocalPins {
  #rows = new Uint32Array(4 * 64);
  #mask = 63;
  #size = 0;

  /** Slots pinned. */
  get size(): number {
    return this.#size;
  }

  count(slot: number): number {
    return this.#rows[this.#rowOf(slot) + COUNT] as number;
  }

  /** The new count. */
  add(slot: number): number {
    let row = this.#rowOf(slot);
    if (this.#rows[row] === 0) {
      if (this.#size * 2 > this.#mask) {
        this.#grow();
        row = this.#rowOf(slot);
      }
      this.#size += 1;
      this.#rows[row] = slot;
    }
    this.#rows[row + COUNT] = (this.#rows[row + COUNT] as number) + 1;
    return this.#rows[row + COUNT] as number;
  }

  /** The new count. Throws an `Error` when it is not pinned. */
  subtract(slot: number): number {
    const row = this.#rowOf(slot);
    const count = this.#rows[row + COUNT] as number;
    if (count === 0) throw new Error(`slot ${slot} is not pinned`);
    this.#rows[row + COUNT] = count - 1;
    if (count === 1) this.#delete(row);
    return count - 1;
  }

  /** Where reading the body ended last: the unit that its page begins with, and how many bytes of the body come before. */
  readingAt(slot: number): { readonly position: number; readonly unit: number } {
    const row = this.#rowOf(slot);
    return { position: this.#rows[row + POSITION] as number, unit: this.#rows[row + UNIT] as number };
  }

  noteReading(slot: number, position: number, unit: number): void {
    const row = this.#rowOf(slot);
    if (this.#rows[row] === 0) return;
    this.#rows[row + POSITION] = position;
    this.#rows[row + UNIT] = unit;
  }

  *[Symbol.iterator](): Iterator<number> {
    for (let row = 0; row < this.#rows.length; row += 4) {
      if (this.#rows[row] !== 0) yield this.#rows[row] as number;
    }
  }

  /** Of the slot, or the empty one where it would be. */
  #rowOf(slot: number): number {
    let row = this.#home(slot);
    while (this.#rows[row] !== 0 && this.#rows[row] !== slot) row = (row + 4) & (4 * this.#mask);
    return row;
  }

  #home(slot: number): number {
    return 4 * ((Math.imul(slot, 0x9e3779b1) >>> 8) & this.#mask);
  }

  /** Moves up whoever would no longer be found past the gap (Knuth 6.4, algorithm R). */
  #delete(row: number): void {
    this.#size -= 1;
    const ring = 4 * this.#mask;
    let gap = row;
    this.#rows.fill(0, gap, gap + 4);
    for (let next = (gap + 4) & ring; this.#rows[next] !== 0; next = (next + 4) & ring) {
      const home = this.#home(this.#rows[next] as number);
      if (((next - home) & ring) < ((next - gap) & ring)) continue;
      this.#rows.copyWithin(gap, next, next + 4);
      this.#rows.fill(0, next, next + 4);
      gap = next;
    }
  }

  #grow(): void {
    const old = this.#rows;
    this.#rows = new Uint32Array(old.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let row = 0; row < old.length; row += 4) {
      if (old[row] === 0) continue;
      this.#rows.set(old.subarray(row, row + 4), this.#rowOf(old[row] as number));
    }
  }
}

const COUNT = 1;
const POSITION = 2;
const UNIT = 3;
