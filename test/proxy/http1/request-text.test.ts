import { describe, expect, test } from 'vitest';
import { checkBeginning, parseFieldLines, parseRequestLine } from '../../../src/proxy/http1/request-text.ts';

const badRequest = expect.objectContaining({ code: 'bad_request' });

describe('a request line (RFC 9112 §3)', () => {
  test.each([
    { line: 'GET / HTTP/1.1', parsed: ['GET', '/', '1.1'] },
    { line: 'POST /form?a=b HTTP/1.0', parsed: ['POST', '/form?a=b', '1.0'] },
    { line: 'OPTIONS * HTTP/1.1', parsed: ['OPTIONS', '*', '1.1'] },
    { line: 'GET http://b.example/%zz HTTP/1.1', parsed: ['GET', 'http://b.example/%zz', '1.1'] },
    { line: 'M-SEARCH * HTTP/1.1', parsed: ['M-SEARCH', '*', '1.1'] },
    { line: 'GET   /   HTTP/1.1', parsed: ['GET', '/', '1.1'] },
    { line: 'GET / HTTP/0.9', parsed: ['GET', '/', '0.9'] },
    { line: 'GET / HTTP/2.0', parsed: ['GET', '/', '2.0'] },
  ])('$line', ({ line, parsed: [method, target, version] }) => {
    expect(parseRequestLine(line)).toEqual({ method, target, version });
  });

  test.each([
    '',
    'GET',
    'GET ',
    'GET /',
    'GET  HTTP/1.1',
    ' GET / HTTP/1.1',
    'get / HTTP/1.1',
    'BREW / HTTP/1.1',
    'GET\t/ HTTP/1.1',
    'GET /\tHTTP/1.1',
    'GET /a b HTTP/1.1',
    'GET /caf\xe9 HTTP/1.1',
    'GET /\x7f HTTP/1.1',
    'GET / HTTP/1.1 ',
    'GET / HTTP/1.2',
    'GET / HTTP/1.10',
    'GET / HTTP/11',
    'GET / http/1.1',
    'GET / HTTP/1.1 HTTP/1.1',
    'GET / HTTP/1.1\r',
  ])('%j is none', (line) => {
    expect(() => parseRequestLine(line)).toThrow(badRequest);
  });
});

describe('field lines (RFC 9112 §5)', () => {
  test.each([
    { name: 'none', lines: [], fields: [] },
    {
      name: 'in their order and letters',
      lines: ['Host: a', 'X-b:c', 'x-B: d'],
      fields: 'Host a X-b c x-B d'.split(' '),
    },
    { name: 'blanks around a value', lines: ['X: \t a \t'], fields: ['X', 'a'] },
    { name: 'blanks within a value', lines: ['X: a \tb'], fields: ['X', 'a \tb'] },
    { name: 'a no-break space, which is no blank', lines: ['X: \xa0a\xa0'], fields: ['X', '\xa0a\xa0'] },
    { name: 'an empty value', lines: ['X:', 'Y: \t'], fields: ['X', '', 'Y', ''] },
    { name: 'colons in a value', lines: ['X::a:'], fields: ['X', ':a:'] },
    { name: 'a name that objects have', lines: ['__proto__: a'], fields: ['__proto__', 'a'] },
    { name: 'a long name', lines: [`${'x'.repeat(100)}: a`], fields: ['x'.repeat(100), 'a'] },
  ])('$name', ({ lines, fields }) => {
    expect(parseFieldLines(lines.map((line) => `\r\n${line}`).join(''))).toEqual(fields);
  });

  test.each([
    'X',
    ': a',
    'X : a',
    'X\t: a',
    'X Y: a',
    ' X: a',
    'X: a\r\n b',
    'X(: a',
    'X\xe4: a',
    'X\0: a',
    'X: \x01',
    'X: a\rb',
    'X: a\nb',
    'X: \x7f',
  ])('%j are none', (lines) => {
    expect(() => parseFieldLines(`\r\nHost: a\r\n${lines}`)).toThrow(badRequest);
  });
});

describe('the beginning of a head', () => {
  test.each([
    'G',
    'GET',
    'GET ',
    'GET /',
    'M-SEARC',
    'GET / HTTP/1.1\r',
    'GET / HTTP/1.1\r\nX',
    'GET / HTTP/1.1\r\n\r',
  ])('%j may become one', (text) => {
    const bytes = Buffer.from(text, 'latin1');
    expect(checkBeginning(bytes, 0)).toBe(text.endsWith('\r') ? text.length - 1 : text.length);
  });

  test.each([
    '\x16\x03\x01',
    'get',
    'BREW ',
    'A'.repeat(100),
    '{"a":1}',
    'GET / HTTP/1.1\n',
    'GET / HTTP/1.1\r\nX: \0',
  ])('%j never will', (text) => {
    expect(() => checkBeginning(Buffer.from(text, 'latin1'), 0)).toThrow(badRequest);
  });
});
