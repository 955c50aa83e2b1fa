import { describe, expect, test } from 'vitest';
import type { CacheRequestFields } from '../../../src/cache/message.ts';
import {
  DISCONNECTED_MAX,
  decideReuse,
  type ForwardFailure,
  mayServeStale,
  type Purged,
} from '../../../src/cache/semantics/reuse.ts';
import type { StoredResponse } from '../../../src/cache/stored.ts';
import { DAY, NOW, requestOf, SECOND, storedOf } from './exchange.ts';

interface Asked {
  request?: Partial<CacheRequestFields>;
  stored?: Partial<StoredResponse>;
  /** Seconds since it came; it is fresh for 60. */
  after?: number;
  purged?: Purged;
}

/** `hit`, `hit max-stale`, `validate request request-no-cache` and the like. */
function outcome({ request = {}, stored = {}, after = 10, purged }: Asked): string {
  const reuse = decideReuse(requestOf(request), storedOf(stored), NOW + after * SECOND, purged);
  switch (reuse.kind) {
    case 'hit':
      return reuse.detail === undefined ? 'hit' : `hit ${reuse.detail}`;
    case 'stale-while-revalidate':
      return reuse.kind;
    case 'validate':
      return `validate ${reuse.forward} ${reuse.reason}`;
    case 'gateway-timeout':
      return `gateway-timeout ${reuse.reason}`;
  }
}

const IMMUTABLE = { fields: ['cache-control', 'max-age=60, immutable'] };

describe('a stored response is reused, or validated first', () => {
  test.each<Asked & { name: string; expected: string }>([
    { name: 'while it is fresh', expected: 'hit' },
    { name: 'to its last millisecond', after: 59.999, expected: 'hit' },
    { name: 'not once its lifetime is over', after: 60, expected: 'validate stale stale' },
    { name: 'not when it came too old', stored: { initialAge: 60 * SECOND }, expected: 'validate stale stale' },
    { name: 'never with no-cache', stored: { alwaysValidate: true }, expected: 'validate stale no-cache' },
    { name: 'with must-revalidate while fresh', stored: { mustRevalidate: true }, expected: 'hit' },
    {
      name: 'while revalidating',
      after: 69,
      stored: { staleWhileRevalidate: 10 * SECOND },
      expected: 'stale-while-revalidate',
    },
    {
      name: 'not after that window',
      after: 70,
      stored: { staleWhileRevalidate: 10 * SECOND },
      expected: 'validate stale stale',
    },
    { name: 'not after a soft purge', purged: 'soft', expected: 'validate stale purged' },
    {
      name: 'after a soft purge while revalidating',
      purged: 'soft',
      stored: { staleWhileRevalidate: 1 },
      expected: 'stale-while-revalidate',
    },
    {
      name: 'not after a soft purge when it was stale for longer',
      after: 80,
      purged: 'soft',
      stored: { staleWhileRevalidate: 10 * SECOND },
      expected: 'validate stale purged',
    },
    {
      name: 'never while it is suspect, nor while revalidating',
      purged: 'suspect',
      stored: { staleWhileRevalidate: 9999 * SECOND },
      expected: 'validate stale suspect',
    },
  ])('$name: $expected', ({ expected, ...asked }) => {
    expect(outcome(asked)).toBe(expected);
  });

  test.each<Asked & { cacheControl?: string; pragma?: string; expected: string }>([
    { cacheControl: 'foo', expected: 'hit' },
    { cacheControl: 'no-cache', expected: 'validate request request-no-cache' },
    { cacheControl: 'no-cache', after: 60, expected: 'validate stale stale' },
    { cacheControl: 'no-cache', stored: IMMUTABLE, expected: 'validate request request-no-cache' },
    { pragma: 'no-cache', expected: 'validate request request-no-cache' },
    { cacheControl: 'foo', pragma: 'no-cache', expected: 'hit' },
    { cacheControl: 'no-store', expected: 'hit' },
    { cacheControl: 'max-age=10', expected: 'hit' },
    { cacheControl: 'max-age=9', expected: 'validate request request-max-age' },
    { cacheControl: 'max-age=0', after: 0, expected: 'validate request request-max-age' },
    { cacheControl: 'max-age=0', stored: IMMUTABLE, expected: 'hit' },
    { cacheControl: 'max-age=0', stored: IMMUTABLE, after: 60, expected: 'validate stale stale' },
    { cacheControl: 'min-fresh=50', expected: 'hit' },
    { cacheControl: 'min-fresh=51', expected: 'validate request request-min-fresh' },
    { cacheControl: 'max-stale', after: 9999, expected: 'hit max-stale' },
    { cacheControl: 'max-stale=10', after: 70, expected: 'hit max-stale' },
    { cacheControl: 'max-stale=10', after: 71, expected: 'validate stale stale' },
    { cacheControl: 'max-stale=10, max-age=65', after: 66, expected: 'validate stale stale' },
    { cacheControl: 'max-stale=10', after: 61, stored: { mustRevalidate: true }, expected: 'validate stale stale' },
    { cacheControl: 'max-stale', after: 61, stored: { alwaysValidate: true }, expected: 'validate stale no-cache' },
    { cacheControl: 'max-stale', purged: 'soft', expected: 'hit max-stale' },
    { cacheControl: 'max-stale', purged: 'suspect', expected: 'validate stale suspect' },
    { cacheControl: 'max-age=0', purged: 'suspect', stored: IMMUTABLE, expected: 'validate stale suspect' },
    { cacheControl: 'only-if-cached', purged: 'suspect', expected: 'gateway-timeout suspect' },
    { cacheControl: 'max-age=99', after: 61, stored: { staleWhileRevalidate: 9999 }, expected: 'validate stale stale' },
    { cacheControl: 'foo', after: 61, stored: { staleWhileRevalidate: 9999 }, expected: 'stale-while-revalidate' },
    { cacheControl: 'only-if-cached', expected: 'hit' },
    { cacheControl: 'only-if-cached', after: 60, expected: 'gateway-timeout stale' },
    { cacheControl: 'only-if-cached, max-age=1', expected: 'gateway-timeout request-max-age' },
    { cacheControl: 'only-if-cached, max-stale', after: 60, expected: 'hit max-stale' },
  ])(
    'asked $cacheControl $pragma after $after with $stored: $expected',
    ({ cacheControl, pragma, expected, ...asked }) => {
      expect(outcome({ ...asked, request: { cacheControl, pragma } })).toBe(expected);
    },
  );

  test('tells age and what is left of freshness', () => {
    const stored = storedOf({ initialAge: 5 * SECOND, staleWhileRevalidate: 60 * SECOND });
    expect(decideReuse(requestOf(), stored, NOW + 10 * SECOND)).toMatchObject({ age: 15_000, ttl: 45_000 });
    expect(decideReuse(requestOf(), stored, NOW + 60 * SECOND)).toMatchObject({ age: 65_000, ttl: -5000 });
    expect(decideReuse(requestOf(), stored, NOW + 10 * SECOND, 'soft')).toMatchObject({ age: 15_000, ttl: 0 });
  });
});

