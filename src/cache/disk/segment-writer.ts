import type { Bytes, Ms } from '../../base/units.ts';
import { neededCapacity, OpenSegment } from './open-segment.ts';
import { headAreaLength, MAX_HEAD_AREA, type NewRecord, type RecordPlace, recordLength } from './record.ts';
import { BATCH, type PendingRecord, RecordBatch } from './record-batch.ts';
import { type WriteSome, writeSome } from './segment-file.ts';
import type { SegmentSpace } from './segment-space.ts';
import type { Segments } from './segments.ts';
import type { WritePause } from './write-pause.ts';

/** How long a record waits for others to be written with, unless there is a quarter of a batch before. */
const GATHERING: Ms = 5;
const ENOUGH: Bytes = BATCH / 4;

/** Default of what may wait to be written. The bodies that wait cannot be evicted from memory. */
const QUEUE_LIMIT: Bytes = 16 * 1024 * 1024;

/** The disk is full, or this user's part of it. */
const FULL: readonly unknown[] = ['ENOSPC', 'EDQUOT'];

export interface SegmentWriterOptions {
  readonly directory: string;
  readonly segments: Segments;
  readonly space: SegmentSpace;
  readonly pause: WritePause;
  readonly queueLimit?: Bytes | undefined;
  /** For tests: a disk that fails. */
  readonly write?: WriteSome | undefined;
}

interface Waiting extends PendingRecord {
  readonly settle: (place: RecordPlace | undefined) => void;
}

/**
 * A worker's appends, each worker to a segment of its own. Nothing here calls fsync: what was written survives the
 * process however it ends, not a loss of power. Then the system may have lost any part of what was written in the last
 * half minute or so; the checksums find out, and such a record is as good as none.
 */
export class SegmentWriter {
  readonly #options: SegmentWriterOptions;
  readonly #queueLimit: Bytes;
  readonly #write: WriteSome;
  readonly #batch = new RecordBatch();
  #queue: Waiting[] = [];
  #queued: Bytes = 0;
  #segment: OpenSegment | undefined;
  #gathering: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: SegmentWriterOptions) {
    this.#options = options;
    this.#queueLimit = options.queueLimit ?? QUEUE_LIMIT;
    this.#write = options.write ?? writeSome;
  }

  /** Bytes that wait to be written. */
  get queued(): Bytes {
    return this.#queued;
  }

  /**
   * The record's place once it is written and can be read, or `undefined` when it is not: the queue is full, the disk is
   * full or fails, the record is larger than half of the tier. Never rejects. Buffers are left alone from then on.
   */
  append(record: NewRecord): Promise<RecordPlace | undefined> {
    let bodyLength = 0;
    for (const piece of record.body) bodyLength += piece.length;
    const { key, head } = record;
    const length = recordLength(key.length, head.length, bodyLength);
    const isTooLarge =
      headAreaLength(key.length, head.length, bodyLength) > MAX_HEAD_AREA ||
      neededCapacity(key.length, head.length, bodyLength) > this.#options.space.largestSegment;
    if (isTooLarge || !this.#accepts(length)) return Promise.resolve(undefined);
    this.#queued += length;
    const written = new Promise<RecordPlace | undefined>((settle) => {
      this.#queue.push({ record, bodyLength, length, settle });
    });
    if (this.#running === undefined) {
      if (this.#queued >= ENOUGH) this.#start();
      else this.#gathering ??= setTimeout(() => this.#start(), GATHERING);
    }
    return written;
  }

  /** Resolves when all that was appended before is written or refused. */
  async flush(): Promise<void> {
    while (this.#queue.length > 0 || this.#running !== undefined) {
      this.#start();
      await this.#running;
    }
  }

  /** Takes no more, writes what waits and ends the segment. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.flush();
    await this.#seal();
  }

  /** One record is always let in when nothing waits, however large. */
  #accepts(length: Bytes): boolean {
    if (this.#isClosed || this.#options.pause.isOn) return false;
    return this.#queued === 0 || this.#queued + length <= this.#queueLimit;
  }

  #start(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    if (this.#running !== undefined || this.#queue.length === 0) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#queue.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    const queue = this.#queue;
    this.#queue = [];
    let next = 0;
    while (next < queue.length) next += await this.#writeSome(queue, next);
  }

  /** Writes as many as go together from `from` on, one at least, and tells how many. Never throws. */
  async #writeSome(queue: readonly Waiting[], from: number): Promise<number> {
    const first = queue[from] as Waiting;
    try {
      const segment = this.#options.pause.isOn ? undefined : await this.#segmentFor(first);
      if (segment === undefined) return this.#settle(queue, from, 1);
      return this.#finish(segment, queue, from, await this.#batch.write(segment, queue, from));
    } catch (error) {
      await this.#failed(error);
      return this.#settle(queue, from, 1);
    } finally {
      await this.#segment?.keepIndex();
    }
  }

  #finish(segment: OpenSegment, queue: readonly Waiting[], from: number, count: number): number {
    this.#options.pause.succeeded();
    for (let i = from; i < from + count; i++) {
      const { record, bodyLength, length, settle } = queue[i] as Waiting;
      const place = { segment: segment.number, offset: segment.end, length };
      segment.add(record, bodyLength, place);
      this.#queued -= length;
      settle(place);
    }
    return count;
  }

  /** Refuses. */
  #settle(queue: readonly Waiting[], from: number, count: number): number {
    for (let i = from; i < from + count; i++) {
      const { length, settle } = queue[i] as Waiting;
      this.#queued -= length;
      settle(undefined);
    }
    return count;
  }

  async #segmentFor({ record, bodyLength, length }: Waiting): Promise<OpenSegment | undefined> {
    const { directory, segments, space } = this.#options;
    const keyLength = record.key.length;
    if (this.#segment?.fits(this.#segment.end, length, keyLength)) return this.#segment;
    await this.#seal();
    const capacity = Math.max(segments.segmentSize, neededCapacity(keyLength, record.head.length, bodyLength));
    const taken = await space.take(capacity);
    if (taken === undefined) return undefined;
    try {
      this.#segment = await OpenSegment.create(directory, taken, capacity, this.#write);
    } catch (error) {
      await space.discard(taken).catch(() => {});
      throw error;
    }
    segments.open(taken.row);
    return this.#segment;
  }

  async #seal(): Promise<void> {
    const segment = this.#segment;
    this.#segment = undefined;
    if (segment === undefined) return;
    await segment.close();
    this.#options.segments.seal(segment.row, segment.size);
  }

  /**
   * The segment ends with its last whole record. A full disk may be full of other things: then the cache gives up a
   * segment for each attempt, so that it goes on with what there is, and others have room as well.
   */
  async #failed(error: unknown): Promise<void> {
    this.#options.pause.failed(error);
    await this.#seal();
    if (FULL.includes((error as NodeJS.ErrnoException).code)) await this.#options.space.evictOne().catch(() => {});
  }
}
