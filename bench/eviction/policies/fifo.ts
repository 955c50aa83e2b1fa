import type { Policy, PolicyKind } from '../policy.ts';
import { Links, Queue } from '../queue.ts';

/** Who came first goes first. */
export const fifo: PolicyKind = { name: 'FIFO', create: (capacity, sizes) => new Line(capacity, sizes, false) };

/** Who was asked for the longest time ago goes first. */
export const lru: PolicyKind = { name: 'LRU', create: (capacity, sizes) => new Line(capacity, sizes, true) };

class Line implements Policy {
  readonly #capacity: number;
  readonly #sizes: Int32Array;
  readonly #hitsCount: boolean;
  readonly #queue: Queue;
  readonly #held: Uint8Array;

  constructor(capacity: number, sizes: Int32Array, hitsCount: boolean) {
    this.#capacity = capacity;
    this.#sizes = sizes;
    this.#hitsCount = hitsCount;
    this.#queue = new Queue(new Links(sizes));
    this.#held = new Uint8Array(sizes.length);
  }

  request(object: number): boolean {
    const queue = this.#queue;
    if (this.#held[object] === 1) {
      if (!this.#hitsCount) return true;
      queue.take(object);
      queue.push(object);
      return true;
    }
    while (queue.bytes + (this.#sizes[object] as number) > this.#capacity) this.#held[queue.takeOldest()] = 0;
    queue.push(object);
    this.#held[object] = 1;
    return false;
  }
}
