import { constants } from 'node:os';
import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import type { QuerySource } from '../answer/source.ts';
import { CMSG, IOVEC, MSGHDR, SOCKADDR, SOCKADDR_IN6_BYTES } from './batch-layout.ts';
import {
  AF_INET6,
  type BatchSystem,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  MSG_DONTWAIT,
  MSG_TRUNC,
} from './batch-system.ts';
import { LARGEST_UDP_REPLY } from './udp-engine.ts';

const { EAGAIN, ECONNREFUSED, EINTR, ENOBUFS, ENOMEM } = constants.errno;

/** What one call takes or sends at most. */
export const PACKETS = 64;

/** What is larger is cut by the system, and no query of anybody's. */
const LARGEST_QUERY: Bytes = 4_096;

/** From one packet to the next: not a multiple of 4 KiB, or all would compete for the same few lines of the processor's cache. */
const STRIDE: Bytes = 4_096 + 64;

/** Room for a sockaddr of either family, and for its pktinfo. */
const NAME_STRIDE: Bytes = 32;
const CONTROL_STRIDE: Bytes = 64;

/** What `returnPath` makes of a query: it can be answered, or was sent to many and is nobody's to answer. */
export type ReturnPath = 'known' | 'broadcast';

/**
 * The packets of one call each of recvmmsg and sendmmsg, and all that the two are told. Made once; a batch leaves no garbage.
 * A batch is taken, answered and sent before the next one.
 */
export class PacketBatch {
  readonly queries: readonly Buffer[];
  /** In the order in which they are staged. */
  readonly replies: readonly Buffer[];
  readonly #system: BatchSystem;
  readonly #memory: NativeMemory;
  readonly #words: Uint32Array;
  /** Where things begin, in words; of `#names` in bytes too. */
  readonly #taken: number;
  readonly #sent: number;
  readonly #iovOfReplies: number;
  readonly #names: number;
  readonly #controls: number;
  readonly #takenAt: bigint;
  /** Of the header of each reply. */
  readonly #sentAt: readonly bigint[];
  /** Why `send` could not send, the last time that it could not: an errno. */
  problem = 0;
  #used = PACKETS;
  #staged = 0;

  constructor(system: BatchSystem) {
    this.#system = system;
    const memory = new NativeMemory(system.ffi, PACKETS * (2 * STRIDE + 512));
    this.#memory = memory;
    this.#words = memory.words;
    const taken = memory.take(PACKETS * MSGHDR.words * 4);
    const sent = memory.take(PACKETS * MSGHDR.words * 4);
    const names = memory.take(PACKETS * NAME_STRIDE);
    const controls = memory.take(PACKETS * CONTROL_STRIDE);
    this.#taken = taken / 4;
    this.#sent = sent / 4;
    this.#names = names;
    this.#controls = controls / 4;
    const queries = this.#packets(taken, LARGEST_QUERY);
    const replies = this.#packets(sent, LARGEST_UDP_REPLY);
    this.queries = queries.buffers;
    this.replies = replies.buffers;
    this.#iovOfReplies = replies.iov / 4;
    for (let i = 0; i < PACKETS; i++) {
      memory.point(taken + 4 * (i * MSGHDR.words + MSGHDR.name), names + i * NAME_STRIDE);
      memory.point(taken + 4 * (i * MSGHDR.words + MSGHDR.control), controls + i * CONTROL_STRIDE);
    }
    this.#takenAt = memory.address(taken);
    this.#sentAt = Array.from({ length: PACKETS }, (_, i) => memory.address(sent + 4 * i * MSGHDR.words));
  }

  /** Takes what waits in a socket. Returns how many packets; −1: `errno` says why none. */
  receive(fd: number): number {
    const words = this.#words;
    for (let i = 0, at = this.#taken; i < this.#used; i++, at += MSGHDR.words) {
      words[at + MSGHDR.nameLength] = SOCKADDR_IN6_BYTES;
      words[at + MSGHDR.controlLength] = CONTROL_STRIDE;
    }
    this.#staged = 0;
    const count = this.#system.libc.recvmmsg(fd, this.#takenAt, PACKETS, MSG_DONTWAIT, 0n);
    this.#used = Math.max(count, 1);
    return count;
  }

  /** Of what there was room for. */
  length(index: number): Bytes {
    return this.#words[this.#taken + index * MSGHDR.words + MSGHDR.length] as number;
  }

