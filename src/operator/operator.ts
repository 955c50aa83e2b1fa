import type { Ms } from '../base/units.ts';
import { AddressHand } from './address-hand.ts';
import { adjusted, fileOrigins, keptWith } from './adjusted.ts';
import type { LiveOrigin } from './book.ts';
import { problemOfReason } from './change.ts';
import { Changes, unknownPool } from './changes.ts';
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
  WaitFor,
} from './commands.ts';
import { type Asked, Core, withoutPage } from './core.ts';
import { DatacenterHand } from './datacenter-hand.ts';
import { standing } from './effective.ts';
import { holding, isSameMaintenance, keptOf } from './kept.ts';
import { Membership } from './membership.ts';
import type { Maintenance, NodeDrain, Observed, OriginState, PoolState } from './model.ts';
import { NodeHand } from './node-hand.ts';
import type { FilePool, FilePools, KnownPool, OperatorParts } from './parts.ts';

/** A page that is longer belongs on a server. */
const LONGEST_PAGE = 256 * 1024;

/** The operator's hand: what is asked of pools and origins, kept over restarts, and told to workers. */
export class Operator implements OperatorPort {
  readonly datacenters: DatacenterHand;
  readonly addresses: AddressHand;
  readonly #core: Core;
  readonly #changes: Changes;
  readonly #membership: Membership;
  readonly #node: NodeHand;

