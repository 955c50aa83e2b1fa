import type { Bytes } from '../../base/units.ts';

/**
 * Messages of ICP version 2 (RFC 2186), from and to bytes; no I/O. Numbers are in network order.
 *
 *      0        1        2        3        4
 *      +--------+--------+--------+--------+
 *    0 | opcode | version| length          |   length: of the whole packet
 *      +--------+--------+--------+--------+
 *    4 | request number                    |   echoed by the reply
 *      +--------+--------+--------+--------+
 *    8 | options                           |   0 from us, ignored from others; so are the next two
 *   12 | option data                       |
 *   16 | sender host address               |
 *      +--------+--------+--------+--------+
 *   20 | payload                           |
 *
 *   payload of QUERY          requester host address (4, ignored) | URL | NUL
 *   payload of EXACT_QUERY    requester host address (4, ignored) | URL | NUL | lines: name ": " value CR LF
 *   payload of the others     URL | NUL
 *
 * Texts are latin1: a URL has the bytes that the client sent.
 */

/** RFC 2186 §2, Opcode. HIT_OBJ (23) has gone from Squid as well, and is answered by nobody. */
export const OPCODES = {
  QUERY: 1,
  HIT: 2,
  MISS: 3,
  ERR: 4,
  SECHO: 10,
  DECHO: 11,
  MISS_NOFETCH: 21,
  DENIED: 22,
  /**
   * Ours, between Portico nodes only: asks for the variant that these request fields select. RFC 2186 leaves the number
   * unused. Squid would fill its log with it.
   */
  EXACT_QUERY: 0x70,
} as const;

/** What a question is answered by. */
export type IcpAnswer = 'HIT' | 'MISS' | 'ERR' | 'MISS_NOFETCH' | 'DENIED';

export type IcpMessage =
  | { readonly opcode: 'QUERY'; readonly requestNumber: number; readonly url: string }
  | {
      readonly opcode: 'EXACT_QUERY';
      readonly requestNumber: number;
      readonly url: string;
      /** Names and values in turn, as they were sent. */
      readonly fields: readonly string[];
    }
  | { readonly opcode: IcpAnswer | 'SECHO' | 'DECHO'; readonly requestNumber: number; readonly url: string };

/** Why bytes are no message: each is a drop that is counted. */
export const UNREADABLE = [
  /** Less than a header. */
  'short',
  /** More than `LONGEST_PACKET`, or an exact query of more than `LONGEST_QUESTION`. */
  'long',
  /** The length field says other than what came. */
  'length',
  /** Not 2. Squid 5.7 dies of version 3, so nobody should miss it. */
  'version',
  'opcode',
  /** No NUL behind the URL. */
  'unterminated',
  /** Bytes behind the URL's NUL. */
  'embedded-nul',
  /** No URL at all. */
  'empty',
  /** An exact query whose lines are no request fields. */
  'fields',
] as const;

export type Unreadable = (typeof UNREADABLE)[number];

/** What Squid can receive. What is answered is thereby bounded as well. */
export const LONGEST_PACKET: Bytes = 16_384;

/** Longer questions are not asked: they would come in many fragments, of which none may be lost. */
export const LONGEST_QUESTION: Bytes = 8_192;

const VERSION = 2;
const HEADER: Bytes = 20;
const REQUESTER: Bytes = 4;
const NUL = 0;

const NAMES = new Map<number, IcpMessage['opcode']>(
  Object.entries(OPCODES).map(([name, code]) => [code, name as IcpMessage['opcode']]),
);

