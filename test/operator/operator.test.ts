import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Change, Outcome } from '../../src/operator/commands.ts';
import { tempDir } from '../support/temp.ts';
import { ALICE, file, Scene } from './scene.ts';

const T0 = Date.parse('2026-06-01T12:00:00Z');
const THREE = file({ app: ['a', 'b', 'c'] });

beforeEach(() => {
  vi.useFakeTimers({ now: T0, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function open(pools = THREE): Promise<Scene> {
  return new Scene(await tempDir('operator'), pools);
}

function change(scene: Scene, origins: string | readonly string[], asked: Partial<Change>) {
  const ids = [origins].flat().map((each) => {
    const [pool, id] = each.split('/') as [string, string];
    return { pool, id };
  });
  return scene.operator.change(ids, { values: {}, reason: 'deploy 42', ...asked }, ALICE);
}

function refusal(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok ? undefined : outcome.refusal.kind;
}

const app = (id: string) => ({ pool: 'app', id });

describe('a change', () => {
  test('is told to workers, shown beside what is configured, and audited', async () => {
    const scene = await open();
    const outcome = change(scene, 'app/a', { values: { admin: 'drain', weight: 7 } });
    expect(outcome).toMatchObject({
      ok: true,
      value: [{ same: false, before: { admin: 'active', effective: 'active' }, after: { admin: 'drain', weight: 7 } }],
    });
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'known', weight: 700 });
    expect(scene.operator.origin(app('a'))).toMatchObject({
      configured: { weight: 1 },
      override: { values: { admin: 'drain', weight: 7 }, by: 'alice', source: 'api', reason: 'deploy 42', since: T0 },
      effective: 'drained',
      drain: { since: T0, drained: true },
    });
    expect(scene.operator.audit(0, 10)).toMatchObject([
      {
        number: 1,
        time: T0,
        actor: 'alice',
        address: '192.0.2.7',
        action: 'origin.change',
        target: 'app/a',
        before: { admin: 'active', weight: 1 },
        after: { admin: 'drain', weight: 7 },
        reason: 'deploy 42',
      },
    ]);
    expect(scene.log).toMatchObject([
      { level: 'info', event: 'operation done', fields: { target: 'app/a' } },
      { level: 'info', event: 'origin drained', fields: { pool: 'app', origin: 'a' } },
    ]);
    expect(scene.typesOf('a')).toEqual(['origin-changed', 'drained']);
  });

  test('that is one already is no change', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' } });
    const { version } = scene.operator.origin(app('a')) ?? {};
    const again = change(scene, 'app/a', { values: { admin: 'maint' }, reason: 'once more' });
    expect(again).toMatchObject({
      ok: true,
      value: [{ same: true, after: { version, override: { reason: 'deploy 42' } } }],
    });
    expect(scene.operator.audit(0, 10)).toHaveLength(1);
  });

  test('counts up the version, which is never the same again, not even after a restart', async () => {
    const scene = await open();
    const versions = new Set([scene.operator.origin(app('a'))?.version]);
    for (const admin of ['maint', 'active', 'drain', 'active'] as const) {
      change(scene, 'app/a', { values: { admin } });
      versions.add(scene.operator.origin(app('a'))?.version);
    }
    vi.advanceTimersByTime(1000);
    scene.restart();
    versions.add(scene.operator.origin(app('a'))?.version);
    expect(versions.size).toBe(6);
  });

  test('is refused when somebody was faster', async () => {
    const scene = await open();
    const { version } = scene.operator.origin(app('a')) ?? {};
    expect(change(scene, 'app/a', { values: { weight: 2 }, ifVersion: version as number }).ok).toBe(true);
    const late = change(scene, 'app/a', { values: { weight: 3 }, ifVersion: version as number });
    expect(refusal(late)).toBe('version-mismatch');
    expect(scene.operator.origin(app('a'))).toMatchObject({ weight: 2 });
    expect(scene.operator.audit(1, 10)).toMatchObject([{ refused: expect.stringContaining('version-mismatch') }]);
  });

  test('of nothing, or of what is not there, is refused', async () => {
    const scene = await open();
    expect(refusal(change(scene, 'nope/a', { values: { weight: 2 } }))).toBe('unknown-pool');
    expect(refusal(change(scene, 'app/nope', { values: { weight: 2 } }))).toBe('unknown-origin');
    expect(refusal(change(scene, [], { values: { weight: 2 } }))).toBe('invalid');
    expect(refusal(change(scene, 'app/a', { values: { weight: 0 } }))).toBe('invalid');
  });

  test('of several is all or none', async () => {
    const scene = await open(file({ app: ['a', 'b'], web: ['a', 'b'] }));
    expect(refusal(change(scene, ['app/a', 'web/a', 'web/nope'], { values: { admin: 'maint' } }))).toBe(
      'unknown-origin',
    );
    change(scene, 'web/b', { values: { admin: 'maint' } });
    expect(refusal(change(scene, ['app/a', 'web/a'], { values: { admin: 'maint' } }))).toBe('last-active-origin');
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'active', override: undefined });
    const forced = change(scene, ['app/a', 'web/a', 'app/a'], { values: { admin: 'maint' }, force: true });
    expect(forced).toMatchObject({ ok: true, value: [{ after: { pool: 'app' } }, { after: { pool: 'web' } }] });
  });

  test('of all that are left is refused, though each of them alone is not', async () => {
    const scene = await open();
    expect(refusal(change(scene, ['app/a', 'app/b', 'app/c'], { values: { admin: 'drain' } }))).toBe(
      'last-active-origin',
    );
    expect(change(scene, ['app/a', 'app/b'], { values: { admin: 'drain' } }).ok).toBe(true);
    expect(refusal(change(scene, 'app/c', { values: { health: 'forced_down' } }))).toBe('last-active-origin');
    expect(scene.standing('app', 'c')).toMatchObject({ admits: 'all' });
  });

  test('can be tried out', async () => {
    const scene = await open();
    const tried = change(scene, 'app/a', { values: { admin: 'maint' }, dryRun: true });
    expect(tried).toMatchObject({
      ok: true,
      value: [{ before: { admin: 'active' }, after: { admin: 'maint', effective: 'maint' } }],
    });
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'active' });
    expect(refusal(change(scene, ['app/a', 'app/b', 'app/c'], { values: { admin: 'maint' }, dryRun: true }))).toBe(
      'last-active-origin',
    );
    expect(scene.operator.audit(0, 10)).toEqual([]);
    expect(existsSync(join(scene.directory, 'operator.log'))).toBe(false);
  });

  test('that cannot be kept is refused, and nothing has changed', async () => {
    const scene = await open();
    mkdirSync(join(scene.directory, 'operator.log'));
    const before = scene.operator.origin(app('a'));
    expect(change(scene, 'app/a', { values: { admin: 'maint' } })).toMatchObject({
      refusal: { kind: 'not-kept', detail: expect.stringContaining(scene.directory) },
    });
    expect(scene.operator.origin(app('a'))).toEqual(before);
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'all' });
    rmSync(join(scene.directory, 'operator.log'), { recursive: true });
    expect(change(scene, 'app/a', { values: { admin: 'maint' } }).ok).toBe(true);
  });

  test('is taken back by clear', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint', weight: 5, health: 'forced_down' } });
    expect(scene.operator.clear(app('a'), 'over', ALICE)).toMatchObject({
      ok: true,
      value: { before: { admin: 'maint' }, after: { admin: 'active', weight: 1, health: 'up', override: undefined } },
    });
    expect(scene.operator.clear(app('a'), 'over', ALICE)).toMatchObject({ ok: true, value: { same: true } });
    expect(scene.enabled).toEqual(['app/a http://a.test']);
  });
});

