import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { NewOrigin, Outcome } from '../../src/operator/commands.ts';
import { tempDir } from '../support/temp.ts';
import { ALICE, file, Scene } from './scene.ts';

const TWO = file({ app: ['a', 'b'] });

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-06-01T12:00:00Z'), toFake: ['setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function open(pools = TWO): Promise<Scene> {
  return new Scene(await tempDir('operator'), pools);
}

const app = (id: string) => ({ pool: 'app', id });

function add(scene: Scene, origin: Partial<NewOrigin>, pool = 'app') {
  return scene.operator.add(pool, { url: 'http://n.test', id: 'n', reason: 'more of them', ...origin }, ALICE);
}

function remove(scene: Scene, id: string, now = false) {
  return scene.operator.remove(app(id), now, 'less of them', ALICE);
}

function refusal(outcome: Outcome<unknown>): string | undefined {
  return outcome.ok ? undefined : outcome.refusal.kind;
}

const ids = (scene: Scene) => scene.operator.pool('app')?.origins.map(({ id }) => id);

describe('an origin that is added', () => {
  test('is in maint, and after a restart still there', async () => {
    const scene = await open();
    expect(await add(scene, { weight: 3, role: 'standby', set: 1 })).toMatchObject({
      ok: true,
      value: { id: 'n', admin: 'maint', weight: 3, role: 'standby', set: 1, configured: { url: 'http://n.test' } },
    });
    expect(scene.standing('app', 'n')).toMatchObject({ admits: 'none' });
    scene.restart();
    expect(ids(scene)).toEqual(['a', 'b', 'n']);
    expect(scene.operator.origin(app('n'))).toMatchObject({ admin: 'maint', weight: 3, role: 'standby', set: 1 });
    expect(scene.standing('app', 'n')).toMatchObject({ admits: 'none' });
    scene.operator.change([app('n')], { values: { admin: 'active' }, reason: '' }, ALICE);
    scene.restart();
    expect(scene.operator.origin(app('n'))).toMatchObject({ admin: 'active', override: undefined });
  });

  test('is told once, and audited', async () => {
    const scene = await open();
    await add(scene, {});
    expect(scene.typesOf('n').filter((type) => type === 'origin-added')).toHaveLength(1);
    expect(scene.operator.audit(0, 9)).toMatchObject([
      { action: 'origin.add', target: 'app/n', reason: 'more of them' },
    ]);
  });

  test('gets requests only when it is kept', async () => {
    const scene = await open();
    let seen: string | undefined;
    scene.onApply = () => mkdirSync(join(scene.directory, 'operator.log'), { recursive: true });
    const setBefore = scene.standings.set.bind(scene.standings);
    scene.standings.set = (slot, standing) => {
      if (slot === 2 && standing.admits === 'all') seen = 'all';
      return setBefore(slot, standing);
    };
    expect(await add(scene, { admin: 'active' })).toMatchObject({ refusal: { kind: 'not-kept' } });
    expect(seen).toBeUndefined();
    expect(ids(scene)).toEqual(['a', 'b']);
  });

  test('is not there when no generation can be made of it', async () => {
    const scene = await open();
    scene.problems = ['app/n: no'];
    expect(await add(scene, {})).toMatchObject({ refusal: { kind: 'invalid', detail: 'app/n: no' } });
    scene.problems = [];
    scene.restart();
    expect(ids(scene)).toEqual(['a', 'b']);
    expect((await add(scene, {})).ok).toBe(true);
  });

  test('can be tried out', async () => {
    const scene = await open();
    expect(await add(scene, { dryRun: true })).toMatchObject({ ok: true, value: { id: 'n', effective: 'maint' } });
    expect(ids(scene)).toEqual(['a', 'b']);
    expect(scene.generations).toBe(1);
  });

  test.each([
    { origin: { id: 'a' }, pool: 'app', kind: 'duplicate' },
    { origin: { url: 'http://A.test:80/' }, pool: 'app', kind: 'duplicate' },
    { origin: {}, pool: 'nope', kind: 'unknown-pool' },
    { origin: { url: 'ftp://n.test' }, pool: 'app', kind: 'invalid' },
    { origin: { url: 'http://bob:secret@n.test' }, pool: 'app', kind: 'invalid' },
    { origin: { url: 'http://n.test/path' }, pool: 'app', kind: 'invalid' },
    { origin: { url: 'http://n.test:0' }, pool: 'app', kind: 'invalid' },
    { origin: { url: 7 as never }, pool: 'app', kind: 'invalid' },
    { origin: { id: 'a/b' }, pool: 'app', kind: 'invalid' },
    { origin: { id: '' }, pool: 'app', kind: 'invalid' },
    { origin: { weight: 0 }, pool: 'app', kind: 'invalid' },
    { origin: { admin: 'off' as never }, pool: 'app', kind: 'invalid' },
    { origin: { reason: 'x'.repeat(501) }, pool: 'app', kind: 'invalid' },
  ])('as $origin to $pool is refused: $kind', async ({ origin, pool, kind }) => {
    const scene = await open();
    expect(refusal(await add(scene, origin, pool))).toBe(kind);
    expect(scene.generations).toBe(1);
  });

  test('has its host and port as id, when none is given', async () => {
    const scene = await open();
    const { id: _, ...rest } = { id: '', url: 'http://n.test:8080', reason: '' };
    expect(await scene.operator.add('app', rest, ALICE)).toMatchObject({ value: { id: 'n.test:8080' } });
  });

  test('twice at once is there once', async () => {
    const scene = await open();
    const both = await Promise.all([add(scene, {}), add(scene, {})]);
    expect(both.map(refusal)).toEqual([undefined, 'duplicate']);
    expect(ids(scene)).toEqual(['a', 'b', 'n']);
  });

  test('cannot be changed or removed before it is there', async () => {
    const scene = await open();
    const refused: (string | undefined)[] = [];
    const adding = add(scene, {});
    scene.load(TWO);
    refused.push(refusal(scene.operator.change([app('n')], { values: { admin: 'active' }, reason: '' }, ALICE)));
    refused.push(refusal(await remove(scene, 'n')));
    expect(refused).toEqual(['invalid', 'invalid']);
    expect((await adding).ok).toBe(true);
  });

  test('is dropped when the file has it, or its url, or its pool no more', async () => {
    for (const pools of [
      file({ app: ['a', { url: 'http://n.test', name: 'n', weight: 9 }] }),
      file({ app: ['a', { url: 'http://n.test', name: 'other', weight: 1 }] }),
      file({ web: ['a'] }),
    ]) {
      const scene = await open();
      await add(scene, {});
      scene.load(pools);
      expect(scene.events.filter(({ type }) => type === 'override-dropped')).toMatchObject([
        { detail: { what: 'added' } },
        { detail: { what: 'override' } },
      ]);
      scene.restart(TWO);
      expect(ids(scene)).toEqual(['a', 'b']);
    }
  });

  test('stays as an operator left it when the file has it as it was added', async () => {
    const scene = await open();
    await add(scene, {});
    scene.load(file({ app: ['a', 'b', 'n'] }));
    expect(scene.operator.origin(app('n'))).toMatchObject({ admin: 'maint' });
    expect(scene.standing('app', 'n')).toMatchObject({ admits: 'none' });
  });
});

