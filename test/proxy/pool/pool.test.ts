import { describe, expect, test } from 'vitest';
import type { PoolPlan } from '../../../src/proxy/plan.ts';
import { Origin, type OriginCounters } from '../../../src/proxy/pool/origin.ts';
import { Pool } from '../../../src/proxy/pool/pool.ts';
import { OriginTable } from '../../../src/workers/origin-table.ts';

function plan(weights: readonly number[], changes: Partial<PoolPlan> = {}): PoolPlan {
  return {
    name: 'app',
    slot: 3,
    origins: weights.map((weight, i) => ({ name: `app${i}`, slot: i, url: `http://192.0.2.${i + 1}:8080`, weight })),
    hostHeader: 'preserve',
    timeouts: { connect: 2000, firstByte: 20_000, idle: 60_000, keepAlive: 4000, tunnel: 3_600_000 },
    retries: { attempts: 2, budget: 0.2 },
    tls: { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined },
    ...changes,
  };
}

/** A pool as one worker of several sees it. */
function pool(counters: OriginCounters, ...weights: number[]): Pool {
  const planned = plan(weights);
  return new Pool(
    planned,
    planned.origins.map((origin) => new Origin(origin, planned)),
    counters,
  );
}

function table(workers = 1): OriginTable {
  return new OriginTable(OriginTable.allocate(workers), workers);
}

describe('a pool', () => {
  test('gives each request the next origin in turn', () => {
    const app = pool(table(), 2, 1);
    const names = Array.from({ length: 6 }, () => app.next([])?.name);
    expect(names).toEqual(['app0', 'app1', 'app0', 'app0', 'app1', 'app0']);
  });

  test('is one pool over all workers: their turns are those of one cursor', () => {
    const memory = OriginTable.allocate(2);
    const [first, second] = [0, 1].map((worker) => pool(new OriginTable(memory, 2, worker), 1, 1, 1)) as [Pool, Pool];
    const names = [first, second, second, first, second, first].map((each) => each.next([])?.name);
    expect(names).toEqual(['app0', 'app1', 'app2', 'app0', 'app1', 'app2']);
  });

  test('gives a request that failed an origin that it has not been at, until there is none', () => {
    const app = pool(table(), 1, 5, 1);
    const tried: Origin[] = [];
    for (let i = 0; i < 3; i++) tried.push(app.next(tried) as Origin);
    expect(new Set(tried).size).toBe(3);
    expect(app.next(tried)).toBeUndefined();
  });

  test('of one origin has nobody else to ask', () => {
    const app = pool(table(), 7);
    const only = app.next([]) as Origin;
    expect([app.next([]), app.next([only])]).toEqual([only, undefined]);
  });

  test('takes retries out of its own budget', () => {
    const asked: unknown[] = [];
    const takeRetry = (...from: unknown[]) => asked.push(from) < 2;
    const app = pool({ enter() {}, leave() {}, turn: () => 0, takeRetry }, 1);
    expect([app.takeRetry(), app.takeRetry()]).toEqual([true, false]);
    expect(asked[0]).toEqual([3, 0.2]);
  });
});

describe('an origin', () => {
  const base = plan([1]);
  const identity = (changes: Partial<PoolPlan> = {}, origin: object = {}) => {
    const changed = plan([1], changes);
    return Origin.identity({ ...changed.origins[0], ...origin } as PoolPlan['origins'][0], changed);
  };

  test.each([
    ['nothing', {}],
    ['retries', { retries: { attempts: 5, budget: 0 } }],
    ['the Host it is sent', { hostHeader: 'origin' as const }],
    ['how long it may be silent', { timeouts: { ...base.timeouts, firstByte: 1 } }],
    ['how long tunnels may be', { timeouts: { ...base.timeouts, tunnel: 1 } }],
  ])('keeps its connections when a reload changes %s', (_, changes) => expect(identity(changes)).toBe(identity()));

  test.each<[string, Partial<PoolPlan>, object]>([
    ['its url', {}, { url: 'http://192.0.2.1:8081' }],
    ['its row', {}, { slot: 9 }],
    ['its name', {}, { name: 'other' }],
    ['how it is trusted', { tls: { ...base.tls, ca: 'PEM' } }, {}],
    ['who we are to it', { tls: { ...base.tls, cert: 'PEM', key: 'PEM' } }, {}],
    ['how long connecting may take', { timeouts: { ...base.timeouts, connect: 1 } }, {}],
    ['how long a connection is kept', { timeouts: { ...base.timeouts, keepAlive: 1 } }, {}],
  ])('begins anew when a reload changes %s', (_, changes, origin) => {
    expect(identity(changes, origin)).not.toBe(identity());
  });

  test.each([
    { url: 'http://192.0.2.1', authority: '192.0.2.1' },
    { url: 'http://192.0.2.1:80', authority: '192.0.2.1' },
    { url: 'https://app.internal:8443', authority: 'app.internal:8443' },
    { url: 'http://[2001:db8::1]:8080', authority: '[2001:db8::1]:8080' },
  ])('is asked by the Host of its url, if by its own: $url', ({ url, authority }) => {
    expect(new Origin({ name: 'a', slot: 0, url, weight: 1 }, base).authority).toBe(authority);
  });
});
