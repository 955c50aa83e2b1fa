import type { RemoteInfo } from 'node:dgram';
import { monotonicNow } from '../../base/monotonic.ts';
import type { Bytes, Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import { encodeQuery } from '../icp/message.ts';
import type { PeerTable } from '../peer-table.ts';
import type { SiblingPlan } from '../plan.ts';
import type { FetchOutcome } from './breaker.ts';
import { Inquiries } from './inquiries.ts';
import type { Inquiry } from './inquiry.ts';
import { isAwaited } from './liveness.ts';
import { Packets } from './packets.ts';
import { hostOf, Peer } from './peer.ts';
import { PeerNotes } from './peer-notes.ts';
import type { QuerySocket } from './query-socket.ts';
import { QuerySockets } from './query-sockets.ts';
import { answerTimeout } from './round-trip.ts';

/** What is asked: `scheme://host[:port]/path?query`, and the request's fields as the origin would get them. */
export interface SiblingQuestion {
  readonly url: string;
  /** Names and values in turn. */
  readonly fields: readonly string[];
}

export interface Asking {
  /** Nobody wants to know any more. A no-op when it was told. */
  cancel(): void;
}

export interface SiblingClientOptions {
  readonly table: PeerTable;
  readonly log: EventLog;
  readonly now?: () => Ms;
}

/** How often one looks who is to be probed, and whether a socket can be opened by now. */
const TICK: Ms = 1_000;
/** Longer URLs are not kept for that. */
const LONGEST_PROBE: Bytes = 1_024;

/**
 * Asks the siblings, for one worker: for each request all peers that are worth asking, at once, by ICP. The first that has
 * it is told. How long one waits follows from how fast each has answered; who does not answer, answers late, or does not
 * deliver, is left alone by the whole node. Nothing that a peer or the network does is thrown.
 */
export class SiblingClient {
  readonly #table: PeerTable;
  readonly #notes: PeerNotes;
  readonly #inquiries: Inquiries;
  readonly #sockets: QuerySockets;
  readonly #ticks: NodeJS.Timeout;
  #peers: readonly Peer[] = [];

  constructor(plan: SiblingPlan, { table, log, now = monotonicNow }: SiblingClientOptions) {
    this.#table = table;
    this.#notes = new PeerNotes(table, log);
    this.#inquiries = new Inquiries(table, this.#notes, now);
    this.#sockets = new QuerySockets({
      heard: (packet, from) => this.#heard(packet, from),
      notOpened: (address, error) => log.warn('siblings cannot be asked', { address, error }),
    });
    this.update(plan);
    this.#ticks = setInterval(() => this.#tick(), TICK).unref();
  }

  /** What stays as it was goes on: peers, their questions, and the sockets, if the address to ask from is the same. */
  update(plan: SiblingPlan): void {
    const peers = plan.peers.map((each) => {
      const next = new Peer(each);
      return this.#peers.find((peer) => peer.isSameAs(next)) ?? next;
    });
    for (const peer of this.#peers) peer.isGone = !peers.includes(peer);
    this.#peers = peers;
    this.#inquiries.timeout = plan.timeout;
    const families = new Set(peers.map((peer) => peer.family));
    // Answers to a socket that is no more do not come, which does not speak against who sends them.
    if (this.#sockets.update(families, plan.icp && hostOf(plan.icp))) this.#inquiries.giveUp();
  }

  /**
   * `found` is told once, never within this call: the row of the first that has it, or `undefined` when nobody has it, or
   * not in time. Returns `undefined` when there is nobody to wait for.
   */
  ask({ url, fields }: SiblingQuestion, found: (slot: number | undefined) => void): Asking | undefined {
    const inquiry = this.#inquiries.prepare(url, found);
    if (inquiry === undefined) return undefined;
    const packets = new Packets(inquiry.requestNumber, url, fields);
    for (const peer of this.#peers) {
      const isPortico = this.#table.isPortico(peer.slot);
      // As we answer: with Squid, https URLs go by https alone, since it would fetch them from us as http ones.
      if (!isPortico && !peer.isHttps && url.startsWith('https:')) continue;
      if (url.length <= LONGEST_PROBE) peer.lastUrl = url;
      this.#offer(inquiry, peer, () => packets.of(peer, isPortico));
    }
    if (inquiry.open.length === 0) return undefined;
    const waits = inquiry.isAwaited;
    if (!waits) inquiry.cancel();
    this.#inquiries.start(inquiry);
    return waits ? inquiry : undefined;
  }

  /** How the fetch from that sibling came out; `latency`: until the head of the response. */
  fetched(slot: number, outcome: FetchOutcome, latency: Ms): void {
    const peer = this.#peers.find((each) => each.slot === slot);
    // Else a reload has taken it away.
    if (peer !== undefined) this.#notes.fetched(peer, outcome, latency);
  }

  /** A request of the peer at this address was answered by us: by what we have, or that we do not have it. */
  served(address: string, isHit: boolean, _bytes: Bytes): void {
    const peer = isHit ? this.#peers.find((each) => each.isOn(address)) : undefined;
    if (peer !== undefined) this.#notes.count(peer, 'served');
  }

  /** Who waits is told that nobody has it. */
  close(): void {
    clearInterval(this.#ticks);
    this.#sockets.close();
    this.#peers = [];
    this.#inquiries.giveUp();
  }

  /** Asks the peer, if it is worth it. */
  #offer(inquiry: Inquiry, peer: Peer, write: () => Buffer | undefined): void {
    const { slot } = peer;
    const socket = this.#sockets.of(peer.family);
    if (socket === undefined) return;
    const liveness = this.#table.liveness(slot);
    if (liveness.standing !== 'alive') return;
    const fetching = this.#table.fetching(slot);
    if (fetching === 'paused') return;
    const packet = write();
    if (packet === undefined) return;
    const isOnTrial = fetching === 'trial';
    if (isOnTrial && !this.#table.enterTrial(slot)) return;

    const waits = isAwaited(liveness);
    if (waits) {
      const wait = answerTimeout(this.#table.roundTrip(slot), this.#inquiries.timeout);
      inquiry.wait = Math.max(inquiry.wait, wait);
    }
    inquiry.open.push({ peer, isAwaited: waits, isOnTrial });
    this.#send(inquiry, peer, packet, socket);
  }

  #send(inquiry: Inquiry, peer: Peer, packet: Buffer, socket: QuerySocket): void {
    this.#notes.count(peer, 'queries');
    socket.send(packet, peer.port, peer.host, (code) => this.#inquiries.unsent(inquiry, peer, code));
  }

  #heard(packet: Buffer, { address, port }: RemoteInfo): void {
    const peer = this.#peers.find((each) => each.isAt(address, port));
    const reason = this.#inquiries.heard(packet, peer);
    if (reason !== undefined) this.#table.drop(reason);
  }

  #tick(): void {
    this.#sockets.retry();
    for (const peer of this.#peers) {
      this.#notes.heard(peer, { kind: 'time' });
      this.#probe(peer);
    }
    this.#inquiries.forget();
  }

  /** One for the whole node at a time, which nobody waits for. */
  #probe(peer: Peer): void {
    const socket = this.#sockets.of(peer.family);
    if (socket === undefined || peer.lastUrl === undefined || !this.#table.takeProbe(peer.slot)) return;
    const inquiry = this.#inquiries.prepare(peer.lastUrl);
    const packet = inquiry && encodeQuery(inquiry.requestNumber, inquiry.url);
    if (inquiry === undefined || packet === undefined) return;
    inquiry.open.push({ peer, isAwaited: false, isOnTrial: false });
    this.#send(inquiry, peer, packet, socket);
    this.#inquiries.start(inquiry);
  }
}
