import type { Admin, Health, OriginState, Role } from '../../operator/model.ts';

/**
 * Apache's flags of a worker, and what they are here:
 *
 *     D disabled      admin: maint         H hot standby     role: standby
 *     N draining      admin: drain         R hot spare       role: spare
 *     S stopped       admin: stopped       C check failed    health: forced_down
 *     I ignore errors ignoreErrors
 *
 * Apache has a bit for each, we have one word for `admin` and one for `role`. So of D, N and S that are on together the
 * one holds that keeps more requests away, S before D before N, and the others are not remembered: who disables an origin
 * that drains, and then takes D away, has it active. H holds before R, as in Apache, where a standby is no spare.
 */
export type Flag = 'I' | 'N' | 'D' | 'H' | 'R' | 'C' | 'S';

/** In the order of Apache's form. */
export const FLAGS: readonly { readonly flag: Flag; readonly name: string }[] = [
  { flag: 'I', name: 'Ignore Errors' },
  { flag: 'N', name: 'Draining Mode' },
  { flag: 'D', name: 'Disabled' },
  { flag: 'H', name: 'Hot Standby' },
  { flag: 'R', name: 'Hot Spare' },
  { flag: 'C', name: 'HC Fail' },
  { flag: 'S', name: 'Stopped' },
];

export type Flags = Readonly<Record<Flag, boolean>>;

type Held = Pick<OriginState, 'admin' | 'role' | 'health' | 'ignoreErrors'>;

export function flagsOf({ admin, role, health, ignoreErrors }: Held): Flags {
  return {
    I: ignoreErrors,
    N: admin === 'drain',
    D: admin === 'maint',
    H: role === 'standby',
    R: role === 'spare',
    C: health === 'forced_down',
    S: admin === 'stopped',
  };
}

export function adminOf({ S, D, N }: Flags): Admin {
  if (S) return 'stopped';
  if (D) return 'maint';
  return N ? 'drain' : 'active';
}

export function roleOf({ H, R }: Flags): Role {
  if (H) return 'standby';
  return R ? 'spare' : 'primary';
}

/**
 * The words of the column Status, in Apache's order, each with a space behind it. An origin that was never yet seen to be
 * up has neither Err nor Ok. The cell is never empty, which the module of Ansible could not take.
 */
export function statusText(origin: OriginState): string {
  const { I, N, D, H, R, C, S } = flagsOf(origin);
  const isLeaving = origin.effective === 'removing';
  const isFailed = hasFailed(origin);
  const isOk = !(D || S || C || isLeaving || isFailed || origin.health === 'checking');
  const words: readonly (readonly [string, boolean])[] = [
    ['Init', true],
    ['Ign', I],
    ['Drn', N],
    ['Shut', isLeaving],
    ['Dis', D && !isLeaving],
    ['Stop', S],
    ['Err', isFailed],
    ['Stby', H],
    ['Spar', R],
    ['HcFl', C],
    ['Ok', isOk],
  ];
  return words
    .filter(([, isOn]) => isOn)
    .map(([word]) => `${word} `)
    .join('');
}

/** Its checks fail, or requests failed there. */
export function hasFailed({ health, ignoreErrors, observed }: FailedBy): boolean {
  return health === 'down' || (observed.ejectedUntil !== undefined && !ignoreErrors);
}

type FailedBy = { readonly health: Health } & Pick<OriginState, 'ignoreErrors' | 'observed'>;
