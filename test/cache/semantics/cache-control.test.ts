import { describe, expect, test } from 'vitest';
import {
  eachDirective,
  parseRequestCacheControl,
  parseResponseCacheControl,
} from '../../../src/cache/semantics/cache-control.ts';
import {
  type Argument,
  MALFORMED,
  NO_RESPONSE_DIRECTIVES,
  type RequestDirectives,
  type ResponseDirectives,
} from '../../../src/cache/semantics/directives.ts';

const LARGEST = 2 ** 31 * 1000;

describe("a response's Cache-Control", () => {
  test.each<{ value: string; expected: Partial<ResponseDirectives> }>([
    { value: '', expected: {} },
    { value: ' , ,', expected: {} },
    { value: 'max-age=60', expected: { maxAge: 60_000 } },
    { value: 'MaX-aGe=60', expected: { maxAge: 60_000 } },
    { value: 'max-age=0060', expected: { maxAge: 60_000 } },
    { value: 'max-age="60"', expected: { maxAge: 60_000 } },
    { value: 'max-age="6\\0"', expected: { maxAge: 60_000 } },
    { value: 'max-age=0', expected: { maxAge: 0 } },
    { value: 'max-age=2147483648', expected: { maxAge: LARGEST } },
    { value: 'max-age=2147483649', expected: { maxAge: LARGEST } },
    { value: 'max-age=99999999999999999999', expected: { maxAge: LARGEST } },
    { value: 's-maxage=5,max-age=60', expected: { sMaxage: 5000, maxAge: 60_000 } },
    { value: 'foobar, max-age=60, x="y"', expected: { maxAge: 60_000 } },
    { value: 'public, max-age=60, immutable', expected: { public: true, maxAge: 60_000, immutable: true } },
    { value: 'must-revalidate,proxy-revalidate', expected: { mustRevalidate: true, proxyRevalidate: true } },
    { value: 'No-StOrE', expected: { noStore: true } },
    { value: 'no-store, must-understand', expected: { noStore: true, mustUnderstand: true } },
    { value: 'no-transform', expected: { noTransform: true } },
    {
      value: 'stale-while-revalidate=10, stale-if-error=20',
      expected: { staleWhileRevalidate: 10_000, staleIfError: 20_000 },
    },
  ])('$value', ({ value, expected }) => {
    expect(parseResponseCacheControl(value)).toEqual({ ...NO_RESPONSE_DIRECTIVES, ...expected });
  });

  test.each([
    'max-age=-60',
    'max-age=60.0',
    'max-age=60a',
    'max-age=a60',
    "max-age='60'",
    'max-age =60',
    'max-age= 60',
    'max-age=',
    'max-age',
    'max-age=60 60',
    'max-age="60',
  ])('%s is no freshness at all (RFC 9111 §4.2.1)', (value) => {
    expect(parseResponseCacheControl(value).maxAge).toBe(0);
  });

  test.each([
    { value: 'max-age=1800, max-age=1', maxAge: 1_800_000 },
    { value: 'max-age=1, max-age=1800', maxAge: 1000 },
    { value: 'max-age=x, max-age=1800', maxAge: 0 },
  ])('of two in $value the first counts', ({ value, maxAge }) => {
    expect(parseResponseCacheControl(value).maxAge).toBe(maxAge);
  });

  test.each([
    'extension="max-age=3600", max-age=1',
    'max-age=1, extension="max-age=3600"',
    'extension="a\\", max-age=3600", max-age=1',
  ])('%s: what stands in quotes is no directive', (value) => {
    expect(parseResponseCacheControl(value).maxAge).toBe(1000);
  });

  test.each<{ value: string; expected: Partial<ResponseDirectives> }>([
    { value: 'no-cache', expected: { noCache: true } },
    { value: 'no-cache="a"', expected: { noCacheFields: ['a'] } },
    { value: 'no-cache="A, b"', expected: { noCacheFields: ['a', 'b'] } },
    { value: 'no-cache=set-cookie', expected: { noCacheFields: ['set-cookie'] } },
    { value: 'no-cache="a", no-cache="b"', expected: { noCacheFields: ['a', 'b'] } },
    { value: 'no-cache="a", no-cache', expected: { noCache: true, noCacheFields: ['a'] } },
    { value: 'no-cache=""', expected: { noCache: true } },
    { value: 'no-cache="a b"', expected: { noCache: true } },
    { value: 'private', expected: { private: true } },
    { value: 'private="Set-Cookie"', expected: { privateFields: ['set-cookie'] } },
    { value: 'private="set-cookie', expected: { private: true } },
    { value: 'private=@', expected: { private: true } },
  ])('$value names fields, or means all of them when in doubt', ({ value, expected }) => {
    expect(parseResponseCacheControl(value)).toEqual({ ...NO_RESPONSE_DIRECTIVES, ...expected });
  });

  test.each(['x="y, no-store', 'max-age=60 x, no-store', '@@@, no-store', 'no-store foo', 'no-store="'])(
    '%s: what is broken hides no no-store',
    (value) => {
      expect(parseResponseCacheControl(value).noStore).toBe(true);
    },
  );

  test('what permits does not count when it is broken', () => {
    const directives = parseResponseCacheControl('public@, immutable@, must-understand@');
    expect(directives).toEqual(NO_RESPONSE_DIRECTIVES);
  });

  // Were the time quadratic, the test's own would run out.
  test.each([
    { name: 'quotes', value: '"\\'.repeat(250_000) },
    { name: 'quotes that are arguments', value: `x=${'"\\a'.repeat(150_000)}` },
    { name: 'strings that nobody ends', value: 'x="y,'.repeat(2_000) },
    { name: 'spaces', value: `x${' '.repeat(500_000)}y` },
  ])('of many $name is read in no time', ({ value }) => {
    expect(parseResponseCacheControl(value).maxAge).toBeUndefined();
  });
});

