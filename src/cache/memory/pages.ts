import { PARTS_OF_PAGE, SPLIT_HEAD, SPLIT_ROW, SplitPages } from './split-pages.ts';

/**
 * The body arena: pages of three sizes, each of which splits into 32 of the next smaller. A page is named by its first unit
 * (the smallest page), so that whether a page is split changes no addresses. All of it is used with the lock held.
 *
 *     large 256 KiB ▸ 32 × medium 8 KiB ▸ 32 × small 256 B = 1 unit
 *     unit = large << 10 | medium << 5 | small
 *
 * Freeing the last part of a page makes it whole, and a part of the next larger one: pages merge with no search. Of n units
 * free, any n can be had, as small ones if need be; so nothing is ever lost to fragmentation but the length of the pieces.
 *
 *     0        16           24          32                +1 × larges      +4 × larges        +4 × mediums
 *     +--------+------------+-----------+-----------------+----------------+------------------+
 *     | counts | mediums in | smalls in | next large page | of split large | of split medium  |
 *     |        | large ones | medium …  | that is free    | pages          | pages            |
 *     +--------+------------+-----------+-----------------+----------------+------------------+
 *                heads of SplitPages      1 higher          rows of SplitPages
 */
export class Pages {
  readonly #cells: Int32Array;
  readonly #larges: number;
  readonly #mediums: SplitPages;
  readonly #smalls: SplitPages;

