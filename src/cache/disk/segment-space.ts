import { unlink } from 'node:fs/promises';
import type { Bytes } from '../../base/units.ts';
import { indexPath, segmentPath } from './segment-file.ts';
import type { SegmentRow, Segments } from './segments.ts';

/**
 * Told before a segment's files are removed: all that refers to it is to be forgotten. Called in whichever thread needs
 * the space, so it works on shared memory or not at all; must not throw. Forgetting may also be left to readers: a
 * record of an evicted segment is found to be gone.
 */
export type Forget = (segment: number) => void;

/** The space that the limit leaves: room is made by removing the oldest sealed segments, whole. */
export class SegmentSpace {
  readonly #directory: string;
  readonly #segments: Segments;
  readonly #owner: number;
  readonly #forget: Forget;

  /** `owner`: the worker's number, or `CONTROL`. */
  constructor(directory: string, segments: Segments, owner: number, forget: Forget) {
    this.#directory = directory;
    this.#segments = segments;
    this.#owner = owner;
    this.#forget = forget;
  }

  /** Half of the limit: the other half may be kept for what other workers write, and cannot be evicted. */
  get largestSegment(): Bytes {
    return this.#segments.limit / 2;
  }

  /**
   * A number for a segment of up to `capacity` bytes, when what there is and the new one are within the limit. `undefined`
   * when that cannot be had. Throws when a file cannot be removed.
   */
  async take(capacity: Bytes): Promise<SegmentRow | undefined> {
    if (capacity > this.largestSegment) return undefined;
    let claimed = this.#segments.claim(this.#owner, capacity);
    while (claimed === undefined) {
      if (!(await this.evictOne())) return undefined;
      claimed = this.#segments.claim(this.#owner, capacity);
    }
    try {
      if (await this.makeRoom()) return claimed;
    } catch (error) {
      this.#segments.free(claimed.row);
      throw error;
    }
    this.#segments.free(claimed.row);
    return undefined;
  }

  /** Evicts until what is used is within the limit; `false` when all that is left is being written. */
  async makeRoom(): Promise<boolean> {
    while (this.#segments.used > this.#segments.limit) if (!(await this.evictOne())) return false;
    return true;
  }

  /** Removes the oldest sealed segment; `false` when there is none. */
  async evictOne(): Promise<boolean> {
    const evicted = this.#segments.evictOldest(this.#owner);
    if (evicted === undefined) return false;
    await this.remove(evicted);
    return true;
  }

  /** Removes a segment that was taken out of the table, or never was in use. */
  async remove(segment: SegmentRow): Promise<void> {
    this.#forget(segment.number);
    await this.discard(segment);
  }

  /**
   * The same where nothing can refer to it. The row is free afterwards even when the files cannot be removed: the next
   * start finds them.
   */
  async discard({ row, number }: SegmentRow): Promise<void> {
    try {
      // The index last: alone it is removed at the next start.
      await removeFile(segmentPath(this.#directory, number));
      await removeFile(indexPath(this.#directory, number));
    } finally {
      this.#segments.free(row);
    }
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
