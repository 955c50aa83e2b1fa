import { close, ftruncate, open } from 'node:fs';
import { promisify } from 'node:util';
import type { Bytes } from '../../base/units.ts';
import { type NewRecord, type RecordPlace, recordLength, type SegmentIdentity } from './record.ts';
import {
  encodeSegmentHeader,
  indexPath,
  newIdentity,
  SEGMENT_HEADER,
  segmentPath,
  type WriteSome,
  writeAll,
} from './segment-file.ts';
import { IndexChunks, indexedLength } from './segment-index.ts';
import type { SegmentRow } from './segments.ts';

const openFile = promisify(open);
const closeFile = promisify(close);
const truncateFile = promisify(ftruncate);

/** What a segment has to be able to become to take one record of these lengths. */
export function neededCapacity(keyLength: Bytes, headLength: Bytes, bodyLength: Bytes): Bytes {
  return SEGMENT_HEADER + recordLength(keyLength, headLength, bodyLength) + indexedLength(keyLength);
}

/** The segment that a worker appends to, and its index. */
export class OpenSegment {
  readonly row: number;
  readonly number: number;
  readonly identity: SegmentIdentity = newIdentity();
  readonly #capacity: Bytes;
  readonly #write: WriteSome;
  readonly #file: number;
  readonly #index: SegmentIndexFile;
  /** Where the next record goes. */
  #end: Bytes = SEGMENT_HEADER;
  #indexed: Bytes = 0;

  /** Makes the file; throws what the system says. */
  static async create(
    directory: string,
    { row, number }: SegmentRow,
    capacity: Bytes,
    write: WriteSome,
  ): Promise<OpenSegment> {
    const file = await openFile(segmentPath(directory, number), 'wx', 0o600);
    const segment = new OpenSegment(directory, { row, number }, capacity, write, file);
    try {
      const header = Buffer.alloc(SEGMENT_HEADER);
      encodeSegmentHeader(header, number, segment.identity);
      await writeAll(write, file, header, 0);
      return segment;
    } catch (error) {
      await closeFile(file).catch(() => {});
      throw error;
    }
  }

  private constructor(directory: string, { row, number }: SegmentRow, capacity: Bytes, write: WriteSome, file: number) {
    this.row = row;
    this.number = number;
    this.#capacity = capacity;
    this.#write = write;
    this.#file = file;
    this.#index = new SegmentIndexFile(indexPath(directory, number), this.identity, write);
  }

  get end(): Bytes {
    return this.#end;
  }

  /** What it and its index take. */
  get size(): Bytes {
    return this.#end + this.#indexed;
  }

  /** Whether a record fits in that begins at `offset` and is `length` long. */
  fits(offset: Bytes, length: Bytes, keyLength: Bytes): boolean {
    return offset + length + this.#indexed + indexedLength(keyLength) <= this.#capacity;
  }

  write(bytes: Buffer, position: Bytes): Promise<void> {
    return writeAll(this.#write, this.#file, bytes, position);
  }

  /** A record that is written: it is part of the segment from now on. */
  add(record: NewRecord, bodyLength: Bytes, place: RecordPlace): void {
    this.#index.chunks.add(record, bodyLength, place);
    this.#end = place.offset + place.length;
    this.#indexed += indexedLength(record.key.length);
  }

  /** Writes the index as far as it makes whole chunks. Never fails: without index the segment itself is read. */
  async keepIndex(): Promise<void> {
    if (this.#index.chunks.isFull) await this.#index.write();
  }

  /** Ends the segment. What a failed write left behind its last record is cut off. Never fails. */
  async close(): Promise<void> {
    await truncateFile(this.#file, this.#end).catch(() => {});
    await this.#index.write();
    await this.#index.close();
    await closeFile(this.#file).catch(() => {});
  }
}

/** The file of an index. After its first failure it is left as it is: what it says is still true. */
class SegmentIndexFile {
  readonly chunks: IndexChunks;
  readonly #path: string;
  readonly #write: WriteSome;
  #file: number | undefined;
  #end: Bytes = 0;
  #isBroken = false;

  constructor(path: string, identity: SegmentIdentity, write: WriteSome) {
    this.#path = path;
    this.#write = write;
    this.chunks = new IndexChunks(identity);
  }

  async write(): Promise<void> {
    const chunk = this.chunks.take();
    if (chunk === undefined || this.#isBroken) return;
    try {
      this.#file ??= await openFile(this.#path, 'w', 0o600);
      await writeAll(this.#write, this.#file, chunk, this.#end);
      this.#end += chunk.length;
    } catch {
      this.#isBroken = true;
    }
  }

  async close(): Promise<void> {
    if (this.#file !== undefined) await closeFile(this.#file).catch(() => {});
  }
}
