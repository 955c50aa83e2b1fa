import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type HostPort, parseAddress } from '../../base/address.ts';
import { NativeMemory, systemError } from '../../base/ffi.ts';
import { isWildcard } from '../../base/listen-address.ts';
import type { Bytes } from '../../base/units.ts';
import { SOCKADDR, SOCKADDR_IN_BYTES, SOCKADDR_IN6_BYTES } from './batch-layout.ts';
import * as linux from './batch-system.ts';
import { RECEIVE_BUFFER } from './udp-engine.ts';

/** One UDP socket, by its number alone: whoever opened it closes it. */
export interface BatchSocket {
  readonly fd: number;
  /** With the port that was found, where 0 was asked for. */
  readonly address: HostPort;
  /** What may wait in it, as far as the system tells. */
  readonly receiveBuffer: Bytes;
}

/** What is open of this thread. Whatever happens to the thread, they can be closed by this. */
export interface Openings {
  opened(fd: number): void;
  closing(fd: number): void;
}

/** Throws the system's error, with nothing left open. */
export function openBatchSocket(system: linux.BatchSystem, address: HostPort, openings: Openings): BatchSocket {
  const isV6 = isIPv6(address.host);
  const fd = system.libc.socket(isV6 ? linux.AF_INET6 : linux.AF_INET, linux.SOCK_DGRAM | linux.SOCK_CLOEXEC, 0);
  if (fd === -1) throw systemError('socket', system.errno());
  try {
    openings.opened(fd);
    const calls = new SocketCalls(system, fd);
    if (isV6) calls.set(linux.IPPROTO_IPV6, linux.IPV6_V6ONLY, 1);
    // Shared, so that it can be had while whoever found the port for it still holds that.
    calls.set(linux.SOL_SOCKET, linux.SO_REUSEPORT, 1);
    if (isWildcard(address.host)) calls.tellDestinations(isV6);
    calls.sendWholeOrFragmented(isV6);
    calls.enlarge(linux.SO_SNDBUFFORCE, linux.SO_SNDBUF);
    const receiveBuffer = calls.enlarge(linux.SO_RCVBUFFORCE, linux.SO_RCVBUF);
    calls.bind(address);
    return { fd, address: { host: address.host, port: calls.port() }, receiveBuffer };
  } catch (error) {
    closeBatchSocket(system, fd, openings);
    throw error;
  }
}

export function closeBatchSocket(system: linux.BatchSystem, fd: number, openings: Openings): void {
  openings.closing(fd);
  system.libc.close(fd);
}

/** Calls with what they point to. Each throws the system's error. */
class SocketCalls {
  readonly #system: linux.BatchSystem;
  readonly #fd: number;
  readonly #memory: NativeMemory;
  readonly #value: Bytes;
  readonly #length: Bytes;
  readonly #name: Bytes;

  constructor(system: linux.BatchSystem, fd: number) {
    this.#system = system;
    this.#fd = fd;
    this.#memory = new NativeMemory(system.ffi, 128);
    this.#value = this.#memory.take(4);
    this.#length = this.#memory.take(4);
    this.#name = this.#memory.take(SOCKADDR_IN6_BYTES);
  }

  /** Each query comes with where it was sent to: its reply has to come from there. */
  tellDestinations(isV6: boolean): void {
    if (isV6) this.set(linux.IPPROTO_IPV6, linux.IPV6_RECVPKTINFO, 1);
    else this.set(linux.IPPROTO_IP, linux.IP_PKTINFO, 1);
  }

  /**
   * What is said of the path's MTU is not believed: by a forged ICMP message anybody could have replies fragmented into
   * pieces, one of which he replaces (RFC 9715 §3.1).
   */
  sendWholeOrFragmented(isV6: boolean): void {
    if (isV6) this.set(linux.IPPROTO_IPV6, linux.IPV6_MTU_DISCOVER, linux.IPV6_PMTUDISC_OMIT);
    else this.set(linux.IPPROTO_IP, linux.IP_MTU_DISCOVER, linux.IP_PMTUDISC_OMIT);
  }

  /** Beyond what the system lets everybody have, if we may. Returns what packets may take: the system tells twice that. */
  enlarge(forced: number, allowed: number): Bytes {
    if (!this.#trySet(linux.SOL_SOCKET, forced, RECEIVE_BUFFER)) {
      this.set(linux.SOL_SOCKET, allowed, RECEIVE_BUFFER);
    }
    return this.#get(linux.SOL_SOCKET, allowed) / 2;
  }

  bind(address: HostPort): void {
    const length = writeName(this.#memory.bytes.subarray(this.#name), address);
    this.#check('bind', this.#system.libc.bind(this.#fd, this.#memory.address(this.#name), length));
  }

  port(): number {
    const { bytes } = this.#memory;
    bytes.writeUInt32LE(SOCKADDR_IN6_BYTES, this.#length);
    const name = this.#memory.address(this.#name);
    const length = this.#memory.address(this.#length);
    this.#check('getsockname', this.#system.libc.getsockname(this.#fd, name, length));
    return bytes.readUInt16BE(this.#name + SOCKADDR.port);
  }

  set(level: number, option: number, value: number): void {
    if (!this.#trySet(level, option, value)) throw systemError('setsockopt', this.#system.errno());
  }

  #trySet(level: number, option: number, value: number): boolean {
    this.#memory.bytes.writeInt32LE(value, this.#value);
    return this.#system.libc.setsockopt(this.#fd, level, option, this.#memory.address(this.#value), 4) === 0;
  }

  #get(level: number, option: number): number {
    const { bytes } = this.#memory;
    bytes.writeUInt32LE(4, this.#length);
    const value = this.#memory.address(this.#value);
    const length = this.#memory.address(this.#length);
    this.#check('getsockopt', this.#system.libc.getsockopt(this.#fd, level, option, value, length));
    return bytes.readInt32LE(this.#value);
  }

  #check(call: string, result: number): void {
    if (result === -1) throw systemError(call, this.#system.errno());
  }
}

/** Writes a sockaddr into zeros, and returns its length. The host is an IP address, link-local ones with their zone. */
function writeName(bytes: Buffer, { host, port }: HostPort): Bytes {
  const address = parseAddress(host);
  bytes.writeUInt16BE(port, SOCKADDR.port);
  if (typeof address === 'number') {
    bytes.writeUInt16LE(linux.AF_INET);
    bytes.writeUInt32BE(address, SOCKADDR.ipv4);
    return SOCKADDR_IN_BYTES;
  }
  bytes.writeUInt16LE(linux.AF_INET6);
  address?.forEach((word, index) => {
    bytes.writeUInt32BE(word, SOCKADDR.ipv6 + 4 * index);
  });
  bytes.writeUInt32LE(scopeOf(host), SOCKADDR.scope);
  return SOCKADDR_IN6_BYTES;
}

/** The number of the interface that is the zone of an address; 0: it has none, or there is no such interface. */
function scopeOf(host: string): number {
  const zone = host.split('%')[1];
  if (zone === undefined) return 0;
  const addresses = networkInterfaces()[zone] ?? [];
  return addresses.find(({ scopeid }) => scopeid)?.scopeid ?? (Number(zone) || 0);
}
