import { describe, expect, test } from 'vitest';
import { CacheMemory, type Found } from '../../../src/cache/memory/cache-memory.ts';
import { NO_VARIANT, type VariantHash } from '../../../src/cache/memory/hash.ts';
import { content, wrongByte } from './content.ts';
import { Random } from './random.ts';

/** What the memory should have in a slot, as far as it was told. */
interface Known {
  readonly slot: number;
  readonly key: number;
  readonly seed: number;
  readonly length: number;
  variant: number | undefined;
  sequence: number;
  revision: number;
  state: 'pending' | 'filling' | 'complete' | 'marker';
  filled: number;
  onDisk: boolean;
  segment: number;
  attached: boolean;
}

const KEYS = 30;
const VARIANTS = 3;
const SEGMENTS = 4;

/** A memory, a simple model of it, and one operation of each kind that holds the two against each other. */
class Scene {
  readonly memory: CacheMemory;
  readonly evicts: boolean;
  readonly random: Random;
  readonly known = new Set<Known>();
  readonly fetches: Known[] = [];
  readonly readers: Known[] = [];
  readonly spec: number;
  #seeds = 0;
  #offset = 0;

  constructor(seed: number, size: { bytes: number; entries: number }, evicts: boolean) {
    this.memory = new CacheMemory(CacheMemory.allocate({ ...size, seats: 2 }), 0);
    this.evicts = evicts;
    this.random = new Random(seed);
    this.spec = this.memory.specOf('accept-encoding') as number;
  }

  step(): void {
    const steps = [this.claim, this.fill, this.fill, this.fill, this.find, this.find, this.read, this.letGo, this.disk];
    const rare = [this.remove, this.removeKey, this.clearSegment, this.updateHead, this.restore, this.dropBody];
    const operation = this.random.below(12) === 0 ? this.random.pick(rare) : this.random.pick(steps);
    operation.call(this);
    if (this.random.below(3000) === 0) this.removeAll();
  }

  claim(): void {
    const key = this.random.below(KEYS);
    const variant = this.random.below(VARIANTS);
    const older = this.#expected(key, variant);
    const stale = older?.state !== 'pending' && older?.state !== 'filling' && this.random.below(2) === 0;
    const found = this.memory.claim(this.#hash(key), this.#variantOf(variant), {
      spec: this.spec,
      variant: this.#variant(variant),
      ...(stale && older !== undefined ? { after: older.sequence } : {}),
    });
    if (found === undefined) {
      expect(this.evicts).toBe(true);
      return;
    }
    if (found.previous !== undefined) this.memory.unpin(found.previous.slot);
    if (!found.leads) {
      this.#compare(key, variant, found);
      this.memory.unpin(found.slot);
      return;
    }
    if (older !== undefined && !stale) this.#mustHaveGone(older);
    const { slot, revision, sequence } = found;
    const length = this.random.below(20) === 0 ? this.random.below(400_000) : this.random.below(20_000);
    const entry: Known = {
      ...{ slot, key, variant, revision, sequence, length, seed: ++this.#seeds, state: 'pending', filled: 0 },
      ...{ onDisk: false, segment: 0, attached: true },
    };
    this.#add(entry);
    this.fetches.push(entry);
  }

  fill(): void {
    const entry = this.fetches[this.random.below(this.fetches.length)];
    if (entry === undefined) return;
    if (this.random.below(25) === 0) this.#giveUp(entry);
    else if (entry.state === 'pending') this.#publish(entry);
    else if (entry.filled === entry.length) this.#complete(entry);
    else this.#append(entry, this.random.below(40) === 0 ? entry.length : this.random.below(8000));
  }

