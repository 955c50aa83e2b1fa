import { describe, expect, test } from 'vitest';
import {
  isBelow,
  isWithin,
  labelOffsets,
  nameEnd,
  nameFromText,
  nameKey,
  nameToText,
  parentKey,
  ROOT,
  ROOT_KEY,
  substituted,
} from '../../../src/geodns/wire/name.ts';
import { Problem } from '../../../src/geodns/wire/problem.ts';
import { name, randomBytes } from '../names.ts';

const EXAMPLE = name('example.org.');
const L63 = 'a'.repeat(63);

describe('a name in text (RFC 1035 §5.1)', () => {
  test.each([
    { text: '.', wire: '\0' },
    { text: 'a.', wire: '\x01a\0' },
    { text: 'www.Example.ORG.', wire: '\x03www\x07Example\x03ORG\0' },
    { text: 'www', wire: '\x03www\x07example\x03org\0' },
    { text: '@', wire: '\x07example\x03org\0' },
    { text: '\\@', wire: '\x01@\x07example\x03org\0' },
    { text: 'a\\.b.', wire: '\x03a.b\0' },
    { text: 'a\\.', wire: '\x02a.\x07example\x03org\0' },
    { text: '\\000\\255\\032.', wire: '\x03\0\xff \0' },
    { text: '\\\\.', wire: '\x01\\\0' },
    { text: '*.a.', wire: '\x01*\x01a\0' },
    { text: '\xe9.', wire: '\x01\xe9\0' },
    { text: `${L63}.${L63}.${L63}.${'a'.repeat(61)}.`, wire: `?${L63}?${L63}?${L63}=${'a'.repeat(61)}\0` },
  ])('$text', ({ text, wire }) => {
    expect((nameFromText(text, EXAMPLE) as Buffer).toString('latin1')).toBe(wire);
  });

  test.each([
    { text: '', words: 'expected a name, got nothing' },
    { text: '..', words: 'an empty label in the name ".."' },
    { text: '.a.', words: 'an empty label in the name ".a."' },
    { text: 'a..b.', words: 'an empty label in the name "a..b."' },
    { text: 'a\\', words: 'no such escape in the name "a\\\\"' },
    { text: 'a\\25.', words: 'no such escape in the name "a\\\\25."' },
    { text: '\\256.', words: 'no such escape in the name "\\\\256."' },
    { text: '日本.', words: 'no byte in the name "日本.": write it as xn--…' },
    { text: `${L63}a.`, words: /^a label longer than 63 bytes in the name "a+\."$/ },
    { text: `${L63}.${L63}.${L63}.${'a'.repeat(62)}.`, words: /is longer than 255 bytes$/ },
    { text: `${L63}.${L63}.${L63}.${'a'.repeat(50)}`, words: /is longer than 255 bytes$/ },
  ])('refuses $text', ({ text, words }) => {
    const read = nameFromText(text, EXAMPLE);
    expect(read).toBeInstanceOf(Problem);
    expect((read as Problem).message).toMatch(words);
  });

  test.each([
    { wire: '\0', text: '.' },
    { wire: '\x03www\x07Example\x03ORG\0', text: 'www.Example.ORG.' },
    { wire: '\x03a.b\x01\\\0', text: 'a\\.b.\\\\.' },
    { wire: '\x06"();@$\0', text: '\\"\\(\\)\\;\\@\\$.' },
    { wire: '\x04\0 \x7f\xff\0', text: '\\000\\032\\127\\255.' },
    { wire: '\x01*\x03_ta\0', text: '*._ta.' },
  ])('is shown as $text', ({ wire, text }) => {
    expect(nameToText(Buffer.from(wire, 'latin1'))).toBe(text);
  });

  test('is the same after it was shown and read again, whatever its bytes are', () => {
    const random = randomBytes(1);
    for (let i = 0; i < 2000; i++) {
      const labels = Array.from({ length: (random(1)[0] as number) % 6 }, () =>
        random(1 + ((random(1)[0] as number) % 40)),
      );
      const wire = Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), ROOT]);
      expect(nameFromText(nameToText(wire), EXAMPLE)).toEqual(wire);
    }
  });
});

