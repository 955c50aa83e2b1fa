import type { KeyHash } from './hash.ts';

/**
 * The index: records of 32 cells, found by the hash of their key. Slot 0 is none; its record holds the table's own counts. Slots
 * are handed out densely, so that capacity which is not used costs no memory.
 *
 *          +0          +1          +2          +3          +4          +5          +6          +7
 *       0  revision    status      next        hash, high and low      spec        variant, high and low
 *       8  pins        version     leader + 1  heat        filled      length      body: first, last
 *      16  body: units head length head: first, last, units            queue: previous, next   segment
 *      24  disk: length offset / 8 disk sequence (double)  sequence (double)       until (double)
 *
 *     status   7      5    4        3      0
 *        +----+--------+-----------+--------+
 *        |flags| drop  | detached  | state  |     flags: 8 bits of the caller's
 *        +----+--------+-----------+--------+
 *
 * `revision`, `status`, `version`, `pins`, `filled` and `length` are also read without the lock, by `load`. Each of them says
 * something true alone: a reader that needs two of them at the same moment has to hold the lock. `heat` is the frequency
 * in its lowest byte and the queue in the next: the frequency is written without the lock by anybody, as a byte, and may miss a hit. `until`:
 * of a marker, when it is over; of what is on disk, how long the record is fresh.
 */
export class EntryTable {
  readonly capacity: number;
  readonly #cells: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #buckets: Int32Array;
  readonly #mask: number;

  static allocate(capacity: number): EntryMemory {
    if (capacity < 1 || capacity >= 2 ** 26) throw new RangeError(`${capacity} cache entries: expected 1 to 2^26 - 1`);
    return {
      capacity,
      cells: new SharedArrayBuffer(4 * ENTRY_CELLS * (capacity + 1)),
      buckets: new SharedArrayBuffer(4 * 2 ** Math.ceil(Math.log2(capacity + 1))),
    };
  }

  constructor(memory: EntryMemory) {
    this.capacity = memory.capacity;
    this.#cells = new Int32Array(memory.cells);
    this.#doubles = new Float64Array(memory.cells);
    this.#bytes = new Uint8Array(memory.cells);
    this.#buckets = new Int32Array(memory.buckets);
    this.#mask = this.#buckets.length - 1;
  }

  get(slot: number, field: Field): number {
    return this.#cells[slot * ENTRY_CELLS + field] as number;
  }

  set(slot: number, field: Field, value: number): void {
    this.#cells[slot * ENTRY_CELLS + field] = value;
  }

