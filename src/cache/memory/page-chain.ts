import {
  MEDIUM,
  type PageSize,
  type Pages,
  type PagesMemory,
  SMALL,
  UNIT_BYTES,
  UNITS_IN,
  UNITS_IN_CHUNK_BITS,
} from './pages.ts';

/** A chain as it stands in an entry. The links are cells of `PageChains`; 0: the chain is empty. */
export interface Chain {
  readonly first: number;
  readonly last: number;
  readonly units: number;
}

export const EMPTY_CHAIN: Chain = { first: 0, last: 0, units: 0 };

/**
 * Bytes in chained pages. Each page in use has one cell, that of its first unit, which says its size and what comes next:
 *
 *     31                               2 1    0
 *     +---------------------------------+------+
 *     | first unit of the next page + 1 | size |     0: the last
 *     +---------------------------------+------+
 *
 * Chains are made, grown and freed with the lock held; bytes are written and read without. Why that is right: pages of an
 * entry that somebody has pinned are not freed, so what a reader follows stays. It follows the chain only as far as the
 * entry's count of filled bytes, which the one writer stores (`Atomics`) after the pages were linked and the bytes copied;
 * so both are seen by whoever has loaded the count. What can change below that count is `trim` alone: it turns one page into
 * several smaller ones at the same addresses, and the store of the first one's cell is what makes that seen. Before and
 * after, the bytes below the count are found at the same place. The writer itself reads and links without `Atomics`.
 */
export class PageChains {
  readonly #pages: Pages;
  readonly #links: Int32Array;
  readonly #chunks: readonly Buffer[];

  constructor(pages: Pages, memory: PagesMemory) {
    this.#pages = pages;
    this.#links = new Int32Array(memory.links);
    this.#chunks = memory.chunks.map((chunk) => Buffer.from(chunk));
  }

  /**
   * The chain with at least `units` more; there must be so many free. `wanted` is what is known to come: pages are taken as
   * large as that allows, and all but the last are needed by `units` alone.
   */
  grow(chain: Chain, units: number, wanted: number): Chain {
    let { first, last, units: total } = chain;
    const enough = total + units;
    const end = total + Math.max(units, wanted);
    while (total < enough) {
      const size = this.#pages.sizeFor(end - total);
      const unit = this.#pages.take(size, last - 1, end - total >= MANY * UNITS_IN[size]);
      this.#links[unit] = size;
      if (first === 0) first = unit + 1;
      else this.#links[last - 1] = this.#linkOf(last - 1) | ((unit + 1) << 2);
      last = unit + 1;
      total += UNITS_IN[size];
    }
    return { first, last, units: total };
  }

  free(chain: Chain): void {
    let unit = chain.first - 1;
    while (unit >= 0) {
      const link = this.#linkOf(unit);
      this.#links[unit] = 0;
      this.#pages.give(unit, sizeIn(link));
      unit = nextIn(link);
    }
  }

