import { constants } from 'node:os';
import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { IPPROTO_IPV6, IPV6_HOPLIMIT, IPV6_PKTINFO, MSG_DONTWAIT, MSG_TRUNC, type VrrpSystem } from './system.ts';

/** struct msghdr: name, its length, iovec, how many, control, its length, flags. Of 64 bits. */
const MSGHDR: Bytes = 56;
const NAME_LENGTH_AT: Bytes = 8;
const VECTOR_AT: Bytes = 16;
const VECTORS_AT: Bytes = 24;
const CONTROL_AT: Bytes = 32;
const CONTROL_LENGTH_AT: Bytes = 40;
const FLAGS_AT: Bytes = 48;
/** struct iovec: address, length. */
const IOVEC: Bytes = 16;
/** Longer than any sockaddr that is told. */
const NAME: Bytes = 32;
const CONTROL: Bytes = 128;
/** struct cmsghdr: length with itself, level, type. What follows begins at a multiple of 8. */
const CMSGHDR: Bytes = 16;

/** Nothing waits: minus EAGAIN. */
export const NONE = -constants.errno.EAGAIN;

/**
 * Memory into which one datagram after the other is received, with where it came from and what the system tells beside it.
 * What it shows holds until the next one.
 */
export class Reception {
  readonly #system: VrrpSystem;
  readonly #memory: NativeMemory;
  readonly #name: Bytes;
  readonly #control: Bytes;
  readonly #data: Bytes;
  readonly #room: Bytes;
  readonly #header: Bytes;

  /** `room`: of what is longer only so much is received. */
  constructor(system: VrrpSystem, room: Bytes) {
    this.#system = system;
    this.#memory = new NativeMemory(system.ffi, MSGHDR + IOVEC + NAME + CONTROL + room + 64);
    const memory = this.#memory;
    this.#header = memory.take(MSGHDR);
    const vector = memory.take(IOVEC);
    this.#name = memory.take(NAME);
    this.#control = memory.take(CONTROL);
    this.#data = memory.take(room);
    this.#room = room;
    memory.point(this.#header, this.#name);
    memory.point(this.#header + VECTOR_AT, vector);
    memory.bytes.writeBigUInt64LE(1n, this.#header + VECTORS_AT);
    memory.point(this.#header + CONTROL_AT, this.#control);
    memory.point(vector, this.#data);
    memory.bytes.writeBigUInt64LE(BigInt(room), vector + 8);
  }

  /** Receives what waits first: its length, `NONE` when nothing does, or minus the number of another error. */
  receive(fd: number): number {
    const { bytes } = this.#memory;
    bytes.writeUInt32LE(NAME, this.#header + NAME_LENGTH_AT);
    bytes.writeBigUInt64LE(BigInt(CONTROL), this.#header + CONTROL_LENGTH_AT);
    const length = Number(this.#system.libc.recvmsg(fd, this.#memory.address(this.#header), MSG_DONTWAIT));
    return length < 0 ? -this.#system.errno() : length;
  }

  /** A view of the datagram. */
  data(length: Bytes): Buffer {
    return this.#memory.bytes.subarray(this.#data, this.#data + Math.min(length, this.#room));
  }

  /** There was more of it than room. */
  get isCut(): boolean {
    return (this.#memory.bytes.readInt32LE(this.#header + FLAGS_AT) & MSG_TRUNC) !== 0;
  }

  /** A view of the sockaddr of whoever sent it. */
  get name(): Buffer {
    return this.#memory.bytes.subarray(this.#name, this.#name + NAME);
  }

  /** Of a datagram of IPv6; 0: it was not told. */
  get hopLimit(): number {
    const at = this.#find(IPV6_HOPLIMIT);
    return at === undefined ? 0 : this.#memory.bytes.readInt32LE(at);
  }

  /** A view of where a datagram of IPv6 was sent to; empty: it was not told. */
  get destination(): Buffer {
    const at = this.#find(IPV6_PKTINFO);
    return at === undefined ? this.#memory.bytes.subarray(0, 0) : this.#memory.bytes.subarray(at, at + 16);
  }

  #find(type: number): number | undefined {
    const { bytes } = this.#memory;
    const end = this.#control + Number(bytes.readBigUInt64LE(this.#header + CONTROL_LENGTH_AT));
    for (let at = this.#control; at + CMSGHDR <= end; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      if (length < CMSGHDR) return undefined;
      if (bytes.readInt32LE(at + 8) === IPPROTO_IPV6 && bytes.readInt32LE(at + 12) === type) return at + CMSGHDR;
      at += Math.ceil(length / 8) * 8;
    }
    return undefined;
  }
}
