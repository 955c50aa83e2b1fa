import type { Fields } from '../message.ts';

/**
 * Readers over flat fields (name, value, name, value). None allocates where nothing or one value is found. Names are
 * asked for in lower case; those of a response stand so, those of a request come in any case.
 */

/** The first value of a response's field, `undefined` without one. */
export function firstValue(fields: Fields, name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1];
  }
  return undefined;
}

/** All values of a response's field, joined by ", " (RFC 9110 §5.2); `undefined` without one. */
export function joinedValue(fields: Fields, name: string): string | undefined {
  let joined: string | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) joined = joined === undefined ? fields[i + 1] : `${joined}, ${fields[i + 1]}`;
  }
  return joined;
}

export function hasField(fields: Fields, name: string): boolean {
  return firstValue(fields, name) !== undefined;
}

/** The first value of a request's field, whose name may be written in any case. */
export function firstValueInAnyCase(fields: Fields, name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const each = fields[i] as string;
    if (each === name || (each.length === name.length && each.toLowerCase() === name)) return fields[i + 1];
  }
  return undefined;
}

/** Whether a comma-separated list has this member; `member` is in lower case. Lists of quoted strings are not for this. */
export function listHas(value: string | undefined, member: string): boolean {
  if (value === undefined || value.length < member.length) return false;
  if (value === member) return true;
  return value.split(',').some((each) => each.trim().toLowerCase() === member);
}

/** A copy without the fields that `leaveOut` names. */
export function withoutFields(fields: Fields, leaveOut: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!leaveOut(name)) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}
