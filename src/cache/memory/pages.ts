/**
 * The body arena: pages of three sizes, each of which splits into 32 of the next smaller. A page is named by its first unit
 * (the smallest page), so that whether a page is split changes no addresses. All of it is used with the lock held.
 *
 *     large 256 KiB ▸ 32 × medium 8 KiB ▸ 32 × small 256 B = 1 unit
 *     unit = large << 10 | medium << 5 | small
 *
 * A page that is split has a word of 32 bits, one for each part that is free, and stands in a list of its size as long as
 * one is. Freeing the last part makes it whole, and a part of the next larger one: pages merge with no search. Of n units
 * free, any n can be had, as small ones if need be; so nothing is ever lost to fragmentation but the length of the pieces.
 *
 * Cells, all of them links 1 higher than what they name, so that memory which was never touched is right as it is:
 *
 *     0        HEADER         + 3 × larges              + 3 × mediums
 *     +--------+--------------+-------------------------+
 *     | header | free|prev|next| of each large           | free|prev|next of each medium …
 *     +--------+--------------+-------------------------+
 */
export class Pages {
  readonly #cells: Int32Array;
  readonly #larges: number;
  readonly #mediumsAt: number;

  /** As much arena as fits into `bytes` together with its own bookkeeping, but at least one large page. */
  static allocate(bytes: number): PagesMemory {
    const bookkeeping = 4 * (ROW * (1 + 32) + UNITS_IN_LARGE);
    const larges = Math.max(1, Math.floor(bytes / (LARGE_BYTES + bookkeeping)));
    if (larges > MAX_LARGES)
      throw new RangeError(`more than ${(MAX_LARGES * LARGE_BYTES) / 2 ** 30} GiB of cache memory`);
    const chunks: SharedArrayBuffer[] = [];
    for (let left = larges; left > 0; left -= LARGES_IN_CHUNK) {
      chunks.push(new SharedArrayBuffer(Math.min(left, LARGES_IN_CHUNK) * LARGE_BYTES));
    }
    return {
      larges,
      chunks,
      cells: new SharedArrayBuffer(4 * (HEADER + ROW * larges * (1 + 32))),
      links: new SharedArrayBuffer(4 * UNITS_IN_LARGE * larges),
    };
  }

  constructor(memory: PagesMemory) {
    this.#cells = new Int32Array(memory.cells);
    this.#larges = memory.larges;
    this.#mediumsAt = HEADER + ROW * memory.larges;
  }

  /** Units in all. */
  get total(): number {
    return this.#larges * UNITS_IN_LARGE;
  }

  /** Units that can be had. */
  get free(): number {
    return this.total - this.#get(USED);
  }

