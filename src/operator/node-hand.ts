import { problemOfReason } from './change.ts';
import type { Actor, Outcome } from './commands.ts';
import type { Asked, Core } from './core.ts';
import { keptOf } from './kept.ts';
import type { NodeDrain } from './model.ts';

/** What operators want of the node as a whole: kept with what they say of origins, and carried out by control. */
export class NodeHand {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
    if (this.drain !== undefined) core.parts.drainNode(true);
  }

  get drain(): NodeDrain | undefined {
    return keptOf(this.#core.overrides.kept, 'node', '', '');
  }

  set(admin: 'active' | 'drain', reason: string, actor: Actor, dryRun: boolean): Outcome<NodeDrain | undefined> {
    const { parts, events } = this.#core;
    const asked: Asked = { actor, action: 'node.change', target: 'node', reason };
    const problem = problemOfReason(reason);
    if (problem !== undefined) return this.#core.refuse(asked, { kind: 'invalid', detail: problem });
    const before = this.drain;
    // Who drains it a second time changes nothing: the first one's name and time stay.
    if ((before !== undefined) === (admin === 'drain')) return { ok: true, value: before };
    const { name, source } = actor;
    const after = admin === 'drain' ? { by: name, source, reason, since: parts.now() } : undefined;
    if (dryRun) return { ok: true, value: after };
    const kept = this.#core.keep([{ kind: 'node', pool: '', id: '', value: after ?? null }], asked);
    if (!kept.ok) return kept;
    parts.drainNode(after !== undefined);
    const [was, is] = [{ admin: before === undefined ? 'active' : 'drain' }, { admin }];
    events.add({ type: 'node-changed', detail: { by: name, source, reason, before: was, after: is } });
    this.#core.done(asked, was, is);
    return { ok: true, value: after };
  }
}
