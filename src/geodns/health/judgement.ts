import type { Ms } from '../../base/units.ts';
import type { CheckRules } from './model.ts';

/**
 * What checks say of a datacenter: a function of what was held, what was found, and when.
 *
 *     checking ──good──▸ up ──`fall` bad in a row──▸ down ──`rise` good in a row──▸ up
 *     checking ──bad───▸ down
 *
 * The first check decides alone, as nothing speaks against it: answers wait for it, and not for `fall` of them.
 */
export interface Judgement {
  readonly health: 'checking' | 'up' | 'down';
  /** Epoch milliseconds of the last change of `health`. */
  readonly since: Ms;
  /** Checks in a row that speak against `health`. */
  readonly against: number;
  /** Of the last check, if that was bad; of one that is down, of the last bad one. */
  readonly problem: string | undefined;
  /** When `health` may become another at the earliest; `undefined`: no check speaks against it. */
  readonly due: Ms | undefined;
}

export interface Found {
  /** What is wrong, in words; `undefined`: all is well. */
  readonly problem: string | undefined;
  /** When the check began: the next one begins an interval later. */
  readonly began: Ms;
}

export type JudgementRules = Pick<CheckRules, 'rise' | 'fall' | 'interval'>;

export function firstJudgement(now: Ms): Judgement {
  return { health: 'checking', since: now, against: 0, problem: undefined, due: now };
}

export function judge(state: Judgement, { problem, began }: Found, rules: JudgementRules, now: Ms): Judgement {
  const found = problem === undefined ? 'up' : 'down';
  if (found === state.health) return { ...state, against: 0, problem, due: undefined };
  const against = state.against + 1;
  const needed = state.health === 'checking' ? 1 : found === 'up' ? rules.rise : rules.fall;
  if (against >= needed) return { health: found, since: now, against: 0, problem, due: undefined };
  // Of one that is down, its last problem is the reason that it is.
  const told = problem ?? state.problem;
  return { ...state, against, problem: told, due: began + (needed - against) * rules.interval };
}
