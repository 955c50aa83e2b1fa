import { type AddressBytes, type Family, familyOf } from './address.ts';
import { ADDRESS_HEADER, AF, IFA, IFA_F, LINK_HEADER, type Seconds, TYPE } from './netlink.ts';
import { attribute, FLAG, netlinkMessage } from './netlink-message.ts';

/** What rtnetlink is asked for: its layout is drawn in `netlink.ts`. */

/** linux/rtnetlink.h: it is good anywhere. Of IPv6 Linux knows itself. */
const SCOPE_UNIVERSE = 0;

/** Where a virtual address is, or is to be. */
export interface Place {
  /** The interface's index. */
  readonly interface: number;
  readonly address: AddressBytes;
  /** Of one that is to be removed, and was not set by us; default: all of the address. */
  readonly prefix?: number;
}

export interface Lifetimes {
  /** After so many whole seconds the kernel takes the address away, unless it is set again. At least 1; or `FOREVER`. */
  readonly valid: Seconds;
  /** For how long it may be the source of connections, at most `valid`. 0: IPv6 never chooses it. */
  readonly preferred: Seconds;
}

/**
 * Sets a virtual address, or its lifetimes anew: RTM_NEWADDR. As /32 or /128: so no route comes and goes with it, and it never is
 * a primary address that takes others along when it goes. Without duplicate address detection, which would take more than a
 * second, and would fail for good while the one who had it still answers.
 */
export function setAddress(place: Place, { valid, preferred }: Lifetimes, sequence: number): Buffer {
  const flags = FLAG.REQUEST | FLAG.ACK | FLAG.CREATE | FLAG.REPLACE;
  return netlinkMessage(TYPE.NEWADDR, flags, sequence, addressHeader(familyOf(place.address), place), [
    attribute(IFA.LOCAL, place.address),
    attribute(IFA.ADDRESS, place.address),
    attribute(IFA.CACHEINFO, words(preferred, valid, 0, 0)), // when it was made, and changed: the kernel's to tell
    attribute(IFA.FLAGS, words(IFA_F.NODAD)),
  ]);
}

/** Takes a virtual address away: RTM_DELADDR. */
export function removeAddress(place: Place, sequence: number): Buffer {
  return netlinkMessage(
    TYPE.DELADDR,
    FLAG.REQUEST | FLAG.ACK,
    sequence,
    addressHeader(familyOf(place.address), place),
    [attribute(IFA.LOCAL, place.address), attribute(IFA.ADDRESS, place.address)],
  );
}

/** Asks for all addresses of a family: RTM_GETADDR. They come as `address-added`, and then `dump-done`. */
export function dumpAddresses(family: Family, sequence: number): Buffer {
  return netlinkMessage(TYPE.GETADDR, FLAG.REQUEST | FLAG.DUMP, sequence, addressHeader(family, undefined), []);
}

/** Asks for all interfaces: RTM_GETLINK. They come as `link-changed`, and then `dump-done`. */
export function dumpLinks(sequence: number): Buffer {
  return netlinkMessage(TYPE.GETLINK, FLAG.REQUEST | FLAG.DUMP, sequence, Buffer.alloc(LINK_HEADER), []);
}

function addressHeader(family: Family, place: Place | undefined): Buffer {
  const header = Buffer.alloc(ADDRESS_HEADER);
  header[0] = family === 4 ? AF.INET : AF.INET6;
  if (place === undefined) return header;
  header[1] = place.prefix ?? place.address.length * 8;
  header[2] = IFA_F.NODAD;
  header[3] = SCOPE_UNIVERSE;
  header.writeUInt32LE(place.interface, 4);
  return header;
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32LE(value, i * 4);
  });
  return bytes;
}
