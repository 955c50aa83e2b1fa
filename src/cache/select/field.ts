import type { Fields } from '../message.ts';

/**
 * Reading of header fields: their values, the members of lists, and the weights that some members have. `name` is in lower
 * case everywhere. None of the readers allocates where nothing or one value is found.
 */

/** The first value of a response's field, whose names stand in lower case; `undefined` without one. */
export function firstValue(fields: Fields, name: string): string | undefined {
  for (let i = 0; i + 1 < fields.length; i += 2) {
    if (fields[i] === name) return fields[i + 1];
  }
  return undefined;
}

/** Whether a response has the field. */
export function hasField(fields: Fields, name: string): boolean {
  return firstValue(fields, name) !== undefined;
}

/** The value of a field of a request or response, several of them joined by ", " (RFC 9110 §5.3). */
export function fieldValue(fields: Fields, name: string): string | undefined {
  let value: string | undefined;
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const each = fields[i] as string;
    if (each.length !== name.length || (each !== name && each.toLowerCase() !== name)) continue;
    value = value === undefined ? fields[i + 1] : `${value}, ${fields[i + 1]}`;
  }
  return value;
}

/** A copy without the fields that `leaveOut` names, by their names as they stand. */
export function withoutFields(fields: Fields, leaveOut: (name: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = fields[i] as string;
    if (!leaveOut(name)) kept.push(name, fields[i + 1] as string);
  }
  return kept;
}

/** The members of a list without the space around them; empty ones go (RFC 9110 §5.6.1). A comma in quotes is no end. */
export function listMembers(value: string): readonly string[] {
  return pieces(value, ',');
}

/** What stands between separators, outside of quotes. A quote that never closes reaches to the end. */
export function pieces(value: string, separator: ',' | ';'): readonly string[] {
  if (!value.includes(separator)) return value === '' ? [] : notEmpty([value]);
  if (!value.includes('"')) return notEmpty(value.split(separator));
  const found: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at];
    if (quoted && char === '\\') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      found.push(value.slice(start, at));
      start = at + 1;
    }
  }
  found.push(value.slice(start));
  return notEmpty(found);
}

function notEmpty(found: readonly string[]): readonly string[] {
  return found.map(withoutSpace).filter((piece) => piece !== '');
}

/**
 * A value without the space and tabs around it (OWS, RFC 9110 §5.6.3). `trim` would take 0xA0 for a space, which is half
 * of a letter in UTF-8; an expression would take long on many spaces.
 */
export function withoutSpace(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isSpace(value.charCodeAt(start))) start += 1;
  while (end > start && isSpace(value.charCodeAt(end - 1))) end -= 1;
  return value.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A member of Accept-Encoding or Accept-Language, in lower case, and its weight: 0 to 1. */
export interface Weighted {
  readonly name: string;
  readonly weight: number;
}

/**
 * The members of a list of names with weights (RFC 9110 §12.4.2), in their order. Of a weight that cannot be read we
 * make 0: nothing is lost by not counting on what is doubtful.
 */
export function weightedMembers(value: string): readonly Weighted[] {
  return listMembers(value).map((member) => {
    const [name = '', ...parameters] = pieces(member.toLowerCase(), ';');
    const quality = parameters.find((each) => /^q[ \t]*=/.test(each));
    return { name, weight: quality === undefined ? 1 : weightOf(quality) };
  });
}

function weightOf(quality: string): number {
  const match = /^q[ \t]*=[ \t]*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(quality);
  return match === null ? 0 : Number(match[1]);
}
