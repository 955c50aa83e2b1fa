import { describe, expect, test } from 'vitest';
import { apacheText, asciiJson, token } from '../../src/observe/log-escape.ts';

const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1');

describe('text between double quotes (Apache)', () => {
  test.each([
    {
      name: 'leaves ordinary text alone',
      text: "Mozilla/5.0 (X11; Linux) 'x' ~",
      expected: "Mozilla/5.0 (X11; Linux) 'x' ~",
    },
    { name: 'leaves nothing alone', text: '', expected: '' },
    { name: 'keeps a double quote from ending the field', text: 'a" 200 1 "b', expected: 'a\\" 200 1 \\"b' },
    { name: 'keeps a backslash from eating the closing quote', text: 'a\\', expected: 'a\\\\' },
    { name: 'keeps a line feed from forging a line', text: 'a\r\n10.0.0.1 - -', expected: 'a\\r\\n10.0.0.1 - -' },
    { name: 'names the other escapes that Apache names', text: '\b\t\v', expected: '\\b\\t\\v' },
    { name: 'tells other control bytes in hexadecimal', text: '\x00\x1b[2J\x7f', expected: '\\x00\\x1b[2J\\x7f' },
    { name: 'tells bytes above ASCII in hexadecimal', text: 'caf\xc3\xa9\xff', expected: 'caf\\xc3\\xa9\\xff' },
    { name: 'tells a character that is no byte in UTF-8', text: '\u20ac\u010a', expected: '\\xe2\\x82\\xac\\xc4\\x8a' },
  ])('$name', ({ text, expected }) => {
    expect(apacheText(text)).toBe(expected);
  });

  test('is printable ASCII whatever the bytes were', () => {
    expect(apacheText(EVERY_BYTE)).toMatch(/^[ -~]*$/);
  });
});

describe('text between spaces (Squid)', () => {
  test.each([
    { name: 'leaves ordinary text alone', text: 'http://a/?q=%20"x"', expected: 'http://a/?q=%20"x"' },
    { name: 'writes nothing as a dash', text: '', expected: '-' },
    { name: 'keeps a space from beginning a field', text: '/a b', expected: '/a%20b' },
    { name: 'keeps a line feed from forging a line', text: '/\r\n0.000', expected: '/%0D%0A0.000' },
    { name: 'tells bytes above ASCII in hexadecimal', text: '/\x7f\x80\xff', expected: '/%7F%80%FF' },
    { name: 'tells a character that is no byte in UTF-8', text: '\u010a', expected: '%C4%8A' },
  ])('$name', ({ text, expected }) => {
    expect(token(text)).toBe(expected);
  });

  test('has no space and no control byte whatever the bytes were', () => {
    expect(token(EVERY_BYTE)).toMatch(/^[!-~]*$/);
  });
});

describe('JSON in ASCII', () => {
  test.each([
    { name: 'ordinary text', text: 'Mozilla/5.0' },
    { name: 'every byte', text: EVERY_BYTE },
    { name: 'a lone half of a pair', text: '\ud800' },
    { name: 'line separators', text: '\u2028\u2029' },
    { name: 'a whole pair', text: '\u{1f600}' },
    { name: 'a very long text', text: '\xff"\\\r\n'.repeat(20_000) },
  ])('says the same of $name', ({ text }) => {
    const json = asciiJson(JSON.stringify({ text }));
    expect(json).toMatch(/^[ -\x7f]*$/);
    expect(JSON.parse(json)).toEqual({ text });
  });
});
