/**
 * The header of a message (RFC 1035 §4.1.1, RFC 4035 §3), 12 bytes:
 *
 *       0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *      +-----------------------------------------------+
 *   0  |                      ID                       |
 *   2  |QR|   opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |
 *   4  |                   QDCOUNT                     |    questions
 *   6  |                   ANCOUNT                     |    records of the answer
 *   8  |                   NSCOUNT                     |    of the authority section
 *  10  |                   ARCOUNT                     |    additional ones, OPT among them
 *      +-----------------------------------------------+
 *
 * A question is a name, and 16 bits each of type and class; it begins at 12 where there is one.
 */
export const HEADER_LENGTH = 12;

export const FLAGS_AT = 2;
export const QDCOUNT_AT = 4;
export const ANCOUNT_AT = 6;
export const NSCOUNT_AT = 8;
export const ARCOUNT_AT = 10;

/** Flags, in the 16 bits at 2. */
export const QR = 0x8000;
export const OPCODE = 0x7800;
export const AA = 0x0400;
export const TC = 0x0200;
export const RD = 0x0100;

/** What a UDP message may have where nobody said otherwise (RFC 1035 §4.2.1), and what is the least that one can say. */
export const LEAST_UDP_LENGTH = 512;

/** Over TCP its length is told in 16 bits (RFC 1035 §4.2.2). */
export const MAX_MESSAGE = 65_535;

/** A pointer is 14 bits behind two that are set (RFC 1035 §4.1.4). */
export const POINTER = 0xc000;
export const MAX_POINTER = 0x3fff;

/** To the name of the question. */
export const QUESTION_POINTER = POINTER | HEADER_LENGTH;

export function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function putU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function putU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** By byte: A to Z in lower case, others as they are (RFC 4343). Lengths of labels are below all letters. */
export const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte));