  find(): void {
    const key = this.random.below(KEYS);
    const variant = this.random.below(VARIANTS);
    const found = this.memory.find(this.#hash(key), this.#variantOf(variant));
    const entry = this.#compare(key, variant, found);
    if (found?.previous !== undefined) this.memory.unpin(found.previous.slot);
    if (entry !== undefined && this.random.below(2) === 0) this.readers.push(entry);
    else if (found !== undefined) this.memory.unpin(found.slot);
    if (found !== undefined) this.memory.touch(found.slot);
  }

  read(): void {
    const entry = this.readers[this.random.below(this.readers.length)];
    if (entry === undefined || entry.state === 'marker') return;
    const { filled, state } = this.memory.news(entry.slot);
    if (entry.attached) expect(state).toBe(entry.state);
    if (state === 'filling') expect(filled).toBe(entry.filled);
    if (state === 'complete' && !entry.onDisk && entry.attached) expect(filled).toBe(entry.length);
    const from = this.random.below(filled + 1);
    const to = from + this.random.below(filled - from + 1);
    const views = this.memory.body(entry.slot, from, to);
    expect(views.reduce((sum, view) => sum + view.length, 0)).toBe(to - from);
    expect(wrongByte(entry.seed, from, views)).toBe(-1);
    const head = this.memory.readHead(entry.slot);
    if (head !== undefined) expect(head.readUInt32BE(0)).toBe(entry.seed);
    else if (entry.attached && entry.state !== 'pending') expect(entry.onDisk).toBe(true);
  }

  letGo(): void {
    const at = this.random.below(this.readers.length);
    const [entry] = this.readers.splice(at, 1);
    if (entry !== undefined) this.memory.unpin(entry.slot);
  }

  /** Writes a complete entry to disk, or brings it back. */
  disk(): void {
    const entry = this.#pickReader('complete');
    if (entry === undefined) return;
    if (!entry.onDisk) {
      const segment = 1 + this.random.below(SEGMENTS);
      const { length, sequence } = entry;
      const place = { segment, offset: this.#offset, length, sequence, freshUntil: 1_000 * entry.seed };
      this.#offset = (this.#offset + 2 ** 33 + 8 * length) % 2 ** 35;
      expect(this.memory.setDisk(entry.slot, entry.revision, place)).toBe(true);
      expect(this.memory.describe(entry.slot).disk).toEqual(place);
      Object.assign(entry, { onDisk: true, segment });
      return;
    }
    expect(this.memory.beginLoad(entry.slot)).toBe('begun');
    expect(this.memory.beginLoad(entry.slot)).toBe('busy');
    const there = this.memory.loadHead(entry.slot, this.#head(entry));
    if (!there) expect(this.evicts).toBe(true);
    for (let tries = 0; there && tries < 5; tries++) {
      const { filled } = this.memory.news(entry.slot);
      const to = Math.min(entry.length, filled + this.random.below(entry.length + 1));
      if (!this.memory.append(entry.slot, content(entry.seed, filled, to))) break;
    }
    this.memory.endLoad(entry.slot);
  }

  dropBody(): void {
    const entry = this.#pickReader('complete');
    if (entry !== undefined) this.memory.dropBody(entry.slot, entry.revision);
  }

  updateHead(): void {
    const entry = this.#pickReader('complete');
    if (entry === undefined) return;
    const revision = this.memory.updateHead(entry.slot, entry.revision, { head: this.#head(entry) });
    if (revision === undefined) {
      expect(this.evicts).toBe(true);
      return;
    }
    expect(this.memory.isCurrent(entry.slot, entry.revision)).toBe(false);
    expect(this.memory.isCurrent(entry.slot, revision)).toBe(true);
    entry.revision = revision;
  }

  remove(): void {
    const entry = this.random.pick([...this.known]);
    if (entry === undefined || entry.state === 'marker') return;
    const removed = this.memory.remove(entry.slot, entry.revision);
    if (!removed) this.#mustHaveGone(entry);
    expect(this.memory.isCurrent(entry.slot, entry.revision)).toBe(false);
    this.#forget(entry);
  }

  removeKey(): void {
    const key = this.random.below(KEYS);
    const entries = [...this.known].filter((entry) => entry.key === key);
    const removed = this.memory.removeKey(this.#hash(key));
    if (this.evicts) expect(removed).toBeLessThanOrEqual(entries.length);
    else expect(removed).toBe(entries.length);
    for (const entry of entries) this.#forget(entry);
  }

  removeAll(): void {
    const removed = this.memory.removeAll();
    if (!this.evicts) expect(removed).toBe(this.known.size);
    for (const entry of [...this.known]) this.#forget(entry);
  }

  clearSegment(): void {
    const segment = 1 + this.random.below(SEGMENTS);
    this.memory.clearSegment(segment);
    for (const entry of [...this.known]) {
      if (entry.segment !== segment) continue;
      const left = this.memory.list(this.#hash(entry.key));
      const stays = left.some(({ slot, sequence }) => slot === entry.slot && sequence === entry.sequence);
      for (const { slot } of left) this.memory.unpin(slot);
      if (!stays) this.#forget(entry);
      Object.assign(entry, { onDisk: false, segment: 0 });
    }
  }

  restore(): void {
    const key = this.random.below(KEYS);
    const variant = this.random.below(VARIANTS);
    const length = this.random.below(5000);
    const segment = 1 + this.random.below(SEGMENTS);
    const sequence = this.memory.nextSequence() - this.random.below(3) * 50 + 0.5;
    const slot = this.memory.restore({
      ...{ hash: this.#hash(key), spec: this.spec, variant: this.#variant(variant) },
      ...{ disk: { segment, offset: 8, length, sequence, freshUntil: 0 }, length, sequence },
    });
    if (slot === 0) return;
    const [found] = this.memory.list(this.#hash(key)).filter((entry) => {
      this.memory.unpin(entry.slot);
      return entry.slot === slot;
    }) as [Found];
    const entry: Known = {
      ...{ slot, key, variant, revision: found.revision, sequence, length, seed: ++this.#seeds, state: 'complete' },
      ...{ filled: 0, onDisk: true, segment, attached: true },
    };
    this.#add(entry);
    this.#supersede(entry);
  }

  /** Ends everything that is under way. */
  end(): void {
    for (const entry of [...this.fetches]) this.#giveUp(entry);
    while (this.readers.length > 0) this.letGo();
  }

  #publish(entry: Known): void {
    const known = this.random.below(2) === 0;
    const forAll = this.random.below(4) === 0;
    const done = this.memory.publish(entry.slot, {
      head: this.#head(entry),
      spec: forAll ? 0 : this.spec,
      variant: forAll ? NO_VARIANT : this.#variant(entry.variant as number),
      length: known ? entry.length : undefined,
    });
    if (done) {
      if (forAll) entry.variant = undefined;
      entry.state = 'filling';
    } else this.#giveUp(entry);
  }

  #append(entry: Known, most: number): void {
    const to = Math.min(entry.length, entry.filled + most);
    if (this.memory.append(entry.slot, content(entry.seed, entry.filled, to))) entry.filled = to;
    else this.#giveUp(entry);
  }

  #complete(entry: Known): void {
    const stays = this.memory.complete(entry.slot);
    const newer = this.#rivals(entry).some(({ sequence }) => sequence > entry.sequence);
    if (!this.evicts) expect(stays).toBe(entry.attached && !newer);
    entry.state = 'complete';
    if (stays) this.#supersede(entry);
    else this.#forget(entry);
    this.#endFetch(entry);
  }

  #giveUp(entry: Known): void {
    const until = this.random.below(2) === 0 ? 1000 : undefined;
    if (this.random.below(2) === 0) this.memory.fail(entry.slot);
    else {
      this.memory.release(entry.slot, until);
      if (until !== undefined && entry.attached) this.#noteMarker(entry);
    }
    this.#forget(entry);
    this.#endFetch(entry);
  }

  /** Of the marker, only that it is there: its slot is learnt from the list. */
  #noteMarker(entry: Known): void {
    const found = this.memory.list(this.#hash(entry.key));
    for (const { slot } of found) this.memory.unpin(slot);
    const marker = found.find(({ state, sequence }) => state === 'marker' && sequence === entry.sequence);
    if (marker === undefined) return;
    for (const other of this.#rivals(entry)) if (other.state === 'marker') this.#forget(other);
    const { slot, revision } = marker;
    this.#add({ ...entry, slot, revision, state: 'marker', attached: true });
  }

  #endFetch(entry: Known): void {
    this.fetches.splice(this.fetches.indexOf(entry), 1);
    this.memory.unpin(entry.slot);
  }

  /** Holds what was found against what should have been, and gives the entry that it is. */
  #compare(key: number, variant: number, found: Found | undefined): Known | undefined {
    let expected = this.#expected(key, variant);
    while (expected !== undefined && (found?.slot !== expected.slot || found.sequence !== expected.sequence)) {
      this.#mustHaveGone(expected);
      expected = this.#expected(key, variant);
    }
    if (expected === undefined) {
      expect(found).toBeUndefined();
      return undefined;
    }
    expect(found).toMatchObject({ state: expected.state, revision: expected.revision, sequence: expected.sequence });
    return expected;
  }

  #expected(key: number, variant: number): Known | undefined {
    let newest: Known | undefined;
    for (const entry of this.known) {
      if (entry.key !== key || (entry.variant !== undefined && entry.variant !== variant)) continue;
      if (newest === undefined || entry.sequence > newest.sequence) newest = entry;
    }
    return newest;
  }

  /** Nothing that is in use may be evicted. */
  #mustHaveGone(entry: Known): void {
    expect(this.evicts, `${entry.state} ${entry.key} is not found`).toBe(true);
    expect(this.readers.includes(entry) || this.fetches.includes(entry), 'evicted while it was pinned').toBe(false);
    this.#forget(entry);
  }

  #rivals(entry: Known): Known[] {
    return [...this.known].filter(
      (other) =>
        other !== entry &&
        other.key === entry.key &&
        other.variant === entry.variant &&
        (other.state === 'complete' || other.state === 'marker'),
    );
  }

