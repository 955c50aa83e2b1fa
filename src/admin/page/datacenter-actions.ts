import type { DatacenterState } from '../api/dns-port.ts';

/** What can be asked of a datacenter, and how each is told to who is about to ask. */
export interface DatacenterAction {
  /** As forms and addresses name it. */
  readonly to: 'drain' | 'down' | 'active';
  /** What it is called on a button. */
  readonly name: string;
  /** What is said of the datacenter once it is done. */
  readonly done: string;
  readonly about: (datacenter: DatacenterState) => string;
}

const LEFT_OUT =
  'Answers leave it out, at once; who has a former one keeps that for as long as its TTL says. What comes there all the same is served.';

const ACTIONS: readonly DatacenterAction[] = [
  {
    to: 'active',
    name: 'Enable',
    done: 'enabled',
    about: ({ observed }) =>
      observed.health === 'down'
        ? 'Answers have it again as soon as checks say that it is up.'
        : 'Answers have it again, at once.',
  },
  { to: 'drain', name: 'Drain', done: 'draining', about: () => LEFT_OUT },
  { to: 'down', name: 'Force down', done: 'forced down', about: () => `It is taken for broken. ${LEFT_OUT}` },
];

/** What was asked for by name. */
export function datacenterActionOf(name: string | null): DatacenterAction | undefined {
  return ACTIONS.find(({ to }) => to === name);
}

/** Those that there is any point in now. */
export function offeredOf({ word }: DatacenterState): readonly DatacenterAction[] {
  return ACTIONS.filter(({ to }) => to !== (word?.admin ?? 'active'));
}
