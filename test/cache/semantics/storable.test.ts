import { describe, expect, test } from 'vitest';
import type { CacheResponse } from '../../../src/cache/message.ts';
import { decideStore, type StorableResponse, type StoreContext } from '../../../src/cache/semantics/storable.ts';
import { contextOf, DAY, HOUR, httpDate, NOW, requestOf, responseOf, rulesOf, SECOND } from './exchange.ts';

const FRESH = { 'cache-control': 'max-age=60' };

function reasonOf(response: CacheResponse, context: Partial<StoreContext> = {}): string {
  const decision = decideStore(response, contextOf(context));
  return decision.store ? 'stored' : decision.reason;
}

function stored(response: CacheResponse, context: Partial<StoreContext> = {}): StorableResponse {
  const decision = decideStore(response, contextOf(context));
  if (!decision.store) throw new Error(`not stored: ${decision.reason}`);
  return decision.stored;
}

describe('a response is stored, or says why not (RFC 9111 §3)', () => {
  test.each<{ name: string; fields?: Record<string, string>; status?: number; expected: string }>([
    { name: 'fresh', fields: FRESH, expected: 'stored' },
    { name: 'fresh by Expires', fields: { expires: httpDate(60) }, expected: 'stored' },
    { name: 'fresh by guess', fields: { 'last-modified': httpDate(-86_400) }, expected: 'stored' },
    { name: 'to be validated only', fields: { etag: '"a"' }, expected: 'stored' },
    { name: 'no-store', fields: { 'cache-control': 'max-age=60, no-store' }, expected: 'no-store' },
    { name: 'private', fields: { 'cache-control': 'max-age=60, private' }, expected: 'private' },
    { name: 'private for a field', fields: { 'cache-control': 'max-age=60, private="x"' }, expected: 'stored' },
    {
      name: 'no-store, understood',
      fields: { 'cache-control': 'max-age=60, no-store, must-understand' },
      expected: 'stored',
    },
    {
      name: 'no-store, not understood',
      status: 599,
      fields: { 'cache-control': 'max-age=60, no-store, must-understand' },
      expected: 'must-understand',
    },
    {
      name: 'must-understand alone',
      status: 299,
      fields: { 'cache-control': 'max-age=60, must-understand' },
      expected: 'must-understand',
    },
    { name: 'varies by anything', fields: { ...FRESH, vary: 'accept, *' }, expected: 'vary-star' },
    { name: 'varies', fields: { ...FRESH, vary: 'accept' }, expected: 'stored' },
    { name: 'a cookie', fields: { ...FRESH, 'set-cookie': 'a=b' }, expected: 'set-cookie' },
    { name: 'a cookie of the other kind', fields: { ...FRESH, 'set-cookie2': 'a=b' }, expected: 'set-cookie' },
    {
      name: 'a cookie that is for one user',
      fields: { 'cache-control': 'max-age=60, private="set-cookie"', 'set-cookie': 'a=b' },
      expected: 'stored',
    },
    { name: 'nothing of freshness', fields: {}, expected: 'no-freshness' },
    { name: 'a Last-Modified that is no date', fields: { 'last-modified': 'x' }, expected: 'no-freshness' },
    { name: 'a 302 with validator alone', status: 302, fields: { etag: '"a"' }, expected: 'no-freshness' },
    {
      name: 'a 302 that is public, with validator',
      status: 302,
      fields: { etag: '"a"', 'cache-control': 'public' },
      expected: 'stored',
    },
    { name: 'no-cache with validator', fields: { 'cache-control': 'no-cache', etag: '"a"' }, expected: 'stored' },
    { name: 'no-cache without validator', fields: { 'cache-control': 'max-age=60, no-cache' }, expected: 'no-cache' },
    { name: 'stale at once', fields: { 'cache-control': 'max-age=0' }, expected: 'expired' },
    { name: 'stale at once by Expires', fields: { expires: '0' }, expected: 'expired' },
    { name: 'stale at once with validator', fields: { expires: '0', etag: '"a"' }, expected: 'stored' },
    {
      name: 'stale at once with a window',
      fields: { 'cache-control': 'max-age=0, stale-while-revalidate=9' },
      expected: 'stored',
    },
    { name: 'stale on arrival', fields: { 'cache-control': 'max-age=60', age: '90' }, expected: 'stored' },
    { name: 'stale on arrival for good', fields: { 'cache-control': 's-maxage=60', age: '90' }, expected: 'expired' },
    {
      name: 'CDN-Cache-Control: no-store',
      fields: { ...FRESH, 'cdn-cache-control': 'no-store' },
      expected: 'no-store',
    },
    {
      name: 'CDN-Cache-Control before no-store',
      fields: { 'cache-control': 'no-store', 'cdn-cache-control': 'max-age=9' },
      expected: 'stored',
    },
    { name: 'too large', fields: { ...FRESH, 'content-length': '33554433' }, expected: 'too-large' },
    { name: 'just not too large', fields: { ...FRESH, 'content-length': '33554432' }, expected: 'stored' },
  ])('$name: $expected', ({ fields = FRESH, status = 200, expected }) => {
    expect(reasonOf(responseOf(fields, status))).toBe(expected);
  });

  test.each([200, 203, 204, 299, 301, 302, 303, 307, 308, 400, 404, 410, 499, 500, 502, 503, 504, 599])(
    'a fresh %i is',
    (status) => {
      expect(reasonOf(responseOf(FRESH, status))).toBe('stored');
    },
  );

  test.each([103, 304, 408, 412, 416, 417, 425, 428, 429, 431, 511, 600])('a %i is not', (status) => {
    expect(reasonOf(responseOf(FRESH, status))).toBe('status');
  });

  test.each([
    { usable: true, expected: 'stored' },
    { usable: false, expected: 'partial' },
  ])('a 206 that can be used ($usable): $expected', ({ usable, expected }) => {
    expect(reasonOf(responseOf(FRESH, 206), { partUsable: usable })).toBe(expected);
  });

  test('nothing is, where the cache is off', () => {
    expect(reasonOf(responseOf(FRESH), { rules: rulesOf({ enabled: false }) })).toBe('cache-off');
  });

  test('a 404 is for as long as the route says', () => {
    expect(stored(responseOf({}, 404), { rules: rulesOf({ defaultTtl: HOUR }) }).lifetime).toBe(HOUR);
  });

  test('what is stale at once is, where it may be shown before a splash page', () => {
    const context = { rules: rulesOf({ staleBeforeSplash: DAY }) };
    expect(reasonOf(responseOf({ 'cache-control': 'max-age=0' }), context)).toBe('stored');
    expect(reasonOf(responseOf({ 'cache-control': 'max-age=0, must-revalidate' }), context)).toBe('expired');
    expect(reasonOf(responseOf({}), context)).toBe('no-freshness');
  });
});

