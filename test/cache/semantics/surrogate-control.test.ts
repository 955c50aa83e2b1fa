import { describe, expect, test } from 'vitest';
import { NO_RESPONSE_DIRECTIVES, type ResponseDirectives } from '../../../src/cache/semantics/directives.ts';
import { parseSurrogateControl } from '../../../src/cache/semantics/surrogate-control.ts';
import { effectiveDirectives } from '../../../src/cache/semantics/targeted.ts';

describe('Surrogate-Control', () => {
  test.each<{ value: string; expected: Partial<ResponseDirectives> }>([
    { value: 'max-age=3600', expected: { maxAge: 3_600_000 } },
    { value: 'MaX-aGe=3600', expected: { maxAge: 3_600_000 } },
    { value: 'max-age=99999999999', expected: { maxAge: 2 ** 31 * 1000 } },
    { value: 'foobar, max-age=60', expected: { maxAge: 60_000 } },
    { value: 'max-age=60+10', expected: { maxAge: 60_000, staleWhileRevalidate: 10_000 } },
    { value: 'max-age=60+', expected: { maxAge: 60_000, staleWhileRevalidate: 0 } },
    { value: 'max-age=60+x', expected: { maxAge: 60_000, staleWhileRevalidate: 0 } },
    { value: 'max-age=+60', expected: { maxAge: 0, staleWhileRevalidate: 60_000 } },
    { value: 'max-age=60+10+5', expected: { maxAge: 60_000, staleWhileRevalidate: 0 } },
    { value: 'max-age', expected: { maxAge: 0 } },
    { value: 'max-age= 100', expected: { maxAge: 0 } },
    { value: 'no-store', expected: { noStore: true } },
    { value: 'content="ESI/1.0", no-store', expected: { noStore: true } },
    { value: 'content="ESI/1.0, no-store', expected: { noStore: true } },
    { value: 'no-store-remote, max-age=60', expected: { maxAge: 60_000 } },
    { value: 'max-age=60, stale-if-error=5', expected: { maxAge: 60_000, staleIfError: 5000 } },
    { value: 'private', expected: { private: true } },
  ])('$value is for us', ({ value, expected }) => {
    expect(parseSurrogateControl(value)).toEqual({ ...NO_RESPONSE_DIRECTIVES, ...expected });
  });

  test.each<{ value: string; expected: Partial<ResponseDirectives> }>([
    { value: 'max-age=60;portico', expected: { maxAge: 60_000 } },
    { value: 'max-age=60 ; portico', expected: { maxAge: 60_000 } },
    { value: 'max-age="60";portico', expected: { maxAge: 60_000 } },
    { value: 'max-age=60, max-age=600;portico', expected: { maxAge: 600_000 } },
    { value: 'no-store, max-age=600;portico', expected: { maxAge: 600_000 } },
    { value: 'max-age=60, no-store;portico', expected: { noStore: true } },
    { value: 'max-age=60, no-store;abc', expected: { maxAge: 60_000 } },
    { value: 'max-age=60, content="ESI/1.0";portico', expected: { maxAge: 60_000 } },
    { value: 'no-store;portico;abc', expected: { noStore: true } },
  ])('$value: the most specific is for us', ({ value, expected }) => {
    expect(parseSurrogateControl(value)).toEqual({ ...NO_RESPONSE_DIRECTIVES, ...expected });
  });

  test.each([
    '',
    'content="ESI/1.0"',
    'no-store-remote',
    'foo',
    'max-age=3600;not-for-us',
    'max-age=3600;Portico',
    'no-store;abc',
    'stale-while-revalidate=60',
  ])('%j does not count', (value) => {
    const fields = ['cache-control', 'max-age=5', 'surrogate-control', value];
    expect(effectiveDirectives(fields)).toEqual({
      directives: { ...NO_RESPONSE_DIRECTIVES, maxAge: 5000 },
      targeted: false,
    });
  });
});

describe('the target list (RFC 9213 §2.2)', () => {
  const surrogate = ['surrogate-control', 'max-age=2'];
  const cache = ['cache-control', 'max-age=3'];

  test.each([
    { name: 'CDN-Cache-Control first', fields: ['cdn-cache-control', 'max-age=1', ...surrogate], maxAge: 1000 },
    { name: 'Surrogate-Control second', fields: surrogate, maxAge: 2000 },
    { name: 'so too after what is no dictionary', fields: ['cdn-cache-control', '&', ...surrogate], maxAge: 2000 },
  ])('has $name', ({ fields, maxAge }) => {
    expect(effectiveDirectives([...cache, ...fields])).toEqual({
      directives: { ...NO_RESPONSE_DIRECTIVES, maxAge },
      targeted: true,
    });
  });
});
