import { describe, expect, test } from 'vitest';
import { parseRange, rangeOutcome, satisfied, unsatisfiedRange } from '../../../src/cache/conditional/range.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';
import { cacheRequest } from '../select/request.ts';
import { at, NOON, storedResponse } from './stored.ts';

const WHOLE = { kind: 'whole' };
const MISSING = { kind: 'missing' };

/** What of a body of `length` bytes a Range gets. */
function outcome(
  range: string | undefined,
  length: number,
  rest: Partial<StoredResponse> = {},
  more: string[] = [],
  method = 'GET',
) {
  const fields = range === undefined ? more : ['range', range, ...more];
  return rangeOutcome(
    cacheRequest({ method, fields }),
    storedResponse(['etag', '"a"', 'date', at(0)], rest),
    length,
    NOON,
  );
}

function partial(complete: number | undefined, ...ranges: [number, number][]) {
  return { kind: 'partial', ranges, complete };
}

describe('a range of 1000 bytes (RFC 9110 §14.1.2)', () => {
  test.each([
    { range: 'bytes=0-499', ranges: [[0, 499]] },
    { range: 'bytes=500-999', ranges: [[500, 999]] },
    { range: 'bytes=0-0', ranges: [[0, 0]] },
    { range: 'bytes=-1', ranges: [[999, 999]] },
    { range: 'bytes=-500', ranges: [[500, 999]] },
    { range: 'bytes=-5000', ranges: [[0, 999]] },
    { range: 'bytes=950-', ranges: [[950, 999]] },
    { range: 'bytes=0-', ranges: [[0, 999]] },
    { range: 'bytes=900-9999', ranges: [[900, 999]] },
    { range: 'BYTES=1-2', ranges: [[1, 2]] },
    {
      range: 'bytes= 0-1 ,\t,200-201,',
      ranges: [
        [0, 1],
        [200, 201],
      ],
    },
    {
      range: 'bytes=500-600, 0-10',
      ranges: [
        [500, 600],
        [0, 10],
      ],
    },
    {
      range: 'bytes=0-1, 5000-6000, -1',
      ranges: [
        [0, 1],
        [999, 999],
      ],
    },
    { range: `bytes=0-${'9'.repeat(400)}`, ranges: [[0, 999]] },
    { range: `bytes=-${'9'.repeat(400)}`, ranges: [[0, 999]] },
    { range: 'bytes=000000000000000000000000000001-2', ranges: [[1, 2]] },
  ])('$range', ({ range, ranges }) =>
    expect(outcome(range, 1000)).toEqual({ kind: 'partial', ranges, complete: 1000 }),
  );

  test.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=-0', `bytes=${'9'.repeat(400)}-`, 'bytes=5000-, -0'])(
    'is not there: %s',
    (range) => expect(outcome(range, 1000)).toEqual({ kind: 'unsatisfiable', complete: 1000 }),
  );

  test.each([
    'bytes',
    'bytes=',
    'bytes=,',
    'bytes=-',
    'bytes=a-b',
    'bytes=1',
    'bytes=2-1',
    'bytes=0-1,5-4',
    'bytes=0-1;2-3',
    'bytes=1 - 2',
    'bytes=--1',
    'bytes=+1-2',
    'bytes=0x0-1',
    'bytes=1-2-3',
    'bytes =0-1',
    ' bytes=0-1',
    'items=0-1',
    '0-1',
    '',
  ])('is none, and is ignored: %j', (range) => expect(outcome(range, 1000)).toEqual(WHOLE));

  test('is named in a 416', () => expect(unsatisfiedRange(1000)).toBe('bytes */1000'));
});

describe('nothing can be cut out of nothing', () => {
  test.each([
    { range: 'bytes=0-', expected: { kind: 'unsatisfiable', complete: 0 } },
    { range: 'bytes=-0', expected: { kind: 'unsatisfiable', complete: 0 } },
    { range: 'bytes=-5', expected: WHOLE },
  ])('$range', ({ range, expected }) => expect(outcome(range, 0)).toEqual(expected));
});

