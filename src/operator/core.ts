import type { Ms } from '../base/units.ts';
import { fileOrigins } from './adjusted.ts';
import { AuditLog } from './audit.ts';
import { Book, type LiveOrigin, type LivePool } from './book.ts';
import type { Actor, AuditRecord, OriginId, Outcome, Refusal } from './commands.ts';
import { Drains } from './drains.ts';
import { Events } from './events.ts';
import { type Dropped, droppedBy, type Entry, expiryOf, type FileOrigins, type Kept, withEntries } from './kept.ts';
import { Overrides } from './overrides.ts';
import type { FilePools, OperatorParts } from './parts.ts';
import { Timers } from './timers.ts';
import { Waits } from './waits.ts';

/** What the operations stand on: what is kept and what is seen, and all that follows when either has changed. */

/** Whom the audit log names for what the node does by itself. */
export const NODE: Actor = { name: 'portico', source: 'node' };

/** What is asked for, as the audit log has it. */
export interface Asked {
  readonly actor: Actor;
  readonly action: string;
  readonly target: string;
  readonly reason: string;
}

type NotKept = Extract<Refusal, { readonly kind: 'not-kept' }>;

export class Core {
  readonly parts: OperatorParts;
  readonly overrides: Overrides;
  readonly book: Book;
  readonly events: Events;
  readonly audit: AuditLog;
  readonly drains: Drains;
  readonly timers: Timers;
  readonly waits: Waits;
  /** Said but not yet kept: of an origin that is being added. */
  tentative: readonly Entry[] = [];
  /** Called with origins that are being removed, when they may have become empty. */
  onEmpty: () => void = () => {};
  /** Called with what does not hold any more, once it does not. */
  onDropped: (entry: Entry) => void = () => {};
  /** Resolved when workers know all routes. */
  planned: Promise<void> = Promise.resolve();
  #file: FileOrigins | undefined;
  /** Something was said that workers may have to be planned anew for. */
  #said = false;
  readonly #toRefresh = new Set<LivePool>();
  #refreshing = false;

