import type { Bytes } from '../../base/units.ts';
import {
  type AddressBytes,
  copied,
  IPV6_LENGTH,
  isMulticast,
  isUnspecified,
  MAC_LENGTH,
  type MacBytes,
} from './address.ts';
import { ON_LINK } from './advertisement.ts';
import { putU16, u16 } from './bytes.ts';
import { checksumOf, isRight, sumOf, sumOfPseudoHeader } from './checksum.ts';
import {
  type AddressClaim,
  ETHERNET_HEADER,
  ETHERNET_SOURCE_AT,
  ETHERTYPE,
  ETHERTYPE_AT,
  putEthernetHeader,
} from './ethernet.ts';

/**
 * Neighbour discovery, the ARP of IPv6: ICMPv6 (RFC 4861 §4.3, §4.4) in an Ethernet frame.
 *
 *      0        1        2        3
 *      +--------+--------+--------+--------+
 *   14 | 6 | class, flow label, 28 bits    |   RFC 8200 §3
 *   18 | length          | 58     | 255    |   of what follows byte 54; ICMPv6; hop limit: not by way of a router
 *   22 | source, 16 bytes                  |
 *   38 | destination, 16 bytes             |
 *      +--------+--------+--------+--------+
 *   54 | type   | 0      | checksum        |   135: solicitation, 136: advertisement
 *   58 | RSO 29 bits of 0                  |   of an advertisement: from a router, solicited, override
 *   62 | target, 16 bytes                  |
 *   78 | option | 1      | MAC, 6 bytes    |   1: the sender's, 2: the target's; its length in words of 8 bytes
 *      +--------+--------+--------+--------+
 */
export const SOLICITATION = 135;
export const NEIGHBOR_ADVERTISEMENT = 136;

const ICMPV6 = 58;
const IPV6_HEADER: Bytes = 40;
const WITHOUT_OPTIONS: Bytes = 24;
const OPTION: Bytes = 8;

const IPV6_AT: Bytes = ETHERNET_HEADER;
const LENGTH_AT: Bytes = 18;
const SOURCE_AT: Bytes = 22;
const DESTINATION_AT: Bytes = 38;
const ICMP_AT: Bytes = ETHERNET_HEADER + IPV6_HEADER;
const TARGET_AT: Bytes = ICMP_AT + 8;
const OPTIONS_AT: Bytes = ICMP_AT + WITHOUT_OPTIONS;

const SOURCE_MAC_OPTION = 1;
const TARGET_MAC_OPTION = 2;

const ROUTER = 0x80;
const SOLICITED = 0x40;
const OVERRIDE = 0x20;

const UNSPECIFIED: AddressBytes = new Uint8Array(IPV6_LENGTH);
const ALL_NODES: AddressBytes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/**
 * All hosts are told that the address is ours (RFC 4861 §7.2.6), and to forget what they knew: "override". `isRouter`: whether
 * this host forwards packets; a host that does not, and says so, takes itself out of others' lists of routers.
 */
export function unsolicitedAdvertisement(address: AddressBytes, mac: MacBytes, isRouter: boolean): Uint8Array {
  const frame = frameOf(NEIGHBOR_ADVERTISEMENT, address, ALL_NODES, mac, address, TARGET_MAC_OPTION);
  frame[ICMP_AT + 4] = OVERRIDE | (isRouter ? ROUTER : 0);
  return finished(frame);
}

/**
 * Asks who has the address, as a host does before it uses one itself (RFC 4862 §5.4.2): from no address, so that nobody learns
 * a thing from it. It is answered to all nodes.
 */
export function neighborProbe(address: AddressBytes, mac: MacBytes): Uint8Array {
  return finished(frameOf(SOLICITATION, UNSPECIFIED, solicitedNode(address), mac, address, undefined));
}

/** The group that whoever has the address listens to: ff02::1:ff and its last 24 bits (RFC 4291 §2.7.1). */
export function solicitedNode(address: AddressBytes): AddressBytes {
  return Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, ...address.subarray(13));
}

/**
 * Who claims which address in a frame: an advertisement its target, a solicitation the address that it comes from.
 * `undefined`: it claims none (a probe), or is not what RFC 4861 §7.1 lets pass. Never throws.
 */
export function claimInNeighbor(frame: Uint8Array): AddressClaim | undefined {
  const end = endOf(frame);
  if (end === undefined) return undefined;
  const isAdvertisement = frame[ICMP_AT] === NEIGHBOR_ADVERTISEMENT;
  const address = copied(frame, isAdvertisement ? TARGET_AT : SOURCE_AT, IPV6_LENGTH);
  if (isUnspecified(address) || isMulticast(address)) return undefined;
  const option = findOption(frame, end, isAdvertisement ? TARGET_MAC_OPTION : SOURCE_MAC_OPTION);
  if (option === 'malformed') return undefined;
  const mac = copied(frame, option === undefined ? ETHERNET_SOURCE_AT : option + 2, MAC_LENGTH);
  return { by: isAdvertisement ? 'neighbor-advertisement' : 'neighbor-solicitation', address, mac };
}

