import type { Bytes, Ms } from '../../base/units.ts';
import type { AddressBytes, Family } from './address.ts';

/**
 * The one message of VRRP, IP protocol 112: an advertisement. Numbers are in network order.
 *
 *      version 2 (RFC 3768 §5.1, IPv4 only)          version 3 (RFC 9568 §5.2)
 *
 *      0        1        2        3                  0        1        2        3
 *      +--------+--------+--------+--------+         +--------+--------+--------+--------+
 *    0 | 2 |  1 | VRID   |priority| count  |       0 | 3 |  1 | VRID   |priority| count  |   version, type: 4 bits each
 *      +--------+--------+--------+--------+         +--------+--------+--------+--------+
 *    4 | auth   |interval| checksum        |       4 | 0 |    interval | checksum        |   v2: seconds
 *      +--------+--------+--------+--------+         +--------+--------+--------+--------+   v3: 12 bits, 1/100 s
 *    8 | addresses, 4 bytes each           |       8 | addresses, 4 or 16 bytes each     |
 *      +--------+--------+--------+--------+         +--------+--------+--------+--------+
 *      | auth data, 8 bytes                |
 *      +--------+--------+--------+--------+
 *
 * Either may be followed by a trailer that signs it (`hmac.ts`). It is outside of what the count tells, and of the
 * checksum but for IPv6.
 */
export const VRRP_PROTOCOL = 112;

/** TTL and hop limit of what did not come through a router (RFC 9568 §5.1.1.3). */
export const ON_LINK = 255;

export const ADVERTISEMENT = 1;

/**
 * What a checksum covers, on which the world does not agree for version 3 over IPv4: a router that computes it as RFC 9568 says
 * and keepalived as it comes drop each other's advertisements, and both become active.
 *
 *     v2            the message, its authentication data included (RFC 3768 §5.3.8)
 *     pseudo        pseudo-header and message: IPv6 (with a trailer, if there is one); over IPv4 keepalived, FRR, tcpdump
 *     rfc9568       the message alone: RFC 9568 §5.2.8, Cisco, Juniper, keepalived's v3_checksum_as_v2; IPv4 only
 *     unicast-old   as pseudo, but with 224.0.0.18 in place of a unicast destination: keepalived before 1.3.6; IPv4 only
 */
export type ChecksumForm = 'v2' | 'pseudo' | 'rfc9568' | 'unicast-old';

export type Version = 2 | 3;

/** The two that mean something else than a rank (RFC 9568 §5.2.4): the active router leaves; the addresses are its own. */
export const PRIORITY = { LEAVING: 0, OWNER: 255 } as const;

/** Of version 2. The third one, AH, is another IP protocol: such packets do not come here. */
export const AUTH_TYPE = { NONE: 0, PASS: 1 } as const;

export const FIXED: Bytes = 8;
export const CHECKSUM_AT: Bytes = 6;
export const AUTH_DATA: Bytes = 8;

/** 12 bits of 1/100 s. */
export const LONGEST_INTERVAL_V3: Ms = 40_950;
/** 8 bits of seconds. */
export const LONGEST_INTERVAL_V2: Ms = 255_000;

export const MOST_ADDRESSES = 255;

export interface Advertisement {
  readonly kind: 'advertisement';
  readonly version: Version;
  readonly family: Family;
  /** 1 to 255. */
  readonly vrid: number;
  /** 0: the sender leaves; 255: it owns the addresses. */
  readonly priority: number;
  /** Never 0. */
  readonly interval: Ms;
  /** Of version 2: see `AUTH_TYPE`. 0 in version 3. */
  readonly authType: number;
  /** 8 bytes, of version 2 only. */
  readonly authData: Uint8Array | undefined;
  /** At least one. */
  readonly addresses: readonly AddressBytes[];
  readonly source: AddressBytes;
  readonly destination: AddressBytes;
  /** TTL or hop limit that it arrived with; 255 when it was sent to a group. */
  readonly hopLimit: number;
  readonly checksum: ChecksumForm;
  /** How many bytes follow the message itself. */
  readonly excess: Bytes;
  /** The message and what follows it, if that is as long as a trailer. */
  readonly signed: Uint8Array | undefined;
}

/** Why a packet is no advertisement, whatever the settings. Each is a drop that is counted: the names stay as they are. */
export const DECODE_REASONS = [
  /** No whole IP datagram. */
  'ip-header',
  /** Another protocol than VRRP. */
  'protocol',
  /** It was sent to a group, and came through a router, or pretends to. */
  'ttl',
  /** Neither 2 nor 3, or 2 over IPv6. */
  'version',
  /** Not an advertisement. */
  'type',
  /** 0. */
  'vrid-zero',
  /** No address. */
  'count',
  /** Shorter than its count says. */
  'length',
  /** In no form that anybody sends (see `ChecksumForm`). */
  'checksum',
  /** Whoever believed it would take over at once, again and again (RFC 9568, erratum 8301). */
  'interval-zero',
  /** The first address of IPv6 is not link-local (RFC 9568 §5.2.9, erratum 8300). */
  'link-local-first',
] as const;

export type DecodeReason = (typeof DECODE_REASONS)[number];

export interface Drop {
  readonly kind: 'drop';
  readonly reason: DecodeReason;
  /** What the packet said, where it was long enough: a drop for a VRID of ours may be a second active router in the making. */
  readonly version: number | undefined;
  readonly vrid: number | undefined;
  /** `undefined`: without an IP header. */
  readonly source: AddressBytes | undefined;
}

/** How long a message is, without a trailer. */
export function messageLength(version: Version, count: number, addressLength: Bytes): Bytes {
  return FIXED + count * addressLength + (version === 2 ? AUTH_DATA : 0);
}
