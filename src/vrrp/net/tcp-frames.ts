import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, type Family, familyOf, MAC_LENGTH, type MacBytes } from '../wire/address.ts';
import { ETHERNET_HEADER, ETHERNET_SOURCE_AT, ETHERTYPE } from '../wire/ethernet.ts';
import { ACK, FLAGS_AT, SYN, TCP } from '../wire/tcp-packet.ts';
import { place } from './frame-socket.ts';
import { Readiness } from './readiness.ts';
import { Reception } from './reception.ts';
import { RawSocket } from './socket.ts';
import {
  AND,
  attachFilter,
  DROP,
  IS_EQUAL,
  KEEP,
  KEEP_IPV4_LENGTH,
  LOAD_BYTE,
  LOAD_BYTE_BEHIND,
  LOAD_WORD,
  RETURN,
  type SocketFilter,
  TAKE,
} from './socket-filter.ts';
import { AF_PACKET, PACKET_VNET_HDR, SOL_PACKET, type VrrpSystem } from './system.ts';

const TURN = 64;

/** virtio_net_hdr: what is left to do of checksums and segments. Frames come with it, and are sent on with it. */
const PREFIX: Bytes = 10;
/** One that is to be cut into segments is up to 64 KiB long. */
const ROOM: Bytes = PREFIX + ETHERNET_HEADER + 65_536;
/** With all of the headers; on some interfaces nothing is added to a frame that is short. */
const SHORTEST = { 4: PREFIX + ETHERNET_HEADER + 40, 6: PREFIX + ETHERNET_HEADER + 60 } as const;

/** Frames with TCP for some addresses, as they come in by an interface, also of what the host itself drops; and sends them to others. */
export class TcpFrames {
  readonly #system: VrrpSystem;
  readonly #socket: RawSocket;
  readonly #reception: Reception;
  readonly #readiness: Readiness;
  readonly #outgoing: NativeMemory;
  readonly #place: Buffer;
  readonly #family: Family;
  readonly #onFrame: (frame: Buffer) => void;

  /** What `onFrame` is given is a view: nothing of it is to be kept. Throws an error of the system. */
  constructor(
    system: VrrpSystem,
    index: number,
    family: Family,
    filter: SocketFilter,
    onFrame: (frame: Buffer) => void,
  ) {
    this.#system = system;
    this.#family = family;
    this.#onFrame = onFrame;
    this.#reception = new Reception(system, ROOM);
    this.#outgoing = new NativeMemory(system.ffi, ROOM);
    this.#place = place(index, family === 4 ? ETHERTYPE.IPV4 : ETHERTYPE.IPV6);
    this.#socket = new RawSocket(system, AF_PACKET, 0);
    try {
      this.#socket.option(SOL_PACKET, PACKET_VNET_HDR, 1);
      this.take(filter);
      this.#socket.bind(this.#place);
      this.#readiness = new Readiness(system, this.#socket.fd, () => this.drain());
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Hands on what waits now, so many at the most; the others wait for their turn. */
  drain(most = TURN): void {
    for (let count = 0; count < most && this.#socket.isOpen; count++) {
      const length = this.#reception.receive(this.#socket.fd);
      if (length < 0) return;
      if (length >= SHORTEST[this.#family]) this.#onFrame(this.#reception.data(length));
    }
  }

  /** From here on these. */
  take(filter: SocketFilter): void {
    attachFilter(this.#system, this.#socket, filter);
  }

  /** Sends on a frame as it came, to another host. What cannot be sent is lost, as on any wire. */
  sendOn(frame: Uint8Array, to: MacBytes, from: MacBytes): void {
    const { bytes } = this.#outgoing;
    bytes.set(frame);
    bytes.set(to.subarray(0, MAC_LENGTH), PREFIX);
    bytes.set(from.subarray(0, MAC_LENGTH), PREFIX + ETHERNET_SOURCE_AT);
    this.#socket.send(this.#outgoing, frame.length, this.#place);
  }

  close(): void {
    this.#readiness.close();
    this.#socket.closeAside();
  }
}

/** In a frame. */
const IPV4 = { protocol: ETHERNET_HEADER + 9, destination: ETHERNET_HEADER + 16 } as const;
const IPV6 = { protocol: ETHERNET_HEADER + 6, destination: ETHERNET_HEADER + 24, header: 40 } as const;

/** So many are told apart by the kernel. Of more of them TCP is handed on whatever its address is: filters may not be of any size. */
const MOST_MATCHED = 16;

/** What comes by TCP for these addresses, all of one family: all, or the first packet of each connection. Where they are many, for others as well. */
export function tcpFilter(addresses: readonly AddressBytes[], which: 'opening' | 'all'): SocketFilter {
  const isIpv4 = familyOf(addresses[0] as AddressBytes) === 4;
  const { protocol, destination } = isIpv4 ? IPV4 : IPV6;
  const isOpening: SocketFilter = [
    isIpv4 ? [KEEP_IPV4_LENGTH, 0, 0, ETHERNET_HEADER] : [KEEP, 0, 0, IPV6.header],
    [LOAD_BYTE_BEHIND, 0, 0, ETHERNET_HEADER + FLAGS_AT],
    [AND, 0, 0, SYN | ACK],
    [IS_EQUAL, 1, 0, SYN],
    [RETURN, 0, 0, DROP],
  ];
  const isForOne: SocketFilter = [
    ...addresses.flatMap((address) => takeIfFor(address, destination)),
    [RETURN, 0, 0, DROP],
  ];
  return [
    [LOAD_BYTE, 0, 0, protocol],
    [IS_EQUAL, 1, 0, TCP],
    [RETURN, 0, 0, DROP],
    ...(which === 'opening' ? isOpening : []),
    ...(addresses.length > MOST_MATCHED ? [] : isForOne),
    [RETURN, 0, 0, TAKE],
  ];
}

/** Word by word; the first that is another one leads behind it all. */
function takeIfFor(address: AddressBytes, at: Bytes): SocketFilter {
  const bytes = Buffer.from(address);
  const words = Array.from({ length: address.length / 4 }, (_, i) => bytes.readUInt32BE(i * 4));
  return [
    ...words.flatMap(
      (word, i): SocketFilter => [
        [LOAD_WORD, 0, 0, at + i * 4],
        [IS_EQUAL, 0, (words.length - i - 1) * 2 + 1, word],
      ],
    ),
    [RETURN, 0, 0, TAKE],
  ];
}

/** A view of the packet in a frame. */
export function packetIn(frame: Buffer): Buffer {
  return frame.subarray(PREFIX + ETHERNET_HEADER);
}
