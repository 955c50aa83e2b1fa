import type { GeoChoice, GeoRecord, NameKey, RecordSet, Resolution } from '../model.ts';
import { EXTENDED_ERROR } from '../wire/edns.ts';
import { HEADER_LENGTH, LOWER, MAX_MESSAGE } from '../wire/message.ts';
import type { Query } from '../wire/message-query.ts';
import { MessageRecords } from '../wire/message-records.ts';
import { MAX_NAME } from '../wire/name.ts';
import { RCODE, TYPE } from '../wire/types.ts';
import { resolve } from '../zone/resolve.ts';
import type { Found, Zone, ZoneSet } from '../zone/zone.ts';
import { AnswerCache } from './answer-cache.ts';
import type { Asker } from './asker.ts';
import { type CompiledReply, GeoReplies } from './compiled.ts';
import { NONE } from './counts.ts';
import type { Draft } from './draft.ts';
import { RATE, type RateKind } from './rate-limiter.ts';

/**
 * What one generation of zones answers. `resolve()` says what that is; what is asked for again is kept as bytes, which is
 * some ten times as fast. For a geographic record there are bytes for each choice of datacenters, and the choice is made
 * for each query; so nothing that is kept depends on health.
 */
export class ZoneAnswers {
  readonly #zones: ZoneSet;
  readonly #positions: ReadonlyMap<Zone, number>;
  readonly #cache = new AnswerCache();
  readonly #records = new MessageRecords();
  /** Where replies are compiled. */
  readonly #message = Buffer.alloc(MAX_MESSAGE);
  readonly #lower = Buffer.alloc(MAX_NAME);

  constructor(zones: ZoneSet) {
    this.#zones = zones;
    this.#positions = new Map([...zones].map((zone, position) => [zone, position]));
  }

  /** Bytes that the cache takes, about. */
  get cached(): number {
    return this.#cache.bytes;
  }

  answer(query: Query, asker: Asker, draft: Draft): void {
    const known = this.#cache.find(query)?.reply;
    if (known === undefined) this.#anew(query, asker, draft);
    else if (known instanceof GeoReplies) this.#choose(query, asker, draft, known, true);
    else draft.take(known);
  }

  /**
   * A question for a transfer, by who may have it: what is no zone of ours (RFC 5936 §2.2.1), or did not come by TCP. For
   * IXFR by UDP the SOA is the answer: that there is another serial, or none (RFC 1995 §2).
   */
  answerTransfer(query: Query, asker: Asker, draft: Draft): void {
    const zone = this.#zones.get(this.#keyOf(query));
    if (zone === undefined) {
      draft.error(RCODE.NOTAUTH, EXTENDED_ERROR.NOT_AUTHORITATIVE);
    } else if (query.type === TYPE.IXFR) {
      this.#take(draft, resolve(this.#zones, zone.name, TYPE.SOA, asker), query, zone, zone.find(zone.key, TYPE.SOA));
    } else {
      draft.error(RCODE.REFUSED, EXTENDED_ERROR.NOT_SUPPORTED);
    }
  }

  /** What the zones say, of which the draft has nothing else but bytes. */
  resolve(query: Query, asker: Asker): Resolution {
    return resolve(this.#zones, questionName(query), query.type, asker);
  }

  #anew(query: Query, asker: Asker, draft: Draft): void {
    const key = this.#keyOf(query);
    const zone = this.#zones.find(key, query.type);
    if (zone === undefined) {
      draft.error(RCODE.REFUSED, EXTENDED_ERROR.NOT_AUTHORITATIVE);
      return;
    }
    const found = zone.find(key, query.type);
    const geo = geoOf(found, query.type);
    if (geo !== undefined) {
      const replies = new GeoReplies(geo);
      const isKept = this.#cache.wasSeen(query);
      if (isKept) this.#cache.add(query, replies);
      this.#choose(query, asker, draft, replies, isKept);
      return;
    }
    const resolution = found.kind === 'absent' ? nothingIn(zone) : this.resolve(query, asker);
    if (isForAllCases(resolution) && this.#cache.wasSeen(query)) {
      const reply = this.#compiled(query, resolution, zone, found);
      this.#cache.add(query, reply);
      draft.take(reply);
    } else this.#take(draft, resolution, query, zone, found);
  }

