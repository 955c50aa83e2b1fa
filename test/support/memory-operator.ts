import type {
  Actor,
  AuditRecord,
  Change,
  Changed,
  NewOrigin,
  OperatorEvent,
  OperatorPort,
  OriginId,
  Outcome,
  Refusal,
  WaitFor,
} from '../../src/operator/commands.ts';
import type {
  Effective,
  Maintenance,
  NodeDrain,
  OriginState,
  Override,
  OverrideValues,
  PoolState,
} from '../../src/operator/model.ts';

/**
 * The operator's side of a node, small and in memory: enough for whatever stands on `OperatorPort`. A test plays the
 * traffic and the health checks by `set`.
 */
export class MemoryOperator implements OperatorPort {
  readonly changes: { readonly ids: readonly OriginId[]; readonly change: Change; readonly actor: Actor }[] = [];
  readonly #pools = new Map<string, PoolState>();
  readonly #events: OperatorEvent[] = [];
  readonly #listeners = new Set<(event: OperatorEvent) => void>();
  readonly #audit: AuditRecord[] = [];
  readonly #now: () => number;
  #drain: NodeDrain | undefined;
  /** What the next change is refused with. */
  refuseNext: Refusal | undefined;

  constructor(pools: Readonly<Record<string, readonly string[]>>, now: () => number = () => 1_700_000_000_000) {
    this.#now = now;
    for (const [name, urls] of Object.entries(pools)) {
      const origins = urls.map((url) => originAt(name, url));
      const rest = { maintenance: undefined, sticky: undefined, panic: false, queued: 0, version: 1 };
      this.#pools.set(name, { name, balance: 'round-robin', ...rest, origins });
    }
  }

  /** How many wait, or listen to events. */
  get listening(): number {
    return this.#listeners.size;
  }

