import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Ms } from '../../../src/base/units.ts';
import { BanBoard } from '../../../src/cache/purge/ban-board.ts';
import { BanJournal } from '../../../src/cache/purge/journal.ts';
import type { PurgeOrder, Verdict } from '../../../src/cache/purge/order.ts';
import { atTeardown } from '../../support/teardown.ts';
import { tempDir } from '../../support/temp.ts';
import { within } from '../../support/wait.ts';
import type { PurgingThread } from './purging-thread.ts';

const START = 1_789_000_000_000_000;
const ALL: PurgeOrder = { kind: 'all' };

afterEach(() => {
  vi.restoreAllMocks();
});

function url(text: string): PurgeOrder {
  return { kind: 'url', text };
}

/** Two threads' boards over one memory. */
function boards({ capacity = 64 * 1024, journal, now = () => 0 }: Partial<Surroundings> = {}) {
  const memory = BanBoard.allocate({ bans: [], sequence: START }, capacity);
  return { memory, here: new BanBoard(memory, 0, journal, now), there: new BanBoard(memory, 1, journal, now) };
}

interface Surroundings {
  readonly capacity: number;
  readonly journal: BanJournal;
  readonly now: () => Ms;
}

function verdict(board: BanBoard, key: string, sequence: number): Verdict {
  return board.verdict({ key, tags: [], sequence });
}

describe('sequence numbers', () => {
  test('rise from where they begin, over all threads', () => {
    const { here, there } = boards();
    expect([here, there, there, here].map((board) => board.nextSequence() - START)).toEqual([0, 1, 2, 3]);
  });

  test('keep up with the clock, and do not fall with it', () => {
    let now = START / 1000 - 1;
    const { here, there } = boards({ now: () => now });
    const numbers: number[] = [];
    for (const time of [now, now + 5, now + 5, now + 4, now + 5.9, now + 6]) {
      now = time;
      numbers.push(there.nextSequence() - START, here.nextSequence() - START);
    }
    expect(numbers).toEqual([0, 1, 4000, 4001, 4002, 4003, 4004, 4005, 4006, 4007, 5000, 5001]);
  });

  test('of a time are below all that were taken from then on, and not below those from before', () => {
    let now = START / 1000;
    const { here, there } = boards({ now: () => now });
    const before = here.nextSequence();
    now += 1;
    const { sequence } = there.publish([url('a')], false);
    expect(here.sequenceAt(now)).toBeLessThan(sequence);
    expect(here.sequenceAt(now)).toBeGreaterThan(before);
    expect(verdict(here, 'a', here.sequenceAt(now))).toBe('gone');
    expect(verdict(here, 'a', here.sequenceAt(now + 1))).toBe('keep');
    expect(here.sequenceAt(-1e9)).toBe(0);
  });
});

describe('a purge', () => {
  test('is known to all threads when it returns', () => {
    const { here, there } = boards();
    const stored = here.nextSequence();
    expect(verdict(there, 'a', stored)).toBe('keep');
    here.publish([url('a')], true);
    expect(verdict(there, 'a', stored)).toBe('soft');
    there.publish([url('b'), url('a')], false);
    expect([here, there].map((board) => verdict(board, 'a', stored))).toEqual(['gone', 'gone']);
    expect(verdict(here, 'b', stored)).toBe('gone');
    expect(verdict(here, 'c', stored)).toBe('keep');
  });

  test('is for what a fetch brings that was under way, and not for what is fetched afterwards', () => {
    const { here, there } = boards();
    const underWay = here.nextSequence();
    const { sequence, problem } = there.publish([url('a')], false);
    expect(problem).toBeUndefined();
    const afterwards = here.nextSequence();
    expect(underWay).toBeLessThan(sequence);
    expect(afterwards).toBeGreaterThan(sequence);
    expect([underWay, afterwards].map((each) => verdict(here, 'a', each))).toEqual(['gone', 'keep']);
  });

  test('changes the version, so that a verdict need be asked for once a version', () => {
    const { here, there } = boards();
    const before = here.version;
    verdict(here, 'a', 1);
    expect(there.version).toBe(before);
    there.publish([url('a')], false);
    expect(here.version).not.toBe(before);
  });

  test('keeps every letter of what it is for', () => {
    const { here, there } = boards();
    const texts = ['https://www.example.com/\xe9?%C3%A9', 'bücher 🂡', ''];
    here.publish(
      texts.map((text) => ({ kind: 'tag', text })),
      false,
    );
    expect(texts.map((text) => there.verdict({ key: '', tags: [text], sequence: 1 }))).toEqual(Array(3).fill('gone'));
  });

  test('of more text than an object can have is refused, and holds up nobody', () => {
    const { here, there } = boards();
    expect(() => here.publish([url('a'.repeat(200_000))], false)).toThrow(RangeError);
    there.publish([url('a')], false);
    expect(verdict(here, 'a', 1)).toBe('gone');
  });
});

