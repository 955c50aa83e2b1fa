/**
 * Pages of one size that are split into 32 parts, some of which are free. Each such page stands in one of four lists, by how many of its
 * parts are: 1 to 8, to 16, to 24, to 31. Finding one, taking and giving a part cost the same however many there are.
 *
 *     head   0..3 lists   4 parts free in all
 *     rows   +------+-------+----------+------+
 *            | free | count | previous | next |    one row a page; free: a bit for each part
 *            +------+-------+----------+------+    links name cells, 0: none
 */
export class SplitPages {
  readonly #cells: Int32Array;
  readonly #head: number;
  readonly #rows: number;

  /** `head`, `rows`: the cells where they begin. Memory that is all zeros is right for no page being split. */
  constructor(cells: Int32Array, head: number, rows: number) {
    this.#cells = cells;
    this.#head = head;
    this.#rows = rows;
  }

  /** Parts that are free, over all pages that are split. */
  get free(): number {
    return this.#get(this.#head + PARTS);
  }

  /**
   * A page with a free part: `near`, if it is one; else, for who has many to take, one of the emptiest, since there they lie side by side;
   * else one of the fullest, so that emptier ones become whole. -1: there is none.
   */
  find(near: number, many: boolean): number {
    if (near >= 0 && this.#get(this.#rowOf(near)) !== 0) return near;
    for (let i = 0; i < LISTS; i++) {
      const row = this.#get(this.#head + (many ? LISTS - 1 - i : i));
      if (row !== 0) return (row - this.#rows) / ROW;
    }
    return -1;
  }

  /** Splits a page that was whole; its first `kept` parts, 0 to 32, are in use. */
  split(page: number, kept: number): void {
    this.#add(this.#head + PARTS, PARTS_OF_PAGE - kept);
    this.#change(page, kept === PARTS_OF_PAGE ? 0 : -1 << kept, PARTS_OF_PAGE - kept);
  }

  /** Takes the lowest part of `page` that is free: what is taken together lies together. */
  take(page: number): number {
    const row = this.#rowOf(page);
    const free = this.#get(row);
    const lowest = free & -free;
    this.#add(this.#head + PARTS, -1);
    this.#change(page, free ^ lowest, this.#get(row + COUNT) - 1);
    return 31 - Math.clz32(lowest);
  }

  /** Whether the page has become whole by it, and is no longer split. */
  give(page: number, part: number): boolean {
    const row = this.#rowOf(page);
    const free = this.#get(row) | (1 << part);
    const isWhole = free === -1;
    this.#add(this.#head + PARTS, isWhole ? 1 - PARTS_OF_PAGE : 1);
    this.#change(page, isWhole ? 0 : free, isWhole ? 0 : this.#get(row + COUNT) + 1);
    return isWhole;
  }

  /** Tells each part that is free, counted over all pages. Throws an `Error` when a list or a count is wrong. */
  visitFree(see: (part: number) => void): void {
    let found = 0;
    const visitPage = (row: number): void => {
      const free = this.#get(row);
      for (let part = 0; part < PARTS_OF_PAGE; part++) {
        if (((free >>> part) & 1) === 0) continue;
        found += 1;
        see(((row - this.#rows) / ROW) * PARTS_OF_PAGE + part);
      }
    };
    for (let list = 0; list < LISTS; list++) {
      for (let row = this.#get(this.#head + list); row !== 0; row = this.#get(row + NEXT)) {
        if (listOf(this.#get(row + COUNT)) !== list) throw new Error('a page is in a list of others');
        visitPage(row);
      }
    }
    if (found !== this.free) throw new Error(`${found} parts are free, ${this.free} counted`);
  }

  /** Sees to that the page is in the list for as many free parts as it has now. */
  #change(page: number, free: number, count: number): void {
    const row = this.#rowOf(page);
    const list = listOf(count);
    const before = listOf(this.#get(row + COUNT));
    this.#cells[row] = free;
    this.#cells[row + COUNT] = count;
    if (list === before) return;
    if (before !== -1) this.#leave(this.#head + before, row);
    if (list !== -1) this.#join(this.#head + list, row);
  }

  #join(list: number, row: number): void {
    const next = this.#get(list);
    this.#cells[row + PREVIOUS] = 0;
    this.#cells[row + NEXT] = next;
    if (next !== 0) this.#cells[next + PREVIOUS] = row;
    this.#cells[list] = row;
  }

  #leave(list: number, row: number): void {
    const previous = this.#get(row + PREVIOUS);
    const next = this.#get(row + NEXT);
    if (previous === 0) this.#cells[list] = next;
    else this.#cells[previous + NEXT] = next;
    if (next !== 0) this.#cells[next + PREVIOUS] = previous;
  }

  #rowOf(page: number): number {
    return this.#rows + page * ROW;
  }

  #get(cell: number): number {
    return this.#cells[cell] as number;
  }

  #add(cell: number, value: number): void {
    this.#cells[cell] = (this.#cells[cell] as number) + value;
  }
}

export const PARTS_OF_PAGE = 32;

/** Cells of the head, and of the row of one page. */
export const SPLIT_HEAD = 8;
export const SPLIT_ROW = 4;

const ROW = SPLIT_ROW;
const COUNT = 1;
const PREVIOUS = 2;
const NEXT = 3;

const LISTS = 4;
const PARTS = 4;

/** -1: in none. */
function listOf(free: number): number {
  return ((free + 7) >> 3) - 1;
}
