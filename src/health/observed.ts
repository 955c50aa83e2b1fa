import type { Fraction, Ms } from '../base/units.ts';

/** What is seen of an origin, by checks and by what became of its requests. */
export interface Observed {
  /** What active checks say. `unknown`: there are none. */
  readonly health: 'up' | 'down' | 'checking' | 'unknown';
  /** It was enabled, and what was held of it before still is: no check has been good since. */
  readonly unproven: boolean;
  /** Epoch milliseconds of the last change of `health`. */
  readonly since: Ms;
  /** Of the last check, if that was bad; of an origin that is down, of the last bad one. */
  readonly problem: string | undefined;
  /** Requests failed there; it is out until then (epoch milliseconds). */
  readonly ejectedUntil: Ms | undefined;
  /** It was ejected, and gets one request at a time until one succeeds. */
  readonly trial: boolean;
  /** How far it is warmed up: 1 when it has its whole share. Above 0. */
  readonly warmth: Fraction;
}

/** The same in the one word that the choice of an origin goes by. Checks have the first one: who is down gets no trial. */
export type Usable = 'up' | 'down' | 'checking' | 'ejected' | 'trial';

export function usable({ health, ejectedUntil, trial }: Observed): Usable {
  if (health === 'down' || health === 'checking') return health;
  if (ejectedUntil !== undefined) return 'ejected';
  return trial ? 'trial' : 'up';
}

export function isSame(one: Observed, other: Observed): boolean {
  return (
    one.health === other.health &&
    one.unproven === other.unproven &&
    one.since === other.since &&
    one.problem === other.problem &&
    one.ejectedUntil === other.ejectedUntil &&
    one.trial === other.trial &&
    one.warmth === other.warmth
  );
}
