import type { Policy, PolicyKind } from '../policy.ts';
import { Links, NONE, Queue } from '../queue.ts';

/** SIEVE (Zhang and others, NSDI 2024): a hand goes from the oldest to the newest and takes who was not asked for since it last came by. */
export const sieve: PolicyKind = { name: 'SIEVE', create: (capacity, sizes) => new Sieve(capacity, sizes) };

class Sieve implements Policy {
  readonly #capacity: number;
  readonly #sizes: Int32Array;
  readonly #queue: Queue;
  readonly #held: Uint8Array;
  readonly #visited: Uint8Array;
  #hand = NONE;

  constructor(capacity: number, sizes: Int32Array) {
    this.#capacity = capacity;
    this.#sizes = sizes;
    this.#queue = new Queue(new Links(sizes));
    this.#held = new Uint8Array(sizes.length);
    this.#visited = new Uint8Array(sizes.length);
  }

  request(object: number): boolean {
    if (this.#held[object] === 1) {
      this.#visited[object] = 1;
      return true;
    }
    while (this.#queue.bytes + (this.#sizes[object] as number) > this.#capacity) this.#evict();
    this.#queue.push(object);
    this.#held[object] = 1;
    this.#visited[object] = 0;
    return false;
  }

  #evict(): void {
    let object = this.#hand === NONE ? this.#queue.oldest : this.#hand;
    while (this.#visited[object] === 1) {
      this.#visited[object] = 0;
      object = this.#queue.newerThan(object);
      if (object === NONE) object = this.#queue.oldest;
    }
    this.#hand = this.#queue.newerThan(object);
    this.#queue.take(object);
    this.#held[object] = 0;
  }
}
