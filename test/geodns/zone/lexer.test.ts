import { describe, expect, test } from 'vitest';
import { entriesOf, wordsOf } from '../../../src/geodns/zone/lexer.ts';

describe('entries of a master file (RFC 1035 §5.1)', () => {
  test.each([
    { name: 'nothing', text: '', entries: [] },
    { name: 'blank lines and comments', text: '\n \t\n; a "b (\n  ; c\r\n', entries: [] },
    { name: 'a line', text: 'a IN\tA  b', entries: [[1, ['a', 'IN', 'A', 'b']]] },
    {
      name: 'lines of Windows',
      text: 'a A b\r\nc A d\r\n',
      entries: [
        [1, ['a', 'A', 'b']],
        [2, ['c', 'A', 'd']],
      ],
    },
    { name: 'an indented line', text: '\n\tA b', entries: [[2, ['A', 'b'], 'indented']] },
    { name: 'a comment behind words', text: 'a b;c d', entries: [[1, ['a', 'b']]] },
    {
      name: 'parentheses over lines',
      text: 'a (b ; c\n\n  d)e\nf',
      entries: [
        [1, ['a', 'b', 'd', 'e']],
        [4, ['f']],
      ],
    },
    {
      name: 'parentheses within each other',
      text: 'a ( ( b\n) c\n) d\ne',
      entries: [
        [1, ['a', 'b', 'c', 'd']],
        [4, ['e']],
      ],
    },
    { name: 'quotes', text: 'a "b ;(c" "" "\\"d"', entries: [[1, ['a', '"b ;(c"', '""', '"\\"d"']]] },
    { name: 'quotes without a blank between', text: 'a"b""c"d', entries: [[1, ['a', '"b"', '"c"', 'd']]] },
    { name: 'a quoted value of a key', text: 'a="b c" d=e', entries: [[1, ['a="b c"', 'd=e']]] },
    { name: 'escapes', text: 'a\\ b\\;c\\(\\)\\" d\\\\ e\\', entries: [[1, ['a\\ b\\;c\\(\\)\\"', 'd\\\\', 'e\\']]] },
    {
      name: 'a backslash at the end of a line',
      text: 'a\\\nb',
      entries: [
        [1, ['a\\']],
        [2, ['b']],
      ],
    },
  ])('$name', ({ text, entries }) => {
    expect(Array.from(entriesOf(text), seen)).toEqual(entries);
  });

  test.each([
    { name: 'an open quote', text: 'a "b\nc', line: 1, problem: 'a quote is never closed', next: 2 },
    { name: 'an open quote of a value', text: 'a\nb="c\nd', line: 2, problem: 'a quote is never closed', next: 3 },
    {
      name: 'a parenthesis too many',
      text: 'a )\nc',
      line: 1,
      problem: 'a parenthesis is closed that was never opened',
      next: 2,
    },
    {
      name: 'an open parenthesis',
      text: 'a\nb (\nc\nd',
      line: 2,
      problem: 'a parenthesis is never closed',
      next: undefined,
    },
    {
      name: 'a quote that ends with a backslash',
      text: 'a "b\\',
      line: 1,
      problem: 'a quote is never closed',
      next: undefined,
    },
  ])('tells $name, and reads on', ({ text, line, problem, next }) => {
    const entries = [...entriesOf(text)];
    const bad = entries.findIndex((entry) => entry.problem !== undefined);
    expect(entries[bad]).toMatchObject({ line, problem });
    expect(entries[bad + 1]?.line).toBe(next);
  });

  test('are read once through, however long they are', () => {
    const text = `a ${'('.repeat(100_000)}${'"b" '.repeat(100_000)}${')'.repeat(100_000)}\n"${'\\x'.repeat(500_000)}"`;
    expect(Array.from(entriesOf(text), (entry) => entry.words.length)).toEqual([100_001, 1]);
  });
});

test('a value that stands alone is one line', () => {
  expect(wordsOf('10 a. ; b')).toEqual([
    { text: '10', quoted: false },
    { text: 'a.', quoted: false },
  ]);
  expect(wordsOf('( 10\n a. )')).toBe('expected one line');
  expect(wordsOf('"a')).toBe('a quote is never closed');
});

function seen({
  line,
  indented,
  words,
}: {
  line: number;
  indented: boolean;
  words: readonly { text: string; quoted: boolean }[];
}) {
  const shown = words.map(({ text, quoted }) => (quoted ? `"${text}"` : text));
  return indented ? [line, shown, 'indented'] : [line, shown];
}
