import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import { ETHERTYPE } from '../wire/ethernet.ts';
import { NEIGHBOR_ADVERTISEMENT, SOLICITATION } from '../wire/neighbor.ts';
import { Readiness } from './readiness.ts';
import { Reception } from './reception.ts';
import { RawSocket } from './socket.ts';
import { attachFilter, DROP, IS_EQUAL, LOAD_BYTE, RETURN, type SocketFilter, TAKE } from './socket-filter.ts';
import { AF_PACKET, type VrrpSystem } from './system.ts';

/** ARP and neighbor discovery are shorter by far. */
const ROOM: Bytes = 2_048;
const TURN = 256;

/** sockaddr_ll: family (2), protocol (2, network order), interface (4), type of hardware (2), of packet (1), address (1 + 8). */
const SOCKADDR_LL: Bytes = 20;

/** Sends whole Ethernet frames by an interface. It receives none. */
export class FrameSender {
  readonly #socket: RawSocket;
  readonly #memory: NativeMemory;
  readonly #place: Buffer;

  constructor(system: VrrpSystem, index: number) {
    this.#memory = new NativeMemory(system.ffi, ROOM);
    this.#socket = new RawSocket(system, AF_PACKET, 0);
    this.#place = place(index, 0);
  }

  /** 0, or the number of the error. */
  send(frame: Uint8Array): number {
    this.#memory.bytes.set(frame);
    return this.#socket.send(this.#memory, frame.length, this.#place);
  }

  close(): void {
    this.#socket.close();
  }
}

/** Frames in which hosts say who has which address: ARP, or neighbor discovery of IPv6. Not those that we send. */
export class ClaimReceiver {
  readonly #socket: RawSocket;
  readonly #reception: Reception;
  readonly #readiness: Readiness;
  readonly #onFrame: (frame: Buffer) => void;
  #isDraining = false;

  /** What `onFrame` is given is a view: nothing of it is to be kept. */
  constructor(system: VrrpSystem, index: number, family: 4 | 6, onFrame: (frame: Buffer) => void) {
    this.#onFrame = onFrame;
    this.#reception = new Reception(system, ROOM);
    // Of no protocol until it is bound: else frames of all interfaces would come first.
    this.#socket = new RawSocket(system, AF_PACKET, 0);
    try {
      if (family === 6) attachFilter(system, this.#socket, DISCOVERY);
      this.#socket.bind(place(index, family === 4 ? ETHERTYPE.ARP : ETHERTYPE.IPV6));
      this.#readiness = new Readiness(system, this.#socket.fd, () => this.drain());
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** Hands on all that waits now. What is asked for by whoever is handed one is handed on after that one. */
  drain(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    try {
      for (let count = 0; count < TURN; count++) {
        const length = this.#reception.receive(this.#socket.fd);
        if (length < 0) return;
        this.#onFrame(this.#reception.data(length));
      }
    } finally {
      this.#isDraining = false;
    }
  }

  close(): void {
    this.#readiness.close();
    this.#socket.close();
  }
}

const ICMPV6 = 58;

/** Of frames of IPv6: ICMPv6 without extension headers, solicitations and advertisements. All other traffic stays in the kernel. */
const DISCOVERY: SocketFilter = [
  [LOAD_BYTE, 0, 0, 20],
  [IS_EQUAL, 0, 4, ICMPV6],
  [LOAD_BYTE, 0, 0, 54],
  [IS_EQUAL, 1, 0, SOLICITATION],
  [IS_EQUAL, 0, 1, NEIGHBOR_ADVERTISEMENT],
  [RETURN, 0, 0, TAKE],
  [RETURN, 0, 0, DROP],
];

/** sockaddr_ll of an interface. */
export function place(index: number, protocol: number): Buffer {
  const address = Buffer.alloc(SOCKADDR_LL);
  address.writeUInt16LE(AF_PACKET);
  address.writeUInt16BE(protocol, 2);
  address.writeInt32LE(index, 4);
  return address;
}
