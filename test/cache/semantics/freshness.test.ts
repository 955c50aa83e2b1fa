import { describe, expect, test } from 'vitest';
import type { RefreshRule } from '../../../src/cache/rules.ts';
import {
  ageSeconds,
  ageValue,
  correctedInitialAge,
  currentAge,
  type FreshnessRules,
  freshnessLifetime,
} from '../../../src/cache/semantics/freshness.ts';
import { effectiveDirectives } from '../../../src/cache/semantics/targeted.ts';
import { DAY, HOUR, httpDate, NOW, responseOf, rulesOf, SECOND } from './exchange.ts';

interface Asked {
  fields: Record<string, string>;
  status?: number;
  rules?: Partial<FreshnessRules>;
  refresh?: RefreshRule;
}

function lifetimeOf({ fields, status = 200, rules = {}, refresh }: Asked): readonly [number, string] {
  const response = responseOf(fields, status);
  const effective = effectiveDirectives(response.fields);
  const { lifetime, source } = freshnessLifetime(status, response.fields, effective, rulesOf(rules), refresh, NOW);
  return [lifetime, source];
}

const MONTH_OLD = { 'last-modified': httpDate(-30 * 86_400) };
const DAY_OLD = { 'last-modified': httpDate(-86_400) };

describe('the freshness lifetime (RFC 9111 §4.2.1)', () => {
  test.each<Asked & { name: string; expected: readonly [number, string] }>([
    { name: 'is max-age', fields: { 'cache-control': 'max-age=60' }, expected: [60 * SECOND, 'explicit'] },
    {
      name: 'is s-maxage before max-age',
      fields: { 'cache-control': 'max-age=60, s-maxage=5' },
      expected: [5 * SECOND, 'explicit'],
    },
    {
      name: 'is max-age before Expires',
      fields: { 'cache-control': 'max-age=60', expires: httpDate(-100) },
      expected: [60 * SECOND, 'explicit'],
    },
    { name: 'is Expires − Date', fields: { expires: httpDate(300) }, expected: [300 * SECOND, 'explicit'] },
    {
      name: 'is Expires − Date also when both are ahead of us',
      fields: { date: httpDate(400), expires: httpDate(300) },
      expected: [0, 'explicit'],
    },
    {
      name: 'is Expires − the time it came, without a Date that is one',
      fields: { date: 'foo', expires: httpDate(10) },
      expected: [10 * SECOND, 'explicit'],
    },
    {
      name: 'is nothing by an Expires that is no date, whatever could be guessed',
      fields: { expires: '0', ...MONTH_OLD },
      expected: [0, 'explicit'],
    },
    {
      name: 'is nothing by a max-age that is no number, whatever Expires says',
      fields: { 'cache-control': 'max-age=abc', expires: httpDate(300) },
      expected: [0, 'explicit'],
    },
    {
      name: 'is that of CDN-Cache-Control, whatever Expires says',
      fields: { 'cdn-cache-control': 'max-age=7', 'cache-control': 'max-age=60', expires: httpDate(300) },
      expected: [7 * SECOND, 'explicit'],
    },
    {
      name: 'is no longer that of Expires when CDN-Cache-Control leaves it open',
      fields: { 'cdn-cache-control': 'public', expires: httpDate(300) },
      expected: [0, 'unknown'],
    },
    { name: 'is a fifth of the time since it changed', fields: DAY_OLD, expected: [0.2 * DAY, 'heuristic'] },
    { name: 'is never guessed above three days', fields: MONTH_OLD, expected: [3 * DAY, 'heuristic'] },
    {
      name: 'is not guessed from a Last-Modified ahead',
      fields: { 'last-modified': httpDate(9) },
      expected: [0, 'unknown'],
    },
    { name: 'is not guessed from what is no date', fields: { 'last-modified': 'x' }, expected: [0, 'unknown'] },
    { name: 'is not guessed for a 403', status: 403, fields: MONTH_OLD, expected: [0, 'none'] },
    { name: 'is guessed for a 404', status: 404, fields: DAY_OLD, expected: [0.2 * DAY, 'heuristic'] },
    {
      name: 'is guessed for any status that is public',
      status: 599,
      fields: { ...DAY_OLD, 'cache-control': 'public' },
      expected: [0.2 * DAY, 'heuristic'],
    },
    {
      name: 'is explicit for any status',
      status: 599,
      fields: { 'cache-control': 'max-age=1' },
      expected: [SECOND, 'explicit'],
    },
  ])('$name', ({ expected, ...asked }) => {
    expect(lifetimeOf(asked)).toEqual(expected);
  });

  test.each<Asked & { name: string; expected: readonly [number, string] }>([
    {
      name: 'default_ttl in place of a guess',
      fields: MONTH_OLD,
      rules: { defaultTtl: HOUR },
      expected: [HOUR, 'default'],
    },
    {
      name: 'default_ttl for a 404',
      status: 404,
      fields: {},
      rules: { defaultTtl: HOUR },
      expected: [HOUR, 'default'],
    },
    { name: 'no default_ttl for a 500', status: 500, fields: {}, rules: { defaultTtl: HOUR }, expected: [0, 'none'] },
    {
      name: 'no default_ttl for what says itself',
      fields: { 'cache-control': 'max-age=5' },
      rules: { defaultTtl: HOUR },
      expected: [5 * SECOND, 'explicit'],
    },
    {
      name: 'ttl in place of all',
      fields: { 'cache-control': 'max-age=5', expires: '0' },
      rules: { ttl: HOUR, defaultTtl: 1 },
      expected: [HOUR, 'route'],
    },
    {
      name: 'no ttl for a 500, which keeps its own',
      status: 500,
      fields: { 'cache-control': 'max-age=5' },
      rules: { ttl: HOUR },
      expected: [5 * SECOND, 'explicit'],
    },
  ])('by the route: $name', ({ expected, ...asked }) => {
    expect(lifetimeOf(asked)).toEqual(expected);
  });

  const refresh: RefreshRule = { path: '/', min: HOUR, percent: 0.5, max: DAY };
  test.each<Asked & { name: string; expected: readonly [number, string] }>([
    { name: 'a share', fields: DAY_OLD, expected: [0.5 * DAY, 'refresh'] },
    { name: 'at most its maximum', fields: MONTH_OLD, expected: [DAY, 'refresh'] },
    { name: 'at least its minimum', fields: { 'last-modified': httpDate(-60) }, expected: [HOUR, 'refresh'] },
    { name: 'its minimum without Last-Modified', fields: {}, expected: [HOUR, 'refresh'] },
    { name: 'before default_ttl', fields: {}, rules: { defaultTtl: 1 }, expected: [HOUR, 'refresh'] },
    { name: 'not for errors', status: 404, fields: {}, rules: { defaultTtl: 1 }, expected: [1, 'default'] },
    { name: 'not for what says itself', fields: { 'cache-control': 'max-age=0' }, expected: [0, 'explicit'] },
  ])('by a refresh rule: $name', ({ expected, ...asked }) => {
    expect(lifetimeOf({ refresh, ...asked })).toEqual(expected);
  });
});

