import { expect, test } from 'vitest';
import { cookieValue } from '../../src/proxy/cookies.ts';

test.each([
  { field: 'a=1; b=2; c=3', name: 'b', value: '2' },
  { field: 'a=1;b=2', name: 'b', value: '2' },
  { field: ' a = 1 ', name: 'a', value: '1' },
  { field: 'a=1; a=2', name: 'a', value: '1' },
  { field: 'a="1 2"', name: 'a', value: '1 2' },
  { field: 'a=b=c', name: 'a', value: 'b=c' },
  { field: 'a=', name: 'a', value: '' },
  { field: 'a', name: 'a', value: undefined },
  { field: 'a; b=1', name: 'a', value: undefined },
  { field: ';;; =; a=1', name: 'a', value: '1' },
  { field: 'ab=1', name: 'b', value: undefined },
  { field: '', name: 'a', value: undefined },
  { field: undefined, name: 'a', value: undefined },
])('the cookie $name of $field is $value', ({ field, name, value }) => {
  expect(cookieValue(field, name)).toBe(value);
});
