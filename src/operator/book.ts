import type { Ms } from '../base/units.ts';
import type { OriginId } from './commands.ts';
import { drain, effective, type Facts, held, isSameStanding, type Rotation, standing } from './effective.ts';
import { type Kept, keptOf } from './kept.ts';
import type { Observed, OriginState, PoolState } from './model.ts';
import type { KnownOrigin, KnownPool, OperatorParts } from './parts.ts';
import type { Standing } from './standing.ts';

/** A removal on its way. */
export interface Removing {
  readonly since: Ms;
  /** It is empty: the next generation does not have it any more. */
  readonly gone: boolean;
}

/** One origin of the generation that is served. */
export interface LiveOrigin {
  readonly pool: string;
  readonly id: string;
  known: KnownOrigin;
  observed: Observed;
  version: number;
  /** As workers know it. */
  standing: Standing;
  removing: Removing | undefined;
  /** It was told that it is drained. */
  drained: boolean;
  /** The deadline that something was done about. */
  overdue: Ms | undefined;
}

/** Whether a pool has anybody for new clients: `panic`, nobody is well and all are tried; `none`, nobody may be tried. */
export type Service = 'usable' | 'panic' | 'none';

export interface LivePool {
  known: KnownPool;
  origins: LiveOrigin[];
  rotation: Rotation;
  /** As was told last; `undefined`: nothing was. */
  told: Service | undefined;
  version: number;
}

/** The pools and origins of the generation that is served, and what is true of each. */
export class Book {
  readonly #parts: OperatorParts;
  readonly #kept: () => Kept;
  #pools = new Map<string, LivePool>();
  #byKey = new Map<string, LiveOrigin>();
  /** Those that the generation does not have any more, while something still runs there by a former one. */
  readonly #leaving = new Set<LiveOrigin>();

  constructor(parts: OperatorParts, kept: () => Kept) {
    this.#parts = parts;
    this.#kept = kept;
  }

  get pools(): Iterable<LivePool> {
    return this.#pools.values();
  }

  get origins(): Iterable<LiveOrigin> {
    return this.#byKey.values();
  }

  pool(name: string): LivePool | undefined {
    return this.#pools.get(name);
  }

  origin({ pool, id }: OriginId): LiveOrigin | undefined {
    return this.#pools.get(pool)?.origins.find((origin) => origin.id === id);
  }