describe('what was said', () => {
  test('holds for new rows before workers serve them, and for others only then', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint', weight: 3 } });
    change(scene, 'app/b', { values: { admin: 'maint' } });
    const told: unknown[] = [];
    const [a, b] = [scene.slot('app', 'a'), scene.slot('app', 'b')];
    scene.onPrepared = () => told.push([scene.standings.get(a)?.admits, scene.standings.get(b)?.admits]);
    scene.restart();
    scene.load(file({ app: ['a', { url: 'http://b.test', name: 'b', weight: 2 }, 'c'] }));
    expect(told).toEqual([
      ['none', 'none'],
      ['none', 'none'],
    ]);
    expect(scene.standing('app', 'b')).toMatchObject({ admits: 'all', weight: 200 });
  });

  test('holds after a restart and until the file says something else', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' } });
    change(scene, 'app/b', { values: { weight: 9 }, expiresIn: 60_000 });
    scene.restart();
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'none' });
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'maint', override: { by: 'alice', source: 'api' } });
    expect(scene.operator.origin(app('b'))).toMatchObject({ weight: 9 });
    expect(scene.operator.audit(0, 10)).toHaveLength(2);
  });

  test.each([
    {
      name: 'renamed',
      pools: file({ app: [{ url: 'http://a.test', name: 'a2', weight: 1 }, 'b'] }),
      because: 'no longer configured',
    },
    { name: 'removed', pools: file({ app: ['b'] }), because: 'no longer configured' },
    { name: 'moved to another pool', pools: file({ app: ['b'], web: ['a'] }), because: 'no longer configured' },
    {
      name: 'another url',
      pools: file({ app: [{ url: 'http://z.test', name: 'a', weight: 1 }, 'b'] }),
      because: 'configuration changed',
    },
    {
      name: 'another weight',
      pools: file({ app: [{ url: 'http://a.test', name: 'a', weight: 2 }, 'b'] }),
      because: 'configuration changed',
    },
    {
      name: 'names swapped',
      pools: file({
        app: [
          { url: 'http://a.test', name: 'b', weight: 1 },
          { url: 'http://b.test', name: 'a', weight: 1 },
        ],
      }),
      because: 'configuration changed',
    },
  ])('of an origin is dropped with an event when that is changed in the file: $name', async ({ pools, because }) => {
    for (const how of ['load', 'restart'] as const) {
      const scene = await open();
      change(scene, 'app/a', { values: { admin: 'maint' } });
      scene[how](pools);
      const overridden = scene.operator.pools().flatMap(({ origins }) => origins.filter(({ override }) => override));
      expect(overridden).toEqual([]);
      const dropped = scene.events.filter(({ type }) => type === 'override-dropped');
      expect(dropped).toMatchObject([{ pool: 'app', origin: 'a', detail: { what: 'override', because } }]);
      expect(scene.operator.audit(1, 10)).toMatchObject([
        { actor: 'portico', action: 'override.drop', reason: because },
      ]);
      for (const { name, origins } of scene.operator.pools()) {
        for (const { id } of origins) expect(scene.standing(name, id).admits).toBe('all');
      }
      scene.restart(THREE);
      expect(scene.operator.origin(app('a'))).toMatchObject({ override: undefined });
    }
  });

  test('ends at its time, also when that passed while the node was down', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' }, expiresIn: 200_000 });
    change(scene, 'app/b', { values: { weight: 3 }, expiresIn: 500_000 });
    vi.advanceTimersByTime(199_999);
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'maint' });
    vi.advanceTimersByTime(1);
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'active', override: undefined });
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'all' });
    expect(scene.events.at(-1)).toMatchObject({
      type: 'override-dropped',
      origin: 'a',
      detail: { because: 'expired' },
    });
    scene.operator.close();
    vi.setSystemTime(T0 + 500_000);
    scene.restart();
    expect(scene.operator.origin(app('b'))).toMatchObject({ weight: 1 });
  });
});

