import type { Ms } from '../../base/units.ts';
import type { Ttl } from '../model.ts';

/** Shorter lives of answers while a datacenter may soon leave them, or come back. Pure. */

/** No answer is shorter-lived than this, so that resolvers go on sparing us. In seconds. */
export const SHORTEST_LIMIT: Ttl = 5;

/** The longest TTL that there is (RFC 2181 §8): no limit. */
export const NO_LIMIT: Ttl = 2 ** 31 - 1;

/** Seconds until a change that is due, at least 5. `due`: epoch milliseconds; `undefined`: none is. */
export function ttlLimit(due: Ms | undefined, now: Ms): Ttl {
  if (due === undefined) return NO_LIMIT;
  return Math.min(NO_LIMIT, Math.max(SHORTEST_LIMIT, Math.floor((due - now) / 1000)));
}

/**
 * The TTL of an answer: that of its record, unless a datacenter that it depends on limits it to less. It depends on those
 * that it has (`picked`), as they may go out of service, and on those of the order that are out, as they may come back.
 */
export function limitedTtl(
  ttl: Ttl,
  order: readonly number[],
  picked: readonly number[],
  { inService, ttlLimits }: { readonly inService: Uint8Array; readonly ttlLimits: Int32Array },
): Ttl {
  let least = ttl;
  for (let i = 0; i < order.length; i++) {
    const position = order[i] as number;
    const limit = ttlLimits[position] as number;
    if (limit < least && (inService[position] === 0 || picked.includes(position))) least = limit;
  }
  return least;
}
