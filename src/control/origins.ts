import type { Ms } from '../base/units.ts';
import { Health } from '../health/health.ts';
import type { WatchedPool } from '../health/settings.ts';
import type { OriginTraffic } from '../metrics/node-metrics.ts';
import type { EventLog } from '../observe/event-forward.ts';
import { configuredOf } from '../operator/adjusted.ts';
import type { Maintenance, Observed, Traffic } from '../operator/model.ts';
import { Operator } from '../operator/operator.ts';
import type { KnownOrigin, KnownPool } from '../operator/parts.ts';
import type { Maintained } from '../proxy/maintenance.ts';
import type { PoolPlan } from '../proxy/plan.ts';
import { originKey } from '../proxy/planner.ts';
import { type OriginSettings, originName, type PoolSettings } from '../proxy/pool/config.ts';
import { eligibility } from '../proxy/pool/eligibility.ts';
import type { OriginTable } from '../workers/origin-table.ts';
import { Recent } from './recent.ts';

export type Pools = Readonly<Record<string, PoolSettings>>;

export interface OriginsOptions {
  readonly stateDir: string;
  readonly table: OriginTable;
  readonly log: EventLog;
  /** What was counted at an origin; `undefined`: it has no row. */
  readonly counted: (pool: string, origin: string) => OriginTraffic | undefined;
  readonly cut: (slot: number) => void;
  readonly giveWay: (slot: number) => void;
  readonly maintain: (maintained: Maintained) => void;
  readonly drainNode: (on: boolean) => void;
  /** Makes a generation of what `adjusted` says now; resolves with what is wrong with it. */
  readonly apply: () => Promise<readonly string[]>;
}

interface Place {
  readonly pool: PoolPlan;
  readonly id: string;
  readonly key: string;
}

const NOTHING_COUNTED: OriginTraffic = { rate: 0, errors: 0, latency: undefined, received: 0, sent: 0 };

/** Clients that stuck to an origin within so long are its own: shown beside a drain. */
const STICKY_WINDOW: Ms = 300_000;

/**
 * The origins as control has them: what the file says, what operators say and what is seen come together here, and go
 * to the workers by the shared table.
 */
export class Origins {
  readonly operator: Operator;
  readonly #options: OriginsOptions;
  readonly #sticky = new Recent(STICKY_WINDOW);
  #health: Health | undefined;
  #maintained: ReadonlyMap<string, Maintenance> = new Map();
  #pools = new Map<string, PoolPlan>();
  #bySlot = new Map<number, Place>();
  #byKey = new Map<string, Place>();

