import type { Actor, AddressCommand, AddressRefusal, Outcome } from '../../operator/commands.ts';
import type { InstanceStatus } from '../../vrrp/agent/status.ts';

/** What the API knows of the addresses that this node shares with others, and can ask of them. Implemented by control. */
export interface VrrpPort {
  agent(): AgentState;
  /** In the order of the file, as the agent told them within the last second. Empty while it is not ready. */
  instances(): readonly InstanceStatus[];
  /** Of one instance, or of all. The value is what is meant, as it is then; what is so already stays as it is. */
  command(
    command: AddressCommand,
    instance: string | undefined,
    reason: string,
    actor: Actor,
  ): Promise<Outcome<readonly InstanceStatus[], AddressRefusal>>;
}

/** The process that has the addresses. */
export interface AgentState {
  /** `false`: it died, and another one is being started; or it does not answer. */
  readonly ready: boolean;
  /** `false`: it is there and says nothing, and unless it does soon it is replaced. */
  readonly answers: boolean;
  /** Since the start. */
  readonly deaths: number;
  /** Why it does not run before all that is not real time; `undefined`: it does. */
  readonly realTime: string | undefined;
}
