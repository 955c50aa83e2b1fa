import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { CacheMemory } from '../../../src/cache/memory/cache-memory.ts';
import type { MemoryHandle } from '../../../src/cache/memory/memory-handle.ts';
import type { BusyReport, BusyThread } from './busy-thread.ts';

const CONTROL = 0;

function start(thread: BusyThread): Worker {
  return new Worker(new URL('./busy-thread.ts', import.meta.url), { workerData: thread });
}

function allocate(): { handle: MemoryHandle; control: CacheMemory; progress: SharedArrayBuffer } {
  const handle = CacheMemory.allocate({ bytes: 4 * 2 ** 20, entries: 2000, seats: 5 });
  return { handle, control: new CacheMemory(handle, CONTROL), progress: new SharedArrayBuffer(4) };
}

describe('threads that fill, read, evict and remove at once', () => {
  test('read no wrong byte, and leave no page and no pin behind', { timeout: 60_000 }, async () => {
    const { handle, control, progress } = allocate();
    const threads = [1, 2, 3, 4].map((seat) =>
      start({ handle, seat, seed: seat, operations: 4000, keys: 3000, progress }),
    );
    const reports = await Promise.all(threads.map(async (thread) => (await once(thread, 'message'))[0] as BusyReport));
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect(reports.flatMap(({ wrong }) => wrong)).toEqual([]);
    for (const { filled, read, followed, loaded } of reports) {
      expect(Math.min(filled, read, followed, loaded)).toBeGreaterThan(0);
    }
    control.check();
    expect(control.stats().evictions).toBeGreaterThan(1000);
    control.removeAll();
    control.check();
    expect(control.stats()).toMatchObject({ entries: 0, usedBytes: 0, onDisk: 0 });
  });
});

describe('a thread that is ended in the middle of anything', () => {
  test('leaves a memory that works on, or one that is known to be broken', { timeout: 60_000 }, async () => {
    let scene = allocate();
    let witness = startWitness(scene);
    let survived = 0;
    for (let round = 0; round < 25; round++) {
      const { handle, progress, control } = scene;
      const begun = Atomics.load(new Int32Array(progress), 0);
      const victims = [2, 3].map((seat) =>
        start({ handle, seat, seed: round * 8 + seat, operations: 1e9, keys: 500, progress }),
      );
      await progressOf(progress, begun + 300 + round * 37);
      await Promise.all(victims.map((victim) => victim.terminate()));
      const intact = [2, 3].map((seat) => control.releaseSeat(seat));
      if (!intact.includes(false)) {
        survived += 1;
        continue;
      }
      // What is waiting for the dead one's lock finds out; nothing can be done with the memory any more.
      expect(() => control.nextSequence()).toThrow('half-changed');
      expect(control.isCurrent(1, 0)).toBe(false);
      await witness.failed;
      scene = allocate();
      witness = startWitness(scene);
    }
    expect(survived).toBeGreaterThan(0);
    await witness.thread.terminate();
    if (!scene.control.releaseSeat(1)) return;
    scene.control.check();
    scene.control.removeAll();
    expect(scene.control.stats()).toMatchObject({ entries: 0, usedBytes: 0, onDisk: 0 });
  });
});

/** One that goes on until the memory is broken. */
function startWitness(scene: Pick<BusyThread, 'handle' | 'progress'>): { thread: Worker; failed: Promise<unknown> } {
  const { handle, progress } = scene;
  const thread = start({ handle, progress, seat: 1, seed: 99, operations: 1e9, keys: 500 });
  return { thread, failed: once(thread, 'error') };
}

/** Until so many operations were done. */
async function progressOf(progress: SharedArrayBuffer, operations: number): Promise<void> {
  const count = new Int32Array(progress);
  while (Atomics.load(count, 0) < operations) await new Promise(setImmediate);
}