describe('the request', () => {
  test.each(['HEAD', 'PUT', 'DELETE', 'OPTIONS', 'get'])('%s: nothing is stored', (method) => {
    expect(reasonOf(responseOf(FRESH), { request: requestOf({}, method) })).toBe('method');
  });

  test('no-store: nothing is stored', () => {
    const request = requestOf({ cacheControl: 'no-store' });
    expect(reasonOf(responseOf(FRESH), { request })).toBe('request-no-store');
  });

  test.each([
    { directives: 'max-age=60', expected: 'authorization' },
    { directives: 'max-age=60, proxy-revalidate', expected: 'authorization' },
    { directives: 'max-age=60, public', expected: 'stored' },
    { directives: 'max-age=60, must-revalidate', expected: 'stored' },
    { directives: 's-maxage=60', expected: 'stored' },
  ])('with Authorization and $directives: $expected (RFC 9111 §3.5)', ({ directives, expected }) => {
    const request = requestOf({ authorization: 'Basic x' });
    expect(reasonOf(responseOf({ 'cache-control': directives }), { request })).toBe(expected);
  });

  const uri = 'https://www.example.com/page?a=1';
  test.each([
    { name: 'the same URI', fields: { ...FRESH, 'content-location': uri }, expected: 'stored' },
    { name: 'the same path', fields: { ...FRESH, 'content-location': '/page?a=1' }, expected: 'stored' },
    { name: 'the same, relative', fields: { ...FRESH, 'content-location': 'page?a=1' }, expected: 'stored' },
    { name: 'another query', fields: { ...FRESH, 'content-location': '/page' }, expected: 'method' },
    {
      name: 'another host',
      fields: { ...FRESH, 'content-location': 'https://example.com/page?a=1' },
      expected: 'method',
    },
    { name: 'none', fields: FRESH, expected: 'method' },
    { name: 'no URI', fields: { ...FRESH, 'content-location': 'https://[' }, expected: 'method' },
    {
      name: 'no freshness',
      fields: { 'last-modified': httpDate(-86_400), 'content-location': uri },
      expected: 'method',
    },
    { name: 'another status', status: 201, fields: { ...FRESH, 'content-location': uri }, expected: 'method' },
  ])('POST, Content-Location $name: $expected (RFC 9110 §9.3.3)', ({ fields, status = 200, expected }) => {
    expect(reasonOf(responseOf(fields, status), { request: requestOf({}, 'POST'), uri })).toBe(expected);
  });
});

