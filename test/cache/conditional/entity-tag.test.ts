import { describe, expect, test } from 'vitest';
import { anyMatches, entityTags, isStrong, strongMatch, weakMatch } from '../../../src/cache/conditional/entity-tag.ts';

describe('two entity tags (RFC 9110 §8.8.3.2)', () => {
  test.each([
    { a: 'W/"1"', b: 'W/"1"', strong: false, weak: true },
    { a: 'W/"1"', b: 'W/"2"', strong: false, weak: false },
    { a: 'W/"1"', b: '"1"', strong: false, weak: true },
    { a: '"1"', b: '"1"', strong: true, weak: true },
    { a: '"1"', b: '"2"', strong: false, weak: false },
    { a: '""', b: '""', strong: true, weak: true },
    { a: '"a"', b: '"A"', strong: false, weak: false },
    { a: 'abc', b: 'abc', strong: false, weak: true },
    { a: 'abc', b: '"abc"', strong: false, weak: false },
    { a: 'w/"1"', b: 'w/"1"', strong: false, weak: true },
    { a: 'w/"1"', b: '"1"', strong: false, weak: false },
    { a: '"', b: '"', strong: false, weak: true },
    { a: '"a"b"', b: '"a"b"', strong: false, weak: true },
  ])('$a and $b: strong $strong, weak $weak', ({ a, b, strong, weak }) => {
    expect([strongMatch(a, b), strongMatch(b, a)]).toEqual([strong, strong]);
    expect([weakMatch(a, b), weakMatch(b, a)]).toEqual([weak, weak]);
  });

  test('are strong only as quoted text', () => {
    expect(['"a"', 'W/"a"', 'a', '"a', 'a"', '"', ''].map(isStrong)).toEqual([true, ...Array(6).fill(false)]);
  });
});

describe('a list of entity tags', () => {
  test.each([
    { list: '"a"', tags: ['"a"'] },
    { list: '"a", W/"b" ,"c"', tags: ['"a"', 'W/"b"', '"c"'] },
    { list: '"a,b", "c d"', tags: ['"a,b"', '"c d"'] },
    { list: '"a\\", "b"', tags: ['"a\\"', '"b"'] },
    { list: ',, "a",', tags: ['"a"'] },
    { list: '"a""b"', tags: ['"a"', '"b"'] },
    { list: '"abc\xfc", "\xa0"', tags: ['"abc\xfc"', '"\xa0"'] },
    { list: 'abc, def ghi , W\\"x"', tags: ['abc', 'def ghi', 'W\\"x"'] },
    { list: 'w/"a", W"b"', tags: ['w/"a"', 'W"b"'] },
    { list: '', tags: [] },
  ])('$list', ({ list, tags }) => expect(entityTags(list)).toEqual(tags));

  test('that is malformed as a whole matches itself', () => {
    expect(anyMatches('a, b', 'a, b', weakMatch)).toBe(true);
    expect(anyMatches('"a', '"a', weakMatch)).toBe(true);
  });

  test.each(['"', 'a', ' ', '" ', 'a"', ',', '"a" ', 'W/'])(
    'made of 16 KiB of %j is read in no time',
    (piece) => {
      expect(anyMatches(`${piece.repeat(16_384 / piece.length)}x`, '"y"', weakMatch)).toBe(false);
    },
    1000,
  );
});