describe('a stale response in place of a failure (RFC 9111 §4.2.4, RFC 5861 §4)', () => {
  const window = { staleIfError: 30 * SECOND };
  const forbidden = { mustRevalidate: true };
  test.each<{
    failure: ForwardFailure;
    stored?: Partial<StoredResponse>;
    splash?: number;
    /** Seconds since its freshness ended. */
    staleFor?: number;
    expected: boolean;
  }>([
    { failure: 'unreachable', expected: true },
    { failure: 'unreachable', staleFor: DISCONNECTED_MAX / SECOND - 1, expected: true },
    { failure: 'unreachable', staleFor: DISCONNECTED_MAX / SECOND, expected: false },
    { failure: 'unreachable', staleFor: DISCONNECTED_MAX / SECOND, splash: 8 * DAY, expected: true },
    { failure: 'unreachable', stored: forbidden, expected: false },
    { failure: 'unreachable', stored: forbidden, splash: DAY, expected: false },
    { failure: 'unreachable', stored: { alwaysValidate: true }, splash: DAY, expected: false },
    { failure: 'unreachable', stored: { ...forbidden, ...window }, staleFor: 29, expected: true },
    { failure: 'silent', expected: false },
    { failure: 'silent', stored: window, staleFor: 29, expected: true },
    { failure: 'silent', stored: window, staleFor: 30, expected: false },
    { failure: 'silent', splash: DAY, expected: true },
    { failure: 'silent', splash: DAY, staleFor: 86_400, expected: false },
    { failure: 'error', expected: false },
    { failure: 'error', stored: window, staleFor: 29, expected: true },
    { failure: 'error', stored: window, staleFor: 30, expected: false },
    { failure: 'error', splash: DAY, expected: false },
  ])('$failure, $stored, splash $splash, stale for $staleFor: $expected', (asked) => {
    const { failure, stored = {}, splash = 0, staleFor = 1, expected } = asked;
    const now = NOW + (60 + staleFor) * SECOND;
    expect(mayServeStale(storedOf(stored), failure, { staleBeforeSplash: splash }, now)).toBe(expected);
  });

  test('a fresh one is as good, whatever made us ask the origin', () => {
    expect(mayServeStale(storedOf(), 'error', { staleBeforeSplash: 0 }, NOW)).toBe(true);
    expect(mayServeStale(storedOf(forbidden), 'silent', { staleBeforeSplash: 0 }, NOW)).toBe(true);
  });

  test.each<{ failure: ForwardFailure; stored?: Partial<StoredResponse>; expected: boolean }>([
    { failure: 'error', expected: false },
    { failure: 'error', stored: window, expected: true },
    { failure: 'unreachable', expected: true },
    { failure: 'unreachable', stored: forbidden, expected: false },
  ])(
    'one that was purged softly is stale, however fresh it was: $failure, $stored',
    ({ failure, stored, expected }) => {
      expect(mayServeStale(storedOf(stored), failure, { staleBeforeSplash: 0 }, NOW, 'soft')).toBe(expected);
    },
  );

  test.each<ForwardFailure>(['error', 'silent', 'unreachable'])('one that is suspect never is: %s', (failure) => {
    expect(mayServeStale(storedOf(window), failure, { staleBeforeSplash: 9999 }, NOW, 'suspect')).toBe(false);
  });
});
