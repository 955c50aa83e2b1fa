import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, copied, IPV4_LENGTH, isUnspecified, MAC_LENGTH, type MacBytes } from './address.ts';
import { putU16, u16 } from './bytes.ts';
import {
  type AddressClaim,
  BROADCAST,
  ETHERNET_HEADER,
  ETHERTYPE,
  ETHERTYPE_AT,
  putEthernetHeader,
} from './ethernet.ts';

/**
 * ARP for IPv4 over Ethernet (RFC 826), a frame of 42 bytes:
 *
 *      0        1        2        3
 *      +--------+--------+--------+--------+
 *   14 | hardware: 1     | protocol: 0x0800|
 *   18 | 6      | 4      | operation       |   lengths of addresses; 1: request, 2: reply
 *   22 | sender: MAC, 6 bytes; IP, 4 bytes |
 *   32 | target: MAC, 6 bytes; IP, 4 bytes |
 *      +--------+--------+--------+--------+
 */
export const ARP_FRAME: Bytes = 42;

const REQUEST = 1;
const REPLY = 2;

const OPERATION_AT: Bytes = 20;
const SENDER_MAC_AT: Bytes = 22;
const SENDER_IP_AT: Bytes = 28;
const TARGET_MAC_AT: Bytes = 32;
const TARGET_IP_AT: Bytes = 38;

/** Hardware, protocol and lengths of addresses: the same in all. */
const ETHERNET_IPV4 = Uint8Array.of(0, 1, 8, 0, MAC_LENGTH, IPV4_LENGTH);

/** All hosts are told that the address is ours: a request for it by itself, with a broadcast target, as keepalived sends it. */
export function gratuitousArp(address: AddressBytes, mac: MacBytes): Uint8Array {
  const frame = request(address, mac, address);
  frame.set(BROADCAST, TARGET_MAC_AT);
  return frame;
}

/** Asks who has the address, from no address, so that nobody learns a thing from it (RFC 5227 §1.1, §2.1.1). */
export function arpProbe(address: AddressBytes, mac: MacBytes): Uint8Array {
  return request(address, mac, NO_ADDRESS);
}

/**
 * Who claims which address in a frame: whoever sent it, for the one it sent from. It answers a probe of ours, or asks for
 * others, or announces itself. `undefined`: it claims none (a probe), or is no ARP of Ethernet and IPv4. Never throws.
 */
export function claimInArp(frame: Uint8Array): AddressClaim | undefined {
  const operation = operationOf(frame);
  if (operation === undefined) return undefined;
  const address = copied(frame, SENDER_IP_AT, IPV4_LENGTH);
  if (isUnspecified(address)) return undefined;
  const mac = copied(frame, SENDER_MAC_AT, MAC_LENGTH);
  return { by: operation === REPLY ? 'arp-reply' : 'arp-request', address, mac };
}

/** Who wants to know, before it takes an address, whether somebody has it: a probe of another. As `claimInArp` otherwise. */
export function probedInArp(frame: Uint8Array): { readonly address: AddressBytes; readonly mac: MacBytes } | undefined {
  if (operationOf(frame) !== REQUEST || !isUnspecified(copied(frame, SENDER_IP_AT, IPV4_LENGTH))) return undefined;
  return { address: copied(frame, TARGET_IP_AT, IPV4_LENGTH), mac: copied(frame, SENDER_MAC_AT, MAC_LENGTH) };
}

const NO_ADDRESS: AddressBytes = new Uint8Array(IPV4_LENGTH);

function request(address: AddressBytes, mac: MacBytes, sender: AddressBytes): Uint8Array {
  const frame = new Uint8Array(ARP_FRAME);
  putEthernetHeader(frame, BROADCAST, mac, ETHERTYPE.ARP);
  frame.set(ETHERNET_IPV4, ETHERNET_HEADER);
  putU16(frame, OPERATION_AT, REQUEST);
  frame.set(mac, SENDER_MAC_AT);
  frame.set(sender, SENDER_IP_AT);
  frame.set(address, TARGET_IP_AT);
  return frame;
}

function operationOf(frame: Uint8Array): number | undefined {
  if (frame.length < ARP_FRAME || u16(frame, ETHERTYPE_AT) !== ETHERTYPE.ARP) return undefined;
  if (!ETHERNET_IPV4.every((byte, i) => frame[ETHERNET_HEADER + i] === byte)) return undefined;
  const operation = u16(frame, OPERATION_AT);
  return operation === REQUEST || operation === REPLY ? operation : undefined;
}
