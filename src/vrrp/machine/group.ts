import type { Ms } from '../../base/units.ts';
import type { InstanceRules } from './rules.ts';
import { type Action, holds, type InstanceEvent, type InstanceState } from './state.ts';
import { step } from './step.ts';

/**
 * A sync group: all of its instances are active, or none. They have one priority and are tracked by the same things
 * (`rulesOf`), so that what is left to do is this: who becomes active takes the others along, and who loses its addresses as well; and who only waits for
 * connections to end says goodbye with the first one that does.
 */

export interface Member {
  readonly state: InstanceState;
  readonly rules: InstanceRules;
}

/** By the names of instances. */
export type Members = Readonly<Record<string, Member>>;

export interface GroupStepped {
  readonly members: Members;
  readonly actions: readonly { readonly instance: string; readonly action: Action }[];
}

/** What concerns all is told to all: commands, and what is tracked. The rest is told to `instance` alone. */
export function stepGroup(group: Members, instance: string, event: InstanceEvent, now: Ms): GroupStepped {
  const members: Record<string, Member> = { ...group };
  const actions: { instance: string; action: Action }[] = [];
  const names = isForAll(event) ? Object.keys(members) : [instance];
  const waiting = names.map((name) => ({ name, event }));
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const { name } = next;
    const member = members[name];
    if (member === undefined) continue;
    const after = step(member.state, next.event, member.rules, now);
    members[name] = { ...member, state: after.state };
    actions.push(...after.actions.map((action) => ({ instance: name, action })));
    const kind = isForAll(next.event) ? undefined : consequence(member.state, after.state, members);
    if (kind === undefined) continue;
    const others = Object.keys(members).filter((other) => other !== name);
    waiting.push(...others.map((other) => ({ name: other, event: { kind, instance: name } as const })));
  }
  return { members, actions };
}

function isForAll({ kind }: InstanceEvent): boolean {
  return FOR_ALL.has(kind);
}

const FOR_ALL: ReadonlySet<InstanceEvent['kind']> = new Set([
  'stop',
  'handover',
  'release',
  'resume',
  'tracked',
  'peer',
]);

function consequence(
  before: InstanceState,
  after: InstanceState,
  members: Members,
): 'take' | 'yield' | 'leave' | undefined {
  const [from, to] = [before.standing, after.standing];
  if (from.role !== 'active' && to.role === 'active') return 'take';
  if (from.role === 'active' && to.role === 'leaving') return 'leave';
  if (holds(from) && !holds(to)) return 'yield';
  // It was to come along, and could not.
  const isRefused = from.role === 'claiming' && from.cause === 'group' && !holds(to) && to.role !== 'claiming';
  return isRefused && Object.values(members).some(({ state }) => holds(state.standing)) ? 'yield' : undefined;
}
