import { describe, expect, test } from 'vitest';
import { CacheMemory, type Found, type Publication } from '../../../src/cache/memory/cache-memory.ts';
import { NO_VARIANT } from '../../../src/cache/memory/hash.ts';
import { MemoryBroken } from '../../../src/cache/memory/lock.ts';
import { content, wrongByte } from './content.ts';

const ALL = { spec: 0, variant: NO_VARIANT };
const KEY = { high: 1, low: 2 };
const DISK = { segment: 7, offset: 2 ** 35 - 8, length: 3_000_000_000, sequence: 2 ** 51 + 1, freshUntil: 1e12 };
const HEAD = Buffer.from('{"status":200}');

const noVariant = (): undefined => undefined;

/** Two threads' views of one memory. */
function threads(size: Partial<{ bytes: number; entries: number }> = {}): [CacheMemory, CacheMemory] {
  const handle = CacheMemory.allocate({ bytes: 2 ** 20, entries: 1000, seats: 32, ...size });
  return [new CacheMemory(handle, 0), new CacheMemory(handle, 31)];
}

function claim(memory: CacheMemory, key = KEY, after?: number): Found {
  return memory.claim(key, noVariant, { ...ALL, ...(after === undefined ? {} : { after }) }) as Found;
}

function publication(length: number | undefined, more: Partial<Publication> = {}): Publication {
  return { head: HEAD, ...ALL, length, ...more };
}

/** A complete object, still pinned. */
function stored(memory: CacheMemory, key = KEY, length = 1000, after?: number): Found {
  const found = claim(memory, key, after);
  memory.publish(found.slot, publication(length));
  memory.append(found.slot, content(1, 0, length));
  memory.complete(found.slot);
  return found;
}

function key(i: number): { high: number; low: number } {
  return { high: i, low: i * 7 };
}

describe('a claim', () => {
  test('is given to one; the others find what it makes, and see it come', () => {
    const [one, other] = threads();
    const leader = claim(one);
    expect(leader).toMatchObject({ state: 'pending', leads: true, sequence: 1 });
    const follower = claim(other);
    expect(follower).toMatchObject({ slot: leader.slot, state: 'pending', leads: false });
    const before = other.news(follower.slot);
    one.publish(leader.slot, publication(5));
    one.append(leader.slot, Buffer.from('abc'));
    const after = other.news(follower.slot);
    expect(after).toMatchObject({ state: 'filling', filled: 3, length: 5 });
    expect(after.version).not.toBe(before.version);
    expect(other.readHead(follower.slot)?.toString()).toBe(HEAD.toString());
    one.append(leader.slot, Buffer.from('de'));
    expect(one.complete(leader.slot)).toBe(true);
    expect(Buffer.concat(other.body(follower.slot, 1, 5)).toString()).toBe('bcde');
    expect(other.isCurrent(follower.slot, follower.revision)).toBe(true);
  });

  test('of what is newer than a stale one makes another, and has the stale one at hand', () => {
    const [one, other] = threads();
    const stale = stored(one);
    const fresh = claim(one, KEY, stale.sequence);
    expect(fresh).toMatchObject({ leads: true, previous: { slot: stale.slot, state: 'complete' } });
    expect(other.find(KEY, noVariant)).toMatchObject({ state: 'pending', previous: { slot: stale.slot } });
    expect(claim(other, KEY, stale.sequence)).toMatchObject({ slot: fresh.slot, leads: false });
    one.publish(fresh.slot, publication(0));
    one.complete(fresh.slot);
    expect(one.isCurrent(stale.slot, stale.revision)).toBe(false);
    expect(other.find(KEY, noVariant)).toMatchObject({ slot: fresh.slot, previous: undefined });
  });

  test.each([
    { how: 'fails', end: (memory: CacheMemory, slot: number) => memory.fail(slot), state: 'failed' },
    { how: 'is released', end: (memory: CacheMemory, slot: number) => memory.release(slot), state: 'released' },
  ])('that $how is over for those that followed, and free for the next', ({ end, state }) => {
    const [one, other] = threads();
    const leader = claim(one);
    const follower = claim(other);
    end(one, leader.slot);
    expect(other.news(follower.slot).state).toBe(state);
    expect(claim(other)).toMatchObject({ leads: true });
  });

  test('that is released with a marker leaves one, which a later claim can pass over', () => {
    const [one] = threads();
    const found = claim(one);
    one.release(found.slot, 5000);
    one.unpin(found.slot);
    const marker = claim(one);
    expect(marker).toMatchObject({ state: 'marker', leads: false, expiresAt: 5000 });
    expect(claim(one, KEY, marker.sequence)).toMatchObject({ leads: true, previous: undefined });
  });

  test('that was removed meanwhile goes on for its followers, and nobody else finds what comes of it', () => {
    const [one, other] = threads();
    const leader = claim(one);
    const follower = claim(other);
    expect(other.removeKey(KEY)).toBe(1);
    expect(other.find(KEY, noVariant)).toBeUndefined();
    one.publish(leader.slot, publication(3));
    one.append(leader.slot, Buffer.from('old'));
    expect(one.complete(leader.slot)).toBe(false);
    expect(Buffer.concat(other.body(follower.slot, 0, 3)).toString()).toBe('old');
    expect(other.find(KEY, noVariant)).toBeUndefined();
    one.unpin(leader.slot);
    expect(one.stats().usedBytes).toBeGreaterThan(0);
    other.unpin(follower.slot);
    expect(one.stats()).toMatchObject({ usedBytes: 0, entries: 0 });
  });

  test('that completes after a newer one is not found, and leaves the newer one alone', () => {
    const [one] = threads();
    const slow = claim(one);
    const quick = stored(one, KEY, 10, slow.sequence);
    one.publish(slow.slot, publication(0));
    expect(one.complete(slow.slot)).toBe(false);
    expect(one.find(KEY, noVariant)).toMatchObject({ slot: quick.slot, state: 'complete' });
  });

  test('completes only with as many bytes as were said, and takes no more', () => {
    const [one] = threads();
    const { slot } = claim(one);
    one.publish(slot, publication(4));
    one.append(slot, Buffer.from('abc'));
    expect(() => one.complete(slot)).toThrow(RangeError);
    expect(one.append(slot, Buffer.from('de'))).toBe(false);
    expect(one.isBroken()).toBe(false);
  });

  test('is for whoever made it to fill', () => {
    const [one, other] = threads();
    const { slot } = claim(one);
    claim(other);
    expect(() => other.publish(slot, publication(1))).toThrow('not ours');
    expect(() => one.append(slot, HEAD)).toThrow('not ours');
  });
});

