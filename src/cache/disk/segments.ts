import type { Bytes, Ms } from '../../base/units.ts';

/**
 * The table of segments: what all threads must agree on about the disk tier, in shared memory. No lock: a row changes
 * hands by one compare-and-exchange of its state, and how much is used is the sum over all rows, so a worker may die
 * at any point and leaves nothing behind that `abandon` does not find.
 *
 * All cells are 32 bits:
 *
 *     0                                                          HEADER    + ROW × rows
 *     +--------+-------+-----------+--------------+--------------+-----------------------+
 *     | newest | limit | evictions | paused until | segment size | state | number | size |
 *     +--------+-------+-----------+--------------+--------------+-----------------------+
 *                                                                  one row a segment
 *
 * `newest` is the last number that was given; sizes and the limit are counted in pages of 4 KiB; `paused until` in
 * seconds since 1970, 0 while all is well. A state has the worker who holds the row in its upper bits. A segment that is
 * written counts with all that it may become, so that workers who append never have to agree on who gets the last page.
 *
 *     free ──claim──▸ claimed ──open──▸ open ──seal──▸ sealed ──evict──▸ evicted ──free──▸ free
 *                        └────────────────free──────────────────────────────────────────────┘
 */
const PAGE: Bytes = 4096;

const HEADER = 8;
const NEWEST = 0;
const LIMIT = 1;
const EVICTIONS = 2;
const PAUSED_UNTIL = 3;
const SEGMENT_SIZE = 4;

const ROW = 3;
const STATE = 0;
const NUMBER = 1;
const SIZE = 2;

const FREE = 0;
const CLAIMED = 1;
const OPEN = 2;
const SEALED = 3;
const EVICTED = 4;
const STATE_MASK = 0xff;

/** Who is no worker: control. */
export const CONTROL = 0xffff;

/** A row of the table, and the number of the segment that has it. */
export interface SegmentRow {
  readonly row: number;
  readonly number: number;
}

export class Segments {
  /** As `allocate` made it, for other threads. */
  readonly memory: SharedArrayBuffer;
  readonly #cells: Uint32Array;
  readonly #rows: number;

