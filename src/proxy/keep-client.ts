import type { Fetch } from './fetch.ts';
import type { ResponseRules } from './headers.ts';

/**
 * Adds the cookie that keeps the client at the origin of its reply, where the pool has such a cookie and the client does
 * not send it already. Only to the reply of that very client: it is never stored.
 */
export function keepClient(fields: string[], fetch: Fetch, { remove }: Pick<ResponseRules, 'remove'>): void {
  if (fetch.order.pool.plan.sticky === undefined || remove.has('set-cookie')) return;
  const cookie = fetch.stickyCookie();
  if (cookie !== undefined) fields.push('set-cookie', cookie);
}