describe('more purges than there is room for', () => {
  test('purge all that they are for, and nothing that is newer', () => {
    const { memory, here, there } = boards({ capacity: 1024 });
    const stored: number[] = [];
    for (let i = 0; i < 500; i++) {
      stored.push(here.nextSequence());
      (i % 2 === 0 ? here : there).publish([url(`u${i}`)], false);
      expect(verdict(there, `u${i}`, there.nextSequence())).toBe('keep');
    }
    for (const board of [here, there, new BanBoard(memory, 2)]) {
      expect(stored.filter((sequence, i) => verdict(board, `u${i}`, sequence) !== 'gone')).toEqual([]);
    }
  });

  test('reach a thread that asks for the first time after many of them', () => {
    const { here, there } = boards({ capacity: 1024 });
    const stored = here.nextSequence();
    verdict(there, 'a', stored);
    for (let i = 0; i < 300; i++) here.publish([url(`u${i}`)], false);
    expect(verdict(there, 'u299', stored)).toBe('gone');
    expect(there.size).toBe(here.size);
    expect(there.size).toBeLessThan(40);
  });

  test('are for more than was asked, once only the number of the oldest is remembered', () => {
    const { here, there } = boards({ capacity: 1024 });
    const other = here.nextSequence();
    for (let i = 0; i < 100; i++) here.publish([url(`u${i}`)], i % 2 === 0);
    expect(verdict(there, 'other', other)).toBe('gone');
    expect(verdict(there, 'other', there.nextSequence())).toBe('keep');
  });

  test('are for no more than was asked, where what is older than they are is known to be gone', () => {
    const { here, there } = boards({ capacity: 1024 });
    let other = 0;
    for (let i = 0; i < 500; i++) {
      if (i % 8 === 0) {
        other = there.nextSequence();
        there.forgetBelow(other);
      }
      here.publish([url(`u${i}`)], false);
      expect(verdict(there, 'other', other)).toBe('keep');
    }
  });

  test('of one thing take no room', () => {
    const { here, there } = boards({ capacity: 1024 });
    const other = here.nextSequence();
    for (let i = 0; i < 500; i++) here.publish([url('a')], false);
    expect(verdict(there, 'other', other)).toBe('keep');
    expect(there.size).toBe(1);
  });

  test('at one time are one purge of everything', () => {
    const { here, there } = boards({ capacity: 1024 });
    const stored = here.nextSequence();
    here.publish(
      Array.from({ length: 500 }, (_, i) => url(`u${i}`)),
      true,
    );
    expect(verdict(there, 'u7', stored)).toBe('soft');
    expect(verdict(there, 'u7', here.nextSequence())).toBe('keep');
  });
});

describe('what may have been purged elsewhere', () => {
  test('is suspect in all threads until it is trusted, what is fetched afterwards is not', () => {
    const { here, there } = boards();
    const before = here.nextSequence();
    expect(verdict(there, 'a', before)).toBe('keep');
    here.suspect();
    const after = there.nextSequence();
    expect([before, after].map((sequence) => verdict(there, 'a', sequence))).toEqual(['suspect', 'keep']);
    here.trust();
    expect([here, there].map((board) => verdict(board, 'a', before))).toEqual(['keep', 'keep']);
  });

  test('is gone when it was purged here, and softly purged again once it is trusted', () => {
    const { here, there } = boards();
    const before = here.nextSequence();
    here.suspect();
    here.publish([url('a')], false);
    here.publish([url('b')], true);
    expect(['a', 'b', 'c'].map((key) => verdict(there, key, before))).toEqual(['gone', 'suspect', 'suspect']);
    here.trust();
    expect(['a', 'b', 'c'].map((key) => verdict(there, key, before))).toEqual(['gone', 'soft', 'keep']);
  });

  test('changes the version, so that a verdict need be asked for once a version', () => {
    const { here, there } = boards();
    const versions = [() => {}, () => here.suspect(), () => here.trust()].map((change) => {
      change();
      return there.version;
    });
    expect(new Set(versions).size).toBe(3);
  });
});

