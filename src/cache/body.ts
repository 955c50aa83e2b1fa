import type { Bytes } from '../base/units.ts';
import type { Watch, Watcher } from './watch.ts';

/** Whom a stored body is read to. */
export interface BodySink {
  /** Unchanged until `release` is called, exactly once. `false`: hold on until `resume`. */
  piece(chunk: Uint8Array, release: () => void): boolean;
  end(): void;
  /** The rest will not come: its fetch broke off, or what is on disk is not what was written. */
  failed(): void;
}

/** A body, or a part of it, that is being read. */
export interface BodySource {
  start(): void;
  resume(): void;
  /** Nobody wants the rest. A no-op when it is over. */
  cancel(): void;
}

/** What is asked of the shared memory of a slot that is pinned. */
export interface BodyMemory {
  news(slot: number): { readonly version: number; readonly filled: Bytes; readonly state: string };
  /** Views over shared memory. */
  body(slot: number, from: Bytes, to: Bytes): readonly Uint8Array[];
  unpin(slot: number): void;
}

/** How much is handed over at once: views are cheap, but a client that stalls should find few of them made in vain. */
const AT_ONCE: Bytes = 1_048_576;

/**
 * The body of a slot in memory, from `from` to before `to`, also while it is still coming. Takes over one pin of its
 * maker's, and lets it go when the last piece has been released.
 */
export class MemoryBody implements BodySource, Watcher {
  readonly #memory: BodyMemory;
  readonly #watch: Watch;
  readonly #slot: number;
  readonly #to: Bytes | undefined;
  readonly #sink: BodySink;
  readonly #release = () => this.#released();
  #at: Bytes;
  #lent = 0;
  #over = false;
  #waiting = false;
  /** The sink takes no more for now. While the rest is coming, it is waited for all the same: who writes counts us. */
  #held = false;
  #pumping = false;

  constructor(memory: BodyMemory, watch: Watch, slot: number, from: Bytes, to: Bytes | undefined, sink: BodySink) {
    this.#memory = memory;
    this.#watch = watch;
    this.#slot = slot;
    this.#at = from;
    this.#to = to;
    this.#sink = sink;
  }

  start(): void {
    this.#pump();
  }

  resume(): void {
    this.#held = false;
    this.#pump();
  }

  news(): void {
    if (!this.#held) this.#pump();
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    this.#wait(false);
    this.#letGo();
  }

  #pump(): void {
    // A sink that is ready again at once would have us hand over the same bytes twice.
    if (this.#pumping) return;
    this.#pumping = true;
    while (!this.#over && this.#step());
    this.#pumping = false;
  }

  /** Whether there may be more to do now. */
  #step(): boolean {
    const { filled, state } = this.#memory.news(this.#slot);
    const end = this.#to === undefined ? filled : Math.min(this.#to, filled);
    if (this.#at < end) return this.#hand(Math.min(end, this.#at + AT_ONCE));
    if (this.#at === this.#to || state === 'complete') this.#finish(() => this.#sink.end());
    else if (state !== 'filling') this.#finish(() => this.#sink.failed());
    else if (!this.#waiting) {
      // What came between the look above and this is news that nobody tells: look once more.
      this.#wait(true);
      return true;
    }
    return false;
  }

  /**
   * All of it, also when the client is not ready for more after the first piece: views cost nothing, and the system takes
   * several at once.
   */
  #hand(to: Bytes): boolean {
    let ready = true;
    for (const piece of this.#memory.body(this.#slot, this.#at, to)) {
      this.#at += piece.byteLength;
      this.#lent += 1;
      ready = this.#sink.piece(piece, this.#release) && ready;
      if (this.#over) return false;
    }
    if (ready) return true;
    this.#held = true;
    this.#wait(this.#memory.news(this.#slot).state === 'filling');
    return false;
  }

  #finish(tell: () => void): void {
    this.#over = true;
    this.#wait(false);
    // As if a piece were lent: what is released meanwhile must not let go before the others.
    this.#lent += 1;
    tell();
    this.#released();
  }

  #wait(waits: boolean): void {
    if (waits === this.#waiting) return;
    this.#waiting = waits;
    if (waits) this.#watch.add(this.#slot, this);
    else this.#watch.remove(this.#slot, this);
  }

  #released(): void {
    this.#lent -= 1;
    this.#letGo();
  }

  #letGo(): void {
    if (this.#over && this.#lent === 0) this.#memory.unpin(this.#slot);
  }
}
