import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, copied, IPV4_LENGTH, IPV6_LENGTH, isLinkLocal, isMulticast } from './address.ts';
import {
  ADVERTISEMENT,
  type Advertisement,
  AUTH_DATA,
  type ChecksumForm,
  type DecodeReason,
  type Drop,
  FIXED,
  messageLength,
  ON_LINK,
  type Version,
  VRRP_PROTOCOL,
} from './advertisement.ts';
import { u16 } from './bytes.ts';
import { formOf } from './checksum-form.ts';
import { TRAILER } from './hmac.ts';

/** What a raw socket of IPv6 tells beside the payload: by IPV6_RECVPKTINFO and IPV6_RECVHOPLIMIT. */
export interface Arrival {
  readonly source: AddressBytes;
  readonly destination: AddressBytes;
  readonly hopLimit: number;
}

/**
 * What a raw socket of IPv4 received, with the IP header in front of it (RFC 791 §3.1):
 *
 *      0        1        2        3
 *      +--------+--------+--------+--------+
 *    0 | 4 |len | TOS    | total length    |   len: of this header, in words of 4 bytes
 *    4 | identification  |flags| offset    |   0 but for "do not fragment": sockets get whole datagrams
 *    8 | TTL    | 112    | checksum        |   which Linux has checked
 *   12 | source                            |
 *   16 | destination                       |
 *      +--------+--------+--------+--------+
 *
 * Any bytes at all: never throws.
 */
export function decodeIPv4(datagram: Uint8Array): Advertisement | Drop {
  const header = ((datagram[0] as number) & 15) * 4;
  const end = u16(datagram, 2);
  const isWhole = datagram.length >= IPV4_HEADER && header >= IPV4_HEADER && end >= header && end <= datagram.length;
  if (!isWhole || (datagram[0] as number) >>> 4 !== 4 || (u16(datagram, 6) & FRAGMENT) !== 0) return NO_DATAGRAM;
  const message = datagram.subarray(header, end);
  const arrival: Arrival = {
    source: copied(datagram, 12, IPV4_LENGTH),
    destination: copied(datagram, 16, IPV4_LENGTH),
    hopLimit: datagram[8] as number,
  };
  if (datagram[9] !== VRRP_PROTOCOL) return { ...NO_DATAGRAM, reason: 'protocol', source: arrival.source };
  return decodeMessage(message, arrival);
}

/** What a raw socket of IPv6 received: no header. Any bytes at all: never throws. */
export function decodeIPv6(message: Uint8Array, { source, destination, hopLimit }: Arrival): Advertisement | Drop {
  if (source.length !== IPV6_LENGTH || destination.length !== IPV6_LENGTH) return NO_DATAGRAM;
  return decodeMessage(message, {
    source: copied(source, 0, IPV6_LENGTH),
    destination: copied(destination, 0, IPV6_LENGTH),
    hopLimit,
  });
}

const IPV4_HEADER: Bytes = 20;
/** More fragments, and the place of this one. */
const FRAGMENT = 0x3fff;
const NO_DATAGRAM: Drop = { kind: 'drop', reason: 'ip-header', version: undefined, vrid: undefined, source: undefined };

/** The order of RFC 9568 §7.1. */
function decodeMessage(message: Uint8Array, arrival: Arrival): Advertisement | Drop {
  const unreadable = problemOfShape(message, arrival);
  if (unreadable !== undefined) return drop(unreadable, message, arrival);

  const version = ((message[0] as number) >>> 4) as Version;
  const length = messageLength(version, message[3] as number, arrival.source.length);
  const checksum = formOf(message, length, version, arrival);
  if (checksum === undefined) return drop('checksum', message, arrival);

  const advertisement = read(message, length, version, checksum, arrival);
  if (advertisement.interval === 0) return drop('interval-zero', message, arrival);
  const first = advertisement.addresses[0] as AddressBytes;
  if (advertisement.family === 6 && !isLinkLocal(first)) return drop('link-local-first', message, arrival);
  return advertisement;
}

function problemOfShape(message: Uint8Array, { source, destination, hopLimit }: Arrival): DecodeReason | undefined {
  if (hopLimit !== ON_LINK && isMulticast(destination)) return 'ttl';
  if (message.length < FIXED) return 'length';
  const version = (message[0] as number) >>> 4;
  if (version !== 3 && (version !== 2 || source.length !== IPV4_LENGTH)) return 'version';
  if (((message[0] as number) & 15) !== ADVERTISEMENT) return 'type';
  if (message[1] === 0) return 'vrid-zero';
  const count = message[3] as number;
  if (count === 0) return 'count';
  return message.length < messageLength(version, count, source.length) ? 'length' : undefined;
}

function read(
  message: Uint8Array,
  length: Bytes,
  version: Version,
  checksum: ChecksumForm,
  { source, destination, hopLimit }: Arrival,
): Advertisement {
  const addresses: AddressBytes[] = [];
  for (let i = 0; i < (message[3] as number); i++) {
    addresses.push(copied(message, FIXED + i * source.length, source.length));
  }
  const excess = message.length - length;
  return {
    kind: 'advertisement',
    version,
    family: source.length === IPV4_LENGTH ? 4 : 6,
    vrid: message[1] as number,
    priority: message[2] as number,
    interval: version === 2 ? (message[5] as number) * 1000 : (u16(message, 4) & 0x0fff) * 10,
    authType: version === 2 ? (message[4] as number) : 0,
    authData: version === 2 ? copied(message, length - AUTH_DATA, AUTH_DATA) : undefined,
    addresses,
    source,
    destination,
    hopLimit,
    checksum,
    excess,
    signed: excess === TRAILER ? copied(message, 0, message.length) : undefined,
  };
}

function drop(reason: DecodeReason, message: Uint8Array, { source }: Arrival): Drop {
  const version = message.length > 0 ? (message[0] as number) >>> 4 : undefined;
  return { kind: 'drop', reason, version, vrid: message[1], source };
}
