import { randomInt } from 'node:crypto';
import type { Ms } from '../../base/units.ts';
import type { Resolution } from '../model.ts';
import { EXTENDED_ERROR } from '../wire/edns.ts';
import { EdnsReply } from '../wire/edns-reply.ts';
import { HEADER_LENGTH } from '../wire/message.ts';
import { Query, type Verdict } from '../wire/message-query.ts';
import { nameKey } from '../wire/name.ts';
import { CLASS, RCODE, TYPE } from '../wire/types.ts';
import type { ZoneSet } from '../zone/zone.ts';
import { Asker } from './asker.ts';
import { chaosReplies } from './chaos.ts';
import type { CompiledReply } from './compiled.ts';
import { Cookies } from './cookies.ts';
import { type AnswerCounts, NONE, type Silence } from './counts.ts';
import { Draft } from './draft.ts';
import { Nets } from './nets.ts';
import { RATE, RateLimiter } from './rate-limiter.ts';
import { ReplyWriter, writeFailure } from './reply-writer.ts';
import type { AnswerSettings } from './settings.ts';
import type { QuerySource, Transport } from './source.ts';
import { ZoneAnswers } from './zone-answers.ts';

/** In place of the length of a reply. */
export const SILENCE = 0;

/** Longer than that a name for NSID might not fit beside the longest question and all other options in 512 bytes. */
const MOST_NSID = 128;

/**
 * Answers queries, one after the other: bytes in, bytes out. It does no I/O, throws nothing, and what it needs for a query
 * it has from the start.
 *
 *      read ▸ cookie and other options ▸ policy ▸ cache or zones ▸ rate limit ▸ records, truncated if need be ▸ OPT
 */
export class Responder {
  readonly #settings: AnswerSettings;
  readonly #now: () => Ms;
  readonly #counts: AnswerCounts;
  readonly #cookies: Cookies | undefined;
  /** Nothing is limited: none. */
  readonly #limiter: RateLimiter | undefined;
  readonly #transferTo: Nets;
  readonly #nsid: Uint8Array | undefined;
  readonly #chaos: ReadonlyMap<string, CompiledReply>;
  #zones: ZoneAnswers | undefined;

  // Of the query at hand.
  readonly #query = new Query(randomInt(2 ** 32) | 0);
  readonly #asker = new Asker();
  readonly #draft = new Draft();
  readonly #edns: EdnsReply;
  readonly #writer: ReplyWriter;
  /** Whether it has a server cookie that is ours, and so its address is no forged one. */
  #isGenuine = false;
  readonly #resolve = (): Resolution => (this.#zones as ZoneAnswers).resolve(this.#query, this.#asker);

  /** `now`: of the wall clock, as cookies have the time in them. */
  constructor(settings: AnswerSettings, now: () => Ms, counts: AnswerCounts) {
    this.#settings = settings;
    this.#now = now;
    this.#counts = counts;
    this.#cookies = settings.cookies === undefined ? undefined : new Cookies(settings.cookies);
    const { responses, nxdomains, errors } = settings.limits;
    const isLimited = responses + nxdomains + errors > 0;
    this.#limiter = isLimited ? new RateLimiter(settings.limits, randomInt(2 ** 32) | 0) : undefined;
    this.#transferTo = new Nets(settings.transferTo ?? []);
    this.#nsid = settings.nsid?.subarray(0, MOST_NSID);
    this.#chaos = chaosReplies(settings);
    this.#edns = new EdnsReply(settings.udpLength);
    this.#writer = new ReplyWriter(settings.udpLength);
  }

  /** From now on these zones are served. Until there are any, questions for them are answered with SERVFAIL. */
  serve(zones: ZoneSet): void {
    this.#zones = new ZoneAnswers(zones);
  }

  /** Bytes that ready replies take, about: 16 MiB at most. */
  get cached(): number {
    return this.#zones?.cached ?? 0;
  }

