import { describe, expect, test } from 'vitest';
import { SharedFields } from '../../../src/proxy/exchange.ts';
import { declaredLength, responseLines, statusLine } from '../../../src/proxy/http1/response-text.ts';

describe('a status line', () => {
  test.each([
    [200, 'HTTP/1.1 200 OK\r\n'],
    [103, 'HTTP/1.1 103 Early Hints\r\n'],
    [299, 'HTTP/1.1 299 Unknown\r\n'],
  ])('%i', (status, line) => expect(statusLine(status)).toBe(line));
});

describe('the lines of a reply', () => {
  test('begin with those that it shares, which are made once', () => {
    const shared = new SharedFields(['etag', '"1"']);
    expect(responseLines({ status: 200, shared, fields: ['age', '1'] })).toBe('etag: "1"\r\nage: 1\r\n');
    expect(shared.text).toBe('etag: "1"\r\n');
    shared.text = 'made: before\r\n';
    expect(responseLines({ status: 200, shared, fields: [] })).toBe('made: before\r\n');
  });
});

describe('the declared length of a reply', () => {
  test.each([
    { name: 'told beside the fields', head: { fields: ['content-length', '5'], length: 5 }, length: 5 },
    { name: 'in the fields', head: { fields: ['a', 'b', 'Content-Length', '5'] }, length: 5 },
    {
      name: 'in the shared fields',
      head: { fields: ['a', 'b'], shared: new SharedFields(['content-length', '0']) },
      length: 0,
    },
    { name: 'nowhere', head: { fields: ['content-length-x', '5', 'x', 'content-length'] }, length: undefined },
  ])('$name', ({ head, length }) => expect(declaredLength({ status: 200, ...head })).toBe(length));
});