  /** Gives back what the last page has beyond `length` bytes, of which at least one lies in it. */
  trim(chain: Chain, length: number): Chain {
    const unused = chain.units - Math.ceil(length / UNIT_BYTES);
    if (unused === 0) return chain;
    const unit = chain.last - 1;
    const size = sizeIn(this.#linkOf(unit));
    const kept = UNITS_IN[size] - unused;
    if (kept <= 0) throw new RangeError('more than one page is unused');
    this.#pages.split(unit, size, kept);
    return { first: chain.first, last: this.#relink(unit, kept) + 1, units: chain.units - unused };
  }

  /** Links `kept` units as medium and small pages, the first cell last. The last page. */
  #relink(unit: number, kept: number): number {
    const smalls = kept & 31;
    let next = -1;
    let last = -1;
    const put = (page: number, size: PageSize): void => {
      if (last === -1) last = page;
      Atomics.store(this.#links, page, ((next + 1) << 2) | size);
      next = page;
    };
    for (let page = unit + kept - 1; page >= unit + kept - smalls; page--) put(page, SMALL);
    for (let page = unit + kept - smalls - 32; page >= unit; page -= 32) put(page, MEDIUM);
    return last;
  }

  /** Writes at `position`, into pages that the chain has. `before` is the chain before it was grown for them. */
  write(chain: Chain, before: Chain, position: number, bytes: Uint8Array): void {
    let { unit, begin } = this.#seek(chain, before, position);
    for (let done = 0; done < bytes.length; ) {
      const skipped = position + done - begin;
      const run = unit;
      let room = 0;
      do {
        const link = this.#linkOf(unit);
        room += UNITS_IN[sizeIn(link)] * UNIT_BYTES;
        unit = nextIn(link);
      } while (room - skipped < bytes.length - done && this.#follows(run, room, unit));
      const piece = Math.min(room - skipped, bytes.length - done);
      const at = (run & UNIT_IN_CHUNK) * UNIT_BYTES + skipped;
      const chunk = this.#chunks[run >>> UNITS_IN_CHUNK_BITS] as Buffer;
      if (piece > 0) chunk.set(piece === bytes.length ? bytes : bytes.subarray(done, done + piece), at);
      done += piece;
      begin += room;
    }
  }

  /** A page from which `position` is reached in few steps, and where that page begins. */
  #seek(chain: Chain, before: Chain, position: number): { unit: number; begin: number } {
    if (before.last !== 0) {
      const unit = before.last - 1;
      const begin = (before.units - UNITS_IN[sizeIn(this.#linkOf(unit))]) * UNIT_BYTES;
      if (position >= begin) return { unit, begin };
    }
    let unit = chain.first - 1;
    for (let begin = 0; ; ) {
      const link = this.#linkOf(unit);
      const end = begin + UNITS_IN[sizeIn(link)] * UNIT_BYTES;
      if (position < end) return { unit, begin };
      begin = end;
      unit = nextIn(link);
    }
  }

  /**
   * The bytes from `from` to `to` as views, fewest where pages lie side by side. The look begins at the page `first`, which has the
   * byte `begin`; the page that the last view ends in goes to `noteEnd`.
   */
  views(first: number, begin: number, from: number, to: number, noteEnd?: NoteEnd): Buffer[] {
    const views: Buffer[] = [];
    let unit = first;
    let position = begin;
    let run = -1;
    let runBytes = 0;
    let runSkipped = 0;
    while (position < to) {
      const link = Atomics.load(this.#links, unit);
      const length = UNITS_IN[sizeIn(link)] * UNIT_BYTES;
      const end = Math.min(to, position + length);
      if (end > from) {
        const skipped = Math.max(0, from - position);
        if (run !== -1 && this.#follows(run, runSkipped + runBytes, unit)) runBytes += end - position;
        else {
          if (run !== -1) views.push(this.#bytesAt(run, runSkipped, runBytes));
          run = unit;
          runSkipped = skipped;
          runBytes = end - position - skipped;
        }
      }
      if (position + length >= to) break;
      position += length;
      unit = nextIn(link);
    }
    if (run !== -1) views.push(this.#bytesAt(run, runSkipped, runBytes));
    noteEnd?.(position, unit);
    return views;
  }

  /** Whether `unit` is where the bytes that begin in `run` end, in the same chunk. */
  #follows(run: number, bytes: number, unit: number): boolean {
    return run + bytes / UNIT_BYTES === unit && run >>> UNITS_IN_CHUNK_BITS === unit >>> UNITS_IN_CHUNK_BITS;
  }

  /** Tells each unit of a chain, and how many they are. */
  visit(chain: Chain, see: (unit: number) => void): number {
    let count = 0;
    for (let unit = chain.first - 1; unit >= 0; unit = nextIn(this.#linkOf(unit))) {
      const units = UNITS_IN[sizeIn(this.#linkOf(unit))];
      for (let i = 0; i < units; i++) see(unit + i);
      count += units;
      const isLast = nextIn(this.#linkOf(unit)) === -1;
      if (isLast !== (unit === chain.last - 1)) throw new Error('a chain ends elsewhere than it should');
    }
    return count;
  }

  #bytesAt(unit: number, skipped: number, length: number): Buffer {
    const chunk = this.#chunks[unit >>> UNITS_IN_CHUNK_BITS] as Buffer;
    const begin = (unit & UNIT_IN_CHUNK) * UNIT_BYTES + skipped;
    return chunk.subarray(begin, begin + length);
  }

  #linkOf(unit: number): number {
    return this.#links[unit] as number;
  }
}

/** Called with a page, and with what comes before it. */
export type NoteEnd = (position: number, unit: number) => void;

/** Pages of a size still to be taken, from which on it is worth that they lie side by side. */
const MANY = 8;

const UNIT_IN_CHUNK = 2 ** UNITS_IN_CHUNK_BITS - 1;

function sizeIn(link: number): PageSize {
  return (link & 3) as PageSize;
}

/** -1: none. */
function nextIn(link: number): number {
  return (link >>> 2) - 1;
}
