import { expect, test } from 'vitest';
import { notModifiedFields } from '../../../src/cache/conditional/not-modified.ts';

test('a 304 has what RFC 9110 §15.4.5 wants of the stored fields, and nothing of what describes the body', () => {
  const wanted = [
    'cache-control',
    'content-location',
    'date',
    'etag',
    'expires',
    'vary',
    'content-security-policy',
    'x',
  ];
  const unwanted = [
    'content-type',
    'content-encoding',
    'content-language',
    'content-length',
    'content-range',
    'last-modified',
  ];
  const stored = [...wanted, ...unwanted].sort().flatMap((name) => [name, '1']);
  expect(notModifiedFields(stored)).toEqual([...wanted].sort().flatMap((name) => [name, '1']));
});

test('a 304 without an entity tag has Last-Modified', () => {
  expect(notModifiedFields(['x', 'etag', 'last-modified', 'y'])).toEqual(['x', 'etag', 'last-modified', 'y']);
});
