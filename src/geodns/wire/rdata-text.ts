import type { Rdata, WireName } from '../model.ts';
import { byteAt } from './name.ts';
import { Problem, shown } from './problem.ts';

/** A word of a master file (RFC 1035 §5.1). Text is latin1, a character for each byte; escapes are not undone yet. */
export interface Word {
  /** Of a quoted word what is between the quotes. */
  readonly text: string;
  readonly quoted: boolean;
}

/** How names within RDATA are read: in a master file relative to $ORIGIN, in a configuration as they stand. */
export type ReadName = (text: string) => WireName | Problem;

/** The words of one record's RDATA, taken from the left. Throws a `Problem` when one is not there or not as expected. */
export class RdataWords {
  readonly #words: readonly Word[];
  readonly #readName: ReadName;
  #next = 0;

  constructor(words: readonly Word[], readName: ReadName) {
    this.#words = words;
    this.#readName = readName;
  }

  get atEnd(): boolean {
    return this.#next === this.#words.length;
  }

  /** `expected` is what a person would call it: `an IPv4 address`. */
  word(expected: string): Word {
    const word = this.#words[this.#next++];
    if (word === undefined) throw new Problem(`expected ${expected}, got nothing`);
    return word;
  }

  /** A word that must not be quoted. */
  bare(expected: string): string {
    const { text, quoted } = this.word(expected);
    if (quoted) throw new Problem(`expected ${expected}, got ${shown(text)} in quotes`);
    return text;
  }

  number(expected: string, maximum: number): number {
    const text = this.bare(expected);
    const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (value <= maximum) return value;
    throw new Problem(`expected ${expected} from 0 to ${maximum}, got ${shown(text)}`);
  }

  name(expected: string): WireName {
    const name = this.#readName(this.bare(expected));
    if (name instanceof Problem) throw name;
    return name;
  }

  /** All that is left as one, for hexadecimal and base64, which may be written in pieces. */
  rest(expected: string): string {
    let text = this.bare(expected);
    while (!this.atEnd) text += this.bare(expected);
    return text;
  }
}

/** Writes RDATA, and remembers where names begin in it that may be compressed. */
export class RdataWriter {
  readonly #parts: Uint8Array[] = [];
  readonly #names: number[] = [];
  #length = 0;

  u8(value: number): void {
    this.bytes([value]);
  }

  u16(value: number): void {
    this.bytes([value >>> 8, value & 255]);
  }

  u32(value: number): void {
    this.bytes([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
  }

  bytes(bytes: Uint8Array | readonly number[]): void {
    const part = bytes instanceof Uint8Array ? bytes : Uint8Array.from(bytes);
    this.#parts.push(part);
    this.#length += part.length;
  }

  name(name: WireName, mayBeCompressed: boolean): void {
    if (mayBeCompressed) this.#names.push(this.#length);
    this.bytes(name);
  }

  /** Throws a `Problem` when it is longer than RDATA can be. */
  rdata(): Rdata {
    if (this.#length > 65_535) throw new Problem(`expected at most 65535 bytes, got ${this.#length}`);
    return { bytes: Buffer.concat(this.#parts, this.#length), names: this.#names };
  }
}

/** The bytes of a character string (RFC 1035 §5.1), its escapes undone. How long it may be depends on where it stands. */
export function stringFromText(word: Word): Buffer {
  const { text } = word;
  if (!word.quoted && /^(?:\\.|[^"\\])*"/.test(text)) throw new Problem(`a quote in the middle of ${shown(text)}`);
  return unescaped(text);
}

export function unescaped(text: string): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const written = byteAt(text, i);
    if (written === undefined) throw new Problem(`no such escape in ${shown(text)}`);
    if (written.byte > 255) throw new Problem(`no byte in ${shown(text)}`);
    bytes.push(written.byte);
    i += written.length - 1;
  }
  return Buffer.from(bytes);
}

/** In quotes, whatever its bytes are. */
export function stringToText(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte < 0x20 || byte >= 0x7f) text += `\\${String(byte).padStart(3, '0')}`;
    else text += String.fromCharCode(byte);
  }
  return `"${text}"`;
}

export function hexFromText(text: string): Buffer {
  if (!/^(?:[0-9a-f]{2})*$/i.test(text)) throw new Problem(`expected hexadecimal bytes, got ${shown(text)}`);
  return Buffer.from(text, 'hex');
}

export function base64FromText(text: string): Buffer {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text) && text !== '';
  if (!isBase64) throw new Problem(`expected base64, got ${shown(text)}`);
  return Buffer.from(text, 'base64');
}
