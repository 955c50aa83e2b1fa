import { describe, expect, test } from 'vitest';
import {
  compressedFields,
  ifNoneMatchForOrigin,
  variedByEncoding,
  weakened,
  weakenedFields,
} from '../../../src/cache/compress/transformed.ts';
import { strongMatch, weakMatch } from '../../../src/cache/conditional/entity-tag.ts';

test('a compressed response says what it is, and nothing of the bytes that it was', () => {
  const was = [
    'content-type',
    'text/html',
    'etag',
    '"a"',
    'accept-ranges',
    'bytes',
    'content-length',
    '9',
    'content-md5',
    'x',
  ];
  expect(compressedFields([...was, 'digest', 'x', 'last-modified', 'y', 'vary', 'Accept'], 'br')).toEqual([
    ...['content-type', 'text/html', 'etag', 'W/"a"', 'last-modified', 'y', 'vary', 'Accept, Accept-Encoding'],
    ...['content-encoding', 'br'],
  ]);
});

describe('Vary gets Accept-Encoding', () => {
  test.each([
    { name: 'where there was none', fields: ['x', 'vary'], expected: ['x', 'vary', 'vary', 'Accept-Encoding'] },
    { name: 'behind others', fields: ['vary', 'Foo', 'x', 'y'], expected: ['vary', 'Foo, Accept-Encoding', 'x', 'y'] },
    { name: 'beside an empty one', fields: ['vary', ''], expected: ['vary', '', 'vary', 'Accept-Encoding'] },
    { name: 'once', fields: ['vary', 'foo,ACCEPT-encoding'], expected: ['vary', 'foo,ACCEPT-encoding'] },
    {
      name: 'once among several',
      fields: ['vary', 'foo', 'vary', 'accept-encoding'],
      expected: ['vary', 'foo', 'vary', 'accept-encoding'],
    },
    { name: 'not where all is said', fields: ['vary', '*'], expected: ['vary', '*'] },
  ])('$name', ({ fields, expected }) => expect(variedByEncoding(fields)).toEqual(expected));
});

describe('an entity tag', () => {
  test.each([
    { tag: '"a"', weak: 'W/"a"' },
    { tag: 'W/"a"', weak: 'W/"a"' },
    { tag: 'a', weak: 'a' },
  ])('$tag becomes $weak: the same to the weak comparison, none to the strong one', ({ tag, weak }) => {
    expect(weakened(tag)).toBe(weak);
    expect([weakMatch(tag, weak), strongMatch(weak, weak)]).toEqual([true, false]);
    expect(weakenedFields(['x', 'etag', 'etag', tag])).toEqual(['x', 'etag', 'etag', weak]);
  });
});

describe('If-None-Match on its way to an origin', () => {
  test.each([
    { from: '"a"', to: '"a"' },
    { from: 'W/"a"', to: 'W/"a", "a"' },
    { from: 'W/"a", "b"', to: 'W/"a", "a", "b"' },
    { from: '"a", W/"a,b"', to: '"a", W/"a,b", "a,b"' },
    { from: 'W/"a", "a"', to: 'W/"a", "a"' },
    { from: '*', to: '*' },
  ])('$from becomes $to', ({ from, to }) => expect(ifNoneMatchForOrigin(from)).toBe(to));
});
