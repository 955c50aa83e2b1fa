import type { AddressHand, AddressOrder, Ordered } from '../operator/address-hand.ts';
import type { AddressCommand, AddressRefusal, Outcome } from '../operator/commands.ts';
import type { InstanceStatus } from '../vrrp/agent/status.ts';
import type { Maintenance, Reason } from '../vrrp/model.ts';
import type { FloatingAddresses } from './floating-addresses.ts';

export interface AddressOrdersOptions {
  readonly operator: AddressHand;
  readonly addresses: Pick<FloatingAddresses, 'names' | 'instances' | 'kept' | 'keep' | 'command'>;
  /** Who drains the node, and why. */
  readonly drained: () => string;
}

/** In whose name the node's drain speaks: what it said ends with it, and nothing else does. */
export const NODE_DRAIN = 'node drain';

/** What operators want of floating addresses, and what follows from the drain of the node. */
export class AddressOrders {
  readonly #options: AddressOrdersOptions;
  #isDraining = false;

  constructor(options: AddressOrdersOptions) {
    this.#options = options;
  }

  /** The value is what is meant, as it is then. */
  async order(order: AddressOrder): Promise<Outcome<readonly InstanceStatus[], AddressRefusal>> {
    const { operator } = this.#options;
    const outcome = await operator.order(order, () => this.#carryOut(order));
    return outcome.ok ? { ok: true, value: this.#meant(order.instance) } : outcome;
  }

  /** A node that drains hands over what it has, and has it back as it would have without, when that is over. */
  drain(on: boolean): void {
    this.#isDraining = on;
    if (on) void this.#handOver(this.#options.addresses.instances.filter((each) => isNeeded('handover', each)));
    else this.look();
  }

  /** The agent knows its plan: what it was not told while it was away is told now. */
  look(): void {
    if (!this.#isDraining) void this.#resume();
  }

  /** An instance became active. */
  took(instance: string, { kind }: Reason): void {
    // From somebody who is there; what nobody else wants is served.
    if (!this.#isDraining || (kind !== 'preemption' && kind !== 'ownership')) return;
    void this.#handOver([{ name: instance }]);
  }

  async #handOver(instances: readonly Pick<InstanceStatus, 'name'>[]): Promise<void> {
    const { addresses, drained } = this.#options;
    for (const { name } of instances) await addresses.command('handover', name, NODE_DRAIN, drained());
  }

  async #resume(): Promise<void> {
    const { addresses } = this.#options;
    for (const [name, { maintenance }] of Object.entries(addresses.kept)) {
      if (maintenance?.by === NODE_DRAIN) await addresses.command('resume', name, NODE_DRAIN, '');
    }
  }

  async #commandAll(
    instances: readonly InstanceStatus[],
    command: AddressCommand,
    by: string,
    why: string,
  ): Promise<string | undefined> {
    for (const { name } of instances) {
      const problem = await this.#options.addresses.command(command, name, by, why);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  #meant(instance: string | undefined): readonly InstanceStatus[] {
    return this.#options.addresses.instances.filter(({ name }) => instance === undefined || name === instance);
  }

  async #carryOut({
    command,
    instance,
    actor,
    reason,
  }: AddressOrder): Promise<Outcome<readonly Ordered[], AddressRefusal>> {
    const { addresses } = this.#options;
    if (instance !== undefined && !addresses.names.includes(instance)) {
      const detail = `expected one of ${addresses.names.join(', ')}, got ${JSON.stringify(instance)}`;
      return { ok: false, refusal: { kind: 'unknown-instance', detail } };
    }
    const meant = this.#meant(instance);
    if (meant.length === 0) return away('the VRRP agent is not there now');
    const needed = meant.filter((each) => isNeeded(command, each));
    if (command === 'handover' && needed.length === 0 && meant.every(({ maintenance }) => maintenance === undefined)) {
      const detail = meant.map(({ name, role }) => `${name} is ${role}`).join(', ');
      return { ok: false, refusal: { kind: 'nothing-to-hand-over', detail: `expected active, ${detail}` } };
    }
    const maintenance = command === 'resume' ? undefined : { kind: command, by: actor.name, why: reason };
    const unkept = addresses.keep(Object.fromEntries(needed.map(({ name }) => [name, { maintenance }])));
    if (unkept !== undefined) {
      return { ok: false, refusal: { kind: 'not-kept', detail: `it cannot be written: ${unkept.message}` } };
    }
    const problem = await this.#commandAll(needed, command, actor.name, reason);
    // The agent may have had another mind: of one that was not active any more nothing is to be left.
    addresses.keep();
    if (problem !== undefined) return away(problem);
    const after = new Map(addresses.instances.map(({ name, maintenance }) => [name, said(maintenance)]));
    return {
      ok: true,
      value: needed.map(({ name, maintenance }) => ({
        instance: name,
        before: said(maintenance),
        after: after.get(name),
      })),
    };
  }
}

/** What is so already is not asked for: who said it first stays who said it. */
function isNeeded(command: AddressCommand, { role, maintenance }: InstanceStatus): boolean {
  switch (command) {
    case 'handover':
      return role === 'active' && maintenance === undefined;
    case 'release':
      return maintenance?.kind !== 'release';
    case 'resume':
      return maintenance !== undefined;
  }
}

function said(maintenance: Maintenance | undefined): string | undefined {
  return maintenance?.kind;
}

function away(detail: string): { readonly ok: false; readonly refusal: AddressRefusal } {
  return { ok: false, refusal: { kind: 'agent-away', detail } };
}