describe('an origin that is removed', () => {
  test('is gone at once when nothing is in flight, also after a restart', async () => {
    const scene = await open();
    const slot = scene.slot('app', 'a');
    expect(await remove(scene, 'a')).toMatchObject({ ok: true, value: { effective: 'removing' } });
    expect(ids(scene)).toEqual(['b']);
    expect(scene.standings.get(slot)).toMatchObject({ admits: 'none' });
    scene.restart();
    expect(ids(scene)).toEqual(['b']);
    expect(scene.typesOf('a')).toEqual([]);
    expect(scene.operator.audit(0, 9)).toMatchObject([{ action: 'origin.remove', target: 'app/a' }]);
  });

  test('is listed until it is empty, also over a reload', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 1);
    await remove(scene, 'a');
    const waited = scene.operator.wait(app('a'), 'drained', 9000);
    scene.load(TWO);
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'removing', drain: { drained: false } });
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'none' });
    expect(refusal(scene.operator.change([app('a')], { values: { weight: 2 }, reason: '' }, ALICE))).toBe('invalid');
    scene.setInFlight('app', 'a', 0);
    vi.advanceTimersByTime(250);
    await waited;
    await vi.waitFor(() => expect(ids(scene)).toEqual(['b']));
    expect(scene.typesOf('a')).toEqual(['origin-removing', 'drain-progress', 'drained', 'origin-removed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('now is cut', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 5);
    await remove(scene, 'a');
    await remove(scene, 'a', true);
    expect(scene.cut).toHaveLength(1);
    expect(ids(scene)).toEqual(['b']);
  });

  test('that was added is no longer kept, and stays until it is empty', async () => {
    const scene = await open();
    await add(scene, { admin: 'active' });
    scene.setInFlight('app', 'n', 1);
    await remove(scene, 'n');
    scene.load(TWO);
    expect(ids(scene)).toEqual(['a', 'b', 'n']);
    scene.restart();
    expect(ids(scene)).toEqual(['a', 'b']);
  });

  test('gets no requests when no generation can be made without it, and goes with the next', async () => {
    const scene = await open();
    scene.problems = ['no'];
    await remove(scene, 'a');
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'removing' });
    expect(scene.log.slice(-1)).toMatchObject([{ level: 'error', fields: { origins: ['app/a'], problems: ['no'] } }]);
    scene.load(TWO);
    expect(ids(scene)).toEqual(['b']);
  });

  test('is back when the file says something else of it', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 1);
    await remove(scene, 'a');
    const changed = file({ app: [{ url: 'http://a.test', name: 'a', weight: 2 }, 'b'] });
    scene.load(changed);
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'active', weight: 2 });
    expect(scene.standing('app', 'a')).toMatchObject({ admits: 'all' });
    scene.restart(TWO);
    expect(ids(scene)).toEqual(['a', 'b']);
  });

  test('is back when it is added again', async () => {
    const scene = await open();
    await remove(scene, 'a');
    expect(refusal(await add(scene, { id: 'a', url: 'http://z.test' }))).toBe('duplicate');
    expect(await add(scene, { id: 'a', url: 'http://a.test', weight: 5 })).toMatchObject({
      value: { admin: 'maint', weight: 5, configured: { weight: 1 } },
    });
    scene.restart();
    expect(ids(scene)).toEqual(['a', 'b']);
    expect(scene.operator.origin(app('a'))).toMatchObject({ admin: 'maint', weight: 5 });
  });

  test('is refused for the last one that is usable, and for the last of all', async () => {
    const scene = await open();
    scene.observe('app', 'b', { health: 'down' });
    expect(refusal(await remove(scene, 'a'))).toBe('last-active-origin');
    expect(refusal(await remove(scene, 'nope'))).toBe('unknown-origin');
    expect((await remove(scene, 'b')).ok).toBe(true);
    scene.observe('app', 'a', { health: 'down' });
    expect(refusal(await remove(scene, 'a'))).toBe('last-active-origin');
  });

  test('is refused when it cannot be kept', async () => {
    const scene = await open();
    mkdirSync(join(scene.directory, 'operator.log'));
    expect(refusal(await remove(scene, 'a'))).toBe('not-kept');
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'active' });
    expect(scene.generations).toBe(1);
  });
});

