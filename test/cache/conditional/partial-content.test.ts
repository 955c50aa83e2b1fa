import { describe, expect, test } from 'vitest';
import { type PartialContent, partialContent } from '../../../src/cache/conditional/partial-content.ts';

const body = 'abcdefghijklmnopqrstuvwxyz';
const stored = [
  'content-type',
  'text/plain',
  'etag',
  '"a"',
  'content-length',
  '26',
  'x',
  '1',
  'content-range',
  'bytes 0-25/26',
];

/** The body as whoever sends it puts it together. */
function sent({ parts, tail }: PartialContent): string {
  return parts.map(({ head, range: [first, last] }) => head + body.slice(first, last + 1)).join('') + tail;
}

describe('a 206 (RFC 9110 §15.3.7)', () => {
  test('of one range is that piece', () => {
    const content = partialContent(stored, [[1, 3]], 26);
    expect(content.fields).toEqual([
      'content-type',
      'text/plain',
      'etag',
      '"a"',
      'x',
      '1',
      'content-range',
      'bytes 1-3/26',
    ]);
    expect([sent(content), content.length]).toEqual(['bcd', 3]);
  });

  test('of a whole of unknown length says so', () => {
    expect(partialContent([], [[1, 3]], undefined).fields).toEqual(['content-range', 'bytes 1-3/*']);
  });

  test('of several ranges is multipart, and its length is known before', () => {
    const content = partialContent(
      stored,
      [
        [20, 25],
        [0, 1],
      ],
      26,
      'SEPARATOR',
    );
    expect(content.fields).toEqual([
      'etag',
      '"a"',
      'x',
      '1',
      'content-type',
      'multipart/byteranges; boundary=SEPARATOR',
    ]);
    expect(sent(content)).toBe(
      [
        '--SEPARATOR',
        'Content-Type: text/plain',
        'Content-Range: bytes 20-25/26',
        '',
        'uvwxyz',
        '--SEPARATOR',
        'Content-Type: text/plain',
        'Content-Range: bytes 0-1/26',
        '',
        'ab',
        '--SEPARATOR--',
        '',
      ].join('\r\n'),
    );
    expect(content.length).toBe(sent(content).length);
  });

  test('of several ranges of no type says none', () => {
    const content = partialContent(
      [],
      [
        [0, 0],
        [9, 9],
      ],
      26,
      'S',
    );
    expect(sent(content)).toBe(
      '--S\r\nContent-Range: bytes 0-0/26\r\n\r\na\r\n--S\r\nContent-Range: bytes 9-9/26\r\n\r\nj\r\n--S--\r\n',
    );
  });

  test('has another boundary each time, always of the same length', () => {
    const boundaries = [1, 2].map(() =>
      partialContent(
        [],
        [
          [0, 0],
          [9, 9],
        ],
        26,
      ),
    );
    expect(boundaries[0]?.fields).not.toEqual(boundaries[1]?.fields);
    expect(boundaries[0]?.length).toBe(boundaries[1]?.length);
  });
});
