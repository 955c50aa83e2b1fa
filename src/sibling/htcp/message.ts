import type { Bytes } from '../../base/units.ts';
import type { Fields } from '../../cache/message.ts';
import { withoutSpace } from '../../cache/select/field.ts';

/**
 * Messages of HTCP (RFC 2756), from and to bytes; no I/O. Of its operations we know TST (is there something for this
 * request?) and CLR (purge it). Numbers are in network order.
 *
 *      0        1        2        3        4
 *      +--------+--------+--------+--------+
 *    0 | length of all   | major 0| minor  |   HEADER
 *      +--------+--------+--------+--------+
 *    4 | length of DATA  | op |res| bits   |   DATA: from its length on; 4 bits of opcode, 4 of response
 *      +--------+--------+--------+--------+
 *    8 | transaction                       |   echoed by the response
 *      +--------+--------+--------+--------+
 *   12 | op-data …                         |
 *      +--------+--------+--------+--------+
 *      | length of AUTH  | …                   AUTH: 2, itself alone, is none; we look at no other either
 *
 *     bits      7      2   1    0
 *     minor 1 | reserved | F1 | RR |        RR: it is a response. F1 of a request: a response is desired;
 *                                           of a response: it is about the message as such, not its operation
 *
 * Minor 0 is what the first programs made of the RFC's drawing: the other order of bits within these two bytes, so that
 * the opcode is in the lower half of its byte, RR is bit 7 and F1 bit 6. MediaWiki sends CLR so, and Squid takes it so.
 *
 * A COUNTSTR is a text with its length, 2 bytes, before it. The op-data:
 *
 *     TST           SPECIFIER
 *     TST, found    response fields, entity fields, cache fields: a COUNTSTR each
 *     TST, not      the same, all empty, as Squid has it
 *     CLR           12 bits reserved, 4 of reason, SPECIFIER; of its response nothing
 *     SPECIFIER     method, URL, version, request fields: a COUNTSTR each; fields are lines that end in CR LF
 */
export interface HtcpHead {
  readonly minor: 0 | 1;
  /** 32 bits. */
  readonly transaction: number;
  readonly f1: boolean;
}

export interface Specifier {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn; empty when they are not told, as by Squid. */
  readonly fields: Fields;
}

export type HtcpMessage = HtcpHead &
  (
    | { readonly kind: 'TST' | 'CLR'; readonly specifier: Specifier }
    /** NOP, MON, SET, and what has no name. */
    | { readonly kind: 'other'; readonly opcode: number }
    | { readonly kind: 'response'; readonly opcode: number; readonly response: number }
  );

/** Why bytes are no message: each is a drop that is counted. */
export const UNREADABLE = [
  /** Less than the fixed parts. */
  'short',
  /** The lengths do not come to what was sent. */
  'length',
  /** Not 0.0 or 0.1. */
  'version',
  /** The op-data is not what the operation has. */
  'op-data',
] as const;

export type Unreadable = (typeof UNREADABLE)[number];

export const OPCODES = { NOP: 0, TST: 1, MON: 2, SET: 3, CLR: 4 } as const;

/** RFC 2756 §4: the response codes of these two operations. */
export const TST_RESPONSES = { found: 0, missing: 1 } as const;
export const CLR_RESPONSES = { gone: 0, kept: 1, missing: 2 } as const;

const HEADER: Bytes = 4;
/** DATA without op-data. */
const DATA: Bytes = 8;
const NO_AUTH: Bytes = 2;
/** Reserved bits and reason, before the specifier of a CLR. */
const REASON: Bytes = 2;

/** Any bytes at all: a message, or why they are none. Never throws. */
export function decode(packet: Buffer): HtcpMessage | Unreadable {
  if (packet.length < HEADER + DATA + NO_AUTH) return 'short';
  const minor = packet[3];
  if (packet[2] !== 0 || (minor !== 0 && minor !== 1)) return 'version';
  const end = HEADER + packet.readUInt16BE(HEADER);
  if (packet.readUInt16BE(0) !== packet.length || end < HEADER + DATA || end + NO_AUTH > packet.length) return 'length';
  const auth = packet.readUInt16BE(end);
  if (auth < NO_AUTH || end + auth !== packet.length) return 'length';

  const codes = packet[6] as number;
  const bits = packet[7] as number;
  const opcode = minor === 0 ? codes & 15 : codes >>> 4;
  const response = minor === 0 ? codes >>> 4 : codes & 15;
  const f1 = (bits & (minor === 0 ? 0x40 : 0x02)) !== 0;
  const isResponse = (bits & (minor === 0 ? 0x80 : 0x01)) !== 0;
  const head: HtcpHead = { minor, transaction: packet.readUInt32BE(8), f1 };

  if (isResponse) return { ...head, kind: 'response', opcode, response };
  if (opcode !== OPCODES.TST && opcode !== OPCODES.CLR) return { ...head, kind: 'other', opcode };
  const from = HEADER + DATA + (opcode === OPCODES.CLR ? REASON : 0);
  const specifier = readSpecifier(packet, from, end);
  if (specifier === undefined) return 'op-data';
  return { ...head, kind: opcode === OPCODES.TST ? 'TST' : 'CLR', specifier };
}

