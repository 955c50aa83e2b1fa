import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import type { Standing } from '../../src/proxy/pool/standing.ts';
import { MAX_ORIGINS, MAX_POOLS, OriginTable } from '../../src/workers/origin-table.ts';
import { turn } from '../support/wait.ts';

/** Retries that a pool may always make in two windows. */
const ALLOWANCE = 10;

function tables(workers: number): OriginTable[] {
  const memory = OriginTable.allocate(workers);
  return Array.from({ length: workers }, (_, worker) => new OriginTable(memory, workers, worker));
}

/** How many of a thousand retries are let through. Each that is takes a turn as well: that must not pay for the next. */
function takeAll(table: OriginTable, pool: number, budget: number): number {
  let taken = 0;
  for (let i = 0; i < 1000; i++) {
    if (!table.takeRetry(pool, budget)) continue;
    table.turn(pool);
    taken += 1;
  }
  return taken;
}

describe('requests in flight at an origin', () => {
  test('are those of all workers', () => {
    const [first, second, third] = tables(3) as [OriginTable, OriginTable, OriginTable];
    first.enter(7);
    second.enter(7);
    second.enter(7);
    third.enter(8);
    expect([first.inFlight(7), third.inFlight(7), second.inFlight(8), first.inFlight(9)]).toEqual([3, 3, 1, 0]);
    second.leave(7);
    first.leave(7);
    second.leave(7);
    expect(third.inFlight(7)).toBe(0);
  });

  test('that a dead worker had are forgotten, those of others are not', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    for (const slot of [0, 1, MAX_ORIGINS - 1]) {
      first.enter(slot);
      second.enter(slot);
      second.enter(slot);
    }
    first.dropWorker(1);
    expect([0, 1, MAX_ORIGINS - 1].map((slot) => first.inFlight(slot))).toEqual([1, 1, 1]);
    // Its successor begins at nothing.
    second.enter(1);
    second.leave(1);
    first.leave(1);
    expect(first.inFlight(1)).toBe(0);
  });

  test('do not spill into the next row, the next pool, or out of the table', () => {
    const [table] = tables(1) as [OriginTable];
    for (const slot of [0, MAX_ORIGINS - 1]) table.enter(slot);
    for (const pool of [0, MAX_POOLS - 1]) {
      table.turn(pool);
      table.takeRetry(pool, 1);
    }
    expect([
      table.inFlight(0),
      table.inFlight(1),
      table.inFlight(MAX_ORIGINS - 2),
      table.inFlight(MAX_ORIGINS - 1),
    ]).toEqual([1, 0, 0, 1]);
    expect([table.turn(0), table.turn(1), table.turn(MAX_POOLS - 2), table.turn(MAX_POOLS - 1)]).toEqual([1, 0, 0, 1]);
  });
});

describe('a limit of requests in flight', () => {
  test('holds over all workers', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    expect([first.enter(7, 2), second.enter(7, 2), first.enter(7, 2), second.enter(7, 2)]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    second.leave(7);
    expect([first.enter(7, 2), first.load(7), first.inFlight(7)]).toEqual([true, 2, 2]);
  });

  test('has room again when a worker dies that had places', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    second.enter(7, 1);
    expect(first.enter(7, 1)).toBe(false);
    first.dropWorker(1);
    expect([first.load(7), first.enter(7, 1)]).toEqual([0, true]);
  });

  test('is never exceeded when real threads are at it, nor is any place lost', async () => {
    const [workers, rounds, most] = [3, 20_000, 2];
    const memory = OriginTable.allocate(workers);
    const script = new URL('./crowding-worker.ts', import.meta.url);
    const worst = await Promise.all(
      Array.from({ length: workers }, async (_, worker) => {
        const thread = new Worker(script, { workerData: { memory, workers, worker, rounds, most } });
        const [[seen]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')]);
        return seen as { most: number; entered: number };
      }),
    );
    expect(Math.max(...worst.map((each) => each.most))).toBeLessThanOrEqual(most);
    expect(Math.min(...worst.map(({ entered }) => entered))).toBeGreaterThan(0);
    const control = new OriginTable(memory, workers);
    expect([control.load(5), control.inFlight(5)]).toEqual([0, 0]);
  });
});

