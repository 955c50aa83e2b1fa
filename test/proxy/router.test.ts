import { describe, expect, test } from 'vitest';
import { comparablePath, pathMatcher, Router } from '../../src/proxy/router.ts';

/** Sites without routes of their own; each is called as its first host. */
function sites(...hosts: string[][]) {
  return new Router(hosts.map((each) => ({ hosts: each, routes: [], fallback: each[0] as string })));
}

/** One site for every host, whose routes are called as their paths. */
function routes(...paths: string[]) {
  return new Router([{ hosts: ['default'], routes: paths.map((path) => ({ path, route: path })), fallback: 'site' }]);
}

/** The bytes of a target as they come from the wire: one character each. */
function bytes(target: string): string {
  return Buffer.from(target).toString('latin1');
}

describe('the site of a host', () => {
  const router = sites(
    ['www.example.com', 'Shop.Example.COM'],
    ['*.example.com'],
    ['*.eu.example.com'],
    ['a.b.eu.example.com'],
    ['[2001:DB8:0:0::1]'],
    ['192.0.2.1'],
    ['default'],
  );

  test.each([
    { host: 'www.example.com', site: 'www.example.com' },
    { host: 'WWW.example.com', site: 'www.example.com' },
    { host: 'shop.example.com', site: 'www.example.com' },
    { host: 'www.example.com.', site: 'www.example.com' },
    { host: 'blog.example.com', site: '*.example.com' },
    { host: 'blog.example.com.', site: '*.example.com' },
    { host: 'a.b.example.com', site: '*.example.com' },
    { host: 'x.eu.example.com', site: '*.eu.example.com' },
    { host: 'eu.example.com', site: '*.example.com' },
    { host: 'b.eu.example.com', site: '*.eu.example.com' },
    { host: 'a.b.eu.example.com', site: 'a.b.eu.example.com' },
    { host: 'x.a.b.eu.example.com', site: '*.eu.example.com' },
    { host: 'example.com', site: 'default' },
    { host: 'badexample.com', site: 'default' },
    { host: 'www.example.com..', site: 'default' },
    { host: 'www.example.com.evil.example', site: 'default' },
    { host: '192.0.2.1', site: '192.0.2.1' },
    { host: '[2001:db8::1]', site: '[2001:DB8:0:0::1]' },
    { host: '[2001:0db8::0001]', site: '[2001:DB8:0:0::1]' },
    { host: '[2001:db8::2]', site: 'default' },
    { host: '[::1', site: 'default' },
    { host: '', site: 'default' },
    { host: '.', site: 'default' },
    { host: '__proto__', site: 'default' },
  ])('$host is that of $site', ({ host, site }) => expect(router.route(host, '/')).toBe(site));

  test('is none when no site has it and none is the default', () => {
    expect(sites(['www.example.com'], ['*.example.net']).route('www.example.org', '/')).toBeUndefined();
  });

  test('of a wildcard is not the host that the wildcard stands below', () => {
    expect(sites(['*.example.com']).route('example.com', '/')).toBeUndefined();
  });
});

describe('the route of a path', () => {
  test.each([
    { paths: ['/a/'], target: '/a/b', route: '/a/' },
    { paths: ['/a/'], target: '/a', route: 'site' },
    { paths: ['/a'], target: '/ab', route: '/a' },
    { paths: ['/A/'], target: '/a/', route: 'site' },
    { paths: ['= /a'], target: '/a', route: '= /a' },
    { paths: ['= /a'], target: '/a?b=c', route: '= /a' },
    { paths: ['= /a'], target: '/a/', route: 'site' },
    { paths: ['~ \\.(png|css)$'], target: '/x/y.png', route: '~ \\.(png|css)$' },
    { paths: ['~ \\.(png|css)$'], target: '/x/y.png?z=1', route: '~ \\.(png|css)$' },
    { paths: ['~ \\.(png|css)$'], target: '/x/y.txt?z=.png', route: 'site' },
    { paths: ['~ ^/[a-z]+$'], target: '/abc', route: '~ ^/[a-z]+$' },
    { paths: [], target: '/', route: 'site' },
  ])('$target with $paths', ({ paths, target, route }) => expect(routes(...paths).route('a', target)).toBe(route));

  test('is the first that matches, however well a later one would', () => {
    expect(routes('/a/', '= /a/b', '/').route('x', '/a/b')).toBe('/a/');
    expect(routes('= /a/b', '/a/').route('x', '/a/b')).toBe('= /a/b');
  });

  test('remembers nothing of the path before', () => {
    const router = routes('~ a');
    expect([router.route('x', '/a'), router.route('x', '/a')]).toEqual(['~ a', '~ a']);
  });
});

