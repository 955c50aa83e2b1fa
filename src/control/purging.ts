import type { PurgeCommand, PurgeResult } from '../admin/api/context.ts';
import type { PurgeOrder } from '../cache/purge/order.ts';
import { type ListedOrders, listedOrders, type PurgeLists } from '../cache/purge/purge-lists.ts';
import type { CacheRules } from '../cache/rules.ts';
import type { SharedCache } from '../cache/shared-cache.ts';
import type { ProxyPlan, RoutePlan } from '../proxy/plan.ts';
import { Router } from '../proxy/router.ts';
import type { SiblingReceipt } from '../proxy/siblings.ts';
import type { ClearSource } from '../sibling/htcp/server.ts';

/** A URL that no site answers for counts with its query. */
const NO_SITE: Pick<CacheRules, 'ignoreQuery'> = { ignoreQuery: false };

/** Tells siblings of a purge that was made here, and never rejects; see `SiblingNode.publish`. */
export type PublishPurge = (
  orders: readonly PurgeOrder[],
  soft: boolean,
  from?: ClearSource,
) => Promise<readonly SiblingReceipt[]>;

/** Purges by lists, here and at the siblings: of each URL it is known by its route how its query counts. */
export class Purging {
  readonly #cache: SharedCache;
  readonly #publish: PublishPurge;
  #router = new Router<RoutePlan>([]);

  constructor(cache: SharedCache, publish: PublishPurge) {
    this.#cache = cache;
    this.#publish = publish;
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

  /** Of the route that such a request takes. */
  rulesOf(host: string, target: string): CacheRules | undefined {
    return this.#router.route(host, target)?.cache;
  }

  /** When it resolves, no thread serves any more what this is for, and siblings have been told. */
  async purge({ soft, dryRun, ...lists }: PurgeCommand): Promise<PurgeResult> {
    const listed = this.#listed(lists);
    if (!listed.ok) return listed;
    const purges = listed.orders.length;
    if (dryRun) return { ok: true, purges, siblings: [] };
    this.#cache.purge(listed.orders, soft);
    return { ok: true, purges, siblings: await this.#publish(listed.orders, soft) };
  }

  /** For a sibling that asks for it: purges all variants of a URL. `false`: it is no URL that could be purged. */
  purgeUrl(url: string, from: ClearSource): boolean {
    const listed = this.#listed({ urls: [url], prefixes: [], tags: [], all: false });
    if (!listed.ok) return false;
    this.#cache.purge(listed.orders, false);
    void this.#publish(listed.orders, false, from);
    return true;
  }

  #listed(lists: PurgeLists): ListedOrders {
    return listedOrders(lists, ({ host, target }) => this.rulesOf(host, target) ?? NO_SITE);
  }
}
