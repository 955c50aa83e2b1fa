import { crc32 } from 'node:zlib';
import type { Bytes } from '../../base/units.ts';
import { DiskRecord } from './disk-record.ts';
import type { ReadTrouble } from './read-trouble.ts';
import {
  BLOCK,
  checksumsIn,
  headIn,
  isIntact,
  keyIn,
  MAX_HEAD_AREA,
  RECORD_HEADER,
  type RecordLayout,
  type RecordPlace,
  readLayout,
} from './record.ts';
import { readAt } from './segment-file.ts';
import type { SegmentHandle, SegmentHandles } from './segment-handles.ts';

/** What is read first of a record that is too long to be read as a whole: nearly always its head. */
const HEAD_GUESS: Bytes = 8 * 1024;

/** Records up to this length are read with one call: those whose body is one block. */
const AT_ONCE: Bytes = BLOCK + HEAD_GUESS;

/** A thread's reads, of any segment. */
export class SegmentReader {
  readonly #handles: SegmentHandles;
  readonly #trouble: ReadTrouble;

  constructor(handles: SegmentHandles, trouble: ReadTrouble) {
    this.#handles = handles;
    this.#trouble = trouble;
  }

  /**
   * The record at a place, its head (and a small body) checked; close it when its body is read. `undefined` when it is
   * gone: its segment was evicted, or what stands there is not what was written. Never rejects.
   */
  async open(place: RecordPlace): Promise<DiskRecord | undefined> {
    let handle: SegmentHandle | undefined;
    try {
      handle = await this.#handles.take(place.segment);
      if (handle === undefined) return undefined;
      const record = await this.#read(handle, place);
      if (record === undefined) this.#trouble.found(place.segment);
      // A record with a body that is still to be read gives it back itself.
      if (record === undefined || record.body !== undefined) this.#handles.giveBack(handle);
      return record;
    } catch (error) {
      if (handle !== undefined) this.#handles.giveBack(handle);
      this.#trouble.found(place.segment, error);
      return undefined;
    }
  }

  close(): void {
    this.#handles.close();
  }

  async #read(handle: SegmentHandle, { offset, length }: RecordPlace): Promise<DiskRecord | undefined> {
    if (length < RECORD_HEADER) return undefined;
    let bytes = Buffer.allocUnsafe(length <= AT_ONCE ? length : HEAD_GUESS);
    if ((await readAt(handle.fd, bytes, bytes.length, offset)) < bytes.length) return undefined;
    const layout = readLayout(bytes, 0);
    if (layout === undefined || layout.length !== length) return undefined;
    if (layout.bodyAt > bytes.length) {
      bytes = Buffer.allocUnsafe(Math.min(layout.bodyAt, MAX_HEAD_AREA));
      if ((await readAt(handle.fd, bytes, bytes.length, offset)) < bytes.length) return undefined;
    }
    if (!isIntact(bytes, 0, layout, offset)) return undefined;
    const checksums = checksumsIn(bytes, 0, layout);
    const body = bodyIn(bytes, layout);
    if (body !== undefined && body.length > 0 && crc32(body) !== checksums.readUInt32LE(0)) return undefined;
    const { bodyLength, sequence, expiresAt } = layout;
    const facts = {
      key: keyIn(bytes, 0, layout),
      head: headIn(bytes, 0, layout),
      bodyLength,
      sequence,
      expiresAt,
      body,
    };
    const source = body === undefined ? this.#bodySource(handle, offset + layout.bodyAt) : undefined;
    return new DiskRecord(facts, checksums, source);
  }

  #bodySource(handle: SegmentHandle, bodyAt: Bytes) {
    return {
      read: async (from: Bytes, length: Bytes) => {
        // Memory of its own, so that whoever gets it can give it back.
        const bytes = Buffer.allocUnsafeSlow(length);
        try {
          return (await readAt(handle.fd, bytes, length, bodyAt + from)) === length ? bytes : undefined;
        } catch (error) {
          this.#trouble.found(handle.segment, error);
          return undefined;
        }
      },
      damaged: () => this.#trouble.found(handle.segment),
      close: () => this.#handles.giveBack(handle),
    };
  }
}

/** A body of one block that was read with the head, or none at all. */
function bodyIn(bytes: Buffer, { bodyAt, bodyLength }: RecordLayout): Buffer | undefined {
  if (bodyLength > BLOCK || bodyAt + bodyLength > bytes.length) return undefined;
  return bytes.subarray(bodyAt, bodyAt + bodyLength);
}
