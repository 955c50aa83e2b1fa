import { counter, gauge, type MetricFamily, type ScalarSample } from '../observe/metric.ts';

/** What operators see of pools and origins, as metrics. `PoolState` and `OriginState` say it as it is. */

export interface PoolFacts {
  readonly name: string;
  readonly panic: boolean;
  readonly queued: number;
  /** `undefined`: it is not in maintenance. */
  readonly maintenance: object | undefined;
  readonly origins: readonly OriginFacts[];
}

export interface OriginFacts {
  readonly id: string;
  readonly admin: string;
  readonly health: string;
  readonly effective: string;
  readonly weight: number;
  readonly observed: { readonly ejectedUntil?: number | undefined };
  readonly traffic: { readonly inFlight: number; readonly elected: number };
}

const HEALTH = ['up', 'down', 'checking', 'unknown', 'forced_down'];
const EFFECTIVE = [
  'active',
  'warming',
  'draining',
  'drained',
  'maint',
  'stopped',
  'removing',
  'standby',
  'spare',
  'down',
];

export function poolFamilies(pools: readonly PoolFacts[]): MetricFamily[] {
  const origins = pools.flatMap((pool) => pool.origins.map((origin) => ({ pool: pool.name, origin })));
  const ofPools = (value: (pool: PoolFacts) => number): ScalarSample[] =>
    pools.map((pool) => ({ labels: { pool: pool.name }, value: value(pool) }));
  const ofOrigins = (value: (origin: OriginFacts) => number): ScalarSample[] =>
    origins.map(({ pool, origin }) => ({ labels: { pool, origin: origin.id }, value: value(origin) }));
  const states = (all: readonly string[], of: (origin: OriginFacts) => string): ScalarSample[] =>
    origins.flatMap(({ pool, origin }) =>
      all.map((state) => ({ labels: { pool, origin: origin.id, state }, value: of(origin) === state ? 1 : 0 })),
    );
  return [
    gauge(
      'portico_pool_origins',
      'Origins of a pool.',
      ofPools(({ origins: all }) => all.length),
    ),
    gauge(
      'portico_pool_usable_origins',
      'Origins of a pool that new clients may be sent to: wanted by operators, and not known to be bad.',
      ofPools(({ origins: all }) => all.filter(isUsable).length),
    ),
    gauge(
      'portico_pool_queued_requests',
      'Requests that wait for an origin to be free.',
      ofPools((pool) => pool.queued),
    ),
    gauge(
      'portico_pool_panic',
      'Whether all origins are tried as all are down: 1 or 0.',
      ofPools((pool) => +pool.panic),
    ),
    gauge(
      'portico_pool_maintenance',
      'Whether a pool shows its maintenance page: 1 or 0.',
      ofPools(({ maintenance }) => (maintenance === undefined ? 0 : 1)),
    ),
    gauge(
      'portico_origin_health',
      'What is known of the health of an origin: 1 for the state that it is in.',
      states(HEALTH, ({ health }) => health),
    ),
    gauge(
      'portico_origin_state',
      'What holds for an origin, all in all: 1 for the state that it is in.',
      states(EFFECTIVE, ({ effective }) => effective),
    ),
    gauge(
      'portico_origin_ejected',
      'Whether requests failed at an origin so that it is out for a while: 1 or 0.',
      ofOrigins(({ observed }) => (observed.ejectedUntil === undefined ? 0 : 1)),
    ),
    gauge(
      'portico_origin_weight',
      'The share of an origin, as it was set.',
      ofOrigins(({ weight }) => weight),
    ),
    gauge(
      'portico_origin_requests_in_flight',
      'Requests under way at an origin, tunnels among them.',
      ofOrigins(({ traffic }) => traffic.inFlight),
    ),
    counter(
      'portico_origin_elected_total',
      'Times that an origin was chosen.',
      ofOrigins(({ traffic }) => traffic.elected),
    ),
  ];
}

function isUsable({ admin, health, observed }: OriginFacts): boolean {
  return admin === 'active' && (health === 'up' || health === 'unknown') && observed.ejectedUntil === undefined;
}
