import { problemOfReason } from './change.ts';
import type { Actor, AddressCommand, AddressRefusal, OperatorEvent, Outcome } from './commands.ts';
import type { Asked, Core } from './core.ts';

/** What an operator asks of addresses that nodes share. */
export interface AddressOrder {
  readonly command: AddressCommand;
  /** `undefined`: all of them. */
  readonly instance: string | undefined;
  /** At most 500 characters; empty: none was given. */
  readonly reason: string;
  readonly actor: Actor;
}

/** What became of an order: by instance, what is said of it before and after; `undefined`: nothing. */
export interface Ordered {
  readonly instance: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/**
 * What operators ask of floating addresses. Who holds these keeps it and carries it out; here it is noted who asked for what, and
 * told what came of it, as of all that operators do.
 */
export class AddressHand {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Has `carryOut` do it; what it returns or refuses stands in the audit log. */
  async order(
    order: AddressOrder,
    carryOut: () => Promise<Outcome<readonly Ordered[], AddressRefusal>>,
  ): Promise<Outcome<readonly Ordered[], AddressRefusal>> {
    const { command, instance, reason, actor } = order;
    const asked: Asked = { actor, action: 'vrrp.change', target: `vrrp/${instance ?? '*'}`, reason };
    const problem = problemOfReason(reason);
    if (problem !== undefined) return this.#core.refuse(asked, { kind: 'invalid', detail: problem });
    const outcome = await carryOut();
    if (!outcome.ok) return this.#core.refuse(asked, outcome.refusal);
    for (const { instance: name, before, after } of outcome.value) {
      const { name: by, source } = actor;
      this.tell('vrrp-changed', { instance: name, command, by, source, reason });
      this.#core.done({ ...asked, target: `vrrp/${name}` }, said(before), said(after));
    }
    return outcome;
  }

  /** What is seen of them, for all who follow events. */
  tell(type: 'vrrp-changed' | 'vrrp-role' | 'vrrp-alarm' | 'vrrp-agent', detail: OperatorEvent['detail']): void {
    this.#core.events.add({ type, detail });
  }
}

function said(maintenance: string | undefined) {
  return { maintenance: maintenance ?? 'none' };
}
