import { describe, expect, test } from 'vitest';
import { drainWords, healthProblem, isUsable, stateOf } from '../../../src/admin/page/states.ts';
import type { Effective, OriginState, PoolState } from '../../../src/operator/model.ts';
import { MemoryOperator } from '../../support/memory-operator.ts';

const NOW = 1_700_000_000_000;
const [POOL] = new MemoryOperator({ app: ['http://10.0.0.1'] }).pools() as [PoolState];
const [ORIGIN] = POOL.origins as [OriginState];
const drain = { since: NOW, deadline: undefined, onDeadline: 'keep', drained: false } as const;

const STATES: readonly Effective[] = [
  'active',
  'warming',
  'draining',
  'drained',
  'maint',
  'stopped',
  'removing',
  'standby',
  'spare',
  'down',
];

describe('the state of an origin', () => {
  test('has a word of its own, and a shape that no other tone has', () => {
    const words = STATES.map((effective) => stateOf({ ...ORIGIN, effective }));
    expect(new Set(words.map(({ word }) => word)).size).toBe(STATES.length);
    for (const one of words) {
      for (const other of words) if (one.shape === other.shape) expect(one.tone).toBe(other.tone);
    }
  });

  test.each([
    { name: 'forced down', change: { health: 'forced_down' }, word: 'Forced down', tone: 'hand' },
    { name: 'never checked yet', change: { health: 'checking' }, word: 'Checking', tone: 'under-way' },
    { name: 'failing checks', change: { health: 'down' }, word: 'Down', tone: 'bad' },
    { name: 'ejected', change: { observed: { ...ORIGIN.observed, ejectedUntil: NOW } }, word: 'Ejected', tone: 'bad' },
  ] as const)('says of one that is out why: $name', ({ change, word, tone }) => {
    expect(stateOf({ ...ORIGIN, effective: 'down', ...change })).toMatchObject({ word, tone });
  });

  test.each(STATES)('is usable when it takes requests, or would: %s', (effective) => {
    expect(isUsable({ ...ORIGIN, effective })).toBe(['active', 'warming', 'standby', 'spare'].includes(effective));
  });
});

describe('what is said of a drain', () => {
  test.each([
    { name: 'nothing, when there is none', origin: {}, expected: undefined },
    {
      name: 'how many run, and who sticks to it',
      origin: { admin: 'drain', drain, traffic: { ...ORIGIN.traffic, inFlight: 4, upgraded: 1, stickyRecent: 2 } },
      expected: '4 in flight · 1 of them upgraded connections · 2 clients stick to it',
    },
    {
      name: 'what becomes of them at the deadline',
      origin: { admin: 'stopped', drain: { ...drain, deadline: NOW + 42_000, onDeadline: 'cut' } },
      expected: '0 in flight · 42\u202fs left, then cut',
    },
    {
      name: 'that the deadline is over',
      origin: { admin: 'maint', drain: { ...drain, deadline: NOW } },
      expected: '0 in flight · the deadline is over',
    },
    {
      name: 'that it is safe to stop',
      origin: { admin: 'drain', drain: { ...drain, drained: true } },
      expected: 'Drained: safe to stop',
    },
  ] as const)('$name', ({ origin, expected }) => {
    expect(drainWords({ ...ORIGIN, ...origin }, POOL, NOW)?.text).toBe(expected);
  });

  test('is not that it is safe, as long as clients that stick to it may come back', () => {
    const sticky = { ...POOL, sticky: 'SERVERID' };
    const drained = { ...drain, drained: true };
    expect(drainWords({ ...ORIGIN, admin: 'drain', drain: drained }, sticky, NOW)).toMatchObject({ isDone: false });
    expect(drainWords({ ...ORIGIN, admin: 'maint', drain: drained }, sticky, NOW)).toMatchObject({ isDone: true });
  });
});

describe('what is wrong with an origin', () => {
  const observed = { ...ORIGIN.observed, since: NOW, problem: 'connection refused' };
  test.each([
    { name: 'nothing', origin: {}, expected: undefined },
    {
      name: 'nothing that a drain would not explain',
      origin: { health: 'checking', admin: 'maint' },
      expected: undefined,
    },
    {
      name: 'checks',
      origin: { health: 'down', observed },
      expected: 'Checks fail since 22:13:20: connection refused',
    },
    {
      name: 'requests',
      origin: { observed: { ...ORIGIN.observed, ejectedUntil: NOW + 30_000 } },
      expected: 'Requests failed there: it is out for 30\u202fs more',
    },
    {
      name: 'requests, some time ago',
      origin: { observed: { ...ORIGIN.observed, ejectedUntil: NOW } },
      expected: 'Requests failed there: it is on trial',
    },
  ] as const)('$name', ({ origin, expected }) => {
    expect(healthProblem({ ...ORIGIN, ...origin }, NOW)).toBe(expected);
  });
});
