import type { LiveOrigin, LivePool } from './book.ts';
import { overrideAfter, problemOf, problemOfReason } from './change.ts';
import type { Actor, Change, Changed, OriginId, Outcome, Refusal } from './commands.ts';
import type { Asked, Core } from './core.ts';
import { takesLast } from './guard.ts';
import { type Entry, keptOf, withEntries } from './kept.ts';
import type { OriginState } from './model.ts';

/** Changes of origins: looked at, guarded, kept, told to workers, and only then acknowledged; all of one or none. */
export class Changes {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  change(ids: readonly OriginId[], change: Change, actor: Actor): Outcome<readonly Changed[]> {
    const target = [...new Set(ids.map(({ pool, id }) => `${pool}/${id}`))].join(', ');
    const asked: Asked = { actor, action: 'origin.change', target, reason: change.reason };
    const problem = problemOf(change);
    if (problem !== undefined) return this.#refuse(asked, change, { kind: 'invalid', detail: problem });
    const found = this.#find(ids, change);
    if (!found.ok) return this.#refuse(asked, change, found.refusal);
    const entries = found.value.flatMap((origin) => this.#entryOf(origin, change, actor));
    const clash = this.#clash(entries);
    if (clash !== undefined) return this.#refuse(asked, change, clash);
    const guarded = change.force ? undefined : this.#guard(entries);
    if (guarded !== undefined) return this.#refuse(asked, change, guarded);
    return this.#carryOut(asked, found.value, entries, change.dryRun === true);
  }

  clear(id: OriginId, reason: string, actor: Actor): Outcome<Changed> {
    const asked: Asked = { actor, action: 'override.clear', target: `${id.pool}/${id.id}`, reason };
    const problem = problemOfReason(reason);
    if (problem !== undefined) return this.#core.refuse(asked, { kind: 'invalid', detail: problem });
    const found = this.#find([id], {});
    if (!found.ok) return this.#core.refuse(asked, found.refusal);
    const { pool, id: name } = found.value[0] as LiveOrigin;
    const isSaid = keptOf(this.#core.overrides.kept, 'override', pool, name) !== undefined;
    const entries: Entry[] = isSaid ? [{ kind: 'override', pool, id: name, value: null }] : [];
    const clash = this.#clash(entries);
    if (clash !== undefined) return this.#core.refuse(asked, clash);
    const outcome = this.#carryOut(asked, found.value, entries, false);
    return outcome.ok ? { ok: true, value: outcome.value[0] as Changed } : outcome;
  }

  /** Each once, or why one of them cannot be changed. */
  #find(ids: readonly OriginId[], { ifVersion }: Pick<Change, 'ifVersion'>): Outcome<readonly LiveOrigin[]> {
    const { book } = this.#core;
    const found = new Set<LiveOrigin>();
    for (const id of ids) {
      const origin = book.known(id);
      const refusal = origin === undefined ? this.#unknown(id) : this.#unchangeable(origin, ifVersion);
      if (refusal !== undefined) return { ok: false, refusal };
      found.add(origin as LiveOrigin);
    }
    if (found.size > 0) return { ok: true, value: [...found] };
    return { ok: false, refusal: { kind: 'invalid', detail: 'expected at least one origin' } };
  }

  #unknown({ pool, id }: OriginId): Refusal {
    if (this.#core.book.pool(pool) === undefined) return unknownPool(pool);
    return { kind: 'unknown-origin', detail: `pool ${pool} has no origin ${id}` };
  }

  #unchangeable({ pool, id, version, removing }: LiveOrigin, ifVersion: number | undefined): Refusal | undefined {
    if (ifVersion !== undefined && ifVersion !== version) {
      return { kind: 'version-mismatch', detail: `${pool}/${id} has version ${version}, not ${ifVersion}` };
    }
    if (removing !== undefined) return { kind: 'invalid', detail: `${pool}/${id} is being removed` };
    if (!this.#core.isTentative({ pool, id })) return undefined;
    return { kind: 'invalid', detail: `${pool}/${id} is being added` };
  }