/** Who wants to know, before it takes an address, whether somebody has it. As `claimInNeighbor` otherwise. */
export function probedInNeighbor(
  frame: Uint8Array,
): { readonly address: AddressBytes; readonly mac: MacBytes } | undefined {
  const end = endOf(frame);
  if (end === undefined || frame[ICMP_AT] !== SOLICITATION) return undefined;
  if (!isUnspecified(frame.subarray(SOURCE_AT, DESTINATION_AT))) return undefined;
  // It must not tell who asks (RFC 4861 §7.1.1).
  if (findOption(frame, end, SOURCE_MAC_OPTION) !== undefined) return undefined;
  return {
    address: copied(frame, TARGET_AT, IPV6_LENGTH),
    mac: copied(frame, ETHERNET_SOURCE_AT, MAC_LENGTH),
  };
}

function frameOf(
  type: number,
  source: AddressBytes,
  destination: AddressBytes,
  mac: MacBytes,
  target: AddressBytes,
  option: number | undefined,
): Uint8Array {
  const length = WITHOUT_OPTIONS + (option === undefined ? 0 : OPTION);
  const frame = new Uint8Array(ICMP_AT + length);
  // RFC 2464 §7: a group has the MAC address 33:33 and its last 32 bits.
  putEthernetHeader(frame, Uint8Array.of(0x33, 0x33, ...destination.subarray(12)), mac, ETHERTYPE.IPV6);
  frame[IPV6_AT] = 6 << 4;
  putU16(frame, LENGTH_AT, length);
  frame[LENGTH_AT + 2] = ICMPV6;
  frame[LENGTH_AT + 3] = ON_LINK;
  frame.set(source, SOURCE_AT);
  frame.set(destination, DESTINATION_AT);
  frame[ICMP_AT] = type;
  frame.set(target, TARGET_AT);
  if (option !== undefined) frame.set([option, 1, ...mac], OPTIONS_AT);
  return frame;
}

function finished(frame: Uint8Array): Uint8Array {
  putU16(frame, ICMP_AT + 2, checksumOf(sumOfIcmp(frame, frame.length)));
  return frame;
}

function sumOfIcmp(frame: Uint8Array, end: Bytes): number {
  const source = frame.subarray(SOURCE_AT, DESTINATION_AT);
  const destination = frame.subarray(DESTINATION_AT, ICMP_AT);
  return sumOf(frame, ICMP_AT, end) + sumOfPseudoHeader(source, destination, ICMPV6, end - ICMP_AT);
}

/** Where a valid solicitation or advertisement ends; padding of the frame may follow. RFC 4861 §7.1.1, §7.1.2. */
function endOf(frame: Uint8Array): Bytes | undefined {
  if (frame.length < OPTIONS_AT || u16(frame, ETHERTYPE_AT) !== ETHERTYPE.IPV6) return undefined;
  const end = ICMP_AT + u16(frame, LENGTH_AT);
  const isIcmp = (frame[IPV6_AT] as number) >>> 4 === 6 && frame[LENGTH_AT + 2] === ICMPV6;
  if (!isIcmp || frame[LENGTH_AT + 3] !== ON_LINK || end < OPTIONS_AT || end > frame.length) return undefined;

  const type = frame[ICMP_AT];
  if ((type !== SOLICITATION && type !== NEIGHBOR_ADVERTISEMENT) || frame[ICMP_AT + 1] !== 0) return undefined;
  const isToAll = isMulticast(frame.subarray(DESTINATION_AT, ICMP_AT));
  const isSolicited = ((frame[ICMP_AT + 4] as number) & SOLICITED) !== 0;
  if (type === NEIGHBOR_ADVERTISEMENT && isToAll && isSolicited) return undefined;
  if (isMulticast(frame.subarray(TARGET_AT, OPTIONS_AT))) return undefined;
  return isRight(sumOfIcmp(frame, end)) ? end : undefined;
}

/** Where an option of so many bytes begins, `undefined` where there is none, and `malformed` where one has no length. */
function findOption(frame: Uint8Array, end: Bytes, type: number): Bytes | 'malformed' | undefined {
  let found: Bytes | undefined;
  for (let at = OPTIONS_AT; at < end; ) {
    const length = at + 1 < end ? (frame[at + 1] as number) * 8 : 0;
    if (length === 0 || at + length > end) return 'malformed';
    if (frame[at] === type) found ??= at;
    at += length;
  }
  return found;
}