  /** One of the generation; else one that is leaving. */
  known(id: OriginId): LiveOrigin | undefined {
    return this.origin(id) ?? [...this.#leaving].find((origin) => origin.pool === id.pool && origin.id === id.id);
  }

  isLeaving(origin: LiveOrigin): boolean {
    return this.#leaving.has(origin);
  }

  get anyLeaving(): boolean {
    return this.#leaving.size > 0;
  }

  /** Forgets those that were leaving and are empty by now, and returns them. */
  left(): LiveOrigin[] {
    const empty = [...this.#leaving].filter(({ known }) => this.#parts.inFlight(known.slot) === 0);
    for (const origin of empty) this.#leaving.delete(origin);
    return empty;
  }

  byKey(key: string): LiveOrigin | undefined {
    return this.#byKey.get(key);
  }

  facts({ pool, id, known, observed, removing }: LiveOrigin, kept: Kept = this.#kept()): Facts {
    const override = keptOf(kept, 'override', pool, id);
    return { configured: known.configured, override, observed, removingSince: removing?.since };
  }

  /** What tells it in a cookie, if that were what operators said. */
  route({ pool, id, known }: LiveOrigin, kept: Kept): string {
    return keptOf(kept, 'override', pool, id)?.values.route ?? known.configured.route ?? id;
  }

  /** Of all origins of a pool, if that were what operators said. */
  standings(pool: LivePool, kept: Kept): Standing[] {
    return pool.origins.map((origin) => standing(this.facts(origin, kept)));
  }

  /** Tells workers what they do not know yet, and returns the origins that admit others than they did. */
  refresh(pool: LivePool): LiveOrigin[] {
    const turned: LiveOrigin[] = [];
    for (const origin of pool.origins) {
      const next = standing(this.facts(origin));
      if (isSameStanding(next, origin.standing)) continue;
      if (next.admits !== origin.standing.admits) {
        turned.push(origin);
        origin.drained = false;
      }
      origin.standing = next;
      this.#parts.setStanding(origin.known.slot, next);
    }
    const standings = pool.origins.map((origin) => origin.standing);
    pool.rotation = this.#parts.rotation(pool.known.name, standings);
    return turned;
  }

  /** `undefined`: the first good check may come any moment. */
  service({ origins, rotation }: LivePool): Service | undefined {
    if (rotation.panic) return 'panic';
    if (rotation.serving.includes(true)) return 'usable';
    const waits = origins.some(({ standing: { admits, health } }) => admits === 'all' && health === 'checking');
    return waits ? undefined : 'none';
  }

  /** Those that operators kept from all, and do no more. */
  returning(pool: LivePool): LiveOrigin[] {
    const isOpen = ({ admits, health }: Standing) => admits === 'all' && health !== 'forced_down';
    return pool.origins.filter((origin) => !isOpen(origin.standing) && isOpen(standing(this.facts(origin))));
  }

  /** Goes over to another generation; who stays keeps what is seen of it. */
  take(pools: readonly KnownPool[]): { readonly came: readonly LiveOrigin[]; readonly went: readonly LiveOrigin[] } {
    const before = this.#byKey;
    this.#byKey = new Map();
    const came: LiveOrigin[] = [];
    const livePool = (known: KnownPool): [string, LivePool] => {
      const origins = known.origins.map((each) => {
        const stayed = before.get(each.key);
        const origin = stayed ?? this.#newOrigin(known.name, each);
        if (stayed === undefined) came.push(origin);
        this.#move(origin, each);
        this.#byKey.set(each.key, origin);
        return origin;
      });
      const former = this.#pools.get(known.name);
      const version = Math.max((former?.version ?? 0) + 1, this.#parts.now());
      return [known.name, { known, origins, rotation: { serving: [], panic: false }, told: former?.told, version }];
    };
    this.#pools = new Map(pools.map(livePool));
    const went = [...before.values()].filter(({ known }) => !this.#byKey.has(known.key));
    this.#see(went);
    return { came, went };
  }

  /** Whoever waits for one of these to be empty is not told so because the file has it no more. */
  #see(went: readonly LiveOrigin[]): void {
    for (const origin of went) {
      if (this.#parts.inFlight(origin.known.slot) === 0) continue;
      origin.removing = { since: this.#parts.now(), gone: true };
      this.touch(origin);
      this.#leaving.add(origin);
    }
    // It is there again, or its row is another's.
    const taken = new Set([...this.origins].map(({ known }) => known.slot));
    for (const origin of this.#leaving) if (taken.has(origin.known.slot)) this.#leaving.delete(origin);
  }

  #newOrigin(pool: string, known: KnownOrigin): LiveOrigin {
    const { id, observed } = known;
    const first = standing(this.facts({ pool, id, known, observed, removing: undefined } as LiveOrigin));
    this.#parts.setStanding(known.slot, first);
    return {
      pool,
      id,
      known,
      observed,
      version: this.#parts.now(),
      standing: first,
      removing: undefined,
      // Nobody is to be told that what begins empty is empty.
      drained: first.admits !== 'all' && this.#parts.inFlight(known.slot) === 0,
      overdue: undefined,
    };
  }

  #move(origin: LiveOrigin, known: KnownOrigin): void {
    const isSame = JSON.stringify(known.configured) === JSON.stringify(origin.known.configured);
    if (!isSame) this.touch(origin);
    origin.known = known;
  }

  /** Later versions are higher, also after a restart. */
  touch(one: { version: number }): void {
    one.version = Math.max(one.version + 1, this.#parts.now());
  }

  state(origin: LiveOrigin): OriginState {
    return this.#state(origin, this.#kept(), this.#pools.get(origin.pool)?.rotation);
  }

  /** As it would be if that were what operators said. */
  imagined(origin: LiveOrigin, kept: Kept): OriginState {
    const pool = this.#pools.get(origin.pool);
    return this.#state(origin, kept, pool && this.#parts.rotation(pool.known.name, this.standings(pool, kept)));
  }

  #state(origin: LiveOrigin, kept: Kept, rotation: Rotation | undefined): OriginState {
    const { pool, id, known, observed, version } = origin;
    const serving = rotation?.serving[this.#pools.get(pool)?.origins.indexOf(origin) ?? -1] ?? false;
    const facts = this.facts(origin, kept);
    const inFlight = this.#parts.inFlight(known.slot);
    // Final where nobody is admitted; of one that those may come to who stick to it, as it is now.
    const isDrained = inFlight === 0 || (origin.drained && origin.standing.admits === 'none');
    const draining = drain(facts, isDrained);
    return {
      pool,
      id,
      configured: known.configured,
      route: this.route(origin, kept),
      override: facts.override,
      observed,
      traffic: { ...this.#parts.traffic(known.slot), inFlight },
      ...held(facts),
      slowStart: facts.override?.values.slowStart ?? known.slowStart ?? 0,
      effective: effective(facts, serving, draining),
      drain: draining,
      version,
    };
  }

  poolState(pool: LivePool): PoolState {
    const { name, balance, sticky } = pool.known;
    return {
      name,
      balance,
      maintenance: keptOf(this.#kept(), 'maintenance', name, ''),
      sticky,
      panic: pool.rotation.panic,
      queued: this.#parts.queued(name),
      origins: pool.origins.map((origin) => this.state(origin)),
      version: pool.origins.reduce((most, { version }) => Math.max(most, version), pool.version),
    };
  }
}
