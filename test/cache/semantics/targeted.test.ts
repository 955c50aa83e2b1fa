import { describe, expect, test } from 'vitest';
import { NO_RESPONSE_DIRECTIVES, type ResponseDirectives } from '../../../src/cache/semantics/directives.ts';
import { effectiveDirectives, mayTransform, parseTargeted } from '../../../src/cache/semantics/targeted.ts';

describe('CDN-Cache-Control (RFC 9213)', () => {
  test('takes the place of Cache-Control', () => {
    const fields = ['cache-control', 'no-store', 'cdn-cache-control', 'max-age=60'];
    expect(effectiveDirectives(fields)).toEqual({
      directives: { ...NO_RESPONSE_DIRECTIVES, maxAge: 60_000 },
      targeted: true,
    });
  });

  test('does so also with no directive that we know', () => {
    const fields = ['cache-control', 'no-store', 'cdn-cache-control', 'none'];
    expect(effectiveDirectives(fields)).toEqual({ directives: NO_RESPONSE_DIRECTIVES, targeted: true });
  });

  test('may come in several lines', () => {
    const { directives } = effectiveDirectives(['cdn-cache-control', 'public', 'cdn-cache-control', 'max-age=60']);
    expect(directives).toMatchObject({ public: true, maxAge: 60_000 });
  });

  test.each(['', ' ', 'max-age=10000, &&&&&', 'MaX-aGe=3600', 'max-age =100', 'max-age= 100', 'max-age=60,'])(
    '%j does not count',
    (value) => {
      const effective = effectiveDirectives(['cdn-cache-control', value, 'cache-control', 'no-store']);
      expect(effective.targeted).toBe(false);
      expect(effective.directives.noStore).toBe(true);
    },
  );

  test.each<{ value: string; expected: Partial<ResponseDirectives> }>([
    { value: 'max-age=99999999999', expected: { maxAge: 2 ** 31 * 1000 } },
    { value: 'max-age=60;x=1', expected: { maxAge: 60_000 } },
    { value: 'max-age=1, max-age=2', expected: { maxAge: 2000 } },
    { value: 'max-age="10000"', expected: { maxAge: 0 } },
    { value: 'max-age=10.0', expected: { maxAge: 0 } },
    { value: 'max-age=-1', expected: { maxAge: 0 } },
    { value: 'max-age', expected: { maxAge: 0 } },
    { value: 'no-store=?0', expected: {} },
    { value: 'no-store=1', expected: { noStore: true } },
    { value: 'public=1.5', expected: {} },
    { value: 'public=(a)', expected: {} },
    { value: 'private', expected: { private: true } },
    { value: 'private="a, b"', expected: { privateFields: ['a', 'b'] } },
    { value: 'no-cache=a', expected: { noCacheFields: ['a'] } },
    { value: 'no-cache=("a" "b")', expected: { noCache: true } },
  ])('$value', ({ value, expected }) => {
    expect(parseTargeted(value)).toEqual({ ...NO_RESPONSE_DIRECTIVES, ...expected });
  });
});

describe('content', () => {
  test.each([
    { fields: [], may: true },
    { fields: ['cache-control', 'no-transform'], may: false },
    { fields: ['cache-control', 'no-transform', 'cdn-cache-control', 'max-age=1'], may: false },
    { fields: ['cache-control', 'max-age=1', 'cdn-cache-control', 'no-transform'], may: false },
  ])('with $fields may be transformed: $may', ({ fields, may }) => {
    expect(mayTransform(fields)).toBe(may);
  });
});
