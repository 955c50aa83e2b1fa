import type { OriginPlan, OriginTlsPlan, PoolPlan } from '../plan.ts';
import { readText } from '../read-text.ts';
import { parseHashOn } from './balance/hash-key.ts';
import { type OriginSettings, originName, originRoute, type PoolSettings } from './config.ts';
import { type Standing, WEIGHT_UNIT } from './standing.ts';
import type { StickyPlan } from './sticky.ts';

/** What a pool is given of the node. */
export interface PoolContext {
  /** Its row in the shared table. */
  readonly slot: number;
  readonly originSlot: (origin: OriginSettings) => number;
  readonly stickyKey: () => Uint8Array;
}

/** Throws an error whose message is one line for the operator. */
export function planPool(name: string, settings: PoolSettings, context: PoolContext): PoolPlan {
  const { timeouts, outlier, health_check: check, max_in_flight: maxInFlight } = settings;
  return {
    name,
    slot: context.slot,
    origins: settings.origins.map((origin) => planOrigin(origin, settings, context.originSlot(origin))),
    hostHeader: settings.host_header,
    timeouts: {
      connect: timeouts.connect,
      firstByte: timeouts.first_byte,
      idle: timeouts.idle,
      keepAlive: timeouts.keep_alive,
      tunnel: timeouts.tunnel,
    },
    retries: settings.retries,
    balance: settings.balance,
    hashOn: parseHashOn(settings.hash_on ?? 'path'),
    maxInFlight: maxInFlight === 'unlimited' ? undefined : maxInFlight,
    queue: settings.queue,
    sticky: planSticky(settings, context),
    troubleAfter: outlier === 'off' ? 0 : outlier.failures,
    whenAllDown: check === 'off' ? 'try' : check.when_all_down,
    tls: planOriginTls(settings),
  };
}

function planOrigin(origin: OriginSettings, pool: PoolSettings, slot: number): OriginPlan {
  const { url } = origin;
  return { name: originName(origin), slot, url, route: originRoute(origin), standing: initialStanding(origin, pool) };
}

/** How an origin stands before anything is seen of it, and an operator has said anything. */
export function initialStanding(
  { weight, role, set }: OriginSettings,
  { health_check: check }: PoolSettings,
): Standing {
  const health = check === 'off' ? 'up' : check.initial;
  return { admits: 'all', health, role, set, weight: weight * WEIGHT_UNIT, ignoreErrors: false };
}

function planSticky({ sticky }: PoolSettings, { stickyKey }: PoolContext): StickyPlan | undefined {
  if (sticky === 'off') return undefined;
  const { cookie, route_of: routeOf, same_site: sameSite, secure, lifetime } = sticky;
  if (cookie === undefined) return { kind: 'route', name: routeOf as string };
  return {
    kind: 'cookie',
    name: cookie,
    sameSite,
    secure,
    lifetime: lifetime === 'session' ? undefined : lifetime,
    key: stickyKey(),
  };
}

function planOriginTls({ tls }: PoolSettings): OriginTlsPlan {
  return {
    ca: textOf(tls.ca),
    serverName: tls.server_name,
    verify: tls.verify,
    cert: textOf(tls.cert),
    key: textOf(tls.key),
  };
}

function textOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readText(file);
}
