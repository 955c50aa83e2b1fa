import { describe, expect, test } from 'vitest';
import { evaluate, ifRangeHolds } from '../../../src/cache/conditional/evaluate.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';
import { cacheRequest } from '../select/request.ts';
import { at, NOON, storedResponse } from './stored.ts';

function outcome(fields: string[], stored: string[], rest: Partial<StoredResponse> = {}, method = 'GET') {
  return evaluate(cacheRequest({ method, fields }), storedResponse(stored, rest), NOON);
}

test('a request without a condition gets all', () => {
  expect(outcome([], ['etag', '"a"', 'last-modified', at(-60)])).toBe('full');
});

describe('If-None-Match (RFC 9110 §13.1.2)', () => {
  test.each([
    { list: '"a"', etag: '"a"', expected: 'not-modified' },
    { list: 'W/"a"', etag: '"a"', expected: 'not-modified' },
    { list: '"a"', etag: 'W/"a"', expected: 'not-modified' },
    { list: '"1", "a", "2"', etag: '"a"', expected: 'not-modified' },
    { list: '"1","2", "a"', etag: '"a"', expected: 'not-modified' },
    { list: '"x, y", "2"', etag: '"x, y"', expected: 'not-modified' },
    { list: '"abc\xfc"', etag: '"abc\xfc"', expected: 'not-modified' },
    { list: 'abc', etag: 'abc', expected: 'not-modified' },
    { list: 'w/"a"', etag: 'w/"a"', expected: 'not-modified' },
    { list: 'W\\"a"', etag: 'W\\"a"', expected: 'not-modified' },
    { list: '*', etag: '"a"', expected: 'not-modified' },
    { list: '*', etag: undefined, expected: 'not-modified' },
    { list: '"b"', etag: '"a"', expected: 'full' },
    { list: '"a"', etag: undefined, expected: 'full' },
    { list: '"*"', etag: '"a"', expected: 'full' },
    { list: '', etag: '"a"', expected: 'full' },
  ])('$list of $etag: $expected', ({ list, etag, expected }) => {
    expect(outcome(['if-none-match', list], etag === undefined ? [] : ['etag', etag])).toBe(expected);
  });
});

describe('If-Modified-Since (RFC 9110 §13.1.3)', () => {
  test.each([
    { name: 'the same date', since: at(-60), stored: ['last-modified', at(-60)], expected: 'not-modified' },
    { name: 'a later date', since: at(-30), stored: ['last-modified', at(-60)], expected: 'not-modified' },
    { name: 'an earlier date', since: at(-61), stored: ['last-modified', at(-60)], expected: 'full' },
    { name: 'no date', since: 'now', stored: ['last-modified', at(-60)], expected: 'full' },
    { name: 'the same that is no date', since: 'now', stored: ['last-modified', 'now'], expected: 'full' },
    { name: 'two dates', since: `${at(0)}, ${at(0)}`, stored: ['last-modified', at(-60)], expected: 'full' },
    { name: 'no Last-Modified, made before', since: at(-10), stored: ['date', at(-10)], expected: 'not-modified' },
    { name: 'no Last-Modified, made after', since: at(-3000), stored: ['date', at(0)], expected: 'full' },
    { name: 'no date at all, came before', since: at(0), stored: [], expected: 'not-modified' },
    { name: 'no date at all, came after', since: at(-1), stored: [], expected: 'full' },
  ])('$name: $expected', ({ since, stored, expected }) => {
    expect(outcome(['if-modified-since', since], stored)).toBe(expected);
  });

  test.each(['Sunday, 01-Jun-25 11:59:00 GMT', 'Sun Jun  1 11:59:00 2025'])('may be in an old form: %s', (since) => {
    expect(outcome(['if-modified-since', since], ['last-modified', at(-60)])).toBe('not-modified');
    expect(outcome(['if-modified-since', since], ['last-modified', at(-59)])).toBe('full');
  });
});

