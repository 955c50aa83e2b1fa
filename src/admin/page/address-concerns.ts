import type { InstanceStatus } from '../../vrrp/agent/status.ts';
import { addressWords, droppedWords, maintenanceWords } from './address-words.ts';
import type { Concern } from './concern.ts';
import { ADDRESSES_PATH, addressAnchor } from './paths.ts';
import type { View } from './view.ts';

/** What is wrong with addresses that are shared, and what somebody keeps this node from. */
export function addressConcerns({ source, now }: View): Concern[] {
  const port = source.vrrp?.();
  if (port === undefined) return [];
  const { ready, answers } = port.agent();
  const away: Concern = {
    tone: 'bad',
    href: ADDRESSES_PATH,
    name: 'addresses',
    text: `the process that has them ${answers ? 'died' : 'does not answer'}, and is started again`,
  };
  return [...(ready ? [] : [away]), ...port.instances().flatMap((each) => concernsOf(each, now))];
}

function concernsOf(instance: InstanceStatus, now: number): Concern[] {
  const { name, role, words, maintenance } = instance;
  const concern = { href: `${ADDRESSES_PATH}#${addressAnchor(name)}`, name: `addresses ${name}` };
  const dropped = droppedWords(instance, now);
  return [
    ...(role === 'fault' ? [{ tone: 'bad', ...concern, text: words } as const] : []),
    ...(dropped !== undefined ? [{ tone: 'bad', ...concern, text: dropped } as const] : []),
    ...(maintenance !== undefined
      ? [{ tone: 'hand', ...concern, text: handWords(instance, maintenance) } as const]
      : []),
  ];
}

function handWords(instance: InstanceStatus, maintenance: NonNullable<InstanceStatus['maintenance']>): string {
  return `${addressWords(instance).word.toLowerCase()}, ${maintenanceWords(maintenance)} by ${maintenance.by}`;
}
