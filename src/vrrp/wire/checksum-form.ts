import type { Bytes } from '../../base/units.ts';
import { type AddressBytes, isMulticast, VRRP_GROUP_IPV4 } from './address.ts';
import { type ChecksumForm, type Version, VRRP_PROTOCOL } from './advertisement.ts';
import { isRight, sumOf, sumOfPseudoHeader } from './checksum.ts';

/** What version 3 over IPv4 is sent with. `auto`: as the peer does, and `pseudo` as long as none was heard. */
export type ChecksumPolicy = 'auto' | 'pseudo' | 'rfc9568';

export interface Ends {
  readonly source: AddressBytes;
  readonly destination: AddressBytes;
}

/** The form for what is sent. `heard`: of the last advertisement that was taken from a peer. */
export function formToSend(policy: ChecksumPolicy, heard: ChecksumForm | undefined): ChecksumForm {
  if (policy !== 'auto') return policy;
  return heard === undefined || heard === 'v2' ? 'pseudo' : heard;
}

/**
 * In which form a checksum is right, `undefined` if in none. `length`: of the message without what follows it.
 * Where a pseudo-header happens to sum up to nothing, two forms are the same, and the first is told.
 */
export function formOf(message: Uint8Array, length: Bytes, version: Version, ends: Ends): ChecksumForm | undefined {
  const forms = version === 2 ? V2 : ends.source.length > 4 ? IPV6 : isMulticast(ends.destination) ? GROUP : UNICAST;
  return forms.find((form) => isRight(sumIn(form, message, length, ends)));
}

/** What the words of a message, and of the pseudo-header of its form, sum up to, not folded. */
export function sumIn(form: ChecksumForm, message: Uint8Array, length: Bytes, ends: Ends): number {
  const { source, destination } = ends;
  // As Linux does it for IPv6, by IPV6_CHECKSUM: of all that the datagram has.
  const covered = source.length > 4 ? message.length : length;
  const sum = sumOf(message, 0, covered);
  if (form === 'v2' || form === 'rfc9568') return sum;
  const to = form === 'unicast-old' ? VRRP_GROUP_IPV4 : destination;
  return sum + sumOfPseudoHeader(source, to, VRRP_PROTOCOL, covered);
}

const V2: readonly ChecksumForm[] = ['v2'];
const IPV6: readonly ChecksumForm[] = ['pseudo'];
const GROUP: readonly ChecksumForm[] = ['pseudo', 'rfc9568'];
const UNICAST: readonly ChecksumForm[] = ['pseudo', 'rfc9568', 'unicast-old'];