  isCut(index: number): boolean {
    return ((this.#words[this.#taken + index * MSGHDR.words + MSGHDR.flags] as number) & MSG_TRUNC) !== 0;
  }

  source(index: number, source: QuerySource): void {
    const { bytes } = this.#memory;
    const name = this.#names + index * NAME_STRIDE;
    const isV6 = bytes[name] === AF_INET6;
    const start = name + (isV6 ? SOCKADDR.ipv6 : SOCKADDR.ipv4);
    const length = isV6 ? 16 : 4;
    source.family = isV6 ? 6 : 4;
    source.port = ((bytes[name + SOCKADDR.port] as number) << 8) | (bytes[name + SOCKADDR.port + 1] as number);
    for (let i = 0; i < length; i++) source.address[i] = bytes[start + i] as number;
  }

  /**
   * Turns where a query was sent to into where its reply comes from; a socket that was bound to one address needs none of it.
   * The way out is the routing table's to choose; but a link-local address belongs to one interface.
   */
  returnPath(index: number): ReturnPath {
    const words = this.#words;
    const header = this.#taken + index * MSGHDR.words;
    if (words[header + MSGHDR.controlLength] === 0) return 'known';
    const control = this.#controls + (index * CONTROL_STRIDE) / 4;
    const level = words[control + CMSG.level];
    const type = words[control + CMSG.type];
    if (level === IPPROTO_IP && type === IP_PKTINFO) {
      words[control + CMSG.ipv4Interface] = 0;
      return words[control + CMSG.ipv4Local] === words[control + CMSG.ipv4Destination] ? 'known' : 'broadcast';
    }
    if (level === IPPROTO_IPV6 && type === IPV6_PKTINFO) {
      const prefix = words[control + CMSG.ipv6Local] as number;
      if ((prefix & 0xff) === 0xff) return 'broadcast'; // ff00::/8
      if ((prefix & 0xc0ff) !== 0x80fe) words[control + CMSG.ipv6Interface] = 0; // not of fe80::/10
      return 'known';
    }
    words[header + MSGHDR.controlLength] = 0;
    return 'known';
  }

  /** The buffer of the next reply. */
  get next(): Buffer {
    return this.replies[this.#staged] as Buffer;
  }

  /** What stands in `next` is the reply to a query, and so long. */
  stage(index: number, length: Bytes): void {
    const words = this.#words;
    const from = this.#taken + index * MSGHDR.words;
    const to = this.#sent + this.#staged * MSGHDR.words;
    words[to + MSGHDR.name] = words[from + MSGHDR.name] as number;
    words[to + MSGHDR.name + 1] = words[from + MSGHDR.name + 1] as number;
    words[to + MSGHDR.nameLength] = words[from + MSGHDR.nameLength] as number;
    words[to + MSGHDR.control] = words[from + MSGHDR.control] as number;
    words[to + MSGHDR.control + 1] = words[from + MSGHDR.control + 1] as number;
    words[to + MSGHDR.controlLength] = words[from + MSGHDR.controlLength] as number;
    words[this.#iovOfReplies + this.#staged * IOVEC.words + IOVEC.length] = length;
    this.#staged += 1;
  }

  /** Sends what is staged. Returns how many replies the system did not take; `problem` says why the last one was not. */
  send(fd: number): number {
    const { libc, errno } = this.#system;
    let done = 0;
    let unsent = 0;
    let mayBeOfAnother = true;
    while (done < this.#staged) {
      const count = libc.sendmmsg(fd, this.#sentAt[done] as bigint, this.#staged - done, MSG_DONTWAIT);
      if (count > 0) {
        done += count;
        continue;
      }
      const problem = errno();
      if (problem === EINTR) continue;
      if (problem === ECONNREFUSED && mayBeOfAnother) {
        // What came back to an earlier packet is told to the next one, which is not to blame and was not sent.
        mayBeOfAnother = false;
        continue;
      }
      this.problem = problem;
      // Where there is no room for one there is none for those behind it; else it is about this one.
      const lost = problem === EAGAIN || problem === ENOBUFS || problem === ENOMEM ? this.#staged - done : 1;
      done += lost;
      unsent += lost;
    }
    this.#staged = 0;
    return unsent;
  }

  /** Buffers, and the iovecs that lead to them from headers. */
  #packets(headers: Bytes, size: Bytes): { readonly buffers: Buffer[]; readonly iov: Bytes } {
    const memory = this.#memory;
    const iov = memory.take(PACKETS * IOVEC.words * 4);
    const start = memory.take(PACKETS * STRIDE);
    const buffers: Buffer[] = [];
    for (let i = 0; i < PACKETS; i++) {
      const packet = start + i * STRIDE;
      buffers.push(memory.bytes.subarray(packet, packet + size));
      memory.point(iov + 4 * i * IOVEC.words, packet);
      memory.bytes.writeUInt32LE(size, iov + 4 * (i * IOVEC.words + IOVEC.length));
      memory.point(headers + 4 * (i * MSGHDR.words + MSGHDR.iov), iov + 4 * i * IOVEC.words);
      memory.bytes.writeUInt32LE(1, headers + 4 * (i * MSGHDR.words + MSGHDR.iovCount));
    }
    return { buffers, iov };
  }
}
