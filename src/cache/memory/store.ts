import {
  BODY_FIRST,
  BODY_LAST,
  BODY_UNITS,
  COMPLETE,
  DETACHED,
  DISK_LENGTH,
  DISK_OFFSET,
  DISK_SEQUENCE,
  DROP,
  EntryTable,
  FILLED,
  HASH_HIGH,
  HASH_LOW,
  HEAD_FIRST,
  HEAD_LAST,
  HEAD_LENGTH,
  HEAD_UNITS,
  LENGTH,
  MARKER,
  PINS,
  REVISION,
  SEGMENT,
  SEQUENCE,
  SPEC,
  STATE_BITS,
  STATUS,
  UNTIL,
  VARIANT_HIGH,
  VARIANT_LOW,
} from './entry-table.ts';
import type { EvictionPolicy } from './eviction.ts';
import type { KeyHash, VariantHash } from './hash.ts';
import type { DiskPlace, MemoryHandle } from './memory-handle.ts';
import { type Chain, EMPTY_CHAIN, PageChains } from './page-chain.ts';
import { Pages, UNIT_BYTES } from './pages.ts';
import { S3Fifo } from './s3-fifo.ts';

/**
 * Entries, pages and policy together: what must be changed in one go. All of it with the lock held.
 *
 * An entry is attached, that is in the index, until it is detached; then its slot and memory are freed at once or by whoever
 * unpins it last. An entry is in the policy's queues while it is attached, complete, and has memory.
 */
export class Store {
  readonly entries: EntryTable;
  readonly pages: Pages;
  readonly chains: PageChains;
  readonly policy: EvictionPolicy;
  readonly #counters: Int32Array;
  readonly #slack: number;

  constructor(handle: MemoryHandle) {
    this.entries = new EntryTable(handle.entries);
    this.pages = new Pages(handle.pages);
    this.chains = new PageChains(this.pages, handle.pages);
    this.policy = new S3Fifo(handle.policy, this.entries, this.pages.total);
    this.#counters = new Int32Array(handle.counters);
    this.#slack = Math.floor(this.pages.total * SLACK);
  }

