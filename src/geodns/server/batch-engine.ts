import { constants } from 'node:os';
import type { HostPort } from '../../base/address.ts';
import { systemError } from '../../base/ffi.ts';
import { listenProblem } from '../../base/listen-problem.ts';
import type { Ms } from '../../base/units.ts';
import type { BatchLoop } from './batch-loop.ts';
import { type BatchSocket, closeBatchSocket, openBatchSocket } from './batch-socket.ts';

import { CELL, type DnsCounts } from './counts.ts';
import { Seldom } from './seldom.ts';
import { emptySource } from './source.ts';
import { RECEIVE_BUFFER, TRUNCATED, type UdpEngine, type UdpEngineOptions } from './udp-engine.ts';

const { EAGAIN, EINTR } = constants.errno;

/** How often the log tells of what packets can cause. */
const TELL_EVERY: Ms = 60_000;

/** So many batches of a socket that is closed are answered still: what had come is not lost, and who sends on does not keep it open. */
const LAST_BATCHES = 64;

/**
 * UDP by recvmmsg and sendmmsg, on Linux: up to 64 packets with one call. A wildcard is one socket, and each reply comes from the
 * address that was asked.
 */
export class BatchEngine implements UdpEngine {
  readonly counts: DnsCounts;
  readonly #options: UdpEngineOptions;
  readonly #loop: BatchLoop;
  readonly #source = emptySource('udp');
  readonly #seldom: Seldom;
  #sockets: readonly BatchSocket[] = [];

  /** All engines of a thread have one loop. */
  constructor(options: UdpEngineOptions, loop: BatchLoop) {
    this.#options = options;
    this.#loop = loop;
    this.counts = options.counts;
    this.#seldom = new Seldom(options.log, TELL_EVERY);
  }

  get addresses(): readonly HostPort[] {
    return this.#sockets.map(({ address }) => address);
  }

  async listen(): Promise<void> {
    const sockets: BatchSocket[] = [];
    try {
      for (const address of this.#options.listen) sockets.push(this.#open(address));
    } catch (error) {
      for (const { fd } of sockets) closeBatchSocket(this.#loop.system, fd, this.#loop.openings);
      throw error;
    }
    this.#sockets = sockets;
    this.#tellOfSmallBuffer();
    for (const { fd } of sockets) this.#loop.add(fd, () => this.#take(fd) >= 0);
  }

  async close(): Promise<void> {
    // Behind whatever is being answered now, should a responder have called this.
    await undefined;
    const sockets = this.#sockets;
    this.#sockets = [];
    for (const { fd } of sockets) {
      this.#loop.remove(fd);
      for (let batches = 0; batches < LAST_BATCHES && this.#take(fd) > 0; batches++);
      closeBatchSocket(this.#loop.system, fd, this.#loop.openings);
    }
  }

  /** Throws an `Error` that says which address, and why not. */
  #open(address: HostPort): BatchSocket {
    try {
      return openBatchSocket(this.#loop.system, address, this.#loop.openings);
    } catch (error) {
      throw new Error(`${listenProblem(error, address)} (UDP)`, { cause: error });
    }
  }

  /** Answers one batch. Returns how many packets it had; −1: the socket is in trouble. */
  #take(fd: number): number {
    const { packets, system } = this.#loop;
    const count = packets.receive(fd);
    if (count <= 0) return this.#isEmpty(system.errno()) ? 0 : -1;
    this.counts.add(CELL.udp.queries, count);
    let replies = 0;
    for (let i = 0; i < count; i++) if (this.#answer(i)) replies++;
    if (replies > 0) this.#send(fd, replies);
    return count;
  }

  /** Whether there is a reply to it, which is staged then. */
  #answer(index: number): boolean {
    const { counts } = this;
    const { packets } = this.#loop;
    const source = this.#source;
    packets.source(index, source);
    if (source.port === 0) {
      counts.add(CELL.udp.portless);
      return false;
    }
    if (packets.isCut(index)) {
      counts.add(CELL.udp.oversized);
      return false;
    }
    if (packets.returnPath(index) === 'broadcast') {
      counts.add(CELL.udp.broadcast);
      return false;
    }
    const reply = packets.next;
    const query = packets.queries[index] as Buffer;
    const length = this.#options.responder.respond(query, packets.length(index), source, reply);
    // What is beyond the buffer is other memory of ours: the system would send that as well.
    if (length <= 0 || length > reply.length) {
      counts.add(CELL.udp.silent);
      return false;
    }
    if (((reply[2] as number) & TRUNCATED) !== 0) counts.add(CELL.udp.truncated);
    packets.stage(index, length);
    return true;
  }

  #send(fd: number, replies: number): void {
    const { packets } = this.#loop;
    const unsent = packets.send(fd);
    this.counts.add(CELL.udp.replies, replies);
    if (unsent === 0) return;
    this.counts.add(CELL.udp.unsent, unsent);
    this.#seldom.warn('a DNS reply was not sent', { error: systemError('sendmmsg', packets.problem) });
  }

  /** Whether that is why nothing was received. */
  #isEmpty(errno: number): boolean {
    if (errno === EAGAIN || errno === EINTR) return true;
    this.counts.add(CELL.udp.socketErrors);
    this.#seldom.warn('a UDP socket of the DNS server is in trouble', { error: systemError('recvmmsg', errno) });
    return false;
  }

  #tellOfSmallBuffer(): void {
    const given = Math.min(...this.#sockets.map(({ receiveBuffer }) => receiveBuffer));
    if (given >= RECEIVE_BUFFER) return;
    this.#options.log.warn('the system lets few DNS queries wait: net.core.rmem_max is small', {
      wanted: RECEIVE_BUFFER,
      given,
    });
  }
}
