import { describe, expect, test } from 'vitest';
import { BanSet, foldOldest } from '../../../src/cache/purge/ban-set.ts';
import type { Ban, PurgeOrder, Verdict } from '../../../src/cache/purge/order.ts';

const KEY = 'https://www.example.com/shop/a?b=1';

function ban(order: PurgeOrder, sequence: number, soft = false): Ban {
  return { order, soft, sequence };
}

function setOf(...bans: readonly Ban[]): BanSet {
  const set = new BanSet();
  for (const each of bans) set.add(each);
  return set;
}

function verdict(set: BanSet, sequence: number, { key = KEY, tags = ['shop', 'a'] } = {}): Verdict {
  return set.verdict({ key, tags, sequence });
}

const url = (text = KEY): PurgeOrder => ({ kind: 'url', text });
const prefix = (text: string): PurgeOrder => ({ kind: 'prefix', text });
const tag = (text: string): PurgeOrder => ({ kind: 'tag', text });
const all: PurgeOrder = { kind: 'all' };

describe('an object', () => {
  test.each<{ name: string; order: PurgeOrder; key?: string; is: Verdict }>([
    { name: 'by its URL', order: url(), is: 'gone' },
    { name: 'by its URL, whatever a route adds to its key', order: url(), key: `${KEY}\n=de\n`, is: 'gone' },
    { name: 'not by another query', order: url('https://www.example.com/shop/a'), is: 'keep' },
    { name: 'not by another scheme', order: url(KEY.replace('https', 'http')), is: 'keep' },
    { name: 'by a prefix', order: prefix('https://www.example.com/shop/'), is: 'gone' },
    { name: 'by a prefix that is all of its URL', order: prefix(KEY), is: 'gone' },
    { name: 'not by a prefix that is longer', order: prefix(`${KEY}0`), is: 'keep' },
    {
      name: 'not by a prefix of what a route adds to its key',
      order: prefix(`${KEY}\n=`),
      key: `${KEY}\n=de`,
      is: 'keep',
    },
    { name: 'by a tag of its own', order: tag('a'), is: 'gone' },
    { name: 'not by a tag in another case', order: tag('A'), is: 'keep' },
    { name: 'by a purge of everything', order: all, is: 'gone' },
  ])('is purged $name', ({ order, key = KEY, is }) => {
    expect(verdict(setOf(ban(order, 10)), 9, { key })).toBe(is);
  });

  test.each([url(), prefix('https://'), tag('shop'), all])('that is newer than a purge of $kind is kept', (order) => {
    const set = setOf(ban(order, 10), ban(url('https://other.example/'), 99));
    expect([9, 10, 11].map((sequence) => verdict(set, sequence))).toEqual(['gone', 'keep', 'keep']);
  });

  test('is stale after a soft purge, and gone where a hard one is for it as well', () => {
    const set = setOf(ban(url(), 10, true), ban(tag('a'), 5), ban(all, 20, true));
    expect([4, 9, 19, 20].map((sequence) => verdict(set, sequence))).toEqual(['gone', 'soft', 'soft', 'keep']);
  });

  test('is purged by the newest of many purges of one thing, in whatever order they are told', () => {
    const set = setOf(ban(url(), 30), ban(url(), 20), ban(all, 10), ban(all, 5));
    expect([9, 25, 29, 30].map((sequence) => verdict(set, sequence))).toEqual(['gone', 'gone', 'gone', 'keep']);
  });
});

