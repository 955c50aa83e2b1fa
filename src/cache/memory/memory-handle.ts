import { Doorbell } from '../../base/doorbell.ts';
import { type EntryMemory, EntryTable } from './entry-table.ts';
import { type KeyHash, randomSeed } from './hash.ts';
import { Lock } from './lock.ts';
import { Pages, type PagesMemory } from './pages.ts';
import { type PolicyMemory, S3Fifo } from './s3-fifo.ts';
import { VarySpecs } from './vary-specs.ts';

/** All of the memory, as it is handed to a thread. */
export interface MemoryHandle {
  readonly seats: number;
  readonly seed: KeyHash;
  readonly lock: SharedArrayBuffer;
  readonly bells: SharedArrayBuffer;
  readonly entries: EntryMemory;
  readonly pages: PagesMemory;
  readonly policy: PolicyMemory;
  readonly specs: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
}

export interface MemorySize {
  /** Of heads, bodies and the bookkeeping of their pages; an entry takes some 150 bytes beside. At least 256 KiB. */
  readonly bytes: number;
  /** Most entries, 1 to 2^26 - 1. Those that are not used cost nothing. */
  readonly entries: number;
  /** Threads that use it, 1 to 32, the control thread among them. */
  readonly seats: number;
  /** For hashes. Default: random. A memory that takes the place of another may have its seed, and hashes stay good. */
  readonly seed?: KeyHash;
}

/** Where an entry's record is on disk, and what can be said of it without reading it. */
export interface DiskPlace {
  /** 1 or higher. */
  readonly segment: number;
  /** Bytes: a multiple of 8, below 2^35. */
  readonly offset: number;
  /** Of the whole record in bytes, below 4 GiB. */
  readonly length: number;
  /** The number that the record has in the order of fetches and purges. The entry's own is of another order. */
  readonly sequence: number;
  /** Epoch milliseconds until which what the record says is fresh. A 304 since is in memory alone. */
  readonly freshUntil: number;
}

export function allocateMemory({ bytes, entries, seats, seed }: MemorySize): MemoryHandle {
  if (seats < 1 || seats > 32) throw new RangeError(`${seats} seats: expected 1 to 32`);
  return {
    seats,
    seed: seed ?? randomSeed(),
    lock: Lock.allocate(),
    bells: Doorbell.allocate(seats),
    entries: EntryTable.allocate(entries),
    pages: Pages.allocate(bytes),
    policy: S3Fifo.allocate(entries),
    specs: VarySpecs.allocate(),
    counters: new SharedArrayBuffer(4 * 16),
  };
}
