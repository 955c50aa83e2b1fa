import { HASH_HIGH, HASH_LOW, QUEUE_NEXT, QUEUE_PREVIOUS } from './entry-table.ts';
import type { EvictionPolicy, PolicyEntries, QueueSize } from './eviction.ts';
import { Ghost } from './ghost.ts';

/**
 * S3-FIFO (Yang and others, SOSP 2023), by bytes: what comes for the first time goes through a small queue of a tenth of the
 * memory and is out soon if nobody asks for it, so that a scan cannot sweep the rest; what was asked for meanwhile, or
 * comes back soon after it was evicted, goes to the main queue, where every hit is worth another round.
 *
 * Three departures, all for the sake of who waits for the lock: an entry that is pinned goes round instead of out, and after
 * `SKIPS` of them in a queue nobody is found; and after `PATIENCE` entries that earned another round the next goes out whatever it earned.
 *
 *     cells  0..3 small: newest, oldest, units, entries    4..7 main: the same    8 ghost hits
 */
export class S3Fifo implements EvictionPolicy {
  readonly #entries: PolicyEntries;
  readonly #cells: Int32Array;
  readonly #ghost: Ghost;
  readonly #capacity: number;
  readonly #smallTarget: number;

  static allocate(entries: number): PolicyMemory {
    return { cells: new SharedArrayBuffer(4 * 16), ghost: Ghost.allocate(entries) };
  }

  /** `capacity`: what there is for all entries, in units. */
  constructor(memory: PolicyMemory, entries: PolicyEntries, capacity: number) {
    this.#entries = entries;
    this.#cells = new Int32Array(memory.cells);
    this.#ghost = new Ghost(memory.ghost);
    this.#capacity = capacity;
    this.#smallTarget = capacity * SMALL_SHARE;
  }

  enter(slot: number): void {
    const entries = this.#entries;
    const known = this.#ghost.recall(entries.get(slot, HASH_HIGH), entries.get(slot, HASH_LOW), this.#capacity);
    if (known) this.#cells[GHOST_HITS] = this.ghostHits + 1;
    entries.setFrequency(slot, 0);
    this.#push(known ? MAIN : SMALL, slot);
  }

  resize(slot: number, units: number): void {
    const cell = at(this.#entries.queue(slot)) + UNITS;
    this.#cells[cell] = this.#get(cell) + units;
  }

  leave(slot: number): void {
    this.#take(slot);
  }

  victim(): number {
    let patience = PATIENCE;
    let smallSkips = 0;
    let mainSkips = 0;
    for (;;) {
      const queue = this.#choose(smallSkips, mainSkips);
      if (queue === 0) return 0;
      const slot = this.#get(at(queue) + OLDEST);
      const frequency = this.#entries.frequency(slot);
      if (this.#entries.isPinned(slot)) {
        if (queue === SMALL) smallSkips += 1;
        else mainSkips += 1;
        this.#move(slot, queue);
      } else if (queue === SMALL && frequency >= WORTH_KEEPING && patience > 0) {
        patience -= 1;
        this.#entries.setFrequency(slot, 0);
        this.#move(slot, MAIN);
      } else if (queue === MAIN && frequency > 0 && patience > 0) {
        patience -= 1;
        this.#entries.setFrequency(slot, frequency - 1);
        this.#move(slot, MAIN);
      } else {
        if (queue === SMALL) {
          this.#ghost.add(
            this.#entries.get(slot, HASH_HIGH),
            this.#entries.get(slot, HASH_LOW),
            this.#entries.units(slot),
          );
        }
        this.#take(slot);
        return slot;
      }
    }
  }

  get ghostHits(): number {
    return this.#get(GHOST_HITS);
  }

  get sizes(): { readonly small: QueueSize; readonly main: QueueSize } {
    const size = (queue: number): QueueSize => ({
      entries: this.#get(at(queue) + ENTRIES),
      units: this.#get(at(queue) + UNITS),
    });
    return { small: size(SMALL), main: size(MAIN) };
  }

