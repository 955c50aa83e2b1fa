/**
 * Who in this thread waits for news of which slot: followers of a fetch, and readers of a body that is still coming.
 * What this thread does itself is told at once; what another one did is heard by its doorbell.
 */

export interface Watcher {
  /** There is news of the slot. May be told once too often. */
  news(): void;
}

/** What is asked of the shared memory: `version` counts what has happened to a slot. */
export interface WatchedMemory {
  news(slot: number): { readonly version: number };
}

interface Watched {
  version: number;
  readonly watchers: Set<Watcher>;
}

export class Watch {
  readonly #memory: WatchedMemory;
  readonly #slots = new Map<number, Watched>();

  constructor(memory: WatchedMemory) {
    this.#memory = memory;
  }

  /** Tells of all news after this. Who adds itself has the slot pinned. */
  add(slot: number, watcher: Watcher): void {
    const watched = this.#slots.get(slot);
    if (watched !== undefined) watched.watchers.add(watcher);
    else this.#slots.set(slot, { version: this.#memory.news(slot).version, watchers: new Set([watcher]) });
  }

  remove(slot: number, watcher: Watcher): void {
    const watched = this.#slots.get(slot);
    if (watched?.watchers.delete(watcher) && watched.watchers.size === 0) this.#slots.delete(slot);
  }

  /** How many in this thread wait for this slot. */
  countOf(slot: number): number {
    return this.#slots.get(slot)?.watchers.size ?? 0;
  }

  /** This thread has changed the slot. */
  changed(slot: number): void {
    const watched = this.#slots.get(slot);
    if (watched !== undefined) this.#tell(slot, watched);
  }

  /** Nobody will tell of anything any more: all look for themselves. */
  tellAll(): void {
    for (const [slot, watched] of [...this.#slots]) this.#tell(slot, watched);
  }

  /** The doorbell rang: another thread has changed something. */
  check(): void {
    for (const [slot, watched] of [...this.#slots]) {
      if (this.#memory.news(slot).version !== watched.version) this.#tell(slot, watched);
    }
  }

  #tell(slot: number, watched: Watched): void {
    watched.version = this.#memory.news(slot).version;
    for (const watcher of [...watched.watchers]) watcher.news();
  }
}
