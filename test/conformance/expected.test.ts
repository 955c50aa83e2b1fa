import { describe, expect, test } from 'vitest';
import { surprises } from './expected.ts';
import { formatNotPassed, formatScores, scoreOf } from './report.ts';
import type { Kind, TestOutcome, Verdict } from './verdict.ts';

const NOTHING = { required: 0, optimal: 0, notPassed: {} };

describe('what is expected of a suite', () => {
  test('is met by tests that pass, and by checks whatever they say', () => {
    const outcomes = [outcome('a', 'required', 'pass'), outcome('b', 'optimal', 'pass'), outcome('c', 'check', 'no')];
    expect(surprises(outcomes, { required: 1, optimal: 1, notPassed: {} })).toEqual([]);
  });

  test.each<[Kind, Verdict]>([
    ['required', 'fail'],
    ['required', 'dependency_fail'],
    ['optimal', 'optional_fail'],
    ['optimal', 'setup_fail'],
    ['optimal', 'retry'],
    ['required', 'harness_fail'],
    ['required', 'untested'],
  ])('is not met by a %s test with the verdict %s, unless it is listed', (kind, verdict) => {
    const outcomes = [outcome('a', kind, verdict)];
    expect(surprises(outcomes, NOTHING)).toEqual([`a (${kind}) is not passed: ${verdict}`]);
    expect(surprises(outcomes, { ...NOTHING, notPassed: { a: 'its reason' } })).toEqual([]);
  });

  test('is not met by a listed test that passes, nor by one that is not there', () => {
    expect(
      surprises([outcome('a', 'required', 'pass')], { ...NOTHING, notPassed: { a: 'its reason', b: 'its reason' } }),
    ).toEqual(['a is expected not to pass, and passes', 'b is expected not to pass, and is no test']);
  });

  test('is not met by fewer than so many', () => {
    const outcomes = [outcome('a', 'required', 'fail'), outcome('b', 'required', 'pass')];
    expect(surprises(outcomes, { required: 2, optimal: 0, notPassed: { a: 'its reason' } })).toEqual([
      '1 of 2 required tests are passed, expected at least 2',
    ]);
  });
});

describe('the report', () => {
  const outcomes = [
    outcome('a', 'required', 'pass', 'one'),
    outcome('b', 'required', 'fail', 'one', 'Assertion: wrong\nin two lines'),
    outcome('c', 'optimal', 'dependency_fail', 'two'),
    outcome('d', 'check', 'yes', 'two'),
    outcome('e', 'check', 'no', 'two'),
  ];

  test('counts what is passed of each kind', () => {
    expect(scoreOf(outcomes, 'required')).toEqual({ passed: 1, all: 2 });
    expect(scoreOf(outcomes, 'check')).toEqual({ passed: 1, all: 2 });
  });

  test('has a row for each category', () => {
    const cells = formatScores(outcomes)
      .split('\n')
      .map((line) => line.split(/ +/));
    expect(cells).toEqual([
      ['category', 'required', 'optimal', 'check'],
      ['one', '1/2', '–', '–'],
      ['two', '–', '0/1', '1/2'],
      ['all', '1/2', '0/1', '1/2'],
    ]);
  });

  test('has a line for each required or optimal test that is not passed', () => {
    expect(formatNotPassed(outcomes).split('\n')).toEqual([
      'optimal dependency fail: c',
      'required fail: b  Assertion: wrong',
    ]);
  });
});

function outcome(id: string, kind: Kind, verdict: Verdict, category = 'any', message = ''): TestOutcome {
  return { id, kind, verdict, category, message, asks: `what ${id} asks` };
}
