import type { PoolFacts } from '../admin/apache/pool-facts.ts';
import type { NodeStatus } from '../admin/api/context.ts';
import { VERSION } from '../base/version.ts';
import type { Settings } from '../config/settings.ts';
import type { NodeState } from '../metrics/node-families.ts';
import { healthzPage, readiness, readyzPage } from '../metrics/readiness.ts';
import { siteName } from '../proxy/planner.ts';
import type { AdminOptions } from './admin.ts';
import type { Generations } from './generations.ts';
import type { NodeParts } from './node-parts.ts';

/** What the admin listener shows of a node, and has it do. */
export function adminOptions(parts: NodeParts, generations: Generations, state: () => NodeState): AdminOptions {
  const { file, stateDir, log, metrics, purging } = parts;
  const { origins, names, floating } = parts.operated;
  return {
    file,
    stateDir,
    log,
    now: Date.now,
    operator: origins.operator,
    purge: purging && ((command) => purging.purge(command)),
    status: () => nodeStatus(parts, generations, state()),
    siblings: () => parts.siblingReport(),
    dns: () => names.port,
    vrrp: () => floating.port,
    metrics: (accept) => metrics.page.answer(accept),
    traffic: metrics.rates,
    sites: () => generations.settings.sites.map(siteName),
    healthz: () => healthzPage(),
    register: (name, source) => metrics.page.register(name, source),
    factsOf: (pool) => factsOf(generations.settings, pool),
    version: VERSION,
    readyz: () => readyzPage(state()),
  };
}

function nodeStatus(parts: NodeParts, generations: Generations, state: NodeState): NodeStatus {
  const { node } = generations.settings;
  return {
    node: node.name,
    region: node.region,
    version: VERSION,
    started: parts.startedAt,
    generation: generations.number,
    workers: parts.workers,
    listeners: parts.listening.listeners,
    cache: parts.cache?.summary(),
    notReady: readiness(state).reasons,
    ...parts.metrics.underWay,
  };
}

/** In Apache's terms. */
function factsOf({ pools, sites }: Settings, name: string): PoolFacts | undefined {
  const pool = pools[name];
  if (pool === undefined) return undefined;
  const routes = sites.flatMap((site) => [...site.routes, { path: '/', pool: site.pool }]);
  return {
    timeout: Math.round(pool.timeouts.first_byte / 1000),
    failoverAttempts: pool.retries.attempts,
    path: routes.find((route) => route.pool === name)?.path ?? '/',
  };
}
