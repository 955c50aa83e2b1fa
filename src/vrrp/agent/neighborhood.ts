import { readFileSync } from 'node:fs';
import { ClaimReceiver, FrameSender } from '../net/frame-socket.ts';
import type { VrrpSystem } from '../net/system.ts';
import type { AddressBytes, Family, MacBytes } from '../wire/address.ts';
import { arpProbe, claimInArp, gratuitousArp } from '../wire/arp.ts';
import type { AddressClaim } from '../wire/ethernet.ts';
import { claimInNeighbor, neighborProbe, unsolicitedAdvertisement } from '../wire/neighbor.ts';
import type { Link } from './interfaces.ts';

/** What hosts on the link of one interface are told of addresses, and asked, and say of themselves: ARP and neighbor discovery. */
export class Neighborhood {
  readonly #frames: FrameSender;
  readonly #claims: ClaimReceiver;
  readonly #mac: MacBytes;
  readonly #isRouter: boolean;

  /** Throws an error when the interface is gone, or is none of Ethernet. */
  constructor(system: VrrpSystem, { name, index, mac }: Link, family: Family, onClaim: (claim: AddressClaim) => void) {
    if (mac === undefined) throw new Error('it has no MAC address');
    this.#mac = mac;
    this.#isRouter = family === 6 && forwards(name);
    this.#frames = new FrameSender(system, index);
    const claimIn = family === 4 ? claimInArp : claimInNeighbor;
    try {
      this.#claims = new ClaimReceiver(system, index, family, (frame) => {
        const claim = claimIn(frame);
        if (claim !== undefined) onClaim(claim);
      });
    } catch (error) {
      this.#frames.close();
      throw error;
    }
  }

  /** All hosts learn that these addresses are here. */
  announce(addresses: readonly AddressBytes[], count: number): void {
    for (let i = 0; i < count; i++) {
      for (const address of addresses) {
        const { length } = address;
        this.#frames.send(
          length === 4
            ? gratuitousArp(address, this.#mac)
            : unsolicitedAdvertisement(address, this.#mac, this.#isRouter),
        );
      }
    }
  }

  /** Asks who has them; replies are claims. */
  probe(addresses: readonly AddressBytes[]): void {
    for (const address of addresses) {
      this.#frames.send(address.length === 4 ? arpProbe(address, this.#mac) : neighborProbe(address, this.#mac));
    }
  }

  /** Claims that wait are told before this returns. */
  drain(): void {
    this.#claims.drain();
  }

  close(): void {
    this.#claims.close();
    this.#frames.close();
  }
}

/** A host that does not say so is no router to those that took it for one (RFC 4861 §7.2.5). */
function forwards(name: string): boolean {
  try {
    return readFileSync(`/proc/sys/net/ipv6/conf/${name}/forwarding`, 'latin1').trim() !== '0';
  } catch {
    return false;
  }
}
