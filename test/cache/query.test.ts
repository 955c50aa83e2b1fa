import { describe, expect, test } from 'vitest';
import { urlOfKey } from '../../src/cache/select/key.ts';
import { queryOf } from './shared.ts';

describe('a query', () => {
  test('has the key of its request by the rules of the route, and the URI as the client has it', () => {
    const query = queryOf(
      { target: '/a?utm_x=1&b=2', fields: ['X-Key', 'v'] },
      { ignoreQuery: ['utm_*'], keyHeaders: ['x-key'] },
    );
    expect([query.key, query.uri]).toEqual([
      'https://www.example.com/a?b=2\n=v',
      'https://www.example.com/a?utm_x=1&b=2',
    ]);
  });

  test.each(['part', 'grown'] as const)('has a key of its own for %s, with the URL that purges go by', (kind) => {
    const query = queryOf({ target: '/a' });
    expect(query[kind].key).not.toBe(query.key);
    expect(urlOfKey(query[kind].key)).toBe(query.key);
    expect(query.part.key).not.toBe(query.grown.key);
  });

  test('knows the URL part of the keys of another URI of its host', () => {
    const query = queryOf({ target: '/a' }, { ignoreQuery: true });
    expect(query.urlOf('https://www.example.com/b?c=d')).toBe('https://www.example.com/b');
  });

  test('has another variant for each list of selecting fields', () => {
    const query = queryOf({ fields: ['X', '1', 'Y', '2'] });
    expect([['x'], ['y'], ['x', 'y'], [], ['x']].map((vary) => query.variantOf(vary))).toEqual([
      '=1',
      '=2',
      '=1\n=2',
      '',
      '=1',
    ]);
  });
});
