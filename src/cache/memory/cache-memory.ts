import { Doorbell } from '../../base/doorbell.ts';
import type {
  Claim,
  EntryFacts,
  EntryState,
  Found,
  HeadUpdate,
  News,
  Publication,
  Restored,
  VariantOf,
} from './entry.ts';
import {
  BODY_FIRST,
  COMPLETE,
  DETACHED,
  DROP,
  type EntryTable,
  FAILED,
  FILLED,
  FILLING,
  FLAGS_SHIFT,
  HEAD_FIRST,
  HEAD_LENGTH,
  LEADER,
  LENGTH,
  MARKER,
  PENDING,
  PINS,
  RELEASED,
  REVISION,
  SEGMENT,
  SEQUENCE,
  SPEC,
  STATE_BITS,
  STATUS,
  UNTIL,
  VARIANT_HIGH,
  VARIANT_LOW,
  VERSION,
} from './entry-table.ts';
import { hashOf, type KeyHash, NO_VARIANT, type VariantHash } from './hash.ts';
import { checkMemory, type Holdings, holdingsOf } from './inspect.ts';
import { LocalPins } from './local-pins.ts';
import { Lock, MemoryBroken } from './lock.ts';
import { allocateMemory, type DiskPlace, type MemoryHandle, type MemorySize } from './memory-handle.ts';
import { UNIT_BYTES } from './pages.ts';
import { type MemoryStats, statsOf } from './stats.ts';
import { Store } from './store.ts';
import { clearSegment, releaseSeat, removeAll } from './sweep.ts';
import { VarySpecs } from './vary-specs.ts';

export type {
  Claim,
  EntryFacts,
  EntryState,
  Found,
  HeadUpdate,
  News,
  Publication,
  Restored,
  VariantOf,
} from './entry.ts';

/**
 * The memory tier and the index of all tiers, as one thread uses it. All threads of the process share what is in it and call
 * it synchronously; each has an instance over the same handle, with a seat of its own.
 *
 *                claim          publish, append        complete
 *     (nothing) ──────▸ pending ──────▸ filling ──────▸ complete ──▸ evicted: on disk only, or removed
 *                          │               │               ▲ │
 *                          └── fail, release               └─┘ beginLoad … endLoad
 *
 * Who claimed an entry leads its fetch; whoever finds it meanwhile follows: it listens to the bell, and looks at `news`. The bell tells
 * what other threads did; followers in the leader's own thread are its caller's to tell. Entries
 * are handed out *pinned*: until `unpin`, the slot keeps its meaning and its body stays where it is. A pinned entry can be removed;
 * then nobody finds it any more, and its memory is freed when the last one unpins it. Pins of one thread are counted.
 *
 * Every method but `touch`, `unpin`, `isBroken` and the hashes throws `MemoryBroken` when a thread died half-way through a change; `isCurrent` is false
 * then. A broken memory stays broken: let go of it, all pins included, and make another.
 */
export class CacheMemory {
  readonly seat: number;
  readonly bell: Doorbell;
  readonly #handle: MemoryHandle;
  readonly #lock: Lock;
  readonly #store: Store;
  readonly #entries: EntryTable;
  readonly #specs: VarySpecs;
  readonly #sequence: Float64Array;
  readonly #mine: number;
  readonly #pins = new LocalPins();
  /** What the last scan found. */
  #newest = 0;
  #newestComplete = 0;

  static allocate(size: MemorySize): MemoryHandle {
    return allocateMemory(size);
  }

  /** `seat`: from 0, for one living thread at a time. The seat of a dead one is free again after `releaseSeat`. */
  constructor(handle: MemoryHandle, seat: number) {
    if (seat < 0 || seat >= handle.seats) throw new RangeError(`seat ${seat} of ${handle.seats}`);
    this.seat = seat;
    this.bell = new Doorbell(handle.bells, seat);
    this.#handle = handle;
    this.#lock = new Lock(handle.lock, seat, () => this.bell.ring(-1 >>> (32 - handle.seats)));
    this.#store = new Store(handle);
    this.#entries = this.#store.entries;
    this.#specs = new VarySpecs(handle.specs);
    this.#sequence = new Float64Array(handle.counters, SEQUENCE_AT, 1);
    this.#mine = 1 << seat;
  }

