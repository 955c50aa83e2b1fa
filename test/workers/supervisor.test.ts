import { afterEach, describe, expect, test } from 'vitest';
import type { EventLog } from '../../src/observe/event-forward.ts';
import type { WorkerPlan } from '../../src/workers/messages.ts';
import { Supervisor } from '../../src/workers/supervisor.ts';
import { Journal } from '../support/journal.ts';

interface Event {
  readonly event: string;
  readonly worker?: number;
  readonly generation?: number;
  readonly backoff_ms?: number;
}

let running: Supervisor | undefined;
afterEach(() => running?.stop(0));

/** A supervisor of workers that do what each plan's name says (`scripted-worker.ts`). */
function supervise(workers: number) {
  const events = new Journal<Event>('event');
  const write = (event: string, fields?: object) => events.add({ event, ...fields });
  const log = { debug: write, info: write, warn: write, error: write } as EventLog;
  const dropped: number[] = [];
  const traffic = { memory: new SharedArrayBuffer(8), dropWorker: (worker: number) => void dropped.push(worker) };
  const entry = new URL('./scripted-worker.ts', import.meta.url);
  const supervisor = new Supervisor({ entry, workers, log, traffic });
  running = supervisor;
  let generation = 0;
  return {
    supervisor,
    events,
    dropped,
    switchTo(name = '') {
      generation += 1;
      return supervisor.switchTo(plan(generation, name));
    },
    seen: (event: string) =>
      events.all.filter((each) => each.event === event).map(({ worker, generation }) => [worker, generation]),
  };
}

function plan(generation: number, name: string): WorkerPlan {
  return {
    generation,
    siblings: undefined,
    proxy: {
      node: { name, via: true },
      listeners: [],
      trustedProxies: [],
      sites: [],
      pools: [],
      cache: undefined,
      siblings: undefined,
    },
    accessLog: 'off',
  };
}

describe('a generation', () => {
  test('is prepared by every worker before it is served by any', async () => {
    const { switchTo, events } = supervise(3);
    expect(await switchTo('1 is slow')).toEqual([]);
    expect(events.all.map(({ event }) => event)).toEqual([...Array(3).fill('prepared'), ...Array(3).fill('serves')]);
    expect(await switchTo()).toEqual([]);
    expect(events.all.slice(-3)).toEqual(
      events.all.slice(-3).map((each) => ({ ...each, event: 'serves', generation: 2 })),
    );
  });

  test('is served by none if one cannot, and the next one is not the worse for it', async () => {
    const { switchTo, seen } = supervise(2);
    await switchTo();
    expect(await switchTo('1 refuses')).toEqual(['no']);
    expect(seen('serves').map(([, generation]) => generation)).toEqual([1, 1]);
    expect(await switchTo()).toEqual([]);
    expect(seen('serves').map(([, generation]) => generation)).toEqual([1, 1, 3, 3]);
  });

  test('waits for the one before it', async () => {
    const { switchTo, seen } = supervise(2);
    await Promise.all([switchTo('0 is slow'), switchTo('1 is slow'), switchTo()]);
    expect(seen('serves').map(([, generation]) => generation)).toEqual([1, 1, 2, 2, 3, 3]);
  });
});

describe('a worker that dies', () => {
  test('has a successor that serves what the others serve, and its requests are in flight no more', async () => {
    const { supervisor, switchTo, events, seen, dropped } = supervise(2);
    await switchTo('0 dies serving');
    await switchTo('0 dies serving');
    expect(supervisor.originTable.inFlight(3)).toBe(2);
    expect([supervisor.serving, supervisor.deaths]).toEqual([2, 0]);
    supervisor.reopenLogs();
    const death = await events.waitFor(({ event }) => event.startsWith('worker died'));
    expect(death).toMatchObject({ worker: 0, backoff_ms: 100 });
    expect(supervisor.originTable.inFlight(3)).toBe(1);
    expect(dropped).toEqual([0]);
    expect([supervisor.serving, supervisor.deaths]).toEqual([1, 1]);
    await events.waitFor(({ event }) => event === 'worker replaced');
    expect(supervisor.serving).toBe(2);
    expect(seen('serves').at(-1)).toEqual([0, 2]);
    expect(supervisor.originTable.inFlight(3)).toBe(2);
  });

  test('while it prepares is not waited for, and its successor serves the new generation', async () => {
    const { switchTo, events, seen } = supervise(2);
    await switchTo();
    expect(await switchTo('0 dies preparing')).toEqual([]);
    await events.waitFor(({ event }) => event === 'worker replaced');
    expect(seen('serves')).toContainEqual([0, 2]);
    expect(seen('serves')).toContainEqual([1, 2]);
  });

  test('and is replaced before the others are ready keeps nobody waiting', async () => {
    const { switchTo, events, seen } = supervise(2);
    await switchTo();
    // Its successor is there when the slow one has prepared, and has prepared nothing itself.
    expect(await switchTo('0 dies preparing, 1 is slow')).toEqual([]);
    expect(await switchTo()).toEqual([]);
    expect(seen('serves')).toContainEqual([0, 3]);
    expect(events.all.filter(({ event }) => event === 'worker cannot serve')).toEqual([]);
  });

  test('before anything was served has a successor that serves with the others', async () => {
    const { switchTo, events, seen } = supervise(2);
    await switchTo('0 dies preparing');
    await events.waitFor(({ event }) => event === 'worker replaced');
    expect(seen('serves')).toContainEqual([0, 1]);
  });

  test('at a stop is not replaced, and not waited for', async () => {
    const { supervisor, switchTo, events } = supervise(2);
    await switchTo('0 dies serving');
    supervisor.reopenLogs();
    await supervisor.stop(0);
    expect(events.all.filter(({ event }) => event === 'worker replaced')).toEqual([]);
  });
});

test('a worker that hangs is ended some time after the deadline of a stop', async () => {
  const { supervisor, switchTo, events } = supervise(2);
  await switchTo('1 hangs');
  supervisor.reopenLogs();
  await supervisor.stop(0);
  expect(events.all.filter(({ event }) => event === 'worker replaced')).toEqual([]);
});
