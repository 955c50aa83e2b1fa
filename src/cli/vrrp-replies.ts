import { fieldsOf, notUnderstood, type Reply } from './reply.ts';

/** What commands read of replies about addresses that a node shares. `GET /status` has less of each instance. */
export interface VrrpReply {
  readonly agent: AgentReply;
  /** Empty while the agent is away. */
  readonly instances: readonly InstanceReply[];
}

export interface AgentReply {
  readonly ready: boolean;
  /** `false`: it is there and says nothing. */
  readonly answers?: boolean;
  readonly deaths?: number;
  /** Why it does not run before all that is not real time. */
  readonly realTime?: string | null;
}

export interface InstanceReply {
  readonly name: string;
  readonly role: string;
  readonly since: string;
  /** A sentence: what it is, why, and what would change that. */
  readonly words: string;
  readonly maintenance: { readonly kind: string; readonly by: string; readonly reason?: string } | null;
  /** Of the status of a node; else within `adverts`. */
  readonly droppedAt?: string | null;
  readonly vrid?: number;
  readonly interface?: string;
  readonly addresses?: readonly string[];
  readonly priority?: number;
  readonly transitions?: number;
  readonly heard?: HeardReply | null;
  /** Who has a say in who is active, beside this node. */
  readonly voters?: readonly VoterReply[];
  readonly adverts?: {
    readonly sent?: number;
    readonly received?: number;
    /** By reason. */
    readonly dropped?: Readonly<Record<string, number>>;
    readonly droppedAt?: string | null;
  };
}

export interface VoterReply {
  readonly kind: string;
  readonly address: string;
  /** As it calls itself. */
  readonly name: string | null;
  readonly heard: boolean;
  /** It has lent its vote to this node. */
  readonly ours: boolean;
  /** It does not count. */
  readonly double?: boolean;
}

export interface HeardReply {
  readonly source: string;
  readonly priority: number;
  readonly at: string;
  /** It has not missed more than one advertisement. */
  readonly alive?: boolean;
}

export function vrrpOf(reply: Reply): VrrpReply {
  const { agent, instances } = fieldsOf(reply);
  const isReady = typeof (agent as Partial<AgentReply> | null | undefined)?.ready === 'boolean';
  if (!isReady || !Array.isArray(instances) || !instances.every(isInstance)) throw notUnderstood();
  return reply.body as VrrpReply;
}

function isInstance(value: unknown): value is InstanceReply {
  const { name, role, since, words } = (value ?? {}) as Partial<InstanceReply>;
  return [name, role, since, words].every((text) => typeof text === 'string');
}
