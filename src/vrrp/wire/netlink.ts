import type { Bytes } from '../../base/units.ts';
import {
  type AddressBytes,
  copied,
  type Family,
  IPV4_LENGTH,
  IPV6_LENGTH,
  MAC_LENGTH,
  type MacBytes,
} from './address.ts';

/**
 * What rtnetlink(7) tells of interfaces and addresses, in the byte order of the machine: little-endian on all that Portico's
 * raw sockets are for. A datagram has several messages, each padded to 4 bytes:
 *
 *      0        1        2        3
 *      +--------+--------+--------+--------+
 *    0 | length, of header and payload     |   nlmsghdr
 *    4 | type            | flags           |
 *    8 | sequence                          |   of the request that it answers, or that caused it
 *   12 | port                              |   of the socket of that request; 0: nobody's
 *      +--------+--------+--------+--------+
 *
 *   address                                    link                                      attributes, padded to 4 bytes
 *      +--------+--------+--------+--------+      +--------+--------+--------+--------+      +--------+--------+
 *   16 | family | prefix | flags  | scope  |   16 | 0               | type            |    0 | length          |  with this
 *   20 | interface                         |   20 | interface                         |    2 | type            |
 *      +--------+--------+--------+--------+   24 | flags: IFF_UP and others          |    4 | value
 *   24 | attributes                            28 | which of them changed             |
 *                                                 +--------+--------+--------+--------+
 *                                              32 | attributes
 *
 * Whoever reads them sees to it that they come from the kernel (port 0 of the sender's sockaddr_nl).
 */
export const NETLINK_HEADER: Bytes = 16;
export const ADDRESS_HEADER: Bytes = 8;
export const ATTRIBUTE_HEADER: Bytes = 4;
export const LINK_HEADER: Bytes = 16;

export const TYPE = {
  NOOP: 1,
  ERROR: 2,
  DONE: 3,
  OVERRUN: 4,
  NEWLINK: 16,
  DELLINK: 17,
  GETLINK: 18,
  NEWADDR: 20,
  DELADDR: 21,
  GETADDR: 22,
} as const;

/** linux/if_addr.h. */
export const IFA = { ADDRESS: 1, LOCAL: 2, CACHEINFO: 6, FLAGS: 8 } as const;
export const IFA_F = { NODAD: 0x02, DADFAILED: 0x08, DEPRECATED: 0x20, TENTATIVE: 0x40, PERMANENT: 0x80 } as const;

/** linux/if_link.h. */
const IFLA = { ADDRESS: 1, IFNAME: 3 } as const;
/** linux/if.h. LOWER_UP: there is a carrier. */
const IFF = { UP: 0x1, LOWER_UP: 0x1_0000 } as const;

export const AF = { UNSPEC: 0, INET: 2, INET6: 10 } as const;

/** As a lifetime: without end. */
export const FOREVER = 0xffff_ffff;

/** Seconds. */
export type Seconds = number;

interface Head {
  readonly sequence: number;
  readonly port: number;
}

export interface AddressChange extends Head {
  readonly kind: 'address-added' | 'address-removed';
  readonly family: Family;
  /** The interface's index. */
  readonly interface: number;
  readonly address: AddressBytes;
  readonly prefix: number;
  /** Of `IFA_F`. */
  readonly flags: number;
  readonly scope: number;
  /** How long it is there yet, and to be chosen as a source; `FOREVER` when nothing else is told. */
  readonly valid: Seconds;
  readonly preferred: Seconds;
}

export interface LinkChange extends Head {
  readonly kind: 'link-changed' | 'link-removed';
  readonly interface: number;
  readonly name: string | undefined;
  /** Of Ethernet only. */
  readonly mac: MacBytes | undefined;
  /** Set up by the administrator. */
  readonly isUp: boolean;
  readonly hasCarrier: boolean;
}

export type NetlinkMessage =
  | AddressChange
  | LinkChange
  /** NLMSG_ERROR, and the end of a dump. 0: it was done. */
  | (Head & { readonly kind: 'acknowledged' | 'dump-done'; readonly errno: number })
  /** Messages were lost: what is known of the system has to be asked anew. */
  | { readonly kind: 'overrun' };

/** All that is known of what is in a datagram, up to where it is broken, if it is. Never throws. */
export function decodeNetlink(datagram: Buffer): NetlinkMessage[] {
  return messagesIn(datagram).flatMap((message) => readMessage(message) ?? []);
}

/** Each with its header; up to where it is broken, if it is. */
export function messagesIn(datagram: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + NETLINK_HEADER <= datagram.length; ) {
    const length = datagram.readUInt32LE(at);
    if (length < NETLINK_HEADER || at + length > datagram.length) break;
    messages.push(datagram.subarray(at, at + length));
    at += padded(length);
  }
  return messages;
}

/** To the next multiple of 4. */
export function padded(length: Bytes): Bytes {
  return Math.ceil(length / 4) * 4;
}