describe('variants', () => {
  test('are told apart by their spec and the values under it', () => {
    const [one] = threads();
    const spec = one.specOf('accept-encoding') as number;
    const [gzip, plain] = [one.hashOf('gzip'), one.hashOf('')];
    const slots = [gzip, plain].map((variant) => {
      const found = one.claim(KEY, () => variant, { spec, variant }) as Found;
      one.publish(found.slot, publication(0, { spec, variant }));
      one.complete(found.slot);
      return found.slot;
    });
    const asked: number[] = [];
    const find = (variant: typeof gzip): number | undefined =>
      one.find(KEY, (number) => {
        asked.push(number);
        return variant;
      })?.slot;
    expect([find(gzip), find(plain), find(one.hashOf('br'))]).toEqual([...slots, undefined]);
    expect(asked).toEqual([spec, spec, spec]);
    expect(
      one
        .list(KEY)
        .map(({ slot }) => slot)
        .sort(),
    ).toEqual(slots);
  });

  test('are known when the head is there, and not before', () => {
    const [one, other] = threads();
    const spec = one.specOf('cookie') as number;
    const { slot } = claim(one);
    one.publish(slot, publication(0, { spec, variant: one.hashOf('a=1') }));
    one.complete(slot);
    expect(other.find(KEY, () => other.hashOf('a=2'))).toBeUndefined();
    expect(other.find(KEY, () => other.hashOf('a=1'))?.slot).toBe(slot);
    expect(other.namesOf(other.describe(slot).spec)).toBe('cookie');
  });
});

