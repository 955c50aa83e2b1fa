import type { Bytes, Ms } from '../../base/units.ts';
import { banSize, decodeBans, encodeBans } from './ban-record.ts';
import { BanSet, foldOldest } from './ban-set.ts';
import type { BanJournal, Restored } from './journal.ts';
import { type Ban, type BanSubject, ORDER_TEXT_MAX, type PurgeOrder, type Verdict } from './order.ts';

/**
 * The ban board: what was purged, told to all threads by shared memory, and the sequence numbers that say what came
 * before what. One object a thread over the same memory.
 *
 *     0         64     128                 256          + CAPACITY      + 2 × CAPACITY
 *     +---------+------+-------------------+------------+---------------+
 *     | version | lock | next    | lowest  | records of | records of    |
 *     | epoch   |      | number  | number  | even       | odd           |
 *     | end × 2 |      | suspect |         | epochs     | epochs        |
 *     +---------+------+-------------------+------------+---------------+
 *
 * Who publishes holds the lock, writes behind the `end` of the half in use, moves it, and counts `version` up; so
 * whoever looks at `version` afterwards finds the new bans. When a half is full, those bans that still matter are
 * written to the other half, and `epoch` says that it is the one in use. Readers need no lock: up to `end` nothing
 * changes while the epoch lasts, and a copy that was made across two epochs is made again. Nobody can lag behind for
 * good, as all that matters is always there; and a thread that dies at any point leaves the half in use as it was.
 *
 * Numbers keep up with the clock: each is at least what the time is, in microseconds, when it is taken. So what another
 * cache has sent has a number by its age alone, and purges from before the start, which the journal has by number only,
 * are held against it as rightly as those of a minute ago.
 *
 * What is on disk at a start may have been purged at a sibling while this node was away. Until that is known, objects
 * below the number `suspect` are neither kept nor gone: nothing of them is served but what an origin has just confirmed.
 * As `version` is counted up with it, an object that was judged is not judged again, and a hit costs what it did.
 */

const VERSION = 0;
const EPOCH = 1;
const END = 2;
const LOCK = 16;
/** In cells of 64 bits, on a line of their own: every fetch takes a number, every lookup reads the version. */
const NEXT = 16;
const LOWEST = 17;
const SUSPECT = 18;
const RECORDS_AT = 256;

/** Some 20,000 URLs. Beyond it the older half of them is folded. */
const CAPACITY: Bytes = 2 * 1024 ** 2;

/** What a millisecond is, in numbers: more than are taken in one. */
const PER_MS = 1000;

/** How long `publish` waits for others. All that it may have to wait for is a file that is written to. */
const LOCK_TIMEOUT = 5000;

export interface Published {
  /** Objects of a lower number are purged. */
  readonly sequence: number;
  /** Why the journal does not have it: it holds until the next start only. */
  readonly problem: Error | undefined;
}

export class BanBoard {
  readonly #cells: Int32Array;
  readonly #numbers: BigInt64Array;
  readonly #halves: readonly [Buffer, Buffer];
  readonly #owner: number;
  readonly #journal: BanJournal | undefined;
  readonly #now: () => Ms;
  /** When this thread has last looked whether numbers keep up with the clock. */
  #looked: Ms = 0;
  #bans = new BanSet();
  #version = -1;
  #suspect = 0;
  #epoch = -1;
  #read = 0;

