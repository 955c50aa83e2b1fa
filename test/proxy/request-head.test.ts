import { describe, expect, test } from 'vitest';
import {
  hostOf,
  isAuthority,
  type RawRequest1,
  type RawRequest2,
  type ReadRequest,
  readRequest1,
  readRequest2,
} from '../../src/proxy/request-head.ts';

const LIMITS = { uri: 64, fields: 5 };

interface Request1 extends Partial<RawRequest1> {
  readonly scheme?: 'http' | 'https';
  /** It comes from where siblings are. */
  readonly isSibling?: boolean;
}

/** A good HTTP/1.1 request, but for what is said. */
function http1({ scheme = 'http', isSibling = false, ...raw }: Request1): ReadRequest {
  const good = { method: 'GET', target: '/', version: '1.1', fields: ['Host', 'www.example.com'] };
  return readRequest1({ ...good, ...raw }, scheme, LIMITS, undefined, () => isSibling);
}

/** A good HTTP/2 request, but for what is said. */
function http2(raw: Partial<RawRequest2>): ReadRequest {
  const good = { method: 'GET', scheme: 'https', authority: 'www.example.com', path: '/', fields: [] };
  return readRequest2({ ...good, ...raw }, 'https', LIMITS);
}

function refused(status: number, close: boolean) {
  return { ok: false, refusal: { status, close } };
}

function read(head: object) {
  return { ok: true, head };
}

describe('Host of HTTP/1 is exactly one well-formed authority, else 400 and close (RFC 9112 §3.2)', () => {
  test.each([
    { name: 'none', fields: [] },
    { name: 'two alike', fields: ['Host', 'a', 'Host', 'a'] },
    { name: 'two that differ', fields: ['Host', 'a', 'host', 'b'] },
    { name: 'an empty one', fields: ['Host', ''] },
    { name: 'a list', fields: ['Host', 'a, b'] },
    { name: 'a list without a space', fields: ['Host', 'a,b'] },
    { name: 'user information', fields: ['Host', 'u@a'] },
    { name: 'a password', fields: ['Host', 'u:p@a'] },
    { name: 'a path', fields: ['Host', 'a/b'] },
    { name: 'a backslash', fields: ['Host', 'a\\b'] },
    { name: 'a query', fields: ['Host', 'a?b'] },
    { name: 'a fragment', fields: ['Host', 'a#b'] },
    { name: 'a scheme', fields: ['Host', 'http://a'] },
    { name: 'a space within', fields: ['Host', 'a b'] },
    { name: 'a tab within', fields: ['Host', 'a\tb'] },
    { name: 'NUL', fields: ['Host', 'a\0'] },
    { name: 'bytes beyond ASCII', fields: ['Host', 'k\xe4se.example'] },
    { name: 'quotes', fields: ['Host', '"a"'] },
    { name: 'markup', fields: ['Host', '<a>'] },
  ])('$name', ({ fields }) => {
    expect(http1({ fields })).toMatchObject(refused(400, true));
    // Neither does a target that wins over it make it any better.
    expect(http1({ fields, target: 'http://www.example.com/' })).toMatchObject(refused(400, true));
  });

  test('in HTTP/1.0 as well, where it was no duty yet', () => {
    expect(http1({ version: '1.0', fields: [] })).toMatchObject(refused(400, true));
    expect(http1({ version: '1.0' })).toMatchObject(read({ version: '1.0', authority: 'www.example.com' }));
  });
});