describe('how an origin stands', () => {
  test.each<Standing>([
    { admits: 'all', health: 'up', role: 'primary', set: 0, weight: 1, ignoreErrors: false },
    { admits: 'known', health: 'trial', role: 'spare', set: 99, weight: 25_600, ignoreErrors: true },
    { admits: 'none', health: 'forced_down', role: 'standby', set: 50, weight: 100, ignoreErrors: false },
    { admits: 'all', health: 'ejected', role: 'primary', set: 1, weight: 1234, ignoreErrors: true },
  ])('is read as it was written: %o', (standing) => {
    const [writer, reader] = tables(2) as [OriginTable, OriginTable];
    expect(reader.standing(9)).toBeUndefined();
    writer.setStanding(9, standing);
    expect(reader.standing(9)).toEqual(standing);
    expect([reader.standing(8), reader.standing(10)]).toEqual([undefined, undefined]);
  });

  test('has a weight within bounds, whatever a slow start computes', () => {
    const [table] = tables(1) as [OriginTable];
    for (const [weight, kept] of [
      [0, 1],
      [0.4, 1],
      [12.6, 13],
      [99_999, 25_600],
    ] as const) {
      table.setStanding(1, { admits: 'all', health: 'up', role: 'primary', set: 0, weight, ignoreErrors: false });
      expect(table.standing(1)?.weight).toBe(kept);
    }
  });

  test('has a version that changes with each change, and wakes workers that listen', async () => {
    const [control, worker] = tables(2) as [OriginTable, OriginTable];
    const before = worker.version;
    const woken = new Promise<void>((resolve) => worker.listen(resolve));
    control.setStanding(1, { admits: 'none', health: 'up', role: 'primary', set: 0, weight: 1, ignoreErrors: false });
    expect(worker.version).not.toBe(before);
    await woken;
    worker.close();
  });

  test('is nothing any more, with all that was counted, when the row is given to another origin', () => {
    const [table] = tables(1) as [OriginTable];
    table.setStanding(1, { admits: 'none', health: 'up', role: 'primary', set: 0, weight: 1, ignoreErrors: false });
    table.elect(1, true);
    table.failed(1, 0);
    table.succeeded(2, 10);
    table.clear(1);
    expect(table.standing(1)).toBeUndefined();
    expect([table.elected(1), table.stickySeen(1), table.outcomes(1).failures, table.latency(1)]).toEqual([
      0,
      0,
      0,
      undefined,
    ]);
    expect(table.outcomes(2).responses).toBe(1);
  });
});

describe('how requests come out', () => {
  test('is counted over all workers', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    first.succeeded(3, 10);
    second.failed(3, 0);
    first.failed(3, 0);
    expect(first.outcomes(3)).toMatchObject({ responses: 3, failures: 2, consecutiveFailures: 2 });
    second.succeeded(3, 10);
    expect(second.outcomes(3)).toMatchObject({ responses: 4, failures: 2, consecutiveFailures: 0 });
    second.failed(3, 0);
    second.forgetFailures(3);
    expect(second.outcomes(3)).toMatchObject({ failures: 3, consecutiveFailures: 0 });
  });

  test('has a mean latency that follows', () => {
    const [table] = tables(1) as [OriginTable];
    table.succeeded(3, 80);
    expect(table.latency(3)).toBe(80);
    for (let i = 0; i < 100; i++) table.succeeded(3, 20);
    expect(table.latency(3)).toBeCloseTo(20, 0);
    table.succeeded(3, 0);
    expect(table.latency(3)).toBeGreaterThan(0);
  });

  test.each([
    { name: 'each time that so many failed in a row', limit: 3, failures: 7, rings: 1 },
    { name: 'not before', limit: 3, failures: 2, rings: 0 },
    { name: 'not at all', limit: 0, failures: 50, rings: 0 },
  ])('wakes control $name', async ({ limit, failures, rings }) => {
    const memory = OriginTable.allocate(2);
    const control = new OriginTable(memory, 2);
    const worker = new OriginTable(memory, 2, 1);
    let rung = 0;
    control.listen(() => {
      rung += 1;
    });
    for (let i = 0; i < failures; i++) worker.failed(3, limit);
    await turn();
    expect(rung).toBe(rings);
    control.close();
  });

  test.each(['succeeded', 'failed'] as const)('wakes control when a trial has %s', async (outcome) => {
    const memory = OriginTable.allocate(1);
    const control = new OriginTable(memory, 1);
    const worker = new OriginTable(memory, 1, 0);
    const woken = new Promise<void>((resolve) => control.listen(resolve));
    expect([worker.enterTrial(3), worker.enterTrial(3)]).toEqual([true, false]);
    worker.leaveTrial(3, outcome);
    await woken;
    control.close();
    expect(worker.enterTrial(3)).toBe(true);
  });

  test('leaves a trial open to others when the worker dies that had it', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    second.enterTrial(3);
    first.dropWorker(0);
    expect(first.enterTrial(3)).toBe(false);
    first.dropWorker(1);
    expect(first.enterTrial(3)).toBe(true);
  });
});