describe('many ranges', () => {
  test.each([
    { name: 'that overlap become one', range: 'bytes=0-99,50-149', ranges: [[0, 149]] },
    { name: 'within one another become one', range: 'bytes=0-999,100-110,-5', ranges: [[0, 999]] },
    { name: 'that touch become one', range: 'bytes=0-99,100-149', ranges: [[0, 149]] },
    { name: 'with less between them than the head of a part become one', range: 'bytes=0-9,90-99', ranges: [[0, 99]] },
    {
      name: 'with more between them stay apart',
      range: 'bytes=0-9,91-99',
      ranges: [
        [0, 9],
        [91, 99],
      ],
    },
    {
      name: 'keep their order',
      range: 'bytes=800-899,0-9,880-950,400-409',
      ranges: [
        [800, 950],
        [0, 9],
        [400, 409],
      ],
    },
    { name: 'grow together over a third', range: 'bytes=0-9,200-209,5-205', ranges: [[0, 209]] },
  ])('$name', ({ range, ranges }) => expect(outcome(range, 1000)).toMatchObject({ kind: 'partial', ranges }));

  test('are at most 64', () => {
    const ranges = (count: number) =>
      `bytes=${Array.from({ length: count }, (_, index) => `${index * 100}-${index * 100}`)}`;
    expect(outcome(ranges(64), 1e6)).toMatchObject({ kind: 'partial', ranges: { length: 64 } });
    expect(outcome(ranges(65), 1e6)).toEqual(WHOLE);
  });

  test('never send more than there is, nor anything twice', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 2000; round += 1) {
      const complete = 1 + random(2000);
      const specs = Array.from({ length: 1 + random(8) }, () => {
        const first = random(2200);
        return [`${first}-`, `${first}-${first + random(300)}`, `-${random(2200)}`][random(3)];
      });
      const parsed = parseRange(`bytes=${specs}`);
      const ranges = satisfied(parsed ?? [], complete);
      const sent = new Set<number>();
      for (const [first, last] of ranges) for (let at = first; at <= last; at += 1) sent.add(at);
      expect(sent.size).toBe(ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0));
      for (const { first, last } of parsed ?? []) {
        const from = first ?? Math.max(0, complete - (last ?? 0));
        const to = first === undefined ? complete - 1 : Math.min(last ?? complete, complete - 1);
        for (let at = from; at <= to; at += 1) if (!sent.has(at)) throw new Error(`${at} of ${specs} is not sent`);
      }
      expect(ranges.every(([first, last]) => first >= 0 && first <= last && last < complete)).toBe(true);
    }
  });
});

describe('a Range counts only', () => {
  test('for GET (RFC 9110 §14.2)', () => expect(outcome('bytes=0-1', 10, {}, [], 'HEAD')).toEqual(WHOLE));
  test('of a 200', () => expect(outcome('bytes=0-1', 10, { status: 404 })).toEqual(WHOLE));
  test('if If-Range holds', () => {
    expect(outcome('bytes=0-1', 10, {}, ['if-range', '"a"'])).toEqual(partial(10, [0, 1]));
    expect(outcome('bytes=0-1', 10, {}, ['if-range', '"b"'])).toEqual(WHOLE);
  });
  test('where there is one', () => expect(outcome(undefined, 10)).toEqual(WHOLE));
});

describe('of a stored part, bytes 4 to 8 of 9', () => {
  const stored = { status: 206, part: { first: 4, complete: 9 } };
  test.each([
    { name: 'the same range', range: 'bytes=-5', expected: partial(9, [4, 8]) },
    { name: 'a smaller one', range: 'bytes=6-8', expected: partial(9, [6, 8]) },
    { name: 'one to the end', range: 'bytes=6-', expected: partial(9, [6, 8]) },
    { name: 'the last byte', range: 'bytes=-1', expected: partial(9, [8, 8]) },
    { name: 'one that begins before', range: 'bytes=3-5', expected: MISSING },
    { name: 'a longer suffix', range: 'bytes=-6', expected: MISSING },
    { name: 'several, one of them elsewhere', range: 'bytes=5-6,0-0', expected: MISSING },
    { name: 'one beyond the end', range: 'bytes=9-', expected: { kind: 'unsatisfiable', complete: 9 } },
    { name: 'all of it', range: undefined, expected: MISSING },
    { name: 'what is no range', range: 'lines=1-2', expected: MISSING },
  ])('$name', ({ range, expected }) => expect(outcome(range, 5, stored)).toEqual(expected));

  test('all of it, as If-Range does not hold', () => {
    expect(outcome('bytes=6-8', 5, stored, ['if-range', '"b"'])).toEqual(MISSING);
  });

  test('its head alone', () => expect(outcome('bytes=6-8', 5, stored, [], 'HEAD')).toEqual(MISSING));
});

describe('of a stored part, bytes 4 to 8 of nobody knows how many', () => {
  const stored = { status: 206, part: { first: 4, complete: undefined } };
  test.each([
    { range: 'bytes=4-8', expected: partial(undefined, [4, 8]) },
    { range: 'bytes=5-6', expected: partial(undefined, [5, 6]) },
    { range: 'bytes=5-9', expected: MISSING },
    { range: 'bytes=5-', expected: MISSING },
    { range: 'bytes=-1', expected: MISSING },
    { range: 'bytes=0-5', expected: MISSING },
    { range: 'bytes=9-10', expected: MISSING },
  ])('$range', ({ range, expected }) => expect(outcome(range, 5, stored)).toEqual(expected));
});
