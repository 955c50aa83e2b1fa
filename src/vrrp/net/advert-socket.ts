import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, copied, type Family, VRRP_GROUP_IPV4, VRRP_GROUP_IPV6 } from '../wire/address.ts';
import { VRRP_PROTOCOL } from '../wire/advertisement.ts';
import type { Arrival } from '../wire/decode.ts';
import { Readiness } from './readiness.ts';
import { Reception } from './reception.ts';
import { RawSocket, socketAddress } from './socket.ts';
import {
  AF_INET,
  AF_INET6,
  IP_ADD_MEMBERSHIP,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  SO_PRIORITY,
  SO_RCVBUF,
  SOL_SOCKET,
  type VrrpSystem,
} from './system.ts';

/** Of an interface that is told by its number where the system wants one. */
export interface InterfaceName {
  readonly name: string;
  readonly index: number;
}

/** A datagram of IPv4 has its header in front; of IPv6 `arrival` says what is in there. Both are views: nothing of them is to be kept. */
export type Received = (datagram: Buffer, arrival: Arrival | undefined) => void;

/** No advertisement is longer: 255 addresses of IPv6, and a trailer. What is cut fails its checks. */
const ROOM: Bytes = 8_192;

/** What may wait while the process does not run: at 10 ms some seconds of a few routers. */
const RECEIVE_BUFFER: Bytes = 256 * 1024;

/** Internetwork control (RFC 791 §3.1, RFC 2474 §4.2.2.2), as keepalived sends. */
const PRECEDENCE = 0xc0;
const CONTROL_PRIORITY = 6;
const FURTHEST = 255;

/** So many are read in one go at most, so that a flood does not keep timers from their turn. */
const TURN = 256;

/** Where advertisements of one family come in at one interface: multicast, and unicast to us. All instances there share it. */
export class AdvertReceiver {
  readonly #socket: RawSocket;
  readonly #reception: Reception;
  readonly #readiness: Readiness;
  readonly #family: Family;
  readonly #onReceived: Received;

  constructor(system: VrrpSystem, { name, index }: InterfaceName, family: Family, onReceived: Received) {
    this.#family = family;
    this.#onReceived = onReceived;
    this.#reception = new Reception(system, ROOM);
    this.#socket = new RawSocket(system, family === 4 ? AF_INET : AF_INET6, VRRP_PROTOCOL);
    try {
      this.#socket.bindToDevice(name);
      this.#socket.option(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);
      if (family === 4) joinIPv4(this.#socket, index);
      else joinIPv6(this.#socket, index);
      this.#readiness = new Readiness(system, this.#socket.fd, () => this.drain());
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Hands on all that waits now, so that what a timer decides is decided knowing it. Returns how many. */
  drain(): number {
    for (let count = 0; count < TURN; count++) {
      const length = this.#reception.receive(this.#socket.fd);
      if (length < 0) return count;
      this.#onReceived(this.#reception.data(length), this.#family === 4 ? undefined : this.#arrival());
    }
    return TURN;
  }

  close(): void {
    this.#readiness.close();
    this.#socket.close();
  }

  /** sockaddr_in6: family and port (4), flow (4), address (16), scope. */
  #arrival(): Arrival {
    const { name, destination, hopLimit } = this.#reception;
    return { source: copied(name, 8, 16), destination: copied(destination, 0, 16), hopLimit };
  }
}

/** Sends the advertisements of one family from one of our addresses at an interface. */
export class AdvertSender {
  readonly #socket: RawSocket;
  readonly #memory: NativeMemory;
  readonly #index: number;

  /** Throws when the address is not one of ours any more. */
  constructor(system: VrrpSystem, { name, index }: InterfaceName, source: AddressBytes) {
    const family = source.length === 4 ? 4 : 6;
    this.#index = index;
    this.#memory = new NativeMemory(system.ffi, ROOM);
    this.#socket = new RawSocket(system, family === 4 ? AF_INET : AF_INET6, VRRP_PROTOCOL);
    try {
      this.#socket.bindToDevice(name);
      this.#socket.bind(socketAddress(source, index));
      // It gets a copy of each advertisement that comes, and nobody reads it.
      this.#socket.option(SOL_SOCKET, SO_RCVBUF, 0);
      this.#socket.option(SOL_SOCKET, SO_PRIORITY, CONTROL_PRIORITY);
      if (family === 4) sendIPv4(this.#socket, index);
      else sendIPv6(this.#socket, index);
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Where an advertisement is to be written that `send` sends. */
  get room(): Buffer {
    return this.#memory.bytes;
  }

  /** 0, or the number of the error: an interface that is down takes none, and the next one may be taken. */
  send(length: Bytes, destination: AddressBytes): number {
    return this.#socket.send(this.#memory, length, socketAddress(destination, this.#index));
  }

  close(): void {
    this.#socket.close();
  }
}

/** struct ip_mreqn: group, our address, interface. */
function membership(group: AddressBytes, index: number): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.set(group);
  bytes.writeInt32LE(index, 8);
  return bytes;
}

function joinIPv4(socket: RawSocket, index: number): void {
  socket.option(IPPROTO_IP, IP_ADD_MEMBERSHIP, membership(VRRP_GROUP_IPV4, index));
  socket.option(IPPROTO_IP, IP_MULTICAST_ALL, 0);
}

/** struct ipv6_mreq: group, interface. */
function joinIPv6(socket: RawSocket, index: number): void {
  const group = Buffer.alloc(20);
  group.set(VRRP_GROUP_IPV6);
  group.writeInt32LE(index, 16);
  socket.option(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, group);
  socket.option(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
  socket.option(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  socket.option(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
}

function sendIPv4(socket: RawSocket, index: number): void {
  socket.option(IPPROTO_IP, IP_MULTICAST_IF, membership(new Uint8Array(4), index));
  socket.option(IPPROTO_IP, IP_MULTICAST_TTL, FURTHEST);
  socket.option(IPPROTO_IP, IP_MULTICAST_LOOP, 0);
  socket.option(IPPROTO_IP, IP_TTL, FURTHEST);
  socket.option(IPPROTO_IP, IP_TOS, PRECEDENCE);
}

function sendIPv6(socket: RawSocket, index: number): void {
  socket.option(IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  socket.option(IPPROTO_IPV6, IPV6_MULTICAST_HOPS, FURTHEST);
  socket.option(IPPROTO_IPV6, IPV6_MULTICAST_LOOP, 0);
  socket.option(IPPROTO_IPV6, IPV6_UNICAST_HOPS, FURTHEST);
  socket.option(IPPROTO_IPV6, IPV6_TCLASS, PRECEDENCE);
}