  /**
   * Answers the first `length` bytes of `query` into `out`, and says how many bytes that took, or `SILENCE`. `out` has 512
   * bytes at least, and no reply is longer than it is. The two must not overlap.
   */
  respond(query: Uint8Array, length: number, source: QuerySource, out: Uint8Array): number {
    const { transport } = source;
    // Nobody is there, and to send something would be an error of the socket.
    if (source.port === 0) return this.#silence('port', transport);
    const verdict = this.#query.read(query, length);
    if (verdict === 'silence') return this.#silence('malformed', transport);

    let end: number;
    try {
      this.#decide(verdict, source);
      if (transport === 'udp' && !this.#isGenuine && !this.#isWithinLimits()) {
        return this.#silence('limited', transport);
      }
      end = this.#writer.write(out, this.#query, this.#draft, this.#edns, transport, this.#resolve);
    } catch (error) {
      this.#counts.failed(error);
      this.#draft.clear();
      this.#draft.error(RCODE.SERVFAIL);
      end = writeFailure(out, this.#query, this.#edns);
    }
    const { zone, rcode, datacenter, isTruncated } = this.#draft;
    this.#counts.replied(zone, rcode, transport, datacenter, isTruncated);
    return end;
  }

  #decide(verdict: Exclude<Verdict, 'silence'>, source: QuerySource): void {
    const draft = this.#draft;
    draft.clear();
    this.#edns.clear();
    this.#asker.takeSource(source);
    this.#isGenuine = false;
    switch (verdict) {
      case 'formerr':
        draft.error(RCODE.FORMERR);
        return;
      case 'notimp':
        draft.error(RCODE.NOTIMP);
        return;
      case 'badvers':
        draft.error(RCODE.BADVERS);
        return;
      case 'cookie':
        this.#takeOptions(source.transport);
        if (this.#cookies === undefined) draft.error(RCODE.FORMERR);
        return;
      case 'question':
        this.#takeOptions(source.transport);
        if (this.#settings.requireCookies && this.#lacksCookie(source.transport)) draft.error(RCODE.BADCOOKIE);
        else this.#answer();
        if (draft.scope > 0) this.#edns.scope = draft.scope;
        if (draft.extendedError !== NONE) this.#edns.extendedError = draft.extendedError;
        return;
    }
  }

  /** What options of the query ask for, whatever the answer will be. */
  #takeOptions(transport: Transport): void {
    const { edns, bytes } = this.#query;
    if (edns.cookieLength > 0 && this.#cookies !== undefined) {
      const { bytes: address, at, size } = this.#asker;
      const seconds = Math.floor(this.#now() / 1000);
      this.#isGenuine = this.#cookies.check(bytes, edns.cookieAt, edns.cookieLength, address, at, size, seconds);
      this.#edns.cookie = this.#cookies.reply;
    }
    const { clientSubnet, keepalive } = this.#settings;
    if (edns.subnetFamily !== 0 && clientSubnet) this.#edns.scope = 0;
    if (edns.wantsNsid) this.#edns.nsid = this.#nsid;
    // Over UDP it has no meaning (RFC 7828 §3.3.2).
    if (edns.hasKeepalive && keepalive !== undefined && transport === 'tcp') this.#edns.keepalive = keepalive;
  }

  /** A client that knows cookies, and has none of ours: it will try again with the one in the reply (RFC 7873 §5.2.3). */
  #lacksCookie(transport: Transport): boolean {
    return transport === 'udp' && this.#edns.cookie !== undefined && !this.#isGenuine;
  }

  #answer(): void {
    const query = this.#query;
    const draft = this.#draft;
    if (query.class === CLASS.CH) {
      this.#tellOfServer();
    } else if (query.class !== CLASS.IN) {
      draft.error(RCODE.REFUSED);
    } else if (this.#isForZones()) {
      this.#askZones();
    }
  }

  #askZones(): void {
    const query = this.#query;
    if (this.#zones === undefined) {
      this.#draft.error(RCODE.SERVFAIL, EXTENDED_ERROR.NOT_READY);
    } else if (query.type === TYPE.AXFR || query.type === TYPE.IXFR) {
      this.#zones.answerTransfer(query, this.#asker, this.#draft);
    } else {
      this.#asker.takePlace(query, this.#settings.clientSubnet);
      this.#zones.answer(query, this.#asker, this.#draft);
    }
  }

  /** Whether zones are to be asked for the type; else the draft is an error. */
  #isForZones(): boolean {
    switch (this.#query.type) {
      case TYPE.AXFR:
      case TYPE.IXFR: {
        // Whoever may have it gets it by TCP before anybody asks here, if there is such a zone.
        const { bytes, at, size } = this.#asker;
        if (this.#transferTo.has(bytes, at, size)) return true;
        this.#draft.error(RCODE.REFUSED, EXTENDED_ERROR.PROHIBITED);
        return false;
      }
      case TYPE.MAILA:
      case TYPE.MAILB: // obsolete (RFC 1035 §3.2.3)
      case TYPE.TKEY:
        this.#draft.error(RCODE.NOTIMP, EXTENDED_ERROR.NOT_SUPPORTED);
        return false;
      case TYPE.OPT:
      case TYPE.TSIG: // parts of messages, which no zone has
        this.#draft.error(RCODE.FORMERR);
        return false;
      default:
        return true;
    }
  }

  #tellOfServer(): void {
    const { bytes, type, nameLength } = this.#query;
    const name = Buffer.from(bytes.buffer, bytes.byteOffset + HEADER_LENGTH, nameLength);
    const reply = type === TYPE.TXT || type === TYPE.ANY ? this.#chaos.get(nameKey(name)) : undefined;
    if (reply === undefined) this.#draft.error(RCODE.REFUSED);
    else this.#draft.take(reply);
  }

  /**
   * Whether there is to be a reply. One that slips says as little as can be: ask again over TCP, or with this cookie.
   * An error is sent as it is, as it has nothing to leave out.
   */
  #isWithinLimits(): boolean {
    if (this.#limiter === undefined) return true;
    const draft = this.#draft;
    const { bytes, at, size } = this.#asker;
    const verdict = this.#limiter.check(draft.rateKind, draft.rateName, bytes, at, size, this.#now());
    if (verdict === 'drop') return false;
    if (verdict === 'pass' || draft.rateKind === RATE.ERROR) return true;
    this.#counts.slipped();
    const knowsCookies = this.#edns.cookie !== undefined;
    draft.withoutRecords(knowsCookies ? RCODE.BADCOOKIE : RCODE.NOERROR);
    draft.isTruncated = !knowsCookies;
    this.#edns.scope = Math.min(this.#edns.scope, 0);
    return true;
  }

  #silence(reason: Silence, transport: Transport): number {
    this.#counts.silent(reason, transport);
    return SILENCE;
  }
}
