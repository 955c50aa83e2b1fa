import { describe, expect, test } from 'vitest';
import { CachedObject } from '../../../src/cache/object.ts';
import type { CacheRules } from '../../../src/cache/rules.ts';
import { SURROGATE_CAPABILITY } from '../../../src/cache/semantics/surrogate-control.ts';
import { fetchFields } from '../../../src/proxy/caching/conditions.ts';
import { at, NOON, storedResponse } from '../../cache/conditional/stored.ts';
import { queryOf } from '../../cache/shared.ts';

describe('what the origin is asked with', () => {
  test.each<{ name: string; asked: string[]; rules?: Partial<CacheRules>; expected: string[] }>([
    {
      name: 'what came',
      asked: ['X', '1', 'Accept', '*/*'],
      expected: ['X', '1', 'Accept', '*/*', 'accept-encoding', ''],
    },
    {
      name: 'none of the conditions and ranges of a client, in whatever case',
      asked: ['IF-NONE-MATCH', '"1"', 'If-Modified-Since', at(0), 'Range', 'bytes=0-1', 'if-range', '"1"', 'Y', '2'],
      expected: ['Y', '2', 'accept-encoding', ''],
    },
    {
      name: 'names as long as those',
      asked: ['fives', 'a', 'eight888', 'b'],
      expected: ['fives', 'a', 'eight888', 'b', 'accept-encoding', ''],
    },
    {
      name: 'nothing that the key does not know',
      asked: ['X-Host', 'evil.example', 'X-Other', 'a'],
      expected: ['X-Other', 'a', 'accept-encoding', ''],
    },
    {
      name: 'that, where the route has it in the key',
      asked: ['X-Host', 'a'],
      rules: { keyHeaders: ['x-host'] },
      expected: ['X-Host', 'a', 'accept-encoding', ''],
    },
  ])('$name', ({ asked, rules, expected }) => {
    const query = queryOf({ fields: asked }, rules);
    // Of the codings, another test says which.
    expect(fetchFields(query, undefined, NOON).slice(0, -2).with(-1, '')).toEqual(expected);
  });

  test.each([
    { name: 'by its tag', fields: ['etag', '"1"'], expected: ['if-none-match', '"1"'] },
    { name: 'by its date', fields: ['last-modified', at(-9)], expected: ['if-modified-since', at(-9)] },
    {
      name: 'by both',
      fields: ['etag', '"1"', 'last-modified', at(-9)],
      expected: ['if-none-match', '"1"', 'if-modified-since', at(-9)],
    },
    { name: 'not at all when it has neither', fields: [], expected: [] },
    {
      name: 'by the tag that it had before it was compressed, too',
      fields: ['etag', 'W/"1"'],
      compress: ['br'] as const,
      expected: ['if-none-match', 'W/"1", "1"'],
    },
  ])('what is stored is validated $name', ({ fields, compress = [], expected }) => {
    const object = new CachedObject(storedResponse(fields), 1, 1, 0, undefined);
    const sent = fetchFields(queryOf({ fields: ['If-None-Match', '"client"'] }, { compress }), object, NOON);
    expect(sent.slice(2, 4)).toEqual(['surrogate-capability', SURROGATE_CAPABILITY]);
    expect(sent.slice(4)).toEqual(expected);
  });
});