  /** Pages of each size that are whole. */
  get whole(): { readonly large: number; readonly medium: number; readonly small: number } {
    return { large: this.#wholeLarges, medium: this.#get(MEDIUMS_FREE), small: this.#get(SMALLS_FREE) };
  }

  /** The largest size of which a page of at most `units` is whole. Splits a larger one only when no smaller will do. */
  sizeFor(units: number): PageSize {
    if (units >= UNITS_IN_LARGE && this.#wholeLarges > 0) return LARGE;
    if (units >= UNITS_IN_MEDIUM && (this.#get(MEDIUMS_FREE) > 0 || this.#wholeLarges > 0)) return MEDIUM;
    return SMALL;
  }

  /** The first unit of a page. `sizeFor` has said, under the same lock, that there is one. */
  take(size: PageSize): number {
    this.#add(USED, UNITS_IN[size]);
    if (size === LARGE) return this.#takeLarge() * UNITS_IN_LARGE;
    if (size === MEDIUM) return this.#takeMedium() * UNITS_IN_MEDIUM;
    return this.#takeSmall();
  }

  give(unit: number, size: PageSize): void {
    this.#add(USED, -UNITS_IN[size]);
    if (size === LARGE) this.#giveLarge(unit >>> 10);
    else if (size === MEDIUM) this.#giveMedium(unit >>> 5);
    else this.#giveSmall(unit);
  }

  /** Splits a page that is in use, so that its first `kept` units stay in use as smaller pages, and frees the others. */
  split(unit: number, size: PageSize, kept: number): void {
    this.#add(USED, kept - UNITS_IN[size]);
    const mediums = kept >>> 5;
    const smalls = kept & 31;
    if (size === LARGE) {
      const inUse = mediums + (smalls === 0 ? 0 : 1);
      this.#add(MEDIUMS_FREE, 32 - inUse);
      this.#setFree(MEDIUM_PARTS, HEADER + ROW * (unit >>> 10), inUse === 32 ? 0 : -1 << inUse);
    }
    if (smalls === 0) return;
    this.#add(SMALLS_FREE, 32 - smalls);
    this.#setFree(SMALL_PARTS, this.#mediumsAt + ROW * ((unit >>> 5) + mediums), -1 << smalls);
  }

  /** Throws unless the bookkeeping says of each unit what `inUse` says. */
  check(inUse: (unit: number) => boolean): void {
    let used = 0;
    const marks = new Uint8Array(this.total);
    this.#markFree((first, count) => {
      for (let unit = first; unit < first + count; unit++) {
        if (marks[unit] !== 0) throw new Error(`unit ${unit} is free twice`);
        marks[unit] = 1;
      }
    });
    for (let unit = 0; unit < this.total; unit++) {
      if (marks[unit] === 0) used += 1;
      if ((marks[unit] === 1) === inUse(unit))
        throw new Error(`unit ${unit} is ${inUse(unit) ? 'free and used' : 'leaked'}`);
    }
    if (used !== this.#get(USED)) throw new Error(`${used} units are used, ${this.#get(USED)} counted`);
  }

  #markFree(mark: (unit: number, count: number) => void): void {
    const fresh = this.#get(LARGES_TOUCHED);
    mark(fresh * UNITS_IN_LARGE, (this.#larges - fresh) * UNITS_IN_LARGE);
    for (let row = this.#get(LARGES_LIST); row !== 0; row = this.#get(row + NEXT)) {
      mark(((row - HEADER) / ROW) * UNITS_IN_LARGE, UNITS_IN_LARGE);
    }
    const lists = [
      { list: MEDIUM_PARTS, rows: HEADER, part: UNITS_IN_MEDIUM, count: this.#get(MEDIUMS_FREE) },
      { list: SMALL_PARTS, rows: this.#mediumsAt, part: 1, count: this.#get(SMALLS_FREE) },
    ];
    for (const { list, rows, part, count } of lists) {
      let found = 0;
      for (let row = this.#get(list); row !== 0; row = this.#get(row + NEXT)) {
        const free = this.#get(row + FREE);
        for (let bit = 0; bit < 32; bit++) {
          if (((free >>> bit) & 1) === 0) continue;
          found += 1;
          mark((((row - rows) / ROW) * 32 + bit) * part, part);
        }
      }
      if (found !== count) throw new Error(`${found} parts of ${part} units are free, ${count} counted`);
    }
  }

  get #wholeLarges(): number {
    return this.#get(LARGES_FREED) + this.#larges - this.#get(LARGES_TOUCHED);
  }

  /** One that was used before rather than one that never was: what is not touched costs no memory. */
  #takeLarge(): number {
    const row = this.#get(LARGES_LIST);
    if (row === 0) {
      this.#add(LARGES_TOUCHED, 1);
      return this.#get(LARGES_TOUCHED) - 1;
    }
    this.#set(LARGES_LIST, this.#get(row + NEXT));
    this.#add(LARGES_FREED, -1);
    return (row - HEADER) / ROW;
  }

  #giveLarge(large: number): void {
    const row = HEADER + ROW * large;
    this.#set(row + NEXT, this.#get(LARGES_LIST));
    this.#set(LARGES_LIST, row);
    this.#add(LARGES_FREED, 1);
  }

  #takeMedium(): number {
    let row = this.#get(MEDIUM_PARTS);
    if (row === 0) {
      row = HEADER + ROW * this.#takeLarge();
      this.#add(MEDIUMS_FREE, 32);
      this.#setFree(MEDIUM_PARTS, row, -1);
    }
    this.#add(MEDIUMS_FREE, -1);
    return ((row - HEADER) / ROW) * 32 + this.#takePart(MEDIUM_PARTS, row);
  }

  #giveMedium(medium: number): void {
    const row = HEADER + ROW * (medium >>> 5);
    this.#add(MEDIUMS_FREE, 1);
    if (!this.#givePart(MEDIUM_PARTS, row, medium & 31)) return;
    this.#add(MEDIUMS_FREE, -32);
    this.#giveLarge(medium >>> 5);
  }

  #takeSmall(): number {
    let row = this.#get(SMALL_PARTS);
    if (row === 0) {
      row = this.#mediumsAt + ROW * this.#takeMedium();
      this.#add(SMALLS_FREE, 32);
      this.#setFree(SMALL_PARTS, row, -1);
    }
    this.#add(SMALLS_FREE, -1);
    return ((row - this.#mediumsAt) / ROW) * 32 + this.#takePart(SMALL_PARTS, row);
  }

  #giveSmall(unit: number): void {
    const medium = unit >>> 5;
    this.#add(SMALLS_FREE, 1);
    if (!this.#givePart(SMALL_PARTS, this.#mediumsAt + ROW * medium, unit & 31)) return;
    this.#add(SMALLS_FREE, -32);
    this.#giveMedium(medium);
  }

  /** The lowest free one: parts that are taken together lie together. */
  #takePart(list: number, row: number): number {
    const free = this.#get(row + FREE);
    const lowest = free & -free;
    this.#set(row + FREE, free ^ lowest);
    if (free === lowest) this.#leave(list, row);
    return 31 - Math.clz32(lowest);
  }

  /** Whether the page has become whole by it. */
  #givePart(list: number, row: number, part: number): boolean {
    const before = this.#get(row + FREE);
    const free = before | (1 << part);
    if (free === -1) {
      this.#set(row + FREE, 0);
      this.#leave(list, row);
      return true;
    }
    if (before === 0) this.#setFree(list, row, free);
    else this.#set(row + FREE, free);
    return false;
  }

  /** Of a page that is in no list. The fullest pages come first: they are filled up, and emptier ones have time to merge. */
  #setFree(list: number, row: number, free: number): void {
    this.#set(row + FREE, free);
    if (free === 0) return;
    const next = this.#get(list);
    this.#set(row + PREVIOUS, 0);
    this.#set(row + NEXT, next);
    if (next !== 0) this.#set(next + PREVIOUS, row);
    this.#set(list, row);
  }

