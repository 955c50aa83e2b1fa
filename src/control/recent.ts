import type { Ms } from '../base/units.ts';

const STEPS = 30;

/** How much counts have grown in the last minutes, by their rows: looked at now and then, not at each count. */
export class Recent {
  readonly #timer: NodeJS.Timeout;
  #read: (slot: number) => number = () => 0;
  /** Of each row what it was, the newest last. */
  #samples = new Map<number, number[]>();

  constructor(window: Ms) {
    this.#timer = setInterval(() => this.#sample(), window / STEPS).unref();
  }

  /** These rows from now on; those that were there before keep what was seen of them. */
  watch(slots: readonly number[], read: (slot: number) => number): void {
    this.#read = read;
    this.#samples = new Map(slots.map((slot) => [slot, this.#samples.get(slot) ?? [read(slot)]]));
  }

  count(slot: number): number {
    const oldest = this.#samples.get(slot)?.[0];
    // A row that began anew counts from nothing.
    return oldest === undefined ? 0 : Math.max(0, this.#read(slot) - oldest);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(): void {
    for (const [slot, samples] of this.#samples) {
      samples.push(this.#read(slot));
      if (samples.length > STEPS) samples.shift();
    }
  }
}
