import { describe, expect, test } from 'vitest';
import { listedOrders, type PurgeLists } from '../../../src/cache/purge/purge-lists.ts';

const NOTHING: PurgeLists = { urls: [], prefixes: [], tags: [], all: false };
const rulesOf = ({ host }: { readonly host: string }) => ({ ignoreQuery: host === 'plain.test' });

describe('lists of what to purge', () => {
  test.each([
    { lists: { all: true }, orders: [{ kind: 'all' }] },
    { lists: { urls: ['http://a.test/b?c#d'] }, orders: [{ kind: 'url', text: 'http://a.test/b?c' }] },
    { lists: { urls: ['https://plain.test/b?c'] }, orders: [{ kind: 'url', text: 'https://plain.test/b' }] },
    { lists: { urls: ['HTTP://A.test'] }, orders: [{ kind: 'url', text: 'http://a.test/' }] },
    { lists: { prefixes: ['https://a.test/b/'] }, orders: [{ kind: 'prefix', text: 'https://a.test/b/' }] },
    {
      lists: { tags: ['a', 'b c', '\u00e9'] },
      orders: ['a', 'b c', '\u00c3\u00a9'].map((text) => ({ kind: 'tag', text })),
    },
  ])('are orders: $lists', ({ lists, orders }) => {
    expect(listedOrders({ ...NOTHING, ...lists }, rulesOf)).toEqual({ ok: true, orders });
  });

  test('are refused as a whole, with everything that is wrong', () => {
    const lists = { ...NOTHING, urls: ['http://a/', '/b'], prefixes: ['c'], tags: ['d', ' ', 'x'.repeat(257)] };
    const result = listedOrders(lists, rulesOf);
    if (result.ok) throw new Error('taken');
    expect(result.problems.map(({ list, index }) => `${list} ${index}`)).toEqual([
      'urls 1',
      'prefixes 0',
      'tags 1',
      'tags 2',
    ]);
    expect(result.problems[0]?.detail).toBe('expected http://HOST/PATH or https://HOST/PATH, got "/b"');
  });
});