  constructor(parts: OperatorParts) {
    const { directory, log, now } = parts;
    this.parts = parts;
    this.overrides = new Overrides(directory);
    this.book = new Book(parts, () => this.view);
    this.events = new Events({ now, onBroken: (error) => log.error('a listener of events failed', { error }) });
    this.audit = new AuditLog({ directory, log, now });
    this.drains = new Drains(parts, this.book, this.events);
    this.timers = new Timers({ now, onAlarm: () => this.#onAlarm(), onPoll: () => this.look() });
    this.waits = new Waits(this.timers);
    for (const { event, ...problem } of this.overrides.restore()) {
      log.error(event, problem);
      this.events.add({ type: 'overrides-lost', detail: { ...problem } });
    }
  }

  /** What operators said, with what is tentative. */
  get view(): Kept {
    return this.tentative.length === 0 ? this.overrides.kept : withEntries(this.overrides.kept, this.tentative);
  }

  isTentative({ pool, id }: OriginId): boolean {
    return this.tentative.some((entry) => entry.pool === pool && entry.id === id);
  }

  /** Takes the file's word, and ends what it contradicts. */
  setFile(pools: FilePools): void {
    this.#file = fileOrigins(pools, this.parts.idOf);
    const dropped = droppedBy(this.view, this.#file, this.parts.now());
    const isDropped = (entry: Entry) => dropped.some((each) => each.entry === entry);
    this.tentative = this.tentative.filter((entry) => !isDropped(entry));
    const kept = new Set(this.overrides.kept.values());
    this.drop(dropped.filter(({ entry }) => kept.has(entry)));
  }

  /**
   * What follows from what was changed or seen in these pools: for workers, for who waits, for timers. What is seen or
   * changed by those who are told meanwhile follows right after.
   */
  refresh(pools: Iterable<LivePool | undefined>): void {
    this.tellWorkers(pools);
    this.settle();
  }

  /** The first half of it; the other one is `settle`. */
  tellWorkers(pools: Iterable<LivePool | undefined>): void {
    for (const pool of pools) if (pool !== undefined) this.#toRefresh.add(pool);
    if (this.#refreshing) return;
    this.#refreshing = true;
    try {
      for (const pool of this.#toRefresh) {
        this.#toRefresh.delete(pool);
        this.#refreshPool(pool);
      }
    } finally {
      this.#refreshing = false;
    }
  }

  settle(): void {
    if (this.#refreshing) return;
    this.#endExpired();
    this.#planRoutes();
    this.look();
  }

  /** Routes stand in what workers are planned by, and so do those that operators say. */
  #planRoutes(): void {
    if (!this.#said) return;
    this.#said = false;
    const isOther = (origin: LiveOrigin) =>
      origin.removing === undefined && origin.known.route !== this.book.route(origin, this.overrides.kept);
    if (![...this.book.origins].some(isOther)) return;
    this.planned = this.parts.apply().then(
      (problems) => this.#tellUnplanned(problems),
      (error: Error) => this.#tellUnplanned([error.message]),
    );
  }

  #tellUnplanned(problems: readonly string[]): void {
    if (problems.length > 0) this.parts.log.error('routes of origins are as they were', { problems });
  }

  /** Looks whether what drains is drained, and tells who waits. */
  look(): void {
    this.drains.look();
    for (const { pool, id } of this.book.left()) {
      this.events.add({ type: 'origin-removed', pool, origin: id, detail: {} });
    }
    this.onEmpty();
    this.waits.check();
    this.timers.poll(this.drains.pending || this.waits.forDrained || this.book.anyLeaving);
    this.timers.wakeAt(this.#nextTime());
  }

  refuse<R extends { readonly kind: string; readonly detail: string }>(
    asked: Asked,
    refusal: R,
  ): { readonly ok: false; readonly refusal: R } {
    const { actor, action, target, reason } = asked;
    this.record({ ...by(actor), action, target, reason, refused: `${refusal.kind}: ${refusal.detail}` });
    return { ok: false, refusal };
  }

  /** Keeps what is said. The refusal says that it could not be, and that nothing was changed. */
  keep(entries: readonly Entry[], asked: Asked): Outcome<undefined, NotKept> {
    const problem = this.overrides.write(entries);
    this.#said = true;
    if (problem === undefined) return { ok: true, value: undefined };
    const detail = `it cannot be written to ${this.parts.directory}: ${problem.message}`;
    return this.refuse<NotKept>(asked, { kind: 'not-kept', detail });
  }

  done({ actor, action, target, reason }: Asked, before: unknown, after: unknown): void {
    this.record({ ...by(actor), action, target, reason, before, after });
  }

  record(entry: Omit<AuditRecord, 'number' | 'time'>): void {
    this.audit.add(entry);
  }

  #refreshPool(pool: LivePool): void {
    // Before workers are told, so that what has to warm up does not begin with its whole share.
    for (const origin of this.book.returning(pool)) this.parts.enabled(origin.known.key);
    this.book.refresh(pool);
    this.#giveWay(pool);
    this.#tellService(pool);
  }

  #tellService(pool: LivePool): void {
    const is = this.book.service(pool);
    const was = pool.told;
    if (is === undefined || is === was) return;
    pool.told = is;
    const { name } = pool.known;
    const { log } = this.parts;
    if (is === 'panic') log.warn('no origin is usable, all are tried', { pool: name });
    else if (is === 'none') log.warn('no origin is usable, requests get the splash page', { pool: name });
    else if (was !== undefined) log.info('an origin is usable again', { pool: name });
    const isPanic = is === 'panic';
    if (isPanic || was === 'panic') this.events.add({ type: 'pool-panic', pool: name, detail: { panic: isPanic } });
    if (is === 'none' || was === 'none') {
      this.events.add({ type: 'pool-usable', pool: name, detail: { usable: is === 'usable' } });
    }
  }

  /** Told again with each change of the pool: there may be somebody to go to only now. Without anybody, all stay. */
  #giveWay({ origins, rotation }: LivePool): void {
    if (rotation.panic || !rotation.serving.includes(true)) return;
    for (const { standing, known } of origins) {
      const isDown = standing.health === 'down' || standing.health === 'forced_down';
      if (isDown && this.parts.inFlight(known.slot) > 0) this.parts.giveWay(known.slot);
    }
  }

  #onAlarm(): void {
    this.drains.atDeadline();
    this.#endExpired();
    this.look();
  }

  #endExpired(): void {
    if (this.#file === undefined || !this.#isAnyExpired()) return;
    const expired = droppedBy(this.overrides.kept, this.#file, this.parts.now());
    this.drop(expired);
    this.refresh(new Set(expired.map(({ entry }) => this.book.pool(entry.pool))));
  }

  #isAnyExpired(): boolean {
    const now = this.parts.now();
    return this.#expiries().some((time) => time <= now);
  }

  #nextTime(): Ms | undefined {
    const times = [...this.#expiries(), this.drains.nextDeadline ?? Number.POSITIVE_INFINITY];
    const next = Math.min(...times);
    return Number.isFinite(next) ? next : undefined;
  }

  #expiries(): Ms[] {
    return [...this.overrides.kept.values()].flatMap((entry) => expiryOf(entry) ?? []);
  }

  /** Ends what does not hold any more. */
  drop(dropped: readonly Dropped[]): void {
    if (dropped.length === 0) return;
    this.#said = true;
    const problem = this.overrides.drop(dropped.map(({ entry }) => entry));
    if (problem !== undefined) {
      this.parts.log.warn('the end of an override could not be written', { reason: problem.message });
    }
    for (const { entry, because } of dropped) this.#tellDropped(entry, because);
  }

  #tellDropped(entry: Entry, because: string): void {
    const { kind, pool, id, value } = entry;
    const origin = this.book.origin({ pool, id });
    if (origin !== undefined) this.book.touch(origin);
    this.onDropped(entry);
    const isOrigin = kind !== 'datacenter' && id !== '';
    const target = kind === 'datacenter' ? `datacenter/${id}` : isOrigin ? `${pool}/${id}` : pool;
    const about = { ...(pool !== '' && { pool }), ...(isOrigin && { origin: id }) };
    const detail = { what: kind, because, ...(kind === 'datacenter' && { datacenter: id }) };
    this.events.add({ type: 'override-dropped', ...about, detail });
    this.record({ ...by(NODE), action: `${kind}.drop`, target, reason: because, before: withoutPage(value) });
  }
}

export function by({ name, source, address }: Actor) {
  return { actor: name, source, address };
}

/** Whole pages are too long for an audit log. */
export function withoutPage(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('page' in value)) return value;
  return { ...value, page: typeof value.page === 'string' ? `${value.page.length} characters` : undefined };
}