/** Any bytes at all: a message, or why they are none. Never throws. */
export function decode(packet: Buffer): IcpMessage | Unreadable {
  if (packet.length < HEADER) return 'short';
  if (packet.length > LONGEST_PACKET) return 'long';
  if (packet[1] !== VERSION) return 'version';
  if (packet.readUInt16BE(2) !== packet.length) return 'length';
  const opcode = NAMES.get(packet[0] as number);
  if (opcode === undefined) return 'opcode';

  const start = opcode === 'QUERY' || opcode === 'EXACT_QUERY' ? HEADER + REQUESTER : HEADER;
  const end = packet.indexOf(NUL, start);
  if (start >= packet.length || end === -1) return 'unterminated';
  if (end === start) return 'empty';
  const requestNumber = packet.readUInt32BE(4);
  const url = packet.toString('latin1', start, end);
  if (opcode !== 'EXACT_QUERY') return end + 1 === packet.length ? { opcode, requestNumber, url } : 'embedded-nul';

  if (packet.length > LONGEST_QUESTION) return 'long';
  const fields = readFields(packet.toString('latin1', end + 1));
  return fields === undefined ? 'fields' : { opcode, requestNumber, url, fields };
}

/** `undefined`: longer than a question may be. */
export function encodeQuery(requestNumber: number, url: string): Buffer | undefined {
  return encodeQuestion('QUERY', requestNumber, url, '');
}

/** `fields`: names and values in turn, without line breaks. `undefined`: longer than a question may be. */
export function encodeExactQuery(requestNumber: number, url: string, fields: readonly string[]): Buffer | undefined {
  let lines = '';
  for (let i = 0; i + 1 < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return encodeQuestion('EXACT_QUERY', requestNumber, url, lines);
}

/** The answer to a question that was read: its number, and its URL, which an ERR escapes as Squid does. */
export function encodeAnswer(answer: IcpAnswer, { requestNumber, url }: IcpMessage): Buffer {
  return encodeUrl(answer, requestNumber, answer === 'ERR' ? escapeUrl(url) : url);
}

/** A message of nothing but a URL. `RangeError`: a URL of 64 KiB or more, which can not have been read from a packet. */
export function encodeUrl(opcode: IcpAnswer | 'SECHO' | 'DECHO', requestNumber: number, url: string): Buffer {
  const packet = headerOf(opcode, HEADER + url.length + 1, requestNumber);
  packet.write(url, HEADER, 'latin1');
  packet[packet.length - 1] = NUL;
  return packet;
}

/**
 * Percent-encodes what RFC 1738 §2.2 calls unsafe, and control characters; what is encoded already stays. As Squid does it,
 * only for a URL with white space in it: any other that it cannot read comes back as it was.
 */
export function escapeUrl(url: string): string {
  if (!/[ \t\n\v\f\r]/.test(url)) return url;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return url.replace(/[\x00-\x20<>"#{}|\\^~[\]`'\x7f-\xff]/g, (unsafe) => {
    return `%${unsafe.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
  });
}

function encodeQuestion(
  opcode: 'QUERY' | 'EXACT_QUERY',
  requestNumber: number,
  url: string,
  lines: string,
): Buffer | undefined {
  const start = HEADER + REQUESTER;
  const length = start + url.length + 1 + lines.length;
  if (length > LONGEST_QUESTION) return undefined;
  const packet = headerOf(opcode, length, requestNumber);
  packet.writeUInt32BE(0, HEADER);
  packet.write(url, start, 'latin1');
  packet[start + url.length] = NUL;
  packet.write(lines, start + url.length + 1, 'latin1');
  return packet;
}

function headerOf(opcode: keyof typeof OPCODES, length: Bytes, requestNumber: number): Buffer {
  const packet = Buffer.allocUnsafe(length);
  packet[0] = OPCODES[opcode];
  packet[1] = VERSION;
  packet.writeUInt16BE(length, 2);
  packet.writeUInt32BE(requestNumber, 4);
  packet.fill(0, 8, HEADER);
  return packet;
}

/** RFC 9110 §5.1, §5.5: a token, and a value without line breaks and NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const FIELD = /^([!#$%&'*+.^_`|~\w-]+): ([^\x00\r\n]*)$/;

function readFields(lines: string): string[] | undefined {
  const fields: string[] = [];
  if (lines === '') return fields;
  if (!lines.endsWith('\r\n')) return undefined;
  for (const line of lines.slice(0, -2).split('\r\n')) {
    const field = FIELD.exec(line);
    if (field === null) return undefined;
    fields.push(field[1] as string, field[2] as string);
  }
  return fields;
}