  /** As much arena as fits into `bytes` together with its own bookkeeping, but at least one large page. */
  static allocate(bytes: number): PagesMemory {
    const bookkeeping = 4 * (CELLS_OF_LARGE + UNITS_IN_LARGE);
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
      cells: new SharedArrayBuffer(4 * (HEADER + CELLS_OF_LARGE * larges)),
      links: new SharedArrayBuffer(4 * UNITS_IN_LARGE * larges),
    };
  }

  constructor(memory: PagesMemory) {
    this.#cells = new Int32Array(memory.cells);
    this.#larges = memory.larges;
    const largeRows = HEADER + memory.larges;
    const mediumRows = largeRows + SPLIT_ROW * memory.larges;
    this.#mediums = new SplitPages(this.#cells, COUNTS, largeRows);
    this.#smalls = new SplitPages(this.#cells, COUNTS + SPLIT_HEAD, mediumRows);
  }

  /** Units in all. */
  get total(): number {
    return this.#larges * UNITS_IN_LARGE;
  }

  /** Units that can be had. */
  get free(): number {
    return this.total - this.#get(USED);
  }

  /** Pages of each size that are whole, and are not part of a larger one that is. */
  get whole(): { readonly large: number; readonly medium: number; readonly small: number } {
    return { large: this.#wholeLarges, medium: this.#mediums.free, small: this.#smalls.free };
  }

  /** The largest size of which a page of at most `units` is whole. Splits a larger one only when no smaller will do. */
  sizeFor(units: number): PageSize {
    if (units >= UNITS_IN_LARGE && this.#wholeLarges > 0) return LARGE;
    if (units >= UNITS_IN_MEDIUM && (this.#mediums.free > 0 || this.#wholeLarges > 0)) return MEDIUM;
    return SMALL;
  }

  /** Whether `units` can be had in pages as large as suits a body of which `wanted` are known to come. */
  suits(units: number, wanted: number): boolean {
    const inLarges = this.#wholeLarges * UNITS_IN_LARGE;
    if (wanted >= UNITS_IN_LARGE && inLarges < Math.max(units, UNITS_IN_LARGE)) return false;
    const inMediums = inLarges + this.#mediums.free * UNITS_IN_MEDIUM;
    return wanted < UNITS_IN_MEDIUM || inMediums >= Math.max(units, UNITS_IN_MEDIUM);
  }

  /**
   * The first unit of a page. `sizeFor` has said, under the same lock, that there is one. If it can it comes from the larger page that
   * the unit `near` is in; -1: no matter. `many`: there are many more of this size to take.
   */
  take(size: PageSize, near = -1, many = false): number {
    this.#add(USED, UNITS_IN[size]);
    if (size === LARGE) return this.#takeLarge() * UNITS_IN_LARGE;
    if (size === MEDIUM) return this.#takeMedium(near >> 10, many) * UNITS_IN_MEDIUM;
    return this.#takeSmall(near >> 5, many);
  }

  give(unit: number, size: PageSize): void {
    this.#add(USED, -UNITS_IN[size]);
    if (size === LARGE) this.#giveLarge(unit >>> 10);
    else if (size === MEDIUM) this.#giveMedium(unit >>> 5);
    else if (this.#smalls.give(unit >>> 5, unit & 31)) this.#giveMedium(unit >>> 5);
  }

  /** Splits a page that is in use, so that its first `kept` units stay in use as smaller pages, and frees the others. */
  split(unit: number, size: PageSize, kept: number): void {
    this.#add(USED, kept - UNITS_IN[size]);
    const mediums = kept >>> 5;
    const smalls = kept & 31;
    if (size === LARGE) this.#mediums.split(unit >>> 10, smalls === 0 ? mediums : mediums + 1);
    if (smalls !== 0) this.#smalls.split((unit >>> 5) + mediums, smalls);
  }

  /** Throws unless the bookkeeping says of each unit what `isUsed` says. */
  check(isUsed: (unit: number) => boolean): void {
    const free = new Uint8Array(this.total);
    const mark = (first: number, count: number): void => {
      for (let unit = first; unit < first + count; unit++) {
        if (free[unit] === 1) throw new Error(`unit ${unit} is free twice`);
        free[unit] = 1;
      }
    };
    const touched = this.#get(LARGES_TOUCHED);
    mark(touched * UNITS_IN_LARGE, (this.#larges - touched) * UNITS_IN_LARGE);
    for (let large = this.#get(LARGES_LIST); large !== 0; large = this.#get(HEADER + large - 1)) {
      mark((large - 1) * UNITS_IN_LARGE, UNITS_IN_LARGE);
    }
    this.#mediums.visitFree((medium) => mark(medium * UNITS_IN_MEDIUM, UNITS_IN_MEDIUM));
    this.#smalls.visitFree((unit) => mark(unit, 1));
    for (let unit = 0; unit < this.total; unit++) {
      const used = isUsed(unit);
      if (used === (free[unit] === 1)) throw new Error(`unit ${unit} is ${used ? 'free and used' : 'leaked'}`);
    }
    const count = free.reduce((sum, isFree) => sum - isFree, this.total);
    if (count !== this.#get(USED)) throw new Error(`${count} units are used, ${this.#get(USED)} counted`);
  }

  get #wholeLarges(): number {
    return this.#get(LARGES_FREED) + this.#larges - this.#get(LARGES_TOUCHED);
  }

  /** One that was used before rather than one that never was: what is not touched costs no memory. */
  #takeLarge(): number {
    const large = this.#get(LARGES_LIST) - 1;
    if (large === -1) {
      this.#add(LARGES_TOUCHED, 1);
      return this.#get(LARGES_TOUCHED) - 1;
    }
    this.#cells[LARGES_LIST] = this.#get(HEADER + large);
    this.#add(LARGES_FREED, -1);
    return large;
  }

  #giveLarge(large: number): void {
    this.#cells[HEADER + large] = this.#get(LARGES_LIST);
    this.#cells[LARGES_LIST] = large + 1;
    this.#add(LARGES_FREED, 1);
  }

  #takeMedium(near: number, many: boolean): number {
    let large = this.#mediums.find(near, many);
    if (large === -1) {
      large = this.#takeLarge();
      this.#mediums.split(large, 0);
    }
    return large * PARTS_OF_PAGE + this.#mediums.take(large);
  }

  #giveMedium(medium: number): void {
    if (this.#mediums.give(medium >>> 5, medium & 31)) this.#giveLarge(medium >>> 5);
  }

  #takeSmall(near: number, many: boolean): number {
    let medium = this.#smalls.find(near, many);
    if (medium === -1) {
      medium = this.#takeMedium(-1, false);
      this.#smalls.split(medium, 0);
    }
    return medium * PARTS_OF_PAGE + this.#smalls.take(medium);
  }

  #get(cell: number): number {
    return this.#cells[cell] as number;
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
const UNITS_IN_MEDIUM = PARTS_OF_PAGE;
const UNITS_IN_LARGE = UNITS_IN_MEDIUM * PARTS_OF_PAGE;
const LARGE_BYTES = UNITS_IN_LARGE * UNIT_BYTES;

/** By `PageSize`. */
export const UNITS_IN = [0, 1, UNITS_IN_MEDIUM, UNITS_IN_LARGE] as const;

/** As a shift: the chunk of a unit is `unit >> UNITS_IN_CHUNK_BITS`. */
export const UNITS_IN_CHUNK_BITS = 20;
const LARGES_IN_CHUNK = 2 ** UNITS_IN_CHUNK_BITS / UNITS_IN_LARGE;

/** A link to a unit has 29 bits. */
const MAX_LARGES = 2 ** 29 / UNITS_IN_LARGE - 1;

const USED = 0;
/** Large pages ever handed out: those beyond it have never been touched. */
const LARGES_TOUCHED = 1;
const LARGES_FREED = 2;
const LARGES_LIST = 3;
const COUNTS = 16;
const HEADER = COUNTS + 2 * SPLIT_HEAD;

/** A link, its own row, and those of the medium pages in it. */
const CELLS_OF_LARGE = 1 + SPLIT_ROW * (1 + PARTS_OF_PAGE);
