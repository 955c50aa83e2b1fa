import { isIPv4, isIPv6 } from 'node:net';
import { formatAddress, type IPv6Words, parseAddress } from '../../base/address.ts';
import { nameToText } from './name.ts';
import { Problem, shown } from './problem.ts';
import type { RdataReader } from './rdata-reader.ts';
import {
  base64FromText,
  hexFromText,
  type RdataWords,
  type RdataWriter,
  stringFromText,
  stringToText,
  type Word,
} from './rdata-text.ts';
import { ttlFromText } from './ttl.ts';

/**
 * The fields that RDATA is made of. Each goes both ways, and both throw a `Problem` where what they are given is not
 * theirs; so to show bytes is to check them.
 */
export interface Field {
  /** From its words to its bytes. */
  readonly read: (words: RdataWords, out: RdataWriter) => void;
  /** From its bytes to its words. */
  readonly show: (bytes: RdataReader) => string;
}

export const U8 = number(
  'a number',
  255,
  (out, value) => out.u8(value),
  (bytes) => bytes.u8(),
);
export const U16 = number(
  'a number',
  65_535,
  (out, value) => out.u16(value),
  (bytes) => bytes.u16(),
);
export const U32 = number(
  'a number',
  0xffff_ffff,
  (out, value) => out.u32(value),
  (bytes) => bytes.u32(),
);

/** A span of time in seconds, of 32 bits: `3600`, `1h30m`. */
export const SPAN: Field = {
  read: (words, out) => {
    const text = words.bare('a time');
    const value = ttlFromText(text, 0xffff_ffff);
    if (value === undefined) throw new Problem(`expected a time such as 3600 or 1h30m, got ${shown(text)}`);
    out.u32(value);
  },
  show: (bytes) => String(bytes.u32()),
};

/** Only the types of RFC 1035 may have their names compressed: others are no more to a resolver than bytes (RFC 3597 §4). */
export const COMPRESSIBLE_NAME: Field = {
  read: (words, out) => out.name(words.name('a name'), true),
  show: (bytes) => nameToText(bytes.name(true)),
};

export const NAME: Field = {
  read: (words, out) => out.name(words.name('a name'), false),
  show: (bytes) => nameToText(bytes.name(false)),
};

export const IPV4: Field = {
  read: (words, out) => out.bytes(ipv4FromText(words.bare('an IPv4 address'))),
  show: (bytes) => ipv4ToText(bytes.bytes(4)),
};

export const IPV6: Field = {
  read: (words, out) => out.bytes(ipv6FromText(words.bare('an IPv6 address'))),
  show: (bytes) => ipv6ToText(bytes.bytes(16)),
};

/** One character string. */
export const STRING: Field = {
  read: (words, out) => writeString(words.word('a string'), out),
  show: (bytes) => stringToText(bytes.string()),
};

/** One character string or more, to the end. */
export const STRINGS: Field = {
  read: (words, out) => {
    do writeString(words.word('a string'), out);
    while (!words.atEnd);
  },
  show: (bytes) => {
    const strings = [stringToText(bytes.string())];
    while (!bytes.atEnd) strings.push(stringToText(bytes.string()));
    return strings.join(' ');
  },
};

/** A string of any length to the end, without a byte that tells it. */
export const TEXT: Field = {
  read: (words, out) => out.bytes(stringFromText(words.word('a string'))),
  show: (bytes) => stringToText(bytes.rest()),
};

/** The tag of a CAA property: letters and digits (RFC 8659 §4.1). */
export const TAG: Field = {
  read: (words, out) => {
    const text = words.bare('a tag');
    if (!TAG_PATTERN.test(text) || text.length > 255) {
      throw new Problem(`expected a tag of letters and digits, got ${shown(text)}`);
    }
    out.u8(text.length);
    out.bytes(Buffer.from(text, 'latin1'));
  },
  show: (bytes) => {
    const text = bytes.string().toString('latin1');
    if (!TAG_PATTERN.test(text)) throw new Problem(`expected a tag of letters and digits, got ${shown(text)}`);
    return text;
  },
};

/** Bytes to the end, in hexadecimal. */
export const HEX: Field = {
  read: (words, out) => out.bytes(hexFromText(words.rest('hexadecimal bytes'))),
  show: (bytes) => someBytes(bytes).toString('hex').toUpperCase(),
};

/** Bytes to the end, in base64. */
export const BASE64: Field = {
  read: (words, out) => out.bytes(base64FromText(words.rest('base64'))),
  show: (bytes) => someBytes(bytes).toString('base64'),
};

/** An algorithm of DNSSEC, by number or mnemonic (RFC 4034 §A.1, RFC 5702, 6605, 8080). */
export const ALGORITHM: Field = {
  read: (words, out) => {
    const text = words.bare('an algorithm');
    const value = ALGORITHMS[text.toUpperCase()] ?? (/^\d{1,3}$/.test(text) ? Number(text) : Number.NaN);
    if (!(value <= 255)) throw new Problem(`expected an algorithm, got ${shown(text)}`);
    out.u8(value);
  },
  show: (bytes) => String(bytes.u8()),
};

export function ipv4FromText(text: string): Buffer {
  if (!isIPv4(text)) throw new Problem(`expected an IPv4 address, got ${shown(text)}`);
  return Buffer.from(text.split('.').map(Number));
}

export function ipv4ToText(bytes: Buffer): string {
  return formatAddress(bytes.readUInt32BE());
}

export function ipv6FromText(text: string): Buffer {
  const address = isIPv6(text) && !text.includes('%') ? parseAddress(text) : undefined;
  if (address === undefined) throw new Problem(`expected an IPv6 address, got ${shown(text)}`);
  const bytes = Buffer.alloc(16);
  const words: IPv6Words = typeof address === 'number' ? [0, 0, 0xffff, address] : address;
  words.forEach((word, i) => {
    bytes.writeUInt32BE(word, i * 4);
  });
  return bytes;
}

export function ipv6ToText(bytes: Buffer): string {
  const word = (i: number) => bytes.readUInt32BE(i * 4);
  const isMapped = word(0) === 0 && word(1) === 0 && word(2) === 0xffff;
  return isMapped ? `::ffff:${formatAddress(word(3))}` : formatAddress([word(0), word(1), word(2), word(3)]);
}

const TAG_PATTERN = /^[A-Za-z0-9]+$/;

const ALGORITHMS: Readonly<Record<string, number>> = {
  RSASHA1: 5,
  'NSEC3-RSASHA1': 7,
  RSASHA256: 8,
  RSASHA512: 10,
  ECDSAP256SHA256: 13,
  ECDSAP384SHA384: 14,
  ED25519: 15,
  ED448: 16,
};

function number(
  expected: string,
  maximum: number,
  write: (out: RdataWriter, value: number) => void,
  take: (bytes: RdataReader) => number,
): Field {
  return {
    read: (words, out) => write(out, words.number(expected, maximum)),
    show: (bytes) => String(take(bytes)),
  };
}

function writeString(word: Word, out: RdataWriter): void {
  const bytes = stringFromText(word);
  if (bytes.length > 255) throw new Problem(`expected a string of at most 255 bytes, got ${bytes.length}`);
  out.u8(bytes.length);
  out.bytes(bytes);
}

function someBytes(bytes: RdataReader): Buffer {
  if (bytes.atEnd) throw new Problem('expected more bytes');
  return bytes.rest();
}
