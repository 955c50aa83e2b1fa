import type { Policy, PolicyKind } from '../policy.ts';
import { Links, Queue } from '../queue.ts';

/**
 * W-TinyLFU (Einziger and others, 2017) as Caffeine has it: a window of a hundredth for what comes for the first time; whoever leaves it has to
 * be asked for more often than the one whose place it would take in the main part, a segmented LRU.
 */
export const tinyLfu: PolicyKind = { name: 'W-TinyLFU', create: (capacity, sizes) => new TinyLfu(capacity, sizes) };

const WINDOW_SHARE = 0.01;
const PROTECTED_SHARE = 0.8;

const OUT = 0;
const WINDOW = 1;
const PROBATION = 2;
const PROTECTED = 3;

class TinyLfu implements Policy {
  readonly #sizes: Int32Array;
  readonly #windowBytes: number;
  readonly #mainBytes: number;
  readonly #place: Uint8Array;
  readonly #window: Queue;
  readonly #probation: Queue;
  readonly #protected: Queue;
  readonly #sketch: Sketch;

  constructor(capacity: number, sizes: Int32Array) {
    this.#sizes = sizes;
    this.#windowBytes = capacity * WINDOW_SHARE;
    this.#mainBytes = capacity - this.#windowBytes;
    this.#place = new Uint8Array(sizes.length);
    const links = new Links(sizes);
    this.#window = new Queue(links);
    this.#probation = new Queue(links);
    this.#protected = new Queue(links);
    const average = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
    this.#sketch = new Sketch(capacity / average);
  }

  request(object: number): boolean {
    this.#sketch.count(object);
    switch (this.#place[object]) {
      case WINDOW:
        this.#window.take(object);
        this.#window.push(object);
        return true;
      case PROBATION:
        this.#probation.take(object);
        this.#protect(object);
        return true;
      case PROTECTED:
        this.#protected.take(object);
        this.#protected.push(object);
        return true;
      default:
        this.#window.push(object);
        this.#place[object] = WINDOW;
        while (this.#window.bytes > this.#windowBytes) this.#admit(this.#window.takeOldest());
        return false;
    }
  }

  #protect(object: number): void {
    this.#protected.push(object);
    this.#place[object] = PROTECTED;
    while (this.#protected.bytes > this.#mainBytes * PROTECTED_SHARE) {
      const demoted = this.#protected.takeOldest();
      this.#probation.push(demoted);
      this.#place[demoted] = PROBATION;
    }
  }

  /** Victims go one by one while the candidate is asked for more often than each of them; else it is the candidate that goes. */
  #admit(candidate: number): void {
    this.#place[candidate] = OUT;
    const size = this.#sizes[candidate] as number;
    if (size > this.#mainBytes) return;
    while (this.#probation.bytes + this.#protected.bytes + size > this.#mainBytes) {
      const queue = this.#probation.bytes > 0 ? this.#probation : this.#protected;
      if (this.#sketch.estimate(candidate) <= this.#sketch.estimate(queue.oldest)) return;
      this.#place[queue.takeOldest()] = OUT;
    }
    this.#probation.push(candidate);
    this.#place[candidate] = PROBATION;
  }
}

/** A count-min sketch of counters up to 15, all of them halved after ten requests for each object that the cache holds. */
class Sketch {
  readonly #rows: Uint8Array[];
  readonly #mask: number;
  readonly #period: number;
  #counted = 0;

  constructor(objects: number) {
    const width = 2 ** Math.ceil(Math.log2(Math.max(64, objects * 4)));
    this.#rows = SEEDS.map(() => new Uint8Array(width));
    this.#mask = width - 1;
    this.#period = Math.max(640, objects * 10);
  }

  count(object: number): void {
    for (const [index, row] of this.#rows.entries()) {
      const cell = this.#cell(object, index);
      row[cell] = Math.min(15, (row[cell] as number) + 1);
    }
    this.#counted += 1;
    if (this.#counted < this.#period) return;
    this.#counted /= 2;
    for (const row of this.#rows) for (let cell = 0; cell < row.length; cell++) row[cell] = (row[cell] as number) >> 1;
  }

  estimate(object: number): number {
    return Math.min(...this.#rows.map((row, index) => row[this.#cell(object, index)] as number));
  }

  #cell(object: number, row: number): number {
    const mixed = Math.imul(object ^ (object >>> 15), SEEDS[row] as number);
    return (mixed ^ (mixed >>> 13)) & this.#mask;
  }
}

const SEEDS = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