describe('memory', () => {
  test('is made by evicting; what is pinned stays, and when all is pinned there is no room', () => {
    const [one] = threads({ bytes: 2 ** 18 });
    const pinned = [1, 2, 3].map((i) => stored(one, key(i), 30_000));
    for (let i = 10; i < 40; i++) one.unpin(stored(one, key(i), 20_000).slot);
    expect(one.stats().evictions).toBeGreaterThan(20);
    for (const { slot, revision } of pinned) {
      expect(one.isCurrent(slot, revision)).toBe(true);
      expect(wrongByte(1, 0, one.body(slot, 0, 30_000))).toBe(-1);
    }
    one.check();
    const { slot } = claim(one, key(99));
    expect(one.publish(slot, publication(1_000_000))).toBe(false);
    one.publish(slot, publication(undefined));
    expect(one.append(slot, Buffer.alloc(1_000_000))).toBe(false);
    one.fail(slot);
    one.check();
  });

  test('costs a body of 1 KiB with a head of 400 bytes 1.5 KiB', () => {
    const [one] = threads();
    const { slot } = claim(one);
    one.publish(slot, publication(1024, { head: Buffer.alloc(400) }));
    one.append(slot, Buffer.alloc(1024));
    one.complete(slot);
    expect(one.stats().usedBytes).toBe(1536);
  });

  test('that an entry on disk loses leaves it in the index; the disk is read once for all who ask', () => {
    const [one, other] = threads({ bytes: 2 ** 18 });
    const found = stored(one, KEY, 20_000);
    expect(one.setDisk(found.slot, found.revision, DISK)).toBe(true);
    one.unpin(found.slot);
    for (let i = 10; i < 40; i++) one.unpin(stored(one, key(i), 20_000).slot);
    const again = one.find(KEY, noVariant) as Found;
    expect(again).toMatchObject({ slot: found.slot, revision: found.revision, state: 'complete' });
    expect(one.describe(again.slot)).toMatchObject({ filled: 0, length: 20_000, hasHead: false, disk: DISK });
    const follower = other.find(KEY, noVariant) as Found;
    expect(one.beginLoad(again.slot)).toBe('begun');
    expect(other.beginLoad(follower.slot)).toBe('busy');
    expect(one.loadHead(again.slot, HEAD)).toBe(true);
    expect(other.readHead(follower.slot)?.equals(HEAD)).toBe(true);
    one.append(again.slot, content(1, 0, 12_000));
    // It gives up, and another goes on.
    one.endLoad(again.slot);
    expect(other.beginLoad(follower.slot)).toBe('begun');
    other.append(follower.slot, content(1, other.news(follower.slot).filled, 20_000));
    other.endLoad(follower.slot);
    expect(wrongByte(1, 0, one.body(again.slot, 0, 20_000))).toBe(-1);
    one.check();
  });

  test('of a body that is on disk can be given up, once nobody reads it', () => {
    const [one] = threads();
    const { slot, revision } = stored(one, KEY, 50_000);
    one.dropBody(slot, revision);
    one.setDisk(slot, revision, DISK);
    one.dropBody(slot, revision);
    expect(one.news(slot).filled).toBe(50_000);
    one.unpin(slot);
    expect(one.pin(slot, revision)).toBe(true);
    expect(one.describe(slot)).toMatchObject({ filled: 0, hasHead: true });
    expect(one.stats().usedBytes).toBe(256);
    one.check();
  });

  test('has room for another entry when the slots are full, unless all are in use', () => {
    const [one] = threads({ entries: 3 });
    for (let i = 0; i < 10; i++) one.unpin(stored(one, key(i)).slot);
    for (let i = 20; i < 23; i++) claim(one, key(i));
    expect(one.claim(key(30), noVariant, ALL)).toBeUndefined();
    one.check();
  });
});