  load(slot: number, field: SharedField): number {
    return Atomics.load(this.#cells, slot * ENTRY_CELLS + field);
  }

  store(slot: number, field: SharedField, value: number): void {
    Atomics.store(this.#cells, slot * ENTRY_CELLS + field, value);
  }

  add(slot: number, field: SharedField, value: number): void {
    Atomics.add(this.#cells, slot * ENTRY_CELLS + field, value);
  }

  /** Sets bits and says what there was before. */
  or(slot: number, field: SharedField, bits: number): number {
    return Atomics.or(this.#cells, slot * ENTRY_CELLS + field, bits);
  }

  /** Keeps these bits alone and says what there was before. */
  and(slot: number, field: SharedField, bits: number): number {
    return Atomics.and(this.#cells, slot * ENTRY_CELLS + field, bits);
  }

  getDouble(slot: number, field: DoubleField): number {
    return this.#doubles[(slot * ENTRY_CELLS + field) >>> 1] as number;
  }

  setDouble(slot: number, field: DoubleField, value: number): void {
    this.#doubles[(slot * ENTRY_CELLS + field) >>> 1] = value;
  }

  frequency(slot: number): number {
    return this.#bytes[4 * (slot * ENTRY_CELLS + HEAT)] as number;
  }

  setFrequency(slot: number, frequency: number): void {
    this.#bytes[4 * (slot * ENTRY_CELLS + HEAT)] = frequency;
  }

  /** Which of the policy's queues it is in. 0: none. */
  queue(slot: number): number {
    return this.#bytes[4 * (slot * ENTRY_CELLS + HEAT) + 1] as number;
  }

  setQueue(slot: number, queue: number): void {
    this.#bytes[4 * (slot * ENTRY_CELLS + HEAT) + 1] = queue;
  }

  /** Of memory that it has. */
  units(slot: number): number {
    return this.get(slot, HEAD_UNITS) + this.get(slot, BODY_UNITS);
  }

  isPinned(slot: number): boolean {
    return this.load(slot, PINS) !== 0;
  }

  /** The highest slot that was ever in use. */
  get highest(): number {
    return Atomics.load(this.#cells, HIGHEST);
  }

  /** Slots in use. */
  get used(): number {
    return this.#cells[USED] as number;
  }

  /** A slot that nobody uses, not linked. 0: there is none. */
  take(): number {
    let slot = this.#cells[FREE_LIST] as number;
    if (slot !== 0) this.#cells[FREE_LIST] = this.get(slot, NEXT);
    else {
      slot = this.highest + 1;
      if (slot > this.capacity) return 0;
      Atomics.store(this.#cells, HIGHEST, slot);
    }
    this.#cells[USED] = this.used + 1;
    return slot;
  }

  give(slot: number): void {
    const at = slot * ENTRY_CELLS;
    const revision = this.get(slot, REVISION) + 1;
    const version = this.get(slot, VERSION) + 1;
    this.#cells.fill(0, at + STATUS, at + ENTRY_CELLS);
    this.store(slot, REVISION, revision);
    this.store(slot, VERSION, version);
    this.set(slot, NEXT, this.#cells[FREE_LIST] as number);
    this.#cells[FREE_LIST] = slot;
    this.#cells[USED] = this.used - 1;
  }

  hashOf(slot: number): KeyHash {
    return { high: this.get(slot, HASH_HIGH), low: this.get(slot, HASH_LOW) };
  }

  /** Puts it into the bucket of its hash. */
  link(slot: number): void {
    const bucket = this.get(slot, HASH_LOW) & this.#mask;
    this.set(slot, NEXT, this.#buckets[bucket] as number);
    this.#buckets[bucket] = slot;
  }

  unlink(slot: number): void {
    const bucket = this.get(slot, HASH_LOW) & this.#mask;
    const next = this.get(slot, NEXT);
    let before = this.#buckets[bucket] as number;
    if (before === slot) {
      this.#buckets[bucket] = next;
      return;
    }
    while (this.get(before, NEXT) !== slot) before = this.get(before, NEXT);
    this.set(before, NEXT, next);
  }

  /** The first linked slot of a key. 0: none. */
  first(hash: KeyHash): number {
    return this.#match(this.#buckets[hash.low & this.#mask] as number, hash);
  }

  after(slot: number, hash: KeyHash): number {
    return this.#match(this.get(slot, NEXT), hash);
  }

  #match(from: number, hash: KeyHash): number {
    let slot = from;
    while (slot !== 0 && (this.get(slot, HASH_LOW) !== hash.low || this.get(slot, HASH_HIGH) !== hash.high)) {
      slot = this.get(slot, NEXT);
    }
    return slot;
  }

  /** All slots in no bucket, for a check. */
  *freeSlots(): Iterable<number> {
    for (let slot = this.#cells[FREE_LIST] as number; slot !== 0; slot = this.get(slot, NEXT)) yield slot;
  }

  *linkedSlots(): Iterable<number> {
    for (let bucket = 0; bucket <= this.#mask; bucket++) {
      for (let slot = this.#buckets[bucket] as number; slot !== 0; slot = this.get(slot, NEXT)) {
        if ((this.get(slot, HASH_LOW) & this.#mask) !== bucket) throw new Error(`slot ${slot} is in a strange bucket`);
        yield slot;
      }
    }
  }
}

export interface EntryMemory {
  readonly capacity: number;
  readonly cells: SharedArrayBuffer;
  readonly buckets: SharedArrayBuffer;
}

const ENTRY_CELLS = 32;

export const REVISION = 0;
export const STATUS = 1;
export const NEXT = 2;
export const HASH_HIGH = 3;
export const HASH_LOW = 4;
export const SPEC = 5;
export const VARIANT_HIGH = 6;
export const VARIANT_LOW = 7;
export const PINS = 8;
export const VERSION = 9;
export const LEADER = 10;
const HEAT = 11;
export const FILLED = 12;
/** Of the whole body, in bytes; -1: not known yet. */
export const LENGTH = 13;
export const BODY_FIRST = 14;
export const BODY_LAST = 15;
export const BODY_UNITS = 16;
export const HEAD_LENGTH = 17;
export const HEAD_FIRST = 18;
export const HEAD_LAST = 19;
export const HEAD_UNITS = 20;
export const QUEUE_PREVIOUS = 21;
export const QUEUE_NEXT = 22;
export const SEGMENT = 23;
export const DISK_LENGTH = 24;
/** Divided by 8: unsigned. */
export const DISK_OFFSET = 25;
export const DISK_SEQUENCE = 26;
export const SEQUENCE = 28;
export const UNTIL = 30;

export type SharedField =
  | typeof REVISION
  | typeof STATUS
  | typeof VERSION
  | typeof PINS
  | typeof FILLED
  | typeof LENGTH;
export type DoubleField = typeof DISK_SEQUENCE | typeof SEQUENCE | typeof UNTIL;
export type Field = number;

/** Of record 0, which is no entry. */
const FREE_LIST = 0;
const HIGHEST = 1;
const USED = 2;

export const STATE_BITS = 0xf;
export const FREE = 0;
export const PENDING = 1;
export const FILLING = 2;
export const COMPLETE = 3;
export const FAILED = 4;
export const RELEASED = 5;
export const MARKER = 6;
/** In no bucket: nobody finds it any more. */
export const DETACHED = 0x10;
/** The body goes when nobody has pinned it any more; it is on disk. */
export const DROP = 0x20;
export const FLAGS_SHIFT = 8;
