import type { Change } from '../../operator/commands.ts';
import type { OriginState } from '../../operator/model.ts';
import { isOn } from './asked.ts';
import { adminOf, FLAGS, type Flag, type Flags, flagsOf, roleOf } from './flags.ts';
import { invalid } from './refusal.ts';

/**
 * What parameters make of an origin: the flags that they name are turned, those that they do not name stay, and what
 * follows for `admin` and `role` is said. Throws `Refused` for a value that has no meaning here.
 */
export function workerChange(origin: OriginState, changes: ReadonlyMap<string, string>): Change['values'] {
  checkFixed(origin, changes);
  const flags = flagsAfter(origin, changes);
  const says = (...names: readonly string[]) => names.some((name) => changes.has(`w_status_${name}`));
  const weight = numberOf(changes, ['w_lf', 'lf'], 1, 256);
  const set = numberOf(changes, ['w_ls', 'ls'], 0, 99);
  return {
    ...((says('N', 'D', 'S') || changes.has('dw')) && { admin: adminOf(flags) }),
    ...(says('H', 'R') && { role: roleOf(flags) }),
    ...(says('C') && { health: flags.C ? ('forced_down' as const) : null }),
    ...(says('I') && { ignoreErrors: flags.I }),
    ...(weight !== undefined && { weight }),
    ...(set !== undefined && { set }),
  };
}

/** Those that say something else than is so: programs and forms send all that they have. */
export function whatIsNew(origin: OriginState, changes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const flags = flagsOf(origin);
  const isNew = (name: string, value: string): boolean => {
    const flag = /^w_status_(.)$/.exec(name)?.[1] as Flag | undefined;
    if (flag !== undefined) return isOn(value) !== flags[flag];
    if (name === 'dw') return /^disable$/i.test(value) !== flags.D;
    if (/^(w_)?lf$/.test(name)) return Number(value) !== origin.weight;
    return /^(w_)?ls$/.test(name) && Number(value) !== origin.set;
  };
  return new Map([...changes].filter(([name, value]) => isNew(name, value)));
}

function flagsAfter(origin: OriginState, changes: ReadonlyMap<string, string>): Flags {
  const flags = { ...flagsOf(origin) };
  const verb = changes.get('dw')?.toLowerCase();
  if (verb === 'disable') flags.D = true;
  else if (verb === 'enable') flags.D = false;
  else if (verb !== undefined) throw invalid('dw', 'Disable or Enable', verb);
  for (const { flag } of FLAGS) {
    const value = changes.get(`w_status_${flag}`);
    if (value !== undefined) flags[flag] = isOn(value);
  }
  return flags;
}

/** What only the file says. Programs send all fields of the form along, so what is as it is may be said. */
function checkFixed(origin: OriginState, changes: ReadonlyMap<string, string>): void {
  for (const [name, value] of changes) {
    if (/^(w_)?wr$/.test(name) && value !== origin.route) {
      throw invalid(name, `${origin.route}, as the route of an origin is what the file says`, value);
    }
    if (/^(w_)?rr$/.test(name) && value !== '')
      throw invalid(name, 'nothing, as routes are not redirected here', value);
    if (/^w_h.$/.test(name)) throw invalid(name, 'nothing, as health checks are what the file says', value);
  }
}

function numberOf(
  changes: ReadonlyMap<string, string>,
  names: readonly string[],
  min: number,
  max: number,
): number | undefined {
  const name = names.find((each) => changes.has(each));
  if (name === undefined) return undefined;
  const text = (changes.get(name) as string).trim();
  const value = /^\d{1,3}(\.0*)?$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  if (!(value >= min && value <= max)) throw invalid(name, `a whole number from ${min} to ${max}`, text);
  return value;
}
