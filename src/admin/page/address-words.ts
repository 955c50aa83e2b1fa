import type { Ms } from '../../base/units.ts';
import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import { duration, grouped } from './figures.ts';
import type { StateWords } from './states.ts';

/** Advertisements that were dropped longer ago are history. */
const LATELY: Ms = 600_000;

/** In what state an instance is, in a word or two. */
export function addressWords({ role }: InstanceStatus): StateWords {
  switch (role) {
    case 'active':
      return { word: 'Active', shape: 'disc', tone: 'good' };
    case 'backup':
      return { word: 'Backup', shape: 'ring', tone: 'quiet' };
    case 'claiming':
      return { word: 'Taking over', shape: 'half', tone: 'under-way' };
    case 'leaving':
      return { word: 'Handing over', shape: 'half', tone: 'under-way' };
    case 'fault':
      return { word: 'Fault', shape: 'cross', tone: 'bad' };
    case 'released':
      return { word: 'Released', shape: 'bars', tone: 'hand' };
    case 'stopped':
      return { word: 'Stopped', shape: 'square', tone: 'hand' };
  }
}

/** Who else is there. */
export function heardWords({ heard }: InstanceStatus, now: Ms): string {
  if (heard === undefined) return 'Hears nobody';
  const who = `${heard.source} with priority ${heard.priority}`;
  return heard.isAlive ? `Hears ${who}` : `Heard ${who} last, ${duration(now - heard.at)} ago`;
}

/** Who has a say in who is active; `undefined`: nobody. */
export function votersWords({ voters }: InstanceStatus): string | undefined {
  const each = voters.map(({ kind, name, address, isHeard, isOurs, isDouble }) => {
    const state = isDouble
      ? 'does not count'
      : !isHeard
        ? 'is not heard'
        : isOurs
          ? 'has lent its vote to this node'
          : 'is heard';
    return `${kind} ${name === '' ? address : `${name} at ${address}`} ${state}`;
  });
  return each.length === 0 ? undefined : each.join('; ');
}

/** What is wrong with what others send; `undefined`: nothing was, lately. */
export function droppedWords(instance: InstanceStatus, now: Ms): string | undefined {
  const { droppedAt } = instance;
  if (droppedAt === undefined || now - droppedAt > LATELY) return undefined;
  return `Advertisements are dropped, the last ${duration(now - droppedAt)} ago (${dropReasons(instance)}): both nodes may become active`;
}

/** `checksum 3, peer-unknown 1`. Our own that come back are nobody's fault. */
export function dropReasons({ dropped }: InstanceStatus): string {
  return foreign(dropped)
    .map(([reason, count]) => `${reason} ${grouped(count)}`)
    .join(', ');
}

export function droppedCount({ dropped }: InstanceStatus): number {
  return foreign(dropped).reduce((sum, [, count]) => sum + count, 0);
}

/** What an operator said, in words that `by` follows. */
export function maintenanceWords({ kind }: NonNullable<InstanceStatus['maintenance']>): string {
  return kind === 'release' ? 'released' : 'handed over';
}

function foreign(dropped: InstanceStatus['dropped']): readonly (readonly [string, number])[] {
  return Object.entries(dropped).filter(([reason, count]) => count > 0 && reason !== 'own-source');
}
