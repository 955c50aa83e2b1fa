import { describe, expect, test } from 'vitest';
import { parseDictionary, sfString, tokenOrString } from '../../../src/cache/semantics/structured.ts';

describe('a dictionary (RFC 9651 §4.2.2)', () => {
  test.each([
    { text: '', members: {} },
    { text: '   ', members: {} },
    { text: 'a', members: { a: { type: 'boolean', value: true } } },
    { text: '  a  ', members: { a: { type: 'boolean', value: true } } },
    { text: 'a=?0', members: { a: { type: 'boolean', value: false } } },
    { text: 'a=1', members: { a: { type: 'integer', value: 1 } } },
    { text: 'a=-1', members: { a: { type: 'integer', value: -1 } } },
    { text: 'a=999999999999999', members: { a: { type: 'integer', value: 999999999999999 } } },
    { text: 'a=1.5', members: { a: { type: 'decimal', value: 1.5 } } },
    { text: 'a="b \\" \\\\"', members: { a: { type: 'string', value: 'b " \\' } } },
    { text: 'a=b/c:d', members: { a: { type: 'token', value: 'b/c:d' } } },
    { text: 'a=:YWI=:', members: { a: { type: 'other' } } },
    { text: 'a=@1700000000', members: { a: { type: 'other' } } },
    { text: 'a=%"f%c3%bc"', members: { a: { type: 'other' } } },
    { text: 'a=(1 "b";c  d)', members: { a: { type: 'other' } } },
    { text: 'a=()', members: { a: { type: 'other' } } },
    { text: 'a=1;b=2; c="d";e', members: { a: { type: 'integer', value: 1 } } },
    { text: 'a;b, c', members: { a: { type: 'boolean', value: true }, c: { type: 'boolean', value: true } } },
    { text: 'a=1 ,\tb=2', members: { a: { type: 'integer', value: 1 }, b: { type: 'integer', value: 2 } } },
    { text: 'a=1, a=2', members: { a: { type: 'integer', value: 2 } } },
    {
      text: 'max-age=60, *x.y_z',
      members: { 'max-age': { type: 'integer', value: 60 }, '*x.y_z': { type: 'boolean', value: true } },
    },
  ])('$text', ({ text, members }) => {
    expect(Object.fromEntries(parseDictionary(text) ?? [])).toEqual(members);
  });

  test.each([
    'A=1',
    '1=1',
    'a=',
    'a =1',
    'a= 1',
    'a=1,',
    'a=1, ',
    ',a=1',
    'a=1,,b=2',
    'a=1 b=2',
    '\ta',
    'a\t',
    'a=1.',
    'a=.5',
    'a=1.2345',
    'a=1234567890123.1',
    'a=1234567890123456',
    'a=--1',
    'a=?2',
    'a="b',
    'a="\\b"',
    'a="ü"',
    'a=(1',
    'a=(1,2)',
    'a=(1"b")',
    'a=:%:',
    "a='1'",
    'a;=1',
    'a;B',
    'a=1;b=',
    'a, &&&&&',
  ])('%j is none', (text) => {
    expect(parseDictionary(text)).toBeUndefined();
  });

  // Were the time quadratic, the test's own would run out.
  test.each([
    { name: 'spaces', text: `a${' '.repeat(500_000)}b` },
    { name: 'escapes', text: `a="${'\\\\'.repeat(250_000)}` },
    { name: 'spaces in a list', text: `a=(${' '.repeat(500_000)}` },
  ])('of many $name is refused in no time', ({ text }) => {
    expect(parseDictionary(text)).toBeUndefined();
  });
});

describe('what is written', () => {
  test.each([
    { text: 'Portico', written: 'Portico' },
    { text: 'us-1.example.com:80', written: 'us-1.example.com:80' },
    { text: '1st', written: '"1st"' },
    { text: 'two words', written: '"two words"' },
    { text: 'a"b\\', written: '"a\\"b\\\\"' },
    { text: '', written: '""' },
    { text: 'Zürich\r\n', written: '"Z?rich??"' },
  ])('$text is a token or a string', ({ text, written }) => {
    expect(tokenOrString(text)).toBe(written);
    expect(parseDictionary(`a=${written}`)?.get('a')).toBeDefined();
  });

  test('a string stays one', () => {
    expect(sfString('token')).toBe('"token"');
  });
});