describe('an authority (RFC 9110 §7.2, RFC 3986 §3.2)', () => {
  test.each([
    'a',
    'www.example.com',
    'WWW.Example.COM',
    'www.example.com.',
    'www.example.com:8080',
    'www.example.com:',
    'www.example.com:0',
    'www.example.com:65535',
    'my_host',
    'xn--kse-qla.example',
    'k%C3%A4se.example',
    "a!$&'()*+;=~b",
    '192.0.2.1',
    '192.0.2.1:80',
    '[::1]',
    '[::1]:8080',
    '[2001:DB8::1]',
    '[::ffff:192.0.2.1]:443',
    'a'.repeat(255),
  ])('may be %s', (authority) => expect(isAuthority(authority)).toBe(true));

  test.each([
    '',
    ':80',
    'a:65536',
    'a:99999',
    'a:000080',
    'a:80:80',
    'a:+80',
    'a:-1',
    'a: 80',
    'a:80 ',
    ' a',
    '::1',
    '[::1',
    '::1]',
    '[]',
    '[::1]a',
    '[::1]:a',
    '[::1]]',
    '[[::1]]',
    '[:::]',
    '[1.2.3.4]',
    '[::1%25eth0]',
    '[fe80::1%eth0]',
    '[v1.fe80::a+en1]',
    'a%',
    'a%2',
    'a%zz',
    'a%00\n',
    'a\r\nX: y',
    'a\n',
    'a'.repeat(256),
    `${'a'.repeat(256)}:80`,
  ])('is not %j', (authority) => expect(isAuthority(authority)).toBe(false));

  test.each([
    { authority: 'www.example.com', host: 'www.example.com' },
    { authority: 'www.example.com:8080', host: 'www.example.com' },
    { authority: 'www.example.com:', host: 'www.example.com' },
    { authority: '[::1]', host: '[::1]' },
    { authority: '[::1]:8080', host: '[::1]' },
    { authority: '', host: '' },
  ])('of "$authority" has the host "$host"', ({ authority, host }) => expect(hostOf(authority)).toBe(host));
});

describe('the target of HTTP/1 (RFC 9112 §3.2)', () => {
  test.each([
    '/',
    '/a/../b//c/./d',
    '/%2e%2e/%2F%00',
    '/a?b?c=/../&d',
    '/a;b=c',
    '/"<>\\^`{|}',
    '/k\xc3\xa4se/\xff',
    '//www.example.com/',
    '/http://www.example.com/',
  ])('stays as it came, byte for byte: %s', (target) => {
    expect(http1({ target })).toMatchObject(read({ target, authority: 'www.example.com' }));
  });

  test.each([
    { name: 'a fragment', target: '/a#b' },
    { name: 'a fragment alone', target: '/#' },
    { name: 'a space', target: '/a b' },
    { name: 'a tab', target: '/a\tb' },
    { name: 'NUL', target: '/a\0b' },
    { name: 'a line end', target: '/a\r\nX: y' },
    { name: 'DEL', target: '/a\x7f' },
    { name: 'a character that is no byte', target: '/a\u0141' },
    { name: 'no slash', target: 'a' },
    { name: 'nothing', target: '' },
    { name: 'a query alone', target: '?a' },
    { name: 'an authority', target: 'www.example.com:80' },
    { name: 'an asterisk', target: '*' },
    { name: 'an asterisk and more', target: '*/a' },
  ])('is none with $name: 400 and close', ({ target }) => {
    expect(http1({ target })).toMatchObject(refused(400, true));
  });

  test('is an asterisk for OPTIONS alone (§3.2.4)', () => {
    expect(http1({ method: 'OPTIONS', target: '*' })).toMatchObject(read({ target: '*' }));
    expect(http1({ method: 'OPTIONS', target: '**' })).toMatchObject(refused(400, true));
  });

  test('has a limit: 414 and close', () => {
    expect(http1({ target: `/${'a'.repeat(63)}` })).toMatchObject({ ok: true });
    expect(http1({ target: `/${'a'.repeat(64)}` })).toMatchObject(refused(414, true));
  });
});

