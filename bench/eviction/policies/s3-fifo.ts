import type { Policy, PolicyKind } from '../policy.ts';
import { Links, Queue } from '../queue.ts';

/**
 * S3-FIFO (Yang and others, SOSP 2023): a small queue of a tenth of the bytes for what comes for the first time, a main one for what was
 * asked for there, and the names of those that left the small one without that.
 */
export const s3Fifo: PolicyKind = { name: 'S3-FIFO', create: (capacity, sizes) => new S3Fifo(capacity, sizes, 2) };

/** The same where one hit in the small queue is enough. */
export const s3FifoEager: PolicyKind = {
  name: 'S3-FIFO/1',
  create: (capacity, sizes) => new S3Fifo(capacity, sizes, 1),
};

const SMALL_SHARE = 0.1;
const HIGHEST_FREQUENCY = 3;

class S3Fifo implements Policy {
  readonly #capacity: number;
  readonly #sizes: Int32Array;
  readonly #worthKeeping: number;
  readonly #small: Queue;
  readonly #main: Queue;
  readonly #held: Uint8Array;
  readonly #frequency: Uint8Array;
  /** When an object left the small queue, in bytes evicted from there by then. 0: it did not, or is back. */
  readonly #leftAt: Float64Array;
  #evictedBytes = 0;

  constructor(capacity: number, sizes: Int32Array, worthKeeping: number) {
    this.#capacity = capacity;
    this.#sizes = sizes;
    this.#worthKeeping = worthKeeping;
    const links = new Links(sizes);
    this.#small = new Queue(links);
    this.#main = new Queue(links);
    this.#held = new Uint8Array(sizes.length);
    this.#frequency = new Uint8Array(sizes.length);
    this.#leftAt = new Float64Array(sizes.length);
  }

  request(object: number): boolean {
    if (this.#held[object] === 1) {
      this.#frequency[object] = Math.min(HIGHEST_FREQUENCY, (this.#frequency[object] as number) + 1);
      return true;
    }
    const size = this.#sizes[object] as number;
    const known = this.#isRemembered(object);
    while (this.#small.bytes + this.#main.bytes + size > this.#capacity) this.#evict();
    (known ? this.#main : this.#small).push(object);
    this.#held[object] = 1;
    this.#frequency[object] = 0;
    return false;
  }

  /** As long as not more was evicted since than the cache holds. It is forgotten by this. */
  #isRemembered(object: number): boolean {
    const leftAt = this.#leftAt[object] as number;
    this.#leftAt[object] = 0;
    return leftAt > 0 && this.#evictedBytes - leftAt <= this.#capacity;
  }

  #evict(): void {
    const small = this.#small.bytes > this.#capacity * SMALL_SHARE || this.#main.bytes === 0;
    const object = (small ? this.#small : this.#main).takeOldest();
    const frequency = this.#frequency[object] as number;
    if (small && frequency >= this.#worthKeeping) {
      this.#frequency[object] = 0;
      this.#main.push(object);
    } else if (!small && frequency > 0) {
      this.#frequency[object] = frequency - 1;
      this.#main.push(object);
    } else {
      this.#held[object] = 0;
      if (!small) return;
      this.#evictedBytes += this.#sizes[object] as number;
      this.#leftAt[object] = this.#evictedBytes;
    }
  }
}