  #supersede(entry: Known): void {
    for (const other of this.#rivals(entry)) if (other.sequence <= entry.sequence) this.#forget(other);
  }

  /** Whoever had the slot before was evicted. */
  #add(entry: Known): void {
    for (const other of this.known) if (other.slot === entry.slot) this.#mustHaveGone(other);
    this.known.add(entry);
  }

  #forget(entry: Known): void {
    entry.attached = false;
    this.known.delete(entry);
  }

  #pickReader(state: Known['state']): Known | undefined {
    const entry = this.readers[this.random.below(this.readers.length)];
    return entry?.attached && entry.state === state ? entry : undefined;
  }

  #head(entry: Known): Buffer {
    const head = Buffer.alloc(4 + this.random.below(900));
    head.writeUInt32BE(entry.seed, 0);
    return head;
  }

  #hash(key: number): { high: number; low: number } {
    // Some keys share a bucket, some a half of their hash.
    return { high: key >> 1, low: (key & 7) * 2 ** 20 };
  }

  #variant(variant: number): VariantHash {
    return { high: 1, low: variant };
  }

  #variantOf(variant: number): (spec: number) => VariantHash | undefined {
    const asked = new Set<number>();
    return (spec) => {
      expect(asked.has(spec) || spec === 0).toBe(false);
      asked.add(spec);
      return spec === this.spec ? this.#variant(variant) : undefined;
    };
  }
}

describe('a random sequence of operations', () => {
  test.each([
    { name: 'with memory for everything', size: { bytes: 64 * 2 ** 20, entries: 5000 }, evicts: false },
    { name: 'with memory for a part', size: { bytes: 2 ** 20, entries: 5000 }, evicts: true },
    { name: 'with hardly any memory', size: { bytes: 2 ** 18, entries: 5000 }, evicts: true },
    { name: 'with slots for a part', size: { bytes: 64 * 2 ** 20, entries: 40 }, evicts: true },
  ])('$name goes as a simple model says, and leaves nothing behind', ({ size, evicts }) => {
    for (let seed = 1; seed <= 6; seed++) {
      const scene = new Scene(seed, size, evicts);
      for (let i = 0; i < 4000; i++) {
        scene.step();
        if (i % 200 === 0) scene.memory.check();
      }
      scene.end();
      scene.memory.check();
      scene.removeAll();
      scene.memory.check();
      expect(scene.memory.pinned).toBe(0);
      expect(scene.memory.stats()).toMatchObject({ entries: 0, usedBytes: 0, onDisk: 0, objects: 0 });
    }
  });
});
