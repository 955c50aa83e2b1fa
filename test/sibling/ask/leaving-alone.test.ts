import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerTimeout } from '../../../src/sibling/ask/round-trip.ts';
import { atTeardown } from '../../support/teardown.ts';
import { PATIENCE } from '../../support/wait.ts';
import type { AnsweringWork } from './answering-thread.ts';
import { planOf, Scene, URL } from './scene.ts';
import { ScriptedPeer } from './scripted-peer.ts';

/** Who does not answer, answers late, or does not deliver costs few clients anything. */

const SHORT = 20;

beforeEach(() => {
  // The look each second, and nothing else.
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A peer that has not answered its first five questions, and nobody waits for. */
async function silentScene() {
  const peer = await ScriptedPeer.start(undefined);
  const setting = { peers: [peer], timeout: SHORT };
  const scene = new Scene(setting);
  for (let i = 0; i < 5; i++) expect(await scene.ask()).toBeUndefined();
  return { peer, setting, scene };
}

async function deadScene() {
  const silent = await silentScene();
  silent.scene.now += 1_000;
  vi.advanceTimersByTime(1_000);
  expect(silent.scene.table.account(0).standing).toBe('dead');
  return silent;
}

describe('a silent sibling', () => {
  test('costs five timeouts; then it is asked, but not waited for', async () => {
    const { peer, scene } = await silentScene();
    for (let i = 0; i < 50; i++) expect(await scene.ask()).toBe('nobody to ask');
    await peer.asked(55);
    expect(scene.table.account(0)).toMatchObject({ standing: 'alive', queries: 55, timeouts: 5 });
  });

  test('is heard when it has it before the others have answered', async () => {
    const { peer, scene, setting } = await silentScene();
    const other = await ScriptedPeer.start(undefined, '127.0.0.32');
    scene.client.update(planOf({ ...setting, peers: [peer, other], timeout: 2_000 }));
    const told = scene.ask();
    await Promise.all([peer.asked(6), other.asked()]);
    peer.reply('HIT');
    expect(await told).toBe(0);
  });

  test('is waited for again with its first answer', async () => {
    const { peer, scene } = await silentScene();
    expect(await scene.ask()).toBe('nobody to ask');
    await peer.asked(6);
    peer.reply('MISS');
    await vi.waitUntil(() => scene.table.account(0).misses === 1);
    peer.answer = 'HIT';
    expect(await scene.ask()).toBe(0);
    expect(scene.messages).toEqual([]);
  });

  test('is dead after a second, which is told, and is asked nothing', async () => {
    const { peer, scene } = await deadScene();
    expect(scene.events).toMatchObject([
      { level: 'warn', event: 'sibling does not answer, it is only probed', fields: { sibling: 'peer-0' } },
    ]);
    for (let i = 0; i < 50; i++) expect(await scene.ask()).toBe('nobody to ask');
    expect(scene.table.account(0)).toMatchObject({ queries: 5, timeouts: 5 });
    expect(peer.heard).toHaveLength(5);
  });

  test('that is dead is probed each ten seconds, by one worker of all, with what is asked', async () => {
    const { peer, scene, setting } = await deadScene();
    const other = scene.worker(setting);
    expect(await scene.ask('http://a/latest')).toBe('nobody to ask');
    expect(await scene.ask('http://a/latest', [], other)).toBe('nobody to ask');
    for (let second = 1; second <= 31; second++) {
      scene.now += 1_000;
      vi.advanceTimersByTime(1_000);
    }
    await peer.asked(8);
    await vi.waitUntil(() => scene.table.account(0).queries === 8);
    expect(peer.urls.slice(5)).toEqual(Array(3).fill('http://a/latest'));
    expect(scene.table.account(0)).toMatchObject({ standing: 'dead', queries: 8, timeouts: 5 });
  });

  test('is alive with the first answer to a probe, which is told', async () => {
    const { peer, scene } = await deadScene();
    peer.answer = 'MISS';
    scene.now += 10_250;
    vi.advanceTimersByTime(1_000);
    await vi.waitUntil(() => scene.table.account(0).standing === 'alive');
    expect(scene.messages).toEqual(['sibling does not answer, it is only probed', 'sibling answers again']);
    peer.answer = 'HIT';
    expect(await scene.ask()).toBe(0);
  });

  test('does not keep the others from being asked', async () => {
    const { peer, scene, setting } = await deadScene();
    const other = await ScriptedPeer.start('HIT', '127.0.0.32');
    scene.client.update(planOf({ ...setting, peers: [peer, other] }));
    expect(await scene.ask()).toBe(1);
    expect(peer.heard).toHaveLength(5);
  });
});

describe('a slow sibling', () => {
  /** Answers a question that was judged already. */
  async function lateAnswer(peer: ScriptedPeer, scene: Scene, after: number) {
    await scene.ask();
    await peer.asked(after);
    await vi.waitUntil(() => scene.table.liveness(0).unanswered > 0);
    peer.reply('HIT', after - 1);
    await vi.waitUntil(() => scene.table.account(0).late === after);
  }

  async function slowScene() {
    const peer = await ScriptedPeer.start(undefined);
    const scene = new Scene({ peers: [peer], timeout: SHORT });
    for (let i = 1; i <= 5; i++) {
      if (i === 5) scene.now += 1_000;
      await lateAnswer(peer, scene, i);
    }
    return { peer, scene };
  }

  test('is slow after five answers that were too late, which is told, and is asked nothing', async () => {
    const { peer, scene } = await slowScene();
    expect(scene.messages).toEqual(['sibling answers too late, it is only probed']);
    expect(scene.table.account(0)).toMatchObject({ standing: 'slow', hits: 5, timeouts: 5, late: 5 });
    for (let i = 0; i < 20; i++) expect(await scene.ask()).toBe('nobody to ask');
    expect(peer.heard).toHaveLength(5);
  });

  test('stays so when a probe is answered too late, and not when it is answered in time', async () => {
    const { peer, scene } = await slowScene();
    scene.now += 10_250;
    vi.advanceTimersByTime(1_000);
    await peer.asked(6);
    await vi.waitUntil(() => scene.table.liveness(0).unanswered > 0);
    peer.reply('MISS');
    await vi.waitUntil(() => scene.table.account(0).misses === 1);
    expect(scene.table.account(0).standing).toBe('slow');

    peer.answer = 'MISS';
    scene.now += 10_250;
    vi.advanceTimersByTime(1_000);
    await vi.waitUntil(() => scene.table.account(0).standing === 'alive');
    expect(scene.messages).toEqual(['sibling answers too late, it is only probed', 'sibling answers again']);
  });

  test('that is slower than it was, but within the timeout, is asked on and waited for longer', async () => {
    const peer = await ScriptedPeer.start('MISS');
    const scene = new Scene({ peers: [peer], timeout: 2_000 });
    for (let i = 0; i < 20; i++) await scene.ask();
    peer.answer = undefined;
    const { timeouts, late } = scene.table.account(0);
    expect(await scene.ask()).toBeUndefined();
    expect(scene.table.account(0).timeouts).toBe(timeouts + 1);
    scene.now += 30;
    peer.reply('HIT');
    await vi.waitUntil(() => scene.table.account(0).late > late);
    expect(scene.table.liveness(0)).toMatchObject({ standing: 'alive', unanswered: 0, late: 0 });

    const wait = answerTimeout(scene.table.roundTrip(0), 2_000);
    expect(wait).toBeGreaterThan(30);
    const before = performance.now();
    expect(await scene.ask()).toBeUndefined();
    expect(performance.now() - before).toBeGreaterThan(wait - 2);
  });
});

describe('a sibling that does not deliver', () => {
  async function brokenScene() {
    const peer = await ScriptedPeer.start('HIT');
    const setting = { peers: [peer] };
    const scene = new Scene(setting);
    const other = scene.worker(setting);
    // On a clock that stands still it would not be waited for as long as a busy machine takes.
    scene.table.measured(0, 1_000);
    for (const outcome of ['failed', 'overdue', 'failed'] as const) {
      expect(await scene.ask()).toBe(0);
      scene.client.fetched(0, outcome, 5);
    }
    return { peer, scene, other };
  }

  test('is not asked for a second, by nobody, which is told', async () => {
    const { peer, scene, other } = await brokenScene();
    expect(scene.events).toMatchObject([{ level: 'warn', fields: { sibling: 'peer-0', outcome: 'failed' } }]);
    expect([await scene.ask(), await scene.ask(URL, [], other)]).toEqual(['nobody to ask', 'nobody to ask']);
    expect(peer.heard).toHaveLength(3);
    expect(scene.table.account(0)).toMatchObject({ fetching: 'paused', failed: 2, overdue: 1 });
  });

  test('then has one trial at a time, in the whole node', async () => {
    const { scene, other } = await brokenScene();
    scene.now += 1_000;
    expect(await scene.ask()).toBe(0);
    expect([await scene.ask(), await scene.ask(URL, [], other)]).toEqual(['nobody to ask', 'nobody to ask']);
    scene.client.fetched(0, 'hit', 5);
    expect([await scene.ask(), await scene.ask(URL, [], other)]).toEqual([0, 0]);
    expect(scene.messages).toEqual([
      'sibling does not deliver what it says it has, it is not asked for a while',
      'sibling delivers again',
    ]);
  });

  test('is left alone for longer when the trial fails', async () => {
    const { scene } = await brokenScene();
    scene.now += 1_000;
    expect(await scene.ask()).toBe(0);
    scene.client.fetched(0, 'failed', 5);
    scene.now += 1_999;
    expect(await scene.ask()).toBe('nobody to ask');
    scene.now += 1;
    expect(await scene.ask()).toBe(0);
  });

  test.each([
    {
      name: 'it has nothing',
      give: async (peer: ScriptedPeer, scene: Scene) => {
        peer.answer = 'MISS';
        expect(await scene.ask()).toBeUndefined();
      },
    },
    {
      name: 'it says nothing',
      give: async (peer: ScriptedPeer, scene: Scene) => {
        peer.answer = undefined;
        expect(await scene.ask()).toBeUndefined();
      },
    },
    {
      name: 'nobody wants to know',
      give: async (peer: ScriptedPeer, scene: Scene) => {
        peer.answer = undefined;
        scene.client.ask({ url: URL, fields: [] }, () => {})?.cancel();
      },
    },
    {
      name: 'the node stops asking',
      give: async (peer: ScriptedPeer, scene: Scene, other: Scene['client']) => {
        peer.answer = undefined;
        const told = scene.ask(URL, [], other);
        other.close();
        expect(await told).toBeUndefined();
      },
    },
  ])('keeps its trial when $name', async ({ give }) => {
    const { peer, scene, other } = await brokenScene();
    scene.now += 1_000;
    await give(peer, scene, other);
    peer.answer = 'HIT';
    expect(await scene.ask()).toBe(0);
  });

  test('is left alone after ten false hits in a row', async () => {
    const peer = await ScriptedPeer.start('HIT');
    const scene = new Scene({ peers: [peer] });
    for (let i = 0; i < 10; i++) scene.client.fetched(0, 'false-hit', 5);
    expect(await scene.ask()).toBe('nobody to ask');
    scene.now += 10_000;
    expect(await scene.ask()).toBe(0);
  });

  test('does not matter when it is no peer any more', () => {
    const scene = new Scene({ peers: [] });
    for (let i = 0; i < 10; i++) scene.client.fetched(0, 'failed', 5);
    expect(scene.table.account(0)).toMatchObject({ failed: 0, fetching: 'on' });
  });
});

test('answers that came while the thread was busy are not late', async () => {
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const workerData: AnsweringWork = { host: '127.0.0.31', answer: 'HIT', answered };
  const thread = new Worker(join(import.meta.dirname, 'answering-thread.ts'), { workerData });
  atTeardown(() => thread.terminate());
  const [port] = await once(thread, 'message');
  const scene = new Scene({ peers: [{ address: { host: '127.0.0.31', port } }], timeout: 50 });
  scene.table.measured(0, 0.1);
  const before = performance.now();

  // More than one turn of the event loop reads.
  const told = Array.from({ length: 100 }, () => scene.ask());
  while (Atomics.load(answered, 0) < 100 || performance.now() < before + 100) {
    if (performance.now() > before + PATIENCE) throw new Error(`the sibling answered ${answered[0]} times`);
  }
  expect(await Promise.all(told)).toEqual(Array(100).fill(0));
  expect(scene.table.account(0)).toMatchObject({ hits: 100, timeouts: 0, late: 0 });
});
