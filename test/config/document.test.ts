import { describe, expect, test } from 'vitest';
import { parseConfig } from '../../src/config/document.ts';
import { formatPath } from '../../src/config/problem.ts';

describe('a YAML document', () => {
  test('knows the place of every value and key', () => {
    const { positionOf } = parseConfig('a:\n  - b: 1\n    c:\n  - d\n', {});
    const at = (path: (string | number)[], atKey = false) => positionOf({ path, message: '', atKey });
    expect(at([])).toEqual({ line: 1, column: 1 });
    expect(at(['a', 0, 'b'])).toEqual({ line: 2, column: 8 });
    expect(at(['a', 0, 'b'], true)).toEqual({ line: 2, column: 5 });
    expect(at(['a', 0, 'c'])).toEqual({ line: 3, column: 5 });
    expect(at(['a', 1])).toEqual({ line: 4, column: 5 });
    expect(at(['a', 0, 'missing', 'below'])).toEqual({ line: 2, column: 5 });
    expect(at(['a', 7])).toEqual({ line: 1, column: 1 });
  });

  test('knows what it says itself', () => {
    const { has } = parseConfig('a: { b: }\n', {});
    expect(has(['a', 'b'])).toBe(true);
    expect(has(['a', 'c'])).toBe(false);
  });

  test('is of YAML 1.2, whatever it says of itself', () => {
    expect(parseConfig('%YAML 1.1\n---\na: yes\nb: 010\nc: !!str 5\n<<: 1\n', {}).value).toEqual({
      a: 'yes',
      b: 10,
      c: '5',
      '<<': 1,
    });
  });

  test('has text for every key', () => {
    expect(parseConfig('1: a\ntrue: b\nnull: c\n', {}).value).toEqual({ 1: 'a', true: 'b', null: 'c' });
  });
});

describe('an alias', () => {
  test('stands for what was written before, and errors are told where that stands', () => {
    const { value, positionOf } = parseConfig('a: &x { b: 1 }\nc: *x\n', {});
    expect(value).toEqual({ a: { b: 1 }, c: { b: 1 } });
    expect(positionOf({ path: ['c', 'b'], message: '' })).toEqual({ line: 1, column: 12 });
  });

  test('means the last of several anchors of one name', () => {
    expect(parseConfig('a: &x 1\nb: *x\nc: &x 2\nd: *x\n', {}).value).toEqual({ a: 1, b: 1, c: 2, d: 2 });
    expect(parseConfig('a: &y { b: &x 1 }\nc: &x 2\nd: *y\ne: *x\n', {}).value).toMatchObject({ d: { b: 1 }, e: 2 });
  });

  test.each([
    { name: 'to nothing', yaml: 'a: *x', found: ['a: expected an alias to what stands before it'] },
    { name: 'to what comes later', yaml: 'a: *x\nb: &x 1', found: ['a: expected an alias to what stands before it'] },
    { name: 'to itself', yaml: 'a: &x [*x]', found: ['a[0]: is an alias to what it is a part of'] },
  ])('is refused that leads $name', ({ yaml, found }) => {
    expect(lines(yaml)).toEqual(found);
  });

  test('cannot stand for more than memory can hold', () => {
    const bomb = Array.from({ length: 40 }, (_, i) => `a${i}: &a${i} [${`*a${i - 1}, `.repeat(i && 9)}x]`).join('\n');
    const { findings, readable } = parseConfig(bomb, {});
    expect(readable).toBe(false);
    expect(findings.map(({ message }) => message)).toEqual(['aliases repeat too much']);
  });

  test('cannot nest deeper than we can follow', () => {
    const chain = Array.from({ length: 1_000 }, (_, i) => `a${i}: &a${i} [${i > 0 ? `*a${i - 1}` : 'x'}]`).join('\n');
    expect(new Set(parseConfig(chain, {}).findings.map(({ message }) => message))).toEqual(
      new Set(['is nested too deeply']),
    );
  });
});

function lines(yaml: string): string[] {
  return parseConfig(yaml, {}).findings.map(({ path, message }) => `${formatPath(path)}: ${message}`);
}
