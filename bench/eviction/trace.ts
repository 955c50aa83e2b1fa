import { randomFrom } from './random.ts';

/** Requests as a site gets them: some objects are asked for often, and now and then somebody reads through everything. */

export interface Trace {
  /** The object of each request. Those from `popular` on are asked for once. */
  readonly requests: Int32Array;
  /** Bytes, by object. */
  readonly sizes: Int32Array;
  /** How many objects may be asked for again, and what they take together. */
  readonly popular: number;
  readonly popularBytes: number;
}

export interface TraceKind {
  /** The exponent of Zipf's law: how much more the first is asked for than the rest. */
  readonly zipf: number;
  /** Share of requests that belong to scans. */
  readonly scans: number;
  readonly sizes: 'mixed' | 'equal';
  /** Share of the objects that change places with others in popularity, over as many requests as there are objects. */
  readonly drift: number;
}

export interface TraceSize {
  readonly requests: number;
  readonly objects: number;
  readonly seed: number;
}

/** The median, and the only size where all are equal. */
const TYPICAL_BYTES = 20 * 1024;
/** Standard deviation of the logarithm: one object in twenty is below 2 KiB, one in twenty above 240 KiB. */
const SIGMA = 1.5;
const SMALLEST = 200;
const LARGEST = 32 * 1024 ** 2;

/** Requests of one scan, one after the other without others in between. */
const SCAN_LENGTH = 500;

export function makeTrace(
  { zipf, scans, sizes: kind, drift }: TraceKind,
  { requests: length, objects, seed }: TraceSize,
): Trace {
  const random = randomFrom(seed);
  const rank = zipfFrom(objects, zipf, random);
  const order = Int32Array.from({ length: objects }, (_, object) => object);
  const requests = new Int32Array(length);
  // In a scan one request brings SCAN_LENGTH of them, so it has to begin that much less often.
  const beginning = scans / (SCAN_LENGTH * (1 - scans));
  let next = objects;
  let left = 0;
  for (let index = 0; index < length; index++) {
    if (left === 0 && random() < beginning) left = SCAN_LENGTH;
    if (left > 0) {
      left -= 1;
      requests[index] = next++;
    } else {
      requests[index] = order[rank()] as number;
      // Each exchange moves two.
      if (drift > 0 && random() < drift / 2)
        exchange(order, Math.floor(random() * objects), Math.floor(random() * objects));
    }
  }
  const sizes = Int32Array.from({ length: next }, () => (kind === 'equal' ? TYPICAL_BYTES : logNormal(random)));
  return {
    requests,
    sizes,
    popular: objects,
    popularBytes: sizes.subarray(0, objects).reduce((sum, size) => sum + size, 0),
  };
}

function exchange(order: Int32Array, one: number, other: number): void {
  [order[one], order[other]] = [order[other] as number, order[one] as number];
}

/** Picks 0 … count-1, the first most often. */
function zipfFrom(count: number, exponent: number, random: () => number): () => number {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank++) {
    sum += (rank + 1) ** -exponent;
    sums[rank] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Box and Muller's way to a normal distribution. */
function logNormal(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(Math.min(LARGEST, Math.max(SMALLEST, TYPICAL_BYTES * Math.exp(SIGMA * normal))));
}
