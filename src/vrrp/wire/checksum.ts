import type { Bytes } from '../../base/units.ts';
import type { AddressBytes } from './address.ts';

/**
 * The checksum of IP's protocols (RFC 1071): the complement of the one's complement sum of all 16-bit words, where the word of
 * the checksum itself is 0. Sums are handed on as they are, and folded into 16 bits at the end: of 64 KiB they stay below 2³².
 */

/** Of the words from `from` up to `to`, added to `before`. An odd byte at the end is the upper half of a word. */
export function sumOf(bytes: Uint8Array, from: Bytes, to: Bytes, before = 0): number {
  let sum = before;
  let i = from;
  for (; i + 1 < to; i += 2) sum += ((bytes[i] as number) << 8) | (bytes[i + 1] as number);
  if (i < to) sum += (bytes[i] as number) << 8;
  return sum;
}

/**
 * The sum of a pseudo-header, of either family: addresses, protocol and length of what follows. That RFC 9293 §3.1 has them in
 * other places than RFC 8200 §8.1 makes no difference to a sum.
 */
export function sumOfPseudoHeader(
  source: AddressBytes,
  destination: AddressBytes,
  protocol: number,
  length: Bytes,
): number {
  return sumOf(source, 0, source.length) + sumOf(destination, 0, destination.length) + protocol + length;
}

/** What belongs into the checksum field. */
export function checksumOf(sum: number): number {
  return ~folded(sum) & 0xffff;
}

/** Whether a sum with the checksum in it is as it must be. */
export function isRight(sum: number): boolean {
  return folded(sum) === 0xffff;
}

function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = (rest & 0xffff) + (rest >>> 16);
  return rest;
}
