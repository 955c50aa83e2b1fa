import { readSync } from 'node:fs';
import type { Bytes, Ms } from '../../base/units.ts';
import {
  headAreaLength,
  headIn,
  isIntact,
  isOf,
  keyIn,
  type RecordLayout,
  type RecordPlace,
  readLayout,
  type SegmentIdentity,
} from './record.ts';
import type { IndexEntry } from './segment-index.ts';

/** A segment that is read at a start. */
export interface FoundSegment {
  readonly number: number;
  readonly identity: SegmentIdentity;
  readonly fd: number;
  readonly size: Bytes;
}

/** A record that was found at a start. All of it is lent: valid until the call to which it is handed returns. */
export class FoundRecord {
  readonly place: RecordPlace;
  readonly key: Buffer;
  readonly bodyLength: Bytes;
  readonly sequence: number;
  readonly expiresAt: Ms;
  readonly #segment: FoundSegment;
  readonly #headLength: Bytes;
  /** Where it was read from the segment and not from the index. */
  readonly #head: Buffer | undefined;

  static indexed(segment: FoundSegment, entry: IndexEntry): FoundRecord {
    const place = { segment: segment.number, offset: entry.offset, length: entry.length };
    return new FoundRecord(segment, place, entry.key, entry, undefined);
  }

  static scanned(segment: FoundSegment, offset: Bytes, bytes: Buffer, at: number, layout: RecordLayout): FoundRecord {
    const place = { segment: segment.number, offset, length: layout.length };
    return new FoundRecord(segment, place, keyIn(bytes, at, layout), layout, headIn(bytes, at, layout));
  }

  private constructor(
    segment: FoundSegment,
    place: RecordPlace,
    key: Buffer,
    facts: Pick<RecordLayout, 'headLength' | 'bodyLength' | 'sequence' | 'expiresAt'>,
    head: Buffer | undefined,
  ) {
    this.place = place;
    this.key = key;
    this.bodyLength = facts.bodyLength;
    this.sequence = facts.sequence;
    this.expiresAt = facts.expiresAt;
    this.#segment = segment;
    this.#headLength = facts.headLength;
    this.#head = head;
  }

  /**
   * The head, checked; `undefined` when it is not what was written. The index does not have it, so that as a rule this
   * reads the segment, at once: some 3 µs when the system has that part in memory. To be called for those that need it.
   */
  head(): Buffer | undefined {
    if (this.#head !== undefined) return this.#head;
    const { fd, identity } = this.#segment;
    const { offset, length } = this.place;
    const bytes = Buffer.allocUnsafe(headAreaLength(this.key.length, this.#headLength, this.bodyLength));
    if (readSync(fd, bytes, 0, bytes.length, offset) < bytes.length) return undefined;
    const layout = readLayout(bytes, 0);
    if (layout === undefined || layout.length !== length || layout.bodyAt !== bytes.length) return undefined;
    if (!isOf(bytes, 0, identity) || !isIntact(bytes, 0, layout, offset)) return undefined;
    return headIn(bytes, 0, layout);
  }
}
