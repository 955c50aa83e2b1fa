import { describe, expect, test } from 'vitest';
import { type FieldLines, FramingError, Http1Parser, requestFraming, responseFraming } from './http1-parser.ts';

/** The judge of the security tests must be stricter than whoever it judges. */

const HEAD = 'POST / HTTP/1.1\r\nHost: a\r\n';

describe('the strict reader takes', () => {
  const messages: Record<string, { bytes: string; body: string; trailers?: FieldLines }> = {
    'a request without a body': { bytes: `${HEAD}\r\n`, body: '' },
    'a body with a length': { bytes: `${HEAD}Content-Length: 5\r\n\r\nhello`, body: 'hello' },
    'chunks, and trailers after them': {
      bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n`,
      body: 'hello',
      trailers: [['X', 'y']],
    },
  };
  test.each(Object.entries(messages))('%s, whole or byte by byte', (_, { bytes, body, trailers = [] }) => {
    for (const pieces of [[bytes], [...bytes], [bytes + bytes]]) {
      const seen = read(pieces);
      expect(seen.between).toBe(true);
      for (const message of seen.messages) expect(message).toEqual({ body, trailers });
    }
    expect(read([bytes + bytes]).messages).toHaveLength(2);
  });

  test('nothing of what has not come', () => {
    const { messages, between } = read([`${HEAD}Content-Length: 5\r\n\r\nhell`]);
    expect(messages).toEqual([]);
    expect(between).toBe(false);
  });
});

describe('the strict reader refuses', () => {
  test.each([
    ['a bare LF', 'POST / HTTP/1.1\nHost: a\r\n\r\n'],
    ['a bare CR', `${HEAD}X: y\rz\r\n\r\n`],
    ['a NUL', `${HEAD}X: y\0\r\n\r\n`],
    ['a folded line', `${HEAD}X: y\r\n z\r\n\r\n`],
    ['a space before a colon', `${HEAD}X : y\r\n\r\n`],
    ['no Host', 'POST / HTTP/1.1\r\n\r\n'],
    ['two Hosts', `${HEAD}Host: b\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`],
    ['a length and chunks', `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`],
    ['a length with a zero before it', `${HEAD}Content-Length: 05\r\n\r\nhello`],
    ['a length with a sign', `${HEAD}Content-Length: +5\r\n\r\nhello`],
    ['a coding that is not chunked', `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    ['a chunk with an extension', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n`],
    ['a chunk longer than its size', `${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n`],
    ['a chunk size with a space', `${HEAD}Transfer-Encoding: chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n`],
  ])('%s', (_, bytes) => {
    expect(() => read([bytes])).toThrow(FramingError);
  });

  test('a 204 that declares a body', () => {
    const fields: FieldLines = [['Content-Length', '0']];
    expect(() => responseFraming({ startLine: 'HTTP/1.1 204 No Content', fields }, 'GET')).toThrow(FramingError);
  });
});

function read(pieces: readonly string[]): { messages: { body: string; trailers: FieldLines }[]; between: boolean } {
  const messages: { body: string; trailers: FieldLines }[] = [];
  let body = '';
  const parser = new Http1Parser({
    head: requestFraming,
    data: (bytes) => {
      body += bytes;
    },
    end: (trailers) => {
      messages.push({ body, trailers });
      body = '';
    },
  });
  for (const piece of pieces) parser.push(Buffer.from(piece, 'latin1'));
  return { messages, between: parser.between };
}
