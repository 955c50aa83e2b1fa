import type { OriginPlan, PoolPlan } from '../../../src/proxy/plan.ts';
import type { Standing } from '../../../src/proxy/pool/standing.ts';

/** How an origin stands that nothing is said of. */
export const WELL: Standing = {
  admits: 'all',
  health: 'up',
  role: 'primary',
  set: 0,
  weight: 100,
  ignoreErrors: false,
};

export type OriginSketch = Partial<OriginPlan> & { readonly weight?: number };

/** A pool's plan with whatever is of interest; the origins app0, app1, … are in the rows 0, 1, …, the pool in row 3. */
export function planOf({
  origins = [{}],
  ...changes
}: Partial<Omit<PoolPlan, 'origins'>> & { readonly origins?: readonly OriginSketch[] }): PoolPlan {
  return {
    name: 'app',
    slot: 3,
    origins: origins.map(({ weight = 1, ...origin }, i) => ({
      name: `app${i}`,
      slot: i,
      url: `http://192.0.2.${i + 1}:8080`,
      route: `app${i}`,
      standing: { ...WELL, weight: weight * 100 },
      ...origin,
    })),
    hostHeader: 'preserve',
    timeouts: { connect: 2000, firstByte: 60_000, idle: 60_000, keepAlive: 4000, tunnel: 3_600_000 },
    retries: { attempts: 2, budget: 0.2 },
    balance: 'round-robin',
    hashOn: { kind: 'path' },
    maxInFlight: undefined,
    queue: { size: 1000, timeout: 5000 },
    sticky: undefined,
    troubleAfter: 0,
    whenAllDown: 'try',
    tls: { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined },
    ...changes,
  };
}
