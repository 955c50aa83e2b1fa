import { AddressSet } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { CacheRules } from '../cache/rules.ts';
import { RefreshRules } from './caching/refresh-rules.ts';
import type { ResponseRules } from './headers.ts';
import type { ProxyPlan, RoutePlan, SitePlan } from './plan.ts';
import type { OriginCounters } from './pool/counters.ts';
import { Origin } from './pool/origin.ts';
import { Pool } from './pool/pool.ts';
import { UnderWay } from './pool/under-way.ts';
import { Forwarding } from './request-fields.ts';
import { Router } from './router.ts';
import { SiblingPeers } from './sibling-peers.ts';
import type { Siblings } from './siblings.ts';
import type { SplashPages } from './splash.ts';
import { type TrafficCounter, UNCOUNTED } from './traffic.ts';

/** Where a request goes, and under which rules. */
export interface Route {
  /** The row of its site in the traffic table. */
  readonly site: number;
  readonly pool: Pool;
  readonly rules: ResponseRules;
  readonly access: { readonly allow: AddressSet; readonly deny: AddressSet };
  readonly bodyLimit: number | undefined;
  /** How long origins may be silent before the splash page is shown. */
  readonly patience: Ms;
  readonly retryAfter: Ms;
  readonly pages: SplashPages;
  readonly cache: CacheRules;
  readonly refresh: RefreshRules;
}

/**
 * One generation of the configuration as a worker serves it. A reload makes the next one beside it; exchanges end in
 * the generation that they began in, and what only the old one used is closed after its last exchange.
 */
export class Generation {
  readonly plan: ProxyPlan;
  readonly traffic: TrafficCounter;
  readonly trustedProxies: AddressSet;
  /** Who may send PURGE requests. */
  readonly purgeFrom: AddressSet;
  readonly router: Router<Route>;
  readonly forwarding: Forwarding;
  readonly underWay: UnderWay;
  /** `undefined`: there are none. */
  readonly siblings: SiblingPeers | undefined;
  readonly #origins = new Map<string, Origin>();
  #running = 0;
  #next: Generation | undefined;

  /**
   * Keeps the origins of `previous`, with their connections, that the new plan did not change, and so with siblings.
   * `siblings`: who asks them; without it, they only ask us.
   */
  constructor(
    plan: ProxyPlan,
    counters: OriginCounters,
    previous: Generation | undefined,
    traffic: TrafficCounter = UNCOUNTED,
    siblings?: Siblings,
  ) {
    this.plan = plan;
    this.traffic = traffic;
    this.trustedProxies = new AddressSet(plan.trustedProxies);
    this.purgeFrom = new AddressSet(plan.cache?.purgeFrom ?? []);
    this.underWay = previous?.underWay ?? new UnderWay(counters);
    const pools = new Map<string, Pool>();
    for (const pool of plan.pools) {
      const origins = pool.origins.map((origin) => {
        const identity = Origin.identity(origin, pool);
        const kept = previous === undefined ? undefined : previous.#origins.get(identity);
        const used = kept ?? new Origin(origin, pool);
        this.#origins.set(identity, used);
        return used;
      });
      pools.set(pool.name, new Pool(pool, origins, this.underWay));
    }
    this.siblings = plan.siblings && new SiblingPeers(plan.siblings, siblings, previous?.siblings);
    this.forwarding = new Forwarding(plan.node);
    const via = plan.node.via ? plan.node.name : undefined;
    this.router = new Router(plan.sites.map((site) => siteRoutes(site, pools, via)));
  }

  get running(): number {
    return this.#running;
  }

  enter(): void {
    this.#running += 1;
  }

  leave(): void {
    this.#running -= 1;
    if (this.#running === 0 && this.#next !== undefined) this.#closeUnused(this.#next);
  }

  /** `next` takes over. */
  retire(next: Generation): void {
    this.#next = next;
    if (this.#running === 0) this.#closeUnused(next);
  }

  /** Closes all connections to origins and siblings. */
  close(): void {
    this.siblings?.destroy();
    for (const origin of this.#origins.values()) origin.destroy();
  }

  #closeUnused(next: Generation): void {
    this.siblings?.closeUnused(next.siblings);
    for (const [identity, origin] of this.#origins) {
      if (next.#origins.get(identity) !== origin) origin.close();
    }
  }
}

function siteRoutes(site: SitePlan, pools: ReadonlyMap<string, Pool>, via: string | undefined) {
  return {
    hosts: site.hosts,
    routes: site.routes.map((each) => ({ path: each.path, route: routeOf(each, site.slot, pools, via) })),
    fallback: routeOf(site.fallback, site.slot, pools, via),
  };
}

function routeOf(plan: RoutePlan, site: number, pools: ReadonlyMap<string, Pool>, via: string | undefined): Route {
  const pool = pools.get(plan.pool) as Pool;
  const { remove, set } = plan.responseHeaders;
  const setNames = Object.keys(set).map((name) => name.toLowerCase());
  return {
    site,
    pool,
    rules: {
      // What is set replaces what the origin said.
      remove: new Set([...remove.map((name) => name.toLowerCase()), ...setNames]),
      set: Object.entries(set).flat(),
      via: via === undefined ? undefined : `1.1 ${via}`,
    },
    access: { allow: new AddressSet(plan.access.allow), deny: new AddressSet(plan.access.deny) },
    bodyLimit: plan.bodyLimit,
    patience: Math.min(plan.splash.after, pool.plan.timeouts.firstByte),
    retryAfter: plan.splash.retryAfter,
    pages: plan.splash.pages,
    cache: plan.cache,
    refresh: new RefreshRules(plan.cache.refresh),
  };
}
