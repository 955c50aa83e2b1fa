import { expect, test } from 'vitest';
import { CachedObject } from '../../../src/cache/object.ts';
import type { CacheRules } from '../../../src/cache/rules.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';
import { presented } from '../../../src/proxy/caching/presented.ts';
import type { ResponseRules } from '../../../src/proxy/headers.ts';
import { storedResponse } from '../../cache/conditional/stored.ts';

interface Case {
  readonly name: string;
  readonly fields: readonly string[];
  readonly rules?: Partial<ResponseRules>;
  readonly stored?: Partial<StoredResponse>;
  readonly length?: number;
  readonly setCookie?: CacheRules['setCookie'];
  readonly expected: readonly string[];
}

test.each<Case>([
  { name: 'as it is', fields: ['etag', '"1"'], expected: ['etag', '"1"'] },
  { name: 'with its length', fields: [], length: 5, expected: ['content-length', '5'] },
  { name: 'without a length where there must be none', fields: [], length: 0, stored: { status: 204 }, expected: [] },
  { name: 'without the id of another request', fields: ['x-request-id', 'a', 'x', 'y'], expected: ['x', 'y'] },
  {
    name: 'without what the site takes out',
    fields: ['server', 'a', 'x', 'y'],
    rules: { remove: new Set(['server']) },
    expected: ['x', 'y'],
  },
  {
    name: 'with what the site sets',
    fields: ['x', 'y'],
    rules: { set: ['X-Site', 'z'] },
    expected: ['x', 'y', 'X-Site', 'z'],
  },
  {
    name: 'with our name behind the others',
    fields: ['via', '1.1 a', 'via', '1.1 b'],
    rules: { via: '1.1 us' },
    expected: ['via', '1.1 a, 1.1 b, 1.1 us'],
  },
  { name: 'with our name alone', fields: [], rules: { via: '1.1 us' }, expected: ['via', '1.1 us'] },
  {
    name: 'without any name where the site says so',
    fields: ['via', '1.1 a'],
    rules: { via: '1.1 us', remove: new Set(['via']) },
    expected: [],
  },
  {
    name: 'without a cookie from when the site stored them',
    fields: ['set-cookie', 'a=b', 'x', 'y'],
    expected: ['x', 'y'],
  },
  {
    name: 'with its cookie where the site stores them',
    fields: ['set-cookie', 'a=b'],
    setCookie: 'store',
    expected: ['set-cookie', 'a=b'],
  },
])('a stored response is shown $name', ({ fields, rules, stored, length, setCookie = 'bypass', expected }) => {
  const object = new CachedObject(storedResponse(fields, stored), 1, 1, length, undefined);
  expect(presented(object, rulesOf(rules), setCookie).shared.fields).toEqual(expected);
});

test('what caches nearer to the origin said is kept apart, for ours to follow', () => {
  const object = new CachedObject(
    storedResponse(['cache-status', 'a; hit', 'cache-status', 'b; hit']),
    1,
    1,
    0,
    undefined,
  );
  expect(presented(object, rulesOf({}), 'bypass').upstream).toBe('a; hit, b; hit');
});

test('it is made once for the same rules, and anew for others', () => {
  const object = new CachedObject(storedResponse([]), 1, 1, 0, undefined);
  const rules = rulesOf({});
  const first = presented(object, rules, 'bypass');
  expect(presented(object, rules, 'bypass')).toBe(first);
  expect(presented(object, rulesOf({ set: ['x', 'y'] }), 'bypass').shared.fields).toContain('x');
});

function rulesOf(rules: Partial<ResponseRules> = {}): ResponseRules {
  return { remove: new Set(), set: [], via: undefined, ...rules };
}
