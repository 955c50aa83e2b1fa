import type { DiskPlan } from './disk/disk-tier.ts';
import type { MemoryHandle } from './memory/memory-handle.ts';

/** All of the cache that threads have in common, as it is handed to each of them. */
export interface CacheShare {
  readonly memory: MemoryHandle;
  readonly bans: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly stamps: SharedArrayBuffer;
  /** Of URLs, by the hashes of `memory`. */
  readonly invalidations: SharedArrayBuffer;
  readonly disk: DiskPlan | undefined;
}
