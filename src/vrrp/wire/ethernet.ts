import type { Bytes } from '../../base/units.ts';
import type { AddressBytes, MacBytes } from './address.ts';
import { putU16 } from './bytes.ts';

/**
 * Frames as AF_PACKET has them (RFC 894): Linux adds what is missing to 60 bytes, and takes VLAN tags off.
 *
 *      +---------------+---------------+------------+---------
 *      | destination 6 | source 6      | type 2     | payload
 *      +---------------+---------------+------------+---------
 */
export const ETHERNET_HEADER: Bytes = 14;
export const ETHERNET_SOURCE_AT: Bytes = 6;
export const ETHERTYPE_AT: Bytes = 12;

export const ETHERTYPE = { IPV4: 0x0800, ARP: 0x0806, IPV6: 0x86dd } as const;

export const BROADCAST: MacBytes = new Uint8Array(6).fill(0xff);

/** Who says which MAC address an IP address has: the sender of a packet of ARP, or of neighbour discovery. */
export interface AddressClaim {
  readonly by: 'arp-request' | 'arp-reply' | 'neighbor-advertisement' | 'neighbor-solicitation';
  readonly address: AddressBytes;
  readonly mac: MacBytes;
}

export function putEthernetHeader(frame: Uint8Array, destination: MacBytes, source: MacBytes, type: number): void {
  frame.set(destination, 0);
  frame.set(source, ETHERNET_SOURCE_AT);
  putU16(frame, ETHERTYPE_AT, type);
}