/** Asks whoever gets it to purge a URL, and to say that it has. `undefined`: the URL is too long for a packet. */
export function encodeClear(transaction: number, url: string): Buffer | undefined {
  const opData = [Buffer.alloc(REASON), ...['GET', url, '1/1', ''].map(countstr)];
  return encode({ minor: 1, transaction, f1: true }, OPCODES.CLR, 0, false, opData);
}

/** `entity`: `Name: value` CR LF lines of what the response says of itself; `cached`: of what the cache adds, Age above all. */
export function encodeFound(to: HtcpHead, cached: string, entity: string): Buffer | undefined {
  const opData = [cached, entity, ''].map(countstr);
  return encode({ ...to, f1: false }, OPCODES.TST, TST_RESPONSES.found, true, opData);
}

export function encodeMissing(to: HtcpHead): Buffer | undefined {
  return encode({ ...to, f1: false }, OPCODES.TST, TST_RESPONSES.missing, true, ['', '', ''].map(countstr));
}

/** `response`: of `CLR_RESPONSES`. */
export function encodeCleared(to: HtcpHead, response: number): Buffer | undefined {
  return encode({ ...to, f1: false }, OPCODES.CLR, response, true, []);
}

/** `undefined`: it would be longer than UDP has room for. */
function encode(
  { minor, transaction, f1 }: HtcpHead,
  opcode: number,
  response: number,
  isResponse: boolean,
  opData: readonly Buffer[],
): Buffer | undefined {
  const dataLength = opData.reduce((sum, { length }) => sum + length, DATA);
  const length = HEADER + dataLength + NO_AUTH;
  if (length > LONGEST_PACKET) return undefined;
  const start = Buffer.alloc(HEADER + DATA);
  start.writeUInt16BE(length, 0);
  start[3] = minor;
  start.writeUInt16BE(dataLength, HEADER);
  start[6] = minor === 0 ? (response << 4) | opcode : (opcode << 4) | response;
  start[7] = minor === 0 ? (f1 ? 0x40 : 0) | (isResponse ? 0x80 : 0) : (f1 ? 0x02 : 0) | (isResponse ? 0x01 : 0);
  start.writeUInt32BE(transaction, 8);
  return Buffer.concat([start, ...opData, Buffer.from([0, NO_AUTH])]);
}

/** What UDP over IPv4 has room for. */
const LONGEST_PACKET: Bytes = 65_507;

function countstr(text: string): Buffer {
  const bytes = Buffer.alloc(2 + text.length);
  // One that is too long for this makes a packet that is too long as well.
  bytes.writeUInt16BE(text.length & 0xffff, 0);
  bytes.write(text, 2, 'latin1');
  return bytes;
}

function readSpecifier(packet: Buffer, from: Bytes, end: Bytes): Specifier | undefined {
  const texts: string[] = [];
  let at = from;
  for (let i = 0; i < 4; i++) {
    const start = at + 2;
    if (start > end) return undefined;
    at = start + packet.readUInt16BE(at);
    if (at > end) return undefined;
    texts.push(packet.toString('latin1', start, at));
  }
  const [method = '', url = '', , lines = ''] = texts;
  const fields = readFields(lines);
  return at === end && fields !== undefined ? { method, url, fields } : undefined;
}

/** RFC 9110 §5.1, §5.5: a token, and a value without line breaks and NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const FIELD = /^([!#$%&'*+.^_`|~\w-]+):([^\x00\r\n]*)$/;

/** `undefined`: they are none. The last line may be an empty one, as at the end of a head. */
function readFields(lines: string): string[] | undefined {
  const fields: string[] = [];
  if (lines === '') return fields;
  for (const line of lines.replace(/(?:\r\n){1,2}$/, '').split('\r\n')) {
    const field = FIELD.exec(line);
    if (field === null) return undefined;
    fields.push(field[1] as string, withoutSpace(field[2] as string));
  }
  return fields;
}
