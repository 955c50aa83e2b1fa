import { ATTRIBUTE_HEADER, NETLINK_HEADER, padded } from './netlink.ts';

/** What all requests by netlink(7) are made of, to whichever part of the kernel: its layout is drawn in `netlink.ts`. */

/** linux/netlink.h: of what is changed, the upper ones mean something else than of what is asked for. */
export const FLAG = { REQUEST: 0x1, ACK: 0x4, REPLACE: 0x100, CREATE: 0x400, APPEND: 0x800, DUMP: 0x300 } as const;

/** Of an attribute's type: what it has is attributes. */
const NESTED = 0x8000;

export function netlinkMessage(
  type: number,
  flags: number,
  sequence: number,
  header: Buffer,
  attributes: readonly Buffer[],
): Buffer {
  const message = Buffer.concat([Buffer.alloc(NETLINK_HEADER), header, ...attributes]);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(flags, 6);
  message.writeUInt32LE(sequence >>> 0, 8);
  return message;
}

export function attribute(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc(padded(ATTRIBUTE_HEADER + value.length));
  bytes.writeUInt16LE(ATTRIBUTE_HEADER + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, ATTRIBUTE_HEADER);
  return bytes;
}

export function nested(type: number, ...attributes: readonly Buffer[]): Buffer {
  return attribute(type | NESTED, Buffer.concat(attributes));
}