  /** Negative answers hold for all clients, as resolvers keep them so (RFC 7871 §7.4). */
  #choose(query: Query, asker: Asker, draft: Draft, replies: GeoReplies, isKept: boolean): void {
    const choice = replies.record.choose(asker);
    let reply = replies.get(choice.datacenters);
    if (reply === undefined) {
      const key = this.#keyOf(query);
      const zone = this.#zones.find(key, query.type) as Zone;
      const resolution = this.resolve(query, asker);
      reply = this.#compiled(query, resolution, zone, zone.find(key, query.type));
      // Health is another thread's to change at any time: it may have chosen twice, and differently.
      if (isKept && isMadeBy(choice, replies.record, resolution, query.type)) {
        this.#cache.addChoice(replies, choice.datacenters, reply);
      }
    }
    draft.take(reply);
    if (reply.answers === 0) return;
    draft.scope = asker.isSubnet ? Math.min(choice.scope, asker.address.length * 8) : 0;
    draft.datacenter = choice.datacenters[0] ?? NONE;
  }

  /** As `nameKey()` has it. */
  #keyOf({ bytes, nameLength }: Query): NameKey {
    for (let i = 0; i < nameLength; i++) this.#lower[i] = LOWER[bytes[HEADER_LENGTH + i] as number] as number;
    return this.#lower.toString('latin1', 0, nameLength);
  }

  #take(draft: Draft, resolution: Resolution, query: Query, zone: Zone, found: Found): void {
    draft.resolution = resolution;
    draft.rcode = resolution.rcode;
    draft.authoritative = resolution.authoritative;
    draft.zone = this.#positions.get(zone) ?? NONE;
    draft.rateKind = rateKindOf(resolution);
    draft.rateName = rateNameOf(draft.rateKind, resolution, query, found);
  }

  #compiled(query: Query, resolution: Resolution, zone: Zone, found: Found): CompiledReply {
    const { questionEnd } = query;
    for (let i = HEADER_LENGTH; i < questionEnd; i++) this.#message[i] = query.bytes[i] as number;
    const end = this.#records.write(this.#message, questionEnd, resolution, MAX_MESSAGE);
    const rateKind = rateKindOf(resolution);
    return {
      rcode: resolution.rcode,
      authoritative: resolution.authoritative,
      bytes: Uint8Array.from(this.#message.subarray(questionEnd, end)),
      answers: this.#records.answers,
      authorities: this.#records.authorities,
      additionals: this.#records.additionals,
      rateKind,
      rateName: rateNameOf(rateKind, resolution, query, found),
      zone: this.#positions.get(zone) ?? NONE,
    };
  }
}

/** As `resolve()` has it, in half the time: a flood of names that do not exist is what servers have to bear most often. */
function nothingIn(zone: Zone): Resolution {
  return {
    rcode: RCODE.NXDOMAIN,
    authoritative: true,
    answer: [],
    authority: [zone.negativeSoa],
    additional: [],
    glue: 0,
    scope: 0,
  };
}

/** A view of the query: it must not be kept. */
function questionName({ bytes, questionEnd }: Query): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_LENGTH, questionEnd - HEADER_LENGTH - 4);
}

/** The geographic record that answers a type, if its answer is not the same for all. */
function geoOf(found: Found, type: number): GeoRecord | undefined {
  if (found.kind !== 'exact' && found.kind !== 'wildcard') return undefined;
  const { geo } = found.node;
  if (geo === undefined || !GEO_TYPES.has(type)) return undefined;
  return geo.sets(type).some((set) => set !== undefined) ? geo : undefined;
}

const GEO_TYPES: ReadonlySet<number> = new Set([TYPE.A, TYPE.AAAA, TYPE.HTTPS]);

/** What a DNAME makes of a name has the labels of the question in it, in the case that they were asked in. */
function isForAllCases({ answer }: Resolution): boolean {
  return answer.every((set) => set.type !== TYPE.DNAME);
}

/** Whether the records of a resolution are those of the datacenters that were chosen, in their order. */
function isMadeBy({ datacenters }: GeoChoice, geo: GeoRecord, { answer }: Resolution, type: number): boolean {
  const sets = geo.sets(type);
  const chosen = datacenters.flatMap((position) => sets[position]?.rdatas ?? []);
  const distinct = chosen.filter(({ bytes }, i) => chosen.findIndex((other) => other.bytes.equals(bytes)) === i);
  const rdatas = answer[0]?.rdatas ?? [];
  return rdatas.length === distinct.length && rdatas.every(({ bytes }, i) => distinct[i]?.bytes.equals(bytes));
}

function rateKindOf({ rcode, authoritative, answer, authority }: Resolution): RateKind {
  if (rcode === RCODE.NXDOMAIN) return RATE.NXDOMAIN;
  if (rcode !== RCODE.NOERROR) return RATE.ERROR;
  if (answer.length > 0) return RATE.ANSWER;
  return authoritative || authority.length === 0 ? RATE.NODATA : RATE.REFERRAL;
}

/** Names that one wildcard, zone or delegation answers for are many, and count as one. */
function rateNameOf(kind: RateKind, { authority }: Resolution, query: Query, found: Found): number {
  if (kind === RATE.ERROR) return 0;
  if (kind === RATE.NXDOMAIN || kind === RATE.REFERRAL) return query.hashOf((authority[0] as RecordSet).owner);
  return found.kind === 'wildcard' || found.kind === 'dname' ? query.hashOf(found.node.name) : query.nameHash;
}
