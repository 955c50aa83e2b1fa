import { expect, test } from 'vitest';
import { parseAskedUrl } from '../../src/sibling/asked-url.ts';

test.each([
  { url: 'http://www.site.test/cc/a', parts: ['http', 'www.site.test', '/cc/a'] },
  { url: 'https://www.site.test/a?b=/c?d', parts: ['https', 'www.site.test', '/a?b=/c?d'] },
  { url: 'http://127.0.0.51:19080/', parts: ['http', '127.0.0.51:19080', '/'] },
  { url: 'http://[::1]:8080/a', parts: ['http', '[::1]:8080', '/a'] },
  { url: 'http://www.site.test', parts: ['http', 'www.site.test', '/'] },
  { url: 'http://www.site.test?a', parts: ['http', 'www.site.test', '/?a'] },
  { url: 'http://www.site.test/\xe4%20"', parts: ['http', 'www.site.test', '/\xe4%20"'] },
  { url: 'http://WWW.site.test:80/', parts: ['http', 'WWW.site.test:80', '/'] },
])('$url is taken apart as it stands', ({ url, parts: [scheme, host, target] }) => {
  expect(parseAskedUrl(url)).toEqual({ scheme, host, target });
});

test.each(['ftp://www.site.test/a', 'HTTP://www.site.test/a', 'cache-object://localhost/info'])(
  '%s is a URL that we do not serve',
  (url) => {
    expect(parseAskedUrl(url)).toBe('other');
  },
);

test.each([
  '',
  'not a url',
  '/cc/a',
  'www.site.test/cc/a',
  'http:/www.site.test/',
  'http:///a',
  'http://user@www.site.test/a',
  'http://www.site.test/a#b',
  'http://www.site.test/a b',
  'http://www.site.test/\n',
  'http://www.site.test\\a',
  '1http://www.site.test/',
])('%j is no URL', (url) => {
  expect(parseAskedUrl(url)).toBeUndefined();
});
