import type { QuerySource } from '../answer/source.ts';
import type { ClientPlace, Rdata, RecordSet } from '../model.ts';
import { OPT_LENGTH } from '../wire/edns.ts';
import { EdnsReply } from '../wire/edns-reply.ts';
import {
  AA,
  ANCOUNT_AT,
  ARCOUNT_AT,
  HEADER_LENGTH,
  MAX_MESSAGE,
  MAX_POINTER,
  NSCOUNT_AT,
  putU16,
  u16,
} from '../wire/message.ts';
import { AS_WRITTEN, MessageNames } from '../wire/message-names.ts';
import { Query } from '../wire/message-query.ts';
import { MessageRecords, NO_ROOM } from '../wire/message-records.ts';
import { MAX_NAME, nameKey } from '../wire/name.ts';
import { CLASS, RCODE, TYPE } from '../wire/types.ts';
import { GEO_TYPES } from '../zone/check.ts';
import { geographicSet } from '../zone/geographic-set.ts';
import { recordTitle } from '../zone/record.ts';
import type { Zone, ZoneSet } from '../zone/zone.ts';
import { isCurrent } from './ixfr.ts';
import { Nets } from './nets.ts';
import { putHeader } from './reply-writer.ts';
import type { AnswerSettings } from './settings.ts';

/** What is further behind no pointer reaches, so that longer messages would not be shorter in sum; and turns stay short. */
const LENGTH = MAX_POINTER;

/** Of whom nothing is known. */
const NOBODY: ClientPlace = { address: new Uint8Array(4), prefix: 0 };

/**
 * Zone transfers (AXFR, RFC 5936; IXFR, RFC 1995) out of one generation of zones, over TCP: a transfer that has begun goes on
 * with the zone that it began with, whatever is served meanwhile.
 *
 *      | header, AA | question | SOA … |   | header, AA | question | … |   | header, AA | question | … SOA |
 *                                  OPT, if the query has it, behind the first
 *
 * Of geographic names those records are sent that a client gets of whom nothing is known: there is no record that could say
 * more. They depend on which datacenters are in service, and the serial does not change with that: a secondary has what
 * was so when it last asked.
 */
export class Transfers {
  readonly #zones: ZoneSet;
  readonly #allowed: Nets;
  readonly #query = new Query(0);
  readonly #edns: EdnsReply;
  /** Names come over in the case that they have in the zone (RFC 5936 §3.4). */
  readonly #records = new MessageRecords(new MessageNames(AS_WRITTEN));
  /** The message in the making. */
  readonly #message = Buffer.alloc(MAX_MESSAGE);

  constructor(zones: ZoneSet, { transferTo = [], udpLength }: Pick<AnswerSettings, 'transferTo' | 'udpLength'>) {
    this.#zones = zones;
    this.#allowed = new Nets(transferTo);
    this.#edns = new EdnsReply(udpLength);
  }

  /**
   * The messages of the transfer that the first `length` bytes of `query` ask for, made one by one as they are wanted.
   * `undefined`: it is no such query, its source may not have it, or there is no such zone; the responder says which. Who
   * iterates gets an error if a record is too long for any message.
   */
  transfer(query: Buffer, length: number, { address, family }: QuerySource): Iterable<Buffer> | undefined {
    if (!mayBeTransfer(query, length) || !this.#allowed.has(address, 0, family === 4 ? 4 : 16)) return undefined;
    if (this.#query.read(query, length) !== 'question' || this.#query.class !== CLASS.IN) return undefined;
    const { questionEnd, type } = this.#query;
    const zone = this.#zones.get(nameKey(query.subarray(HEADER_LENGTH, questionEnd - 4)));
    if (zone === undefined) return undefined;
    const sets = type === TYPE.IXFR && isCurrent(query, questionEnd, zone.serial) ? [zone.soa] : allOf(zone);
    return this.#messages(this.#headOf(query), this.#optOf(query), sets);
  }

  /** Header and question of all messages, but for their counts. Question sections may be in all of them (RFC 5936 §2.2.2). */
  #headOf(query: Buffer): Buffer {
    const head = Buffer.from(query.subarray(0, this.#query.questionEnd));
    putHeader(head, this.#query, RCODE.NOERROR, AA);
    putU16(head, NSCOUNT_AT, 0);
    putU16(head, ARCOUNT_AT, 0);
    return head;
  }

  /** Empty: the query has none. */
  #optOf(query: Buffer): Buffer {
    const opt = Buffer.alloc(OPT_LENGTH);
    return opt.subarray(0, this.#edns.write(opt, 0, this.#query.edns, query, RCODE.NOERROR));
  }

  /** Others may use what makes messages while one is on its way: nothing is in it then. */
  *#messages(head: Buffer, opt: Buffer, sets: Iterable<RecordSet>): Generator<Buffer> {
    let ending = opt;
    let end = this.#begin(head);
    let count = 0;
    for (const [set, rdata] of recordsOf(sets)) {
      let next = this.#add(end, set, rdata, LENGTH - ending.length);
      if (next === NO_ROOM && count > 0) {
        yield this.#finished(end, count, ending);
        // One is enough (RFC 5936 §2.2.5).
        ending = NOTHING;
        end = this.#begin(head);
        count = 0;
        next = this.#add(end, set, rdata, LENGTH);
      }
      // One that is long has a message to itself.
      if (next === NO_ROOM) next = this.#add(end, set, rdata, MAX_MESSAGE - ending.length);
      if (next === NO_ROOM) throw new RangeError(`${recordTitle(set)}: a record is too long to be transferred`);
      end = next;
      count += 1;
    }
    yield this.#finished(end, count, ending);
  }

  #begin(head: Buffer): number {
    head.copy(this.#message);
    this.#records.begin(this.#message);
    return head.length;
  }

  #add(at: number, set: RecordSet, rdata: Rdata, limit: number): number {
    return this.#records.add(this.#message, at, set, rdata, limit);
  }

  #finished(end: number, count: number, ending: Buffer): Buffer {
    putU16(this.#message, ANCOUNT_AT, count);
    putU16(this.#message, ARCOUNT_AT, ending.length > 0 ? 1 : 0);
    return Buffer.concat([this.#message.subarray(0, end), ending]);
  }
}

const NOTHING = Buffer.alloc(0);

/** A look at the type, as every query by TCP is asked whether it is one. */
function mayBeTransfer(query: Buffer, length: number): boolean {
  let at = HEADER_LENGTH;
  // `undefined` beyond the bytes ends it.
  for (let label = query[at] as number; label > 0 && at < HEADER_LENGTH + MAX_NAME; label = query[at] as number) {
    at += 1 + label;
  }
  if (at + 3 > length) return false;
  const type = u16(query, at + 1);
  return type === TYPE.AXFR || type === TYPE.IXFR;
}

/** RFC 5936 §2.2: the SOA at both ends, and all that the zone has in between, glue and what a delegation hides as well. */
function* allOf(zone: Zone): Generator<RecordSet> {
  yield* zone.recordSets();
  for (const { name, geo } of zone.nodes.values()) {
    if (geo === undefined) continue;
    const { datacenters } = geo.choose(NOBODY);
    for (const type of GEO_TYPES) {
      const set = geographicSet(name, type, geo, datacenters);
      if (set !== undefined) yield set;
    }
  }
  yield zone.soa;
}

function* recordsOf(sets: Iterable<RecordSet>): Generator<readonly [RecordSet, Rdata]> {
  for (const set of sets) for (const rdata of set.rdatas) yield [set, rdata];
}
