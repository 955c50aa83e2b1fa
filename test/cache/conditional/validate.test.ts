import { describe, expect, test } from 'vitest';
import { selectedByNotModified, validationFields } from '../../../src/cache/conditional/validate.ts';
import { at, NOON, storedResponse } from './stored.ts';

const DAY = 86_400_000;
const old = storedResponse(['etag', '"a"', 'last-modified', at(-60)], { responseTime: NOON - 2 * DAY });
const weak = storedResponse(['etag', 'W/"a"'], { responseTime: NOON - DAY });
const other = storedResponse(['etag', '"b"', 'last-modified', at(-60)]);
const dated = storedResponse(['last-modified', at(-60)]);
const bare = storedResponse([]);

describe('the condition of a validation (RFC 9111 §4.3.1)', () => {
  test.each([
    {
      name: 'has the tag and the date',
      stored: [other],
      fields: ['if-none-match', '"b"', 'if-modified-since', at(-60)],
    },
    { name: 'has the date alone', stored: [dated], fields: ['if-modified-since', at(-60)] },
    { name: 'has a weak tag as it is', stored: [weak], fields: ['if-none-match', 'W/"a"'] },
    {
      name: 'has the tags of all variants, and no date',
      stored: [old, other, dated],
      fields: ['if-none-match', '"a", "b"'],
    },
    { name: 'has each tag once', stored: [old, old], fields: ['if-none-match', '"a"'] },
    { name: 'is none without validators', stored: [bare], fields: [] },
    { name: 'is none for several with dates alone', stored: [dated, dated], fields: [] },
    { name: 'has no date that is none', stored: [storedResponse(['last-modified', 'soon'])], fields: [] },
  ])('$name', ({ stored, fields }) => expect(validationFields(stored, NOON)).toEqual(fields));

  test('stays short, whatever the number of variants', () => {
    const many = Array.from({ length: 100 }, (_, index) => storedResponse(['etag', `"${index}"`]));
    const [, list = ''] = validationFields(many, NOON);
    expect(list.split(', ')).toEqual(many.slice(0, 16).map(({ etag }) => etag));
  });
});

describe('a 304 is about (RFC 9111 §4.3.4)', () => {
  test.each([
    {
      name: 'what has its strong tag, and that made weak',
      validated: [old, other, weak],
      fields: ['etag', '"a"'],
      selected: [old, weak],
    },
    {
      name: 'the latest with its weak tag',
      validated: [old, other, weak],
      fields: ['etag', 'W/"a"'],
      selected: [weak],
    },
    { name: 'nothing with another tag', validated: [old, other], fields: ['etag', '"c"'], selected: [] },
    {
      name: 'nothing when the only one has another tag',
      validated: [old],
      fields: ['etag', '"c"', 'last-modified', at(-60)],
      selected: [],
    },
    {
      name: 'the latest with its date',
      validated: [old, other],
      fields: ['last-modified', at(-60)],
      selected: [other],
    },
    { name: 'nothing with another date', validated: [dated], fields: ['last-modified', at(-50)], selected: [] },
    { name: 'the only one, when it says nothing', validated: [old], fields: ['x', 'y'], selected: [old] },
    {
      name: 'the only one, when that had no tag before',
      validated: [dated],
      fields: ['etag', '"new"'],
      selected: [dated],
    },
    {
      name: 'the only one, when that had no date before',
      validated: [weak],
      fields: ['last-modified', at(0)],
      selected: [weak],
    },
    { name: 'nobody knows which of many, when it says nothing', validated: [old, other], fields: [], selected: [] },
  ])('$name', ({ validated, fields, selected }) => expect(selectedByNotModified(validated, fields)).toEqual(selected));
});
