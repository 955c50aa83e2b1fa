import type {
  Actor,
  AuditRecord,
  Change,
  Changed,
  NewOrigin,
  OperatorPort,
  OriginId,
  Outcome,
  Refusal,
} from '../../../src/operator/commands.ts';
import type { OriginState, PoolState, Traffic } from '../../../src/operator/model.ts';

/** What of an origin is not as usual: up, active, a primary of weight 1 without traffic, routed to by its id. */
export type Given = Partial<Omit<OriginState, 'traffic' | 'configured' | 'pool'>> & {
  readonly url: string;
  readonly traffic?: Partial<Traffic>;
};

export const NOW = Date.parse('2026-11-20T18:18:50Z');

export function originOf(pool: string, { url, traffic, ...given }: Given): OriginState {
  const id = given.id ?? url.replace(/^https?:\/\//, '');
  return {
    pool,
    id,
    slowStart: 0,
    configured: { url, weight: given.weight ?? 1, role: given.role ?? 'primary', set: given.set ?? 0 },
    route: id,
    override: undefined,
    observed: { health: 'up', since: NOW, warmth: 1 },
    traffic: { ...QUIET, ...traffic },
    admin: 'active',
    role: 'primary',
    health: 'up',
    weight: 1,
    set: 0,
    ignoreErrors: false,
    effective: 'active',
    drain: undefined,
    version: 1,
    ...given,
  };
}

export function poolOf(name: string, origins: readonly Given[], given: Partial<PoolState> = {}): PoolState {
  return {
    name,
    balance: 'round-robin',
    maintenance: undefined,
    sticky: undefined,
    panic: false,
    queued: 0,
    origins: origins.map((origin) => originOf(name, origin)),
    version: 1,
    ...given,
  };
}

const QUIET: Traffic = {
  inFlight: 0,
  upgraded: 0,
  elected: 0,
  stickyRecent: 0,
  rate: 0,
  errors: 0,
  latency: undefined,
  bytesIn: 0,
  bytesOut: 0,
};

/** Of the operator's side what balancer-manager stands on: pools that change, are guarded, and are written down. */
export class SmallOperator implements OperatorPort {
  readonly changes: { readonly ids: readonly string[]; readonly change: Change; readonly actor: Actor }[] = [];
  readonly added: { readonly pool: string; readonly origin: NewOrigin }[] = [];
  readonly records: Omit<AuditRecord, 'number' | 'time'>[] = [];
  refuseNext: Refusal | undefined;
  #pools: readonly PoolState[];

  constructor(pools: readonly PoolState[]) {
    this.#pools = pools;
  }

  /** `admin` of each origin, by id. */
  get admins(): Record<string, string> {
    return Object.fromEntries(this.#pools.flatMap(({ origins }) => origins.map(({ id, admin }) => [id, admin])));
  }

  pools(): readonly PoolState[] {
    return this.#pools;
  }

  pool(name: string): PoolState | undefined {
    return this.#pools.find((pool) => pool.name === name);
  }

  origin({ pool, id }: OriginId): OriginState | undefined {
    return this.pool(pool)?.origins.find((origin) => origin.id === id);
  }

  change(ids: readonly OriginId[], change: Change, actor: Actor): Outcome<readonly Changed[]> {
    const refusal = this.#refusal(ids, change);
    if (refusal !== undefined) return { ok: false, refusal };
    this.changes.push({ ids: ids.map(({ id }) => id), change, actor });
    const changed = ids.map((id): Changed => {
      const before = this.origin(id) as OriginState;
      const after = changedBy(before, change);
      return { before, after, same: JSON.stringify(before) === JSON.stringify(after) };
    });
    for (const { after } of changed) this.#put(after);
    return { ok: true, value: changed };
  }

  async add(pool: string, origin: NewOrigin): Promise<Outcome<OriginState>> {
    const known = this.pool(pool) as PoolState;
    const { url, admin = 'maint' } = origin;
    if (!URL.canParse(url)) return { ok: false, refusal: { kind: 'invalid', detail: 'url: expected http://HOST' } };
    if (known.origins.some(({ configured }) => configured.url === url)) {
      return { ok: false, refusal: { kind: 'duplicate', detail: `${url} is there` } };
    }
    this.added.push({ pool, origin });
    const state = originOf(pool, { url, admin, effective: 'maint' });
    this.#replace({ ...known, origins: [...known.origins, state] });
    return { ok: true, value: state };
  }

  record(entry: Omit<AuditRecord, 'number' | 'time'>): void {
    this.records.push(entry);
  }

  clear(): never {
    throw new Error('not played');
  }

  remove(): never {
    throw new Error('not played');
  }

  maintain(): never {
    throw new Error('not played');
  }

  node(): never {
    throw new Error('not played');
  }

  setNode(): never {
    throw new Error('not played');
  }

  planned(): never {
    throw new Error('not played');
  }

  wait(): never {
    throw new Error('not played');
  }

  events(): never {
    throw new Error('not played');
  }

  audit(): never {
    throw new Error('not played');
  }

  #refusal(ids: readonly OriginId[], { values, force, ifVersion }: Change): Refusal | undefined {
    const refused = this.refuseNext;
    this.refuseNext = undefined;
    const { version } = this.origin(ids[0] as OriginId) as OriginState;
    if (ifVersion !== undefined && ifVersion !== version) {
      return { kind: 'version-mismatch', detail: `it has version ${version}, not ${ifVersion}` };
    }
    if (refused !== undefined || force === true || values.admin === undefined || values.admin === 'active') {
      return refused;
    }
    const { name, origins } = this.pool(ids[0]?.pool ?? '') as PoolState;
    const active = origins.filter(({ admin }) => admin === 'active');
    const isLast = active.length > 0 && active.every(({ id }) => ids.some((each) => each.id === id));
    return isLast ? { kind: 'last-active-origin', detail: `pool ${name} would have no usable origin left` } : undefined;
  }

  #put(origin: OriginState): void {
    const pool = this.pool(origin.pool) as PoolState;
    this.#replace({ ...pool, origins: pool.origins.map((each) => (each.id === origin.id ? origin : each)) });
  }

  #replace(pool: PoolState): void {
    this.#pools = this.#pools.map((each) => (each.name === pool.name ? pool : each));
  }
}

function changedBy(origin: OriginState, { values }: Change): OriginState {
  const said = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
  const health = values.health === null ? origin.observed.health : (values.health ?? origin.health);
  const after = { ...origin, ...said, health };
  const isSame = JSON.stringify(after) === JSON.stringify(origin);
  return isSame ? origin : { ...after, version: origin.version + 1 };
}
