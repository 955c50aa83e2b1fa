import { isIPv6 } from 'node:net';
import { type HostPort, normalizeAddress } from '../../base/address.ts';
import type { PeerPlan } from '../plan.ts';

/** A peer as the asking thread knows it, from one generation to the next if it stays as it is. */
export class Peer {
  readonly name: string;
  readonly slot: number;
  /** Where it is asked. */
  readonly host: string;
  readonly port: number;
  readonly family: 4 | 6;
  readonly isHttps: boolean;
  /** For its next probe: what it was asked, or would have been. */
  lastUrl: string | undefined;
  /** Why the last question could not be sent. */
  trouble: string | undefined;
  /** A reload has taken it away: its row may be another's. */
  isGone = false;
  readonly #url: string;
  readonly #address: string | undefined;

  constructor({ name, slot, icp, url }: PeerPlan) {
    this.name = name;
    this.slot = slot;
    this.#address = normalizeAddress(icp.host);
    this.host = hostOf(icp);
    this.port = icp.port;
    this.family = isIPv6(this.host) ? 6 : 4;
    this.isHttps = url.startsWith('https:');
    this.#url = url;
  }

  /** Whether a packet from there is its. */
  isAt(host: string, port: number): boolean {
    return port === this.port && (host === this.host || normalizeAddress(host) === this.#address);
  }

  /** Whether a connection from there is its. */
  isOn(host: string): boolean {
    return host === this.host || normalizeAddress(host) === this.#address;
  }

  isSameAs(other: Peer): boolean {
    return (
      this.name === other.name &&
      this.slot === other.slot &&
      this.host === other.host &&
      this.port === other.port &&
      this.#url === other.#url
    );
  }
}

/** The address as sockets take it: an IPv4 address that is written as one of IPv6 (::ffff:10.0.0.1) is of IPv4. */
export function hostOf({ host }: HostPort): string {
  const address = normalizeAddress(host) ?? host;
  // As it is written otherwise: a zone (fe80::1%eth0) is needed to get there, and is not in the normal form.
  return isIPv6(address) ? host : address;
}