describe('a rule for a path holds', () => {
  const router = routes('/admin/', '= /ping', '/käse/', '~ ^/[äöü]+$', '/猫/');

  test.each([
    '/admin/x',
    '//admin/x',
    '/admin//x',
    '/./admin/x',
    '/x/../admin/x',
    '/x/y/../../admin/',
    '/../admin/',
    '/%61dmin/x',
    '/%61%64%6D%69%6e/x',
    '/admin%2Fx',
    '/admin%2fx',
    '/%2e/admin/x',
    '/x/%2e%2e/admin/x',
    '/x/.%2E/admin/x',
    '/x%2f..%2fadmin%2f',
    '/x/..%2fadmin/y',
    '/admin/.',
    '/admin/x/..',
    '/admin/%3Fx',
    '/admin/x?/../y',
    '/;/../admin/x',
  ])('for %s as for /admin/', (target) => expect(router.route('a', target)).toBe('/admin/'));

  test.each([
    '/admin',
    '/admin/..',
    '/admin/../x',
    '/administration/',
    '/x/admin/',
    '/?/admin/',
    '/x?/../admin/',
    '/%2561dmin/',
    '/Admin/',
    '/admin\\x',
    '/%c0%afadmin/',
  ])('not for %s, which is another', (target) => expect(router.route('a', target)).toBe('site'));

  test.each([
    '/k%C3%A4se/x',
    '/k%c3%a4se/x',
    bytes('/käse/x'),
    '/k%E4se/x',
    '/k\xe4se/',
    '/x/../k%C3%A4se/',
    '//k\xc3%A4se/',
  ])('for %s as for /käse/: in UTF-8 or latin1, escaped or not', (target) =>
    expect(router.route('a', target)).toBe('/käse/'),
  );

  test.each(['/kase/', '/k%C3se/', '/k%C3%83%C2%A4se/', '/ka%CC%88se/'])('not for %s', (target) => {
    expect(router.route('a', target)).toBe('site');
  });

  test('letter by letter in an expression, whatever their bytes', () => {
    expect(router.route('a', bytes('/äöä'))).toBe('~ ^/[äöü]+$');
    expect(router.route('a', '/%C3%BC')).toBe('~ ^/[äöü]+$');
    expect(router.route('a', '/%C3')).toBe('site');
    expect(router.route('a', '/%E7%8C%AB/')).toBe('/猫/');
  });
});

describe('the path that settings are compared with', () => {
  test.each([
    { target: '/', path: '/' },
    { target: '/a/b', path: '/a/b' },
    { target: '/a/b?c', path: '/a/b' },
    { target: '/?', path: '/' },
    { target: '//', path: '/' },
    { target: '/.', path: '/' },
    { target: '/..', path: '/' },
    { target: '/../../..', path: '/' },
    { target: '/a/..', path: '/' },
    { target: '/a/.', path: '/a/' },
    { target: '/a/b/..', path: '/a/' },
    { target: '/a//', path: '/a/' },
    { target: '/a/./b/', path: '/a/b/' },
    { target: '/.well-known/x', path: '/.well-known/x' },
    { target: '/...', path: '/...' },
    { target: '/..a/.b', path: '/..a/.b' },
    { target: '/a%20b', path: '/a b' },
    { target: '/a%3Fb', path: '/a?b' },
    { target: '/a%', path: '/a%' },
    { target: '/a%2', path: '/a%2' },
    { target: '/a%zz', path: '/a%zz' },
    { target: '/a%00', path: '/a\0' },
    { target: '/%25%32%65', path: '/%2e' },
    { target: '/%252e%252e/a', path: '/%2e%2e/a' },
    { target: '/%F0%9F%90%88', path: '/🐈' },
    { target: '/%F0%9F%90', path: '/\xf0\x9f\x90' },
    { target: '/%C0%AE%C0%AE/a', path: '/\xc0\xae\xc0\xae/a' },
    { target: '/%ED%A0%80', path: '/\xed\xa0\x80' },
    { target: '/a%5Cb', path: '/a\\b' },
    { target: '*', path: '*' },
  ])('of $target', ({ target, path }) => expect(comparablePath(target)).toBe(path));
});

describe('a pattern', () => {
  test('may be an expression that takes for ever: it is the operator’s own, and we have no defence against it', () => {
    // Only that it is accepted: on "/aaaa…!" of some thirty letters it would run for minutes.
    expect(pathMatcher('~ ^/(a+)+$')('/aaa')).toBe(true);
  });
});
