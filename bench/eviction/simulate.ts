import type { PolicyKind } from './policy.ts';
import type { Trace } from './trace.ts';

export interface HitRatio {
  readonly objects: number;
  readonly bytes: number;
}

/** The first part of a trace fills the cache and is not counted. */
const WARM_UP = 0.3;

/** What share of the requests, and of their bytes, a cache of so many bytes answers. What is larger than a quarter of it passes it by. */
export function simulate(kind: PolicyKind, { requests, sizes }: Trace, capacity: number): HitRatio {
  const policy = kind.create(capacity, sizes);
  const from = Math.floor(requests.length * WARM_UP);
  let hits = 0;
  let hitBytes = 0;
  let bytes = 0;
  for (let index = 0; index < requests.length; index++) {
    const object = requests[index] as number;
    const size = sizes[object] as number;
    const hit = size <= capacity / 4 && policy.request(object);
    if (index < from) continue;
    bytes += size;
    if (!hit) continue;
    hits += 1;
    hitBytes += size;
  }
  return { objects: hits / (requests.length - from), bytes: hitBytes / bytes };
}
