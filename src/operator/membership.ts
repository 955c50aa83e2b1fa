import { configuredOf, type Lingering } from './adjusted.ts';
import type { LiveOrigin, LivePool } from './book.ts';
import { overrideAfter, problemOfReason, VALUES } from './change.ts';
import { unknownPool } from './changes.ts';
import type { Actor, NewOrigin, OriginId, Outcome, Refusal } from './commands.ts';
import { type Asked, by, type Core } from './core.ts';
import { drain, effective, held } from './effective.ts';
import { takesLast } from './guard.ts';
import { type Entry, isSameUrl, keptOf } from './kept.ts';
import type { Configured, Observed, OriginState, OverrideValues, Traffic } from './model.ts';
import type { FilePools } from './parts.ts';

/**
 * Origins that are added and removed while the node runs.
 *
 *     add       ▸ tentative, in maint ▸ a generation has it ▸ kept ▸ as it was asked for
 *     remove    ▸ kept ▸ `removing`: nobody is sent there ▸ empty ▸ a generation without it
 *
 * So nothing is kept that no generation can be made of, and nobody is sent where nothing is kept.
 */
export class Membership {
  readonly #core: Core;
  readonly #removing = new Set<LiveOrigin>();
  #leaving: Promise<void> = Promise.resolve();

  constructor(core: Core) {
    this.#core = core;
    core.onEmpty = () => this.#letGo();
  }

