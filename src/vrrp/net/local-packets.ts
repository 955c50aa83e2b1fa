import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import type { AddressBytes, Family } from '../wire/address.ts';
import { RawSocket, socketAddress } from './socket.ts';
import { AF_INET, AF_INET6, IPPROTO_RAW, type VrrpSystem } from './system.ts';

const ROOM: Bytes = 2_048;

/** Hands whole packets of others to this host, as if they had come just now. */
export class LocalPackets {
  readonly #socket: RawSocket;
  readonly #memory: NativeMemory;
  readonly #index: number;

  /** `index`: of the interface, where an address is good on the link alone. Throws an error of the system. */
  constructor(system: VrrpSystem, family: Family, index: number) {
    this.#memory = new NativeMemory(system.ffi, ROOM);
    // Of that protocol packets are sent with the header that they have (raw(7)).
    this.#socket = new RawSocket(system, family === 4 ? AF_INET : AF_INET6, IPPROTO_RAW);
    this.#index = index;
  }

  /** `to`: its destination. What is longer than any first packet of a connection is not sent. */
  send(packet: Uint8Array, to: AddressBytes): void {
    if (packet.length > ROOM) return;
    this.#memory.bytes.set(packet);
    this.#socket.send(this.#memory, packet.length, socketAddress(to, this.#index));
  }

  close(): void {
    this.#socket.close();
  }
}
