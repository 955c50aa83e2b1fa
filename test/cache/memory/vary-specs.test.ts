import { expect, test } from 'vitest';
import { VarySpecs } from '../../../src/cache/memory/vary-specs.ts';

test('no selecting fields at all have the number 0', () => {
  const specs = new VarySpecs(VarySpecs.allocate());
  expect([specs.idOf(''), specs.add(''), specs.textOf(0)]).toEqual([0, 0, '']);
});

test('a list has the same number in every thread, whoever added it', () => {
  const memory = VarySpecs.allocate();
  const [one, other] = [new VarySpecs(memory), new VarySpecs(memory)];
  expect(one.idOf('accept-encoding')).toBeUndefined();
  expect(one.add('accept-encoding')).toBe(1);
  expect(other.add('cookie')).toBe(2);
  expect(other.add('accept-encoding')).toBe(1);
  expect([one.idOf('cookie'), one.textOf(2), other.textOf(1)]).toEqual([2, 'cookie', 'accept-encoding']);
});

test('a number that nobody gave is refused', () => {
  expect(() => new VarySpecs(VarySpecs.allocate()).textOf(1)).toThrow(RangeError);
});

test('a full table has no number for another list, and keeps those that it has', () => {
  const specs = new VarySpecs(VarySpecs.allocate());
  const list = (i: number): string => `x-field-${i}`.padEnd(1000, 'x');
  let last = 0;
  for (let id: number | undefined = 0; id !== undefined; id = specs.add(list(last))) last += 1;
  expect(last).toBeGreaterThan(50);
  expect(specs.textOf(last - 1)).toBe(list(last - 1));
  expect(specs.idOf(list(1))).toBe(1);
});

test('a list that is absurdly long has none', () => {
  expect(new VarySpecs(VarySpecs.allocate()).add('x'.repeat(5000))).toBeUndefined();
});
