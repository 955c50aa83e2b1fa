import type { CacheMemory } from './memory/cache-memory.ts';
import { type KeyHash, NO_VARIANT } from './memory/hash.ts';
import type { Watch, Watcher } from './watch.ts';

/** What became of a fetch that others wait for. Without an error its thread has died. */
export type FlightOutcome = 'pending' | 'landed' | { readonly error: string | undefined };

/**
 * A fetch under way, and those that wait for its outcome, in all threads. It has a slot in the shared index under a key of
 * its own, so that nobody takes it for an object. When it has landed, all look up what is stored once more.
 */
export class Flight {
  /** Whether it is ours to fetch; else to wait. */
  readonly leads: boolean;
  readonly #memory: CacheMemory;
  readonly #watch: Watch;
  readonly #slot: number;
  #watcher: Watcher | undefined;
  #over = false;

  /** Joins the flight of this key, or begins it. `undefined`: there is no room for one more. */
  static join(memory: CacheMemory, watch: Watch, key: KeyHash): Flight | undefined {
    const found = memory.claim(key, () => NO_VARIANT, { spec: 0, variant: NO_VARIANT });
    return found === undefined ? undefined : new Flight(memory, watch, found.slot, found.leads);
  }

  private constructor(memory: CacheMemory, watch: Watch, slot: number, leads: boolean) {
    this.#memory = memory;
    this.#watch = watch;
    this.#slot = slot;
    this.leads = leads;
  }

  /** Those that wait for it: in this thread each counts, of another one all together. */
  get others(): number {
    return this.#watch.countOf(this.#slot) + this.#memory.othersOf(this.#slot);
  }

  /** Tells of news; to be looked at once at `outcome` as well. */
  watch(watcher: Watcher): void {
    this.#watcher = watcher;
    this.#watch.add(this.#slot, watcher);
  }

  outcome(): FlightOutcome {
    const { state } = this.#memory.news(this.#slot);
    if (state === 'released') return 'landed';
    if (state !== 'failed') return 'pending';
    return { error: this.#memory.readHead(this.#slot)?.toString('latin1') };
  }

  /** For who leads: there is an outcome, which all look up. */
  release(): void {
    this.#end(() => this.#memory.release(this.#slot));
  }

  /** For who leads: this befell all. */
  fail(error: string): void {
    this.#end(() => {
      const head = Buffer.from(error, 'latin1');
      this.#memory.publish(this.#slot, { head, spec: 0, variant: NO_VARIANT, length: undefined });
      this.#memory.fail(this.#slot);
    });
  }

  /** For who waits. */
  leave(): void {
    this.#end(() => {});
  }

  #end(change: () => void): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#watcher !== undefined) this.#watch.remove(this.#slot, this.#watcher);
    change();
    if (this.leads) this.#watch.changed(this.#slot);
    this.#memory.unpin(this.#slot);
  }
}
