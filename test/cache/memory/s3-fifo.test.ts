import { describe, expect, test } from 'vitest';
import { EntryTable, HASH_HIGH, HASH_LOW, HEAD_UNITS, PINS } from '../../../src/cache/memory/entry-table.ts';
import { Ghost } from '../../../src/cache/memory/ghost.ts';
import { S3Fifo } from '../../../src/cache/memory/s3-fifo.ts';

const CAPACITY = 1000;

/** A policy over entries without a cache: each has ten units, and a hundred of them fit. */
class Scene {
  readonly entries = new EntryTable(EntryTable.allocate(5000));
  readonly policy = new S3Fifo(S3Fifo.allocate(5000), this.entries, CAPACITY);

  add(key: number): number {
    const slot = this.entries.take();
    this.entries.set(slot, HASH_HIGH, Math.imul(key, 0x9e3779b1));
    this.entries.set(slot, HASH_LOW, key * 2);
    this.entries.set(slot, HEAD_UNITS, 10);
    this.policy.enter(slot);
    return slot;
  }

  key(slot: number): number {
    return this.entries.get(slot, HASH_LOW) / 2;
  }

  hit(slot: number, times = 1): void {
    this.entries.setFrequency(slot, Math.min(3, this.entries.frequency(slot) + times));
  }

  pin(slot: number, seats: number): void {
    this.entries.store(slot, PINS, seats);
  }

  /** The key of the one that goes, or 0. */
  evict(): number {
    const slot = this.policy.victim();
    if (slot === 0) return 0;
    const key = this.key(slot);
    this.entries.give(slot);
    return key;
  }
}

describe('S3-FIFO', () => {
  test('evicts in the order in which entries came when nobody asks for them', () => {
    const scene = new Scene();
    for (let key = 1; key <= 5; key++) scene.add(key);
    expect([1, 2, 3, 4, 5, 6].map(() => scene.evict())).toEqual([1, 2, 3, 4, 5, 0]);
    expect(scene.policy.sizes).toEqual({ small: { entries: 0, units: 0 }, main: { entries: 0, units: 0 } });
  });

  test('keeps what was hit, for as many rounds as it was hit', () => {
    const scene = new Scene();
    const popular = scene.add(1);
    for (let key = 2; key <= 20; key++) scene.add(key);
    scene.hit(popular, 2);
    expect(scene.evict()).toBe(2);
    expect(scene.policy.sizes.main.entries).toBe(1);
    scene.policy.check();
  });

  test('takes what comes back soon after its eviction into the main queue', () => {
    const scene = new Scene();
    for (let key = 1; key <= 10; key++) scene.add(key);
    for (let key = 1; key <= 5; key++) scene.evict();
    scene.add(3);
    expect(scene.policy.ghostHits).toBe(1);
    expect(scene.policy.sizes.main.entries).toBe(1);
  });

  test('is not swept by a scan', () => {
    const scene = new Scene();
    const popular = Array.from({ length: 60 }, (_, i) => scene.add(i + 1));
    for (const slot of popular) scene.hit(slot, 3);
    for (let key = 1000; key < 3000; key++) {
      scene.add(key);
      const { small, main } = scene.policy.sizes;
      if (small.units + main.units > CAPACITY) scene.evict();
      for (const slot of popular) if (key % 50 === 0 && scene.entries.queue(slot) !== 0) scene.hit(slot);
    }
    expect(popular.filter((slot) => scene.entries.queue(slot) !== 0 && scene.key(slot) <= 60).length).toBe(60);
    scene.policy.check();
  });

  test('passes over what is pinned, and gives up when all is', () => {
    const scene = new Scene();
    const slots = Array.from({ length: 3000 }, (_, i) => scene.add(i + 1));
    for (const slot of slots) scene.pin(slot, 4);
    expect(scene.evict()).toBe(0);
    scene.pin(slots[10] as number, 0);
    // It does not look at all of them each time, but finds it soon.
    let key = 0;
    for (let i = 0; i < 20 && key === 0; i++) key = scene.evict();
    expect(key).toBe(11);
    scene.policy.check();
  });

  test('gives up on giving others another round when everybody has earned one', () => {
    const scene = new Scene();
    const slots = Array.from({ length: 3000 }, (_, i) => scene.add(i + 1));
    for (const slot of slots) scene.hit(slot, 3);
    expect(scene.evict()).not.toBe(0);
    const rounds = slots.filter((slot) => scene.entries.frequency(slot) < 3).length;
    expect(rounds).toBeLessThan(200);
  });

  test('counts what an entry has grown by, and forgets who leaves', () => {
    const scene = new Scene();
    const [one, other] = [scene.add(1), scene.add(2)];
    scene.entries.set(one, HEAD_UNITS, 25);
    scene.policy.resize(one, 15);
    expect(scene.policy.sizes.small).toEqual({ entries: 2, units: 35 });
    scene.policy.leave(one);
    expect(scene.policy.check()).toEqual([other]);
  });
});

describe('the ghost', () => {
  test('recalls a key once, and none that it was never told', () => {
    const ghost = new Ghost(Ghost.allocate(100));
    ghost.add(5, 6, 10);
    expect([ghost.recall(5, 8, 100), ghost.recall(5, 6, 100), ghost.recall(5, 6, 100)]).toEqual([false, true, false]);
  });

  test('has forgotten what was evicted longer ago than so many units', () => {
    const ghost = new Ghost(Ghost.allocate(100));
    ghost.add(1, 2, 10);
    ghost.add(2, 4, 100);
    expect(ghost.recall(1, 2, 99)).toBe(false);
    ghost.add(1, 2, 10);
    ghost.add(2, 6, 100);
    expect(ghost.recall(1, 2, 100)).toBe(true);
  });

  test('lets the oldest of a set go', () => {
    const ghost = new Ghost(Ghost.allocate(4));
    for (let key = 1; key <= 5; key++) ghost.add(0, key * 2, 1);
    expect([1, 2, 5].map((key) => ghost.recall(0, key * 2, 1000))).toEqual([false, true, true]);
  });
});
