import { addressBytes } from '../../../src/vrrp/wire/address.ts';
import type { Advertisement, Drop } from '../../../src/vrrp/wire/advertisement.ts';
import { decodeIPv4, decodeIPv6 } from '../../../src/vrrp/wire/decode.ts';
import { encode, encodedLength, type Outgoing } from '../../../src/vrrp/wire/encode.ts';

/** Packets for the tests of the wire. The nodes are those that keepalived's packets were recorded of. */

export const NODE = ip('10.99.0.1');
export const PEER = ip('10.99.0.3');
export const GROUP = ip('224.0.0.18');
export const NODE_6 = ip('fe80::ff:fe00:1');
export const PEER_6 = ip('fe80::ff:fe00:3');
export const GROUP_6 = ip('ff02::12');
export const NODE_MAC = mac('02:00:00:00:00:01');

/** What all tests vary. */
export const ADVERTISED: Outgoing = {
  version: 3,
  vrid: 51,
  priority: 254,
  interval: 100,
  addresses: [ip('10.99.0.100')],
  source: NODE,
  destination: GROUP,
  checksum: 'pseudo',
};

export const ADVERTISED_6: Outgoing = {
  ...ADVERTISED,
  addresses: [ip('fe80::100'), ip('fd99::100')],
  source: NODE_6,
  destination: GROUP_6,
};

export function ip(text: string): Uint8Array {
  const bytes = addressBytes(text);
  if (bytes === undefined) throw new Error(`no address: ${text}`);
  return bytes;
}

export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (byte) => Number.parseInt(byte, 16));
}

export function fromHex(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(/\s/g, ''), 'hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** What would be given to the kernel. */
export function encoded(outgoing: Outgoing): Buffer {
  const bytes = Buffer.alloc(encodedLength(outgoing), 0xee);
  encode(outgoing, bytes);
  return bytes;
}

/** As a raw socket of IPv4 has it. */
export function ipv4Datagram(
  payload: Uint8Array,
  { source = NODE, destination = GROUP, ttl = 255, protocol = 112, options = 0, behind = 0 } = {},
): Buffer {
  const header = Buffer.alloc(20 + options);
  header[0] = 0x40 | (header.length / 4);
  header[1] = 0xc0;
  header.writeUInt16BE(header.length + payload.length, 2);
  header[8] = ttl;
  header[9] = protocol;
  header.set(source, 12);
  header.set(destination, 16);
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i);
  header.writeUInt16BE(~((sum & 0xffff) + (sum >>> 16)) & 0xffff, 10);
  return Buffer.concat([header, payload, Buffer.alloc(behind, 0xff)]);
}

/** As it comes to a peer: by `hopLimit` 255, where nothing else is said. */
export function arrived(outgoing: Outgoing, message: Uint8Array = encoded(outgoing), hopLimit = 255) {
  const { source, destination } = outgoing;
  return source.length === 4
    ? decodeIPv4(ipv4Datagram(message, { source, destination, ttl: hopLimit }))
    : decodeIPv6(message, { source, destination, hopLimit });
}

export function received(...args: Parameters<typeof arrived>): Advertisement {
  const result: Advertisement | Drop = arrived(...args);
  if (result.kind === 'drop') throw new Error(`dropped: ${result.reason}`);
  return result;
}

/** With other bytes from `at` on. */
export function patched(packet: Uint8Array, at: number, ...bytes: readonly number[]): Buffer {
  const copy = Buffer.from(packet);
  copy.set(bytes, at);
  return copy;
}
