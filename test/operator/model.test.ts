import { mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Configured, OverrideValues } from '../../src/operator/model.ts';
import { OVERRIDE_FILE } from '../../src/operator/override-file.ts';
import type { FileOrigin, FilePools } from '../../src/operator/parts.ts';
import { tempDir } from '../support/temp.ts';
import { ALICE, Scene } from './scene.ts';

/** Anything that may happen, in any order, beside the plainest account of what should be so then. */

const POOLS = ['app', 'web'];
const IDS = ['a', 'b', 'c', 'd'];
const URLS = ['http://1.test', 'http://2.test', 'http://3.test', 'http://4.test', 'http://5.test', 'http://6.test'];

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-06-01T12:00:00Z'), toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

interface Said {
  readonly values: OverrideValues;
  readonly was: Configured;
  readonly expires: number | undefined;
}

class Model {
  file: FilePools = {};
  said = new Map<string, Said>();
  added = new Map<string, Configured>();
  removed = new Map<string, Configured>();
  maintained = new Set<string>();

  copy(): Model {
    return Object.assign(new Model(), structuredClone({ ...this }));
  }

  inFile(pool: string): Map<string, Configured> {
    const origins = this.file[pool]?.origins ?? [];
    return new Map(
      origins.map(({ name, url, weight, role = 'primary', set = 0 }) => [name as string, { url, weight, role, set }]),
    );
  }

  /** What is in a pool. */
  origins(pool: string): Map<string, Configured> {
    const there = [...this.inFile(pool)].filter(([id]) => !this.removed.has(`${pool}/${id}`));
    const added = [...this.added].filter(([name]) => name.startsWith(`${pool}/`));
    return new Map([...there, ...added.map(([name, each]): [string, Configured] => [name.split('/')[1] ?? '', each])]);
  }

  settle(now: number): void {
    for (const pool of this.maintained) if (this.file[pool] === undefined) this.maintained.delete(pool);
    for (const [name, was] of this.removed) {
      const [pool, id] = name.split('/') as [string, string];
      if (!same(this.inFile(pool).get(id), was)) this.removed.delete(name);
    }
    for (const [name, { url }] of this.added) {
      const [pool, id] = name.split('/') as [string, string];
      const others = [...this.inFile(pool)].filter(([each]) => !this.removed.has(`${pool}/${each}`));
      const isThere = this.inFile(pool).has(id) || others.some(([, each]) => each.url === url);
      if (this.file[pool] === undefined || isThere) this.added.delete(name);
    }
    for (const [name, { was, expires = Number.POSITIVE_INFINITY }] of this.said) {
      const [pool, id] = name.split('/') as [string, string];
      const is = this.inFile(pool).get(id) ?? this.added.get(name);
      if (!same(is, was) || expires <= now) this.said.delete(name);
    }
  }

  /** What an operator should see, and workers be told. */
  get seen() {
    return Object.keys(this.file).map((pool) => ({
      pool,
      maintained: this.maintained.has(pool),
      origins: [...this.origins(pool)]
        .map(([id, configured]) => {
          const values = this.said.get(`${pool}/${id}`)?.values ?? {};
          const { admin = 'active', weight = configured.weight, health = 'up' } = values;
          const admits = { active: 'all', drain: 'known', maint: 'none', stopped: 'none' }[admin];
          return { id, url: configured.url, admin, weight, health, admits, told: health };
        })
        .sort((one, other) => one.id.localeCompare(other.id)),
    }));
  }
}

function same(one: Configured | undefined, other: Configured): boolean {
  return one?.url === other.url && one.weight === other.weight && one.role === other.role && one.set === other.set;
}

function seenOf(scene: Scene) {
  return scene.operator.pools().map(({ name, maintenance, origins }) => ({
    pool: name,
    maintained: maintenance !== undefined,
    origins: origins
      .map(({ id, configured, admin, weight, health }) => {
        const { admits, health: told } = scene.standing(name, id);
        return { id, url: configured.url, admin, weight, health, admits, told };
      })
      .sort((one, other) => one.id.localeCompare(other.id)),
  }));
}

function randomOf(seed: number) {
  let state = seed;
  const next = () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  const pick = <T>(list: readonly T[]) => list[below(list.length)] as T;
  return { below, pick, chance: (share: number) => next() < share };
}

type Random = ReturnType<typeof randomOf>;

function randomFile({ below, pick, chance }: Random): FilePools {
  const origins = (): FileOrigin[] => {
    const urls = [...URLS];
    const ids = IDS.slice(0, 2 + below(3));
    return ids.map((name) => ({ name, url: urls.splice(below(urls.length), 1)[0] as string, weight: 1 + below(2) }));
  };
  return Object.fromEntries((chance(0.8) ? POOLS : [pick(POOLS)]).map((pool) => [pool, { origins: origins() }]));
}

/** Mostly as it was. */
function changedFile(file: FilePools, random: Random): FilePools {
  if (random.chance(0.15)) return randomFile(random);
  return Object.fromEntries(
    Object.entries(file).map(([pool, { origins }]) => [
      pool,
      {
        origins: origins.map((origin) => {
          if (random.chance(0.85)) return origin;
          const isFree = (url: string) => !origins.some((each) => each.url === url);
          const url = random.pick(URLS);
          return isFree(url) ? { ...origin, url } : { ...origin, weight: origin.weight === 1 ? 2 : 1 };
        }),
      },
    ]),
  );
}