describe('Age (RFC 9111 §5.1)', () => {
  test.each([
    { age: '30', value: 30 },
    { age: '0, 7200', value: 0 },
    { age: '7200 , 0', value: 7200 },
    { age: '99999999999', value: 2 ** 31 },
    { age: 'abc', value: 0 },
    { age: '-7200', value: 0 },
    { age: '7200.0', value: 0 },
    { age: '7200;foo=bar', value: 7200 },
    { age: '7200 ; foo=111, 0', value: 7200 },
    { age: 'abc;foo=7200', value: 0 },
    { age: '', value: 0 },
  ])('$age is $value seconds', ({ age, value }) => {
    expect(ageValue(['age', age])).toBe(value * SECOND);
  });

  test('of two lines is the first', () => {
    expect(ageValue(['age', '7', 'age', '9'])).toBe(7 * SECOND);
  });

  test('is told in whole seconds', () => {
    expect(ageSeconds(2999)).toBe(2);
  });
});

describe('the current age (RFC 9111 §4.2.3)', () => {
  test.each([
    {
      name: 'grows while the response sits in the cache',
      date: 0,
      age: 0,
      sent: 0,
      received: 0,
      now: 30,
      expected: 30,
    },
    {
      name: 'counts the time spent in a cache upstream',
      date: 0,
      age: 20,
      sent: 0,
      received: 0,
      now: 30,
      expected: 50,
    },
    { name: 'counts the way of a response with Age', date: 0, age: 20, sent: -5, received: 0, now: 0, expected: 25 },
    { name: 'takes a Date in the past for an age', date: -60, age: 0, sent: 0, received: 0, now: 10, expected: 70 },
    { name: 'takes the larger of both', date: -60, age: 100, sent: 0, received: 0, now: 0, expected: 100 },
    {
      name: 'takes an origin clock that runs ahead as no age',
      date: 60,
      age: 0,
      sent: 0,
      received: 0,
      now: 0,
      expected: 0,
    },
    { name: 'counts the wait for the response', date: 0, age: 0, sent: 0, received: 2, now: 2, expected: 2 },
    { name: 'does not shrink when our clock is set back', date: 0, age: 5, sent: 0, received: 0, now: -9, expected: 5 },
  ])('$name', ({ date, age, sent, received, now, expected }) => {
    const times = { requestTime: NOW + sent * SECOND, responseTime: NOW + received * SECOND };
    const initialAge = correctedInitialAge(['date', httpDate(date), 'age', String(age)], times);
    const stored = { initialAge, responseTime: times.responseTime };
    expect(currentAge(stored, NOW + now * SECOND)).toBe(expected * SECOND);
  });

  test('takes no fraction of a second for age: Date has none', () => {
    const times = { requestTime: NOW + 900, responseTime: NOW + 999 };
    expect(correctedInitialAge(['date', httpDate(0)], times)).toBe(99);
  });

  test('is that of what came just now without a Date', () => {
    expect(correctedInitialAge([], { requestTime: NOW, responseTime: NOW + 10 })).toBe(10);
  });
});
