import type { Ms } from '../../base/units.ts';
import { decode, escapeUrl, type IcpMessage } from '../icp/message.ts';
import type { DropReason, PeerCounter } from '../peer-rows.ts';
import type { PeerTable } from '../peer-table.ts';
import { Inquiry, type OpenQuestion } from './inquiry.ts';
import { Outstanding } from './outstanding.ts';
import type { Peer } from './peer.ts';
import type { PeerNotes } from './peer-notes.ts';

/** How long an answer that is late is known as one. */
const REMEMBERED: Ms = 5_000;
/** What libuv reads from a socket in a turn of the event loop. */
const READ_AT_ONCE = 32;
const MOST_TURNS = 8;

/** The inquiries of one thread: their time, and the answers to them. */
export class Inquiries {
  /** `siblings.timeout`. */
  timeout: Ms = 0;
  readonly #table: PeerTable;
  readonly #notes: PeerNotes;
  readonly #now: () => Ms;
  readonly #outstanding = new Outstanding();
  /** Packets ever read. */
  #read = 0;

  constructor(table: PeerTable, notes: PeerNotes, now: () => Ms) {
    this.#table = table;
    this.#notes = notes;
    this.#now = now;
  }

  /** Not under way until `start`. `undefined`: there are as many as there may be. */
  prepare(url: string, found?: (slot: number | undefined) => void): Inquiry | undefined {
    const number = this.#outstanding.next();
    if (number === undefined) return undefined;
    return new Inquiry(number, url, this.#now(), found, (slot) => this.#table.leaveTrial(slot));
  }

  start(inquiry: Inquiry): void {
    this.#outstanding.add(inquiry);
    // Whom nobody waits for is in time until the end.
    if (inquiry.wait === 0) inquiry.wait = this.timeout;
    this.#later(inquiry, inquiry.wait, () => this.#overdue(inquiry));
  }

  /** A packet from the address and port of that peer; `undefined`: they are nobody's. Returns why it was dropped. */
  heard(packet: Buffer, peer: Peer | undefined): DropReason | undefined {
    this.#read++;
    if (peer === undefined) return 'stranger';
    const message = decode(packet);
    if (typeof message === 'string') return message;
    const counter = COUNTER_OF[message.opcode];
    const inquiry = this.#outstanding.get(message.requestNumber);
    if (counter === undefined || inquiry === undefined) return 'unsolicited';
    if (!isAbout(message, inquiry.url)) return 'other-url';
    const question = inquiry.take(peer);
    if (question === undefined) return 'unsolicited';

    this.#notes.count(peer, counter);
    if (inquiry.isOverdue) this.#notes.count(peer, 'late');
    this.#notes.answered(peer, inquiry.asked, this.#now(), !inquiry.isJudged);
    if (counter === 'hits') inquiry.tell(peer.slot);
    else this.#release(inquiry, question);
    this.#settle(inquiry);
    return undefined;
  }

  /** The question to that peer could not be sent. */
  unsent(inquiry: Inquiry, peer: Peer, code: string): void {
    const question = inquiry.take(peer);
    if (question === undefined) return;
    this.#notes.unsent(peer, inquiry.asked, code);
    this.#release(inquiry, question);
    this.#settle(inquiry);
  }

  /** Forgets those that nobody can answer in a reasonable time any more. */
  forget(): void {
    this.#outstanding.forget(this.#now() - REMEMBERED);
  }

  /** Whoever waits is told that nobody has it; no peer is held responsible. */
  giveUp(): void {
    for (const inquiry of this.#outstanding.all()) {
      this.#end(inquiry);
      inquiry.tell(undefined);
      inquiry.open.length = 0;
    }
  }

  #later(inquiry: Inquiry, wait: Ms, act: () => void): void {
    inquiry.timer = setTimeout(() => this.#afterReading(act), Math.ceil(wait));
  }

  /**
   * Calls `act` when what lies in the sockets was read: an answer that came while this thread was busy is not late. A turn
   * of the event loop reads so much of a socket; if that was all it could, there may be more.
   */
  #afterReading(act: () => void, turns = MOST_TURNS): void {
    const before = this.#read;
    setImmediate(() => {
      if (turns > 1 && this.#read - before >= READ_AT_ONCE) this.#afterReading(act, turns - 1);
      else act();
    });
  }

  /** The client waits no longer. */
  #overdue(inquiry: Inquiry): void {
    if (inquiry.open.length === 0) return;
    inquiry.isOverdue = true;
    for (const { peer, isAwaited } of inquiry.open) if (isAwaited) this.#notes.count(peer, 'timeouts');
    const rest = this.timeout - inquiry.wait;
    if (rest <= 0) this.#judge(inquiry);
    else this.#later(inquiry, rest, () => this.#judge(inquiry));
    inquiry.tell(undefined);
  }

  #judge(inquiry: Inquiry): void {
    inquiry.isJudged = true;
    for (const { peer } of inquiry.open) this.#notes.heard(peer, { kind: 'unanswered', asked: inquiry.asked });
  }

  /** Nothing will be fetched from that peer; what is not wanted any more was released when that became so. */
  #release(inquiry: Inquiry, { peer, isOnTrial }: OpenQuestion): void {
    if (isOnTrial && inquiry.isWanted) this.#table.leaveTrial(peer.slot);
  }

  #settle(inquiry: Inquiry): void {
    if (inquiry.open.length === 0) this.#end(inquiry);
    if (!inquiry.isAwaited) inquiry.tell(undefined);
  }

  #end(inquiry: Inquiry): void {
    clearTimeout(inquiry.timer);
    this.#outstanding.delete(inquiry);
  }
}

const COUNTER_OF: Partial<Record<IcpMessage['opcode'], PeerCounter>> = {
  HIT: 'hits',
  MISS: 'misses',
  MISS_NOFETCH: 'misses',
  DENIED: 'denied',
  ERR: 'errors',
};

function isAbout(message: IcpMessage, url: string): boolean {
  return message.url === url || (message.opcode === 'ERR' && message.url === escapeUrl(url));
}
