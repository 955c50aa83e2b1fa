import { EdnsQuery } from './edns-query.ts';
import {
  ANCOUNT_AT,
  ARCOUNT_AT,
  FLAGS_AT,
  HEADER_LENGTH,
  LOWER,
  NSCOUNT_AT,
  OPCODE,
  QDCOUNT_AT,
  QR,
  u16,
} from './message.ts';
import { MAX_LABEL, MAX_NAME } from './name.ts';
import { TYPE } from './types.ts';

/**
 * What a message asks for.
 *
 * - `silence`: no header, or an answer itself: two servers that answered answers would do so for ever.
 * - `question`: exactly one (RFC 9619).
 * - `cookie`: no question, but for a server cookie (RFC 7873 §5.4).
 * - `notimp`: another opcode than QUERY; nothing behind the header is looked at, as its meaning depends on the opcode.
 * - `badvers`: of a version of EDNS that we do not speak; its options are not looked at.
 */
export type Verdict = 'silence' | 'question' | 'cookie' | 'formerr' | 'notimp' | 'badvers';

/**
 * A query as it was received, read in place and strictly. One object serves for all: what it says of a message holds until
 * the next one is read.
 *
 * Names are never followed: there is nothing before the question that a pointer in it could lead to, and what other records
 * are called does not matter. TSIG (RFC 8945) is one of those: we have no keys, and an answer without a signature is what
 * tells that to a client; to refuse it with NOTAUTH would need a TSIG record of our own. What follows the last record is
 * ignored.
 */
export class Query {
  bytes: Uint8Array = Buffer.alloc(0);
  length = 0;
  /** Where the question ends; the header's end without one, or when it is malformed. */
  questionEnd = 0;
  type = 0;
  class = 0;
  /** Of the question's name in lower case; 32 bits that nobody outside can foretell. */
  nameHash = 0;
  readonly edns = new EdnsQuery();

  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Length of the question's name on the wire, its end included. */
  get nameLength(): number {
    return this.questionEnd - HEADER_LENGTH - 4;
  }

  get hasQuestion(): boolean {
    return this.questionEnd > HEADER_LENGTH;
  }

  /** What `nameHash` would be for another name, in wire form. */
  hashOf(name: Uint8Array): number {
    let hash = this.#seed;
    for (const byte of name) hash = Math.imul(hash ^ (LOWER[byte] as number), FNV_PRIME);
    return hash;
  }

  read(bytes: Uint8Array, length: number): Verdict {
    this.bytes = bytes;
    this.length = length;
    this.questionEnd = HEADER_LENGTH;
    this.edns.clear();

    if (length < HEADER_LENGTH) return 'silence';
    const flags = u16(bytes, FLAGS_AT);
    if ((flags & QR) !== 0) return 'silence';
    if ((flags & OPCODE) !== 0) return 'notimp';

    const questions = u16(bytes, QDCOUNT_AT);
    if (questions > 1) return 'formerr';
    if (questions === 1 && !this.#readQuestion()) return 'formerr';
    if (u16(bytes, ANCOUNT_AT) !== 0 || !this.#readRecords()) return 'formerr';
    if (this.edns.version > 0) return 'badvers';
    if (this.edns.isPresent && !this.edns.readOptions(bytes)) return 'formerr';
    if (questions === 1) return 'question';
    return this.edns.cookieLength > 0 ? 'cookie' : 'formerr';
  }

  #readQuestion(): boolean {
    const { bytes, length } = this;
    let hash = this.#seed;
    let at = HEADER_LENGTH;
    for (;;) {
      // `undefined` beyond the bytes fails both comparisons.
      const label = bytes[at] as number;
      const next = at + 1 + label;
      if (!(label <= MAX_LABEL && next <= HEADER_LENGTH + MAX_NAME && next + 4 <= length)) return false;
      for (; at < next; at++) hash = Math.imul(hash ^ (LOWER[bytes[at] as number] as number), FNV_PRIME);
      if (label === 0) break;
    }
    this.nameHash = hash;
    this.type = u16(bytes, at);
    this.class = u16(bytes, at + 2);
    this.questionEnd = at + 4;
    return true;
  }

  /** Skips what is not OPT. Whether all that is announced is there, and OPT at most once. */
  #readRecords(): boolean {
    const { bytes } = this;
    const authority = u16(bytes, NSCOUNT_AT);
    const count = authority + u16(bytes, ARCOUNT_AT);
    let at = this.questionEnd;
    for (let i = 0; i < count; i++) {
      const fixed = this.#skipName(at);
      if (fixed === 0 || fixed + 10 > this.length) return false;
      const end = fixed + 10 + u16(bytes, fixed + 8);
      if (end > this.length) return false;
      if (u16(bytes, fixed) === TYPE.OPT) {
        // Its owner is the root, and it is an additional record (RFC 6891 §6.1.1, §6.1.2).
        if (fixed !== at + 1 || i < authority || this.edns.isPresent) return false;
        this.edns.readRecord(bytes, fixed, end);
      }
      at = end;
    }
    return true;
  }

  /** Where a name ends: with the root, or with a pointer, wherever that leads. 0: it does not. */
  #skipName(start: number): number {
    const { bytes } = this;
    for (let at = start; at - start < MAX_NAME && at < this.length; ) {
      const label = bytes[at] as number;
      if (label === 0) return at + 1;
      if (label > 0xbf) return at + 2; // whatever comes next is checked to be there
      if (label > MAX_LABEL) return 0;
      at += 1 + label;
    }
    return 0;
  }
}

/** FNV-1a, with a seed of our own in place of its offset basis. */
const FNV_PRIME = 0x01000193;