  constructor(options: OriginsOptions) {
    const { stateDir, table, log, cut, giveWay, apply, drainNode } = options;
    this.#options = options;
    this.operator = new Operator({
      directory: stateDir,
      log,
      now: Date.now,
      idOf: (origin) => originName(origin as OriginSettings),
      rotation: (pool, standings) => {
        const { eligible, mode } = eligibility(standings, this.#pools.get(pool)?.whenAllDown ?? 'try');
        return { serving: standings.map((_, position) => eligible.includes(position)), panic: mode === 'panic' };
      },
      setStanding: (slot, standing) => table.setStanding(slot, standing),
      inFlight: (slot) => table.inFlight(slot),
      traffic: (slot) => this.#traffic(slot),
      queued: (pool) => table.queues.length(this.#pools.get(pool)?.slot ?? 0),
      cut,
      giveWay,
      enabled: (key) => this.#health?.enabled(key),
      apply,
      drainNode,
      showMaintenance: (pool, maintenance) => {
        const others = [...this.#maintained].filter(([name]) => name !== pool);
        this.#show(new Map(maintenance === undefined ? others : [...others, [pool, maintenance]]));
      },
    });
    table.listen(() => this.#hearTrouble());
  }

  /** What is to be planned: the file's pools, with what operators added and removed. */
  adjusted(pools: Pools): Pools {
    const whole = this.operator.adjusted(pools);
    // What operators add says only where it is; the rest is as if the file had not said it either.
    return Object.fromEntries(
      Object.entries(whole).map(([name, pool]) => [name, { ...pool, origins: pool.origins.map(completed) }]),
    );
  }

  /** Before workers serve this: what is to hold for its new origins stands in the table. */
  prepare(file: Pools, adjusted: Pools, plans: readonly PoolPlan[]): void {
    this.#pools = new Map([...this.#pools, ...plans.map((pool) => [pool.name, pool] as const)]);
    this.operator.prepare(file, this.#known(file, adjusted, plans));
    this.#show(new Map([...this.#maintained, ...this.operator.maintained(file)]));
  }

  /** When workers serve it. */
  take(file: Pools, adjusted: Pools, plans: readonly PoolPlan[]): void {
    this.#pools = new Map(plans.map((pool) => [pool.name, pool]));
    this.#place(adjusted, plans);
    this.operator.take(file, this.#known(file, adjusted, plans));
    this.#show(this.operator.maintained(file));
    const watched = plans.map((plan) => watchedPool(plan, adjusted[plan.name] as PoolSettings));
    if (this.#health === undefined) this.#health = this.#watch(watched);
    else this.#health.update(watched);
  }

  close(): void {
    this.#health?.close();
    this.operator.close();
    this.#sticky.close();
    this.#options.table.close();
  }

  #watch(pools: readonly WatchedPool[]): Health {
    const { table, log } = this.#options;
    return new Health({
      pools,
      outcomes: (slot) => table.outcomes(slot),
      ignoresErrors: (key) => {
        const place = this.#byKey.get(key);
        return (
          place !== undefined && this.operator.origin({ pool: place.pool.name, id: place.id })?.ignoreErrors === true
        );
      },
      slowStart: (key) => {
        const place = this.#byKey.get(key);
        return place && this.operator.origin({ pool: place.pool.name, id: place.id })?.slowStart;
      },
      onChange: (key, observed) => this.operator.observe(key, observed),
      // A step of the clock is no time that has passed.
      now: () => performance.timeOrigin + performance.now(),
      log,
    });
  }

  /** Some origin has failed as often as its pool bears, or a trial came out: which one, the table tells. */
  #hearTrouble(): void {
    for (const slot of this.#bySlot.keys()) this.#health?.trouble(slot);
  }

  #place(adjusted: Pools, plans: readonly PoolPlan[]): void {
    this.#bySlot = new Map();
    this.#byKey = new Map();
    for (const pool of plans) {
      for (const [index, { slot, name }] of pool.origins.entries()) {
        const key = originKey(pool.name, adjusted[pool.name]?.origins[index] as OriginSettings);
        const place = { pool, id: name, key };
        this.#bySlot.set(slot, place);
        this.#byKey.set(key, place);
      }
    }
    this.#sticky.watch([...this.#bySlot.keys()], (slot) => this.#options.table.stickySeen(slot));
  }

  #known(file: Pools, adjusted: Pools, plans: readonly PoolPlan[]): KnownPool[] {
    return plans.map(({ name, balance, sticky, origins }) => ({
      name,
      balance,
      sticky: sticky?.name,
      origins: origins.map((plan, index): KnownOrigin => {
        const settings = adjusted[name]?.origins[index] as OriginSettings;
        const { route: _, ...added } = settings;
        const said = file[name]?.origins.find((origin) => originName(origin) === plan.name) ?? added;
        const key = originKey(name, settings);
        const observed = this.#health?.observed(key) ?? unseen(adjusted[name] as PoolSettings);
        const slowStart = adjusted[name]?.slow_start ?? 0;
        const { slot, route } = plan;
        return { id: plan.name, key, slot, route, slowStart, configured: configuredOf(said), observed };
      }),
    }));
  }

  #traffic(slot: number): Traffic {
    const { table, counted } = this.#options;
    const place = this.#bySlot.get(slot);
    const { rate, errors, latency, received, sent } = (place && counted(place.pool.name, place.id)) ?? NOTHING_COUNTED;
    return {
      inFlight: table.inFlight(slot),
      upgraded: table.upgraded(slot),
      elected: table.elected(slot) >>> 0,
      stickyRecent: this.#sticky.count(slot),
      rate,
      errors,
      latency: latency ?? table.latency(slot),
      bytesIn: received,
      bytesOut: sent,
    };
  }

  #show(maintained: ReadonlyMap<string, Maintenance>): void {
    this.#maintained = maintained;
    this.#options.maintain(
      new Map(
        [...maintained].map(([pool, { page, retryAfter }]) => [pool, { html: page, retryAfter: retryAfter * 1000 }]),
      ),
    );
  }
}

/** Before anything is seen of it. */
function unseen({ health_check: check }: PoolSettings): Observed {
  const health = check === 'off' ? 'unknown' : check.initial;
  return { health, since: Date.now(), warmth: 1 };
}

function completed({ url, name, weight, role, set, route }: OriginSettings): OriginSettings {
  return {
    url,
    weight,
    role: role ?? 'primary',
    set: set ?? 0,
    ...(name !== undefined && { name }),
    ...(route !== undefined && { route }),
  };
}

function watchedPool({ name, origins, tls }: PoolPlan, settings: PoolSettings): WatchedPool {
  const { health_check: check, outlier, slow_start } = settings;
  return {
    name,
    health_check: check === 'off' ? check : { ...check, timeout: Math.min(check.timeout, check.interval) },
    outlier,
    slow_start,
    tls,
    origins: origins.map((plan, index) => ({
      key: originKey(name, settings.origins[index] as OriginSettings),
      name: plan.name,
      slot: plan.slot,
      url: plan.url,
    })),
  };
}
