import type { AddressCommand } from '../../operator/commands.ts';
import type { InstanceStatus } from '../../vrrp/agent/status.ts';

/** What can be asked of an instance, and how each is told to who is about to ask. */
export interface AddressAction {
  /** As forms and addresses name it. */
  readonly to: AddressCommand;
  /** What it is called on a button. */
  readonly name: string;
  /** What is said of the instance once it is done. */
  readonly done: string;
  readonly about: string;
}

const MAKE_BEFORE_BREAK = 'This node keeps the addresses until another one advertises, so that no request fails.';

const ACTIONS: readonly AddressAction[] = [
  {
    to: 'resume',
    name: 'Resume',
    done: 'takes part again',
    about: 'It takes part again, and has the addresses back when its priority says so.',
  },
  {
    to: 'handover',
    name: 'Hand over',
    done: 'handing over',
    about: `${MAKE_BEFORE_BREAK} It does not take them from who has them until it is resumed; when nobody has them any more, it does.`,
  },
  {
    to: 'release',
    name: 'Release',
    done: 'released',
    about: `${MAKE_BEFORE_BREAK} It never takes them until it is resumed, also when nobody else has them.`,
  },
];

/** What was asked for by name. */
export function addressActionOf(name: string | null): AddressAction | undefined {
  return ACTIONS.find(({ to }) => to === name);
}

/** Those that there is any point in now, the likeliest first. */
export function offeredOf({ role, maintenance }: InstanceStatus): readonly AddressAction[] {
  return ACTIONS.filter(({ to }) => {
    if (to === 'resume') return maintenance !== undefined;
    if (to === 'handover') return role === 'active' && maintenance === undefined;
    return maintenance?.kind !== 'release';
  });
}
