import { describe, expect, test } from 'vitest';
import { announcedPart, completionFields, joins } from '../../../src/cache/conditional/part.ts';
import { at, NOON, storedResponse } from './stored.ts';

describe('a 206 announces (RFC 9110 §14.4)', () => {
  test.each([
    { contentRange: 'bytes 0-4/10', length: 5, part: { first: 0, complete: 10, length: 5 } },
    { contentRange: 'Bytes 5-9/10', length: undefined, part: { first: 5, complete: 10, length: 5 } },
    { contentRange: 'bytes 5-9/*', length: 5, part: { first: 5, complete: undefined, length: 5 } },
    // One counted too many at the end.
    { contentRange: 'bytes 4-9/10', length: 5, part: { first: 4, complete: 9, length: 5 } },
  ])('$contentRange in $length bytes', ({ contentRange, length, part }) => {
    expect(announcedPart(['content-range', contentRange], length)).toEqual(part);
  });

  test.each([
    { contentRange: undefined, length: 5 },
    { contentRange: 'bytes */10', length: 5 },
    { contentRange: 'bytes 4-3/10', length: 0 },
    { contentRange: 'bytes 0-10/10', length: 11 },
    { contentRange: 'bytes 0-4', length: 5 },
    { contentRange: 'bytes=0-4/10', length: 5 },
    { contentRange: 'items 0-4/10', length: 5 },
    { contentRange: 'bytes 0-4/10, bytes 5-9/10', length: 5 },
    { contentRange: `bytes 0-4/${'9'.repeat(20)}`, length: 5 },
    { contentRange: 'bytes 0-4/10', length: 4 },
    { contentRange: 'bytes 0-4/10', length: 6 },
    { contentRange: 'bytes 5-9/10', length: 6 },
    { contentRange: 'bytes 5-9/10', length: 0 },
    { contentRange: 'bytes 5-9/*', length: 4 },
  ])('nothing to store by $contentRange in $length bytes', ({ contentRange, length }) => {
    expect(announcedPart(contentRange === undefined ? [] : ['content-range', contentRange], length)).toBeUndefined();
  });
});

const dated = ['last-modified', at(-60), 'date', at(0)];

describe('to complete a part', () => {
  test.each([
    { name: 'the end is asked for', part: { first: 0, complete: 10 }, stored: [], fields: ['range', 'bytes=5-'] },
    {
      name: 'the beginning is asked for',
      part: { first: 5, complete: 10 },
      stored: [],
      fields: ['range', 'bytes=0-4'],
    },
    {
      name: 'an end of unknown length is asked for',
      part: { first: 0, complete: undefined },
      stored: [],
      fields: ['range', 'bytes=5-'],
    },
    {
      name: 'a strong tag is the condition',
      part: { first: 0, complete: 10 },
      stored: ['etag', '"a"', ...dated],
      fields: ['range', 'bytes=5-', 'if-range', '"a"'],
    },
    {
      name: 'a strong date is',
      part: { first: 0, complete: 10 },
      stored: dated,
      fields: ['range', 'bytes=5-', 'if-range', at(-60)],
    },
    {
      name: 'a weak tag is not',
      part: { first: 0, complete: 10 },
      stored: ['etag', 'W/"a"', ...dated],
      fields: ['range', 'bytes=5-'],
    },
    { name: 'two pieces are too many', part: { first: 2, complete: 10 }, stored: [], fields: [] },
    { name: 'it takes an end', part: { first: 5, complete: undefined }, stored: [], fields: [] },
    { name: 'it takes a part', part: undefined, stored: [], fields: [] },
  ])('$name', ({ part, stored, fields }) => {
    expect(completionFields(storedResponse(stored, { part }), 5, NOON)).toEqual(fields);
  });
});

describe('a 206 joins a stored part', () => {
  const begin = { first: 0, complete: 10 };
  const end = { first: 5, complete: 10 };
  test.each([
    { name: 'after it', part: begin, contentRange: 'bytes 5-9/10', joined: 'after' },
    { name: 'before it', part: end, contentRange: 'bytes 0-4/10', joined: 'before' },
    {
      name: 'after it, and tells the length',
      part: { first: 0, complete: undefined },
      contentRange: 'bytes 5-9/10',
      joined: 'after',
    },
    { name: 'after it, of known length', part: begin, contentRange: 'bytes 5-9/*', joined: 'after' },
    { name: 'not of another length', part: begin, contentRange: 'bytes 5-9/11', joined: undefined },
    { name: 'not short of the end', part: begin, contentRange: 'bytes 5-8/10', joined: undefined },
    { name: 'not over it', part: begin, contentRange: 'bytes 4-9/10', joined: undefined },
    { name: 'not with a gap', part: begin, contentRange: 'bytes 6-9/10', joined: undefined },
    {
      name: 'not without an end',
      part: { first: 0, complete: undefined },
      contentRange: 'bytes 5-9/*',
      joined: undefined,
    },
    { name: 'not twice', part: end, contentRange: 'bytes 5-9/10', joined: undefined },
    { name: 'not to a whole', part: undefined, contentRange: 'bytes 5-9/10', joined: undefined },
  ])('$name', ({ part, contentRange, joined }) => {
    const fields = ['etag', '"a"', 'content-range', contentRange];
    const brought = announcedPart(fields, undefined);
    if (brought === undefined) throw new Error('no part');
    expect(joins(storedResponse(['etag', '"a"'], { part }), 5, { fields, part: brought }, NOON)).toBe(joined);
  });

  test.each([
    { name: 'the same strong tag', stored: ['etag', '"a"'], fields: ['etag', '"a"'], joined: true },
    { name: 'another tag', stored: ['etag', '"a"'], fields: ['etag', '"b"'], joined: false },
    { name: 'the same weak tag', stored: ['etag', 'W/"a"'], fields: ['etag', 'W/"a"'], joined: false },
    { name: 'a tag on one side alone', stored: ['etag', '"a"', ...dated], fields: dated, joined: false },
    { name: 'the same strong date', stored: dated, fields: dated, joined: true },
    { name: 'another date', stored: dated, fields: ['last-modified', at(-50), 'date', at(0)], joined: false },
    {
      name: 'a date that is no strong validator',
      stored: ['last-modified', at(0), 'date', at(0)],
      fields: ['last-modified', at(0)],
      joined: false,
    },
    { name: 'no validator', stored: [], fields: [], joined: false },
  ])('by $name: $joined', ({ stored, fields, joined }) => {
    const part = { first: 5, complete: 10, length: 5 };
    const outcome = joins(storedResponse(stored, { part: { first: 0, complete: 10 } }), 5, { fields, part }, NOON);
    expect(outcome).toBe(joined ? 'after' : undefined);
  });
});
