import type { NameKey, RecordSet, WireName } from '../model.ts';
import { isWithin, nameKey } from '../wire/name.ts';
import { TYPE } from '../wire/types.ts';
import { targetsOf } from './targets.ts';
import type { Zone } from './zone.ts';

/**
 * The addresses of the servers that a referral names. First those whose names are in the zone that they serve: nobody
 * could find them without (RFC 9471 §2.1), and `glue` tells how many sets that are. Then those below other delegations
 * of ours, and our own.
 */
export function glueOf(zone: Zone, ns: RecordSet): { readonly sets: readonly RecordSet[]; readonly glue: number } {
  const cut = nameKey(ns.owner);
  const inDomain: RecordSet[] = [];
  const others: RecordSet[] = [];
  for (const [key, target] of distinctTargets(ns)) {
    (isWithin(key, cut) ? inDomain : others).push(...addressesAt(zone, key, target, true));
  }
  return { sets: [...inDomain, ...others], glue: inDomain.length };
}

/** The addresses of what an answer names, as far as they are in its zone and the same for all clients. */
export function addressesOf(zone: Zone, answer: RecordSet): readonly RecordSet[] {
  const sets: RecordSet[] = [];
  for (const [key, target] of distinctTargets(answer)) {
    sets.push(...addressesAt(zone, key, target, answer.type === TYPE.NS));
  }
  return sets;
}

/** Below a delegation there are addresses, too, but they are told with its NS only: they are not ours (RFC 2181 §5.4.1). */
function addressesAt(zone: Zone, key: NameKey, target: WireName, withGlue: boolean): RecordSet[] {
  if (!zone.has(key)) return [];
  const found = zone.find(key, TYPE.A);
  if (found.kind === 'absent' || found.kind === 'dname') return [];
  if (found.kind === 'delegation' && !withGlue) return [];
  const node = found.kind === 'delegation' ? zone.nodes.get(key) : found.node;
  return [TYPE.A, TYPE.AAAA].flatMap((type) => {
    const set = node?.sets.get(type);
    return set === undefined ? [] : [{ ...set, owner: target }];
  });
}

function distinctTargets(set: RecordSet): ReadonlyMap<NameKey, WireName> {
  return new Map(targetsOf(set).map((target) => [nameKey(target), target]));
}
