/**
 * A mutex for threads that share memory, after Drepper's "Futexes Are Tricky", with the holder's name in it: a thread can
 * be ended in the middle of anything, and whoever watches over the threads must be able to tell that it held the lock.
 *
 *     cell 0   0: free; 1 + seat: held by that seat; with WAITED set: and somebody may be asleep
 *     cell 16  not 0: broken, for ever
 *     cell 32  how often somebody had to sleep
 *
 * A lock is broken when its holder died, or failed half-way: what it guards can no longer be trusted. Who waits sees that,
 * and so does everybody who comes later.
 */
export class Lock {
  readonly #cells: Int32Array;
  readonly #mine: number;
  readonly #onBreak: () => void;

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * 48);
  }

  /** `onBreak` is called when this thread breaks it, to tell those who do not wait for the lock but for news. */
  constructor(memory: SharedArrayBuffer, seat: number, onBreak: () => void = () => {}) {
    this.#cells = new Int32Array(memory);
    this.#mine = seat + 1;
    this.#onBreak = onBreak;
  }

  /** Does `work` alone. It must be a matter of microseconds, and what it throws breaks the lock: it was not expected. */
  hold<T>(work: () => T): T {
    this.acquire();
    try {
      return work();
    } catch (error) {
      this.break();
      throw error;
    } finally {
      this.release();
    }
  }

  /** Throws `MemoryBroken`. Not reentrant. */
  acquire(): void {
    if (Atomics.compareExchange(this.#cells, WORD, 0, this.#mine) !== 0) this.#acquireSlowly();
    // Taking the lock has made everything seen that was done before.
    if (this.#cells[BROKEN] === 0) return;
    this.release();
    throw new MemoryBroken();
  }

  release(): void {
    if ((Atomics.exchange(this.#cells, WORD, 0) & WAITED) !== 0) Atomics.notify(this.#cells, WORD, 1);
  }

  /** Whether this seat holds it: asked when its thread has ended, and means then that the lock must be broken. */
  isHeldBy(seat: number): boolean {
    return (Atomics.load(this.#cells, WORD) & ~WAITED) === seat + 1;
  }

  isBroken(): boolean {
    return Atomics.load(this.#cells, BROKEN) !== 0;
  }

  break(): void {
    Atomics.store(this.#cells, BROKEN, 1);
    Atomics.notify(this.#cells, WORD);
    this.#onBreak();
  }

  /** How often a thread had to sleep for it. */
  get waits(): number {
    return Atomics.load(this.#cells, WAITS) >>> 0;
  }

  #acquireSlowly(): void {
    const cells = this.#cells;
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(cells, WORD) === 0 && Atomics.compareExchange(cells, WORD, 0, this.#mine) === 0) return;
    }
    Atomics.add(cells, WAITS, 1);
    let holder = 0;
    let stalls = 0;
    // Who has slept cannot know whether it was the only one: it takes the lock as one that is waited for.
    while (Atomics.compareExchange(cells, WORD, 0, this.#mine | WAITED) !== 0) {
      const word = Atomics.load(cells, WORD);
      if (word === 0) continue;
      const waited = word | WAITED;
      if (word !== waited && Atomics.compareExchange(cells, WORD, word, waited) !== word) continue;
      if (this.isBroken()) throw new MemoryBroken();
      const timedOut = Atomics.wait(cells, WORD, waited, NAP) === 'timed-out';
      stalls = timedOut && holder === (word & ~WAITED) ? stalls + 1 : 0;
      holder = word & ~WAITED;
      // Nobody may be left to tell us: whoever watches over the threads may be the one who waits here.
      if (stalls >= STALLS) this.break();
    }
  }
}

/** Every operation on shared memory whose lock is broken throws it. What was in there is lost; a new one must be made. */
export class MemoryBroken extends Error {
  override readonly name = 'MemoryBroken';
  readonly code = 'MEMORY_BROKEN';

  constructor() {
    super('the shared memory of the cache was left half-changed by a thread that died');
  }
}

const WORD = 0;
const BROKEN = 16;
const WAITS = 32;

const WAITED = 0x100;

/** Some microseconds: longer than the lock is held, shorter than falling asleep and being woken. */
const SPINS = 500;

/** Milliseconds. A wake-up is lost when the thread that it was for is ended; then the next one is late by this much. */
const NAP = 50;

/**
 * So many naps in a row without any sign of life from the holder: it is dead. Counted in naps and not by the clock, so
 * that a process which was stopped or a machine which was suspended does not look like it.
 */
const STALLS = 20;