  pools(): readonly PoolState[] {
    return [...this.#pools.values()];
  }

  pool(name: string): PoolState | undefined {
    return this.#pools.get(name);
  }

  origin({ pool, id }: OriginId): OriginState | undefined {
    return this.#pools.get(pool)?.origins.find((origin) => origin.id === id);
  }

  /** What is seen of an origin; whoever waits is woken. */
  set(id: OriginId, seen: { inFlight?: number; health?: 'up' | 'down' | 'checking' | 'unknown' }): void {
    const origin = this.#known(id);
    const traffic = { ...origin.traffic, inFlight: seen.inFlight ?? origin.traffic.inFlight };
    const health = seen.health ?? origin.health;
    const isNew = health !== origin.health;
    this.#put(settled({ ...origin, traffic, health, version: origin.version + (isNew ? 1 : 0) }));
    this.emit(isNew ? 'origin-health' : 'drain-progress', id);
  }

  emit(type: string, { pool, id }: OriginId): void {
    const detail = { inFlight: this.origin({ pool, id })?.traffic.inFlight ?? 0 };
    const event = { number: this.#events.length + 1, time: this.#now(), type, pool, origin: id, detail };
    this.#events.push(event);
    for (const listener of [...this.#listeners]) listener(event);
  }

  change(ids: readonly OriginId[], change: Change, actor: Actor): Outcome<readonly Changed[]> {
    const refusal = this.#refusal(ids, change);
    if (refusal !== undefined) return { ok: false, refusal };
    const changed = ids.map((id): Changed => {
      const before = this.#known(id);
      const after = this.#changed(before, change, actor);
      return { before, after, same: after === before };
    });
    if (change.dryRun === true) return { ok: true, value: changed };
    this.changes.push({ ids, change, actor });
    for (const { after, same } of changed) {
      this.#put(after);
      this.record({
        ...actor,
        actor: actor.name,
        action: 'origin.change',
        target: `${after.pool}/${after.id}`,
        after: change.values,
        reason: change.reason,
      });
      if (!same) this.emit('origin-changed', after);
    }
    return { ok: true, value: changed };
  }

  clear(id: OriginId, reason: string, actor: Actor): Outcome<Changed> {
    const before = this.origin(id);
    if (before === undefined) return { ok: false, refusal: { kind: 'unknown-origin', detail: 'unknown' } };
    const same = before.override === undefined;
    const after = settled({ ...plain(before), version: before.version + (same ? 0 : 1) });
    this.#put(after);
    this.record({ ...actor, actor: actor.name, action: 'override.clear', target: `${id.pool}/${id.id}`, reason });
    return { ok: true, value: { before, after, same } };
  }

  async add(
    pool: string,
    { url, id, weight = 1, role = 'primary', set = 0, admin = 'maint', dryRun }: NewOrigin,
  ): Promise<Outcome<OriginState>> {
    const fresh = originAt(pool, url);
    const origin = settled({
      ...fresh,
      id: id ?? fresh.id,
      weight,
      role,
      set,
      admin,
      configured: { url, weight, role, set },
    });
    if (this.origin(origin)) return { ok: false, refusal: { kind: 'duplicate', detail: `${origin.id} is there` } };
    const known = this.#pools.get(pool) as PoolState;
    if (dryRun !== true)
      this.#pools.set(pool, { ...known, origins: [...known.origins, origin], version: known.version + 1 });
    return { ok: true, value: origin };
  }

  async remove(id: OriginId, now: boolean): Promise<Outcome<OriginState>> {
    const origin = this.#known(id);
    const after: OriginState = { ...origin, admin: 'stopped', effective: 'removing', version: origin.version + 1 };
    this.#put(after);
    if (now || origin.traffic.inFlight === 0) this.vanish(id);
    return { ok: true, value: after };
  }

  /** An origin that was removed is empty. */
  vanish({ pool, id }: OriginId): void {
    const known = this.#pools.get(pool) as PoolState;
    this.#pools.set(pool, { ...known, origins: known.origins.filter((origin) => origin.id !== id) });
    this.emit('origin-removed', { pool, id });
  }

  maintain(
    pool: string,
    page: Pick<Maintenance, 'page' | 'retryAfter'> | undefined,
    reason: string,
    { name }: Actor,
  ): Outcome<PoolState> {
    const known = this.#pools.get(pool) as PoolState;
    const maintenance = page && { ...page, by: name, reason, since: this.#now() };
    const after = { ...known, maintenance, version: known.version + 1 };
    this.#pools.set(pool, after);
    return { ok: true, value: after };
  }

  node(): NodeDrain | undefined {
    return this.#drain;
  }

  setNode(
    admin: 'active' | 'drain',
    reason: string,
    { name: by, source }: Actor,
    { dryRun }: { readonly dryRun?: boolean } = {},
  ): Outcome<NodeDrain | undefined> {
    const drain = admin === 'drain' ? { by, source, reason, since: this.#now() } : undefined;
    if (dryRun !== true) this.#drain = drain;
    return { ok: true, value: drain };
  }

  async planned(): Promise<void> {}

  wait(
    id: OriginId,
    what: WaitFor,
    timeout: number,
    { version, signal }: { readonly version?: number; readonly signal?: AbortSignal } = {},
  ): Promise<OriginState | undefined> {
    return new Promise((resolve) => {
      const isSo = (origin: OriginState | undefined) => {
        if (origin === undefined) return true;
        if (what === 'changed') return origin.version !== version;
        if (what === 'drained') return origin.drain?.drained === true;
        return what === 'up' ? origin.health === 'up' : origin.effective === 'active';
      };
      const end = () => {
        this.#listeners.delete(look);
        clearTimeout(timer);
        resolve(this.origin(id));
      };
      const look = () => {
        if (isSo(this.origin(id))) end();
      };
      const timer = setTimeout(end, timeout);
      signal?.addEventListener('abort', end, { once: true });
      this.#listeners.add(look);
      if (signal?.aborted === true) end();
      else look();
    });
  }

  events(after: number, onEvent: (event: OperatorEvent) => void): () => void {
    for (const event of this.#events) if (event.number > after) onEvent(event);
    this.#listeners.add(onEvent);
    return () => void this.#listeners.delete(onEvent);
  }

  audit(after: number, limit: number): readonly AuditRecord[] {
    return this.#audit.filter(({ number }) => number > after).slice(0, limit);
  }

  record(entry: Omit<AuditRecord, 'number' | 'time'>): void {
    this.#audit.push({ ...entry, number: this.#audit.length + 1, time: this.#now() });
  }

  #refusal(ids: readonly OriginId[], change: Change): Refusal | undefined {
    const refused = this.refuseNext;
    this.refuseNext = undefined;
    if (refused !== undefined) return refused;
    for (const id of ids) {
      const origin = this.origin(id);
      if (origin === undefined) return { kind: 'unknown-origin', detail: `${id.pool}/${id.id}` };
      if (change.ifVersion !== undefined && change.ifVersion !== origin.version) {
        return { kind: 'version-mismatch', detail: `${id.pool}/${id.id} has version ${origin.version}` };
      }
    }
    const takesAway =
      change.values.admin !== undefined && change.values.admin !== 'active' && change.values.admin !== null;
    if (change.force === true || !takesAway) return undefined;
    for (const { name, origins } of this.pools()) {
      const active = origins.filter(({ admin }) => admin === 'active');
      const left = active.filter(({ id }) => !ids.some((each) => each.pool === name && each.id === id));
      if (active.length > 0 && left.length === 0)
        return { kind: 'last-active-origin', detail: `expected force, as it is the last of ${name}` };
    }
    return undefined;
  }

  #changed(
    origin: OriginState,
    { values, reason, expiresIn, deadlineIn, onDeadline }: Change,
    actor: Actor,
  ): OriginState {
    const said: OverrideValues = Object.fromEntries(
      Object.entries({ ...origin.override?.values, ...values }).filter(
        ([, value]) => value !== null && value !== undefined,
      ),
    );
    if (JSON.stringify(said) === JSON.stringify(origin.override?.values ?? {})) return origin;
    const now = this.#now();
    const after = (time: number | null | undefined) => (typeof time === 'number' ? now + time : undefined);
    const until = after(deadlineIn);
    const override: Override = {
      values: said,
      by: actor.name,
      source: actor.source,
      reason,
      since: now,
      expires: after(expiresIn),
      deadline: until,
      onDeadline,
      was: origin.configured,
    };
    const base = plain(origin);
    const { health = base.health, ...rest } = said;
    const isOut = said.admin !== undefined && said.admin !== 'active';
    const drain = isOut ? { since: now, deadline: until, onDeadline: onDeadline ?? 'keep', drained: false } : undefined;
    return settled({ ...base, ...rest, health, drain, override, version: origin.version + 1 });
  }

  #known(id: OriginId): OriginState {
    const origin = this.origin(id);
    if (origin === undefined) throw new Error(`no origin ${id.pool}/${id.id}`);
    return origin;
  }

  #put(origin: OriginState): void {
    const pool = this.#pools.get(origin.pool) as PoolState;
    const origins = pool.origins.map((each) => (each.id === origin.id ? origin : each));
    this.#pools.set(origin.pool, { ...pool, origins, version: pool.version + 1 });
  }
}

/** As the file says. */
function plain(origin: OriginState): OriginState {
  const { weight, role, set } = origin.configured;
  const health = origin.health === 'forced_down' ? origin.observed.health : origin.health;
  return {
    ...origin,
    weight,
    role,
    set,
    health,
    admin: 'active',
    ignoreErrors: false,
    override: undefined,
    drain: undefined,
  };
}

/** With what follows from the rest. */
function settled(origin: OriginState): OriginState {
  const { admin, health, traffic, drain } = origin;
  const drained = drain && { ...drain, drained: traffic.inFlight === 0 };
  return { ...origin, drain: drained, effective: effectiveOf(admin, health, drained?.drained === true) };
}

function effectiveOf(admin: OriginState['admin'], health: OriginState['health'], drained: boolean): Effective {
  if (admin === 'drain') return drained ? 'drained' : 'draining';
  if (admin !== 'active') return admin;
  return health === 'up' || health === 'unknown' ? 'active' : 'down';
}

function originAt(pool: string, url: string): OriginState {
  const { hostname, port } = new URL(url);
  const id = `${hostname}:${port || 80}`;
  const configured = { url, weight: 1, role: 'primary', set: 0 } as const;
  const nothing = {
    inFlight: 0,
    upgraded: 0,
    elected: 0,
    stickyRecent: 0,
    rate: 0,
    errors: 0,
    bytesIn: 0,
    bytesOut: 0,
  };
  return {
    pool,
    id,
    configured,
    route: id,
    override: undefined,
    observed: { health: 'up', since: 1_700_000_000_000, warmth: 1 },
    traffic: { ...nothing, latency: undefined },
    admin: 'active',
    role: 'primary',
    health: 'up',
    weight: 1,
    set: 0,
    ignoreErrors: false,
    slowStart: 0,
    effective: 'active',
    drain: undefined,
    version: 1,
  };
}