describe('an absolute target wins over Host (RFC 9112 §3.2.2)', () => {
  test.each([
    { target: 'http://other.example/a?b', authority: 'other.example', path: '/a?b' },
    { target: 'HTTP://Other.Example:8080/', authority: 'other.example:8080', path: '/' },
    { target: 'http://other.example', authority: 'other.example', path: '/' },
    { target: 'http://other.example?a', authority: 'other.example', path: '/?a' },
    { target: 'http://[::1]:80/a//../b', authority: '[::1]:80', path: '/a//../b' },
    { target: 'http://other.example//a', authority: 'other.example', path: '//a' },
  ])('$target', ({ target, authority, path }) => {
    expect(http1({ target })).toMatchObject(read({ authority, target: path, fields: [] }));
  });

  test('and asks with OPTIONS for the whole server when it has no path (§3.2.4)', () => {
    expect(http1({ method: 'OPTIONS', target: 'http://a' })).toMatchObject(read({ authority: 'a', target: '*' }));
    expect(http1({ method: 'OPTIONS', target: 'http://a/' })).toMatchObject(read({ target: '/' }));
    expect(http1({ method: 'OPTIONS', target: 'http://a?b' })).toMatchObject(read({ target: '/?b' }));
  });

  test.each([
    'http://',
    'http:///a',
    'http://?a',
    'http://u@a/',
    'http://u:p@a/',
    'http://a,b/',
    'http://a b/',
    'http://a\\b/',
    'http://a/b#c',
    'http://a#b',
    'http:/a',
    'http:a',
    'ftp://a/',
    'ws://a/',
    'httpx://a/',
    'javascript:alert(1)',
    ' http://a/',
    'http://a:99999/',
    'http://a/\r\nX: y',
  ])('but not %j: 400 and close', (target) => expect(http1({ target })).toMatchObject(refused(400, true)));

  test('but what is asked for by https is not answered on a plain connection: 421 (RFC 9110 §7.4)', () => {
    expect(http1({ target: 'https://a/' })).toMatchObject(refused(421, true));
    expect(http1({ target: 'HTTPS://a/' })).toMatchObject(refused(421, true));
    expect(http1({ target: 'https://a/', scheme: 'https' })).toMatchObject(read({ authority: 'a', scheme: 'https' }));
    expect(http1({ target: 'http://a/', scheme: 'https' })).toMatchObject(read({ authority: 'a', scheme: 'https' }));
  });

  test.each([
    { target: 'https://a/', scheme: 'http', named: 'https' },
    { target: 'http://a/', scheme: 'https', named: 'http' },
    { target: 'http://a/', scheme: 'http', named: 'http' },
  ] as const)('a sibling that wants what is stored is believed with $target over $scheme', (request) => {
    const fields = ['Host', 'a', 'Cache-Control', 'max-age=5, only-if-cached'];
    const { named, ...rest } = request;
    expect(http1({ ...rest, fields, isSibling: true })).toMatchObject(read({ authority: 'a', scheme: named }));
  });

  test.each([
    { name: 'that wants what is not stored as well', fields: ['Host', 'a', 'Cache-Control', 'max-age=5'] },
    { name: 'that posts', fields: ['Host', 'a', 'Cache-Control', 'only-if-cached'], method: 'POST' },
    { name: 'that is none', fields: ['Host', 'a', 'Cache-Control', 'only-if-cached'], isSibling: false },
  ])('but not one $name', ({ name: _, ...request }) => {
    expect(http1({ isSibling: true, ...request, target: 'https://a/' })).toMatchObject(refused(421, true));
  });
});

describe('the version of HTTP/1 (RFC 9112 §2.3)', () => {
  test.each(['0.9', '1.2', '2.0', '3.0', '', '1', '1.1.1'])('is not "%s": 505 and close', (version) => {
    expect(http1({ version })).toMatchObject(refused(505, true));
  });

  test.each(['DESCRIBE', 'SETUP', 'TEARDOWN', 'ANNOUNCE', 'SOURCE'])(
    'is that of another protocol with %s, which the parser knows as well',
    (method) => expect(http1({ method, version: '1.0' })).toMatchObject(refused(505, true)),
  );

  test('1.0 has no chunks: 400 and close (§6.1)', () => {
    const fields = ['Host', 'a', 'Transfer-Encoding', 'chunked'];
    expect(http1({ version: '1.0', fields })).toMatchObject(refused(400, true));
    expect(http1({ version: '1.1', fields })).toMatchObject(read({ known: { chunked: true } }));
  });

  test('1.0 has no Upgrade and no 100-continue: they are passed over (RFC 9110 §7.8, §10.1.1)', () => {
    const fields = ['Host', 'a', 'Connection', 'upgrade', 'Upgrade', 'websocket', 'Expect', '100-continue'];
    const off = { upgrade: undefined, expectContinue: false };
    expect(http1({ version: '1.0', fields })).toMatchObject(read({ known: off, fields: [] }));
    expect(http1({ fields })).toMatchObject(read({ known: { upgrade: 'websocket', expectContinue: true } }));
  });
});

describe('what every version refuses', () => {
  test.each(['CONNECT', 'TRACE'])('%s: 405', (method) => {
    expect(http1({ method, target: 'a:80' })).toMatchObject(refused(405, true));
    expect(http2({ method, path: undefined, scheme: undefined })).toMatchObject(refused(405, false));
  });

  test.each([
    { name: 'a transfer coding but chunked: 501', fields: ['transfer-encoding', 'gzip, chunked'], status: 501 },
    { name: 'a length and chunks: 400', fields: ['transfer-encoding', 'chunked', 'content-length', '5'], status: 400 },
    { name: 'two lengths: 400', fields: ['content-length', '5', 'content-length', '5'], status: 400 },
    { name: 'an expectation but 100-continue: 417', fields: ['expect', 'x'], status: 417 },
  ])('$name', ({ fields, status }) => {
    expect(http1({ fields: ['Host', 'a', ...fields] })).toMatchObject(refused(status, true));
    expect(http2({ fields })).toMatchObject(refused(status, false));
  });

  test('too many fields: 431', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => [`x-${i}`, '']).flat();
    expect(http1({ fields: ['Host', 'a', ...many(4)] })).toMatchObject({ ok: true });
    expect(http1({ fields: ['Host', 'a', ...many(5)] })).toMatchObject(refused(431, true));
    expect(http2({ fields: many(5) })).toMatchObject({ ok: true });
    expect(http2({ fields: many(6) })).toMatchObject(refused(431, false));
  });
});

