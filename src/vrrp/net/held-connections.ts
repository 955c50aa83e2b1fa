import type { Ms } from '../../base/units.ts';
import {
  type AddressBytes,
  copied,
  type Family,
  familyOf,
  includesAddress,
  type MacBytes,
  sameBytes,
} from '../wire/address.ts';
import { endsOf, wholePacket } from '../wire/tcp-packet.ts';
import type { Connections } from './connections.ts';
import { LocalPackets } from './local-packets.ts';
import { PacketFilter } from './packet-filter.ts';
import type { VrrpSystem } from './system.ts';
import { packetIn, TcpFrames, tcpFilter } from './tcp-frames.ts';

export interface HeldPlace {
  /** The interface's index. */
  readonly index: number;
  readonly mac: MacBytes;
  /** All of one family. */
  readonly addresses: readonly AddressBytes[];
}

/** First packets that are kept; the others are sent once more by who sent them, a second later. */
const MOST_KEPT = 4_096;

/**
 * When first packets are sent on again, from the first time on. Linux answers at an address of IPv6 only up to 60 ms after it was given to it, and
 * other programs than ours have announced it by then. To a connection that is there already such a packet does nothing.
 */
const ONCE_MORE: readonly Ms[] = [20, 60, 200];

/**
 * Connections to some addresses that nobody takes yet: the first packet of each is kept from this host, until it is known who is to have it.
 * To clients it is as if it were late, as packets are.
 */
export class HeldConnections {
  readonly #system: VrrpSystem;
  readonly #place: HeldPlace;
  readonly #family: Family;
  readonly #filter: PacketFilter;
  readonly #frames: TcpFrames;
  #kept: Buffer[] = [];
  /** Who has the addresses now. */
  #successor: MacBytes | undefined;
  #onceMore: readonly NodeJS.Timeout[] = [];

  /** From here on they are held. `name`: of nobody else on this host. Throws an error of the system. */
  constructor(system: VrrpSystem, connections: Connections, name: string, place: HeldPlace) {
    const { index, addresses } = place;
    this.#system = system;
    this.#place = place;
    this.#family = familyOf(addresses[0] as AddressBytes);
    this.#filter = new PacketFilter(system, name);
    try {
      const filter = tcpFilter(addresses, 'opening');
      this.#frames = new TcpFrames(system, index, this.#family, filter, (frame) => this.#take(frame));
    } catch (error) {
      this.#filter.close();
      throw error;
    }
    try {
      this.#filter.drop(index, addresses, 'opening');
      this.#forgetTaken(connections);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** How many wait. */
  get count(): number {
    return this.#kept.length;
  }

  /** Another host has the addresses: it gets what was held, and all that still comes here for them. */
  passOn(mac: MacBytes): void {
    if (this.#successor !== undefined) return;
    const { index, addresses } = this.#place;
    this.#frames.take(tcpFilter(addresses, 'all'));
    this.#filter.drop(index, addresses, 'all');
    this.#successor = copied(mac, 0, mac.length);
    this.#sendKept();
    if (this.#family === 6) this.#onceMore = ONCE_MORE.map((delay) => setTimeout(() => this.#sendKept(), delay));
  }

  /** Whoever comes from here on is taken, and so is what was held, if nobody else has it. */
  close(): void {
    for (const timer of this.#onceMore) clearTimeout(timer);
    const held = this.#kept;
    this.#kept = [];
    this.#filter.close();
    this.#frames.close();
    if (this.#successor === undefined && held.length > 0) this.#takeHere(held);
  }

  #takeHere(held: readonly Buffer[]): void {
    const packets = new LocalPackets(this.#system, this.#family, this.#place.index);
    for (const frame of held) {
      const packet = wholePacket(packetIn(frame), this.#family);
      packets.send(packet, endsOf(packet, this.#family).to);
    }
    packets.close();
  }

  #take(frame: Buffer): void {
    const { to, isOpening } = endsOf(packetIn(frame), this.#family);
    if (!includesAddress(this.#place.addresses, to)) return;
    if (this.#successor !== undefined) this.#frames.sendOn(frame, this.#successor, this.#place.mac);
    if (isOpening && this.#kept.length < MOST_KEPT) this.#kept.push(Buffer.from(frame));
  }

  #sendKept(): void {
    for (const frame of this.#kept) this.#frames.sendOn(frame, this.#successor as MacBytes, this.#place.mac);
  }

  /** They are looked at before they are dropped, so that none is missed: of the first ones some have been taken by this host. */
  #forgetTaken(connections: Connections): void {
    this.#frames.drain(MOST_KEPT);
    if (this.#kept.length === 0) return;
    const taken = connections.all(this.#place.addresses);
    this.#kept = this.#kept.filter((frame) => {
      const { address, port } = endsOf(packetIn(frame), this.#family).from;
      return !taken.some((each) => each.port === port && sameBytes(each.address, address));
    });
  }
}