describe('a drain', () => {
  test('is done when nothing is in flight, and says how far it is', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 3);
    change(scene, 'app/a', { values: { admin: 'maint' } });
    expect(scene.operator.origin(app('a'))).toMatchObject({ drain: { drained: false }, traffic: { inFlight: 3 } });
    scene.setInFlight('app', 'a', 1);
    vi.advanceTimersByTime(1000);
    scene.setInFlight('app', 'a', 0);
    vi.advanceTimersByTime(250);
    expect(scene.typesOf('a')).toEqual(['origin-changed', 'drain-progress', 'drain-progress', 'drained']);
    expect(scene.operator.origin(app('a'))).toMatchObject({ drain: { drained: true } });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('in maint is final: a count that is taken back at once is no request', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' } });
    scene.setInFlight('app', 'a', 1);
    expect(scene.operator.origin(app('a'))).toMatchObject({ drain: { drained: true } });
    change(scene, 'app/a', { values: { admin: 'active' } });
    change(scene, 'app/a', { values: { admin: 'maint' } });
    expect(scene.operator.origin(app('a'))).toMatchObject({ drain: { drained: false } });
  });

  test('with sticky clients is done only for as long as none is there', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'drain' } });
    scene.setInFlight('app', 'a', 1);
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'draining', drain: { drained: false } });
    const waited = scene.operator.wait(app('a'), 'drained', 5000);
    vi.advanceTimersByTime(1000);
    scene.setInFlight('app', 'a', 0);
    vi.advanceTimersByTime(250);
    expect(await waited).toMatchObject({ effective: 'drained' });
    expect(scene.typesOf('a').filter((type) => type === 'drained')).toHaveLength(1);
  });

  test.each([
    { admin: 'stopped', onDeadline: undefined, cut: true },
    { admin: 'stopped', onDeadline: 'keep', cut: false },
    { admin: 'drain', onDeadline: undefined, cut: false },
    { admin: 'drain', onDeadline: 'cut', cut: true },
  ] as const)('at its deadline: $admin $onDeadline cuts $cut', async ({ admin, onDeadline, cut }) => {
    const scene = await open();
    scene.setInFlight('app', 'a', 2);
    change(scene, 'app/a', { values: { admin }, deadlineIn: 90_000, ...(onDeadline && { onDeadline }) });
    vi.advanceTimersByTime(89_999);
    expect(scene.cut).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(scene.cut).toEqual(cut ? [scene.slot('app', 'a')] : []);
    const told = scene.events.filter(({ type }) => type === 'drain-deadline');
    expect(told).toMatchObject([{ detail: { inFlight: 2, cut } }]);
    vi.advanceTimersByTime(100_000);
    expect(scene.cut).toHaveLength(cut ? 1 : 0);
    expect(scene.operator.origin(app('a'))).toMatchObject({ drain: { drained: cut } });
  });

  test('that was done before its deadline has none', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'stopped' }, deadlineIn: 0 });
    vi.advanceTimersByTime(1000);
    expect(scene.cut).toEqual([]);
    expect(scene.typesOf('a')).toEqual(['origin-changed', 'drained']);
  });
});

