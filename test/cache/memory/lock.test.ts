import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Lock, MemoryBroken } from '../../../src/cache/memory/lock.ts';
import type { LockThread } from './lock-thread.ts';

function start(thread: LockThread): Worker {
  return new Worker(new URL('./lock-thread.ts', import.meta.url), { workerData: thread });
}

function scene(): { lock: SharedArrayBuffer; count: SharedArrayBuffer; times: number } {
  return { lock: Lock.allocate(), count: new SharedArrayBuffer(8), times: 200_000 };
}

describe('the lock', () => {
  test('lets one thread in at a time, and every one of them some day', async () => {
    const shared = scene();
    const threads = [1, 2, 3].map((seat) => start({ ...shared, seat, work: 'count' }));
    await Promise.all(threads.map((thread) => once(thread, 'message')));
    expect(new Int32Array(shared.count)[0]).toBe(3 * shared.times);
    expect(new Lock(shared.lock, 0).isBroken()).toBe(false);
  });

  test('is had at once by a thread that comes while another takes it again and again', async () => {
    const shared = scene();
    const thread = start({ ...shared, times: 5_000_000, seat: 1, work: 'count' });
    const lock = new Lock(shared.lock, 0);
    const counted = new Int32Array(shared.count);
    while (Atomics.load(counted, 0) === 0) await new Promise(setImmediate);
    for (let i = 0; i < 1000; i++) lock.hold(() => undefined);
    expect(Atomics.load(counted, 0)).toBeLessThan(5_000_000);
    await thread.terminate();
  });

  test('tells who holds it', () => {
    const memory = Lock.allocate();
    const lock = new Lock(memory, 31);
    lock.hold(() => expect([31, 30, 0].map((seat) => lock.isHeldBy(seat))).toEqual([true, false, false]));
    expect(lock.isHeldBy(31)).toBe(false);
  });

  test('is broken by work that throws, for everybody', () => {
    const memory = Lock.allocate();
    const work = (): never => {
      throw new Error('half-way');
    };
    expect(() => new Lock(memory, 1).hold(work)).toThrow('half-way');
    expect(() => new Lock(memory, 2).acquire()).toThrow(MemoryBroken);
    expect(new Lock(memory, 2).isBroken()).toBe(true);
  });
});

describe('a thread that is ended while it holds the lock', () => {
  test('still holds it, and those that wait are woken when it is broken for that', async () => {
    const shared = scene();
    const lock = new Lock(shared.lock, 0);
    const holder = start({ ...shared, seat: 1, work: 'keep' });
    await once(holder, 'message');
    const waiting = start({ ...shared, seat: 2, work: 'wait' });
    await once(waiting, 'message');
    await holder.terminate();
    expect(lock.isHeldBy(1)).toBe(true);
    lock.break();
    expect(await once(waiting, 'message')).toEqual(['MEMORY_BROKEN']);
    expect(() => lock.acquire()).toThrow(MemoryBroken);
  });

  test('makes who waits for it break it, in the end, when nobody else does', async () => {
    const shared = scene();
    const holder = start({ ...shared, seat: 1, work: 'keep' });
    await once(holder, 'message');
    await holder.terminate();
    expect(() => new Lock(shared.lock, 0).acquire()).toThrow(MemoryBroken);
  });
});