function randomChange(scene: Scene, model: Model, { pick, below, chance }: Random): boolean {
  const pool = pick(POOLS);
  const id = pick(IDS);
  const values = pick([
    { admin: 'drain' },
    { admin: 'maint' },
    { admin: 'active' },
    { admin: null },
    { weight: 1 + below(4) },
    { health: 'forced_down' },
    { health: null, weight: null },
  ] as const);
  const expiresIn = chance(0.3) ? 1 + below(50_000) : undefined;
  const { ok } = scene.operator.change([{ pool, id }], { values, reason: '', force: true, expiresIn }, ALICE);
  const was = model.origins(pool).get(id);
  expect(ok).toBe(was !== undefined);
  if (was === undefined) return false;
  const before = model.said.get(`${pool}/${id}`);
  const merged = Object.entries({ ...before?.values, ...values }).filter(
    ([name, value]) => value !== null && value !== 'active' && !(name === 'weight' && value === was.weight),
  );
  const after = Object.fromEntries(merged) as OverrideValues;
  const entries = (each: OverrideValues | undefined) => JSON.stringify(Object.entries(each ?? {}).sort());
  if (entries(after) === entries(before?.values) && expiresIn === undefined) return true;
  if (merged.length === 0) {
    model.said.delete(`${pool}/${id}`);
    return true;
  }
  const keeps = merged.some(([name]) => !(name in values));
  const expires = expiresIn === undefined ? (keeps ? before?.expires : undefined) : Date.now() + expiresIn;
  model.said.set(`${pool}/${id}`, { values: after, was, expires });
  return true;
}

async function randomMembership(scene: Scene, model: Model, { pick, chance }: Random): Promise<void> {
  const pool = pick(POOLS);
  const id = pick(IDS);
  const there = model.origins(pool);
  if (chance(0.5)) {
    const { ok } = await scene.operator.remove({ pool, id }, false, '', ALICE);
    if (!ok) return;
    model.said.delete(`${pool}/${id}`);
    if (!model.added.delete(`${pool}/${id}`)) model.removed.set(`${pool}/${id}`, there.get(id) as Configured);
    return;
  }
  const url = pick(URLS);
  const removed = model.removed.get(`${pool}/${id}`);
  const { ok } = await scene.operator.add(pool, { id, url, reason: '' }, ALICE);
  const isFree = !there.has(id) && ![...there.values()].some((each) => each.url === url);
  expect(ok).toBe(model.file[pool] !== undefined && isFree && (removed === undefined || removed.url === url));
  if (!ok) return;
  const was = removed ?? { url, weight: 1, role: 'primary' as const, set: 0 };
  if (removed === undefined) model.added.set(`${pool}/${id}`, was);
  else model.removed.delete(`${pool}/${id}`);
  model.said.set(`${pool}/${id}`, { values: { admin: 'maint' }, was, expires: undefined });
}

/** Killed at any byte of what this change wrote: it was not acknowledged, and is not there. */
function killedChange(scene: Scene, model: Model, random: Random): Model {
  const path = join(scene.directory, OVERRIDE_FILE);
  const read = () => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const text = read();
  const before = model.copy();
  randomChange(scene, model, random);
  const written = read();
  if (!written.startsWith(text) || written === text) return model;
  writeFileSync(path, written.slice(0, text.length + random.below(written.length - text.length)));
  scene.restart();
  expect(scene.events.filter(({ type }) => type === 'overrides-lost')).toEqual([]);
  return before;
}

function unwritableChange(scene: Scene, { pick }: Random): void {
  const path = join(scene.directory, OVERRIDE_FILE);
  writeFileSync(path, '', { flag: 'a' });
  renameSync(path, `${path}.aside`);
  mkdirSync(path);
  const before = seenOf(scene);
  const pool = pick(scene.operator.pools());
  for (const { id } of pool.origins) {
    const change = { values: { weight: 77 }, reason: '', force: true };
    expect(scene.operator.change([{ pool: pool.name, id }], change, ALICE)).toMatchObject({
      refusal: { kind: 'not-kept' },
    });
  }
  expect(seenOf(scene)).toEqual(before);
  rmdirSync(path);
  renameSync(`${path}.aside`, path);
}

async function step(scene: Scene, model: Model, random: Random): Promise<Model> {
  const what = random.below(100);
  if (what < 45) randomChange(scene, model, random);
  else if (what < 60) await randomMembership(scene, model, random);
  else if (what < 70) vi.advanceTimersByTime(random.below(40_000));
  else if (what < 75) {
    const pool = random.pick(POOLS);
    const page = random.chance(0.5) ? { page: '<p>', retryAfter: 1 } : undefined;
    if (scene.operator.maintain(pool, page, '', ALICE).ok) model.maintained[page ? 'add' : 'delete'](pool);
  } else if (what < 83) return killedChange(scene, model, random);
  else if (what < 88) scene.restart();
  else if (what < 92) unwritableChange(scene, random);
  else {
    model.file = changedFile(model.file, random);
    scene[random.chance(0.5) ? 'load' : 'restart'](model.file);
  }
  return model;
}

test.each(Array.from({ length: 12 }, (_, index) => index + 1))('whatever happens, number %i', async (seed) => {
  const random = randomOf(seed * 7919);
  let model = new Model();
  model.file = randomFile(random);
  const scene = new Scene(await tempDir('operator'), model.file);
  for (let i = 0; i < 100; i++) {
    model = await step(scene, model, random);
    model.settle(Date.now());
    expect(seenOf(scene), `after step ${i}`).toEqual(model.seen);
  }
  scene.operator.close();
});
