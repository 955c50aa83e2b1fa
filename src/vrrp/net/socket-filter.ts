import { NativeMemory } from '../../base/ffi.ts';
import type { Bytes } from '../../base/units.ts';
import type { RawSocket } from './socket.ts';
import { SO_ATTACH_FILTER, SOL_SOCKET, type VrrpSystem } from './system.ts';

/** struct sock_filter: operation (2), how many to skip if so (1) and if not (1), value (4). */
const INSTRUCTION: Bytes = 8;

/** What a socket takes, decided by the kernel: operation, how many to skip if so and if not, value (linux/filter.h). */
export type SocketFilter = readonly (readonly [operation: number, then: number, otherwise: number, value: number])[];

export const LOAD_BYTE = 0x30;
export const LOAD_WORD = 0x20;
/** Of the offset that was kept, and this value. */
export const LOAD_BYTE_BEHIND = 0x50;
/** Keeps the length of the header of IPv4 that begins at this value. */
export const KEEP_IPV4_LENGTH = 0xb1;
/** Keeps the value. */
export const KEEP = 0x01;
export const AND = 0x54;
export const IS_EQUAL = 0x15;
export const RETURN = 0x06;

/** Returned: so many bytes of it. */
export const TAKE = 0x4_0000;
export const DROP = 0;

/** In place of the one that it has, at once. The system has read it when this returns. */
export function attachFilter({ ffi }: VrrpSystem, socket: RawSocket, filter: SocketFilter): void {
  const code = new NativeMemory(ffi, filter.length * INSTRUCTION);
  for (const [i, [operation, then, otherwise, value]] of filter.entries()) {
    code.bytes.writeUInt16LE(operation, i * INSTRUCTION);
    code.bytes.writeUInt8(then, i * INSTRUCTION + 2);
    code.bytes.writeUInt8(otherwise, i * INSTRUCTION + 3);
    code.bytes.writeUInt32LE(value, i * INSTRUCTION + 4);
  }
  // struct sock_fprog: how many (2), where they are.
  const program = Buffer.alloc(16);
  program.writeUInt16LE(filter.length);
  program.writeBigUInt64LE(code.address(0), 8);
  socket.option(SOL_SOCKET, SO_ATTACH_FILTER, program);
}