  counter(counter: Counter): number {
    return (this.#counters[counter] as number) >>> 0;
  }

  /** A new entry in the index. 0: there is no slot, not even by removing one that can go. */
  attach(hash: KeyHash, spec: number, variant: VariantHash, sequence: number, state: number): number {
    const { entries } = this;
    const slot = entries.take() || (this.#vacate() ? entries.take() : 0);
    if (slot === 0) return 0;
    entries.set(slot, HASH_HIGH, hash.high);
    entries.set(slot, HASH_LOW, hash.low);
    this.setVariant(slot, spec, variant);
    entries.setDouble(slot, SEQUENCE, sequence);
    entries.store(slot, LENGTH, -1);
    entries.store(slot, STATUS, state);
    entries.link(slot);
    return slot;
  }

  setVariant(slot: number, spec: number, variant: VariantHash): void {
    this.entries.set(slot, SPEC, spec);
    this.entries.set(slot, VARIANT_HIGH, variant.high);
    this.entries.set(slot, VARIANT_LOW, variant.low);
  }

  state(slot: number): number {
    return this.entries.get(slot, STATUS) & STATE_BITS;
  }

  setState(slot: number, state: number): void {
    this.entries.store(slot, STATUS, (this.entries.get(slot, STATUS) & ~STATE_BITS) | state);
  }

  isAttached(slot: number): boolean {
    return (this.entries.get(slot, STATUS) & DETACHED) === 0 && this.state(slot) !== 0;
  }

  /** Nobody finds it any more from now on. */
  detach(slot: number): void {
    const { entries } = this;
    if (entries.queue(slot) !== 0) this.policy.leave(slot);
    this.#noteDisk(slot, 0);
    entries.unlink(slot);
    entries.add(slot, REVISION, 1);
    entries.or(slot, STATUS, DETACHED);
    this.settle(slot);
  }

  /** Does what had to wait until nobody has the slot pinned. */
  settle(slot: number): void {
    const { entries } = this;
    const status = entries.load(slot, STATUS);
    if ((status & (DETACHED | DROP)) === 0 || entries.isPinned(slot)) return;
    if ((status & DETACHED) === 0) {
      entries.and(slot, STATUS, ~DROP);
      if (entries.get(slot, SEGMENT) === 0) return;
      const before = entries.units(slot);
      this.#freeBody(slot);
      this.#resized(slot, before);
      return;
    }
    this.#freeHead(slot);
    this.#freeBody(slot);
    entries.give(slot);
  }

  /**
   * Sees to that so many units are free. `false`: too much is pinned. Where larger pages would do, `wanted` being what is known to come,
   * a little more is evicted to make some whole: in an arena of which all is in use, a body would be nothing but crumbs.
   */
  makeRoom(units: number, wanted: number): boolean {
    const { pages } = this;
    for (let extra = 0; ; ) {
      if (pages.free >= units) {
        if (pages.suits(units, wanted) || pages.free >= this.#slack || extra === EXTRA) return true;
        extra += 1;
      }
      if (!this.#evict()) return pages.free >= units;
    }
  }

  #evict(): boolean {
    const slot = this.policy.victim();
    if (slot === 0) return false;
    this.#count(EVICTIONS, 1);
    this.#count(EVICTED_UNITS, this.entries.units(slot));
    if (this.entries.get(slot, SEGMENT) === 0) this.detach(slot);
    else {
      this.#freeHead(slot);
      this.#freeBody(slot);
    }
    return true;
  }

  /** Gives the entry, which somebody has pinned, another head. `false`: no room. */
  putHead(slot: number, head: Uint8Array): boolean {
    const { entries } = this;
    const units = Math.ceil(head.length / UNIT_BYTES);
    if (!this.makeRoom(units, units)) return false;
    const chain = this.chains.grow(EMPTY_CHAIN, units, units);
    this.chains.write(chain, EMPTY_CHAIN, 0, head);
    const before = entries.units(slot);
    this.#freeHead(slot);
    entries.set(slot, HEAD_LENGTH, head.length);
    entries.set(slot, HEAD_FIRST, chain.first);
    entries.set(slot, HEAD_LAST, chain.last);
    entries.set(slot, HEAD_UNITS, chain.units);
    this.#resized(slot, before);
    return true;
  }

  /** Gives the body of the entry, which somebody has pinned, room for so many bytes in all. `false`: there is none. */
  growBody(slot: number, bytes: number): boolean {
    const { entries } = this;
    const chain = this.body(slot);
    const needed = Math.ceil(bytes / UNIT_BYTES) - chain.units;
    if (needed <= 0) return true;
    const length = entries.get(slot, LENGTH);
    // A body of unknown length is taken to be as long again as it is by now.
    const wanted = length === -1 ? chain.units : Math.ceil((length >>> 0) / UNIT_BYTES) - chain.units;
    if (!this.makeRoom(needed, wanted)) return false;
    const before = entries.units(slot);
    this.#setBody(slot, this.chains.grow(chain, needed, wanted));
    this.#resized(slot, before);
    return true;
  }

  /** Gives back the pages beyond what is filled. */
  trimBody(slot: number): void {
    const filled = this.entries.load(slot, FILLED) >>> 0;
    const chain = this.body(slot);
    if (chain.units === 0) return;
    const before = this.entries.units(slot);
    this.#setBody(slot, this.chains.trim(chain, filled));
    this.#resized(slot, before);
  }

  head(slot: number): Chain {
    const { entries } = this;
    return {
      first: entries.get(slot, HEAD_FIRST),
      last: entries.get(slot, HEAD_LAST),
      units: entries.get(slot, HEAD_UNITS),
    };
  }

  body(slot: number): Chain {
    const { entries } = this;
    return {
      first: entries.get(slot, BODY_FIRST),
      last: entries.get(slot, BODY_LAST),
      units: entries.get(slot, BODY_UNITS),
    };
  }

  /** Hands an entry that is complete and has memory to the policy, unless it has it. */
  enter(slot: number): void {
    if (this.entries.queue(slot) !== 0 || !this.isAttached(slot) || this.state(slot) !== COMPLETE) return;
    if (this.entries.units(slot) !== 0) this.policy.enter(slot);
  }

  /**
   * Removes what the entry takes the place of: older ones of the same variant that are complete or markers; but a marker, only
   * other markers. `false`: one of them is newer.
   */
  supersede(slot: number): boolean {
    const { entries } = this;
    const hash = entries.hashOf(slot);
    const sequence = entries.getDouble(slot, SEQUENCE);
    const isMarker = this.state(slot) === MARKER;
    let newest = true;
    let variants = 0;
    let oldest = 0;
    for (let other = entries.first(hash); other !== 0; ) {
      const next = entries.after(other, hash);
      const state = this.state(other);
      const concerned = state === MARKER || (state === COMPLETE && !isMarker);
      if (other !== slot && concerned && this.#sameVariant(slot, other)) {
        if (entries.getDouble(other, SEQUENCE) > sequence) newest = false;
        else this.detach(other);
      } else if (other !== slot && state === COMPLETE) {
        variants += 1;
        if (oldest === 0 || entries.getDouble(other, SEQUENCE) < entries.getDouble(oldest, SEQUENCE)) oldest = other;
      }
      other = next;
    }
    // All of a key are looked through at each lookup: what varies by something that each client has of its own costs all of them.
    if (variants >= MOST_VARIANTS) this.detach(oldest);
    return newest;
  }

  setDisk(slot: number, place: DiskPlace | undefined): void {
    const { entries } = this;
    this.#noteDisk(slot, place?.segment ?? 0);
    entries.set(slot, SEGMENT, place?.segment ?? 0);
    entries.set(slot, DISK_LENGTH, place?.length ?? 0);
    entries.set(slot, DISK_OFFSET, (place?.offset ?? 0) / 8);
    entries.setDouble(slot, DISK_SEQUENCE, place?.sequence ?? 0);
    entries.setDouble(slot, UNTIL, place?.freshUntil ?? 0);
  }

  disk(slot: number): DiskPlace | undefined {
    const { entries } = this;
    const segment = entries.get(slot, SEGMENT);
    if (segment === 0) return undefined;
    return {
      segment,
      offset: (entries.get(slot, DISK_OFFSET) >>> 0) * 8,
      length: entries.get(slot, DISK_LENGTH) >>> 0,
      sequence: entries.getDouble(slot, DISK_SEQUENCE),
      freshUntil: entries.getDouble(slot, UNTIL),
    };
  }

  #sameVariant(a: number, b: number): boolean {
    const { entries } = this;
    return (
      entries.get(a, SPEC) === entries.get(b, SPEC) &&
      entries.get(a, VARIANT_LOW) === entries.get(b, VARIANT_LOW) &&
      entries.get(a, VARIANT_HIGH) === entries.get(b, VARIANT_HIGH)
    );
  }

  /** Removes one entry for its slot's sake. One of those without memory if these are many, else whom the policy names. */
  #vacate(): boolean {
    const { entries } = this;
    for (let look = 0; look < LOOKS; look++) {
      const hand = ((this.#counters[HAND] as number) % entries.highest) + 1;
      this.#counters[HAND] = hand;
      if (!this.isAttached(hand) || entries.queue(hand) !== 0 || entries.isPinned(hand)) continue;
      const frequency = entries.frequency(hand);
      const state = this.state(hand);
      if (state === COMPLETE && frequency > 0) entries.setFrequency(hand, frequency - 1);
      else if (state === COMPLETE || state === MARKER) {
        this.detach(hand);
        return true;
      }
    }
    const slot = this.policy.victim();
    if (slot === 0) return false;
    this.#count(EVICTIONS, 1);
    this.#count(EVICTED_UNITS, entries.units(slot));
    this.detach(slot);
    return true;
  }

  #freeHead(slot: number): void {
    const { entries } = this;
    this.chains.free(this.head(slot));
    entries.set(slot, HEAD_LENGTH, 0);
    entries.set(slot, HEAD_FIRST, 0);
    entries.set(slot, HEAD_LAST, 0);
    entries.set(slot, HEAD_UNITS, 0);
  }

  #freeBody(slot: number): void {
    this.entries.store(slot, FILLED, 0);
    this.chains.free(this.body(slot));
    this.#setBody(slot, EMPTY_CHAIN);
  }

  #setBody(slot: number, chain: Chain): void {
    this.entries.set(slot, BODY_FIRST, chain.first);
    this.entries.set(slot, BODY_LAST, chain.last);
    this.entries.set(slot, BODY_UNITS, chain.units);
  }

