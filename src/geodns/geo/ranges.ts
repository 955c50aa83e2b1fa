import type { IPv6Words } from '../../base/address.ts';
import { firstBeyond, type Net } from './net.ts';
import { pagesOfIds, pagesOfWords } from './pages.ts';

/**
 * What holds for each address of a family: ranges that follow one another from the first address to the last, each with a number.
 * Neighbours differ. An IPv4 address is one word of `starts`, an IPv6 address four, the most significant first.
 */
export interface Ranges {
  readonly width: 1 | 4;
  readonly starts: Uint32Array;
  readonly ids: Uint16Array;
}

/** What is under it shows through. */
export const CLEAR = 0xffff;

/** Addresses that are looked up as IPv4 addresses. */
export const ELSEWHERE = 0xfffe;

/** Numbers of choices are below. */
export const MOST_IDS = ELSEWHERE;

/** Makes ranges, told of where each begins, in order. */
export class RangesBuilder {
  readonly #width: 1 | 4;
  #starts: Uint32Array;
  #ids: Uint16Array;
  #count = 0;

  /** `capacity`: how many there will be, where that is known; else it grows. */
  constructor(width: 1 | 4, capacity = 1024) {
    this.#width = width;
    this.#starts = pagesOfWords(capacity * width);
    this.#ids = pagesOfIds(capacity);
  }

  /** From here on `id` holds; IPv4 addresses are in `w3`. Said twice of the same address, the later counts. */
  push(w0: number, w1: number, w2: number, w3: number, id: number): void {
    if (this.#count > 0 && this.#beginsAt(w0, w1, w2, w3)) this.#count--;
    if (this.#count > 0 && this.#ids[this.#count - 1] === id) return;
    if (this.#count === this.#ids.length) this.#grow();

    const at = this.#count * this.#width;
    if (this.#width === 4) {
      this.#starts[at] = w0;
      this.#starts[at + 1] = w1;
      this.#starts[at + 2] = w2;
    }
    this.#starts[at + this.#width - 1] = w3;
    this.#ids[this.#count++] = id;
  }

  finish(): Ranges {
    return {
      width: this.#width,
      starts: this.#starts.subarray(0, this.#count * this.#width),
      ids: this.#ids.subarray(0, this.#count),
    };
  }

  #beginsAt(w0: number, w1: number, w2: number, w3: number): boolean {
    const starts = this.#starts;
    const at = (this.#count - 1) * this.#width;
    if (starts[at + this.#width - 1] !== w3) return false;
    return this.#width === 1 || (starts[at] === w0 && starts[at + 1] === w1 && starts[at + 2] === w2);
  }

  #grow(): void {
    const capacity = Math.ceil(1.5 * this.#ids.length);
    const starts = pagesOfWords(capacity * this.#width);
    starts.set(this.#starts.subarray(0, this.#count * this.#width));
    const ids = pagesOfIds(capacity);
    ids.set(this.#ids.subarray(0, this.#count));
    [this.#starts, this.#ids] = [starts, ids];
  }
}

/** `top` laid over `base`, of the same family. */
export function overlay(base: Ranges, top: Ranges): Ranges {
  const builder = new RangesBuilder(base.width, base.ids.length + top.ids.length);
  let b = 0;
  let t = 0;
  while (b < base.ids.length || t < top.ids.length) {
    const order = compareStarts(base, b, top, t);
    const [from, at] = order <= 0 ? [base, b * base.width] : [top, t * top.width];
    if (order <= 0) b++;
    if (order >= 0) t++;
    const shown = top.ids[t - 1] ?? CLEAR;
    const id = shown === CLEAR ? (base.ids[b - 1] as number) : shown;
    const word = (i: number) => from.starts[at + i] as number;
    if (base.width === 1) builder.push(0, 0, 0, word(0), id);
    else builder.push(word(0), word(1), word(2), word(3), id);
  }
  return builder.finish();
}

/** Nets with a number each, `CLEAR` around them. Of nested nets the inner one counts, of equal ones the first. */
export function rangesOfNets(family: 4 | 6, nets: readonly (readonly [net: Net, id: number])[]): Ranges {
  const builder = new RangesBuilder(family === 4 ? 1 : 4);
  builder.push(0, 0, 0, 0, CLEAR);
  const around: { readonly beyond: IPv6Words | undefined; readonly id: number }[] = [];
  /** Ends those that end at an address or before it; all, when there is none. */
  const leave = (address: IPv6Words | undefined) => {
    for (let inner = around.at(-1); inner !== undefined; inner = around.at(-1)) {
      if (address !== undefined && (inner.beyond === undefined || compareWords(inner.beyond, address) > 0)) return;
      around.pop();
      if (inner.beyond !== undefined) builder.push(...inner.beyond, around.at(-1)?.id ?? CLEAR);
    }
  };

  const sorted = nets
    .filter(([net]) => net.family === family)
    .sort(([a], [b]) => compareWords(a.first, b.first) || a.prefix - b.prefix);
  let previous: Net | undefined;
  for (const [net, id] of sorted) {
    if (previous?.prefix === net.prefix && compareWords(previous.first, net.first) === 0) continue;
    previous = net;
    leave(net.first);
    builder.push(...net.first, id);
    around.push({ beyond: firstBeyond(net), id });
  }
  leave(undefined);
  return builder.finish();
}

/** Of the ranges at two positions; one that is past the last comes after all. */
function compareStarts(a: Ranges, i: number, b: Ranges, j: number): number {
  if (i >= a.ids.length) return 1;
  if (j >= b.ids.length) return -1;
  for (let word = 0; word < a.width; word++) {
    const difference = (a.starts[i * a.width + word] as number) - (b.starts[j * b.width + word] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

function compareWords(a: IPv6Words, b: IPv6Words): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}