describe('of several conditions (RFC 9110 §13.2.2)', () => {
  const stored = ['etag', '"a"', 'last-modified', at(-60)];
  test.each([
    {
      name: 'a tag that matches wins over a date that does not',
      fields: ['if-none-match', '"a"', 'if-modified-since', at(-90)],
      expected: 'not-modified',
    },
    {
      name: 'a tag that does not match wins over a date that does',
      fields: ['if-none-match', '"b"', 'if-modified-since', at(0)],
      expected: 'full',
    },
    { name: 'If-Match comes first', fields: ['if-match', '"b"', 'if-none-match', '"a"'], expected: 'failed' },
    {
      name: 'If-Match that holds leaves the rest to decide',
      fields: ['if-match', '"b", "a"', 'if-none-match', '"a"'],
      expected: 'not-modified',
    },
    { name: 'If-Match compares strongly', fields: ['if-match', 'W/"a"'], expected: 'failed' },
    { name: 'If-Match: * holds', fields: ['if-match', '*'], expected: 'full' },
    {
      name: 'If-Match makes If-Unmodified-Since void',
      fields: ['if-match', '"a"', 'if-unmodified-since', at(-90)],
      expected: 'full',
    },
    {
      name: 'If-Unmodified-Since fails by a later change',
      fields: ['if-unmodified-since', at(-61)],
      expected: 'failed',
    },
    { name: 'If-Unmodified-Since holds for the same date', fields: ['if-unmodified-since', at(-60)], expected: 'full' },
    {
      name: 'If-Unmodified-Since that is no date is ignored',
      fields: ['if-unmodified-since', 'never'],
      expected: 'full',
    },
  ])('$name', ({ fields, expected }) => expect(outcome(fields, stored)).toBe(expected));

  test('If-Unmodified-Since says nothing without Last-Modified', () => {
    expect(outcome(['if-unmodified-since', at(-60)], ['date', at(0)])).toBe('full');
  });
});

test.each([
  { status: 404, expected: 'full' },
  { status: 301, expected: 'full' },
  { status: 203, expected: 'not-modified' },
  { status: 206, expected: 'not-modified' },
])('of a $status: $expected (RFC 9110 §13.2.1)', ({ status, expected }) => {
  expect(outcome(['if-none-match', '"a"'], ['etag', '"a"'], { status })).toBe(expected);
});

test.each([
  { method: 'HEAD', expected: 'not-modified' },
  { method: 'POST', expected: 'full' },
])('$method: $expected', ({ method, expected }) => {
  expect(outcome(['if-none-match', '"a"'], ['etag', '"a"'], {}, method)).toBe(expected);
});

describe('If-Range (RFC 9110 §13.1.5)', () => {
  const dated = ['last-modified', at(-60), 'date', at(0)];
  test.each([
    { name: 'absent', ifRange: undefined, stored: [], holds: true },
    { name: 'the same strong tag', ifRange: '"a"', stored: ['etag', '"a"'], holds: true },
    { name: 'another tag', ifRange: '"b"', stored: ['etag', '"a"'], holds: false },
    { name: 'a weak tag', ifRange: 'W/"a"', stored: ['etag', 'W/"a"'], holds: false },
    { name: 'a list of tags', ifRange: '"a", "b"', stored: ['etag', '"a"'], holds: false },
    { name: 'a tag where none is stored', ifRange: '"a"', stored: dated, holds: false },
    { name: 'the date', ifRange: at(-60), stored: dated, holds: true },
    { name: 'the date in an old form', ifRange: 'Sun Jun  1 11:59:00 2025', stored: dated, holds: true },
    { name: 'a later date', ifRange: at(-59), stored: dated, holds: false },
    { name: 'an earlier date', ifRange: at(-61), stored: dated, holds: false },
    {
      name: 'a date within a second of Date',
      ifRange: at(0),
      stored: ['last-modified', at(0), 'date', at(0)],
      holds: false,
    },
    { name: 'a date without Date', ifRange: at(-60), stored: ['last-modified', at(-60)], holds: false },
    { name: 'a date where none is stored', ifRange: at(-60), stored: ['date', at(0)], holds: false },
    { name: 'neither tag nor date', ifRange: 'a', stored: ['etag', 'a'], holds: false },
  ])('$name: $holds', ({ ifRange, stored, holds }) => {
    expect(ifRangeHolds(ifRange, storedResponse(stored), NOON)).toBe(holds);
  });
});
