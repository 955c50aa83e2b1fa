import { AddressSet, normalizeAddress } from '../base/address.ts';
import type { PeerPlan, SiblingPlan } from './plan.ts';

/** Those who ask us, by the address that they ask from: it is all that ICP and HTCP tell of them. */
export class Callers {
  readonly #allow: AddressSet;
  readonly #clearFrom: AddressSet;
  readonly #peers: readonly { readonly peer: PeerPlan; readonly addresses: readonly string[] }[];

  constructor({ allow, clearFrom, peers }: Pick<SiblingPlan, 'allow' | 'clearFrom' | 'peers'>) {
    this.#allow = new AddressSet(allow);
    this.#clearFrom = new AddressSet(clearFrom);
    this.#peers = peers.map((peer) => ({
      peer,
      addresses: [peer.icp, peer.htcp ?? peer.icp].map(({ host }) => normalized(host)),
    }));
  }

  mayAsk(address: string): boolean {
    return this.#allow.has(address);
  }

  mayClear(address: string): boolean {
    return this.#clearFrom.has(address);
  }

  /**
   * Whether it is of use to say that we have an https URL, when nothing but the URL was asked for. Squid then comes in
   * origin-form over plain HTTP, which is another key, unless TLS is spoken between the two: what we know of that is how
   * we go to it ourselves. A Portico node always names the whole URL.
   */
  mayAskForHttps(address: string, isPortico: (slot: number) => boolean): boolean {
    return this.#peersAt(address).some(({ url, slot }) => url.startsWith('https:') || isPortico(slot));
  }

  /** Whose HTCP comes from there. Where several have one address, the port may tell. */
  peerByHtcp(address: string, port: number): PeerPlan | undefined {
    const peers = this.#peersAt(address);
    return peers.find(({ htcp }) => htcp?.port === port) ?? peers[0];
  }

  #peersAt(address: string): PeerPlan[] {
    const here = normalized(address);
    return this.#peers.filter(({ addresses }) => addresses.includes(here)).map(({ peer }) => peer);
  }
}

function normalized(address: string): string {
  return normalizeAddress(address) ?? address;
}