  /** Nothing, if it is so already. */
  #entryOf({ pool, id, known }: LiveOrigin, change: Change, actor: Actor): Entry[] {
    const current = keptOf(this.#core.overrides.kept, 'override', pool, id);
    const next = overrideAfter(known.configured, current, change, actor, this.#core.parts.now());
    return next === current ? [] : [{ kind: 'override', pool, id, value: next ?? null }];
  }

  /** Over all of them together: two that each might be spared are perhaps not to be spared both. */
  #guard(entries: readonly Entry[]): Refusal | undefined {
    const { book, view } = this.#core;
    const next = withEntries(view, entries);
    for (const name of new Set(entries.map(({ pool }) => pool))) {
      const pool = book.pool(name) as LivePool;
      if (!takesLast(book.standings(pool, view), book.standings(pool, next))) continue;
      return { kind: 'last-active-origin', detail: `pool ${name} would have no usable origin left` };
    }
    return undefined;
  }

  /** What a cookie says has to lead to one origin; also when one gets back what another has by now. */
  #clash(entries: readonly Entry[]): Refusal | undefined {
    const { book, view } = this.#core;
    const next = withEntries(view, entries);
    for (const { pool, id } of entries) {
      const live = book.pool(pool) as LivePool;
      const route = book.route(live.origins.find((origin) => origin.id === id) as LiveOrigin, next);
      const other = live.origins.find((origin) => origin.id !== id && book.route(origin, next) === route);
      // Who had it beside another before is not kept from anything else for it.
      const isNew = route !== this.#core.book.origin({ pool, id })?.known.route;
      if (other === undefined || !isNew) continue;
      return { kind: 'invalid', detail: `route: ${pool}/${other.id} has ${JSON.stringify(route)} already` };
    }
    return undefined;
  }

  #carryOut(
    asked: Asked,
    origins: readonly LiveOrigin[],
    entries: readonly Entry[],
    dryRun: boolean,
  ): Outcome<readonly Changed[]> {
    const { book } = this.#core;
    const before = origins.map((origin) => book.state(origin));
    const isTouched = (origin: LiveOrigin) => entries.some(({ pool, id }) => pool === origin.pool && id === origin.id);
    const changed = (after: readonly OriginState[]): Outcome<readonly Changed[]> => ({
      ok: true,
      value: origins.map((origin, index) => ({
        before: before[index] as OriginState,
        after: after[index] as OriginState,
        same: !isTouched(origin),
      })),
    });
    if (dryRun) return changed(this.#imagined(origins, entries));
    const kept = this.#core.keep(entries, asked);
    if (!kept.ok) return kept;
    const touched = origins.filter(isTouched);
    for (const origin of touched) {
      book.touch(origin);
      origin.overdue = undefined;
    }
    this.#core.tellWorkers(new Set(touched.map(({ pool }) => book.pool(pool))));
    const after = origins.map((origin) => book.state(origin));
    origins.forEach((origin, index) => {
      if (isTouched(origin)) this.#tellChanged(asked, before[index] as OriginState, after[index] as OriginState);
    });
    this.#core.settle();
    return changed(after);
  }

  /** As they would be. */
  #imagined(origins: readonly LiveOrigin[], entries: readonly Entry[]): OriginState[] {
    const { book, view } = this.#core;
    return origins.map((origin) => book.imagined(origin, withEntries(view, entries)));
  }

  #tellChanged(asked: Asked, before: OriginState, after: OriginState): void {
    const { actor, reason } = asked;
    const [was, is] = [told(before), told(after)];
    this.#core.events.add({
      type: 'origin-changed',
      pool: after.pool,
      origin: after.id,
      detail: { by: actor.name, source: actor.source, reason, before: was, after: is },
    });
    this.#core.done({ ...asked, target: `${after.pool}/${after.id}` }, was, is);
  }

  #refuse(asked: Asked, { dryRun }: Change, refusal: Refusal): Outcome<never> {
    return dryRun ? { ok: false, refusal } : this.#core.refuse(asked, refusal);
  }
}

export function unknownPool(name: string): Refusal {
  return { kind: 'unknown-pool', detail: `there is no pool ${name}` };
}

/** What of an origin is told of a change. */
function told({ admin, role, health, weight, set, ignoreErrors, route, slowStart, override }: OriginState) {
  const { expires, deadline, onDeadline } = override ?? {};
  return { admin, role, health, weight, set, ignoreErrors, route, slowStart, expires, deadline, onDeadline };
}
