import { describe, expect, test } from 'vitest';
import { variantFields } from '../../../src/cache/select/variant-fields.ts';
import { variantKey } from '../../../src/cache/select/vary.ts';
import { RULES } from '../shared.ts';
import { cacheRequest } from './request.ts';

const RULE_SETS = [
  RULES,
  { ...RULES, compress: ['zstd', 'br', 'gzip'] as const },
  { ...RULES, compress: ['gzip'] as const, varyCookies: ['lang', 'theme'] },
];

describe('the fields of a variant', () => {
  test.each<{ vary: string[]; fields: string[] }>([
    { vary: [], fields: ['accept', 'a/b'] },
    { vary: ['accept-encoding'], fields: [] },
    { vary: ['accept-encoding'], fields: ['Accept-Encoding', 'gzip, deflate, br;q=0.9, zstd;q=0.1'] },
    { vary: ['accept-encoding'], fields: ['Accept-Encoding', 'identity;q=0, *'] },
    { vary: ['accept-encoding'], fields: ['Accept-Encoding', ''] },
    { vary: ['accept-language'], fields: ['Accept-Language', 'de-CH, de;q=0.9, en;q=0.8, *;q=0.5, fr;q=0'] },
    { vary: ['accept-language'], fields: ['Accept-Language', 'en;q=0.3,de;q=0.3'] },
    { vary: ['accept-language'], fields: ['Accept-Language', 'de;q=0, en;q=0'] },
    { vary: ['accept-language'], fields: ['Accept-Language', ''] },
    { vary: ['accept-language'], fields: [] },
    { vary: ['accept'], fields: ['Accept', 'text/html ; level=1, */*;q=0.1, "a,b"'] },
    { vary: ['cookie'], fields: ['Cookie', 'theme=dark; id=7; lang=de'] },
    { vary: ['cookie'], fields: [] },
    { vary: ['origin', 'x-device'], fields: ['X-Device', 'phone, \xe9', 'Origin', ''] },
    {
      vary: ['accept', 'accept-encoding', 'accept-language', 'x-a'],
      fields: ['X-A', 'b', 'x-a', 'c', 'Accept-Language', 'fr', 'Accept-Encoding', 'br'],
    },
  ])('select it again: $vary of $fields', ({ vary, fields }) => {
    for (const rules of RULE_SETS) {
      const variant = variantKey(vary, cacheRequest({ fields }), rules);
      const again = variantFields(vary, variant);
      expect(again).toBeDefined();
      expect(variantKey(vary, cacheRequest({ fields: again ?? [] }), rules)).toBe(variant);
    }
  });

  test.each(['en>>de', 'a!b!c', 'b,a', 'en;q=0.5'])('are unknown of languages that are none: %s', (value) => {
    expect(variantFields(['accept-language'], `=${value}`)).toBeUndefined();
  });

  test('are unknown of a variant that has not as many lines as there are fields', () => {
    expect(variantFields(['a', 'b'], '=x')).toBeUndefined();
    expect(variantFields([], '')).toEqual([]);
  });
});