  /** Removed, but to be planned as there are still requests. */
  get lingering(): Lingering[] {
    return [...this.#removing]
      .filter(({ removing }) => removing?.gone === false)
      .map(({ pool, id, known }) => ({ pool, id, configured: known.configured }));
  }

  async add(pool: string, wanted: NewOrigin, actor: Actor): Promise<Outcome<OriginState>> {
    const { book, parts, overrides } = this.#core;
    const id = typeof wanted.id === 'string' ? wanted.id : this.#nameOf(wanted.url);
    const asked: Asked = { actor, action: 'origin.add', target: `${pool}/${id}`, reason: wanted.reason };
    const refuse = (refusal: Refusal) =>
      wanted.dryRun ? { ok: false as const, refusal } : this.#core.refuse(asked, refusal);
    const live = book.pool(pool);
    if (live === undefined) return refuse(unknownPool(pool));
    const problem = problemOf(wanted, id);
    if (problem !== undefined) return refuse({ kind: 'invalid', detail: problem });
    const removed = keptOf(overrides.kept, 'removed', pool, id);
    const duplicate = this.#duplicateOf(live, id, wanted.url, removed?.was);
    if (duplicate !== undefined) return refuse({ kind: 'duplicate', detail: duplicate });

    const { weight = 1, role = 'primary', set = 0, admin = 'maint', reason } = wanted;
    const configured = removed?.was ?? configuredOf({ url: wanted.url, weight, role, set });
    const { name } = actor;
    const origin: Entry = removed
      ? { kind: 'removed', pool, id, value: null }
      : { kind: 'added', pool, id, value: { ...configured, by: name, reason, since: parts.now() } };
    const values = { admin, role: wanted.role ?? null, weight: wanted.weight ?? null, set: wanted.set ?? null };
    const said = overrideAfter(configured, undefined, { values, reason }, actor, parts.now());
    const entries: Entry[] = [origin, { kind: 'override', pool, id, value: said ?? null }];
    if (wanted.dryRun) return { ok: true, value: imagined(pool, id, configured, said, parts.now()) };
    return this.#carryOut(asked, { pool, id }, configured, entries);
  }

  remove(id: OriginId, now: boolean, reason: string, actor: Actor): Promise<Outcome<OriginState>> {
    const asked: Asked = { actor, action: 'origin.remove', target: `${id.pool}/${id.id}`, reason };
    const { book } = this.#core;
    const pool = book.pool(id.pool);
    if (pool === undefined) return Promise.resolve(this.#core.refuse(asked, unknownPool(id.pool)));
    const origin = book.origin(id);
    const refusal = origin === undefined ? unknownOrigin(id) : this.#unremovable(pool, origin, reason);
    if (origin === undefined || refusal !== undefined) {
      return Promise.resolve(this.#core.refuse(asked, refusal as Refusal));
    }
    return this.#remove(pool, origin, now, asked);
  }

  /** A generation is served: those that went are gone, and what the file has anew is no longer being removed. */
  taken(file: FilePools, went: readonly LiveOrigin[]): void {
    for (const origin of went) this.#removing.delete(origin);
    for (const origin of this.#removing) {
      const { pool, id } = origin;
      const isInFile = file[pool]?.origins.some((each) => this.#core.parts.idOf(each) === id) === true;
      if (!isInFile || keptOf(this.#core.overrides.kept, 'removed', pool, id) !== undefined) continue;
      origin.removing = undefined;
      this.#removing.delete(origin);
    }
  }

  async #carryOut(
    asked: Asked,
    { pool, id }: OriginId,
    was: Configured,
    entries: readonly Entry[],
  ): Promise<Outcome<OriginState>> {
    const { book, events } = this.#core;
    const tentative = this.#tentative(entries, asked, was);
    this.#core.tentative = [...this.#core.tentative, ...tentative];
    const problems = await this.#apply();
    const isWanted = tentative.every((entry) => this.#core.tentative.includes(entry));
    const origin = book.origin({ pool, id });
    const kept =
      problems.length > 0 || !isWanted || origin === undefined
        ? this.#core.refuse(asked, whyNot(problems, isWanted))
        : this.#core.keep(entries, asked);
    // Closed for as long as there is a generation that has it, although nothing says so any more.
    const isLeft = !kept.ok && isWanted && origin !== undefined;
    if (isLeft) {
      origin.removing = { since: this.#core.parts.now(), gone: true };
      this.#removing.add(origin);
    }
    this.#core.tentative = this.#core.tentative.filter((entry) => !tentative.includes(entry));
    this.#core.refresh([book.pool(pool)]);
    if (isLeft) await this.#apply();
    if (!kept.ok) return kept;
    book.touch(origin as LiveOrigin);
    const state = book.state(origin as LiveOrigin);
    const { admin, role, weight, set, configured } = state;
    const after = { url: configured.url, admin, role, weight, set };
    const { actor: name, source } = by(asked.actor);
    events.add({
      type: 'origin-added',
      pool,
      origin: id,
      detail: { by: name, source, reason: asked.reason, ...after },
    });
    this.#core.done(asked, undefined, after);
    return { ok: true, value: state };
  }

  /** The same, but nobody is sent there. */
  #tentative([origin]: readonly Entry[], { actor, reason }: Asked, was: Configured): Entry[] {
    const { pool, id } = origin as Entry;
    const change = { values: { admin: 'maint' as const }, reason };
    const closed = overrideAfter(was, undefined, change, actor, this.#core.parts.now());
    return [{ ...(origin as Entry) }, { kind: 'override', pool, id, value: closed ?? null }];
  }

  async #remove(pool: LivePool, origin: LiveOrigin, now: boolean, asked: Asked): Promise<Outcome<OriginState>> {
    const { book, parts, overrides, events } = this.#core;
    const { id, known } = origin;
    if (origin.removing === undefined) {
      const { actor, reason } = asked;
      const value = { by: actor.name, reason, since: parts.now(), was: known.configured };
      const name = origin.pool;
      const isAdded = keptOf(overrides.kept, 'added', name, id) !== undefined;
      const entries: Entry[] = [
        isAdded ? { kind: 'added', pool: name, id, value: null } : { kind: 'removed', pool: name, id, value },
        { kind: 'override', pool: name, id, value: null },
      ];
      const kept = this.#core.keep(entries, asked);
      if (!kept.ok) return kept;
      origin.removing = { since: parts.now(), gone: false };
      this.#removing.add(origin);
      book.touch(origin);
      events.add({ type: 'origin-removing', pool: name, origin: id, detail: { by: actor.name, reason, now } });
      this.#core.done(asked, { url: known.configured.url, weight: known.configured.weight }, { now });
    }
    this.#core.refresh([pool]);
    if (now) parts.cut(known.slot);
    this.#core.look();
    const state = book.state(origin);
    if (origin.removing?.gone) await this.#leaving;
    return { ok: true, value: state };
  }

  #unremovable(pool: LivePool, origin: LiveOrigin, reason: string): Refusal | undefined {
    const { book, view } = this.#core;
    const problem = problemOfReason(reason);
    if (problem !== undefined) return { kind: 'invalid', detail: problem };
    if (origin.removing !== undefined) return undefined;
    if (this.#core.isTentative(origin)) {
      return { kind: 'invalid', detail: `${origin.pool}/${origin.id} is being added` };
    }
    const name = origin.pool;
    const rest = pool.origins.filter((each) => each !== origin && each.removing === undefined);
    if (rest.length === 0) return { kind: 'last-active-origin', detail: `pool ${name} would have no origin left` };
    const before = book.standings(pool, view);
    const after = before.filter((_, index) => pool.origins[index] !== origin);
    if (!takesLast(before, after)) return undefined;
    return { kind: 'last-active-origin', detail: `pool ${name} would have no usable origin left` };
  }

  /** Those that are empty leave with the next generation, which is asked for once for all of them. */
  #letGo(): void {
    const empty = [...this.#removing].filter(({ drained, removing }) => drained && removing?.gone === false);
    if (empty.length === 0) return;
    for (const origin of empty) origin.removing = { since: origin.removing?.since as number, gone: true };
    this.#leaving = this.#apply().then((problems) => {
      if (problems.length === 0) return;
      this.#core.parts.log.error('removed origins are still planned, and get no requests', {
        origins: empty.map(({ pool, id }) => `${pool}/${id}`),
        problems,
      });
    });
  }

  /** Never rejects. */
  async #apply(): Promise<readonly string[]> {
    try {
      return await this.#core.parts.apply();
    } catch (error) {
      return [(error as Error).message];
    }
  }