  // Names

  /** The seeded hash of a primary key, or of the values of selecting fields. */
  hashOf(text: string): KeyHash {
    return hashOf(this.#handle.seed, text);
  }

  /**
   * The number of a list of selecting fields, `accept-encoding\ncookie`; of none, 0. `undefined`: there are too many different
   * ones (64 KiB), and a response that varies by it cannot be stored.
   */
  specOf(names: string): number | undefined {
    return this.#specs.idOf(names) ?? this.#lock.hold(() => this.#specs.add(names));
  }

  namesOf(spec: number): string {
    return this.#specs.textOf(spec);
  }

  /** The next number in the order of fetches and purges. `claim` takes one for each fetch. */
  nextSequence(): number {
    return this.#lock.hold(() => this.#advance());
  }

  /** Lets the numbers go on above what was found on disk. */
  raiseSequence(atLeast: number): void {
    this.#lock.hold(() => {
      this.#sequence[0] = Math.max(this.#sequence[0] as number, atLeast);
    });
  }

  // Finding

  /**
   * The newest entry of the key that a request with these variants may use, pinned. `variantOf` gives the request's variant for a spec,
   * `undefined` for one under which it matches nothing; it is called at most once for a spec, never for 0, and not under the lock.
   */
  find(hash: KeyHash, variantOf: VariantOf): Found | undefined {
    return this.#look(hash, variantOf, () => (this.#newest === 0 ? undefined : this.#foundNewest()));
  }

  /**
   * Finds as `find` does, but only what is newer than `after`; else makes a pending entry, which this thread leads. Of all who
   * call it at once for one variant, one leads and the others find what it made. `undefined`: the index is full of what is in use.
   */
  claim(hash: KeyHash, variantOf: VariantOf, claim: Claim): Found | undefined {
    const { after = Number.NEGATIVE_INFINITY } = claim;
    return this.#look(hash, variantOf, () => {
      const newest = this.#newest;
      if (newest !== 0 && this.#entries.getDouble(newest, SEQUENCE) > after) return this.#foundNewest();
      const previous = this.#newestComplete === 0 ? undefined : this.#found(this.#newestComplete);
      const slot = this.#store.attach(hash, claim.spec, claim.variant, this.#advance(), PENDING);
      if (slot !== 0) {
        this.#entries.set(slot, LEADER, this.seat + 1);
        return this.#found(slot, previous, true);
      }
      if (previous !== undefined) this.#unpinLocked(previous.slot);
      return undefined;
    });
  }

  /** All entries of a key, whatever their variant, pinned. */
  list(hash: KeyHash): Found[] {
    return this.#lock.hold(() => {
      const found: Found[] = [];
      for (let slot = this.#entries.first(hash); slot !== 0; slot = this.#entries.after(slot, hash)) {
        found.push(this.#found(slot));
      }
      return found;
    });
  }

  /** What is in a slot, pinned, if it is complete: to walk over all entries, from 1 to `highestSlot`. */
  at(slot: number): Found | undefined {
    return this.#lock.hold(() => {
      const isEntry = this.#store.isAttached(slot) && this.#store.state(slot) === COMPLETE;
      return isEntry ? this.#found(slot) : undefined;
    });
  }

  /**
   * How much the complete entry in a slot is asked for, as far as the policy knows: by its queue, then by its hits of late. 0:
   * there is none in memory. No lock, for a walk over all of them: what is there may be another by now.
   */
  heat(slot: number): number {
    const queue = this.#entries.queue(slot);
    return queue === 0 ? 0 : queue * (MOST_FREQUENT + 1) + Math.min(MOST_FREQUENT, this.#entries.frequency(slot));
  }

  get highestSlot(): number {
    return this.#entries.highest;
  }

  /** Whether what was decoded of the slot at this revision still holds. No lock: for the hottest path of all. */
  isCurrent(slot: number, revision: number): boolean {
    // A revision never comes back, so that this one load says all. It may be true a moment before another thread removes the
    // entry; but who removes one and then tells somebody so has changed the revision before.
    return this.#entries.load(slot, REVISION) === revision && !this.#lock.isBroken();
  }

  /** Notes a hit. No lock, and no harm if the slot is another's by now. */
  touch(slot: number): void {
    const frequency = this.#entries.frequency(slot);
    if (frequency < MOST_FREQUENT) this.#entries.setFrequency(slot, frequency + 1);
  }

  /** `false`: it is not current any more. */
  pin(slot: number, revision: number): boolean {
    if (!this.isCurrent(slot, revision)) {
      this.#checkBroken();
      return false;
    }
    return this.#lock.hold(() => {
      if (this.#entries.get(slot, REVISION) !== revision) return false;
      this.#pin(slot);
      return true;
    });
  }

  unpin(slot: number): void {
    if (this.#pins.subtract(slot) > 0) return;
    // Removing sets DETACHED and then looks at the pins; here the pin goes and then the status is looked at. So one of both
    // sees the other, and under the lock it is looked at again.
    const others = this.#entries.and(slot, PINS, ~this.#mine) & ~this.#mine;
    if (others !== 0 || (this.#entries.load(slot, STATUS) & (DETACHED | DROP)) === 0) return;
    try {
      this.#lock.hold(() => this.#store.settle(slot));
    } catch (error) {
      if (!(error instanceof MemoryBroken)) throw error;
    }
  }

  /** Pins once more what this thread has pinned already, whatever became of it meanwhile. */
  pinAgain(slot: number): void {
    this.#checkPinned(slot);
    this.#pins.add(slot);
  }

  /** How many other threads have it pinned. */
  othersOf(slot: number): number {
    let count = 0;
    for (let rest = this.#store.pins(slot) & ~this.#mine; rest !== 0; rest &= rest - 1) count += 1;
    return count;
  }

  /** Slots that this thread has pinned. */
  get pinned(): number {
    return this.#pins.size;
  }

  // Reading what is pinned

  /** How far it has come. No lock: of what is read here, `version` is the oldest. */
  news(slot: number): News {
    const version = this.#entries.load(slot, VERSION);
    const status = this.#entries.load(slot, STATUS);
    const length = this.#entries.load(slot, LENGTH);
    const filled = this.#entries.load(slot, FILLED) >>> 0;
    return {
      version,
      state: STATES[status & STATE_BITS] as EntryState,
      filled,
      length: length === -1 ? undefined : length >>> 0,
    };
  }

  describe(slot: number): EntryFacts {
    const entries = this.#entries;
    return this.#lock.hold(() => ({
      ...this.news(slot),
      hash: entries.hashOf(slot),
      spec: entries.get(slot, SPEC),
      variant: { high: entries.get(slot, VARIANT_HIGH), low: entries.get(slot, VARIANT_LOW) },
      sequence: entries.getDouble(slot, SEQUENCE),
      flags: (entries.get(slot, STATUS) >>> FLAGS_SHIFT) & 0xff,
      hasHead: entries.get(slot, HEAD_LENGTH) !== 0,
      isLoading: entries.get(slot, LEADER) !== 0 && this.#store.state(slot) === COMPLETE,
      disk: this.#store.disk(slot),
    }));
  }

  /** A copy. `undefined`: it is not in memory. */
  readHead(slot: number): Buffer | undefined {
    return this.#lock.hold(() => {
      const length = this.#entries.get(slot, HEAD_LENGTH);
      if (length === 0) return undefined;
      const views = this.#store.chains.views(this.#entries.get(slot, HEAD_FIRST) - 1, 0, 0, length);
      return views.length === 1 ? Buffer.from(views[0] as Buffer) : Buffer.concat(views);
    });
  }

  /** Bytes of the body as views of the memory, good until the slot is unpinned. `to`: at most what is `filled`. */
  body(slot: number, from: number, to: number): Buffer[] {
    if (to > this.#entries.load(slot, FILLED) >>> 0) throw new RangeError(`${to} bytes are not there yet`);
    if (from >= to) return [];
    const first = this.#entries.get(slot, BODY_FIRST) - 1;
    if (from === 0 && to <= SHORT) return this.#store.chains.views(first, 0, from, to);
    const last = this.#pins.readingAt(slot);
    const note = (position: number, unit: number): void => this.#pins.noteReading(slot, position, unit);
    return last.position > 0 && last.position <= from
      ? this.#store.chains.views(last.unit, last.position, from, to, note)
      : this.#store.chains.views(first, 0, from, to, note);
  }

  // Filling: what this thread leads

  /** pending ▸ filling: the head is there, and with it the variant. `false`: no room, or too long; fail or release it. */
  publish(slot: number, response: Publication): boolean {
    this.#checkLeads(slot, PENDING);
    if (response.length !== undefined && response.length > LONGEST_BODY) return false;
    const done = this.#lock.hold(() => {
      // Better now than in the middle, when others have begun to follow; but not so long that all others wait.
      const units = Math.min(Math.ceil((response.length ?? 0) / UNIT_BYTES), MOST_ROOM);
      if (!this.#store.makeRoom(units, units) || !this.#store.putHead(slot, response.head)) return false;
      this.#store.setVariant(slot, response.spec, response.variant);
      this.#entries.store(slot, LENGTH, response.length ?? -1);
      this.#setStatus(slot, FILLING, response.flags ?? 0);
      return true;
    });
    if (done) this.#tell(slot);
    return done;
  }

  /**
   * Adds to the body, of an entry that is filling or being loaded. `false`: no room, since all is in use, or too long; fail or release it.
   */
  append(slot: number, bytes: Uint8Array): boolean {
    this.#checkLeads(slot, FILLING, COMPLETE);
    if (bytes.length === 0) return true;
    const filled = this.#entries.load(slot, FILLED) >>> 0;
    const end = filled + bytes.length;
    const length = this.#entries.load(slot, LENGTH);
    if (end > (length === -1 ? LONGEST_BODY : length >>> 0)) return false;
    // Only who leads changes the chain, and the entry is pinned: what is read of it without the lock is right.
    const before = this.#store.body(slot);
    if (end > before.units * UNIT_BYTES && !this.#lock.hold(() => this.#grow(slot, end))) return false;
    this.#store.chains.write(this.#store.body(slot), before, filled, bytes);
    this.#entries.store(slot, FILLED, end | 0);
    this.#tell(slot);
    return true;
  }

  /**
   * filling ▸ complete; it takes the place of older ones of the same variant. `false`: nobody will find it, since it was removed meanwhile
   * or a newer one is there. Throws a `RangeError` when the body is not as long as was said.
   */
  complete(slot: number): boolean {
    this.#checkLeads(slot, FILLING);
    const filled = this.#entries.load(slot, FILLED);
    const length = this.#entries.load(slot, LENGTH);
    if (length !== -1 && length !== filled) throw new RangeError(`${filled >>> 0} bytes of ${length >>> 0}`);
    const stays = this.#lock.hold(() => {
      const store = this.#store;
      store.trimBody(slot);
      this.#entries.store(slot, LENGTH, filled);
      this.#entries.set(slot, LEADER, 0);
      store.setState(slot, COMPLETE);
      if (!store.isAttached(slot)) return false;
      if (!store.supersede(slot)) store.detach(slot);
      store.enter(slot);
      return store.isAttached(slot);
    });
    this.#tell(slot);
    return stays;
  }

  /** The fetch failed: each follower has to see for itself what to do. */
  fail(slot: number): void {
    this.#end(slot, FAILED);
  }

  /**
   * There is nothing to share here: followers look again. With `markerUntil`, epoch milliseconds, a marker takes its place, so that
   * whoever comes until then does not wait for others ("hit for miss"); that it has expired is for who finds it to see.
   */
  release(slot: number, markerUntil?: number): void {
    this.#end(slot, RELEASED, markerUntil);
  }

  // Changing what is complete

  /** Another head for the same body, as a 304 brings it. The new revision; `undefined`: it was removed meanwhile, or no room. */
  updateHead(slot: number, revision: number, update: HeadUpdate): number | undefined {
    this.#checkPinned(slot);
    return this.#lock.hold(() => {
      const entries = this.#entries;
      if (entries.get(slot, REVISION) !== revision || this.#store.state(slot) !== COMPLETE) return undefined;
      if (!this.#store.putHead(slot, update.head)) return undefined;
      if (update.sequence !== undefined) entries.setDouble(slot, SEQUENCE, update.sequence);
      if (update.flags !== undefined) this.#setStatus(slot, COMPLETE, update.flags);
      this.#store.enter(slot);
      entries.store(slot, REVISION, (revision + 1) | 0);
      return (revision + 1) | 0;
    });
  }

  /** Notes where it is on disk; from then on, evicting it leaves it in the index. `undefined`: nowhere any more. */
  setDisk(slot: number, revision: number, place: DiskPlace | undefined): boolean {
    return this.#lock.hold(() => {
      if (this.#entries.get(slot, REVISION) !== revision || this.#store.state(slot) !== COMPLETE) return false;
      this.#store.setDisk(slot, place);
      return true;
    });
  }

  /** Frees the memory of a body that is on disk, at once or when it is unpinned everywhere. The head stays. */
  dropBody(slot: number, revision: number): void {
    this.#lock.hold(() => {
      if (this.#entries.get(slot, REVISION) !== revision || this.#entries.get(slot, SEGMENT) === 0) return;
      this.#entries.or(slot, STATUS, DROP);
      this.#store.settle(slot);
    });
  }

  /** An entry that is on disk only. The slot, not pinned; 0: a newer one is there, or the index is full. */
  restore(entry: Restored): number {
    return this.#lock.hold(() => {
      const entries = this.#entries;
      if (entries.used === entries.capacity) return 0;
      const slot = this.#store.attach(entry.hash, entry.spec, entry.variant, entry.sequence, COMPLETE);
      entries.store(slot, LENGTH, entry.length | 0);
      this.#setStatus(slot, COMPLETE, entry.flags ?? 0);
      this.#store.setDisk(slot, entry.disk);
      if (this.#store.supersede(slot)) return slot;
      this.#store.detach(slot);
      return 0;
    });
  }

  // Loading from disk

  /**
   * Takes it upon this thread to bring back what is on disk: `putHead` and `append`, from where `news` says that the body is filled to,
   * then `endLoad`. `busy`: another does, follow it; if it ends before all is there, begin again. `gone`: removed meanwhile.
   */
  beginLoad(slot: number): 'begun' | 'busy' | 'gone' {
    this.#checkPinned(slot);
    return this.#lock.hold(() => {
      if (!this.#store.isAttached(slot) || this.#store.state(slot) !== COMPLETE) return 'gone';
      if (this.#entries.get(slot, LEADER) !== 0) return 'busy';
      this.#entries.set(slot, LEADER, this.seat + 1);
      return 'begun';
    });
  }

  /** The head as it is on disk. `false`: no room. */
  loadHead(slot: number, head: Uint8Array): boolean {
    this.#checkLeads(slot, COMPLETE);
    const done = this.#lock.hold(() => {
      // One that a 304 brought meanwhile is newer than the disk's.
      if (this.#entries.get(slot, HEAD_LENGTH) !== 0) return true;
      if (!this.#store.putHead(slot, head)) return false;
      this.#store.enter(slot);
      return true;
    });
    if (done) this.#tell(slot);
    return done;
  }

  /** Whether it worked or not: what was loaded stays. */
  endLoad(slot: number): void {
    this.#checkLeads(slot, COMPLETE);
    this.#lock.hold(() => {
      this.#entries.set(slot, LEADER, 0);
      this.#store.trimBody(slot);
    });
    this.#tell(slot);
  }

  // Removing

  /** `false`: it is not there any more, or not at this revision. */
  remove(slot: number, revision?: number): boolean {
    return this.#lock.hold(() => {
      if (revision !== undefined && this.#entries.get(slot, REVISION) !== revision) return false;
      if (!this.#store.isAttached(slot)) return false;
      this.#store.detach(slot);
      return true;
    });
  }

  /** Removes all variants of a key with a sequence below this one, also those under way. How many there were. */
  removeKey(hash: KeyHash, below = Number.POSITIVE_INFINITY): number {
    return this.#lock.hold(() => {
      let removed = 0;
      for (let slot = this.#entries.first(hash); slot !== 0; ) {
        const next = this.#entries.after(slot, hash);
        if (this.#entries.getDouble(slot, SEQUENCE) < below) {
          this.#store.detach(slot);
          removed += 1;
        }
        slot = next;
      }
      return removed;
    });
  }

  /** Removes everything with a sequence below this one. In slices: others go on meanwhile. */
  removeAll(below = Number.POSITIVE_INFINITY): number {
    return removeAll(this.#lock, this.#store, below);
  }

  /** Forgets that anything is in a segment of the disk. In slices. `removed`: it was nowhere else. */
  clearSegment(segment: number): { readonly removed: number; readonly kept: number } {
    return clearSegment(this.#lock, this.#store, segment);
  }

  // Watching over the threads

  /**
   * For control, when the thread of a seat has ended. `false`: it died in the middle of a change, or another did, and the memory is broken.
   * Otherwise its pins are undone and what it was filling has failed; the seat can be given to another thread.
   */
  releaseSeat(seat: number): boolean {
    if (this.#lock.isHeldBy(seat)) this.break();
    try {
      releaseSeat(this.#lock, this.#store, this.bell, seat);
    } catch (error) {
      // It may be another dead thread that held it, of which nobody has told us yet.
      if (error instanceof MemoryBroken) return false;
      throw error;
    }
    return true;
  }

  isBroken(): boolean {
    return this.#lock.isBroken();
  }

  /** Gives the memory up; who waits for something in it is woken and finds it broken. */
  break(): void {
    this.#lock.break();
  }

  stats(): MemoryStats {
    return this.#lock.hold(() => statsOf(this.#store, this.#lock.waits));
  }

  /** Walks over everything: not for a busy cache. */
  holdings(): Holdings {
    return this.#lock.hold(() => holdingsOf(this.#store));
  }

  /** For tests: walks over everything and throws an `Error` that says what does not fit. */
  check(): void {
    this.#lock.hold(() => checkMemory(this.#store));
  }

  // What serves that

  #advance(): number {
    this.#sequence[0] = (this.#sequence[0] as number) + 1;
    return this.#sequence[0];
  }

  /** Lets `choose` choose of what is there, under the lock; which it lets go of to ask for the variant of a spec that turns up. */
  #look(hash: KeyHash, variantOf: VariantOf, choose: () => Found | undefined): Found | undefined {
    let variants: Variants | undefined;
    for (;;) {
      const found = this.#lock.hold(() => this.#scan(hash, variants) || choose());
      if (typeof found !== 'number') return found;
      variants ??= new Map();
      variants.set(found, variantOf(found));
    }
  }

  /** Sets `#newest` and `#newestComplete`, and gives 0; or a spec whose variant must be known to do so. */
  #scan(hash: KeyHash, variants: Variants | undefined): number {
    const entries = this.#entries;
    this.#newest = 0;
    this.#newestComplete = 0;
    for (let slot = entries.first(hash); slot !== 0; slot = entries.after(slot, hash)) {
      const spec = entries.get(slot, SPEC);
      if (spec !== 0 && variants?.has(spec) !== true) return spec;
      const variant = spec === 0 ? NO_VARIANT : variants?.get(spec);
      if (variant?.low !== entries.get(slot, VARIANT_LOW) || variant.high !== entries.get(slot, VARIANT_HIGH)) continue;
      if (this.#isNewer(slot, this.#newest)) this.#newest = slot;
      if (this.#store.state(slot) === COMPLETE && this.#isNewer(slot, this.#newestComplete))
        this.#newestComplete = slot;
    }
    return 0;
  }

  #isNewer(slot: number, than: number): boolean {
    return than === 0 || this.#entries.getDouble(slot, SEQUENCE) > this.#entries.getDouble(than, SEQUENCE);
  }

  #foundNewest(): Found {
    const complete = this.#newestComplete;
    return this.#found(this.#newest, complete === 0 || complete === this.#newest ? undefined : this.#found(complete));
  }

  #found(slot: number, previous?: Found, leads = false): Found {
    this.#pin(slot);
    return {
      slot,
      revision: this.#entries.get(slot, REVISION),
      state: STATES[this.#store.state(slot)] as EntryState,
      sequence: this.#entries.getDouble(slot, SEQUENCE),
      expiresAt: this.#entries.getDouble(slot, UNTIL),
      previous,
      leads,
    };
  }

  #pin(slot: number): void {
    if (this.#pins.add(slot) === 1) this.#entries.or(slot, PINS, this.#mine);
  }

  #unpinLocked(slot: number): void {
    if (this.#pins.subtract(slot) > 0) return;
    this.#entries.and(slot, PINS, ~this.#mine);
    this.#store.settle(slot);
  }

  #setStatus(slot: number, state: number, flags: number): void {
    const others = this.#entries.get(slot, STATUS) & (DETACHED | DROP);
    this.#entries.store(slot, STATUS, others | state | ((flags & 0xff) << FLAGS_SHIFT));
  }

  #grow(slot: number, bytes: number): boolean {
    const done = this.#store.growBody(slot, bytes);
    if (done) this.#store.enter(slot);
    return done;
  }

  #end(slot: number, state: number, markerUntil?: number): void {
    this.#checkLeads(slot, PENDING, FILLING);
    this.#lock.hold(() => {
      const entries = this.#entries;
      const store = this.#store;
      entries.set(slot, LEADER, 0);
      store.setState(slot, state);
      if (!store.isAttached(slot)) return;
      store.detach(slot);
      if (markerUntil === undefined) return;
      const variant = { high: entries.get(slot, VARIANT_HIGH), low: entries.get(slot, VARIANT_LOW) };
      const sequence = entries.getDouble(slot, SEQUENCE);
      const marker = store.attach(entries.hashOf(slot), entries.get(slot, SPEC), variant, sequence, MARKER);
      if (marker === 0) return;
      entries.setDouble(marker, UNTIL, markerUntil);
      if (!store.supersede(marker)) store.detach(marker);
    });
    this.#tell(slot);
  }

  /** News of a slot that this thread has pinned, for all who follow it in other threads. Its own followers its caller tells. */
  #tell(slot: number): void {
    this.#entries.add(slot, VERSION, 1);
    const others = this.#store.pins(slot) & ~this.#mine;
    if (others !== 0) this.bell.ring(others);
  }

  #checkLeads(slot: number, state: number, orState = state): void {
    this.#checkBroken();
    const now = this.#store.state(slot);
    if (this.#entries.get(slot, LEADER) === this.seat + 1 && (now === state || now === orState)) return;
    throw new Error(`slot ${slot} is not ours to fill: ${STATES[now]}`);
  }

  #checkPinned(slot: number): void {
    if (this.#pins.count(slot) === 0) throw new Error(`slot ${slot} is not pinned`);
  }

  #checkBroken(): void {
    if (this.#lock.isBroken()) throw new MemoryBroken();
  }
}

type Variants = Map<number, VariantHash | undefined>;

const STATES: readonly EntryState[] = ['free', 'pending', 'filling', 'complete', 'failed', 'released', 'marker'];

/** Two bits of frequency, as S3-FIFO has them. */
const MOST_FREQUENT = 3;

/** Units, 1 MiB in all: to evict as much for one body takes a millisecond if what goes is small. */
const MOST_ROOM = 4096;

/** Lengths are kept in 32 bits, of which the last value means that it is not known. */
const LONGEST_BODY = 2 ** 32 - 2;

/** Bytes of a body that is read from its beginning, up to which it is not worth noting where reading ended. */
const SHORT = 64 * 1024;

/** Bytes, in `MemoryHandle.counters`. */
const SEQUENCE_AT = 32;
