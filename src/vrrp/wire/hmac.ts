import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Bytes } from '../../base/units.ts';
import type { AddressBytes } from './address.ts';
import { CHECKSUM_AT } from './advertisement.ts';

/**
 * The trailer that signs an advertisement, as keepalived has it from 2.4.0 on (`auth_hmac`). Not run against a peer yet.
 *
 *      0        1        2        3
 *      +--------+--------+--------+--------+
 *    0 | type 1 | key id | 0               |
 *      +--------+--------+--------+--------+
 *    4 | seconds since 1970, UTC           |   these three are one number of 64 bits, the sequence: it grows
 *      +--------+--------+--------+--------+   from one advertisement of a sender to the next
 *    8 | 1/65536 s       | counter         |
 *      +--------+--------+--------+--------+
 *   12 | HMAC-SHA256, the first 16 bytes   |
 *      +--------+--------+--------+--------+
 *
 * What is signed:
 *
 *      +--------+--------+--------+--------+
 *    0 | 4 or 6 | version| VRID   | 0      |   so that nothing can be used for another virtual router of the same key
 *      +--------+--------+--------+--------+
 *    4 | source address, 16 bytes          |   of IPv4: the address and 12 zeros
 *      +--------+--------+--------+--------+
 *   20 | message, its checksum as 0        |   as Linux fills it in behind our back for IPv6
 *      | trailer, its HMAC as 0            |
 *      +--------+--------+--------+--------+
 */
export const TRAILER: Bytes = 28;
export const HMAC_SHA256_128 = 1;

export const SHORTEST_SECRET: Bytes = 32;
export const LONGEST_SECRET: Bytes = 64;

const SEQUENCE_AT: Bytes = 4;
const HMAC_AT: Bytes = 12;
const HMAC: Bytes = 16;
const PSEUDO: Bytes = 20;

export interface HmacKey {
  /** 0 to 255, told in each trailer: so keys can be changed while both are known. */
  readonly id: number;
  /** 32 to 64 bytes. */
  readonly secret: Uint8Array;
}

/** What an advertisement is signed with. */
export interface Signature {
  readonly key: HmacKey;
  /** 64 bits: see `SendSequence`. */
  readonly sequence: bigint;
}

/** `undefined` when it is no trailer of this type. `signed`: a message with its trailer. */
export function readTrailer(signed: Uint8Array): { readonly keyId: number; readonly sequence: bigint } | undefined {
  const at = signed.length - TRAILER;
  if (at < CHECKSUM_AT + 2 || signed[at] !== HMAC_SHA256_128 || signed[at + 2] !== 0 || signed[at + 3] !== 0) {
    return undefined;
  }
  return { keyId: signed[at + 1] as number, sequence: viewOf(signed).getBigUint64(at + SEQUENCE_AT) };
}

/** Writes the trailer into the last 28 bytes of `signed`; the message stands before them, with whatever checksum. */
export function sign(signed: Uint8Array, source: AddressBytes, { key, sequence }: Signature): void {
  const at = signed.length - TRAILER;
  signed.fill(0, at);
  signed[at] = HMAC_SHA256_128;
  signed[at + 1] = key.id;
  viewOf(signed).setBigUint64(at + SEQUENCE_AT, sequence);
  signed.set(hmacOf(signed, source, key), at + HMAC_AT);
}

/** Whether the trailer was made with this key, by whoever has the source address. */
export function isSignedWith(key: HmacKey, signed: Uint8Array, source: AddressBytes): boolean {
  return timingSafeEqual(signed.subarray(signed.length - HMAC), hmacOf(signed, source, key));
}

function hmacOf(signed: Uint8Array, source: AddressBytes, { secret }: HmacKey): Uint8Array {
  const input = new Uint8Array(PSEUDO + signed.length);
  input[0] = source.length === 4 ? 4 : 6;
  input[1] = (signed[0] as number) >>> 4;
  input[2] = signed[1] as number;
  input.set(source, 4);
  input.set(signed, PSEUDO);
  input.fill(0, PSEUDO + CHECKSUM_AT, PSEUDO + CHECKSUM_AT + 2);
  input.fill(0, input.length - HMAC);
  return createHmac('sha256', secret).update(input).digest().subarray(0, HMAC);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
