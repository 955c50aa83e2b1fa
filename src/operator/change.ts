import type { Ms } from '../base/units.ts';
import type { Actor, Change } from './commands.ts';
import type { Configured, Override, OverrideValues } from './model.ts';

/** What a change makes of an override, and what a change must look like. Pure. */

/** 10 years: beyond that somebody has mistaken the unit. */
const LONGEST: Ms = 3650 * 86_400_000;
export const LONGEST_REASON = 500;

type Check = { readonly expected: string; readonly accepts: (value: unknown) => boolean };

const oneOf = (...names: readonly string[]): Check => ({
  expected: names.join(', '),
  accepts: (value) => names.includes(value as string),
});
const integer = (min: number, max: number): Check => ({
  expected: `a whole number from ${min} to ${max}`,
  accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
});
const time: Check = integer(0, LONGEST);

export const VALUES: { readonly [Name in keyof OverrideValues]-?: Check } = {
  admin: oneOf('active', 'drain', 'maint', 'stopped'),
  weight: integer(1, 256),
  role: oneOf('primary', 'standby', 'spare'),
  set: integer(0, 99),
  health: oneOf('forced_down'),
  ignoreErrors: { expected: 'true or false', accepts: (value) => typeof value === 'boolean' },
  // Without dots: it is what follows the last one of a cookie.
  route: {
    expected: '1 to 128 letters, digits, colons, dashes or underscores',
    accepts: (value) => typeof value === 'string' && /^[A-Za-z0-9_:-]{1,128}$/.test(value),
  },
  slowStart: integer(0, 3_600_000),
};

/** What is wrong with it, as a sentence that says what was expected; `undefined`: nothing. */
export function problemOf(change: Change): string | undefined {
  for (const [name, value] of Object.entries(change.values)) {
    if (!Object.hasOwn(VALUES, name)) return `${name}: unknown, expected one of ${Object.keys(VALUES).join(', ')}`;
    const check = VALUES[name as keyof OverrideValues];
    if (value !== null && value !== undefined && !check.accepts(value)) return problem(name, check, value);
  }
  const { expiresIn, deadlineIn, onDeadline } = change;
  const overlong = problemOfExpiry(expiresIn);
  if (overlong !== undefined) return overlong;
  if (isTime(deadlineIn) && !time.accepts(deadlineIn)) {
    return problem('deadlineIn', { ...time, expected: 'milliseconds from 0 to ten years' }, deadlineIn);
  }
  const { admin } = change.values;
  if ((admin === 'active' || admin === null) && (isTime(deadlineIn) || onDeadline !== undefined)) {
    return 'deadlineIn, onDeadline: expected only with drain, maint or stopped';
  }
  const either = oneOf('keep', 'cut');
  if (onDeadline !== undefined && !either.accepts(onDeadline)) return problem('onDeadline', either, onDeadline);
  return problemOfReason(change.reason);
}

export function problemOfExpiry(expiresIn: Ms | null | undefined): string | undefined {
  if (!isTime(expiresIn) || integer(1, LONGEST).accepts(expiresIn)) return undefined;
  return problem('expiresIn', { ...time, expected: 'milliseconds from 1 to ten years' }, expiresIn);
}

export function problemOfReason(reason: unknown): string | undefined {
  if (typeof reason === 'string' && reason.length <= LONGEST_REASON) return undefined;
  return `reason: expected a text of at most ${LONGEST_REASON} characters`;
}

function problem(name: string, { expected }: Check, value: unknown): string {
  return `${name}: expected ${expected}, got ${JSON.stringify(value)?.slice(0, 100)}`;
}

/** The part of an override that a deadline belongs to. */
type Deadline = Pick<Override, 'deadline' | 'onDeadline'>;

/**
 * The override that there is then; `undefined`: none is needed any more. The very same one when the change says nothing
 * new. What the change does not name stays as it was said before. The newest change is the one whose author, reason and
 * time are told.
 */
export function overrideAfter(
  configured: Configured,
  current: Override | undefined,
  change: Change,
  actor: Actor,
  now: Ms,
): Override | undefined {
  const values = valuesAfter(configured, current?.values ?? {}, change.values);
  const { expiresIn, deadlineIn, onDeadline } = change;
  const isSameTime = isSameUntil(expiresIn, current?.expires) && isSameUntil(deadlineIn, current?.deadline);
  if (isSameTime && onDeadline === undefined && isSameValues(values, current?.values ?? {})) return current;
  if (Object.keys(values).length === 0) return undefined;
  const isSameAdmin = values.admin === current?.values.admin;
  return {
    values,
    by: actor.name,
    source: actor.source,
    reason: change.reason,
    since: now,
    ...(values.admin !== undefined && { adminSince: isSameAdmin ? (current?.adminSince ?? now) : now }),
    expires: until(expiresIn, expiryAfter(values, current, change), now),
    ...(values.admin !== undefined && deadlineAfter(isSameAdmin ? current : undefined, change, now)),
    was: configured,
  };
}

/** What is as the file says, or as it is by itself, is not overridden. */
function valuesAfter(configured: Configured, current: OverrideValues, change: Change['values']): OverrideValues {
  const plain = { ...configured, admin: 'active', ignoreErrors: false } as Readonly<Record<string, unknown>>;
  const merged: Readonly<Record<string, unknown>> = {
    ...current,
    ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
  };
  return Object.fromEntries(Object.entries(merged).filter(([name, value]) => value !== null && value !== plain[name]));
}

function isSameValues(one: OverrideValues, other: OverrideValues): boolean {
  return (Object.keys(VALUES) as (keyof OverrideValues)[]).every((name) => one[name] === other[name]);
}

/** What was said for a time does not come to hold for ever as something else is said beside it. */
function expiryAfter(values: OverrideValues, current: Override | undefined, { values: said }: Change): Ms | undefined {
  const keeps = Object.keys(values).some((name) => said[name as keyof OverrideValues] === undefined);
  return keeps ? current?.expires : undefined;
}

function deadlineAfter(current: Override | undefined, { deadlineIn, onDeadline }: Change, now: Ms): Deadline {
  return {
    deadline: until(deadlineIn, current?.deadline, now),
    onDeadline: onDeadline ?? (deadlineIn === null ? undefined : current?.onDeadline),
  };
}

/** From how long something is to be: `null`, for ever; `undefined`, as it was. */
export function until(said: Ms | null | undefined, before: Ms | undefined, now: Ms): Ms | undefined {
  if (said === undefined) return before;
  return said === null ? undefined : now + said;
}

/** A time that is said counts from now on, so it is never the one that there was. */
export function isSameUntil(said: Ms | null | undefined, before: Ms | undefined): boolean {
  return said === undefined || (said === null && before === undefined);
}

/** Neither `null` nor nothing: some time is said, be it a good one or not. */
function isTime(said: Ms | null | undefined): boolean {
  return said !== undefined && said !== null;
}