describe('a request of HTTP/2 (RFC 9113 §8.3.1)', () => {
  test('is what its pseudo-header fields say', () => {
    expect(
      http2({ method: 'REPORT', authority: 'Other.Example:8443', path: '/a?b', fields: ['x', '1', 'cookie', 'c'] }),
    ).toMatchObject(
      read({
        method: 'REPORT',
        version: '2.0',
        scheme: 'https',
        authority: 'other.example:8443',
        target: '/a?b',
        fields: ['x', '1', 'cookie', 'c'],
      }),
    );
  });

  test('may say its authority by Host alone, or twice the same', () => {
    expect(http2({ authority: undefined, fields: ['host', 'A.example'] })).toMatchObject(
      read({ authority: 'a.example', fields: [] }),
    );
    expect(http2({ authority: 'a.example', fields: ['host', 'A.EXAMPLE'] })).toMatchObject({ ok: true });
  });

  test.each<[string, Partial<RawRequest2>]>([
    ['no method', { method: undefined }],
    ['no path', { path: undefined }],
    ['no scheme', { scheme: undefined }],
    ['no authority', { authority: undefined }],
    ['an empty authority', { authority: '' }],
    ['an empty authority beside a Host', { authority: '', fields: ['host', 'a'] }],
    ['an authority that is none', { authority: 'u@a' }],
    ['another Host', { fields: ['host', 'other.example'] }],
    ['two Hosts', { fields: ['host', 'www.example.com', 'host', 'www.example.com'] }],
    ['a strange scheme', { scheme: 'ftp' }],
    ['a scheme with a line end', { scheme: 'https\r\n' }],
    ['an empty path', { path: '' }],
    ['a path without a slash', { path: 'a' }],
    ['an absolute path', { path: 'http://a/' }],
    ['a fragment', { path: '/a#b' }],
    ['a space in the path', { path: '/a HTTP/1.1' }],
    ['a line end in the path', { path: '/ HTTP/1.1\r\nX: y' }],
    ['an asterisk for GET', { path: '*' }],
    ['a space in the method', { method: 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET' }],
    ['an empty method', { method: '' }],
    ['a method that is no token', { method: 'GE(T' }],
    ['an upper-case name', { fields: ['X-A', '1'] }],
    ['an empty name', { fields: ['', '1'] }],
    ['a name with a colon', { fields: ['x:', '1'] }],
    ['a name with a space', { fields: ['x y', '1'] }],
    ['a name with a line end', { fields: ['x\r\ny', '1'] }],
    ['a value with CR', { fields: ['x', 'a\rb'] }],
    ['a value with LF', { fields: ['x', 'a\nb'] }],
    ['a value with NUL', { fields: ['x', 'a\0b'] }],
    ['a value with a control character', { fields: ['x', 'a\x01b'] }],
    ['a value with DEL', { fields: ['x', 'a\x7fb'] }],
    ['chunks', { fields: ['transfer-encoding', 'chunked'] }],
    ['an upgrade', { fields: ['connection', 'upgrade', 'upgrade', 'websocket'] }],
  ])('is malformed with %s: 400, and the connection goes on (§8.1.1)', (_, raw) => {
    expect(http2(raw)).toMatchObject(refused(400, false));
  });

  test('may ask for the whole server', () => {
    expect(http2({ method: 'OPTIONS', path: '*' })).toMatchObject(read({ target: '*' }));
  });

  test('has a limit for its path: 414', () => {
    expect(http2({ path: `/${'a'.repeat(64)}` })).toMatchObject(refused(414, false));
  });

  test('may have values of any bytes that a line can hold', () => {
    const fields = ['x', '\tcaf\xe9 \x80\xff~'];
    expect(http2({ fields })).toMatchObject(read({ fields }));
  });
});
