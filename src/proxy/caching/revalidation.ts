import type { CachedObject } from '../../cache/object.ts';
import type { CachedExchange } from './cached-exchange.ts';
import { fetchFields } from './conditions.ts';
import { Fill } from './fill.ts';

/**
 * RFC 5861 §3: what is stored is served, and nobody waits for the fetch that renews it. There is one at a time, whoever
 * else serves the same.
 */
export function revalidateBehind(exchange: CachedExchange, object: CachedObject): void {
  const { cache, query, hold } = exchange;
  const flight = cache.join(query, object.stored.variant);
  if (flight === undefined) return;
  if (!flight.leads) {
    flight.leave();
    return;
  }
  // Another one's fetch has landed since this one looked.
  if (cache.hasNews(query, object)) {
    flight.release();
    return;
  }
  const asked = exchange.order(fetchFields(query, object, cache.now()));
  // A HEAD could not bring what is to be stored.
  const order = { ...asked, head: { ...asked.head, method: 'GET' } };
  new Fill(
    { cache, query, order, candidate: object, asksSiblings: true, flight, hold, mayStore: true },
    undefined,
  ).start();
}