  /** Reads what was said before the start. It holds from `prepare` and `take` on. */
  constructor(parts: OperatorParts) {
    this.#core = new Core(parts);
    this.#changes = new Changes(this.#core);
    this.#membership = new Membership(this.#core);
    this.#node = new NodeHand(this.#core);
    this.datacenters = new DatacenterHand(this.#core);
    this.addresses = new AddressHand(this.#core);
  }

  // What control does with each generation: adjusted, prepare, and once all workers serve it, take.

  /** What is to be planned: the file's pools, with what operators added and removed. Changes nothing. */
  adjusted<Pool extends FilePool>(pools: Readonly<Record<string, Pool>>): Record<string, Pool> {
    return adjusted(pools, this.#core.view, this.#core.parts.idOf, this.#membership.lingering);
  }

  /** Which pools are answered by a page, with this file. Changes nothing. */
  maintained(pools: FilePools): ReadonlyMap<string, Maintenance> {
    const kept = keptWith(this.#core.view, pools, this.#core.parts.idOf);
    return new Map(
      Object.keys(pools).flatMap((name) => {
        const maintenance = keptOf(kept, 'maintenance', name, '');
        return maintenance === undefined ? [] : [[name, maintenance]];
      }),
    );
  }

  /** Before workers serve it: has the rows of its new origins say what is to hold for them. */
  prepare(file: FilePools, pools: readonly KnownPool[]): void {
    const { book, parts, view } = this.#core;
    const kept = holding(view, fileOrigins(file, parts.idOf), parts.now());
    for (const { name, origins } of pools) {
      for (const { key, id, slot, configured, observed } of origins) {
        if (book.byKey(key)?.known.slot === slot) continue;
        const override = keptOf(kept, 'override', name, id);
        parts.setStanding(slot, standing({ configured, override, observed, removingSince: undefined }));
      }
    }
  }

  /** When workers serve it. What operators said of an origin that the file has changed since does not hold any more. */
  take(file: FilePools, pools: readonly KnownPool[]): void {
    const { book, events } = this.#core;
    const isFirst = [...book.pools].length === 0;
    this.#core.setFile(file);
    const { came, went } = book.take(pools);
    this.#membership.taken(file, went);
    for (const { pool, id } of isFirst ? [] : came) {
      if (!this.#core.isTentative({ pool, id })) events.add({ type: 'origin-added', pool, origin: id, detail: {} });
    }
    for (const origin of went) {
      const type = book.isLeaving(origin) ? 'origin-removing' : 'origin-removed';
      events.add({ type, pool: origin.pool, origin: origin.id, detail: {} });
    }
    this.#core.refresh(book.pools);
  }

  /** What is seen of an origin from now on. Not of one that is not served any more. */
  observe(key: string, observed: Observed): void {
    const { book } = this.#core;
    const origin = book.byKey(key);
    if (origin === undefined) return;
    const before = origin.observed;
    origin.observed = observed;
    this.#tellObserved(origin, before);
    this.#core.refresh([book.pool(origin.pool)]);
  }

  /** Ends all that runs by itself; who waits is told how things are. */
  close(): void {
    this.#core.waits.close();
    this.#core.timers.close();
  }

  pools(): readonly PoolState[] {
    const { book } = this.#core;
    return [...book.pools].map((pool) => book.poolState(pool));
  }

  pool(name: string): PoolState | undefined {
    const pool = this.#core.book.pool(name);
    return pool === undefined ? undefined : this.#core.book.poolState(pool);
  }

  origin(id: OriginId): OriginState | undefined {
    const origin = this.#core.book.known(id);
    return origin === undefined ? undefined : this.#core.book.state(origin);
  }

  change(ids: readonly OriginId[], change: Change, actor: Actor): Outcome<readonly Changed[]> {
    return this.#changes.change(ids, change, actor);
  }

  planned(): Promise<void> {
    return this.#core.planned;
  }

  clear(id: OriginId, reason: string, actor: Actor): Outcome<Changed> {
    return this.#changes.clear(id, reason, actor);
  }

  add(pool: string, origin: NewOrigin, actor: Actor): Promise<Outcome<OriginState>> {
    return this.#membership.add(pool, origin, actor);
  }

  remove(id: OriginId, now: boolean, reason: string, actor: Actor): Promise<Outcome<OriginState>> {
    return this.#membership.remove(id, now, reason, actor);
  }

  maintain(
    name: string,
    page: Pick<Maintenance, 'page' | 'retryAfter'> | undefined,
    reason: string,
    actor: Actor,
  ): Outcome<PoolState> {
    const { book, overrides, parts, events } = this.#core;
    const asked: Asked = { actor, action: 'pool.maintenance', target: name, reason };
    const pool = book.pool(name);
    if (pool === undefined) return this.#core.refuse(asked, unknownPool(name));
    const problem = problemOfReason(reason) ?? (page && problemOfPage(page));
    if (problem !== undefined) return this.#core.refuse(asked, { kind: 'invalid', detail: problem });
    const before = keptOf(overrides.kept, 'maintenance', name, '');
    const after = page && { page: page.page, retryAfter: page.retryAfter, by: actor.name, reason, since: parts.now() };
    if (isSameMaintenance(before, after)) return { ok: true, value: book.poolState(pool) };
    const kept = this.#core.keep([{ kind: 'maintenance', pool: name, id: '', value: after ?? null }], asked);
    if (!kept.ok) return kept;
    book.touch(pool);
    parts.showMaintenance(name, after);
    events.add({
      type: 'pool-maintenance',
      pool: name,
      detail: { on: after !== undefined, by: actor.name, source: actor.source, reason },
    });
    this.#core.done(asked, withoutPage(before), withoutPage(after));
    return { ok: true, value: book.poolState(pool) };
  }

  node(): NodeDrain | undefined {
    return this.#node.drain;
  }

  setNode(
    admin: 'active' | 'drain',
    reason: string,
    actor: Actor,
    { dryRun = false }: { readonly dryRun?: boolean } = {},
  ): Outcome<NodeDrain | undefined> {
    return this.#node.set(admin, reason, actor, dryRun);
  }

  wait(
    id: OriginId,
    what: WaitFor,
    timeout: Ms,
    options: { readonly version?: number; readonly signal?: AbortSignal } = {},
  ): Promise<OriginState | undefined> {
    const { signal, version = this.origin(id)?.version ?? 0 } = options;
    const waited = this.#core.waits.add({ what, version, timeout, signal, look: () => this.origin(id) });
    this.#core.look();
    return waited;
  }

  events(after: number, onEvent: (event: OperatorEvent) => void): () => void {
    return this.#core.events.follow(after, onEvent);
  }

  audit(after: number, limit: number): readonly AuditRecord[] {
    return this.#core.audit.after(after, limit);
  }

  record(entry: Omit<AuditRecord, 'number' | 'time'>): void {
    this.#core.record(entry);
  }

  #tellObserved(origin: LiveOrigin, before: Observed): void {
    const { book, events } = this.#core;
    const { pool, id, observed } = origin;
    const { health, problem, ejectedUntil, trial = false } = observed;
    if (health !== before.health) {
      const detail = { from: before.health, to: health, ...(problem !== undefined && { problem }) };
      events.add({ type: 'origin-health', pool, origin: id, detail });
    }
    if (ejectedUntil !== before.ejectedUntil || trial !== (before.trial ?? false)) {
      const type = ejectedUntil === undefined ? 'origin-returned' : 'origin-ejected';
      events.add({
        type,
        pool,
        origin: id,
        detail: { ...(ejectedUntil !== undefined && { until: ejectedUntil }), trial },
      });
    } else if (health === before.health) return;
    book.touch(origin);
  }
}

function problemOfPage({ page, retryAfter }: Pick<Maintenance, 'page' | 'retryAfter'>): string | undefined {
  if (page !== undefined && (typeof page !== 'string' || page.length > LONGEST_PAGE)) {
    return `page: expected HTML of at most ${LONGEST_PAGE} characters`;
  }
  const isSeconds = Number.isInteger(retryAfter) && retryAfter >= 0 && retryAfter <= 604_800;
  return isSeconds ? undefined : 'retryAfter: expected whole seconds from 0 to a week';
}
