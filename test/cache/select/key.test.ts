import { describe, expect, test } from 'vitest';
import { parsePurgedUrl, primaryKey, urlOf, urlOfKey } from '../../../src/cache/select/key.ts';

function key(
  target: string,
  rules: { ignoreQuery?: boolean | string[]; keyHeaders?: string[] } = {},
  fields: string[] = [],
) {
  const whole = { ignoreQuery: false, keyHeaders: [], ...rules };
  return primaryKey('https', 'www.example.com', { target, fields }, whole);
}

describe('the primary key', () => {
  test('is the URL, byte for byte', () => {
    expect(key('/a/../B%2f?x=1&&y=\xe9#')).toBe('https://www.example.com/a/../B%2f?x=1&&y=\xe9#');
    expect(primaryKey('http', 'a', { target: '/', fields: [] }, { ignoreQuery: false, keyHeaders: [] })).toBe(
      'http://a/',
    );
  });

  test.each([
    { target: '/a?x=1', ignore: true, path: '/a' },
    { target: '/a?', ignore: true, path: '/a' },
    { target: '/a?x=1?y', ignore: [], path: '/a?x=1?y' },
    { target: '/a?utm_source=x&b=2&utm_medium=y&a=1', ignore: ['utm_*'], path: '/a?b=2&a=1' },
    { target: '/a?utm_source=x', ignore: ['utm_*'], path: '/a' },
    { target: '/a?', ignore: ['utm_*'], path: '/a' },
    { target: '/a?gclid=1&gclidx=2', ignore: ['gclid'], path: '/a?gclidx=2' },
    { target: '/a?GCLID=1', ignore: ['gclid'], path: '/a?GCLID=1' },
    { target: '/a?gclid&b', ignore: ['gclid'], path: '/a?b' },
    { target: '/a?b=gclid=1', ignore: ['gclid'], path: '/a?b=gclid=1' },
    { target: '/a?x=1&x=2&y=&=z', ignore: ['y'], path: '/a?x=1&x=2&=z' },
    { target: '/a?b=1', ignore: ['*'], path: '/a' },
    { target: '/a', ignore: ['utm_*'], path: '/a' },
  ])('of $target without $ignore ends in $path', ({ target, ignore, path }) => {
    expect(key(target, { ignoreQuery: ignore })).toBe(`https://www.example.com${path}`);
  });

  test('keeps a parameter in which an origin may see another one', () => {
    expect(key('/a?id=1&utm_x=1;id=2', { ignoreQuery: ['utm_*'] })).toBe('https://www.example.com/a?id=1&utm_x=1;id=2');
  });

  test('takes in the request fields that the route names, so that no value passes for another', () => {
    const rules = { keyHeaders: ['x-device', 'x-country'] };
    const keys = [
      key('/a', rules, []),
      key('/a', rules, ['X-Device', '']),
      key('/a', rules, ['X-Device', 'tv', 'X-Country', 'NZ']),
      key('/a', rules, ['X-Country', 'NZ']),
      key('/a', rules, ['X-Device', 'NZ']),
      key('/a', rules, ['X-Device', 'tv=NZ']),
      key('/a', rules, ['X-Device', 'tv', 'x-device', 'NZ']),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.map(urlOfKey)).toEqual(keys.map(() => 'https://www.example.com/a'));
  });

  test('has as its URL part what a purge by URL looks for', () => {
    const rules = { ignoreQuery: ['utm_*'], keyHeaders: ['x'] };
    const whole = key('/a?utm_s=1&b=2', rules, ['x', '1']);
    expect(urlOf('https', 'www.example.com', '/a?b=2&utm_m=3', rules)).toBe(urlOfKey(whole));
    expect(urlOfKey('http://a/b?c d')).toBe('http://a/b?c d');
  });
});

describe('what a purge names', () => {
  test.each([
    { named: 'https://www.example.com/a?b=1', schemes: ['https'], host: 'www.example.com', target: '/a?b=1' },
    { named: 'HTTP://WWW.Example.com:8080/A/../b', schemes: ['http'], host: 'www.example.com', target: '/A/../b' },
    { named: 'https://www.example.com', schemes: ['https'], host: 'www.example.com', target: '/' },
    { named: 'https://www.example.com?x', schemes: ['https'], host: 'www.example.com', target: '/?x' },
    { named: 'https://www.example.com/a#b', schemes: ['https'], host: 'www.example.com', target: '/a' },
    { named: 'https://[2001:DB8::1]:443/', schemes: ['https'], host: '[2001:db8::1]', target: '/' },
    { named: 'https://bücher.example/käse', schemes: ['https'], host: 'xn--bcher-kva.example', target: '/k%C3%A4se' },
    { named: 'https://a/%c3%A4?☃', schemes: ['https'], host: 'a', target: '/%c3%A4?%E2%98%83' },
  ])('as $named is one URL', ({ named, ...url }) => expect(parsePurgedUrl(named)).toEqual(url));

  test('as a path is that of the host it was sent to, by either scheme, as it came', () => {
    expect(parsePurgedUrl('/a?\xe4', 'Example.com:8080')).toEqual({
      schemes: ['http', 'https'],
      host: 'example.com',
      target: '/a?\xe4',
    });
  });

  test.each([
    '',
    'a',
    '/a',
    'ftp://a/',
    'https://',
    'https:///a',
    'https://u@a/',
    'https://a/b c',
    'https://a/b\n',
    '*',
    'https://a b/',
    'https://a/\ud800',
    'https://a:b:80/',
  ])('is no URL: %j', (named) => expect(parsePurgedUrl(named)).toBeUndefined());

  test.each([
    { named: '/a b', authority: 'a' },
    { named: '/a', authority: '' },
    { named: '/a', authority: 'a/b' },
  ])('is no path of a host: $named, $authority', ({ named, authority }) => {
    expect(parsePurgedUrl(named, authority)).toBeUndefined();
  });
});
