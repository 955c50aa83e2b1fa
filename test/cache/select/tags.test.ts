import { describe, expect, test } from 'vitest';
import { TAG_LENGTH_MAX, TAGS_MAX, tagsOf } from '../../../src/cache/select/tags.ts';

describe('the tags of a response', () => {
  test.each([
    { fields: ['x', 'y'], tags: [] },
    { fields: ['surrogate-key', 'a  b\tc'], tags: ['a', 'b', 'c'] },
    { fields: ['cache-tag', 'a,b , c d,,'], tags: ['a', 'b', 'c d'] },
    { fields: ['surrogate-key', 'a b', 'surrogate-key', 'c'], tags: ['a', 'b', 'c'] },
    { fields: ['cache-tag', 'a', 'cache-tag', 'b'], tags: ['a', 'b'] },
    { fields: ['surrogate-key', 'a', 'cache-tag', 'a, A'], tags: ['a', 'A'] },
    { fields: ['surrogate-key', ' ', 'cache-tag', ','], tags: [] },
    { fields: ['surrogate-key', 'product/1,2'], tags: ['product/1,2'] },
  ])('of $fields are $tags', ({ fields, tags }) => expect(tagsOf(fields)).toEqual({ tags, dropped: 0 }));

  test('are bounded, and those beyond are counted', () => {
    const many = Array.from({ length: TAGS_MAX + 3 }, (_, index) => `t${index}`).join(' ');
    const { tags, dropped } = tagsOf(['surrogate-key', `${many} ${'x'.repeat(TAG_LENGTH_MAX + 1)}`]);
    expect([tags.length, dropped]).toEqual([TAGS_MAX, 4]);
  });
});
