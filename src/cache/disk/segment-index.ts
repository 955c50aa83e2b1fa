import { crc32 } from 'node:zlib';
import type { Bytes, Ms } from '../../base/units.ts';
import { type NewRecord, type RecordPlace, recordLength, type SegmentIdentity } from './record.ts';

/**
 * The index of a segment: its records without heads and bodies, so that a start need not read the segment. It is
 * appended to while the segment is written, in chunks that stand each for itself:
 *
 *      0               4               8               16              20              24
 *     +---------------+---------------+---------------+---------------+---------------+
 *     | checksum      | magic "PtIx"  | identity      | length of     | end           | entries
 *     |               |               |               | the entries   |               |
 *     +---------------+---------------+---------------+---------------+---------------+
 *
 * The checksum is the CRC-32 of what comes after it. `end` is the offset, divided by 8, up to which the segment's records
 * are in this chunk and those before it. So an index that breaks off, after a kill or on a bad disk, is good as far as it
 * goes, and the segment itself is read from there. An entry:
 *
 *      0               4               8               12              20              28              36
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 *     | place         | key length    | head length   | body length   | sequence      | expires at    | key
 *     +---------------+---------------+---------------+---------------+---------------+---------------+
 */
export const CHUNK_HEADER: Bytes = 24;
export const ENTRY_HEADER: Bytes = 36;

const MAGIC = 0x78497450; // "PtIx"

/** About how long a chunk is. At most it is that and one entry. */
const CHUNK: Bytes = 64 * 1024;

/** What an index takes of a record, at most. */
export function indexedLength(keyLength: Bytes): Bytes {
  return ENTRY_HEADER + keyLength + CHUNK_HEADER;
}

/** Makes the chunks. */
export class IndexChunks {
  readonly #identity: SegmentIdentity;
  #chunk = Buffer.allocUnsafe(4096);
  #length = CHUNK_HEADER;
  #end: Bytes = 0;

  constructor(identity: SegmentIdentity) {
    this.#identity = identity;
  }

  /** Records come in the order in which they stand in the segment. */
  add(record: NewRecord, bodyLength: Bytes, place: RecordPlace): void {
    const { key, head, sequence, expiresAt } = record;
    const at = this.#length;
    this.#length += ENTRY_HEADER + key.length;
    if (this.#length > this.#chunk.length) this.#grow();
    const chunk = this.#chunk;
    chunk.writeUInt32LE(place.offset / 8, at);
    chunk.writeUInt32LE(key.length, at + 4);
    chunk.writeUInt32LE(head.length, at + 8);
    chunk.writeDoubleLE(bodyLength, at + 12);
    chunk.writeDoubleLE(sequence, at + 20);
    chunk.writeDoubleLE(expiresAt, at + 28);
    chunk.set(key, at + ENTRY_HEADER);
    this.#end = place.offset + place.length;
  }

  /** Whether it is time for `take`. */
  get isFull(): boolean {
    return this.#length >= CHUNK;
  }

  /** The chunk with all records since the last one; `undefined` without any. It is valid until the next `add`. */
  take(): Buffer | undefined {
    if (this.#length === CHUNK_HEADER) return undefined;
    const chunk = this.#chunk.subarray(0, this.#length);
    chunk.writeUInt32LE(MAGIC, 4);
    chunk.writeUInt32LE(this.#identity.low, 8);
    chunk.writeUInt32LE(this.#identity.high, 12);
    chunk.writeUInt32LE(this.#length - CHUNK_HEADER, 16);
    chunk.writeUInt32LE(this.#end / 8, 20);
    chunk.writeUInt32LE(crc32(chunk.subarray(4)), 0);
    this.#length = CHUNK_HEADER;
    return chunk;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#chunk.length, this.#length));
    larger.set(this.#chunk);
    this.#chunk = larger;
  }
}

/** A record as its index knows it. */
export interface IndexEntry {
  readonly offset: Bytes;
  readonly length: Bytes;
  readonly headLength: Bytes;
  readonly bodyLength: Bytes;
  readonly sequence: number;
  readonly expiresAt: Ms;
  /** A view. */
  readonly key: Buffer;
}

/** The length of the chunk that begins at `at`, if one of this segment does; it is not checked yet. */
export function chunkLength(bytes: Buffer, at: number, identity: SegmentIdentity): Bytes | undefined {
  if (bytes.length - at < CHUNK_HEADER || bytes.readUInt32LE(at + 4) !== MAGIC) return undefined;
  if (bytes.readUInt32LE(at + 8) !== identity.low || bytes.readUInt32LE(at + 12) !== identity.high) return undefined;
  return CHUNK_HEADER + bytes.readUInt32LE(at + 16);
}

/** Whether a whole chunk is what was written. */
export function isChunkIntact(chunk: Buffer): boolean {
  return crc32(chunk.subarray(4)) === chunk.readUInt32LE(0);
}

/** Up to where in the segment the index goes with this chunk. */
export function chunkEnd(chunk: Buffer): Bytes {
  return chunk.readUInt32LE(20) * 8;
}

/** The entries of an intact chunk. */
export function* chunkEntries(chunk: Buffer): Generator<IndexEntry> {
  let at = CHUNK_HEADER;
  while (at < chunk.length) {
    const keyLength = chunk.readUInt32LE(at + 4);
    const headLength = chunk.readUInt32LE(at + 8);
    const bodyLength = chunk.readDoubleLE(at + 12);
    yield {
      offset: chunk.readUInt32LE(at) * 8,
      length: recordLength(keyLength, headLength, bodyLength),
      headLength,
      bodyLength,
      sequence: chunk.readDoubleLE(at + 20),
      expiresAt: chunk.readDoubleLE(at + 28),
      key: chunk.subarray(at + ENTRY_HEADER, at + ENTRY_HEADER + keyLength),
    };
    at += ENTRY_HEADER + keyLength;
  }
}