describe('what is seen', () => {
  test('is told to workers and shown, with an event for what matters', async () => {
    const scene = await open();
    scene.observe('app', 'a', { health: 'down', since: T0, problem: 'expected status 200-399, got 500' });
    expect(scene.standing('app', 'a')).toMatchObject({ health: 'down' });
    expect(scene.operator.origin(app('a'))).toMatchObject({ health: 'down', effective: 'down' });
    scene.observe('app', 'a', { warmth: 0.1 });
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'warming' });
    scene.observe('app', 'a', { ejectedUntil: T0 + 30_000 });
    scene.observe('app', 'a', { trial: true });
    scene.observe('app', 'a', {});
    expect(scene.typesOf('a')).toEqual([
      'origin-health',
      'origin-health',
      'origin-ejected',
      'origin-returned',
      'origin-returned',
    ]);
  });

  test('of an origin that is not there any more is nothing', async () => {
    const scene = await open();
    scene.operator.observe('app/x http://x.test', { health: 'down', since: 0, warmth: 1 });
    expect(scene.events).toEqual([]);
  });

  test('stays over a reload, and not over a new url', async () => {
    const scene = await open();
    scene.observe('app', 'a', { health: 'down' });
    scene.load(file({ app: ['b', 'a'] }));
    expect(scene.operator.origin(app('a'))).toMatchObject({ health: 'down' });
    scene.load(file({ app: ['b', { url: 'http://a2.test', name: 'a', weight: 1 }] }));
    expect(scene.operator.origin(app('a'))).toMatchObject({ health: 'up' });
  });

  test('that all are down is told once', async () => {
    const scene = await open(file({ app: ['a', 'b'] }));
    scene.observe('app', 'a', { health: 'down' });
    scene.observe('app', 'b', { health: 'down' });
    expect(scene.operator.pool('app')).toMatchObject({ panic: true });
    scene.observe('app', 'a', {});
    expect(scene.events.filter(({ type }) => type === 'pool-panic').map(({ detail }) => detail)).toEqual([
      { panic: true },
      { panic: false },
    ]);
  });

  test('makes a standby active when no primary is left', async () => {
    const scene = await open(file({ app: ['a', { url: 'http://s.test', name: 's', weight: 1, role: 'standby' }] }));
    expect(scene.operator.origin(app('s'))).toMatchObject({ effective: 'standby' });
    scene.observe('app', 'a', { health: 'down' });
    expect(scene.operator.origin(app('s'))).toMatchObject({ effective: 'active' });
  });
});