  /** Memory that knows the bans from before the start. `capacity` is that of each half. */
  static allocate({ bans, sequence }: Restored, capacity: Bytes = CAPACITY): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(RECORDS_AT + 2 * capacity);
    const records = encodeBans(foldOldest(bans, capacity / 2, banSize));
    Buffer.from(memory, RECORDS_AT).set(records);
    new Int32Array(memory)[END] = records.length;
    new BigInt64Array(memory)[NEXT] = BigInt(sequence);
    return memory;
  }

  /** `seat` tells threads from one another. Without a journal, nothing is remembered beyond the end of the process. */
  constructor(memory: SharedArrayBuffer, seat: number, journal?: BanJournal, now: () => Ms = Date.now) {
    const capacity = (memory.byteLength - RECORDS_AT) / 2;
    this.#cells = new Int32Array(memory, 0, RECORDS_AT / 4);
    this.#numbers = new BigInt64Array(memory, 0, RECORDS_AT / 8);
    this.#halves = [Buffer.from(memory, RECORDS_AT, capacity), Buffer.from(memory, RECORDS_AT + capacity, capacity)];
    this.#owner = seat + 1;
    this.#journal = journal;
    this.#now = now;
  }

  /** Another one each time something was purged: a verdict holds as long as this stays the same. */
  get version(): number {
    return Atomics.load(this.#cells, VERSION);
  }

  /** Bans that are held against objects. */
  get size(): number {
    this.#sync();
    return this.#bans.size;
  }

  /** Greater than all before it, in whatever thread, also before the last start. For a fetch: taken when it begins. */
  nextSequence(): number {
    const now = Math.floor(this.#now());
    if (now !== this.#looked) this.#keepUp(now);
    return Number(Atomics.add(this.#numbers, NEXT, 1n));
  }

  /** For what was made at this time, whoever has had it since: lower than all numbers that were taken from then on. */
  sequenceAt(time: Ms): number {
    return Math.max(0, Math.floor(time) * PER_MS - 1);
  }

  /** What all bans so far mean for an object. */
  verdict(subject: BanSubject): Verdict {
    this.#sync();
    const verdict = this.#bans.verdict(subject);
    return verdict !== 'gone' && subject.sequence < this.#suspect ? 'suspect' : verdict;
  }

  /** All that was stored before now may have been purged elsewhere. */
  suspect(): void {
    this.#suspectBelow(this.nextSequence());
  }

  /** Nothing was, or has been purged here as well. */
  trust(): void {
    this.#suspectBelow(0);
  }

  /**
   * Purges. When it returns, no lookup in any thread finds what it is for; and the journal has it, but for a `problem`.
   * Throws when another thread does not let it, and when a text is longer than `ORDER_TEXT_MAX`.
   */
  publish(orders: readonly PurgeOrder[], soft: boolean): Published {
    for (const order of orders) {
      if (order.kind !== 'all' && Buffer.byteLength(order.text) > ORDER_TEXT_MAX)
        throw new RangeError('purge too long');
    }
    this.#lock();
    try {
      // Whatever the version says: who held the lock before may have died before it could count it up.
      while (!this.#tryRead());
      const sequence = this.nextSequence();
      const bans = orders.map((order): Ban => ({ order, soft, sequence }));
      const problem = this.#journal?.append(bans);
      this.#append(bans);
      return { sequence, problem };
    } finally {
      this.#unlock(this.#owner);
    }
  }

  /** No object, stored or being fetched, has a number below this: what was purged before need not be remembered. */
  forgetBelow(sequence: number): void {
    Atomics.store(this.#numbers, LOWEST, BigInt(sequence));
  }

  /** The thread on this seat has ended, perhaps in the middle of something. */
  seatLeft(seat: number): void {
    this.#unlock(seat + 1);
  }

  /** A clock that was set back changes nothing: numbers never fall. */
  #keepUp(now: Ms): void {
    this.#looked = now;
    const least = BigInt(now * PER_MS);
    for (;;) {
      const next = Atomics.load(this.#numbers, NEXT);
      if (next >= least || Atomics.compareExchange(this.#numbers, NEXT, next, least) === next) return;
    }
  }

  #suspectBelow(sequence: number): void {
    Atomics.store(this.#numbers, SUSPECT, BigInt(sequence));
    Atomics.add(this.#cells, VERSION, 1);
  }

  #sync(): void {
    const version = Atomics.load(this.#cells, VERSION);
    if (version === this.#version) return;
    // Before the bans: who finds that it is trusted again must find all that was purged for that.
    this.#suspect = Number(Atomics.load(this.#numbers, SUSPECT));
    while (!this.#tryRead());
    this.#version = version;
  }

  #tryRead(): boolean {
    const epoch = Atomics.load(this.#cells, EPOCH);
    const half = epoch & 1;
    const end = Atomics.load(this.#cells, END + half);
    const bytes = Buffer.from(this.#halfAt(half).subarray(epoch === this.#epoch ? this.#read : 0, end));
    // Not a mere load: what was copied must have been read before.
    if (Atomics.compareExchange(this.#cells, EPOCH, epoch, epoch) !== epoch) return false;
    if (epoch !== this.#epoch) this.#bans = new BanSet();
    for (const ban of decodeBans(bytes)) this.#bans.add(ban);
    this.#epoch = epoch;
    this.#read = end;
    return true;
  }

  #append(bans: readonly Ban[]): void {
    const half = this.#epoch & 1;
    const records = encodeBans(bans);
    if (this.#read + records.length > this.#halfAt(half).length) this.#compact(bans);
    else {
      this.#halfAt(half).set(records, this.#read);
      Atomics.store(this.#cells, END + half, this.#read + records.length);
    }
    Atomics.add(this.#cells, VERSION, 1);
  }

  /** Begins the next epoch in the other half, with what matters of the bans so far and with these. */
  #compact(bans: readonly Ban[]): void {
    const half = (this.#epoch + 1) & 1;
    for (const ban of bans) this.#bans.add(ban);
    this.#bans.forgetBelow(Number(Atomics.load(this.#numbers, LOWEST)));
    const kept = foldOldest(this.#bans.bans(), this.#halfAt(half).length / 2, banSize);
    this.#journal?.rewrite(kept, Number(Atomics.load(this.#numbers, NEXT)));
    const records = encodeBans(kept);
    this.#halfAt(half).set(records);
    Atomics.store(this.#cells, END + half, records.length);
    Atomics.add(this.#cells, EPOCH, 1);
  }

  #halfAt(half: number): Buffer {
    return this.#halves[half] as Buffer;
  }

  #lock(): void {
    const deadline = performance.now() + LOCK_TIMEOUT;
    for (;;) {
      const holder = Atomics.compareExchange(this.#cells, LOCK, 0, this.#owner);
      if (holder === 0) return;
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`the purge on seat ${holder - 1} does not end`);
      Atomics.wait(this.#cells, LOCK, holder, left);
    }
  }

  #unlock(owner: number): void {
    if (Atomics.compareExchange(this.#cells, LOCK, owner, 0) === owner) Atomics.notify(this.#cells, LOCK, 1);
  }
}
