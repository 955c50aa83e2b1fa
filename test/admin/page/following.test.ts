import { beforeEach, expect, test, vi } from 'vitest';
import { Following } from '../../../src/admin/page/following.ts';
import { MemoryOperator } from '../../support/memory-operator.ts';

const ID = { pool: 'app', id: '10.0.0.1:80' };

function follow() {
  const operator = new MemoryOperator({ app: ['http://10.0.0.1'] });
  const following = new Following(operator, 'run');
  const leaving = new AbortController();
  const ask = (cursor: string) => {
    const state = { isOver: false };
    following.news(cursor, leaving.signal).then(() => {
      state.isOver = true;
    });
    return state;
  };
  return { operator, following, leaving, ask };
}

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

test('news come soon after they happened, those of one moment together', async () => {
  const { operator, following, ask } = follow();
  const asked = ask('run-0');
  operator.emit('origin-changed', ID);
  operator.emit('drained', ID);
  await vi.advanceTimersByTimeAsync(49);
  expect(asked.isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked.isOver).toBe(true);
  expect(following.cursor).toBe('run-2');
  expect(following.newest(1, () => true).map(({ type }) => type)).toEqual(['drained']);
});

test('what happened before the question is news as well', async () => {
  const { operator, ask } = follow();
  operator.emit('drained', ID);
  const asked = ask('run-0');
  await vi.advanceTimersByTimeAsync(50);
  expect(asked.isOver).toBe(true);
});

test('without news, there is an answer within a second, for the figures', async () => {
  const { following, ask } = follow();
  const asked = ask('run-0');
  await vi.advanceTimersByTimeAsync(999);
  expect(asked.isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect([asked.isOver, following.waiting, vi.getTimerCount()]).toEqual([true, 0, 0]);
});

test('nobody waits who has left, and nothing is listened to when it is closed', async () => {
  const { operator, following, leaving, ask } = follow();
  ask('run-0');
  expect(following.waiting).toBe(1);
  leaving.abort();
  await vi.advanceTimersByTimeAsync(0);
  expect([following.waiting, vi.getTimerCount()]).toEqual([0, 0]);
  following.close();
  expect(operator.listening).toBe(0);
});

test.each(['other-0', 'run', 'run-x', '', 'run--1'])(
  'a cursor that is none of ours is answered at once: %s',
  async (cursor) => {
    const asked = follow().ask(cursor);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked.isOver).toBe(true);
  },
);

test('the last thousand are remembered, and no more than twice as many', () => {
  const { operator, following } = follow();
  for (let count = 0; count < 5_000; count++) operator.emit('drained', ID);
  const known = following.newest(Number.POSITIVE_INFINITY, () => true);
  expect(known[0]?.number).toBe(5_000);
  expect(known.length).toBeGreaterThanOrEqual(1_000);
  expect(known.length).toBeLessThanOrEqual(2_000);
});
