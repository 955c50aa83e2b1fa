import { crc32 } from 'node:zlib';
import type { Bytes, Ms } from '../../base/units.ts';

/**
 * A record: a key, a head and a body, as they stand in a segment. Numbers are little-endian, a record begins at a
 * multiple of 8.
 *
 *      0               4               8       9       10      12
 *     +---------------+---------------+-------+-------+-------+---------------+
 *     | head checksum | magic "PtRc"  |version| flags | header| place         |
 *     +---------------+---------------+-------+-------+ length+---------------+
 *  16 | identity of the segment       | key length    | head length           |
 *     +-------------------------------+---------------+-----------------------+
 *  32 | body length (double)          | sequence (double)                     |
 *     +-------------------------------+---------------------------------------+
 *  48 | expires at (double)           |
 *     +-------------------------------+
 *  56 | key | head | a checksum for each block of the body | 0 to 7 zeros | body | 0 to 7 zeros
 *
 * The head checksum is the CRC-32 of all from the magic to the end of the table of checksums. The body is checked in
 * blocks, so that a part of a large one can be sent without reading all of it, and no byte is sent unchecked.
 *
 * `place` is the record's offset in its segment, divided by 8; the identity is a random number of the segment. What a
 * client stores can thus look like a record, but can never be taken for one. Flags: none yet, 0.
 */
export const RECORD_HEADER: Bytes = 56;

/** What a body is checked by. */
export const BLOCK: Bytes = 128 * 1024;

/** Header, key, head and table of checksums together: enough for a body of 7 GiB and a head of 32 KiB. */
export const MAX_HEAD_AREA: Bytes = 256 * 1024;

const MAGIC = 0x63527450; // "PtRc"
const VERSION = 1;
const NO_FLAGS = 0;

/** Where a record stands. */
export interface RecordPlace {
  /** The number of the segment: 32 bits, never given twice while a directory is open. */
  readonly segment: number;
  /** From the beginning of the segment, a multiple of 8 and less than 2³⁵. */
  readonly offset: Bytes;
  /** Of the whole record, a multiple of 8. */
  readonly length: Bytes;
}

/** A record that is to be written. What its parts mean is no business of the disk tier. */
export interface NewRecord {
  readonly key: Buffer;
  readonly head: Buffer;
  /** One after the other they are the body. They may be views of shared memory. */
  readonly body: readonly Buffer[];
  /** Its place in the order of fetches and purges: of two records with one key, the higher one counts. */
  readonly sequence: number;
  /** Epoch milliseconds from which on nobody can have a use for it; `Infinity` for never. */
  readonly expiresAt: Ms;
}

/** Which of all segments a record belongs to. */
export interface SegmentIdentity {
  readonly low: number;
  readonly high: number;
}

/** What the first 56 bytes and the lengths say. */
export interface RecordLayout {
  readonly keyLength: Bytes;
  readonly headLength: Bytes;
  readonly bodyLength: Bytes;
  readonly sequence: number;
  readonly expiresAt: Ms;
  /** Header, key, head and table, with the zeros: where the body begins, counted from the record's beginning. */
  readonly bodyAt: Bytes;
  /** Of all. */
  readonly length: Bytes;
}

export function headAreaLength(keyLength: Bytes, headLength: Bytes, bodyLength: Bytes): Bytes {
  return aligned(RECORD_HEADER + keyLength + headLength + 4 * Math.ceil(bodyLength / BLOCK));
}

export function recordLength(keyLength: Bytes, headLength: Bytes, bodyLength: Bytes): Bytes {
  return headAreaLength(keyLength, headLength, bodyLength) + aligned(bodyLength);
}

