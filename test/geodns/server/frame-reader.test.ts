import { describe, expect, test } from 'vitest';
import { BROKEN, FrameReader, NONE } from '../../../src/geodns/server/frame-reader.ts';
import { LONGEST_QUERY } from '../../../src/geodns/server/tcp-limits.ts';
import { frame } from './tcp-client.ts';

const into = Buffer.alloc(LONGEST_QUERY);

/** All queries that a reader finds in these chunks, and how it ends. */
function readAll(chunks: readonly Buffer[]): { queries: string[]; end: number; isWithin: boolean } {
  const reader = new FrameReader();
  const queries: string[] = [];
  let end = NONE;
  for (const chunk of chunks) {
    reader.push(chunk);
    for (end = reader.next(into); end > 0; end = reader.next(into)) queries.push(into.toString('latin1', 0, end));
    if (end === BROKEN) break;
  }
  return { queries, end, isWithin: reader.isWithin };
}

describe('queries in a stream', () => {
  const queries = ['twelve bytes', 'thirteen byte', 'x'.repeat(LONGEST_QUERY), 'the last of them'];
  const stream = Buffer.concat(queries.map(frame));

  test('are found in one piece', () => {
    expect(readAll([stream])).toEqual({ queries, end: NONE, isWithin: false });
  });

  test('are found byte by byte', () => {
    expect(readAll([...stream].map((byte) => Buffer.of(byte)))).toEqual({ queries, end: NONE, isWithin: false });
  });

  test('are found wherever the stream is cut in two', () => {
    for (let cut = 0; cut <= stream.length; cut++) {
      expect(readAll([stream.subarray(0, cut), stream.subarray(cut)]).queries).toEqual(queries);
    }
  });

  test.each([
    { name: 'nothing', bytes: '', isWithin: false },
    { name: 'half a length', bytes: '00', isWithin: true },
    { name: 'a length', bytes: '0020', isWithin: true },
    { name: 'half a query', bytes: '0020ffff', isWithin: true },
    { name: 'a query', bytes: '000c000000000000000000000000', isWithin: false },
    { name: 'a query and half a length', bytes: '000c00000000000000000000000000', isWithin: true },
  ])('may be under way: $name, $isWithin', ({ bytes, isWithin }) => {
    expect(readAll([Buffer.from(bytes, 'hex')])).toMatchObject({ end: NONE, isWithin });
  });

  test.each([
    { name: 'of no byte', length: 0 },
    { name: 'shorter than a header', length: 11 },
    { name: 'longer than any query', length: LONGEST_QUERY + 1 },
    { name: 'of HTTP', length: 0x4745 },
  ])('end at one $name', ({ length }) => {
    const broken = Buffer.alloc(2 + length);
    broken.writeUInt16BE(length);
    expect(readAll([frame('twelve bytes'), broken, frame('behind it all')])).toMatchObject({
      queries: ['twelve bytes'],
      end: BROKEN,
    });
  });
});
