import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ConnectionDrain, type DrainMember } from '../../../src/vrrp/agent/connection-drain.ts';
import { HELD } from '../../../src/vrrp/machine/timers.ts';
import type { HeldConnections } from '../../../src/vrrp/net/held-connections.ts';

/** What becomes of the connections of instances that are to move, with a clock and a kernel that are made up. */

const PATIENCE = 500;
const SUCCESSOR = 350;
const MAC = new Uint8Array(6);

class Scene {
  open: number | Error = 0;
  /** What happened, in order. */
  readonly done: string[] = [];
  readonly drain = new ConnectionDrain({
    log: { warn: (problem: string) => this.done.push(problem) } as never,
    now: () => performance.now(),
    open: () => {
      if (this.open instanceof Error) throw this.open;
      return this.open;
    },
    onMoving: (within) => this.done.push(within === undefined ? 'moves no more' : `moves within ${within}`),
  });

  begin(name = 'front', more: Partial<DrainMember> = {}): void {
    const held = {
      passOn: () => this.done.push(`${name} is passed on`),
      close: () => this.done.push(`${name} is taken`),
    };
    this.drain.begin({
      name,
      addresses: [],
      patience: PATIENCE,
      successorTime: SUCCESSOR,
      hold: () => {
        this.done.push(`${name} is held`);
        return held as unknown as HeldConnections;
      },
      onDrained: () => this.done.push(`${name} is drained`),
      ...more,
    });
  }

  /** What happened since, within so long. */
  after(ms: number): string[] {
    vi.advanceTimersByTime(ms);
    return this.done.splice(0);
  }
}

describe('the connections of an instance that is to move', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('are asked to end; with none left new ones are held, and it can go', () => {
    const scene = new Scene();
    scene.open = 3;
    scene.begin();
    expect(scene.after(100)).toEqual(['moves within 500']);
    scene.open = 0;
    expect(scene.after(10)).toEqual(['front is held', 'front is drained']);
  });

  test('are held after so long whatever is open, and waited for a while yet', () => {
    const scene = new Scene();
    scene.open = 3;
    scene.begin();
    expect(scene.after(PATIENCE + 10)).toEqual(['moves within 500', 'front is held']);
    scene.open = 0;
    expect(scene.after(10)).toEqual(['front is drained']);
  });

  test('go to whoever has the address after the goodbye, once, and not before', () => {
    const scene = new Scene();
    scene.begin();
    scene.after(10);
    scene.drain.claimed('front', MAC);
    expect(scene.after(1)).toEqual([]);
    scene.drain.goodbye('front');
    scene.drain.claimed('front', MAC);
    scene.drain.claimed('front', MAC);
    scene.drain.claimed('other', MAC);
    expect(scene.after(10_000)).toEqual(['front is passed on']);
    scene.drain.end();
    scene.drain.end();
    expect(scene.after(0)).toEqual(['front is taken', 'moves no more']);
  });

  test("are nobody else's once it is over", () => {
    const scene = new Scene();
    scene.begin();
    scene.after(10);
    scene.drain.goodbye('front');
    scene.drain.end();
    scene.after(0);
    scene.drain.claimed('front', MAC);
    scene.drain.goodbye('front');
    expect(scene.after(10_000)).toEqual([]);
  });

  test('stay where nobody came in time', () => {
    const scene = new Scene();
    scene.begin();
    scene.after(10);
    scene.drain.goodbye('front');
    expect(scene.after(SUCCESSOR - 1)).toEqual([]);
    expect(scene.after(1)).toEqual(['front is taken']);
    scene.drain.end();
    expect(scene.after(0)).toEqual(['moves no more']);
  });

  test('stay where no goodbye was said', () => {
    const scene = new Scene();
    scene.open = 1;
    scene.begin();
    expect(scene.after(PATIENCE + 2 * HELD + 10).slice(-2)).toEqual(['front is taken', 'moves no more']);
  });

  test('are waited for where they cannot be counted, and where they cannot be held, with a word', () => {
    const scene = new Scene();
    scene.open = new Error('no tcp_diag');
    scene.begin('front', {
      hold: () => {
        throw new Error('no nf_tables');
      },
    });
    expect(scene.after(PATIENCE + 10)).toEqual([
      'moves within 500',
      'connections cannot be counted',
      'new connections cannot be held back: a few may be lost as addresses move',
    ]);
  });

  test('of a sync group are those of one', () => {
    const scene = new Scene();
    scene.open = 1;
    scene.begin('front');
    scene.begin('six');
    scene.after(100);
    scene.open = 0;
    expect(scene.after(10)).toEqual(['front is held', 'six is held', 'front is drained', 'six is drained']);
    scene.drain.goodbye('front');
    scene.drain.goodbye('six');
    scene.drain.claimed('six', MAC);
    expect(scene.after(SUCCESSOR - 1)).toEqual(['six is passed on']);
    expect(scene.after(1)).toEqual(['front is taken']);
  });
});
