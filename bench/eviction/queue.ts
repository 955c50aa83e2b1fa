/** Where all queues of a policy have their links: an object is in one queue at most, or in none. */
export class Links {
  readonly newer: Int32Array;
  readonly older: Int32Array;
  readonly sizes: Int32Array;

  constructor(sizes: Int32Array) {
    this.newer = new Int32Array(sizes.length);
    this.older = new Int32Array(sizes.length);
    this.sizes = sizes;
  }
}

export const NONE = -1;

/** Objects from the newest to the oldest, and their bytes. */
export class Queue {
  newest = NONE;
  oldest = NONE;
  bytes = 0;
  readonly #links: Links;

  constructor(links: Links) {
    this.#links = links;
  }

  push(object: number): void {
    const { newer, older, sizes } = this.#links;
    newer[object] = NONE;
    older[object] = this.newest;
    if (this.newest === NONE) this.oldest = object;
    else newer[this.newest] = object;
    this.newest = object;
    this.bytes += sizes[object] as number;
  }

  take(object: number): void {
    const newer = this.newerThan(object);
    const older = this.#links.older[object] as number;
    if (newer === NONE) this.newest = older;
    else this.#links.older[newer] = older;
    if (older === NONE) this.oldest = newer;
    else this.#links.newer[older] = newer;
    this.bytes -= this.#links.sizes[object] as number;
  }

  takeOldest(): number {
    const object = this.oldest;
    this.take(object);
    return object;
  }

  /** `NONE` for the newest. */
  newerThan(object: number): number {
    return this.#links.newer[object] as number;
  }
}
