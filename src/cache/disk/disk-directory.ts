import type { Bytes, Ms } from '../../base/units.ts';
import type { EventLog } from '../../observe/event-forward.ts';
import type { DiskPlan } from './disk-tier.ts';
import { DiskError, reasonOf } from './error.ts';
import { findSegments, removeSegment } from './found-segments.ts';
import { DirectoryLock } from './lock.ts';
import { type RecordSink, type Recovered, recover } from './recovery.ts';
import { type Forget, SegmentSpace } from './segment-space.ts';
import { CONTROL, Segments } from './segments.ts';
import { makeUsable } from './usable-directory.ts';

/** Segments as large as this leave the oldest sixty-fourth at a time, but for very small and very large tiers. */
const SEGMENTS = 64;
const MIN_SEGMENT: Bytes = 4 * 1024 * 1024;
const MAX_SEGMENT: Bytes = 256 * 1024 * 1024;

export interface DiskDirectoryOptions {
  /** Made with mode 0700 when it is not there. Files in it that are not ours are left alone. */
  readonly directory: string;
  /** What segments and their indexes may take together. */
  readonly size: Bytes;
  readonly workers: number;
  /** Called in this thread, for segments that go at the start, by `setSize` or with a dead worker. */
  readonly forget: Forget;
  readonly log: EventLog;
  /** Default: the clock. */
  readonly now?: () => Ms;
}

/** The disk tier as control has it: its directory from the lock to the end, and what was stored in it before. */
export class DiskDirectory {
  /** For each worker's `DiskTier`. */
  readonly plan: DiskPlan;
  readonly #options: DiskDirectoryOptions;
  readonly #lock: DirectoryLock;
  readonly #segments: Segments;
  readonly #space: SegmentSpace;
  /** The numbers of the segments that were there at the start. */
  readonly #found: readonly number[] = [];
  #recovering: Promise<Recovered> | undefined;
  #isClosed = false;

  /**
   * Takes the directory, looks which segments there are and removes the oldest of those beyond `size`. Throws a
   * `DiskError` when the directory cannot be used or another process has it. It takes some milliseconds: what is in the
   * segments is left to `recover`.
   */
  static async open(options: DiskDirectoryOptions): Promise<DiskDirectory> {
    const { directory } = options;
    let lock: DirectoryLock | undefined;
    try {
      makeUsable(directory);
      lock = DirectoryLock.take(directory);
      if (lock === undefined) {
        throw new DiskError('directory_in_use', `another process has its disk cache in ${directory}`);
      }
      const opened = new DiskDirectory(options, lock, new Segments(Segments.allocate()));
      await opened.#space.makeRoom();
      return opened;
    } catch (cause) {
      lock?.release();
      if (cause instanceof DiskError) throw cause;
      const problem = `cannot keep the disk cache in ${directory}: ${reasonOf(cause)}`;
      throw new DiskError('directory_unusable', problem, { cause });
    }
  }

  private constructor(options: DiskDirectoryOptions, lock: DirectoryLock, segments: Segments) {
    const { directory, size, workers, forget } = options;
    this.#options = options;
    this.#lock = lock;
    this.#segments = segments;
    this.#space = new SegmentSpace(directory, segments, CONTROL, forget);
    this.plan = { directory, memory: segments.memory };
    segments.setLimit(size, segmentSize(size, workers));
    this.#found = this.#adopt();
  }

  /**
   * Tells the sink of all records that former processes stored. Once, at the start; it works in the background, a few
   * milliseconds at a time, and workers may read and write meanwhile. Never rejects, as long as the sink does not throw.
   */
  recover(sink: RecordSink): Promise<Recovered> {
    this.#recovering ??= this.#recover(sink, this.#found);
    return this.#recovering;
  }

  /** The same once more, of all that is there now: for an index that was lost while the disk was not. */
  async recoverAgain(sink: RecordSink): Promise<Recovered> {
    await this.#recovering;
    const { segments } = findSegments(this.#options.directory);
    const live = segments.map(({ number }) => number).filter((number) => this.#segments.isLive(number));
    this.#recovering = this.#recover(sink, live);
    return this.#recovering;
  }

  /** What all segments take, with what is kept for those being written; how many there are; how many were evicted. */
  get usage(): { readonly bytes: Bytes; readonly segments: number; readonly evictions: number } {
    return { bytes: this.#segments.used, segments: this.#segments.count, evictions: this.#segments.evictions };
  }

  /** Another limit, from now on. The oldest segments beyond it are removed; those being written stay. */
  async setSize(size: Bytes): Promise<void> {
    this.#segments.setLimit(size, segmentSize(size, this.#options.workers));
    await this.#space.makeRoom().catch((error) => this.#cannotRemove(error));
  }

  /** To be called when a worker has died and before another one has its number. What it had written stays. */
  async workerDied(worker: number): Promise<void> {
    for (const row of this.#segments.abandon(worker)) {
      await this.#space.remove(row).catch((error) => this.#cannotRemove(error));
    }
  }

  /** When all workers have closed their tiers: lets go of the directory. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#recovering;
    this.#lock.release();
  }

  /** Numbers go on above all that were found. A table that is full has no place for the oldest, which are removed. */
  #adopt(): number[] {
    const { directory } = this.#options;
    const { segments, newest } = findSegments(directory);
    this.#segments.startAfter(newest);
    const kept: number[] = [];
    for (const { number, size } of segments.toReversed()) {
      if (this.#segments.adopt(number, size)) kept.push(number);
      else removeSegment(directory, number);
    }
    return kept;
  }

  async #recover(sink: RecordSink, numbers: readonly number[]): Promise<Recovered> {
    const { directory, forget, log, now = Date.now } = this.#options;
    const start = performance.now();
    const recovered = await recover({
      directory,
      segments: this.#segments,
      numbers,
      sink,
      forget,
      log,
      now,
      isCancelled: () => this.#isClosed,
    });
    if (recovered.records > 0 || recovered.unreadable > 0) {
      log.info('disk cache is indexed', {
        directory,
        ...recovered,
        duration_ms: Math.round(performance.now() - start),
      });
    }
    return recovered;
  }

  #cannotRemove(error: unknown): void {
    this.#options.log.warn('disk cache segment cannot be removed', { directory: this.#options.directory, error });
  }
}

/**
 * A sixty-fourth of the tier, from 4 MiB to 256 MiB. All workers' open segments together take no more than half of it: a
 * small tier with many workers has smaller ones.
 */
export function segmentSize(size: Bytes, workers: number): Bytes {
  const wanted = Math.min(Math.max(size / SEGMENTS, MIN_SEGMENT), MAX_SEGMENT);
  return Math.floor(Math.min(wanted, size / (2 * workers)));
}