describe('a complete entry', () => {
  test('gets another head, by which what was decoded of it no longer holds', () => {
    const [one] = threads();
    const { slot, revision } = stored(one);
    const changed = one.updateHead(slot, revision, { head: Buffer.from('new'), sequence: 50 }) as number;
    expect([one.isCurrent(slot, revision), one.isCurrent(slot, changed), one.pin(slot, revision)]).toEqual([
      false,
      true,
      false,
    ]);
    expect(one.readHead(slot)?.toString()).toBe('new');
    expect(one.describe(slot)).toMatchObject({ sequence: 50 });
    expect(wrongByte(1, 0, one.body(slot, 0, 1000))).toBe(-1);
    expect(one.updateHead(slot, revision, { head: HEAD })).toBeUndefined();
    one.check();
  });

  test('is removed by its slot and revision, or by its key up to a sequence', () => {
    const [one] = threads();
    const { slot, revision, sequence } = stored(one);
    one.unpin(slot);
    expect(one.remove(slot, revision + 1)).toBe(false);
    expect(one.removeKey(KEY, sequence)).toBe(0);
    expect(one.removeKey(KEY, one.nextSequence())).toBe(1);
    expect(one.remove(slot, revision)).toBe(false);
    expect(one.stats()).toMatchObject({ usedBytes: 0, entries: 0 });
  });

  test('is restored from disk unless there is a newer one', () => {
    const [one] = threads();
    const restored = { hash: KEY, ...ALL, disk: DISK, length: 10, flags: 255 };
    const slot = one.restore({ ...restored, sequence: 5 });
    expect(one.restore({ ...restored, sequence: 4 })).toBe(0);
    expect(one.describe(slot)).toMatchObject({ sequence: 5, flags: 255, disk: DISK, length: 10, state: 'complete' });
    one.raiseSequence(5);
    expect(claim(one, KEY, 5).sequence).toBe(6);
    expect(one.restore({ ...restored, sequence: 5.5 })).not.toBe(0);
    one.check();
  });

  test.each([
    { what: 'in memory as well', length: 100, left: { removed: 1, kept: 1 } },
    { what: 'empty', length: 0, left: { removed: 1, kept: 1 } },
  ])('that is $what outlives its segment, one that is only there does not', ({ length, left }) => {
    const [one] = threads();
    const found = stored(one, KEY, length);
    one.setDisk(found.slot, found.revision, DISK);
    one.restore({ hash: key(3), ...ALL, disk: DISK, length: 10, sequence: 4 });
    one.restore({ hash: key(4), ...ALL, disk: { ...DISK, segment: 8 }, length: 10, sequence: 4 });
    expect(one.clearSegment(DISK.segment)).toEqual(left);
    expect(one.stats()).toMatchObject({ entries: 2, onDisk: 1 });
    one.check();
  });
});

describe('the seat of a thread that died', () => {
  test('takes its pins with it, and what it was filling has failed', () => {
    const [control, worker] = threads();
    const leader = claim(worker);
    worker.publish(leader.slot, publication(500));
    const follower = claim(control);
    const reading = stored(worker, key(2));
    control.remove(reading.slot);
    expect(control.releaseSeat(31)).toBe(true);
    expect(control.news(follower.slot).state).toBe('failed');
    control.unpin(follower.slot);
    expect(control.stats()).toMatchObject({ usedBytes: 0, entries: 0 });
    control.check();
  });

  test('leaves what it was loading for others to go on with', () => {
    const [control, worker] = threads();
    const slot = control.restore({ hash: KEY, ...ALL, disk: DISK, length: 9, sequence: 1 });
    worker.find(KEY, noVariant);
    worker.beginLoad(slot);
    worker.loadHead(slot, HEAD);
    control.find(KEY, noVariant);
    const { version } = control.news(slot);
    control.releaseSeat(31);
    expect(control.news(slot).version).not.toBe(version);
    expect(control.beginLoad(slot)).toBe('begun');
    control.check();
  });
});

test('a broken memory refuses all changes, and nothing of it is current; what is pinned can be read', () => {
  const [one, other] = threads();
  const { slot, revision } = stored(one);
  other.break();
  expect(one.isCurrent(slot, revision)).toBe(false);
  const operations = [
    () => one.find(KEY, noVariant),
    () => claim(one),
    () => one.pin(slot, revision),
    () => one.readHead(slot),
    () => one.append(slot, HEAD),
    () => one.removeKey(KEY),
    () => one.stats(),
  ];
  for (const operation of operations) expect(operation).toThrow(MemoryBroken);
  expect(Buffer.concat(one.body(slot, 0, 10))).toHaveLength(10);
  expect(one.releaseSeat(5)).toBe(false);
});

test('whoever waits for news hears that the memory is broken', async () => {
  const [one, other] = threads();
  const heard = new Promise<void>((resolve) => one.bell.listen(resolve));
  other.break();
  await heard;
  one.bell.close();
});

test('hashes of a memory with the seed of another are those of the other', () => {
  const first = CacheMemory.allocate({ bytes: 1, entries: 1, seats: 1 });
  const second = CacheMemory.allocate({ bytes: 1, entries: 1, seats: 1, seed: first.seed });
  expect(new CacheMemory(second, 0).hashOf('x')).toEqual(new CacheMemory(first, 0).hashOf('x'));
});
