import { pagesOfIds, pagesOfWords } from './pages.ts';
import type { Ranges } from './ranges.ts';

/** Ranges in memory that threads share, with a first level that leads near the range of an address. */
export interface IndexedRanges {
  readonly starts: Uint32Array;
  readonly ids: Uint16Array;
  /**
   * By bucket, the range that its first address lies in; one more at the end. Buckets divide the first 32 bits of an address: all
   * of them for IPv4, 2000::/3 for IPv6, which is where clients are.
   */
  readonly index: Uint32Array;
  /** Bits of a bucket's width. */
  readonly shift: number;
}

/** The first 32 bits of what the buckets of IPv6 divide, 2000::/3. */
export const IPV6_INDEX_BASE = 0x2000_0000;

/** Buckets, at most 2^16 and 2^17, are about as many as ranges; so a small map takes little. */
export function indexed({ width, starts, ids }: Ranges): IndexedRanges {
  const [base, span, mostBits] = width === 1 ? [0, 32, 16] : [IPV6_INDEX_BASE, 29, 17];
  const bits = Math.min(mostBits, Math.max(4, Math.ceil(Math.log2(ids.length))));
  const shift = span - bits;
  const index = pagesOfWords(2 ** bits + 1);
  let range = 0;
  for (let bucket = 0; bucket < 2 ** bits; bucket++) {
    const first = base + bucket * 2 ** shift;
    while (range + 1 < ids.length && startsBy(starts, width, range + 1, first)) range++;
    index[bucket] = range;
  }
  // The last bucket's end: for IPv6 the ranges go on beyond it.
  while (range + 1 < ids.length && startsBy(starts, width, range + 1, base + 2 ** span)) range++;
  index[2 ** bits] = range;
  const exact = { starts: pagesOfWords(starts.length), ids: pagesOfIds(ids.length) };
  exact.starts.set(starts);
  exact.ids.set(ids);
  return { ...exact, index, shift };
}

/** Whether a range begins at an address or before it, of which `word` is the first word and the rest are zeros. */
function startsBy(starts: Uint32Array, width: number, range: number, word: number): boolean {
  const at = range * width;
  const first = starts[at] as number;
  if (first !== word || width === 1) return first <= word;
  return starts[at + 1] === 0 && starts[at + 2] === 0 && starts[at + 3] === 0;
}
