import { isSameUntil, problemOfExpiry, problemOfReason, until } from './change.ts';
import type { Actor, DatacenterChange, DatacenterRefusal, OperatorEvent, Outcome } from './commands.ts';
import type { Asked, Core } from './core.ts';
import { type Dropped, type Entry, keptOf } from './kept.ts';
import type { DatacenterWord } from './model.ts';
import type { DatacenterSide } from './parts.ts';

/**
 * What operators want of datacenters: kept with what they say of origins, and carried out by whoever answers for the
 * site's names. It ends at its time, or with the datacenter's name in the configuration; another address or place under
 * the same name does not end it, as that is what somebody drains a datacenter for.
 */
export class DatacenterHand {
  readonly #core: Core;
  #side: DatacenterSide | undefined;

  constructor(core: Core) {
    this.#core = core;
    core.onDropped = ({ kind, id }) => {
      if (kind === 'datacenter') this.#side?.said(id, undefined);
    };
  }

  /** From now on these are configured, and are told what holds for them. `undefined`: there is no name server, and all is kept. */
  take(side: DatacenterSide | undefined): void {
    this.#side = side;
    if (side === undefined) return;
    this.#core.drop(this.#unconfigured(side.names));
    for (const name of side.names) side.said(name, this.word(name));
    this.#core.look();
  }

  /** What an operator says of it; `undefined`: nothing. */
  word(name: string): DatacenterWord | undefined {
    const word = keptOf(this.#core.overrides.kept, 'datacenter', '', name);
    return word?.expires !== undefined && word.expires <= this.#core.parts.now() ? undefined : word;
  }

  /** Holds when this returns. The value is what is said then. */
  set(name: string, change: DatacenterChange, actor: Actor): Outcome<DatacenterWord | undefined, DatacenterRefusal> {
    const asked: Asked = {
      actor,
      action: 'datacenter.change',
      target: `datacenter/${name}`,
      reason: change.reason,
    };
    const before = this.word(name);
    const after = this.#after(before, change, actor);
    const refusal = this.#refusal(name, change, after);
    if (refusal !== undefined) return change.dryRun ? { ok: false, refusal } : this.#core.refuse(asked, refusal);
    if (after === before || change.dryRun) return { ok: true, value: after };
    const kept = this.#core.keep([{ kind: 'datacenter', pool: '', id: name, value: after ?? null }], asked);
    if (!kept.ok) return kept;
    this.#side?.said(name, after);
    this.#tell(name, asked, before, after);
    this.#core.look();
    return { ok: true, value: after };
  }

  /** What is seen of datacenters, for all who follow events. */
  tell(type: 'datacenter-health' | 'dns-failing-open', detail: OperatorEvent['detail']): void {
    this.#core.events.add({ type, detail });
  }

  /** The very same when the change says nothing new: the first one's name and time stay. */
  #after(before: DatacenterWord | undefined, change: DatacenterChange, actor: Actor): DatacenterWord | undefined {
    const { admin, reason, expiresIn } = change;
    if (admin === 'active') return undefined;
    const same = before?.admin === admin ? before : undefined;
    if (same !== undefined && isSameUntil(expiresIn, same.expires)) return same;
    const now = this.#core.parts.now();
    const { name: by, source } = actor;
    return { admin, by, source, reason, since: now, expires: until(expiresIn, same?.expires, now) };
  }

  #refusal(name: string, change: DatacenterChange, after: DatacenterWord | undefined): DatacenterRefusal | undefined {
    const { admin, reason, expiresIn, force } = change;
    if (this.#side?.names.includes(name) !== true) {
      return { kind: 'unknown-datacenter', detail: `there is no datacenter ${name}` };
    }
    if (!['active', 'drain', 'down'].includes(admin)) {
      return { kind: 'invalid', detail: `admin: expected active, drain, down, got ${JSON.stringify(admin)}` };
    }
    const problem = problemOfReason(reason) ?? problemOfExpiry(expiresIn);
    if (problem !== undefined) return { kind: 'invalid', detail: problem };
    if (admin === 'active' && expiresIn !== undefined && expiresIn !== null) {
      return { kind: 'invalid', detail: 'expiresIn: expected only with drain or down' };
    }
    const emptied = force ? undefined : this.#side.emptied(name, after);
    if (emptied === undefined) return undefined;
    return { kind: 'last-datacenter', detail: `of ${emptied.join(', ')} no datacenter would be left in service` };
  }

  #tell(name: string, asked: Asked, before: DatacenterWord | undefined, after: DatacenterWord | undefined): void {
    const { actor, reason } = asked;
    const [was, is] = [told(before), told(after)];
    this.#core.events.add({
      type: 'datacenter-changed',
      detail: { datacenter: name, by: actor.name, source: actor.source, reason, before: was, after: is },
    });
    this.#core.done(asked, was, is);
  }

  #unconfigured(names: readonly string[]): Dropped[] {
    const isGone = ({ kind, id }: Entry) => kind === 'datacenter' && !names.includes(id);
    return [...this.#core.overrides.kept.values()]
      .filter(isGone)
      .map((entry) => ({ entry, because: 'no longer configured' }));
  }
}

function told(word: DatacenterWord | undefined) {
  return { admin: word?.admin ?? 'active', expires: word?.expires };
}
