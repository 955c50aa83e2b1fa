import type { Bytes } from '../../base/units.ts';

/** Numbers in network order. Where the bytes end is the caller's to know: nothing here throws. */

export function u16(bytes: Uint8Array, at: Bytes): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function putU16(bytes: Uint8Array, at: Bytes, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}
