import {
  type AddressBytes,
  addressText,
  copied,
  type Family,
  familyOf,
  includesAddress,
  type MacBytes,
  sameBytes,
} from '../wire/address.ts';
import type { Connections } from './connections.ts';
import { PacketFilter } from './packet-filter.ts';
import type { VrrpSystem } from './system.ts';
import { endsOf, TcpFrames, tcpFilter } from './tcp-frames.ts';

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
 * Connections to some addresses that nobody takes yet: the first packet of each is kept from this host, until it is known who is to have it.
 * To clients it is as if it were late, as packets are.
 */
export class HeldConnections {
  readonly #place: HeldPlace;
  readonly #family: Family;
  readonly #filter: PacketFilter;
  readonly #frames: TcpFrames;
  #kept: Buffer[] = [];
  /** Who has which address now. */
  readonly #successors = new Map<string, MacBytes>();

  /** From here on they are held. `name`: of nobody else on this host. Throws an error of the system. */
  constructor(system: VrrpSystem, connections: Connections, name: string, place: HeldPlace) {
    const { index, addresses } = place;
    this.#place = place;
    this.#family = familyOf(addresses[0] as AddressBytes);
    this.#filter = new PacketFilter(system, name);
    try {
      this.#frames = new TcpFrames(system, index, this.#family, this.#wanted(), (frame) => this.#take(frame));
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

  /** Another host has one of the addresses: it gets what was held, and all that still comes here for it. */
  passOn(address: AddressBytes, mac: MacBytes): void {
    const name = addressText(address);
    if (this.#successors.has(name) || !includesAddress(this.#place.addresses, address)) return;
    this.#successors.set(name, copied(mac, 0, mac.length));
    this.#filter.drop(this.#place.index, [address], 'all');
    this.#frames.take(this.#wanted());
    const held = this.#kept;
    this.#kept = [];
    for (const frame of held) this.#take(frame);
  }

  /** Whoever comes from here on is taken. */
  close(): void {
    this.#filter.close();
    this.#frames.close();
  }

  #wanted() {
    const { addresses } = this.#place;
    const isPassedOn = (address: AddressBytes) => this.#successors.has(addressText(address));
    const all = addresses.filter(isPassedOn);
    return tcpFilter(
      this.#family,
      all,
      addresses.filter((address) => !includesAddress(all, address)),
    );
  }

  #take(frame: Buffer): void {
    const successor = this.#successors.get(addressText(endsOf(frame, this.#family).to));
    if (successor !== undefined) this.#frames.sendOn(frame, successor, this.#place.mac);
    else if (this.#kept.length < MOST_KEPT) this.#kept.push(Buffer.from(frame));
  }

  /** They are looked at before they are dropped, so that none is missed: of the first ones some have been taken by this host. */
  #forgetTaken(connections: Connections): void {
    this.#frames.drain();
    if (this.#kept.length === 0) return;
    const taken = connections.all(this.#place.addresses);
    this.#kept = this.#kept.filter((frame) => {
      const { address, port } = endsOf(frame, this.#family).from;
      return !taken.some((each) => each.port === port && sameBytes(each.address, address));
    });
  }
}
