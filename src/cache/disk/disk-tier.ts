import type { Bytes } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { DiskRecord } from './disk-record.ts';
import { type DiskTrouble, ReadTrouble } from './read-trouble.ts';
import type { NewRecord, RecordPlace } from './record.ts';
import { SegmentHandles } from './segment-handles.ts';
import { SegmentReader } from './segment-reader.ts';
import { type Forget, SegmentSpace } from './segment-space.ts';
import { SegmentWriter } from './segment-writer.ts';
import { Segments } from './segments.ts';
import { WritePause } from './write-pause.ts';

/** What a worker needs to know of the disk tier: plain data, made by `DiskDirectory`, sent as it is. */
export interface DiskPlan {
  readonly directory: string;
  /** The table of segments. */
  readonly memory: SharedArrayBuffer;
}

export interface DiskTierOptions {
  /** The worker's number, from 0, and its own while it lives. */
  readonly worker: number;
  /** Called in this thread, when it has to make room for what it writes. */
  readonly forget: Forget;
  readonly log: EventLog;
  /** Told of everything that goes wrong, where the log gets a line now and then. */
  readonly onTrouble?: (trouble: DiskTrouble) => void;
  /** What may wait to be written. Default 16 MiB. */
  readonly queueLimit?: Bytes;
}

/**
 * The disk tier as one worker has it: it appends to a segment of its own and reads them all. Keys, heads and bodies are
 * bytes to it, and where a record stands is for others to remember.
 */
export class DiskTier {
  readonly #segments: Segments;
  readonly #writer: SegmentWriter;
  readonly #reader: SegmentReader;

  constructor({ directory, memory }: DiskPlan, { worker, forget, log, onTrouble, queueLimit }: DiskTierOptions) {
    this.#segments = new Segments(memory);
    this.#writer = new SegmentWriter({
      directory,
      segments: this.#segments,
      space: new SegmentSpace(directory, this.#segments, worker, forget),
      pause: new WritePause(this.#segments, directory, log, Date.now, onTrouble),
      queueLimit,
    });
    this.#reader = new SegmentReader(
      new SegmentHandles(directory, this.#segments),
      new ReadTrouble(directory, log, Date.now, onTrouble),
    );
  }

  /**
   * The place, once the record is written and can be read, within some milliseconds as a rule. `undefined` when it is not
   * written: too much waits already, the disk is full or fails, the record is larger than half of the tier. Never
   * rejects. The buffers must stay as they are until then.
   */
  append(record: NewRecord): Promise<RecordPlace | undefined> {
    return this.#writer.append(record);
  }

  /**
   * The record at a place: its head, and its body to be read; close it afterwards. `undefined` when it is gone, because
   * its segment was evicted or its bytes are not those that were written. Never rejects. Whether it is the record that
   * was looked for, its key tells.
   */
  open(place: RecordPlace): Promise<DiskRecord | undefined> {
    return this.#reader.open(place);
  }

  /** Whether a segment is still there: a cheap look at shared memory, to know a forgotten place by. */
  isLive(segment: number): boolean {
    return this.#segments.isLive(segment);
  }

  /** Bytes that wait to be written. */
  get queued(): Bytes {
    return this.#writer.queued;
  }

  /** Resolves when all that was appended before is written or refused. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Writes what waits and ends the segment. Records that are open stay so until they are closed. */
  async close(): Promise<void> {
    await this.#writer.close();
    this.#reader.close();
  }
}