  #leave(list: number, row: number): void {
    const previous = this.#get(row + PREVIOUS);
    const next = this.#get(row + NEXT);
    if (previous === 0) this.#set(list, next);
    else this.#set(previous + NEXT, next);
    if (next !== 0) this.#set(next + PREVIOUS, previous);
  }

  #get(cell: number): number {
    return this.#cells[cell] as number;
  }

  #set(cell: number, value: number): void {
    this.#cells[cell] = value;
  }

  #add(cell: number, value: number): void {
    this.#cells[cell] = (this.#cells[cell] as number) + value;
  }
}

export interface PagesMemory {
  readonly larges: number;
  /** The pages themselves, 256 MiB in each but the last. */
  readonly chunks: readonly SharedArrayBuffer[];
  readonly cells: SharedArrayBuffer;
  /** One cell a unit, for the chains. */
  readonly links: SharedArrayBuffer;
}

export const SMALL = 1;
export const MEDIUM = 2;
export const LARGE = 3;
export type PageSize = typeof SMALL | typeof MEDIUM | typeof LARGE;

export const UNIT_BYTES = 256;
const UNITS_IN_MEDIUM = 32;
const UNITS_IN_LARGE = 1024;
const LARGE_BYTES = UNITS_IN_LARGE * UNIT_BYTES;

/** By `PageSize`. */
export const UNITS_IN = [0, 1, UNITS_IN_MEDIUM, UNITS_IN_LARGE] as const;

/** As a shift: the chunk of a unit is `unit >> UNITS_IN_CHUNK_BITS`. */
export const UNITS_IN_CHUNK_BITS = 20;
const LARGES_IN_CHUNK = 2 ** UNITS_IN_CHUNK_BITS / UNITS_IN_LARGE;

/** A link to a unit has 29 bits. */
const MAX_LARGES = 2 ** 29 / UNITS_IN_LARGE - 1;

const ROW = 3;
const FREE = 0;
const PREVIOUS = 1;
const NEXT = 2;

const USED = 0;
/** Large pages ever handed out: those beyond it have never been touched. */
const LARGES_TOUCHED = 1;
const LARGES_FREED = 2;
const LARGES_LIST = 3;
const MEDIUM_PARTS = 4;
const MEDIUMS_FREE = 5;
const SMALL_PARTS = 6;
const SMALLS_FREE = 7;
const HEADER = 16;
