import { close } from 'node:fs';
import { constants } from 'node:os';
import { NativeMemory, systemError } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, isLinkLocal } from '../wire/address.ts';
import {
  AF_INET,
  AF_INET6,
  SO_BINDTODEVICE,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_RAW,
  SOL_SOCKET,
  type VrrpSystem,
} from './system.ts';

/** Of a name that options or addresses are written into: none is longer. */
const SCRATCH: Bytes = 256;

/** sockaddr_in: family (2), port (2), address (4), zero (8). sockaddr_in6: family, port, flow (4), address (16), scope (4). */
export function socketAddress(address: AddressBytes, index: number): Buffer {
  const isIPv4 = address.length === 4;
  const bytes = Buffer.alloc(isIPv4 ? 16 : 28);
  bytes.writeUInt16LE(isIPv4 ? AF_INET : AF_INET6);
  bytes.set(address, isIPv4 ? 4 : 8);
  // Of multicast the socket's own option says by which interface it goes.
  if (!isIPv4 && isLinkLocal(address)) bytes.writeUInt32LE(index, 24);
  return bytes;
}

/** A raw socket, that does not block. What fails is thrown as an error of the system. */
export class RawSocket {
  readonly fd: number;
  readonly #system: VrrpSystem;
  /** For what is handed to the system by address. */
  readonly #scratch: NativeMemory;
  #isOpen = true;

  constructor(system: VrrpSystem, family: number, protocol: number) {
    this.#system = system;
    this.#scratch = new NativeMemory(system.ffi, SCRATCH);
    this.fd = system.libc.socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
    if (this.fd < 0) throw systemError('socket', system.errno());
  }

  bind(address: Uint8Array): void {
    this.#scratch.bytes.set(address);
    const result = this.#system.libc.bind(this.fd, this.#scratch.address(0), address.length);
    if (result < 0) throw systemError('bind', this.#system.errno());
  }

  /** A number is an `int`. */
  option(level: number, name: number, value: number | Uint8Array): void {
    if (!this.#isOpen) throw systemError('setsockopt', constants.errno.EBADF);
    const length = typeof value === 'number' ? 4 : value.length;
    if (typeof value === 'number') this.#scratch.bytes.writeInt32LE(value);
    else this.#scratch.bytes.set(value);
    const result = this.#system.libc.setsockopt(this.fd, level, name, this.#scratch.address(0), length);
    if (result < 0) throw systemError('setsockopt', this.#system.errno());
  }

  /** Only what comes by this interface, and goes. */
  bindToDevice(name: string): void {
    this.option(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${name}\0`));
  }

  /** 0, or the number of the error: what cannot be sent now is for the caller to judge. */
  send(memory: NativeMemory, length: Bytes, address: Uint8Array): number {
    // Its number may be another's by now.
    if (!this.#isOpen) return constants.errno.EBADF;
    const { libc, errno } = this.#system;
    this.#scratch.bytes.set(address);
    const sent = libc.sendto(this.fd, memory.address(0), BigInt(length), 0, this.#scratch.address(0), address.length);
    return sent < 0n ? errno() : 0;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#system.libc.close(this.fd);
  }

  /** The same in a thread of libuv's: of some sockets it takes 25 ms, as the kernel waits for all processors. */
  closeAside(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    close(this.fd, () => {});
  }
}
