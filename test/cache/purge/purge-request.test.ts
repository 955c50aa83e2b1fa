import { describe, expect, test } from 'vitest';
import { prefixOrders, purgeAsked, urlOrders } from '../../../src/cache/purge/purge-request.ts';
import { type PurgedUrl, parsePurgedUrl } from '../../../src/cache/select/key.ts';

const RULES = { ignoreQuery: ['utm_*'] };

function asked(target: string, fields: readonly string[] = [], authority = 'www.example.com') {
  return purgeAsked({ authority, target, fields }, RULES);
}

describe('a PURGE request', () => {
  test.each([
    { name: 'a URL by its path', target: '/a?b=1', is: both('url', 'www.example.com/a?b=1') },
    { name: 'a URL as its route knows it', target: '/a?utm_source=x&b=1', is: both('url', 'www.example.com/a?b=1') },
    { name: 'all below a path', target: '/shop/*', is: both('prefix', 'www.example.com/shop/') },
    { name: 'all of a host', target: '/*', is: both('prefix', 'www.example.com/') },
    { name: 'a URL with a star that is not its end', target: '/a*b', is: both('url', 'www.example.com/a*b') },
    { name: 'tags between spaces', fields: ['Surrogate-Key', 'a b'], is: [tag('a'), tag('b')] },
    { name: 'tags between commas', fields: ['cache-tag', 'a b, c'], is: [tag('a b'), tag('c')] },
    { name: 'a tag wherever it is sent to', target: '/x*', fields: ['Surrogate-Key', 'a'], is: [tag('a')] },
    { name: 'everything', fields: ['X-Purge-All', '1'], is: [{ kind: 'all' }] },
    { name: 'no more than its URL where all is 0', fields: ['X-Purge-All', '0'], is: both('url', 'www.example.com/') },
  ])('can be for $name', ({ target = '/', fields, is }) => {
    expect(asked(target, fields)).toEqual({ ok: true, orders: is, soft: false });
  });

  test('is for a host without its port', () => {
    expect(asked('/a', [], 'www.example.com:8080')).toMatchObject({ orders: both('url', 'www.example.com/a') });
  });

  test.each([
    { fields: ['Fastly-Soft-Purge', '1'], soft: true },
    { fields: ['X-Purge-Soft', 'true'], soft: true },
    { fields: ['X-Purge-Soft', ' 1 ', 'Surrogate-Key', 'a'], soft: true },
    { fields: ['X-Purge-Soft', '0'], soft: false },
    { fields: ['X-Purge-Soft', '0', 'Fastly-Soft-Purge', '1'], soft: true },
  ])('is soft: $soft with $fields', ({ fields, soft }) => {
    expect(asked('/', fields)).toMatchObject({ ok: true, soft });
  });

  test.each([
    { name: 'a word that is neither yes nor no', fields: ['X-Purge-Soft', 'yes'], problem: /^expected 1 or 0/ },
    { name: 'all, and tags', fields: ['X-Purge-All', '1', 'Cache-Tag', 'a'], problem: /all or tags, got both/i },
    { name: 'tags, and none of them there', fields: ['Surrogate-Key', ' '], problem: /got none/ },
    { name: 'a tag that no object can have', fields: ['Cache-Tag', 'a'.repeat(300)], problem: /at most 256/ },
    { name: 'no path', target: '*', problem: /path of a URL/ },
  ])('is refused for $name', ({ target = '/', fields, problem }) => {
    expect(asked(target, fields)).toEqual({ ok: false, problem: expect.stringMatching(problem) });
  });
});

describe('a full URL', () => {
  test('is purged by its own scheme alone', () => {
    const url = parsePurgedUrl('https://WWW.example.com/a?utm_x=1') as PurgedUrl;
    expect(urlOrders(url, RULES)).toEqual([{ kind: 'url', text: 'https://www.example.com/a' }]);
    expect(prefixOrders(url)).toEqual([{ kind: 'prefix', text: 'https://www.example.com/a?utm_x=1' }]);
  });
});

function both(kind: 'url' | 'prefix', rest: string) {
  return ['http', 'https'].map((scheme) => ({ kind, text: `${scheme}://${rest}` }));
}

function tag(text: string) {
  return { kind: 'tag', text };
}
