import { describe, expect, test } from 'vitest';
import {
  fieldValue,
  firstValue,
  hasField,
  listMembers,
  weightedMembers,
  withoutFields,
  withoutSpace,
} from '../../../src/cache/select/field.ts';
import { remembering } from '../../../src/cache/select/remember.ts';

describe('the value of a field', () => {
  test.each([
    { name: 'is found whatever its case', fields: ['X-Foo', '1'], value: '1' },
    { name: 'is joined of several', fields: ['x-foo', '1', 'bar', '2', 'X-FOO', '3'], value: '1, 3' },
    { name: 'may be empty', fields: ['x-foo', ''], value: '' },
    { name: 'is undefined where there is none', fields: ['x-fop', '1', 'y', 'x-foo'], value: undefined },
  ])('$name', ({ fields, value }) => expect(fieldValue(fields, 'x-foo')).toBe(value));
});

describe('the fields of a response', () => {
  const fields = ['a', '1', 'b', '', 'a', '2', 'c', 'x'];

  test.each([
    { name: 'a', first: '1' },
    { name: 'b', first: '' },
    { name: 'd', first: undefined },
    { name: '1', first: undefined },
  ])('have $first first in $name', ({ name, first }) => {
    expect(firstValue(fields, name)).toBe(first);
    expect(hasField(fields, name)).toBe(first !== undefined);
  });

  test('are copied without some', () => {
    expect(withoutFields(fields, (name) => name === 'a')).toEqual(['b', '', 'c', 'x']);
  });
});

describe('the members of a list (RFC 9110 §5.6.1)', () => {
  test.each([
    { value: 'a', members: ['a'] },
    { value: ' a ,\tb,,c , ', members: ['a', 'b', 'c'] },
    { value: '', members: [] },
    { value: ' , ', members: [] },
    { value: 'a="x, y", b', members: ['a="x, y"', 'b'] },
    { value: '"a\\", b", c', members: ['"a\\", b"', 'c'] },
    { value: 'a, "b, c', members: ['a', '"b, c'] },
    { value: 'a, "b\\', members: ['a', '"b\\'] },
    { value: 'x\xa0, y', members: ['x\xa0', 'y'] },
  ])('of $value', ({ value, members }) => expect(listMembers(value)).toEqual(members));

  test('are found in no time among many spaces', () => {
    expect(withoutSpace(`${' '.repeat(1e6)}a b${'\t'.repeat(1e6)}`)).toBe('a b');
  });
});

describe('a weight (RFC 9110 §12.4.2)', () => {
  test.each([
    { value: 'GZIP', weight: 1 },
    { value: 'gzip;q=0.5', weight: 0.5 },
    { value: 'gzip ; Q=0.125', weight: 0.125 },
    { value: 'gzip;level=9;q=0', weight: 0 },
    { value: 'gzip;q=1.000', weight: 1 },
    { value: 'gzip;q=1.001', weight: 0 },
    { value: 'gzip;q=0.1234', weight: 0 },
    { value: 'gzip;q=', weight: 0 },
    { value: 'gzip;q=high', weight: 0 },
    { value: 'gzip;q=-1', weight: 0 },
  ])('in $value is $weight', ({ value, weight }) => expect(weightedMembers(value)).toEqual([{ name: 'gzip', weight }]));
});

describe('what is remembered', () => {
  test('is not computed again, and is bounded', () => {
    const computed: string[] = [];
    const upper = remembering((text) => {
      computed.push(text);
      return text.toUpperCase();
    }, 2);
    expect(['a', 'b', 'a', 'b', 'c', 'a'].map(upper)).toEqual(['A', 'B', 'A', 'B', 'C', 'A']);
    expect(computed).toEqual(['a', 'b', 'c', 'a']);
  });

  test('is no text beyond the usual length', () => {
    let computed = 0;
    const count = remembering(() => {
      computed += 1;
      return computed;
    });
    const long = 'x'.repeat(1000);
    expect([count(long), count(long)]).toEqual([1, 2]);
  });
});