describe('a thread that dies', () => {
  const LOCK = 16;

  test('while it holds the lock makes others wait no longer than until that is known', () => {
    const { memory, here, there } = boards();
    new Int32Array(memory)[LOCK] = 8;
    there.seatLeft(3);
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(1e6);
    expect(() => here.publish([ALL], false)).toThrow('the purge on seat 7 does not end');
    there.seatLeft(7);
    here.publish([ALL], false);
    expect(verdict(there, 'a', 1)).toBe('gone');
  });

  test('before all are told leaves a purge that comes with the next', () => {
    const { memory, here, there } = boards();
    verdict(there, 'a', 1);
    here.publish([url('a')], false);
    Atomics.sub(new Int32Array(memory), 0, 1);
    expect(verdict(there, 'a', 1)).toBe('keep');
    there.publish([url('b')], false);
    for (const board of [there, new BanBoard(memory, 2)]) {
      expect(['a', 'b', 'c'].map((key) => verdict(board, key, 1))).toEqual(['gone', 'gone', 'keep']);
    }
  });
});

describe('threads that are ended while they purge', () => {
  test('leave the board to others, with all that they had told to be done', async () => {
    const done = new SharedArrayBuffer(4);
    const progress = new Int32Array(done);
    const memory = BanBoard.allocate({ bans: [], sequence: START }, 4096);
    const here = new BanBoard(memory, 1);
    for (let round = 0; round < 8; round++) {
      Atomics.store(progress, 0, 0);
      const workerData: PurgingThread = { memory, done, seat: 0, old: START - 1, threads: 1, purges: 1e9 };
      const worker = new Worker(new URL('./purging-thread.ts', import.meta.url), { workerData });
      atTeardown(() => worker.terminate());
      await within(reached(progress, 100 * round), 'purges');
      await worker.terminate();
      here.seatLeft(0);
      expect(verdict(here, `https://0/${Atomics.load(progress, 0) - 1}`, START - 1)).toBe('gone');
      here.publish([url(`after ${round}`)], false);
      expect(verdict(new BanBoard(memory, 2), `after ${round}`, START - 1)).toBe('gone');
      expect(verdict(here, `after ${round}`, here.nextSequence())).toBe('keep');
    }
  });
});

describe('a journal', () => {
  test('has what was purged, for the next start', async () => {
    const journal = new BanJournal(await tempDir());
    const { here } = boards({ journal });
    const stored = here.nextSequence();
    here.publish([url('a'), { kind: 'prefix', text: 'b/' }], false);
    here.publish([{ kind: 'tag', text: 'c' }], true);
    const next = new BanBoard(BanBoard.allocate(journal.restore(0)), 0);
    expect(['a', 'b/1', 'd'].map((key) => verdict(next, key, stored))).toEqual(['gone', 'gone', 'keep']);
    expect(next.verdict({ key: 'd', tags: ['c'], sequence: stored })).toBe('soft');
    expect(next.nextSequence()).toBeGreaterThan(here.nextSequence());
  });

  test('grows no further than the board', async () => {
    const journal = new BanJournal(await tempDir());
    const { here } = boards({ journal, capacity: 1024 });
    const stored = here.nextSequence();
    for (let i = 0; i < 300; i++) here.publish([url(`u${i}`)], false);
    const restored = journal.restore(0);
    expect(restored.bans.length).toBeLessThan(80);
    const next = new BanBoard(BanBoard.allocate(restored, 1024), 0);
    expect(['u0', 'u150', 'u299'].map((key) => verdict(next, key, stored))).toEqual(['gone', 'gone', 'gone']);
  });

  test('that cannot be written is told, and the purge done', async () => {
    const { here, there } = boards({ journal: new BanJournal(`${await tempDir()}/nowhere`) });
    expect(here.publish([url('a')], false).problem).toMatchObject({ code: 'ENOENT' });
    expect(verdict(there, 'a', 1)).toBe('gone');
  });
});

describe('threads that purge at once', () => {
  test('miss nothing that another one was told to be done, and purge nothing that is newer', async () => {
    const threads = 3;
    const done = new SharedArrayBuffer(4 * threads);
    const memory = BanBoard.allocate({ bans: [], sequence: START }, 64 * 1024);
    const results = Array.from({ length: threads }, async (_, seat) => {
      const workerData: PurgingThread = { memory, done, seat, old: START - 1, threads, purges: 4000 };
      const worker = new Worker(new URL('./purging-thread.ts', import.meta.url), { workerData });
      atTeardown(() => worker.terminate());
      const [problems] = await within(once(worker, 'message'), 'a thread to have purged', 15_000);
      return problems;
    });
    expect(await Promise.all(results)).toEqual(Array(threads).fill([]));
    expect([...new Int32Array(done)]).toEqual(Array(threads).fill(4000));
  });
});

/** When a thread has purged this often. */
async function reached(progress: Int32Array<SharedArrayBuffer>, purges: number): Promise<void> {
  for (let seen = 0; seen <= purges; seen = Atomics.load(progress, 0)) {
    await Atomics.waitAsync(progress, 0, seen).value;
  }
}
