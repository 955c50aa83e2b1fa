import { describe, expect, test } from 'vitest';
import { closest } from '../../src/base/closest.ts';

const NAMES = ['hosts', 'pool', 'splash', 'response_headers', 'access', 'body_limit', 'routes'];

describe('the closest name', () => {
  test.each([
    { word: 'host', found: 'hosts' },
    { word: 'polo', found: 'pool' },
    { word: 'Pool', found: 'pool' },
    { word: 'response-headers', found: 'response_headers' },
    { word: 'responseheader', found: 'response_headers' },
    { word: 'bodylimit', found: 'body_limit' },
    { word: 'acces', found: 'access' },
    { word: 'route', found: 'routes' },
    { word: 'cache', found: undefined },
    { word: 'x', found: undefined },
    { word: '', found: undefined },
    { word: 'pool'.repeat(10_000), found: undefined },
  ])('to $word is $found', ({ word, found }) => {
    expect(closest(word, NAMES)).toBe(found);
  });

  test('is the first of several that are as close', () => {
    expect(closest('pool3', ['pool1', 'pool2'])).toBe('pool1');
  });
});
