import { type Pages, UNIT_BYTES } from './pages.ts';
import { EVICTED_UNITS, EVICTIONS, ON_DISK, type Store } from './store.ts';

export interface MemoryStats {
  /** Slots in use, of `capacity`: objects, fetches under way, markers. */
  readonly entries: number;
  readonly capacity: number;
  /** Complete objects with memory, and what they have of it in bytes. */
  readonly objects: number;
  readonly objectBytes: number;
  /** Objects that are on disk, in memory as well or not. */
  readonly onDisk: number;
  /** Bytes in use by all entries, of `bytes`. */
  readonly usedBytes: number;
  readonly bytes: number;
  /** Pages that are whole, by size. */
  readonly freePages: Pages['whole'];
  /** Since the beginning; they wrap around at 2^32. The bytes in units of 256. */
  readonly evictions: number;
  readonly evictedUnits: number;
  /** Times that a thread had to sleep for the lock. */
  readonly lockWaits: number;
}

export function statsOf(store: Store, lockWaits: number): MemoryStats {
  const { entries, pages, policy } = store;
  const { small, main } = policy.sizes;
  return {
    entries: entries.used,
    capacity: entries.capacity,
    objects: small.entries + main.entries,
    objectBytes: (small.units + main.units) * UNIT_BYTES,
    onDisk: store.counter(ON_DISK),
    usedBytes: (pages.total - pages.free) * UNIT_BYTES,
    bytes: pages.total * UNIT_BYTES,
    freePages: pages.whole,
    evictions: store.counter(EVICTIONS),
    evictedUnits: store.counter(EVICTED_UNITS),
    lockWaits,
  };
}