describe("a request's Cache-Control", () => {
  const none: RequestDirectives = parseRequestCacheControl(undefined);

  test.each<{ value: string | undefined; pragma?: string; expected: Partial<RequestDirectives> }>([
    { value: undefined, expected: {} },
    { value: 'no-cache', expected: { noCache: true } },
    { value: 'no-store', expected: { noStore: true } },
    { value: 'only-if-cached', expected: { onlyIfCached: true } },
    { value: 'max-age=0', expected: { maxAge: 0 } },
    { value: 'min-fresh=20', expected: { minFresh: 20_000 } },
    { value: 'max-stale', expected: { maxStale: Number.POSITIVE_INFINITY } },
    { value: 'max-stale=20', expected: { maxStale: 20_000 } },
    { value: 'max-stale=x, min-fresh=x, max-age=x', expected: {} },
    { value: undefined, pragma: 'no-cache', expected: { noCache: true } },
    { value: undefined, pragma: 'x, No-Cache', expected: { noCache: true } },
    { value: undefined, pragma: 'max-age=0', expected: {} },
    { value: 'max-stale', pragma: 'no-cache', expected: { maxStale: Number.POSITIVE_INFINITY } },
  ])('$value with Pragma $pragma', ({ value, pragma, expected }) => {
    expect(parseRequestCacheControl(value, pragma)).toEqual({ ...none, ...expected });
  });

  test('is read once for each value', () => {
    expect(parseRequestCacheControl('max-age=7')).toBe(parseRequestCacheControl('max-age=7'));
  });

  test('is still right after more values than are remembered', () => {
    for (let i = 0; i < 1000; i += 1) expect(parseRequestCacheControl(`max-age=${i}`).maxAge).toBe(i * 1000);
    expect(parseRequestCacheControl('max-age=3').maxAge).toBe(3000);
  });
});

test('directives are taken one by one, with what they say', () => {
  const taken: [string, Argument][] = [];
  eachDirective('A, b=c ,d="e,\\"f", g=@, h', (name, argument) => taken.push([name, argument]));
  expect(taken).toEqual([
    ['a', undefined],
    ['b', 'c'],
    ['d', 'e,"f'],
    ['g', MALFORMED],
    ['h', undefined],
  ]);
});