describe('bans', () => {
  test('that a newer one covers are not kept', () => {
    const set = setOf(ban(url(), 1), ban(url(), 2), ban(url(), 3, true), ban(tag('a'), 4, true));
    expect(set.size).toBe(3);
    set.add(ban(url(), 5));
    expect(set.size).toBe(2);
    set.add(ban(all, 6, true));
    expect(set.bans()).toEqual([ban(url(), 5), ban(all, 6, true)]);
    set.add(ban(prefix('https://'), 7, true));
    set.add(ban(all, 8));
    expect(set.bans()).toEqual([ban(all, 8)]);
  });

  test('that can be for no object any more are forgotten', () => {
    const set = setOf(ban(all, 1), ban(url(), 2), ban(prefix('http'), 3), ban(tag('a'), 4), ban(tag('b'), 5, true));
    set.forgetBelow(4);
    expect(set.bans()).toEqual([ban(tag('b'), 5, true)]);
    expect(verdict(set, 4)).toBe('keep');
  });

  test('make the same set when they are read from one', () => {
    const set = setOf(...many(500));
    expect(setOf(...set.bans()).bans()).toEqual(set.bans());
  });

  test('do to random objects what a plain list of them does', () => {
    const bans = many(300);
    const set = setOf(...bans);
    for (const key of ['http://a/', 'http://a/1', 'http://a/12', 'http://b/1']) {
      for (let sequence = 0; sequence <= 301; sequence += 3) {
        for (const tags of [[], ['1'], ['1', '7']]) {
          expect(verdict(set, sequence, { key, tags })).toBe(plainVerdict(bans, key, tags, sequence));
        }
      }
    }
  });
});

describe('folding', () => {
  const room = (count: number) => count + 2;
  const sizeOf = () => 1;

  test('leaves bans alone that have room', () => {
    const bans = [ban(url(), 1), ban(tag('a'), 2)];
    expect(foldOldest(bans, room(2), sizeOf)).toEqual(bans);
  });

  test('makes one of the oldest, for all that is as old', () => {
    const bans = [ban(url(), 1), ban(tag('a'), 2), ban(tag('b'), 3), ban(tag('c'), 4)];
    expect(foldOldest(bans, room(2), sizeOf)).toEqual([ban(all, 2), ban(tag('b'), 3), ban(tag('c'), 4)]);
    expect(foldOldest(bans, 0, sizeOf)).toEqual([ban(all, 4)]);
  });

  test('makes no hard ban of soft ones', () => {
    const bans = [ban(url(), 1), ban(tag('a'), 2, true), ban(tag('b'), 3, true), ban(tag('c'), 4)];
    expect(foldOldest(bans, room(1), sizeOf)).toEqual([ban(all, 1), ban(all, 3, true), ban(tag('c'), 4)]);
    expect(foldOldest(bans.slice(1, 3), 0, sizeOf)).toEqual([ban(all, 3, true)]);
  });

  test('never keeps what was to be purged', () => {
    const bans = many(200);
    const folded = setOf(...foldOldest(bans, 50, sizeOf));
    const plain = setOf(...bans);
    const rank = { keep: 0, soft: 1, suspect: 2, gone: 3 };
    for (let sequence = 0; sequence <= 201; sequence++) {
      const [after, before] = [folded, plain].map((set) => verdict(set, sequence, { key: 'http://a/12', tags: ['3'] }));
      expect(rank[after as Verdict]).toBeGreaterThanOrEqual(rank[before as Verdict]);
    }
  });
});

/** The same each time, of all kinds, few things many times. */
function many(count: number): Ban[] {
  let seed = 7;
  const next = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  return Array.from({ length: count }, (_, at) => {
    const kind = next(40);
    const text = `http://${'ab'[next(2)]}/${next(30)}`;
    const order = kind === 0 ? all : kind < 14 ? url(text) : kind < 26 ? prefix(text) : tag(String(next(30)));
    return ban(order, at + 1, next(2) === 0);
  });
}

function plainVerdict(bans: readonly Ban[], key: string, tags: readonly string[], sequence: number): Verdict {
  const found = bans.filter((each) => {
    if (each.sequence <= sequence) return false;
    const { order } = each;
    if (order.kind === 'all') return true;
    if (order.kind === 'tag') return tags.includes(order.text);
    return order.kind === 'url' ? key === order.text : key.startsWith(order.text);
  });
  if (found.some(({ soft }) => !soft)) return 'gone';
  return found.length > 0 ? 'soft' : 'keep';
}