  check(): number[] {
    const slots: number[] = [];
    for (const queue of [SMALL, MAIN]) {
      let entries = 0;
      let units = 0;
      let newer = 0;
      for (let slot = this.#get(at(queue)); slot !== 0; slot = this.#entries.get(slot, QUEUE_NEXT)) {
        if (this.#entries.queue(slot) !== queue) throw new Error(`slot ${slot} is in queue ${queue} by mistake`);
        if (this.#entries.get(slot, QUEUE_PREVIOUS) !== newer) throw new Error(`slot ${slot} is linked wrongly`);
        entries += 1;
        units += this.#entries.units(slot);
        newer = slot;
        slots.push(slot);
      }
      if (newer !== this.#get(at(queue) + OLDEST)) throw new Error(`queue ${queue} ends elsewhere`);
      if (entries !== this.#get(at(queue) + ENTRIES)) throw new Error(`queue ${queue} has ${entries} entries`);
      if (units !== this.#get(at(queue) + UNITS)) throw new Error(`queue ${queue} has ${units} units`);
    }
    return slots;
  }

  /** The queue whose turn it is. 0: both are empty, or looked at long enough. */
  #choose(smallSkips: number, mainSkips: number): number {
    const small = smallSkips < Math.min(SKIPS, this.#get(at(SMALL) + ENTRIES));
    const main = mainSkips < Math.min(SKIPS, this.#get(at(MAIN) + ENTRIES));
    if (small && (!main || this.#get(at(SMALL) + UNITS) > this.#smallTarget)) return SMALL;
    return main ? MAIN : 0;
  }

  #move(slot: number, queue: number): void {
    this.#take(slot);
    this.#push(queue, slot);
  }

  #push(queue: number, slot: number): void {
    const cells = this.#cells;
    const row = at(queue);
    const newest = this.#get(row);
    this.#entries.set(slot, QUEUE_PREVIOUS, 0);
    this.#entries.set(slot, QUEUE_NEXT, newest);
    if (newest === 0) cells[row + OLDEST] = slot;
    else this.#entries.set(newest, QUEUE_PREVIOUS, slot);
    cells[row] = slot;
    this.#entries.setQueue(slot, queue);
    cells[row + UNITS] = this.#get(row + UNITS) + this.#entries.units(slot);
    cells[row + ENTRIES] = this.#get(row + ENTRIES) + 1;
  }

  #take(slot: number): void {
    const cells = this.#cells;
    const row = at(this.#entries.queue(slot));
    const newer = this.#entries.get(slot, QUEUE_PREVIOUS);
    const older = this.#entries.get(slot, QUEUE_NEXT);
    if (newer === 0) cells[row] = older;
    else this.#entries.set(newer, QUEUE_NEXT, older);
    if (older === 0) cells[row + OLDEST] = newer;
    else this.#entries.set(older, QUEUE_PREVIOUS, newer);
    this.#entries.setQueue(slot, 0);
    cells[row + UNITS] = this.#get(row + UNITS) - this.#entries.units(slot);
    cells[row + ENTRIES] = this.#get(row + ENTRIES) - 1;
  }

  #get(cell: number): number {
    return this.#cells[cell] as number;
  }
}

export interface PolicyMemory {
  readonly cells: SharedArrayBuffer;
  readonly ghost: SharedArrayBuffer;
}

function at(queue: number): number {
  return (queue - 1) * 4;
}

const SMALL = 1;
const MAIN = 2;

const OLDEST = 1;
const UNITS = 2;
const ENTRIES = 3;
const GHOST_HITS = 8;

const SMALL_SHARE = 0.1;
/** Hits in the small queue that take an entry to the main one. */
const WORTH_KEEPING = 2;
const SKIPS = 256;
const PATIENCE = 128;
