import type { Rdata, RecordSet, Resolution } from '../model.ts';
import { HEADER_LENGTH, putU16, putU32 } from './message.ts';
import { MessageNames } from './message-names.ts';
import { nameEnd } from './name.ts';
import { CLASS } from './types.ts';

/** Does not fit. */
export const NO_ROOM = 0;

/**
 * Writes the record sets of a reply behind its question. One object serves for all; its counts are those of the last reply.
 *
 *      +------ - -+--------+--------+----------------+----------+---- - -
 *      | owner    | type   | class  | TTL            | RDLENGTH | RDATA
 *      +------ - -+--------+--------+----------------+----------+---- - -
 *        a pointer  2        2        4                2
 *
 * Owners are compressed, and in RDATA the names of the types of RFC 1035 alone (RFC 3597 §4): those of SRV, HTTPS and the
 * like may not be (RFC 2782, RFC 9460 §2.2).
 *
 * A set is there as a whole or not at all. The reply is truncated where a set is left out that is needed: of the answer,
 * of the authority section, or glue that nobody could go on without (RFC 2181 §9, RFC 9471 §3). Other additional sets are
 * left out without a word.
 */
export class MessageRecords {
  answers = 0;
  authorities = 0;
  additionals = 0;
  isTruncated = false;

  readonly #names: MessageNames;

  constructor(names: MessageNames = new MessageNames()) {
    this.#names = names;
  }

  /** `at`: where the question ends, which is there already. Nothing is left beyond `limit`. Says where the records end. */
  write(message: Uint8Array, at: number, resolution: Resolution, limit: number): number {
    this.answers = 0;
    this.authorities = 0;
    this.additionals = 0;
    this.isTruncated = false;
    this.begin(message);

    let end = at;
    for (const set of resolution.answer) {
      const next = this.#writeSet(message, end, set, limit);
      if (next === NO_ROOM) return this.#truncatedAt(end);
      end = next;
      this.answers += set.rdatas.length;
    }
    for (const set of resolution.authority) {
      const next = this.#writeSet(message, end, set, limit);
      if (next === NO_ROOM) return this.#truncatedAt(end);
      end = next;
      this.authorities += set.rdatas.length;
    }
    for (const [i, set] of resolution.additional.entries()) {
      const next = this.#writeSet(message, end, set, limit);
      if (next === NO_ROOM) {
        if (i < resolution.glue) return this.#truncatedAt(end);
        continue;
      }
      end = next;
      this.additionals += set.rdatas.length;
    }
    return end;
  }

  /** Begins a message record by record, behind its question, which is there already. Nothing is counted then. */
  begin(message: Uint8Array): void {
    this.#names.forget();
    this.#names.add(message, HEADER_LENGTH);
  }

  /** Writes one record of a set, and says where it ends, or `NO_ROOM`: the message is then as it was. */
  add(message: Uint8Array, at: number, set: RecordSet, rdata: Rdata, limit: number): number {
    const known = this.#names.count;
    const end = this.#writeRecord(message, at, set, rdata, limit);
    if (end === NO_ROOM) this.#names.forget(known);
    return end;
  }

  #truncatedAt(end: number): number {
    this.isTruncated = true;
    return end;
  }

  #writeSet(message: Uint8Array, at: number, set: RecordSet, limit: number): number {
    const known = this.#names.count;
    let end = at;
    for (const rdata of set.rdatas) {
      end = this.#writeRecord(message, end, set, rdata, limit);
      if (end === NO_ROOM) {
        this.#names.forget(known);
        return NO_ROOM;
      }
    }
    return end;
  }

  #writeRecord(message: Uint8Array, at: number, set: RecordSet, rdata: Rdata, limit: number): number {
    const fixed = this.#names.write(message, at, set.owner);
    putU16(message, fixed, set.type);
    putU16(message, fixed + 2, CLASS.IN);
    putU32(message, fixed + 4, set.ttl);
    const end = this.#writeRdata(message, fixed + 10, rdata, limit);
    if (end !== NO_ROOM) putU16(message, fixed + 8, end - fixed - 10);
    return end;
  }

  #writeRdata(message: Uint8Array, at: number, { bytes, names }: Rdata, limit: number): number {
    let end = at;
    let from = 0;
    for (const start of names) {
      end = copy(message, end, bytes, from, start, limit);
      if (end === NO_ROOM) return NO_ROOM;
      end = this.#names.write(message, end, bytes, start);
      from = nameEnd(bytes, start) as number;
    }
    return copy(message, end, bytes, from, bytes.length, limit);
  }
}

function copy(message: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number, limit: number): number {
  const end = at + to - from;
  if (end > limit) return NO_ROOM;
  for (let i = from; i < to; i++) message[at + i - from] = bytes[i] as number;
  return end;
}
