import type { Admits, Standing, StandingHealth, StandingRole } from '../proxy/pool/standing.ts';

/**
 * A standing in the 32 bits of one cell, so that it changes as a whole. 0 is none: a weight is never 0.
 *
 *      0      2        5      7      14                29             30
 *     +------+--------+------+------+-----------------+--------------+
 *     |admits| health | role | set  | weight (1/100)  | ignoreErrors |
 *     +------+--------+------+------+-----------------+--------------+
 */
export function standingWord({ admits, health, role, set, weight, ignoreErrors }: Standing): number {
  return (
    ADMITS.indexOf(admits) |
    (HEALTHS.indexOf(health) << HEALTH_AT) |
    (ROLES.indexOf(role) << ROLE_AT) |
    (within(set, 0, MAX_SET) << SET_AT) |
    (within(weight, 1, MAX_WEIGHT) << WEIGHT_AT) |
    ((ignoreErrors ? 1 : 0) << IGNORE_AT)
  );
}

/** `undefined`: none was written yet. */
export function standingOf(word: number): Standing | undefined {
  if (word === 0) return undefined;
  return {
    admits: ADMITS[word & 3] as Admits,
    health: HEALTHS[(word >> HEALTH_AT) & 7] as StandingHealth,
    role: ROLES[(word >> ROLE_AT) & 3] as StandingRole,
    set: (word >> SET_AT) & 127,
    weight: (word >> WEIGHT_AT) & 32_767,
    ignoreErrors: word >> IGNORE_AT !== 0,
  };
}

const HEALTH_AT = 2;
const ROLE_AT = 5;
const SET_AT = 7;
const WEIGHT_AT = 14;
const IGNORE_AT = 29;

const MAX_SET = 99;
const MAX_WEIGHT = 25_600;

/** In the order of their bits. */
const ADMITS: readonly Admits[] = ['all', 'known', 'none'];
const HEALTHS: readonly StandingHealth[] = ['up', 'down', 'checking', 'ejected', 'trial', 'forced_down'];
const ROLES: readonly StandingRole[] = ['primary', 'standby', 'spare'];

/** A fraction, as a slow start may compute one, is rounded. */
function within(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(value)));
}
