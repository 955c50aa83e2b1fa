import { crc32 } from 'node:zlib';
import type { Bytes, Ms } from '../../base/units.ts';
import { BLOCK } from './record.ts';

/**
 * Takes a piece of a body. The piece is its own from then on: larger ones have their memory to themselves. `true`, or a
 * promise of it: it wants the next one, and nothing more than that is read before. `false`: it has had enough.
 */
export type BodySink = (piece: Buffer) => boolean | Promise<boolean>;

/**
 * `done`: the sink had it all. `cancelled`: it did not want all, or the record was closed. `gone`: the bytes cannot be
 * read or are not those that were written; the sink has had those before.
 */
export type BodyOutcome = 'done' | 'cancelled' | 'gone';

/** Reads a part of a body. `undefined` when it cannot be had. */
export interface BodySource {
  read(from: Bytes, length: Bytes): Promise<Buffer | undefined>;
  /** The bytes were not those that were written. */
  damaged(): void;
  close(): void;
}

/**
 * A record that was found, with its head read and checked. It keeps its segment readable until `close`, though it may be
 * evicted meanwhile.
 */
export class DiskRecord {
  readonly key: Buffer;
  readonly head: Buffer;
  readonly bodyLength: Bytes;
  readonly sequence: number;
  readonly expiresAt: Ms;
  /** All of the body, checked, when it was read with the head: most bodies up to 128 KiB are. */
  readonly body: Buffer | undefined;
  readonly #checksums: Buffer;
  readonly #source: BodySource | undefined;
  #reading = 0;
  #isClosed = false;

  constructor(
    facts: Pick<DiskRecord, 'key' | 'head' | 'bodyLength' | 'sequence' | 'expiresAt' | 'body'>,
    checksums: Buffer,
    source: BodySource | undefined,
  ) {
    this.key = facts.key;
    this.head = facts.head;
    this.bodyLength = facts.bodyLength;
    this.sequence = facts.sequence;
    this.expiresAt = facts.expiresAt;
    this.body = facts.body;
    this.#checksums = checksums;
    this.#source = source;
  }

  /**
   * Hands the bytes from `from` up to, not including, `to` to the sink, in pieces of up to 128 KiB, each checked. One
   * piece is read ahead. When the sink throws or rejects, this rejects with the same.
   */
  async readBody(from: Bytes, to: Bytes, sink: BodySink): Promise<BodyOutcome> {
    if (!(from >= 0 && from <= to && to <= this.bodyLength)) throw new RangeError(`no bytes ${from} to ${to}`);
    if (this.#isClosed) return 'cancelled';
    if (from === to) return 'done';
    if (this.body !== undefined) {
      await sink(this.body.subarray(from, to));
      return 'done';
    }
    this.#reading++;
    try {
      return await this.#readBlocks(from, to, sink);
    } finally {
      this.#reading--;
      if (this.#isClosed && this.#reading === 0) this.#source?.close();
    }
  }

  /** A `readBody` that is under way ends with the piece at which it is. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#reading === 0) this.#source?.close();
  }

  async #readBlocks(from: Bytes, to: Bytes, sink: BodySink): Promise<BodyOutcome> {
    const last = Math.ceil(to / BLOCK) - 1;
    let block = Math.floor(from / BLOCK);
    let next = this.#readBlock(block);
    try {
      for (;;) {
        const bytes = await next;
        if (this.#isClosed) return 'cancelled';
        if (bytes === undefined) return 'gone';
        if (block < last) next = this.#readBlock(block + 1);
        const goesOn = await sink(within(bytes, block * BLOCK, from, to));
        if (block === last) return 'done';
        if (!goesOn || this.#isClosed) return 'cancelled';
        block++;
      }
    } finally {
      await next; // the segment must not be closed under it
    }
  }

  /** A block that is checked. Never rejects. */
  async #readBlock(block: number): Promise<Buffer | undefined> {
    const from = block * BLOCK;
    const bytes = await this.#source?.read(from, Math.min(BLOCK, this.bodyLength - from));
    if (bytes === undefined) return undefined;
    if (crc32(bytes) === this.#checksums.readUInt32LE(4 * block)) return bytes;
    this.#source?.damaged();
    return undefined;
  }
}

/** What of a block that begins at `start` is between `from` and `to`; the block itself if that is all of it. */
function within(block: Buffer, start: Bytes, from: Bytes, to: Bytes): Buffer {
  if (from <= start && to >= start + block.length) return block;
  return block.subarray(Math.max(0, from - start), Math.min(block.length, to - start));
}
