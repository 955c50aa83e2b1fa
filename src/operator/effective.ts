import type { Admin, Configured, DrainState, Effective, Health, Observed, Override, Role } from './model.ts';
import type { Standing } from './standing.ts';

/** What follows from the three layers: configured, said by an operator, observed. Pure. */

/** All that is known of one origin. */
export interface Facts {
  readonly configured: Configured;
  readonly override: Override | undefined;
  readonly observed: Observed;
  /** Epoch milliseconds since when it is being removed; `undefined`: it is not. */
  readonly removingSince: number | undefined;
}

/** What holds. */
export interface Held {
  readonly admin: Admin;
  readonly role: Role;
  readonly health: Health;
  /** 1 to 256. */
  readonly weight: number;
  readonly set: number;
  readonly ignoreErrors: boolean;
}

/** Which of a pool's origins new clients are sent to, by position, as the standings of all of them say. */
export interface Rotation {
  readonly serving: readonly boolean[];
  /** Every origin is down, and all are tried all the same. */
  readonly panic: boolean;
}

export function held({ configured, override, observed, removingSince }: Facts): Held {
  const said = override?.values ?? {};
  return {
    admin: removingSince === undefined ? (said.admin ?? 'active') : 'maint',
    role: said.role ?? configured.role,
    health: said.health ?? observed.health,
    weight: said.weight ?? configured.weight,
    set: said.set ?? configured.set,
    ignoreErrors: said.ignoreErrors ?? false,
  };
}

/** What workers are told. */
export function standing(facts: Facts): Standing {
  const { admin, role, health, weight, set, ignoreErrors } = held(facts);
  const warmed = Math.round(weight * 100 * facts.observed.warmth);
  return {
    admits: admits(admin),
    health: serviceable(health, facts.observed, ignoreErrors),
    role,
    set,
    weight: Math.min(25_600, Math.max(1, warmed)),
    ignoreErrors,
  };
}

function admits(admin: Admin): Standing['admits'] {
  if (admin === 'maint' || admin === 'stopped') return 'none';
  return admin === 'drain' ? 'known' : 'all';
}

/** Errors that are to be ignored are those of requests; who fails its checks is down all the same. */
function serviceable(health: Health, { ejectedUntil, trial }: Observed, ignoreErrors: boolean): Standing['health'] {
  if (health === 'forced_down' || health === 'down' || health === 'checking') return health;
  if (ignoreErrors) return 'up';
  if (ejectedUntil !== undefined) return 'ejected';
  return trial ? 'trial' : 'up';
}

/**
 * In one word. What an operator wants comes before what is seen of it, and `standby` and `spare` are what is usable but
 * not needed now, by its role or as its set is a higher one.
 */
export function effective(facts: Facts, serving: boolean, drain: DrainState | undefined): Effective {
  const { admin, role } = held(facts);
  if (facts.removingSince !== undefined) return 'removing';
  if (admin === 'maint' || admin === 'stopped') return admin;
  if (admin === 'drain') return drain?.drained ? 'drained' : 'draining';
  const { health } = standing(facts);
  if (health !== 'up' && health !== 'trial') return 'down';
  if (!serving) return role === 'spare' ? 'spare' : 'standby';
  return facts.observed.warmth < 1 ? 'warming' : 'active';
}

/** `undefined`: it is not to be emptied. What is stopped is cut at the deadline, unless that was said otherwise. */
export function drain(facts: Facts, drained: boolean): DrainState | undefined {
  const { override, removingSince } = facts;
  if (removingSince !== undefined) {
    return { since: removingSince, deadline: undefined, onDeadline: 'keep', drained };
  }
  const { admin } = held(facts);
  if (admin === 'active') return undefined;
  return {
    since: override?.adminSince ?? override?.since ?? 0,
    deadline: override?.deadline,
    onDeadline: override?.onDeadline ?? (admin === 'stopped' ? 'cut' : 'keep'),
    drained,
  };
}

export function isSameStanding(one: Standing, other: Standing): boolean {
  return (
    one.admits === other.admits &&
    one.health === other.health &&
    one.role === other.role &&
    one.set === other.set &&
    one.weight === other.weight &&
    one.ignoreErrors === other.ignoreErrors
  );
}
