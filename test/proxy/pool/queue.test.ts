import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { PoolQueue, type QueueMember, type Waiter } from '../../../src/proxy/pool/queue.ts';
import { OriginTable } from '../../../src/workers/origin-table.ts';

const POOL = 3;
const SETTINGS = { size: 4, timeout: 5000 };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** As many places as the scene gives, and who has got one. */
class Scene {
  readonly tables: OriginTable[];
  readonly queues: PoolQueue[];
  readonly served: string[] = [];
  readonly late: string[] = [];
  places = 0;

  constructor(workers = 1) {
    const memory = OriginTable.allocate(workers);
    this.tables = Array.from({ length: workers }, (_, worker) => new OriginTable(memory, workers, worker));
    this.queues = this.tables.map(({ queues }) => new PoolQueue(POOL, queues));
  }

  join(name: string, { worker = 0, isPicky = false, settings = SETTINGS } = {}): Waiter | undefined {
    const queue = this.queues[worker] as PoolQueue;
    let waiter: Waiter | undefined;
    const member: QueueMember = {
      isPicky,
      goOn: () => {
        if (this.places === 0 || isPicky) return false;
        this.places -= 1;
        queue.leave(waiter as Waiter);
        this.served.push(name);
        return true;
      },
      overdue: () => this.late.push(name),
    };
    waiter = queue.join(member, settings);
    return waiter;
  }

  get length(): number {
    return (this.tables[0] as OriginTable).queues.length(POOL);
  }

  /** A request of this worker has ended. */
  free(worker: number): void {
    this.places += 1;
    (this.queues[worker] as PoolQueue).placeIsFree();
  }

  turn(): void {
    vi.advanceTimersByTime(1);
  }
}

describe('requests that wait', () => {
  test('go on in their order, one for each place that is freed', () => {
    const scene = new Scene();
    for (const name of ['a', 'b', 'c']) scene.join(name);
    scene.turn();
    expect(scene.served).toEqual([]);
    scene.free(0);
    scene.turn();
    expect(scene.served).toEqual(['a']);
    scene.free(0);
    scene.free(0);
    scene.turn();
    expect([scene.served, scene.length]).toEqual([['a', 'b', 'c'], 0]);
  });

  test('go on where a place was freed just before they said that they wait', () => {
    const scene = new Scene();
    scene.places = 1;
    scene.join('a');
    scene.turn();
    expect(scene.served).toEqual(['a']);
  });

  test('are no more than the queue holds, over all workers', () => {
    const scene = new Scene(2);
    const joined = Array.from({ length: 6 }, (_, i) => scene.join(`${i}`, { worker: i % 2 }));
    expect(joined.map((waiter) => waiter !== undefined)).toEqual([true, true, true, true, false, false]);
    expect(scene.length).toBe(4);
  });

  test('do not hold up others when they wait for one origin alone', () => {
    const scene = new Scene();
    scene.join('picky', { isPicky: true });
    scene.join('a');
    scene.free(0);
    scene.turn();
    expect(scene.served).toEqual(['a']);
  });

  test('leave the queue at their deadline', () => {
    const scene = new Scene();
    scene.join('a');
    vi.advanceTimersByTime(3000);
    scene.join('b');
    vi.advanceTimersByTime(1999);
    expect(scene.late).toEqual([]);
    vi.advanceTimersByTime(2);
    expect([scene.late, scene.length]).toEqual([['a'], 1]);
    vi.advanceTimersByTime(3000);
    expect([scene.late, scene.length]).toEqual([['a', 'b'], 0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that leave, from anywhere in the queue, are neither served nor told that they are late', () => {
    for (const at of [0, 1, 2]) {
      const scene = new Scene();
      const waiters = ['a', 'b', 'c'].map((name) => scene.join(name) as Waiter);
      (scene.queues[0] as PoolQueue).leave(waiters[at] as Waiter);
      (scene.queues[0] as PoolQueue).leave(waiters[at] as Waiter);
      scene.places = 3;
      vi.advanceTimersByTime(10_000);
      expect(scene.served).toEqual(['a', 'b', 'c'].filter((_, i) => i !== at));
      expect([scene.late, scene.length]).toEqual([[], 0]);
    }
  });

  test('are woken in the worker where one has waited longest, whoever frees the place', () => {
    const scene = new Scene(3);
    const [first, second, third] = scene.tables as [OriginTable, OriginTable, OriginTable];
    expect(first.queues.wakeOldest(POOL)).toBe(false);
    scene.join('b', { worker: 1 });
    scene.join('c', { worker: 2 });
    expect([first, second, third].map(({ queues }) => queues.wakeOldest(POOL))).toEqual([false, true, false]);
    scene.places = 1;
    (scene.queues[1] as PoolQueue).wake();
    expect([first, second, third].map(({ queues }) => queues.wakeOldest(POOL))).toEqual([false, false, true]);
  });

  test('of a worker that does not answer do not keep the others waiting for long', () => {
    const scene = new Scene(2);
    scene.join('stuck', { worker: 0, isPicky: true });
    scene.join('a', { worker: 1 });
    scene.places = 1;
    vi.advanceTimersByTime(101);
    expect(scene.served).toEqual(['a']);
  });

  test('of a dead worker are forgotten', () => {
    const scene = new Scene(2);
    for (const worker of [0, 1, 1]) scene.join('x', { worker });
    scene.tables[0]?.dropWorker(1);
    expect(scene.length).toBe(1);
    expect(scene.tables[0]?.queues.wakeOldest(POOL)).toBe(true);
  });
});
