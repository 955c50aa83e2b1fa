import type { PurgeOrder } from '../cache/purge/order.ts';
import type { HtcpClient } from '../sibling/htcp/client.ts';
import type { PeerPlan } from '../sibling/plan.ts';

/** Purges single URLs at peers that take HTCP. By their slots, those that were told, and whether they acknowledged all. */
export async function clearUrls(
  orders: readonly PurgeOrder[],
  soft: boolean,
  peers: readonly PeerPlan[],
  client: HtcpClient | undefined,
): Promise<ReadonlyMap<number, 'acknowledged' | 'not-acknowledged'>> {
  const urls = orders.flatMap((order) => (order.kind === 'url' ? [order.text] : []));
  if (client === undefined || soft || urls.length < orders.length) return new Map();
  const told = peers.flatMap(({ slot, htcp }) => (htcp === undefined ? [] : [{ slot, htcp }]));
  const outcomes = told.map(async ({ slot, htcp }) => {
    const all = await Promise.all(urls.map((url) => client.clear(url, htcp)));
    return [slot, all.every(Boolean) ? 'acknowledged' : 'not-acknowledged'] as const;
  });
  return new Map(await Promise.all(outcomes));
}
