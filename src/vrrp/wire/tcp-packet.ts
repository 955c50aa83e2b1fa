import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, copied, type Family, IPV4_LENGTH, IPV6_LENGTH } from './address.ts';
import { putU16, u16 } from './bytes.ts';
import { checksumOf, sumOf, sumOfPseudoHeader } from './checksum.ts';
import type { Remote } from './connections.ts';

/** Packets of TCP (RFC 9293 §3.1), by IPv4 (RFC 791 §3.1) or by IPv6 without extension headers (RFC 8200 §3), as a network has them. */

export const TCP = 6;
/** Within the header of TCP; of its flags. */
export const FLAGS_AT: Bytes = 13;
export const SYN = 0x02;
export const ACK = 0x10;
const CHECKSUM_AT: Bytes = 16;

const IPV4 = { length: 2, source: 12 } as const;
/** It tells the length of what follows. */
const IPV6 = { length: 4, source: 8, header: 40 } as const;

export interface TcpEnds {
  readonly from: Remote;
  readonly to: AddressBytes;
  /** It is the first packet of a connection. */
  readonly isOpening: boolean;
}

/** Who sent one that has all of its headers, and to which address. */
export function endsOf(packet: Uint8Array, family: Family): TcpEnds {
  const { source, width, tcp } = placesIn(packet, family);
  return {
    from: { address: copied(packet, source, width), port: u16(packet, tcp) },
    to: copied(packet, source + width, width),
    isOpening: ((packet[tcp + FLAGS_AT] ?? 0) & (SYN | ACK)) === SYN,
  };
}

/** The same one without what the link added, and with its checksum: where it came from nobody else may have made it. */
export function wholePacket(packet: Uint8Array, family: Family): Buffer {
  const length = family === 4 ? u16(packet, IPV4.length) : IPV6.header + u16(packet, IPV6.length);
  const whole = Buffer.from(packet.subarray(0, length));
  const { tcp } = placesIn(whole, family);
  const { from, to } = endsOf(whole, family);
  putU16(whole, tcp + CHECKSUM_AT, 0);
  const pseudo = sumOfPseudoHeader(from.address, to, TCP, whole.length - tcp);
  putU16(whole, tcp + CHECKSUM_AT, checksumOf(sumOf(whole, tcp, whole.length, pseudo)));
  return whole;
}

function placesIn(packet: Uint8Array, family: Family) {
  return family === 4
    ? { source: IPV4.source, width: IPV4_LENGTH, tcp: ((packet[0] as number) & 15) * 4 }
    : { source: IPV6.source, width: IPV6_LENGTH, tcp: IPV6.header };
}
