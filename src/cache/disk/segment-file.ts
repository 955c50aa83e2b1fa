import { randomBytes } from 'node:crypto';
import { read, write } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Bytes } from '../../base/units.ts';
import type { SegmentIdentity } from './record.ts';

/**
 * A segment is a file of records, `0000000042.seg`, and beside it stands its index, `0000000042.idx`. It begins with
 *
 *      0               4               8               12              16              24
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 *     | checksum      | magic "PtSg"  | version       | number        | identity      | 0             |
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 *
 * and the first record follows. The checksum is the CRC-32 of what comes after it.
 */
export const SEGMENT_HEADER: Bytes = 32;

const MAGIC = 0x67537450; // "PtSg"
const VERSION = 1;

/** Names that can be ours; any other file is left alone. */
const NAME = /^(\d{10})\.(seg|idx)$/;

export function segmentPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, '0')}.seg`);
}

export function indexPath(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, '0')}.idx`);
}

/** `undefined` for a foreign file. Numbers have 32 bits and begin at 1. */
export function parseSegmentName(name: string): { number: number; kind: 'seg' | 'idx' } | undefined {
  const match = NAME.exec(name);
  const number = Number(match?.[1]);
  if (match === null || number < 1 || number > 0xffff_ffff) return undefined;
  return { number, kind: match[2] as 'seg' | 'idx' };
}

export function newIdentity(): SegmentIdentity {
  const random = randomBytes(8);
  return { low: random.readUInt32LE(0), high: random.readUInt32LE(4) };
}

export function encodeSegmentHeader(target: Buffer, number: number, { low, high }: SegmentIdentity): Bytes {
  target.fill(0, 0, SEGMENT_HEADER);
  target.writeUInt32LE(MAGIC, 4);
  target.writeUInt32LE(VERSION, 8);
  target.writeUInt32LE(number, 12);
  target.writeUInt32LE(low, 16);
  target.writeUInt32LE(high, 20);
  target.writeUInt32LE(crc32(target.subarray(4, SEGMENT_HEADER)), 0);
  return SEGMENT_HEADER;
}

/** `undefined` when it is no segment of ours, of another number, or of a version that is not known. */
export function readSegmentHeader(bytes: Buffer, number: number): SegmentIdentity | undefined {
  if (bytes.length < SEGMENT_HEADER || bytes.readUInt32LE(4) !== MAGIC || bytes.readUInt32LE(8) !== VERSION) return;
  if (bytes.readUInt32LE(12) !== number) return;
  if (crc32(bytes.subarray(4, SEGMENT_HEADER)) !== bytes.readUInt32LE(0)) return;
  return { low: bytes.readUInt32LE(16), high: bytes.readUInt32LE(20) };
}

/** Reads `length` bytes, fewer only where the file ends; tells how many. */
export async function readAt(fd: number, into: Buffer, length: Bytes, position: Bytes): Promise<Bytes> {
  let done = 0;
  while (done < length) {
    const count = await new Promise<number>((resolve, reject) => {
      read(fd, into, done, length - done, position + done, (error, n) => (error ? reject(error) : resolve(n)));
    });
    if (count === 0) break;
    done += count;
  }
  return done;
}

/** Writes some of `bytes` and tells how many; as `fs.write`. */
export type WriteSome = (fd: number, bytes: Buffer, position: Bytes) => Promise<Bytes>;

export const writeSome: WriteSome = (fd, bytes, position) =>
  new Promise((resolve, reject) => {
    write(fd, bytes, 0, bytes.length, position, (error, count) => (error ? reject(error) : resolve(count)));
  });

/** Writes all of `bytes`, or throws. */
export async function writeAll(some: WriteSome, fd: number, bytes: Buffer, position: Bytes): Promise<void> {
  let done = 0;
  // The first attempt is the only one, but for a disk that fills up: then the next one says so.
  while (done < bytes.length) done += await some(fd, bytes.subarray(done), position + done);
}
