import { isDeepStrictEqual } from 'node:util';
import type { InstancePlan, VrrpPlan } from '../plan.ts';

/** Each sync group, and each instance that is in none. */
export function groupsOf({ instances, groups }: VrrpPlan): (readonly InstancePlan[])[] {
  const inGroups = new Set(groups.flat());
  const alone = instances.filter(({ rules }) => !inGroups.has(rules.name)).map((plan) => [plan]);
  return [...groups.map((names) => instances.filter(({ rules }) => names.includes(rules.name))), ...alone];
}

/** What peers, and voters, know it by. The rest can change as it runs. */
export function isSameRouter(a: InstancePlan, b: InstancePlan): boolean {
  return isDeepStrictEqual(identityOf(a), identityOf(b));
}

function identityOf({ rules, pair }: InstancePlan): object {
  const { vrid, interface: device, family, version, witness, interval } = rules;
  return { vrid, device, family, version, guarded: witness && { ...witness, pair, interval } };
}
