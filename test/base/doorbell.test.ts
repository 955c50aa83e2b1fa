import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { Doorbell } from '../../src/base/doorbell.ts';

async function start(memory: SharedArrayBuffer, times: number): Promise<Worker> {
  const thread = new Worker(new URL('./doorbell-thread.ts', import.meta.url), { workerData: { memory, times } });
  await once(thread, 'message');
  return thread;
}

/** Lets everything that is due in this thread happen. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
}

describe('a doorbell', () => {
  test('is heard by whom it is rung for, once for any number of rings', async () => {
    const memory = Doorbell.allocate(32);
    const bells = [0, 5, 31].map((seat) => new Doorbell(memory, seat));
    const heard = [0, 0, 0];
    for (const [i, bell] of bells.entries()) bell.listen(() => (heard[i] = (heard[i] as number) + 1));
    for (let i = 0; i < 10; i++) bells[0]?.ring((1 << 5) | (1 << 31));
    await turns();
    expect(heard).toEqual([0, 1, 1]);
    for (const bell of bells) bell.close();
  });

  test('that rings while it is answered is answered again', async () => {
    const bell = new Doorbell(Doorbell.allocate(2), 0);
    let heard = 0;
    bell.listen(() => {
      heard += 1;
      if (heard < 5) bell.ring(1);
    });
    bell.ring(1);
    await turns();
    expect(heard).toBe(5);
    bell.close();
  });

  test('is silent once it is closed, and may listen again', async () => {
    const bell = new Doorbell(Doorbell.allocate(1), 0);
    let heard = 0;
    bell.listen(() => (heard += 1));
    bell.close();
    bell.ring(1);
    await turns();
    expect(heard).toBe(0);
    bell.listen(() => (heard += 1));
    bell.close();
    bell.listen(() => (heard += 1));
    await turns();
    heard = 0;
    bell.ring(1);
    await turns();
    expect(heard).toBe(1);
    bell.close();
  });

  test('wakes another thread every time, which can end when it has closed its own', async () => {
    const memory = Doorbell.allocate(2);
    const times = 2000;
    const thread = await start(memory, times);
    const bell = new Doorbell(memory, 0);
    const ended = once(thread, 'exit');
    bell.listen(() => bell.ring(1 << 1));
    bell.ring(1 << 1);
    expect(await ended).toEqual([0]);
    bell.close();
  });

  test('of a thread that was ended while it waited can be rung, and serves the next one in its seat', async () => {
    const memory = Doorbell.allocate(2);
    const bell = new Doorbell(memory, 0);
    for (let i = 0; i < 5; i++) {
      const thread = await start(memory, 1e9);
      await thread.terminate();
      for (let ring = 0; ring < 100; ring++) bell.ring(1 << 1);
    }
    const thread = await start(memory, 1);
    bell.ring(1 << 1);
    expect(await once(thread, 'exit')).toEqual([0]);
  });
});
