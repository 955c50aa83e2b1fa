import type { Bytes } from '../../base/units.ts';
import { bodyChecksums, largeBodyChecksums } from './body-checksums.ts';
import type { OpenSegment } from './open-segment.ts';
import { aligned, encodeHead, type NewRecord } from './record.ts';
import { indexedLength } from './segment-index.ts';

/**
 * What is written at once. Records are put together here and not handed to the system piece by piece: a copy of 1 KiB
 * takes less time than one more piece in a list, and bodies in shared memory are in many pieces.
 */
export const BATCH: Bytes = 1024 * 1024;

/** A record and what was computed of it when it came. */
export interface PendingRecord {
  readonly record: NewRecord;
  readonly bodyLength: Bytes;
  /** Of the whole record. */
  readonly length: Bytes;
}

/** Where records become bytes, on their way into a segment. One write at a time. */
export class RecordBatch {
  #memory: Buffer | undefined;

  /**
   * Writes, at the segment's end, as many as go together from `from` on, and tells how many. One at least: the first fits
   * into the segment.
   */
  async write(segment: OpenSegment, queue: readonly PendingRecord[], from: number): Promise<number> {
    const first = queue[from] as PendingRecord;
    this.#memory ??= Buffer.allocUnsafeSlow(BATCH);
    if (first.length > BATCH) {
      await writeLarge(segment, first, this.#memory);
      return 1;
    }
    const { count, length } = gather(segment, queue, from, this.#memory);
    await segment.write(this.#memory.subarray(0, length), segment.end);
    return count;
  }
}

/** Encodes records while they fit in here and into the segment. */
function gather(
  segment: OpenSegment,
  queue: readonly PendingRecord[],
  from: number,
  into: Buffer,
): { count: number; length: Bytes } {
  let length = 0;
  let indexed = 0;
  let count = 0;
  for (let i = from; i < queue.length; i++) {
    const pending = queue[i] as PendingRecord;
    if (length + pending.length > BATCH) break;
    const keyLength = pending.record.key.length;
    const offset = segment.end + length;
    if (count > 0 && !segment.fits(offset + indexed, pending.length, keyLength)) break;
    length = encode(segment, pending, offset, into, length);
    indexed += indexedLength(keyLength);
    count++;
  }
  return { count, length };
}

/** Returns where it ends. */
function encode(
  segment: OpenSegment,
  { record, bodyLength }: PendingRecord,
  offset: Bytes,
  into: Buffer,
  at: number,
): number {
  let end = at + encodeHead(into, at, record, bodyLength, bodyChecksums(record.body), segment.identity, offset);
  for (const piece of record.body) {
    into.set(piece, end);
    end += piece.length;
  }
  const padded = aligned(end);
  into.fill(0, end, padded);
  return padded;
}

/** One that is longer than all of the memory goes through it in pieces. */
async function writeLarge(segment: OpenSegment, { record, bodyLength }: PendingRecord, memory: Buffer): Promise<void> {
  const checksums = await largeBodyChecksums(record.body);
  let position = segment.end;
  let filled = encodeHead(memory, 0, record, bodyLength, checksums, segment.identity, position);
  const padding = Buffer.alloc(aligned(bodyLength) - bodyLength);
  for (const piece of [...record.body, padding]) {
    let taken = 0;
    while (taken < piece.length) {
      const part = piece.subarray(taken, taken + memory.length - filled);
      memory.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled < memory.length) continue;
      await segment.write(memory, position);
      position += filled;
      filled = 0;
    }
  }
  if (filled > 0) await segment.write(memory.subarray(0, filled), position);
}
