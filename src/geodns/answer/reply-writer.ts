import type { Resolution } from '../model.ts';
import type { EdnsReply } from '../wire/edns-reply.ts';
import {
  AA,
  ANCOUNT_AT,
  ARCOUNT_AT,
  FLAGS_AT,
  HEADER_LENGTH,
  LEAST_UDP_LENGTH,
  MAX_MESSAGE,
  NSCOUNT_AT,
  OPCODE,
  putU16,
  QDCOUNT_AT,
  QR,
  RD,
  TC,
  u16,
} from '../wire/message.ts';
import type { Query } from '../wire/message-query.ts';
import { MessageRecords } from '../wire/message-records.ts';
import { RCODE } from '../wire/types.ts';
import type { CompiledReply } from './compiled.ts';
import type { Draft } from './draft.ts';
import type { Transport } from './source.ts';

/** Makes bytes of a draft: the header, the question as it was asked, byte for byte, the records, and OPT. */
export class ReplyWriter {
  readonly #udpLength: number;
  readonly #records = new MessageRecords();

  /** `udpLength`: what no reply over UDP is longer than. */
  constructor(udpLength: number) {
    this.#udpLength = udpLength;
  }

  /** `resolve` is called where the ready bytes do not fit. A draft is truncated if they do not fit by records either. */
  write(
    out: Uint8Array,
    query: Query,
    draft: Draft,
    edns: EdnsReply,
    transport: Transport,
    resolve: () => Resolution,
  ): number {
    const at = query.questionEnd;
    for (let i = HEADER_LENGTH; i < at; i++) out[i] = query.bytes[i] as number;
    putU16(out, ANCOUNT_AT, 0);
    putU16(out, NSCOUNT_AT, 0);
    putU16(out, ARCOUNT_AT, query.edns.isPresent ? 1 : 0);

    const limit = Math.min(this.#mostBytes(query, transport), out.length) - edns.lengthFor(query.edns);
    const { compiled } = draft;
    let end = at;
    if (compiled !== undefined && at + compiled.bytes.length <= limit) {
      out.set(compiled.bytes, at);
      end = at + compiled.bytes.length;
      putCounts(out, compiled);
    } else if (compiled !== undefined || draft.resolution !== undefined) {
      end = this.#records.write(out, at, draft.resolution ?? resolve(), limit);
      draft.isTruncated = this.#records.isTruncated;
      putCounts(out, this.#records);
    }
    putHeader(out, query, draft.rcode, (draft.authoritative ? AA : 0) | (draft.isTruncated ? TC : 0));
    return edns.write(out, end, query.edns, query.bytes, draft.rcode);
  }

  /** RFC 6891 §6.2.3, §6.2.5: less than 512 counts as 512. */
  #mostBytes({ edns }: Query, transport: Transport): number {
    if (transport === 'tcp') return MAX_MESSAGE;
    if (!edns.isPresent) return LEAST_UDP_LENGTH;
    return Math.min(Math.max(edns.udpLength, LEAST_UDP_LENGTH), this.#udpLength);
  }
}

/** A reply that is made of as little as can be: the header, and of a question that was read that and OPT. */
export function writeFailure(out: Uint8Array, query: Query, edns: EdnsReply): number {
  edns.clear();
  putU16(out, ANCOUNT_AT, 0);
  putU16(out, NSCOUNT_AT, 0);
  putU16(out, ARCOUNT_AT, query.edns.isPresent ? 1 : 0);
  putHeader(out, query, RCODE.SERVFAIL, 0);
  for (let i = HEADER_LENGTH; i < query.questionEnd; i++) out[i] = query.bytes[i] as number;
  return edns.write(out, query.questionEnd, query.edns, query.bytes, RCODE.SERVFAIL);
}

/**
 * RD is copied (RFC 1035 §4.1.1). RA and AD are never ours to set, CD is cleared (RFC 4035 §3.1.6), and so is the bit
 * that has no meaning yet.
 */
export function putHeader(out: Uint8Array, { bytes, hasQuestion }: Query, rcode: number, flags: number): void {
  out[0] = bytes[0] as number;
  out[1] = bytes[1] as number;
  putU16(out, FLAGS_AT, (u16(bytes, FLAGS_AT) & (OPCODE | RD)) | QR | flags | (rcode & 15));
  putU16(out, QDCOUNT_AT, hasQuestion ? 1 : 0);
}

function putCounts(
  out: Uint8Array,
  { answers, authorities, additionals }: Pick<CompiledReply, 'answers' | 'authorities' | 'additionals'>,
): void {
  putU16(out, ANCOUNT_AT, answers);
  putU16(out, NSCOUNT_AT, authorities);
  putU16(out, ARCOUNT_AT, u16(out, ARCOUNT_AT) + additionals);
}
