import { describe, expect, test } from 'vitest';
import { mayEject, mostEjected, tooMany } from '../../src/health/ejection-limit.ts';
import { firstJudgement, type Judgement } from '../../src/health/judgement.ts';

const IN = firstJudgement({ checks: undefined, ejection: undefined, slowStart: 0 }, false, 0);
const TRIAL: Judgement = { ...IN, service: { kind: 'trial', times: 1 } };
const DOWN: Judgement = { ...IN, health: 'down' };
const CHECKING: Judgement = { ...IN, health: 'checking' };
const out = (until: number): Judgement => ({ ...IN, service: { kind: 'ejected', times: 1, until } });

test.each([
  { origins: 1, share: 0.5, most: 0 },
  { origins: 2, share: 0.5, most: 1 },
  { origins: 3, share: 0.5, most: 1 },
  { origins: 4, share: 0.5, most: 2 },
  { origins: 10, share: 0.3, most: 3 },
  { origins: 100, share: 0.07, most: 7 },
  { origins: 100, share: 0.29, most: 29 },
  { origins: 3, share: 1, most: 3 },
  { origins: 8, share: 0, most: 0 },
])('of $origins origins and a share of $share, $most may be ejected at once', ({ origins, share, most }) => {
  expect(mostEjected(origins, share)).toBe(most);
});

describe('one more', () => {
  test.each([
    { name: 'may be ejected while there is room', pool: [IN, IN, IN, out(9)], expected: true },
    { name: 'may not when there is none', pool: [IN, IN, out(8), out(9)], expected: false },
    { name: 'may, as who is on trial does not count', pool: [IN, IN, TRIAL, out(9)], expected: true },
    { name: 'may while another one is in service', pool: [IN, IN, DOWN, DOWN], expected: true },
    { name: 'may not when it is the last one in service', pool: [IN, DOWN, CHECKING, out(9)], expected: false },
    { name: 'may when the last one is on trial', pool: [TRIAL, DOWN, DOWN, out(9)], expected: true },
    { name: 'may be the last one where all may', pool: [IN, DOWN], share: 1, expected: true },
  ])('$name', ({ pool, share = 0.5, expected }) => {
    expect(mayEject(pool, share)).toBe(expected);
  });
});

test.each([
  { name: 'nobody, while there are few enough', pool: [IN, out(5)], expected: [] },
  { name: 'those who would return first', pool: [out(7), IN, out(5), out(9)], expected: [2] },
  { name: 'all, where nobody may be', pool: [out(7)], expected: [0] },
])('too many are $name', ({ pool, expected }) => {
  expect(tooMany(pool, 0.5)).toEqual(expected);
});
