import { describe, expect, test } from 'vitest';
import {
  firstValue,
  firstValueInAnyCase,
  hasField,
  joinedValue,
  listHas,
  withoutFields,
} from '../../../src/cache/semantics/field-list.ts';

const FIELDS = ['a', '1', 'b', '', 'a', '2', 'Accept', 'x'];

describe('flat fields', () => {
  test.each([
    { name: 'a', first: '1', joined: '1, 2' },
    { name: 'b', first: '', joined: '' },
    { name: 'c', first: undefined, joined: undefined },
    { name: '1', first: undefined, joined: undefined },
    { name: 'accept', first: undefined, joined: undefined },
  ])('$name: first $first, joined $joined', ({ name, first, joined }) => {
    expect(firstValue(FIELDS, name)).toBe(first);
    expect(joinedValue(FIELDS, name)).toBe(joined);
    expect(hasField(FIELDS, name)).toBe(first !== undefined);
  });

  test('of a request are found in any case', () => {
    expect(firstValueInAnyCase(FIELDS, 'accept')).toBe('x');
    expect(firstValueInAnyCase(FIELDS, 'a')).toBe('1');
    expect(firstValueInAnyCase(FIELDS, 'acceptx')).toBeUndefined();
  });

  test('are copied without some', () => {
    expect(withoutFields(FIELDS, (name) => name === 'a')).toEqual(['b', '', 'Accept', 'x']);
  });
});

describe('a list', () => {
  test.each([
    { value: undefined, has: false },
    { value: '', has: false },
    { value: '*', has: true },
    { value: 'accept, *', has: true },
    { value: 'accept,*,x', has: true },
    { value: 'a*', has: false },
  ])('$value has "*": $has', ({ value, has }) => {
    expect(listHas(value, '*')).toBe(has);
  });

  test('has members in any case', () => {
    expect(listHas('Accept, Accept-Encoding', 'accept-encoding')).toBe(true);
    expect(listHas('Accept-Encoding', 'accept')).toBe(false);
  });
});
