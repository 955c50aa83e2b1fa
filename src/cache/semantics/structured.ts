/**
 * Dictionaries of RFC 9651 §4.2.2, as far as cache directives need them. Strict: what does not follow the grammar to its
 * last character is no dictionary at all. Integers, decimals, strings, tokens, booleans and byte sequences are told
 * apart; inner lists, dates and display strings are checked and kept as `other`. Parameters are checked and left out.
 */

export type BareItem =
  | { readonly type: 'integer' | 'decimal'; readonly value: number }
  | { readonly type: 'string' | 'token'; readonly value: string }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'other' };

export type Dictionary = ReadonlyMap<string, BareItem>;

/** `undefined` if the value is no dictionary; an empty map if it is empty. Of members of one name the last counts. */
export function parseDictionary(text: string): Dictionary | undefined {
  const reader = new Reader(trimSpaces(text));
  const members = new Map<string, BareItem>();
  while (!reader.ended) {
    const name = reader.take(KEY);
    if (name === undefined) return undefined;
    const item = reader.take(EQUALS) === undefined ? TRUE : itemOrInnerList(reader);
    if (item === undefined || !skipParameters(reader)) return undefined;
    members.set(name, item);
    if (reader.ended) break;
    // A comma at the end is an error, white space around it is not.
    if (reader.take(COMMA) === undefined || reader.ended) return undefined;
  }
  return members;
}

/** Spaces alone go at both ends; any other white space there is an error. */
function trimSpaces(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && text.charCodeAt(from) === 0x20) from += 1;
  while (to > from && text.charCodeAt(to - 1) === 0x20) to -= 1;
  return text.slice(from, to);
}

const KEY = /[a-z*][a-z0-9_.*-]*/y;
const EQUALS = /=/y;
const COMMA = /[ \t]*,[ \t]*/y;
const SEMICOLON = /; */y;
const DECIMAL = /-?\d{1,12}\.\d{1,3}(?![\d.])/y;
const INTEGER = /-?\d{1,15}(?![\d.])/y;
const STRING = /"(?:[ !#-[\]-~]|\\["\\])*"/y;
const TOKEN = /[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*/y;
const BOOLEAN = /\?[01]/y;
const BYTES = /:[A-Za-z0-9+/]*={0,2}:/y;
const DATE = /@-?\d{1,15}(?![\d.])/y;
const DISPLAY = /%"(?:[ !#$&-~]|%[0-9a-f]{2})*"/y;
const OPEN = /\( */y;
const CLOSE = / *\)/y;
const SPACES = / +/y;

const TRUE: BareItem = { type: 'boolean', value: true };
const OTHER: BareItem = { type: 'other' };

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at >= this.#text.length;
  }

  /** What `pattern` (sticky) matches here, read past it; else `undefined`. */
  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match[0];
  }
}

function itemOrInnerList(reader: Reader): BareItem | undefined {
  if (reader.take(OPEN) === undefined) return bareItem(reader);
  while (reader.take(CLOSE) === undefined) {
    if (bareItem(reader) === undefined || !skipParameters(reader)) return undefined;
    if (reader.take(CLOSE) !== undefined) break;
    if (reader.take(SPACES) === undefined) return undefined;
  }
  return OTHER;
}

function bareItem(reader: Reader): BareItem | undefined {
  const decimal = reader.take(DECIMAL);
  if (decimal !== undefined) return { type: 'decimal', value: Number(decimal) };
  const integer = reader.take(INTEGER);
  if (integer !== undefined) return { type: 'integer', value: Number(integer) };
  const string = reader.take(STRING);
  if (string !== undefined) return { type: 'string', value: string.slice(1, -1).replace(/\\(.)/g, '$1') };
  const token = reader.take(TOKEN);
  if (token !== undefined) return { type: 'token', value: token };
  const boolean = reader.take(BOOLEAN);
  if (boolean !== undefined) return { type: 'boolean', value: boolean === '?1' };
  const other = reader.take(BYTES) ?? reader.take(DATE) ?? reader.take(DISPLAY);
  return other === undefined ? undefined : OTHER;
}

function skipParameters(reader: Reader): boolean {
  while (reader.take(SEMICOLON) !== undefined) {
    if (reader.take(KEY) === undefined) return false;
    if (reader.take(EQUALS) !== undefined && bareItem(reader) === undefined) return false;
  }
  return true;
}

/** Written as a token where it is one, else as a string; what a string cannot hold becomes `?`. RFC 9651 §3.3. */
export function tokenOrString(text: string): string {
  return /^[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*$/.test(text) ? text : sfString(text);
}

/** Written as a string of RFC 9651 §3.3.3; what it cannot hold becomes `?`. */
export function sfString(text: string): string {
  return `"${text.replace(/[^ -~]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}