describe('the turns of a pool', () => {
  test('are counted over all workers, for each pool by itself', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    expect([first.turn(0), second.turn(0), first.turn(1), first.turn(0)]).toEqual([0, 1, 0, 2]);
  });

  test('go on at 0 after the last number of 32 bits, and are never negative', () => {
    const { table, setCursor } = wrapping();
    setCursor(2 ** 31 - 1);
    expect([table.turn(0), table.turn(0)]).toEqual([2 ** 31 - 1, 2 ** 31]);
    setCursor(2 ** 32 - 1);
    expect([table.turn(0), table.turn(0), table.turn(0)]).toEqual([2 ** 32 - 1, 0, 1]);
  });

  test('and the counts are right when real threads are at it', async () => {
    const [workers, rounds] = [3, 20_000];
    const memory = OriginTable.allocate(workers);
    const script = new URL('./counting-worker.ts', import.meta.url);
    const turns = await Promise.all(
      Array.from({ length: workers }, async (_, worker) => {
        const thread = new Worker(script, { workerData: { memory, workers, worker, rounds } });
        const [[taken]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')]);
        return [...(taken as Uint32Array)];
      }),
    );
    // Nobody's turn was anybody else's.
    expect(new Set(turns.flat()).size).toBe(workers * rounds);
    expect(Math.max(...turns.flat())).toBe(workers * rounds - 1);
    const control = new OriginTable(memory, workers);
    expect([control.inFlight(5), control.inFlight(6)]).toEqual([0, workers * rounds]);
    control.dropWorker(1);
    expect(control.inFlight(6)).toBe((workers - 1) * rounds);
    expect(control.turn(1)).toBe(workers * rounds);
  });
});

describe('the retry budget of a pool', () => {
  test.each([
    { requests: 0, budget: 0.2, retries: ALLOWANCE },
    { requests: 100, budget: 0.2, retries: ALLOWANCE + 20 },
    { requests: 100, budget: 0, retries: ALLOWANCE },
    { requests: 100, budget: 1, retries: ALLOWANCE + 100 },
    { requests: 4, budget: 0.2, retries: ALLOWANCE + 1 },
  ])('is $retries for $requests requests and a share of $budget', ({ requests, budget, retries }) => {
    const [table] = tables(1) as [OriginTable];
    for (let i = 0; i < requests; i++) table.turn(0);
    expect(takeAll(table, 0, budget)).toBe(retries);
  });

  test('is not used up by retries that it refused', () => {
    const [table] = tables(1) as [OriginTable];
    takeAll(table, 0, 0.5);
    for (let i = 0; i < 100; i++) table.turn(0);
    expect(takeAll(table, 0, 0.5)).toBe(50);
  });

  test('is one budget over all workers, and another one’s for another pool', () => {
    const [first, second] = tables(2) as [OriginTable, OriginTable];
    expect(takeAll(first, 0, 0) + takeAll(second, 0, 0)).toBe(ALLOWANCE);
    expect(takeAll(second, 1, 0)).toBe(ALLOWANCE);
  });

  test('counts this window and the one before', () => {
    const [table] = tables(1) as [OriginTable];
    for (let i = 0; i < 100; i++) table.turn(0);
    table.beginRetryWindow();
    // An origin that dies as a window begins fails requests of the last one.
    expect(takeAll(table, 0, 0.2)).toBe(ALLOWANCE + 20);
    table.beginRetryWindow();
    // The requests of the window before the last one count no more, its retries do.
    expect(takeAll(table, 0, 0.2)).toBe(0);
    for (let i = 0; i < 200; i++) table.turn(0);
    expect(takeAll(table, 0, 0.2)).toBe(ALLOWANCE + 40 - (ALLOWANCE + 20));
    table.beginRetryWindow();
    expect(takeAll(table, 0, 0.2)).toBe(ALLOWANCE + 40 - 20);
    table.beginRetryWindow();
    table.beginRetryWindow();
    expect(takeAll(table, 0, 0.2)).toBe(ALLOWANCE);
  });

  test.each([2 ** 31 - 5, 2 ** 32 - 5])('counts on in a window in which the cursor wraps around, at %d', (cursor) => {
    const { table, setCursor } = wrapping();
    setCursor(cursor);
    table.beginRetryWindow();
    table.beginRetryWindow();
    for (let i = 0; i < 10; i++) table.turn(0);
    expect(takeAll(table, 0, 0.5)).toBe(ALLOWANCE + 5);
    table.beginRetryWindow();
    table.beginRetryWindow();
    expect(takeAll(table, 0, 0.5)).toBe(ALLOWANCE);
  });
});

/** A table whose first pool has had this many turns: the cursor is the first cell of all. */
function wrapping() {
  const memory = OriginTable.allocate(1);
  const setCursor = (turns: number) => {
    new Uint32Array(memory)[0] = turns;
  };
  return { table: new OriginTable(memory, 1), setCursor };
}