describe('the key of a name (RFC 4343)', () => {
  test.each([
    { a: 'WWW.Example.org.', b: 'www.eXAMPLE.ORG.', same: true },
    { a: '\\065.', b: 'a.', same: true },
    { a: '\\192.', b: '\\224.', same: false },
    { a: '\\192A.', b: '\\192a.', same: true },
    { a: '[.', b: '{.', same: false },
    { a: 'a\\.b.', b: 'a.b.', same: false },
  ])('$a and $b: the same $same', ({ a, b, same }) => {
    expect(nameKey(name(a)) === nameKey(name(b))).toBe(same);
  });

  test.each([
    { of: 'www.example.org.', above: 'example.org.', within: true, below: true },
    { of: 'example.org.', above: 'example.org.', within: true, below: false },
    { of: 'example.org.', above: 'www.example.org.', within: false, below: false },
    { of: 'notexample.org.', above: 'example.org.', within: false, below: false },
    { of: 'a\\007example.org.', above: 'example.org.', within: false, below: false },
    { of: 'example.org.', above: '.', within: true, below: true },
    { of: '.', above: '.', within: true, below: false },
  ])('$of within $above: $within, below it: $below', ({ of, above, within, below }) => {
    expect(isWithin(nameKey(name(of)), nameKey(name(above)))).toBe(within);
    expect(isBelow(nameKey(name(of)), nameKey(name(above)))).toBe(below);
  });

  test('has a parent, up to the root', () => {
    expect(parentKey(nameKey(name('www.example.')))).toBe('\x07example\0');
    expect(parentKey('\x07example\0')).toBe(ROOT_KEY);
    expect(parentKey(ROOT_KEY)).toBeUndefined();
  });

  test('tells where its labels begin', () => {
    expect(labelOffsets(nameKey(name('www.example.org.')))).toEqual([0, 4, 12]);
    expect(labelOffsets(nameKey(name('www.example.org.')), 12)).toEqual([0, 4]);
    expect(labelOffsets(ROOT_KEY)).toEqual([]);
  });
});

describe('a name brought below another (RFC 6672 §2.2)', () => {
  test('keeps what is before the owner, in its case', () => {
    expect(substituted(name('A.b.example.org.'), EXAMPLE, name('x.'))).toEqual(name('A.b.x.'));
    expect(substituted(name('a.example.org.'), EXAMPLE, ROOT)).toEqual(name('a.'));
  });

  test('may be too long', () => {
    const long = name(`${L63}.${L63}.${L63}.${'a'.repeat(40)}.x.`);
    expect(substituted(name(`${'a'.repeat(15)}.example.org.`), EXAMPLE, long)).toHaveLength(252);
    expect(substituted(name(`${'a'.repeat(19)}.example.org.`), EXAMPLE, long)).toBeUndefined();
  });
});

test.each([
  { bytes: '\0', start: 0, end: 1 },
  { bytes: 'xx\x01a\0yy', start: 2, end: 5 },
  { bytes: '\x01a', start: 0, end: undefined },
  { bytes: '\x05a\0', start: 0, end: undefined },
  { bytes: '\xc0\x00', start: 0, end: undefined },
  { bytes: '\x40'.padEnd(70, 'a'), start: 0, end: undefined },
  { bytes: `${'\x01a'.repeat(127)}\0`, start: 0, end: 255 },
  { bytes: `${'\x01a'.repeat(127)}\x01a\0`, start: 0, end: undefined },
  { bytes: '', start: 0, end: undefined },
])('the end of a name in $bytes is at $end', ({ bytes, start, end }) => {
  expect(nameEnd(Buffer.from(bytes, 'latin1'), start)).toBe(end);
});