  /** Memory for this many segments; when all rows are taken, the oldest segment goes, whatever its size. */
  static allocate(maxSegments = 4096): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * (HEADER + ROW * maxSegments));
  }

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#cells = new Uint32Array(memory);
    this.#rows = (this.#cells.length - HEADER) / ROW;
  }

  get maxSegments(): number {
    return this.#rows;
  }

  /** What all segments and their indexes may take together. */
  get limit(): Bytes {
    return Atomics.load(this.#cells, LIMIT) * PAGE;
  }

  /** What a segment may become, with its index; one record that is larger has a segment to itself. */
  get segmentSize(): Bytes {
    return Atomics.load(this.#cells, SEGMENT_SIZE) * PAGE;
  }

  /** For segments that are begun from now on. */
  setLimit(limit: Bytes, segmentSize: Bytes): void {
    Atomics.store(this.#cells, LIMIT, Math.floor(limit / PAGE));
    Atomics.store(this.#cells, SEGMENT_SIZE, Math.floor(segmentSize / PAGE));
  }

  /** What they take, with what is kept for those that are being written. */
  get used(): Bytes {
    let pages = 0;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#state(row) !== FREE) pages += Atomics.load(this.#cells, this.#cell(row, SIZE));
    }
    return pages * PAGE;
  }

  /** How many there are, and how many were evicted since the start. */
  get count(): number {
    let count = 0;
    for (let row = 0; row < this.#rows; row++) if (isLive(this.#state(row))) count++;
    return count;
  }

  get evictions(): number {
    return Atomics.load(this.#cells, EVICTIONS);
  }

  /** Whether records of it can be read: a look at one row as a rule, at all of them for one that is gone. */
  isLive(number: number): boolean {
    const row = this.#find(number);
    return row !== undefined && isLive(this.#state(row));
  }

  /** Control, before any worker: numbers go on above this one. */
  startAfter(number: number): void {
    Atomics.store(this.#cells, NEWEST, number);
  }

  /** Control, before any worker: a segment that was found. `false` when the table is full. */
  adopt(number: number, size: Bytes): boolean {
    const row = this.#claimRow(CONTROL, number, size);
    if (row === undefined) return false;
    this.seal(row, size);
    return true;
  }

  /**
   * Takes a row for a segment that is to be, with a number above all that were given. The size counts at once.
   * `undefined` when the table is full.
   */
  claim(owner: number, size: Bytes): SegmentRow | undefined {
    const number = Atomics.add(this.#cells, NEWEST, 1) + 1;
    const row = this.#claimRow(owner, number, size);
    return row === undefined ? undefined : { row, number };
  }

  /** From here on its records can be read. */
  open(row: number): void {
    const state = Atomics.load(this.#cells, this.#cell(row, STATE));
    Atomics.store(this.#cells, this.#cell(row, STATE), (state & ~STATE_MASK) | OPEN);
  }

  /** Nobody appends to it any more: it can be evicted. */
  seal(row: number, size: Bytes): void {
    Atomics.store(this.#cells, this.#cell(row, SIZE), Math.ceil(size / PAGE));
    Atomics.store(this.#cells, this.#cell(row, STATE), SEALED);
  }

  /** Takes the oldest sealed segment out, for the caller to remove its files and then to `free` it. */
  evictOldest(owner: number): SegmentRow | undefined {
    for (;;) {
      const row = this.#oldestSealed();
      if (row === undefined) return undefined;
      const number = Atomics.load(this.#cells, this.#cell(row, NUMBER));
      if (!this.#change(row, SEALED, EVICTED | (owner << 8))) continue; // another thread was quicker
      Atomics.add(this.#cells, EVICTIONS, 1);
      return { row, number };
    }
  }

  free(row: number): void {
    Atomics.store(this.#cells, this.#cell(row, NUMBER), 0);
    Atomics.store(this.#cells, this.#cell(row, SIZE), 0);
    Atomics.store(this.#cells, this.#cell(row, STATE), FREE);
  }

  /**
   * What a worker left behind when it died. Its open segment is sealed, with all of the size that was kept for it; what
   * it was about to begin or to remove is returned, for the caller to remove it.
   */
  abandon(owner: number): SegmentRow[] {
    const unfinished: SegmentRow[] = [];
    for (let row = 0; row < this.#rows; row++) {
      const state = Atomics.load(this.#cells, this.#cell(row, STATE));
      if (state >>> 8 !== owner) continue;
      const kind = state & STATE_MASK;
      const number = Atomics.load(this.#cells, this.#cell(row, NUMBER));
      if (kind === OPEN) Atomics.store(this.#cells, this.#cell(row, STATE), SEALED);
      else if (kind === CLAIMED || kind === EVICTED) unfinished.push({ row, number });
    }
    return unfinished;
  }

  /** Epoch milliseconds until which nothing is written; 0 when all is well. */
  get pausedUntil(): Ms {
    return Atomics.load(this.#cells, PAUSED_UNTIL) * 1000;
  }

  /** Sets it, and tells what it was before. */
  pauseUntil(time: Ms): Ms {
    return Atomics.exchange(this.#cells, PAUSED_UNTIL, Math.ceil(time / 1000)) * 1000;
  }

  #oldestSealed(): number | undefined {
    let oldest: number | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let row = 0; row < this.#rows; row++) {
      if (this.#state(row) !== SEALED) continue;
      const number = Atomics.load(this.#cells, this.#cell(row, NUMBER));
      if (number >= least) continue;
      oldest = row;
      least = number;
    }
    return oldest;
  }

  /** The first free row from where the number's own would be, so that `#find` looks there first. */
  #claimRow(owner: number, number: number, size: Bytes): number | undefined {
    for (let i = 0; i < this.#rows; i++) {
      const row = (number + i) % this.#rows;
      if (!this.#change(row, FREE, CLAIMED | (owner << 8))) continue;
      Atomics.store(this.#cells, this.#cell(row, NUMBER), number);
      Atomics.store(this.#cells, this.#cell(row, SIZE), Math.ceil(size / PAGE));
      return row;
    }
    return undefined;
  }

  #find(number: number): number | undefined {
    for (let i = 0; i < this.#rows; i++) {
      const row = (number + i) % this.#rows;
      if (Atomics.load(this.#cells, this.#cell(row, NUMBER)) === number) return row;
    }
    return undefined;
  }

  #state(row: number): number {
    return Atomics.load(this.#cells, this.#cell(row, STATE)) & STATE_MASK;
  }

  #change(row: number, from: number, to: number): boolean {
    const cell = this.#cell(row, STATE);
    const current = Atomics.load(this.#cells, cell);
    return (current & STATE_MASK) === from && Atomics.compareExchange(this.#cells, cell, current, to) === current;
  }

  #cell(row: number, field: number): number {
    return HEADER + row * ROW + field;
  }
}

function isLive(state: number): boolean {
  return state === OPEN || state === SEALED;
}
