import { describe, expect, test } from 'vitest';
import { invalidatedUris, isSafeMethod } from '../../../src/cache/semantics/invalidation.ts';

const URI = 'https://www.example.com/a/../b?c=%2f';

describe('what a response makes invalid (RFC 9111 §4.4)', () => {
  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'M-SEARCH', 'FOO', 'get'])(
    '%s: its target, as it was written',
    (method) => {
      expect(invalidatedUris(method, URI, 200, [])).toEqual([URI]);
    },
  );

  test.each(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY'])('%s: nothing', (method) => {
    expect(isSafeMethod(method)).toBe(true);
    expect(invalidatedUris(method, URI, 200, ['location', '/x'])).toEqual([]);
  });

  test.each([
    { status: 199, count: 0 },
    { status: 204, count: 1 },
    { status: 303, count: 1 },
    { status: 400, count: 0 },
    { status: 500, count: 0 },
  ])('of status $status: $count', ({ status, count }) => {
    expect(invalidatedUris('POST', URI, status, [])).toHaveLength(count);
  });

  test.each([
    { name: 'a path', value: '/x?y=1', uri: 'https://www.example.com/x?y=1' },
    { name: 'a relative path', value: 'x', uri: 'https://www.example.com/x' },
    { name: 'a whole URI', value: 'https://www.example.com/x', uri: 'https://www.example.com/x' },
    { name: 'a URI with the usual port', value: 'https://WWW.example.com:443/x#y', uri: 'https://www.example.com/x' },
  ])('what Location and Content-Location name: $name', ({ value, uri }) => {
    expect(invalidatedUris('POST', URI, 201, ['location', value])).toEqual([URI, uri]);
    expect(invalidatedUris('POST', URI, 201, ['content-location', value, 'location', value])).toEqual([URI, uri]);
  });

  test.each([
    'http://www.example.com/x',
    'https://example.com/x',
    'https://www.example.com:8443/x',
    '//evil/x',
    'https://[',
    'data:,x',
  ])('nothing of another origin: %s', (value) => {
    expect(invalidatedUris('POST', URI, 201, ['location', value])).toEqual([URI]);
  });

  test.each([
    { uri: 'http://WWW.example.com:8000', other: 'http://WWW.example.com:8000/x' },
    { uri: 'http://[::1]:80/y', other: 'http://[::1]:80/x' },
  ])('others begin as $uri was written', ({ uri, other }) => {
    expect(invalidatedUris('PUT', uri, 200, ['location', '/x'])).toEqual([uri, other]);
  });

  test('of what is no URI is that alone', () => {
    expect(invalidatedUris('PUT', '*', 200, ['location', '/x'])).toEqual(['*']);
  });
});