describe('the fields that are kept (RFC 9111 §3.1)', () => {
  function names(fields: Record<string, string>, setCookie: 'strip' | 'store' = 'store'): string[] {
    const kept = stored(responseOf({ ...FRESH, ...fields }), { rules: rulesOf({ setCookie }) }).fields;
    return kept.filter((_, index) => index % 2 === 0);
  }

  test.each([
    'connection',
    'keep-alive',
    'proxy-connection',
    'proxy-authenticate',
    'proxy-authentication-info',
    'proxy-authorization',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
    'content-length',
    'age',
  ])('are not %s', (name) => {
    expect(names({ [name]: '1' })).not.toContain(name);
  });

  test.each([
    'cache-control',
    'content-encoding',
    'content-range',
    'etag',
    'expires',
    'set-cookie',
    'set-cookie2',
    'clear-site-data',
    'public-key-pins',
    'x-test',
    'cache-status',
    'cdn-cache-control',
    'surrogate-control',
    'vary',
  ])('are %s', (name) => {
    expect(names({ [name]: name === 'vary' ? 'accept' : 'max-age=9' })).toContain(name);
  });

  test('are none that Connection names', () => {
    expect(names({ connection: 'A, b', a: '1', b: '2', c: '3' })).toEqual(['date', 'cache-control', 'c']);
  });

  test('are none that no-cache and private name', () => {
    expect(names({ 'cache-control': 'max-age=60, no-cache="a", private="b"', a: '1', b: '2', c: '3' })).toEqual([
      'date',
      'cache-control',
      'c',
    ]);
  });

  test('are no cookies where they are taken out', () => {
    expect(names({ 'set-cookie': 'a=b', 'set-cookie2': 'a=b' }, 'strip')).toEqual(['date', 'cache-control']);
  });

  test.each([
    ['cache-control', 'max-age=60'],
    ['cache-control', 'max-age=60', 'date', 'foo'],
  ])('get a Date if there is none in %s %s %s %s', (...fields) => {
    expect(stored({ status: 200, fields }).fields).toEqual(['cache-control', 'max-age=60', 'date', httpDate(0)]);
  });
});

describe('what is decided when it is stored', () => {
  test('is all that a hit needs', () => {
    const times = { requestTime: NOW - 200, responseTime: NOW };
    const response = responseOf({
      'cache-control': 'max-age=60, stale-while-revalidate=10, stale-if-error=20',
      age: '5',
      etag: '"a"',
      'last-modified': httpDate(-10),
    });
    expect(stored(response, { times })).toEqual({
      status: 200,
      fields: [
        'date',
        httpDate(0),
        'cache-control',
        'max-age=60, stale-while-revalidate=10, stale-if-error=20',
        'etag',
        '"a"',
        'last-modified',
        httpDate(-10),
      ],
      ...times,
      initialAge: 5200,
      lifetime: 60 * SECOND,
      staleWhileRevalidate: 10 * SECOND,
      staleIfError: 20 * SECOND,
      alwaysValidate: false,
      mustRevalidate: false,
      etag: '"a"',
      lastModified: httpDate(-10),
    });
  });

  const rules = rulesOf({ staleWhileRevalidate: 1, staleIfError: 2 });
  test.each([
    { directives: 'max-age=60', windows: [1, 2], must: false },
    { directives: 'max-age=60, stale-while-revalidate=0, stale-if-error=0', windows: [0, 0], must: false },
    { directives: 'max-age=60, stale-while-revalidate=9, stale-if-error=8', windows: [9000, 8000], must: false },
    { directives: 'max-age=0', windows: [0, 2], must: false },
    { directives: 'max-age=0, stale-while-revalidate=9', windows: [9000, 2], must: false },
    { directives: 'max-age=60, stale-while-revalidate=9, must-revalidate', windows: [0, 0], must: true },
    { directives: 'max-age=60, stale-while-revalidate=9, proxy-revalidate', windows: [0, 0], must: true },
    { directives: 'max-age=60, stale-while-revalidate=9, no-cache', windows: [0, 0], must: false },
    { directives: 's-maxage=60', windows: [0, 0], must: true },
    { directives: 's-maxage=60, stale-while-revalidate=9, stale-if-error=8', windows: [9000, 8000], must: true },
  ])('by $directives: windows $windows, must revalidate $must', ({ directives, windows, must }) => {
    const { staleWhileRevalidate, staleIfError, mustRevalidate } = stored(
      responseOf({ 'cache-control': directives, etag: '"a"' }),
      { rules },
    );
    expect([staleWhileRevalidate, staleIfError]).toEqual(windows);
    expect(mustRevalidate).toBe(must);
  });

  test('is to validate each time by no-cache, but not by no-cache for a field', () => {
    const etag = '"a"';
    expect(stored(responseOf({ 'cache-control': 'no-cache', etag })).alwaysValidate).toBe(true);
    expect(stored(responseOf({ 'cache-control': 'max-age=9, no-cache="x"', etag })).alwaysValidate).toBe(false);
  });

  test.each([
    { name: 'fresh', fields: FRESH, shareable: true },
    { name: 'to be validated', fields: { etag: '"a"' }, shareable: false },
    { name: 'no-cache', fields: { 'cache-control': 'no-cache, max-age=60', etag: '"a"' }, shareable: false },
    {
      name: 'within stale-while-revalidate',
      fields: { 'cache-control': 'max-age=0, stale-while-revalidate=9' },
      shareable: true,
    },
    { name: 'too large', fields: { ...FRESH, 'content-length': '99999999' }, shareable: true },
    { name: 'not to be stored', fields: { 'cache-control': 'no-store' }, shareable: false },
    { name: 'with a cookie', fields: { ...FRESH, 'set-cookie': 'a=b' }, shareable: false },
  ])('is whether others may share it: $name, $shareable', ({ fields, shareable }) => {
    expect(decideStore(responseOf(fields), contextOf()).shareable).toBe(shareable);
  });
});
