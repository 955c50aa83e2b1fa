import { type Address, formatAddress, type IPv6Words, parseAddress } from '../../base/address.ts';
import type { Bytes } from '../../base/units.ts';

/** An IP address as it is in packets: 4 bytes or 16, in network order. */
export type AddressBytes = Uint8Array;

/** 48 bits of Ethernet. */
export type MacBytes = Uint8Array;

export type Family = 4 | 6;

export const IPV4_LENGTH: Bytes = 4;
export const IPV6_LENGTH: Bytes = 16;
export const MAC_LENGTH: Bytes = 6;

/** Where advertisements go that are not unicast: 224.0.0.18 (RFC 9568 §5.1.1.2) and ff02::12 (§5.1.2.2). */
export const VRRP_GROUP_IPV4: AddressBytes = Uint8Array.of(224, 0, 0, 18);
export const VRRP_GROUP_IPV6: AddressBytes = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x12);

export function familyOf(address: AddressBytes): Family {
  return address.length === IPV4_LENGTH ? 4 : 6;
}

/** `undefined` when it is no address. A mapped one (`::ffff:10.0.0.1`) is the IPv4 address. */
export function addressBytes(text: string): AddressBytes | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  return Uint8Array.from(typeof address === 'number' ? bytesOf(address) : address.flatMap(bytesOf));
}

/** The canonical text: dotted decimal, or RFC 5952. */
export function addressText(address: AddressBytes): string {
  return formatAddress(wordsOf(address));
}

export function macText(mac: MacBytes): string {
  return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Of addresses, and of MAC addresses. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareAddresses(a, b) === 0;
}

/** As unsigned numbers in network order, which settles a tie of priorities (RFC 9568 §6.4.3). Positive: `a` is the greater. */
export function compareAddresses(a: AddressBytes, b: AddressBytes): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether they are the same addresses, in whatever order. */
export function sameAddresses(a: readonly AddressBytes[], b: readonly AddressBytes[]): boolean {
  return (
    a.length === b.length && a.every((one) => includesAddress(b, one)) && b.every((one) => includesAddress(a, one))
  );
}

export function includesAddress(addresses: readonly AddressBytes[], address: AddressBytes): boolean {
  return addresses.some((one) => sameBytes(one, address));
}

/** fe80::/10. */
export function isLinkLocal(address: AddressBytes): boolean {
  return address.length === IPV6_LENGTH && address[0] === 0xfe && ((address[1] as number) & 0xc0) === 0x80;
}

/** 224.0.0.0/4 and ff00::/8. */
export function isMulticast(address: AddressBytes): boolean {
  const first = address[0] as number;
  return address.length === IPV4_LENGTH ? first >>> 4 === 14 : first === 0xff;
}

/** 0.0.0.0 and ::. */
export function isUnspecified(address: AddressBytes): boolean {
  return address.every((byte) => byte === 0);
}

/** Bytes of one's own: what is received is read into the same memory again and again. */
export function copied(bytes: Uint8Array, from: Bytes, length: Bytes): Uint8Array {
  const copy = new Uint8Array(length);
  for (let i = 0; i < length; i++) copy[i] = bytes[from + i] as number;
  return copy;
}

function bytesOf(word: number): number[] {
  return [word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255];
}

function wordsOf(address: AddressBytes): Address {
  const { buffer, byteOffset, length } = address;
  const view = new DataView(buffer, byteOffset, length);
  const word = (i: number) => view.getUint32(i * 4);
  return length === IPV4_LENGTH ? word(0) : ([word(0), word(1), word(2), word(3)] satisfies IPv6Words);
}