/** Writes all but the body at `at`, and returns how long it is. `checksums`: of the body's blocks. */
export function encodeHead(
  target: Buffer,
  at: number,
  record: NewRecord,
  bodyLength: Bytes,
  checksums: readonly number[],
  identity: SegmentIdentity,
  offset: Bytes,
): Bytes {
  const { key, head } = record;
  target.writeUInt32LE(MAGIC, at + 4);
  target.writeUInt8(VERSION, at + 8);
  target.writeUInt8(NO_FLAGS, at + 9);
  target.writeUInt16LE(RECORD_HEADER, at + 10);
  target.writeUInt32LE(offset / 8, at + 12);
  target.writeUInt32LE(identity.low, at + 16);
  target.writeUInt32LE(identity.high, at + 20);
  target.writeUInt32LE(key.length, at + 24);
  target.writeUInt32LE(head.length, at + 28);
  target.writeDoubleLE(bodyLength, at + 32);
  target.writeDoubleLE(record.sequence, at + 40);
  target.writeDoubleLE(record.expiresAt, at + 48);
  target.set(key, at + RECORD_HEADER);
  target.set(head, at + RECORD_HEADER + key.length);
  let end = at + RECORD_HEADER + key.length + head.length;
  for (const checksum of checksums) end = target.writeUInt32LE(checksum, end);
  target.writeUInt32LE(crc32(target.subarray(at + 4, end)), at);
  const bodyAt = aligned(end - at);
  target.fill(0, end, at + bodyAt);
  return bodyAt;
}

/**
 * The lengths and numbers of the record that begins at `at`, unchecked: first its whole head area has to be there, then
 * `isIntact` tells whether they are true. `undefined` when it is no record, or one of a version that is not known.
 */
export function readLayout(bytes: Buffer, at: number): RecordLayout | undefined {
  if (bytes.readUInt32LE(at + 4) !== MAGIC || bytes[at + 8] !== VERSION) return undefined;
  if (bytes.readUInt16LE(at + 10) !== RECORD_HEADER) return undefined;
  const keyLength = bytes.readUInt32LE(at + 24);
  const headLength = bytes.readUInt32LE(at + 28);
  const bodyLength = bytes.readDoubleLE(at + 32);
  if (!Number.isSafeInteger(bodyLength) || bodyLength < 0) return undefined;
  const bodyAt = headAreaLength(keyLength, headLength, bodyLength);
  if (bodyAt > MAX_HEAD_AREA) return undefined;
  return {
    keyLength,
    headLength,
    bodyLength,
    sequence: bytes.readDoubleLE(at + 40),
    expiresAt: bytes.readDoubleLE(at + 48),
    bodyAt,
    length: bodyAt + aligned(bodyLength),
  };
}

/** Whether a head area is what was written, and written at this offset. */
export function isIntact(bytes: Buffer, at: number, layout: RecordLayout, offset: Bytes): boolean {
  return (
    bytes.readUInt32LE(at + 12) * 8 === offset &&
    crc32(bytes.subarray(at + 4, tableAt(at, layout) + 4 * blocksOf(layout))) === bytes.readUInt32LE(at)
  );
}

/** Whether a record says that it was written into this segment. */
export function isOf(bytes: Buffer, at: number, identity: SegmentIdentity): boolean {
  return bytes.readUInt32LE(at + 16) === identity.low && bytes.readUInt32LE(at + 20) === identity.high;
}

export function keyIn(bytes: Buffer, at: number, { keyLength }: RecordLayout): Buffer {
  return bytes.subarray(at + RECORD_HEADER, at + RECORD_HEADER + keyLength);
}

export function headIn(bytes: Buffer, at: number, { keyLength, headLength }: RecordLayout): Buffer {
  const start = at + RECORD_HEADER + keyLength;
  return bytes.subarray(start, start + headLength);
}

/** The checksums of the body's blocks, as they stand in the head area. */
export function checksumsIn(bytes: Buffer, at: number, layout: RecordLayout): Buffer {
  const start = tableAt(at, layout);
  return bytes.subarray(start, start + 4 * blocksOf(layout));
}

export function aligned(length: Bytes): Bytes {
  return Math.ceil(length / 8) * 8;
}

function tableAt(at: number, { keyLength, headLength }: RecordLayout): number {
  return at + RECORD_HEADER + keyLength + headLength;
}

function blocksOf({ bodyLength }: RecordLayout): number {
  return Math.ceil(bodyLength / BLOCK);
}
