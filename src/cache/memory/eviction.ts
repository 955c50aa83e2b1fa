/** What an eviction policy may know of an entry and keep with it. `EntryTable` is one. */
export interface PolicyEntries {
  /** Memory that it has, in units of the arena. */
  units(slot: number): number;
  isPinned(slot: number): boolean;
  /** Hits, up to 3. Anybody raises it at any time. */
  frequency(slot: number): number;
  setFrequency(slot: number, frequency: number): void;
  /** 0: the policy does not have it. */
  queue(slot: number): number;
  setQueue(slot: number, queue: number): void;
  get(slot: number, field: number): number;
  set(slot: number, field: number, value: number): void;
}

/**
 * Decides who goes when memory is needed. It has exactly the entries that were entered and have not left; all calls come with
 * the lock held, and none may take long.
 */
export interface EvictionPolicy {
  /** An entry that has memory now, and had none that counts. */
  enter(slot: number): void;
  /** It has so many units more than it had when it entered or was last resized. */
  resize(slot: number, units: number): void;
  leave(slot: number): void;
  /** Who goes next: it has left by then. 0: nobody can go, all of those looked at are pinned. */
  victim(): number;
  /** Entries and their units, by queue. */
  readonly sizes: { readonly small: QueueSize; readonly main: QueueSize };
  /** All that it has. Throws an `Error` when a queue is not what its counts and links say. */
  check(): number[];
}

export interface QueueSize {
  readonly entries: number;
  readonly units: number;
}