  /** Tells the policy by how much the entry is larger now than it was, or that it has nothing any more. */
  #resized(slot: number, before: number): void {
    if (this.entries.queue(slot) === 0) return;
    const units = this.entries.units(slot);
    this.policy.resize(slot, units - before);
    if (units === 0) this.policy.leave(slot);
  }

  #noteDisk(slot: number, segment: number): void {
    const had = this.entries.get(slot, SEGMENT) !== 0 ? 1 : 0;
    this.#count(ON_DISK, (segment !== 0 ? 1 : 0) - had);
    if (segment === 0) this.entries.set(slot, SEGMENT, 0);
  }

  #count(counter: Counter, by: number): void {
    this.#counters[counter] = (this.#counters[counter] as number) + by;
  }

  /** `PINS` of the slot as they are now: whom news of it concerns. */
  pins(slot: number): number {
    return this.entries.load(slot, PINS);
  }
}

export const EVICTIONS = 0;
export const EVICTED_UNITS = 1;
export const ON_DISK = 2;
const HAND = 3;
export type Counter = typeof EVICTIONS | typeof EVICTED_UNITS | typeof ON_DISK | typeof HAND;

/** Of one key; nobody has so many languages. */
const MOST_VARIANTS = 64;

/** Slots that are looked at for one without memory before an entry with memory is removed for its slot. */
const LOOKS = 64;

/**
 * How much of the arena may be free so that larger pages become whole, and how many entries are evicted for that at once. Measured on a
 * mix of bodies of 0.5 to 500 KiB, 64 MiB: with 1/16 a piece of a body of 100 KiB or more is 7.2 KiB long and the hit ratio is 0.494;
 * with 1/32 3.2 KiB and 0.497; with nothing 1.5 KiB, at the worst 0.4, and 0.499. Where bodies are small nothing is kept free.
 */
const SLACK = 1 / 16;
const EXTRA = 16;
