import type { NameKey, WireName } from '../model.ts';
import { Problem, shown } from './problem.ts';

/**
 * Domain names. On the wire a name is its labels, each behind its length, and the empty label of the root at its end
 * (RFC 1035 §3.1):
 *
 *      3 w w w 7 e x a m p l e 0       at most 63 bytes a label, 255 in all; a byte may be any
 *
 * In text, labels are set apart by dots, and a byte that would be misread is escaped: `\.`, or `\DDD` in decimal (RFC
 * 1035 §5.1). Text is latin1, a character for each byte. Case is kept, and told apart nowhere (RFC 4343).
 */

export const ROOT: WireName = Buffer.from([0]);

/** Of the root. */
export const ROOT_KEY: NameKey = '\0';

/** RFC 1035 §2.3.4. */
export const MAX_LABEL = 63;
export const MAX_NAME = 255;

/** The key of the name `*` below another is this and the other's key (RFC 4592 §2.1.1). */
export const WILDCARD = '\x01*';

/** Reads a name; one that does not end in a dot, and `@`, are taken below `origin`. */
export function nameFromText(text: string, origin: WireName): WireName | Problem {
  if (text === '') return new Problem('expected a name, got nothing');
  if (text === '@') return origin;
  if (text === '.') return ROOT;

  const labels: number[][] = [[]];
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '.') {
      labels.push([]);
      continue;
    }
    const written = byteAt(text, i);
    if (written === undefined) return new Problem(`no such escape in the name ${shown(text)}`);
    if (written.byte > 255) return new Problem(`no byte in the name ${shown(text)}: write it as xn--…`);
    labels.at(-1)?.push(written.byte);
    i += written.length - 1;
  }
  const isAbsolute = labels.at(-1)?.length === 0;
  if (isAbsolute) labels.pop();

  if (labels.some((label) => label.length === 0)) return new Problem(`an empty label in the name ${shown(text)}`);
  if (labels.some((label) => label.length > MAX_LABEL)) {
    return new Problem(`a label longer than ${MAX_LABEL} bytes in the name ${shown(text)}`);
  }
  const bytes = Buffer.from(labels.flatMap((label) => [label.length, ...label]));
  const name = Buffer.concat([bytes, isAbsolute ? ROOT : origin]);
  return name.length <= MAX_NAME ? name : new Problem(`the name ${shown(text)} is longer than ${MAX_NAME} bytes`);
}

/** With a dot at its end. What it returns `nameFromText` reads as the same bytes. */
export function nameToText(name: WireName): string {
  if (name[0] === 0) return '.';
  let text = '';
  for (let at = 0; (name[at] ?? 0) !== 0; at += 1 + (name[at] as number)) {
    for (const byte of name.subarray(at + 1, at + 1 + (name[at] as number))) text += byteToText(byte);
    text += '.';
  }
  return text;
}

/** What names are told apart by: A to Z in lower case, and no other byte changed. */
export function nameKey(name: WireName): NameKey {
  const text = name.toString('latin1');
  // Length bytes are at most 63 and so no letters. toLowerCase() would take À for a letter, too.
  return NOT_ASCII.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text.toLowerCase();
}

/** The key of a name's parent. The root has none. */
export function parentKey(key: NameKey): NameKey | undefined {
  return key.length <= 1 ? undefined : key.slice(1 + key.charCodeAt(0));
}

/** Whether a name is another one, or below it. */
export function isWithin(key: NameKey, ancestor: NameKey): boolean {
  if (!key.endsWith(ancestor)) return false;
  let at = 0;
  while (key.length - at > ancestor.length) at += 1 + key.charCodeAt(at);
  return key.length - at === ancestor.length; // else it ends alike, but in the middle of a label
}

/** Whether a name is below another one: it has more labels in front. */
export function isBelow(key: NameKey, ancestor: NameKey): boolean {
  return key.length > ancestor.length && isWithin(key, ancestor);
}

/** Where each label begins, from the left: those before `end`, where the root's is unless told otherwise. */
export function labelOffsets(key: NameKey, end: number = key.length - 1): number[] {
  const offsets: number[] = [];
  for (let at = 0; at < end; at += 1 + key.charCodeAt(at)) offsets.push(at);
  return offsets;
}

/**
 * A name below `owner`, brought below `target` (RFC 6672 §2.2). `undefined` when it would be longer than a name can be.
 */
export function substituted(name: WireName, owner: WireName, target: WireName): WireName | undefined {
  const kept = name.length - owner.length;
  return kept + target.length > MAX_NAME ? undefined : Buffer.concat([name.subarray(0, kept), target]);
}

/** Where a name in the middle of bytes ends. `undefined` when it is none, is too long, or is compressed. */
export function nameEnd(bytes: Uint8Array, start: number): number | undefined {
  for (let at = start; at - start < MAX_NAME; ) {
    const length = bytes[at];
    if (length === undefined || length > MAX_LABEL) return undefined;
    at += 1 + length;
    if (length === 0) return at;
  }
  return undefined;
}

/**
 * The byte that is written at `at`, escaped or not, and with how many characters. `undefined` when a backslash is
 * followed by nothing that it could escape.
 */
export function byteAt(text: string, at: number): { readonly byte: number; readonly length: number } | undefined {
  if (text[at] !== '\\') return { byte: text.charCodeAt(at), length: 1 };
  const next = text[at + 1];
  if (next === undefined) return undefined;
  if (next < '0' || next > '9') return { byte: text.charCodeAt(at + 1), length: 2 };
  const digits = text.slice(at + 1, at + 4);
  return /^\d{3}$/.test(digits) && Number(digits) <= 255 ? { byte: Number(digits), length: 4 } : undefined;
}

const NOT_ASCII = /[\x80-\xff]/;

/** Characters that mean something somewhere in a master file. */
const SPECIAL = new Set('."\\();@$');

function byteToText(byte: number): string {
  if (byte <= 0x20 || byte >= 0x7f) return `\\${String(byte).padStart(3, '0')}`;
  const character = String.fromCharCode(byte);
  return SPECIAL.has(character) ? `\\${character}` : character;
}
