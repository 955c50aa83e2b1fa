import type { Bytes, Ms } from '../../base/units.ts';
import { type AddressBytes, IPV4_LENGTH, IPV6_LENGTH } from './address.ts';
import {
  ADVERTISEMENT,
  AUTH_DATA,
  AUTH_TYPE,
  CHECKSUM_AT,
  type ChecksumForm,
  FIXED,
  LONGEST_INTERVAL_V2,
  LONGEST_INTERVAL_V3,
  MOST_ADDRESSES,
  messageLength,
  type Version,
} from './advertisement.ts';
import { putU16 } from './bytes.ts';
import { checksumOf } from './checksum.ts';
import { sumIn } from './checksum-form.ts';
import { type Signature, sign, TRAILER } from './hmac.ts';

/** What is sent. The kernel puts the IP header in front. */
export interface Outgoing {
  readonly version: Version;
  /** 1 to 255. */
  readonly vrid: number;
  /** 0 to 255. */
  readonly priority: number;
  /** Version 2: whole seconds up to 255. Version 3: hundredths of a second, from 10 ms to 40.95 s. */
  readonly interval: Ms;
  /** 1 to 255, all of the family of `source`. Of IPv6 the first one is link-local. */
  readonly addresses: readonly AddressBytes[];
  readonly source: AddressBytes;
  /** The group, or a unicast peer. */
  readonly destination: AddressBytes;
  /** Of version 3 over IPv4; otherwise there is one form only, and this is not looked at. */
  readonly checksum: ChecksumForm;
  /** Of version 2, 8 bytes (`passwordBytes`): they go over the wire as they are. */
  readonly password?: Uint8Array | undefined;
  readonly signature?: Signature | undefined;
}

/** How much room `encode` needs. */
export function encodedLength({ version, addresses, source, signature }: Outgoing): Bytes {
  return messageLength(version, addresses.length, source.length) + (signature === undefined ? 0 : TRAILER);
}

/**
 * Writes it to the beginning of `into`, and returns how long it is. Throws a `RangeError` on what an advertisement cannot say, or
 * `into` has no room for: settings are checked before they come here.
 */
export function encode(outgoing: Outgoing, into: Uint8Array): Bytes {
  const { version, vrid, priority, interval, addresses, source } = outgoing;
  const total = encodedLength(outgoing);
  assertSendable(outgoing, total, into.length);

  const message = into.subarray(0, total);
  message[0] = (version << 4) | ADVERTISEMENT;
  message[1] = vrid;
  message[2] = priority;
  message[3] = addresses.length;
  if (version === 3) putU16(message, 4, interval / 10);
  else message[5] = interval / 1000;
  putU16(message, CHECKSUM_AT, 0);
  addresses.forEach((address, i) => {
    message.set(address, FIXED + i * source.length);
  });
  const length = messageLength(version, addresses.length, source.length);
  if (version === 2) putPassword(message, length, outgoing.password);
  if (outgoing.signature !== undefined) sign(message, source, outgoing.signature);
  putU16(message, CHECKSUM_AT, checksumOf(sumIn(formOfOutgoing(outgoing), message, length, outgoing)));
  return total;
}

/** A password as version 2 has it: its UTF-8, and NULs up to 8 bytes. Throws a `RangeError` when it is longer. */
export function passwordBytes(password: string): Uint8Array {
  const text = Buffer.from(password, 'utf8');
  if (text.length > AUTH_DATA) throw new RangeError(`a password of ${text.length} bytes`);
  const bytes = new Uint8Array(AUTH_DATA);
  bytes.set(text);
  return bytes;
}

function putPassword(message: Uint8Array, length: Bytes, password: Uint8Array | undefined): void {
  message[4] = password === undefined ? AUTH_TYPE.NONE : AUTH_TYPE.PASS;
  message.fill(0, length - AUTH_DATA, length);
  if (password !== undefined) message.set(password, length - AUTH_DATA);
}

function formOfOutgoing({ version, source, checksum }: Outgoing): ChecksumForm {
  if (version === 2) return 'v2';
  return source.length === IPV6_LENGTH || checksum === 'v2' ? 'pseudo' : checksum;
}

function assertSendable(outgoing: Outgoing, total: Bytes, room: Bytes): void {
  const { version, vrid, priority, interval, addresses, source, destination, password } = outgoing;
  const width = source.length;
  const [unit, longest] = version === 3 ? [10, LONGEST_INTERVAL_V3] : [1000, LONGEST_INTERVAL_V2];
  const problem =
    (width !== IPV4_LENGTH && (width !== IPV6_LENGTH || version === 2) && 'source') ||
    (destination.length !== width && 'destination') ||
    (!isWithin(vrid, 1, 255) && 'VRID') ||
    (!isWithin(priority, 0, 255) && 'priority') ||
    (!isWithin(interval / unit, 1, longest / unit) && 'interval') ||
    (!isWithin(addresses.length, 1, MOST_ADDRESSES) && 'number of addresses') ||
    (addresses.some(({ length }) => length !== width) && 'addresses') ||
    (password !== undefined && password.length !== AUTH_DATA && 'password') ||
    (total > room && 'room');
  if (problem !== false) throw new RangeError(`an advertisement cannot be sent: ${problem}`);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}