  #nameOf(url: unknown): string {
    return typeof url === 'string' && isOriginUrl(url) ? this.#core.parts.idOf({ url, weight: 1 }) : '';
  }

  #duplicateOf(pool: LivePool, id: string, url: string, removed: Configured | undefined): string | undefined {
    const name = pool.known.name;
    if (pool.origins.some((origin) => origin.id === id) || this.#core.isTentative({ pool: name, id })) {
      return `pool ${name} has an origin ${id} already`;
    }
    const same = pool.origins.find(({ known }) => isSameUrl(known.configured.url, url));
    if (same !== undefined) return `pool ${name} has ${url} already, as ${same.id}`;
    const isOther = removed !== undefined && !isSameUrl(removed.url, url);
    return isOther ? `the file's origin ${id} of pool ${name}, which was removed, has another url` : undefined;
  }
}

function problemOf({ url, weight, role, set, admin, reason }: NewOrigin, id: string): string | undefined {
  if (typeof url !== 'string' || !isOriginUrl(url)) {
    return 'url: expected http://HOST[:PORT] or https://HOST[:PORT] without a path';
  }
  if (!/^[A-Za-z0-9._:[\]-]{1,128}$/.test(id)) {
    return 'id: expected letters, digits, dots, colons, dashes or underscores, at most 128';
  }
  const values: OverrideValues = { weight, role, set, admin } as OverrideValues;
  for (const [name, value] of Object.entries(values)) {
    const check = VALUES[name as keyof OverrideValues];
    if (value === undefined || check.accepts(value)) continue;
    return `${name}: expected ${check.expected}, got ${JSON.stringify(value)?.slice(0, 100)}`;
  }
  return problemOfReason(reason);
}

/** No user and password either: they would be told everywhere. */
function isOriginUrl(url: string): boolean {
  return /^https?:\/\/[^/?#@\s]+\/?$/.test(url) && URL.canParse(url) && new URL(url).port !== '0';
}

function whyNot(problems: readonly string[], isWanted: boolean): Refusal {
  if (problems.length > 0) return { kind: 'invalid', detail: problems.join('; ') };
  if (!isWanted) return { kind: 'duplicate', detail: 'the file has it by now' };
  return { kind: 'invalid', detail: 'its pool is not served any more' };
}

function unknownOrigin({ pool, id }: OriginId): Refusal {
  return { kind: 'unknown-origin', detail: `pool ${pool} has no origin ${id}` };
}

const NO_TRAFFIC: Traffic = {
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

/** What an origin that is not there would be. */
function imagined(
  pool: string,
  id: string,
  configured: Configured,
  override: OriginState['override'],
  now: number,
): OriginState {
  const observed: Observed = { health: 'unknown', since: now, warmth: 1 };
  const facts = { configured, override, observed, removingSince: undefined };
  const draining = drain(facts, true);
  return {
    pool,
    id,
    configured,
    route: id,
    override,
    observed,
    traffic: NO_TRAFFIC,
    ...held(facts),
    slowStart: 0,
    effective: effective(facts, true, draining),
    drain: draining,
    version: now,
  };
}
