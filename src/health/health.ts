import type { Ms } from '../base/units.ts';
import { Check } from './check.ts';
import { Checker, type CheckTarget } from './checker.ts';
import { CheckTls } from './connector.ts';
import { mayEject, tooMany } from './ejection-limit.ts';
import type { Observed } from './observed.ts';
import { OriginHealth, type Surroundings } from './origin-health.ts';
import type { WatchedPool } from './settings.ts';

/** `onChange` is told of each origin when it is first known, while this is constructed or updated, and then of every change. */
export interface HealthOptions extends Omit<Surroundings, 'mayEject' | 'ignoresErrors' | 'slowStart'> {
  readonly pools: readonly WatchedPool[];
  /** Default: of none. */
  readonly ignoresErrors?: Surroundings['ignoresErrors'];
  /** Default: as the pool says. */
  readonly slowStart?: Surroundings['slowStart'];
  /** In [0, 1), for the jitter of checks. Default: `Math.random`. */
  readonly random?: () => number;
}

/** So often the counts of all are looked at. Failures in a row do not wait for it, but for `trouble`. */
const LOOK: Ms = 1000;

/**
 * The health of all origins of this node: checks them, and ejects those where requests fail. It does not send anything
 * anywhere but checks; what becomes of what it finds, whoever is told decides.
 */
export class Health {
  readonly #around: Surroundings;
  readonly #checker: Checker;
  readonly #looks: NodeJS.Timeout;
  #origins = new Map<string, OriginHealth>();
  #bySlot = new Map<number, OriginHealth>();
  #byPool = new Map<string, readonly OriginHealth[]>();

  constructor({ pools, random, ignoresErrors = () => false, slowStart = () => undefined, ...options }: HealthOptions) {
    const { now } = options;
    this.#around = { ...options, ignoresErrors, slowStart, mayEject: (pool) => this.#mayEject(pool) };
    this.#checker = new Checker({
      onResult: (key, { problem }) => this.#origins.get(key)?.take({ kind: 'checked', problem }),
      now,
      ...(random !== undefined && { random }),
    });
    this.#looks = setInterval(() => this.#look(), LOOK);
    this.#take(pools, false);
  }

  /** From now on these are watched. What is known of an origin stays known as long as its key and url do. */
  update(pools: readonly WatchedPool[]): void {
    this.#take(pools, true);
  }

  /** What is seen of an origin; `undefined`: it is not watched. */
  observed(key: string): Observed | undefined {
    return this.#origins.get(key)?.observed;
  }

  /**
   * Requests to the origin of this row fail: looks at its counts at once. To be called when as many have failed in a row
   * as the pool bears, and when one has failed on trial.
   */
  trouble(slot: number): void {
    this.#bySlot.get(slot)?.look();
  }

  /** An operator put it back: it begins afresh, and does not wait for its next check. */
  enabled(key: string): void {
    this.#origins.get(key)?.take({ kind: 'enabled' });
    this.#checker.checkNow(key);
  }

  /** Nobody is told anything after this. */
  close(): void {
    clearInterval(this.#looks);
    this.#checker.close();
    for (const origin of this.#origins.values()) origin.close();
    this.#origins.clear();
    this.#bySlot.clear();
  }

  #look(): void {
    for (const origin of this.#origins.values()) origin.look();
  }

  #take(pools: readonly WatchedPool[], joins: boolean): void {
    const before = this.#origins;
    this.#origins = new Map();
    this.#bySlot = new Map();
    this.#byPool = new Map();
    for (const pool of pools) this.#takePool(pool, before, joins);
    for (const [key, origin] of before) if (this.#origins.get(key) !== origin) origin.close();
    for (const pool of pools) this.#pardon(pool);
    this.#checker.update(pools.flatMap(targetsOf));
  }

  #takePool(pool: WatchedPool, before: ReadonlyMap<string, OriginHealth>, joins: boolean): void {
    const origins = pool.origins.map((each) => {
      const known = before.get(each.key);
      const isSame = known?.url === each.url;
      const origin = isSame ? known : new OriginHealth(each, pool, this.#around, joins);
      this.#origins.set(each.key, origin);
      this.#bySlot.set(each.slot, origin);
      if (isSame) origin.renew(each, pool);
      else this.#around.onChange(each.key, origin.observed);
      return origin;
    });
    this.#byPool.set(pool.name, origins);
  }

  #mayEject({ name, outlier }: WatchedPool): boolean {
    const origins = this.#byPool.get(name) ?? [];
    const judgements = origins.map(({ judgement }) => judgement);
    return outlier !== 'off' && mayEject(judgements, outlier.max_ejected);
  }

  /** A pool that has become smaller bears fewer that are out. */
  #pardon({ name, outlier }: WatchedPool): void {
    if (outlier === 'off') return;
    const origins = this.#byPool.get(name) ?? [];
    const judgements = origins.map(({ judgement }) => judgement);
    for (const index of tooMany(judgements, outlier.max_ejected)) {
      origins[index]?.take({ kind: 'pardoned', why: 'too many of its pool were ejected' });
    }
  }
}

/** Checks of all origins of a pool, if it has checks. */
function targetsOf({ health_check: check, tls, origins }: WatchedPool): CheckTarget[] {
  if (check === 'off') return [];
  const shared = new CheckTls(tls);
  const { interval, jitter } = check;
  return origins.map(({ key, url }) => ({
    key,
    identity: JSON.stringify([url, check, shared.identity]),
    interval,
    jitter,
    run: lazily(() => new Check(url, check, shared)),
  }));
}

/** Most targets of a reload are those that were: only new ones are set up. */
function lazily(make: () => Check): CheckTarget['run'] {
  let made: Check | undefined;
  return (signal) => {
    made ??= make();
    return made.run(signal);
  };
}
