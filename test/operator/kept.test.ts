import { describe, expect, test } from 'vitest';
import { adjusted } from '../../src/operator/adjusted.ts';
import { droppedBy, type Entry, type FileOrigins, type Kept, keptOf, withEntries } from '../../src/operator/kept.ts';
import type { Configured } from '../../src/operator/model.ts';
import { file, idOf } from './scene.ts';

const by = { by: 'alice', reason: '', since: 1 };

function configured(id: string, weight = 1): Configured {
  return { url: `http://${id}.test`, weight, role: 'primary', set: 0 };
}

function override(id: string, expires?: number): Entry {
  const value = { values: { weight: 9 }, ...by, source: 'api', expires, was: configured(id) };
  return { kind: 'override', pool: 'app', id, value };
}

const added = (id: string, url = id): Entry => ({
  kind: 'added',
  pool: 'app',
  id,
  value: { ...configured(url), ...by },
});
const removed = (id: string): Entry => ({ kind: 'removed', pool: 'app', id, value: { ...by, was: configured(id) } });
const maintenance: Entry = { kind: 'maintenance', pool: 'app', id: '', value: { page: '', retryAfter: 1, ...by } };

function kept(...entries: Entry[]): Kept {
  return withEntries(new Map(), entries);
}

function inFile(...origins: (readonly [string, Configured])[]): FileOrigins {
  return new Map([['app', new Map(origins)]]);
}

const A = ['a', configured('a')] as const;
const A2 = ['a', configured('a', 2)] as const;
const NONE: FileOrigins = new Map();

describe('what is kept', () => {
  test('is what was said last, until it is ended', () => {
    const all = kept(override('a', 5), override('b'), override('a', 7));
    expect(keptOf(all, 'override', 'app', 'a')?.expires).toBe(7);
    expect([...all.values()].map(({ id }) => id)).toEqual(['b', 'a']);
    const rest = withEntries(all, [{ kind: 'override', pool: 'app', id: 'b', value: null }]);
    expect(keptOf(rest, 'override', 'app', 'b')).toBeUndefined();
    expect(keptOf(rest, 'override', 'web', 'a')).toBeUndefined();
  });
});

describe('what a configuration ends', () => {
  test.each<{ name: string; all: Entry[]; origins: FileOrigins; now?: number; ended: string[] }>([
    { name: 'nothing, when nothing changed', all: [override('a'), maintenance], origins: inFile(A), ended: [] },
    {
      name: 'what is said of another weight',
      all: [override('a')],
      origins: inFile(A2),
      ended: ['override a configuration changed'],
    },
    {
      name: 'what is said of an origin that is gone',
      all: [override('a')],
      origins: inFile(),
      ended: ['override a no longer configured'],
    },
    {
      name: 'all that is said of a pool that is gone',
      all: [override('a'), added('n'), removed('b'), maintenance],
      origins: NONE,
      ended: [
        'removed b no longer configured',
        'maintenance  no longer configured',
        'added n no longer configured',
        'override a no longer configured',
      ],
    },
    { name: 'what has expired', all: [override('a', 5)], origins: inFile(A), now: 5, ended: ['override a expired'] },
    { name: 'not yet what has not', all: [override('a', 5)], origins: inFile(A), now: 4, ended: [] },
    {
      name: 'what the file has by now, by its id',
      all: [added('a', 'z')],
      origins: inFile(A),
      ended: ['added a now configured'],
    },
    {
      name: 'what the file has by now, by its url',
      all: [added('n', 'a')],
      origins: inFile(A),
      ended: ['added n now configured'],
    },
    {
      name: 'not what was added in place of one that was removed',
      all: [removed('a'), added('n', 'a')],
      origins: inFile(A),
      ended: [],
    },
    {
      name: 'but when that is there again',
      all: [removed('a'), added('n', 'a')],
      origins: inFile(A2),
      ended: ['removed a configuration changed', 'added n now configured'],
    },
    {
      name: 'not what was said of one that was added, and is now configured alike',
      all: [added('a'), override('a')],
      origins: inFile(A),
      ended: ['added a now configured'],
    },
    {
      name: 'what was said of one that was added, and is now configured otherwise',
      all: [added('a'), override('a')],
      origins: inFile(A2),
      ended: ['added a now configured', 'override a configuration changed'],
    },
  ])('$name', ({ all, origins, now = 0, ended }) => {
    const dropped = droppedBy(kept(...all), origins, now);
    expect(dropped.map(({ entry, because }) => `${entry.kind} ${entry.id} ${because}`)).toEqual(ended);
  });
});

describe('the pools that are planned', () => {
  const names = (all: Kept, lingering: readonly string[] = [], pools = file({ app: ['a', 'b'], web: ['w'] })) =>
    adjusted(
      pools,
      all,
      idOf,
      lingering.map((id) => ({ pool: 'app', id, configured: configured(id) })),
    ).app?.origins.map(idOf);

  test.each([
    { name: 'are those of the file', all: [], lingering: [], is: ['a', 'b'] },
    { name: 'have what was added', all: [added('n')], lingering: [], is: ['a', 'b', 'n'] },
    { name: 'have not what was removed', all: [removed('a')], lingering: [], is: ['b'] },
    { name: 'have it until it is empty', all: [removed('a')], lingering: ['a'], is: ['a', 'b'] },
    { name: 'have what was added and removed until it is empty', all: [], lingering: ['n'], is: ['a', 'b', 'n'] },
    { name: 'have nothing that the file contradicts', all: [added('b')], lingering: [], is: ['a', 'b'] },
  ])('$name', ({ all, lingering, is }) => {
    expect(names(kept(...all), lingering)).toEqual(is);
  });

  test('are the very same where nothing was said', () => {
    const pools = file({ app: ['a'], web: ['w'] });
    const planned = adjusted(pools, kept(added('n')), idOf, []);
    expect(planned.web).toBe(pools.web);
    expect(planned.app?.origins.at(-1)).toEqual({ name: 'n', ...configured('n') });
  });
});
