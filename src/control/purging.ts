import type { PurgeCommand, PurgeResult } from '../admin/api/context.ts';
import { listedOrders } from '../cache/purge/purge-lists.ts';
import type { CacheRules } from '../cache/rules.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import type { ProxyPlan, RoutePlan } from '../proxy/plan.ts';
import { Router } from '../proxy/router.ts';

/** A URL that no site answers for counts with its query. */
const NO_SITE: Pick<CacheRules, 'ignoreQuery'> = { ignoreQuery: false };

/** Purges by lists: of each URL it is known by its route how its query counts. */
export class Purging {
  readonly #cache: SharedCache;
  #router = new Router<RoutePlan>([]);

  constructor(cache: SharedCache) {
    this.#cache = cache;
  }

  /** Of the generation that is served. */
  set plan({ sites }: Pick<ProxyPlan, 'sites'>) {
    this.#router = new Router(
      sites.map(({ hosts, routes, fallback }) => ({
        hosts,
        routes: routes.map((route) => ({ path: route.path, route })),
        fallback,
      })),
    );
  }

  /** When it returns, no thread serves any more what this is for. */
  purge({ soft, dryRun, ...lists }: PurgeCommand): PurgeResult {
    const listed = listedOrders(lists, ({ host, target }) => this.#router.route(host, target)?.cache ?? NO_SITE);
    if (!listed.ok) return listed;
    if (!dryRun) this.#cache.purge(listed.orders, soft);
    return { ok: true, purges: listed.orders.length };
  }
}
