import { CacheQuery } from '../../cache/query.ts';
import { primaryKey } from '../../cache/select/key.ts';
import type { Client } from '../client.ts';
import type { Endpoints, Exchange } from '../exchange.ts';
import type { Route } from '../generation.ts';
import { hostOf } from '../request-head.ts';

/**
 * What the cache is asked for. Where we listen is not in the key. But another port that a client names in Host, or
 * another host that a trusted proxy tells of, goes to the origin, and what that makes of it is not for all.
 */
export function queryOf(
  { head, endpoints }: Pick<Exchange, 'head' | 'endpoints'>,
  { host, proto }: Client,
  route: Route,
): CacheQuery {
  const { cache: rules } = route;
  const { authority } = head;
  const refresh = route.refresh.for(head.target);
  if (host === authority) return new CacheQuery(head, proto, keyHost(authority, proto, endpoints), rules, refresh);
  const named = host.toLowerCase();
  const key = `${primaryKey(proto, keyHost(named, proto, endpoints), head, rules)}\n@${authority}`;
  return new CacheQuery(head, proto, keyHost(named, proto, endpoints), rules, refresh, key);
}

/** Without a port that is the usual one, or the one that we listen on. */
function keyHost(authority: string, proto: 'http' | 'https', { localPort }: Endpoints): string {
  const name = hostOf(authority);
  if (name.length === authority.length) return name;
  const port = authority.slice(name.length + 1);
  const isUsual = port === '' || port === (proto === 'https' ? '443' : '80') || port === String(localPort);
  return isUsual ? name : authority;
}