describe('an origin that the file has no more', () => {
  test.each([
    { what: 'without it', pools: file({ app: ['b'] }) },
    {
      what: 'in which it has another name',
      pools: file({ app: ['b', { url: 'http://a.test', name: 'z', weight: 1 }] }),
    },
    { what: 'without its pool', pools: file({ web: ['w'] }) },
  ])('is being removed until it is empty: $what', async ({ pools }) => {
    const scene = await open();
    const slot = scene.slot('app', 'a');
    scene.inFlight.set(slot, 1);
    scene.operator.change([app('a')], { values: { admin: 'maint' }, reason: '' }, ALICE);
    const waited = scene.operator.wait(app('a'), 'drained', 9000);
    const told = vi.fn();
    void waited.then(told);
    scene.load(pools);
    vi.advanceTimersByTime(1000);
    await Promise.resolve();
    expect(told).not.toHaveBeenCalled();
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'removing', drain: { drained: false } });
    expect(ids(scene)?.includes('a') ?? false).toBe(false);
    expect(scene.standings.get(slot)).toMatchObject({ admits: 'none' });
    expect(refusal(scene.operator.change([app('a')], { values: { weight: 2 }, reason: '' }, ALICE))).toBe('invalid');

    scene.inFlight.set(slot, 0);
    vi.advanceTimersByTime(250);
    expect(await waited).toBeUndefined();
    expect(scene.typesOf('a').slice(-2)).toEqual(['origin-removing', 'origin-removed']);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is what it was when the file has it again before it is empty', async () => {
    const scene = await open();
    scene.setInFlight('app', 'a', 1);
    scene.load(file({ app: ['b'] }));
    scene.load(TWO);
    expect(scene.operator.origin(app('a'))).toMatchObject({ effective: 'active', drain: undefined });
    scene.setInFlight('app', 'a', 0);
    expect(scene.typesOf('a')).toEqual(['origin-removing', 'origin-added']);
    expect(vi.getTimerCount()).toBe(0);
  });
});
