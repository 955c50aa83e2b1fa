import type { AgentState, VrrpPort } from '../../src/admin/api/vrrp-port.ts';
import type { Actor, AddressCommand, AddressRefusal, Outcome } from '../../src/operator/commands.ts';
import type { InstanceStatus } from '../../src/vrrp/agent/status.ts';

/** An active one that hears its peer, but for what is said otherwise. */
export function instanceStatus(name: string, of: Partial<InstanceStatus>, now: number): InstanceStatus {
  return {
    name,
    vrid: 51,
    interface: 'eth0',
    version: 3,
    role: 'active',
    since: now - 90_000,
    priority: 254,
    transitions: 3,
    addresses: ['192.0.2.10'],
    source: '192.0.2.1',
    words: `${of.role ?? 'active'} since then, because nobody advertised`,
    reason: 'silence',
    heard: { source: '192.0.2.2', priority: 100, at: now - 2000, isAlive: true },
    maintenance: undefined,
    voters: [],
    sent: 90,
    received: 4,
    dropped: { 'own-source': 2 },
    droppedAt: undefined,
    ...of,
  };
}

/** Shared addresses in memory, for whatever stands on `VrrpPort`: a test plays the other nodes by `set`. */
export class MemoryVrrp implements VrrpPort {
  readonly orders: {
    readonly command: AddressCommand;
    readonly instance: string | undefined;
    readonly reason: string;
    readonly actor: Actor;
  }[] = [];
  /** What the next order is refused for. */
  refuseNext: AddressRefusal | undefined;
  state: AgentState = { ready: true, answers: true, deaths: 0, realTime: undefined };
  readonly #instances = new Map<string, InstanceStatus>();
  readonly #now: () => number;

  constructor(names: readonly string[], now: () => number) {
    this.#now = now;
    for (const name of names) this.#instances.set(name, instanceStatus(name, {}, now()));
  }

  agent(): AgentState {
    return this.state;
  }

  instances(): readonly InstanceStatus[] {
    return this.state.ready ? [...this.#instances.values()] : [];
  }

  /** Stages how one stands. */
  set(name: string, of: Partial<InstanceStatus>): void {
    this.#instances.set(name, { ...instanceStatus(name, of, this.#now()), ...of });
  }

  async command(
    command: AddressCommand,
    instance: string | undefined,
    reason: string,
    actor: Actor,
  ): Promise<Outcome<readonly InstanceStatus[], AddressRefusal>> {
    const refusal = this.refuseNext ?? this.#refusal(instance);
    this.refuseNext = undefined;
    if (refusal !== undefined) return { ok: false, refusal };
    this.orders.push({ command, instance, reason, actor });
    const meant = [...this.#instances.keys()].filter((name) => instance === undefined || name === instance);
    for (const name of meant) this.set(name, said(command, actor.name, reason));
    return { ok: true, value: meant.map((name) => this.#instances.get(name) as InstanceStatus) };
  }

  #refusal(instance: string | undefined): AddressRefusal | undefined {
    if (instance !== undefined && !this.#instances.has(instance)) {
      return { kind: 'unknown-instance', detail: `there is no instance ${instance}` };
    }
    return this.state.ready ? undefined : { kind: 'agent-away', detail: 'the VRRP agent is not there now' };
  }
}

function said(command: AddressCommand, by: string, why: string): Partial<InstanceStatus> {
  if (command === 'resume') return { role: 'backup', maintenance: undefined };
  return { role: command === 'release' ? 'released' : 'backup', maintenance: { kind: command, by, why } };
}
