import type { z } from 'zod';
import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import { timeOf, timeOrNull } from './values.ts';
import type { AgentState, VrrpPort } from './vrrp-port.ts';
import type { vrrpSchema, vrrpSummarySchema } from './vrrp-schemas.ts';

/** The addresses that a node shares, as JSON shows them. */

type Body = z.output<typeof vrrpSchema>;

export function vrrpBody(agent: AgentState, instances: readonly InstanceStatus[]): Body {
  return { agent: agentBody(agent), instances: instances.map(instanceBody) };
}

/** The part of the status of a node. */
export function vrrpSummary(port: VrrpPort): z.output<typeof vrrpSummarySchema> {
  return {
    agent: agentBody(port.agent()),
    instances: port.instances().map(({ name, role, since, words, droppedAt, maintenance }) => ({
      name,
      role,
      since: timeOf(since),
      words,
      droppedAt: timeOrNull(droppedAt),
      maintenance: maintenanceBody(maintenance),
    })),
  };
}

function agentBody({ ready, answers, deaths, realTime }: AgentState): Body['agent'] {
  return { ready, answers, deaths, realTime: realTime ?? null };
}

function instanceBody(instance: InstanceStatus): Body['instances'][number] {
  const { name, vrid, interface: place, version, addresses, role, since, words, reason } = instance;
  const { priority, transitions, source, heard, maintenance, voters, sent, received, dropped, droppedAt } = instance;
  return {
    name,
    vrid,
    interface: place,
    version,
    addresses: [...addresses],
    role,
    since: timeOf(since),
    words,
    reason,
    priority,
    transitions,
    source: source === '' ? null : source,
    heard:
      heard === undefined
        ? null
        : { source: heard.source, priority: heard.priority, at: timeOf(heard.at), alive: heard.isAlive },
    maintenance: maintenanceBody(maintenance),
    voters: voters.map(({ kind, address, name: calls, isHeard, isOurs, isDouble }) => {
      return { kind, address, name: calls === '' ? null : calls, heard: isHeard, ours: isOurs, double: isDouble };
    }),
    adverts: { sent, received, dropped: { ...dropped }, droppedAt: timeOrNull(droppedAt) },
  };
}

function maintenanceBody(maintenance: InstanceStatus['maintenance']) {
  if (maintenance === undefined) return null;
  const { kind, by, why } = maintenance;
  return { kind, by, reason: why };
}