describe('an origin that comes back', () => {
  test('warms up before workers are told that it admits all', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' } });
    const weights: number[] = [];
    scene.enabled.push = (key) => {
      scene.operator.observe(key, { health: 'up', since: 0, warmth: 0.05 });
      return weights.push(scene.standing('app', 'a').weight);
    };
    change(scene, 'app/a', { values: { admin: 'active' } });
    expect(weights).toEqual([100]);
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'all', weight: 5 });
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'warming' });
  });
});

describe('who is told of an event', () => {
  test('may change something at once, and workers are told of both', async () => {
    const scene = await open();
    scene.operator.events(0, ({ type }) => {
      if (type === 'pool-panic') change(scene, 'app/c', { values: { admin: 'maint' } });
    });
    for (const id of ['a', 'b', 'c']) scene.observe('app', id, { health: 'down' });
    expect(scene.operator.origin(app('c'))).toMatchObject({ admin: 'maint', drain: { drained: true } });
    expect(scene.standing('app', 'c')).toMatchObject({ admits: 'none', health: 'down' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('sees a change before what comes of it', async () => {
    const scene = await open();
    const seen: unknown[] = [];
    scene.operator.events(0, ({ type }) => seen.push([type, scene.standing('app', 'a').admits]));
    change(scene, 'app/a', { values: { admin: 'maint' } });
    expect(seen).toEqual([
      ['origin-changed', 'none'],
      ['drained', 'none'],
    ]);
  });
});

test('an origin that was forced down warms up as well', async () => {
  const scene = await open();
  change(scene, 'app/a', { values: { health: 'forced_down' } });
  expect(scene.operator.origin(app('a'))).toMatchObject({ health: 'forced_down', effective: 'down', drain: undefined });
  expect(scene.enabled).toEqual([]);
  change(scene, 'app/a', { values: { health: null } });
  expect(scene.enabled).toEqual(['app/a http://a.test']);
});

describe('maintenance of a pool', () => {
  const page = { page: '<p>back at noon</p>', retryAfter: 600 };

  test('is told to workers, kept over a restart, and ended', async () => {
    const scene = await open();
    expect(scene.operator.maintain('app', page, 'move', ALICE)).toMatchObject({
      ok: true,
      value: { maintenance: { ...page, by: 'alice', reason: 'move', since: T0 } },
    });
    expect(scene.maintenance.get('app')).toMatchObject(page);
    scene.maintenance.clear();
    scene.restart();
    expect(scene.maintenance.get('app')).toMatchObject(page);
    expect(scene.operator.maintain('app', undefined, 'done', ALICE)).toMatchObject({
      value: { maintenance: undefined },
    });
    expect(scene.maintenance.size).toBe(0);
    scene.restart();
    expect(scene.maintenance.size).toBe(0);
    expect(JSON.stringify(scene.operator.audit(0, 10))).not.toContain('back at noon');
  });

  test('is dropped when the pool is gone', async () => {
    const scene = await open(file({ app: ['a'], web: ['w'] }));
    scene.operator.maintain('web', page, 'move', ALICE);
    scene.load(file({ app: ['a'] }));
    scene.load(file({ app: ['a'], web: ['w'] }));
    expect(scene.operator.pool('web')).toMatchObject({ maintenance: undefined });
  });

  test.each([
    { pool: 'nope', asked: page, kind: 'unknown-pool' },
    { pool: 'app', asked: { page: 'x'.repeat(300_000), retryAfter: 1 }, kind: 'invalid' },
    { pool: 'app', asked: { page: undefined, retryAfter: -1 }, kind: 'invalid' },
    { pool: 'app', asked: { page: undefined, retryAfter: 1.5 }, kind: 'invalid' },
  ])('is refused as $kind', async ({ pool, asked, kind }) => {
    const scene = await open();
    expect(refusal(scene.operator.maintain(pool, asked, '', ALICE))).toBe(kind);
  });
});

describe('who waits', () => {
  test('for it to be active waits while it warms up, and not for a standby to be needed', async () => {
    const scene = await open(file({ app: ['a', { url: 'http://s.test', name: 's', weight: 1, role: 'standby' }] }));
    expect(await scene.operator.wait(app('s'), 'active', 5000)).toMatchObject({ effective: 'standby' });
    scene.observe('app', 'a', { warmth: 0.5 });
    const waited = scene.operator.wait(app('a'), 'active', 5000);
    scene.observe('app', 'a', { warmth: 1 });
    expect(await waited).toMatchObject({ effective: 'active' });
  });

  test('is told at once what is so already', async () => {
    const scene = await open();
    expect(await scene.operator.wait(app('a'), 'active', 1000)).toMatchObject({ effective: 'active' });
    expect(await scene.operator.wait(app('a'), 'up', 1000)).toMatchObject({ health: 'up' });
    expect(await scene.operator.wait(app('nope'), 'up', 1000)).toBeUndefined();
    expect(await scene.operator.wait(app('a'), 'changed', 1000, { version: 1 })).toMatchObject({ id: 'a' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is told when it is so, and leaves no timer behind', async () => {
    const scene = await open();
    const changed = scene.operator.wait(app('a'), 'changed', 60_000);
    const drained = scene.operator.wait(app('a'), 'drained', 60_000);
    change(scene, 'app/a', { values: { admin: 'maint' } });
    expect(await changed).toMatchObject({ admin: 'maint' });
    expect(await drained).toMatchObject({ drain: { drained: true } });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is told how it is when the time is over, or when nobody listens any more', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 1);
    change(scene, 'app/a', { values: { admin: 'drain' } });
    const late = scene.operator.wait(app('a'), 'drained', 3000);
    const controller = new AbortController();
    const aborted = scene.operator.wait(app('a'), 'drained', 3000, { signal: controller.signal });
    controller.abort();
    expect(await aborted).toMatchObject({ drain: { drained: false } });
    vi.advanceTimersByTime(3000);
    expect(await late).toMatchObject({ drain: { drained: false } });
  });

  test('is told when the node stops', async () => {
    const scene = await open();
    const waited = scene.operator.wait(app('a'), 'drained', 60_000);
    scene.operator.close();
    expect(await waited).toMatchObject({ id: 'a' });
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('files', () => {
  test('are for their owner only, and have no secrets', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { admin: 'maint' } });
    scene.operator.record({
      actor: 'alice',
      source: 'api',
      action: 'login.failed',
      target: 'https://bob:hunter2@www.example.com/',
      reason: '',
      after: { password: 'hunter2', deep: [{ Authorization: 'Basic hunter2' }] },
      refused: 'wrong password',
    });
    for (const name of ['operator.log', 'audit.log']) {
      expect(statSync(join(scene.directory, name)).mode & 0o777).toBe(0o600);
    }
    expect(readFileSync(join(scene.directory, 'audit.log'), 'utf8')).not.toContain('hunter2');
    expect(JSON.stringify(scene.log)).not.toContain('hunter2');
  });
});

describe('a drain of the node', () => {
  const drain = (scene: Scene, reason = 'kernel update') => scene.operator.setNode('drain', reason, ALICE);

  test('is kept over restarts and reloads, until it is resumed', async () => {
    const scene = await open();
    expect(drain(scene)).toMatchObject({ ok: true, value: { by: 'alice', reason: 'kernel update', since: T0 } });
    expect(scene.drainsNode).toBe(true);
    scene.drainsNode = false;
    scene.restart(file({ other: ['z'] }));
    expect(scene.drainsNode).toBe(true);
    expect(scene.operator.node()).toMatchObject({ by: 'alice', since: T0 });
    scene.operator.setNode('active', '', ALICE);
    expect(scene.drainsNode).toBe(false);
    scene.restart();
    expect(scene.operator.node()).toBeUndefined();
  });

  test('a second time says nothing new, and a dry run nothing at all', async () => {
    const scene = await open();
    scene.operator.setNode('drain', 'later', ALICE, { dryRun: true });
    expect(scene.drainsNode).toBe(false);
    drain(scene);
    expect(drain(scene, 'again')).toMatchObject({ ok: true, value: { reason: 'kernel update' } });
    expect(scene.operator.audit(0, 10)).toHaveLength(1);
    expect(scene.events.filter(({ type }) => type === 'node-changed')).toHaveLength(1);
  });

  test('that cannot be kept is refused, and does not hold', async () => {
    const scene = await open();
    rmSync(scene.directory, { recursive: true });
    writeFileSync(scene.directory, 'a file, where a directory is needed');
    expect(refusal(drain(scene))).toBe('not-kept');
    expect(scene.drainsNode).toBe(false);
    expect(scene.operator.node()).toBeUndefined();
  });
});

describe('another route', () => {
  test('is planned, kept, and goes when the file has another', async () => {
    const scene = await open();
    const { generations } = scene;
    expect(change(scene, 'app/a', { values: { route: 'x1' } }).ok).toBe(true);
    await scene.operator.planned();
    expect(scene.generations).toBe(generations + 1);
    expect(scene.operator.origin(app('a'))).toMatchObject({ route: 'x1', override: { values: { route: 'x1' } } });
    scene.restart();
    expect(scene.operator.origin(app('a'))?.route).toBe('x1');
    const origin = { url: 'http://a.test', name: 'a', weight: 1, route: 'a1' };
    scene.load(file({ app: [origin, 'b', 'c'] }));
    expect(scene.operator.origin(app('a'))).toMatchObject({ route: 'a1', override: undefined });
  });

  test("is nobody else's, also when one gets its own back", async () => {
    const scene = await open();
    expect(refusal(change(scene, 'app/a', { values: { route: 'b' } }))).toBe('invalid');
    expect(refusal(change(scene, ['app/a', 'app/b'], { values: { route: 'x' } }))).toBe('invalid');
    change(scene, 'app/a', { values: { route: 'x' } });
    change(scene, 'app/b', { values: { route: 'a' } });
    await scene.operator.planned();
    expect(refusal(scene.operator.clear(app('a'), '', ALICE))).toBe('invalid');
    expect(scene.operator.origin(app('a'))?.route).toBe('x');
  });

  test('goes with its time, and workers are planned anew', async () => {
    const scene = await open();
    change(scene, 'app/a', { values: { route: 'x' }, expiresIn: 60_000 });
    await scene.operator.planned();
    const { generations } = scene;
    await vi.advanceTimersByTimeAsync(60_001);
    await scene.operator.planned();
    expect(scene.generations).toBe(generations + 1);
    expect(scene.operator.origin(app('a'))?.route).toBe('a');
  });
});

test("an origin's slow start is its pool's, or what an operator says", async () => {
  const scene = await open();
  expect(scene.operator.origin(app('a'))?.slowStart).toBe(30_000);
  change(scene, 'app/a', { values: { slowStart: 0 } });
  scene.restart();
  expect(scene.operator.origin(app('a'))).toMatchObject({ slowStart: 0, override: { values: { slowStart: 0 } } });
  expect(refusal(change(scene, 'app/a', { values: { slowStart: 3_600_001 } }))).toBe('invalid');
});

describe('a pool without anybody to send requests to', () => {
  const told = (scene: Scene) =>
    scene.events.flatMap(({ type, detail }) => (type.startsWith('pool-') ? [{ type, ...detail }] : []));

  test('is told of once, and again when there is somebody', async () => {
    const scene = await open(file({ app: ['a'] }));
    change(scene, 'app/a', { values: { admin: 'maint' }, force: true });
    scene.load(file({ app: ['a'] }));
    expect(told(scene)).toEqual([{ type: 'pool-usable', usable: false }]);
    expect(scene.log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'no origin is usable, requests get the splash page' }),
    );
    change(scene, 'app/a', { values: { admin: 'active' } });
    expect(told(scene)).toEqual([
      { type: 'pool-usable', usable: false },
      { type: 'pool-usable', usable: true },
    ]);
  });

  test('is not in panic any more when the last one that was tried is taken away', async () => {
    const scene = await open(file({ app: ['a'] }));
    scene.operator.observe('app/a http://a.test', { health: 'down', since: T0, warmth: 1 });
    change(scene, 'app/a', { values: { admin: 'maint' }, force: true });
    expect(told(scene)).toEqual([
      { type: 'pool-panic', panic: true },
      { type: 'pool-panic', panic: false },
      { type: 'pool-usable', usable: false },
    ]);
    expect(scene.log.map(({ event }) => event)).not.toContain('an origin is usable again');
  });
});