/** `undefined`: it is of a kind that nobody asked for, or too short. */
function readMessage(message: Buffer): NetlinkMessage | undefined {
  const head: Head = { sequence: message.readUInt32LE(8), port: message.readUInt32LE(12) };
  const type = message.readUInt16LE(4);
  switch (type) {
    case TYPE.ERROR:
      return message.length < NETLINK_HEADER + 4
        ? undefined
        : { ...head, kind: 'acknowledged', errno: errnoIn(message) };
    case TYPE.DONE:
      return { ...head, kind: 'dump-done', errno: message.length < NETLINK_HEADER + 4 ? 0 : errnoIn(message) };
    case TYPE.OVERRUN:
      return { kind: 'overrun' };
    case TYPE.NEWADDR:
    case TYPE.DELADDR:
      return readAddress(message, head, type === TYPE.NEWADDR ? 'address-added' : 'address-removed');
    case TYPE.NEWLINK:
    case TYPE.DELLINK:
      return readLink(message, head, type === TYPE.NEWLINK ? 'link-changed' : 'link-removed');
    default:
      return undefined;
  }
}

/** It is told as a negative number. */
function errnoIn(message: Buffer): number {
  return Math.abs(message.readInt32LE(NETLINK_HEADER));
}

function readAddress(message: Buffer, head: Head, kind: AddressChange['kind']): AddressChange | undefined {
  const start = NETLINK_HEADER + ADDRESS_HEADER;
  const family = message[NETLINK_HEADER];
  if (message.length < start || (family !== AF.INET && family !== AF.INET6)) return undefined;
  const width = family === AF.INET ? IPV4_LENGTH : IPV6_LENGTH;
  // Of a point-to-point link IFA_ADDRESS is the other end; of IPv6 IFA_LOCAL is there for those alone.
  const at = findAttribute(message, start, IFA.LOCAL, width) ?? findAttribute(message, start, IFA.ADDRESS, width);
  if (at === undefined) return undefined;
  const flagsAt = findAttribute(message, start, IFA.FLAGS, 4);
  const lifetimes = findAttribute(message, start, IFA.CACHEINFO, 16);
  return {
    ...head,
    kind,
    family: family === AF.INET ? 4 : 6,
    interface: message.readUInt32LE(NETLINK_HEADER + 4),
    address: copied(message, at, width),
    prefix: message[NETLINK_HEADER + 1] as number,
    // The header has no more than 8 of them.
    flags: flagsAt === undefined ? (message[NETLINK_HEADER + 2] as number) : message.readUInt32LE(flagsAt),
    scope: message[NETLINK_HEADER + 3] as number,
    preferred: lifetimes === undefined ? FOREVER : message.readUInt32LE(lifetimes),
    valid: lifetimes === undefined ? FOREVER : message.readUInt32LE(lifetimes + 4),
  };
}

function readLink(message: Buffer, head: Head, kind: LinkChange['kind']): LinkChange | undefined {
  const start = NETLINK_HEADER + LINK_HEADER;
  if (message.length < start) return undefined;
  const flags = message.readUInt32LE(NETLINK_HEADER + 8);
  const name = findAttribute(message, start, IFLA.IFNAME, undefined);
  const mac = findAttribute(message, start, IFLA.ADDRESS, MAC_LENGTH);
  return {
    ...head,
    kind,
    interface: message.readUInt32LE(NETLINK_HEADER + 4),
    name: name === undefined ? undefined : textAt(message, name),
    mac: mac === undefined ? undefined : copied(message, mac, MAC_LENGTH),
    isUp: (flags & IFF.UP) !== 0,
    hasCarrier: (flags & IFF.LOWER_UP) !== 0,
  };
}

/** Where the value of the first attribute of a type begins that has just so many bytes; `undefined`: any number. */
function findAttribute(message: Buffer, start: Bytes, type: number, width: Bytes | undefined): Bytes | undefined {
  for (let at = start; at + ATTRIBUTE_HEADER <= message.length; ) {
    const length = message.readUInt16LE(at);
    if (length < ATTRIBUTE_HEADER || at + length > message.length) return undefined;
    // The two uppermost bits are no part of the type: nested, network order.
    const isOfType = (message.readUInt16LE(at + 2) & 0x3fff) === type;
    if (isOfType && (width === undefined || length === ATTRIBUTE_HEADER + width)) return at + ATTRIBUTE_HEADER;
    at += padded(length);
  }
  return undefined;
}

/** Of an attribute: up to its NUL, or its end. */
function textAt(message: Buffer, at: Bytes): string {
  const end = at - ATTRIBUTE_HEADER + message.readUInt16LE(at - ATTRIBUTE_HEADER);
  const value = message.subarray(at, end);
  const nul = value.indexOf(0);
  return value.toString('utf8', 0, nul === -1 ? value.length : nul);
}
