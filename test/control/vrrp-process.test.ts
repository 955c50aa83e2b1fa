import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { VrrpProcess } from '../../src/control/vrrp-process.ts';
import { eventLevels } from '../../src/observe/event-forward.ts';
import { Journal } from '../support/journal.ts';

/** The life of the agent's process, which is played: time passes as a test says, but for what the other process takes. */

const PLAYED = new URL('../support/played-agent-process.ts', import.meta.url);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
});
afterEach(async () => {
  void running?.stop(0);
  vi.advanceTimersByTime(60_000);
  await running?.ended;
  vi.useRealTimers();
  vi.restoreAllMocks();
});

let running: VrrpProcess | undefined;

async function start() {
  const told = new Journal<string>('word');
  const agent = await VrrpProcess.start({
    program: PLAYED,
    log: eventLevels(({ level, event }) => told.add(`${level}: ${event}`)),
    onMessage: ({ type }) => told.add(type),
    onReady: () => told.add('ready'),
    onAway: (how) => told.add(`away: ${how}`),
    onSilent: (isSilent) => told.add(isSilent ? 'silent' : 'heard'),
  });
  running = agent;
  /** Has it say something. */
  const ask = async () => {
    const from = told.all.length;
    agent.send({ type: 'beat', serving: 1, late: 0 });
    await told.waitFor((word) => word === 'status', { from });
  };
  return { agent, told, ask };
}

describe('an agent that says nothing', () => {
  test('is told after five seconds, and once, and when it answers again', async () => {
    const { agent, told, ask } = await start();
    await ask();
    vi.advanceTimersByTime(4_500);
    expect(agent.isReady).toBe(true);
    vi.advanceTimersByTime(5_500);
    expect(agent).toMatchObject({ isReady: false, answers: false });
    await ask();
    expect(agent).toMatchObject({ isReady: true, answers: true, deaths: 0 });
    expect(told.all).toEqual([
      'ready',
      'status',
      'error: the VRRP agent does not answer',
      'silent',
      'info: the VRRP agent answers again',
      'heard',
      'status',
    ]);
  });

  test('is killed after fifteen, and followed by another', async () => {
    const { agent, told, ask } = await start();
    const from = told.all.length;
    vi.advanceTimersByTime(15_000);
    await told.waitFor((word) => word === 'away: SIGKILL');
    expect(agent).toMatchObject({ isReady: false, answers: true, deaths: 1 });
    vi.advanceTimersByTime(0);
    await told.waitFor((word) => word === 'ready', { from });
    await ask();
    expect(agent.isReady).toBe(true);
  });

  test('is not held to have hung by one that stood still itself', async () => {
    const { agent, told } = await start();
    const before = performance.now();
    vi.setSystemTime(Date.now() + 60_000);
    vi.spyOn(performance, 'now').mockImplementation(() => before + 60_000);
    vi.advanceTimersByTime(500);
    expect(agent.isReady).toBe(true);
    expect(told.all).toEqual(['ready']);
  });
});

describe('an agent that is to leave', () => {
  const isOver = async (promise: Promise<void>): Promise<boolean> => {
    let over = false;
    void promise.then(() => {
      over = true;
    });
    await new Promise(setImmediate);
    return over;
  };

  test.each<{ within: Ms; logged: readonly string[] }>([
    { within: 60_000, logged: ['warn: the VRRP agent leaves at once: hooks took too long'] },
    { within: 0, logged: [] },
  ])('does so at once after $within ms, and its hooks have their time', async ({ within, logged }) => {
    const { agent, told } = await start();
    const left = agent.stop(within);
    if (within > 0) {
      vi.advanceTimersByTime(within - 1);
      expect(await isOver(left)).toBe(false);
      vi.advanceTimersByTime(1);
    }
    await left;
    vi.advanceTimersByTime(2_999);
    expect(await isOver(agent.ended)).toBe(false);
    expect(told.all).toEqual(['ready', ...logged]);
    vi.advanceTimersByTime(1);
    await agent.ended;
    expect(told.all.at(-1)).toBe('error: the VRRP agent did not end, and is killed');
  });
});
