import { close, open } from 'node:fs';
import type { Ms } from '../../base/units.ts';
import { segmentPath } from './segment-file.ts';
import type { Segments } from './segments.ts';

/** How often handles of evicted segments are looked for when nobody reads: their files take space until then. */
const SWEEP_INTERVAL: Ms = 1000;

/** An open segment. It stays open until it is given back, whatever befalls its name. */
export interface SegmentHandle {
  readonly segment: number;
  readonly fd: number;
}

interface Handle {
  readonly segment: number;
  fd: number;
  users: number;
  /** While it is being opened: whether that worked. */
  opening: Promise<boolean> | undefined;
  /** Out of the cache: to be closed when nobody uses it. */
  isRetired: boolean;
}

/** A thread's open segments, the last used ones. Those in use are never closed, so there may be more than the limit. */
export class SegmentHandles {
  readonly #directory: string;
  readonly #segments: Segments;
  readonly #limit: number;
  /** The least recently used first. */
  readonly #handles = new Map<number, Handle>();
  #evictions = -1;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(directory: string, segments: Segments, limit = 64) {
    this.#directory = directory;
    this.#segments = segments;
    this.#limit = limit;
  }

  get size(): number {
    return this.#handles.size;
  }

  /** `undefined` when the segment is gone; throws when it is there and cannot be opened. Give it back. */
  async take(segment: number): Promise<SegmentHandle | undefined> {
    this.#sweep();
    let handle = this.#handles.get(segment);
    if (handle === undefined) {
      if (!this.#segments.isLive(segment)) return undefined;
      handle = { segment, fd: -1, users: 0, opening: undefined, isRetired: false };
      handle.opening = this.#open(handle);
    } else {
      this.#handles.delete(segment);
    }
    this.#handles.set(segment, handle);
    handle.users++;
    this.#closeOldest();
    if (handle.opening === undefined) return handle;
    try {
      if (await handle.opening) return handle;
    } catch (error) {
      this.giveBack(handle);
      throw error;
    }
    this.giveBack(handle);
    return undefined;
  }

  giveBack(taken: SegmentHandle): void {
    const handle = taken as Handle;
    handle.users--;
    if (handle.isRetired && handle.users === 0) closeHandle(handle);
  }

  close(): void {
    clearInterval(this.#sweeping);
    for (const handle of this.#handles.values()) this.#retire(handle);
  }

  async #open(handle: Handle): Promise<boolean> {
    this.#sweeping ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref();
    try {
      handle.fd = await openToRead(segmentPath(this.#directory, handle.segment));
      return true;
    } catch (error) {
      this.#retire(handle);
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    } finally {
      handle.opening = undefined;
    }
  }

  #sweep(): void {
    const evictions = this.#segments.evictions;
    if (evictions === this.#evictions) return;
    this.#evictions = evictions;
    for (const handle of this.#handles.values()) if (!this.#segments.isLive(handle.segment)) this.#retire(handle);
  }

  #closeOldest(): void {
    if (this.#handles.size <= this.#limit) return;
    for (const handle of this.#handles.values()) {
      if (handle.users > 0) continue;
      this.#retire(handle);
      if (this.#handles.size <= this.#limit) return;
    }
  }

  #retire(handle: Handle): void {
    if (handle.isRetired) return;
    handle.isRetired = true;
    this.#handles.delete(handle.segment);
    if (handle.users === 0) closeHandle(handle);
  }
}

function openToRead(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

function closeHandle({ fd }: Handle): void {
  if (fd >= 0) close(fd, () => {});
}
