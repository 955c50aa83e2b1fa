import { describe, expect, test } from 'vitest';
import { BodyParser } from '../../../src/proxy/http1/body-parser.ts';
import { Unread } from '../../../src/proxy/http1/unread.ts';

/** What becomes of a body whose bytes come in these pieces, as a connection does it. */
function read(length: number | undefined, ...pieces: readonly string[]) {
  let body = '';
  const parser = new BodyParser(length, 1_000, (piece) => {
    body += piece.toString('latin1');
  });
  const unread = new Unread();
  for (const piece of pieces) {
    unread.add(Buffer.from(piece, 'latin1'));
    unread.take(parser.push(unread.bytes));
  }
  return { body, done: parser.done, left: unread.bytes.toString('latin1') };
}

const NEXT = 'GET / HTTP/1.1\r\n\r\n';

describe('a body', () => {
  const bodies = [
    { name: 'with a length', length: 5, bytes: 'hello', body: 'hello' },
    { name: 'in chunks', bytes: '5\r\nhello\r\n6;a\r\n world\r\n0\r\n\r\n', body: 'hello world' },
    { name: 'of no chunks', bytes: '0\r\n\r\n', body: '' },
    {
      name: 'with sizes in either case, and zeros before them',
      bytes: '00a\r\n0123456789\r\nA\r\n0123456789\r\n000\r\n\r\n',
      body: '01234567890123456789',
    },
    { name: 'with extensions', bytes: '1;a=b;c="d\\"e;\xe4"\r\nx\r\n0;last\r\n\r\n', body: 'x' },
    { name: 'with trailers, which are dropped', bytes: '1\r\nx\r\n0\r\nX: y\r\nHost: z\r\n\r\n', body: 'x' },
    { name: 'with line ends in it', bytes: '6\r\n\r\n0\r\n\r\r\n0\r\n\r\n', body: '\r\n0\r\n\r' },
  ];

  test.each(bodies)('$name ends where it ends, in one piece', ({ length, bytes, body }) => {
    expect(read(length, bytes + NEXT)).toEqual({ body, done: true, left: NEXT });
  });

  test.each(bodies)('$name ends where it ends, wherever it is cut in two', ({ length, bytes, body }) => {
    for (let at = 1; at < bytes.length; at++) {
      expect(read(length, bytes.slice(0, at), bytes.slice(at) + NEXT), `cut at ${at}`).toEqual({
        body,
        done: true,
        left: NEXT,
      });
    }
  });

  test.each(bodies)('$name ends where it ends, byte by byte', ({ length, bytes, body }) => {
    expect(read(length, ...bytes, NEXT)).toEqual({ body, done: true, left: NEXT });
  });

  test.each(bodies)('$name is not done before its last byte', ({ length, bytes }) => {
    expect(read(length, bytes.slice(0, -1)).done).toBe(false);
  });
});

describe('a chunked body that is none (RFC 9112 §7.1)', () => {
  test.each([
    'five\r\n',
    '\r\nhello',
    ' 5\r\n',
    '5 \r\n',
    '5\nhello',
    '5\rhello',
    '0x5\r\n',
    '-5\r\n',
    'ffffffffffffff\r\n',
    '10000000000000005\r\n',
    '5;\r\n',
    '5;a=\r\n',
    '5;a="b\r\n',
    '5;a b\r\n',
    '5\r\nhelloXX',
    '5\r\nhello\n0',
    '5\r\nhello0\r\n\r\n',
    '0\r\nX Y: z\r\n\r\n',
    '0\r\nX: y\n\r\n\r\n',
    '0\r\nContent-Length: 5\r\n\r\n',
    '0\r\ntransfer-encoding: chunked\r\n\r\n',
  ])('%j', (bytes) => {
    expect(() => read(undefined, bytes)).toThrow(expect.objectContaining({ code: 'bad_request' }));
    expect(() => read(undefined, ...bytes)).toThrow(expect.objectContaining({ code: 'bad_request' }));
  });

  test('an extension that does not end', () => {
    expect(() => read(undefined, `5;${'x'.repeat(20_000)}`)).toThrow(
      expect.objectContaining({ code: 'body_too_large' }),
    );
  });

  test('extensions that go on and on', () => {
    const chunk = `1;${'x'.repeat(1_000)}\r\na\r\n`;
    expect(() => read(undefined, chunk.repeat(17))).toThrow(expect.objectContaining({ code: 'body_too_large' }));
  });

  test('trailers that do not end', () => {
    const trailers = 'X: y\r\n'.repeat(200);
    expect(() => read(undefined, `0\r\n${trailers}`)).toThrow(expect.objectContaining({ code: 'head_too_large' }));
    expect(() => read(undefined, `0\r\n${trailers}\r\n`)).toThrow(expect.objectContaining({ code: 'head_too_large' }));
  });
});
