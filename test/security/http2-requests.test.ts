import { describe } from 'vitest';
import type { FieldLines } from '../support/http1-parser.ts';
import { type Http2Case, type Http2Verdict, judgedHttp2, MALFORMED, request } from './http2-verdict.ts';
import { SMUGGLED } from './request-verdict.ts';
import { useScene } from './scene.ts';

/**
 * Requests by HTTP/2, whose fields can carry any byte: in HTTP/1.1 to the origin a line end would be a field of its own,
 * or a request.
 */

const scene = useScene();

const PATH = '/h2';
const LINE = `GET ${PATH}`;
const INJECTED = `x\r\n\r\n${SMUGGLED}`;

function withField(name: string, value: string): FieldLines {
  return request(PATH, {}, [[name, value]]);
}

/**
 * RFC 9113 wants such a request refused. nghttp2 leaves the field out instead, and node:http2 does not tell: what must
 * hold is that the origin never gets to see it.
 */
describe('a field that HTTP/1.1 could not carry', () => {
  const fields: Record<string, readonly [string, string]> = {
    'a CR LF in the value': ['x', 'y\r\nx-injected: yes'],
    'a request in the value': ['x', INJECTED],
    'a CR in the value': ['x', 'y\rx-injected: yes'],
    'an LF in the value': ['x', 'y\nx-injected: yes'],
    'a NUL in the value': ['x', 'y\0z'],
    'a CR LF at the end of the value': ['x', 'y\r\n'],
    'a CR LF in the name': ['x\r\nx-injected', 'yes'],
    'a request in the name': [INJECTED, 'yes'],
    'an LF in the name': ['x\nx-injected', 'yes'],
    'a NUL in the name': ['x\0', 'yes'],
    'a colon in the name': ['x-injected: yes\r\nx', 'y'],
    'a colon and a space in the name': ['x-injected: ', 'yes'],
    'a colon at the end of the name': ['x:', 'y'],
    'a space in the name': ['x y', 'z'],
    'a space at the end of the name': ['transfer-encoding ', 'chunked'],
    'a tab in the name': ['x\ty', 'z'],
    'a letter beyond ASCII in the name': ['x\xe4', 'y'],
    'a DEL in the name': ['x\x7f', 'y'],
    'a parenthesis in the name': ['x(y)', 'z'],
    'no name': ['', 'y'],
    'an upper case letter in the name': ['X-Upper', 'y'],
    'a control in the value': ['x', 'y\x01z'],
    'a DEL in the value': ['x', 'y\x7fz'],
    'an escape sequence of a terminal in the value': ['x', '\x1b[2J'],
    'a CR LF in a cookie': ['cookie', 'a=b\r\nx-injected: yes'],
    'a CR LF in the User-Agent': ['user-agent', 'a\r\nx-injected: yes'],
  };
  judgedHttp2(
    scene,
    Object.entries(fields).map(([name, [field, value]]): Http2Case => {
      return { name, see: 'RFC 9113 §8.2.1', fields: withField(field, value), expect: { refusedOrWithout: field } };
    }),
  );
});

describe('a pseudo-header field out of place', () => {
  const get = request(PATH);
  const cases: Record<string, FieldLines> = {
    'after a regular field': [['x', 'y'], ...get],
    'a path after a regular field': [...request(PATH, { ':path': undefined }), ['x', 'y'], [':path', PATH]],
    'a second path': [...get, [':path', '/smuggled']],
    'a second method': [...get, [':method', 'POST']],
    'a second scheme': [...get, [':scheme', 'https']],
    'a second authority': [...get, [':authority', 'evil.example']],
    'no path': request(PATH, { ':path': undefined }),
    'no method': request(PATH, { ':method': undefined }),
    'no scheme': request(PATH, { ':scheme': undefined }),
    'a status': [[':status', '200'], ...get],
    'one that nobody knows': [[':evil', 'yes'], ...get],
    'a protocol that was not agreed on': [...get, [':protocol', 'websocket']],
    'an empty name': [[':', 'yes'], ...get],
    'a name in upper case': [...request(PATH, { ':path': undefined }), [':Path', PATH]],
    'nothing but an authority': [[':authority', 'www.example.com']],
  };
  judgedHttp2(
    scene,
    Object.entries(cases).map(([name, fields]): Http2Case => {
      return { name, see: 'RFC 9113 §8.3', fields, expect: MALFORMED };
    }),
  );
});

describe('a path that is none', () => {
  const paths: Record<string, string> = {
    empty: '',
    'a space': '/a b',
    'a version and a field': `${PATH} HTTP/1.1\r\nx-injected: yes\r\nx: y`,
    'a request': `${PATH} HTTP/1.1\r\nHost: www.example.com\r\n\r\n${SMUGGLED}`,
    'a CR': '/a\rb',
    'an LF': '/a\nb',
    'a NUL': '/a\0b',
    'a tab': '/a\tb',
    'a DEL': '/a\x7fb',
    'a fragment': '/a#b',
    'no slash before it': 'a',
    'dots before the slash': '../a',
    'a backslash before it': '\\a',
    'a question mark alone': '?a',
    'an absolute URL': 'http://evil.example/',
    'an asterisk with GET': '*',
  };
  judgedHttp2(
    scene,
    Object.entries(paths).map(([name, path]): Http2Case => {
      return { name, see: 'RFC 9113 §8.3.1', fields: request(path), expect: MALFORMED };
    }),
  );
});

describe('a method', () => {
  const methods: Record<string, readonly [string, Http2Verdict]> = {
    empty: ['', MALFORMED],
    'with a space': ['GET /smuggled', MALFORMED],
    'with a whole request': [`GET /smuggled HTTP/1.1\r\nHost: www.example.com\r\n\r\nGET`, MALFORMED],
    'with a CR LF': ['GET\r\nx: y', MALFORMED],
    'with a NUL': ['GET\0', MALFORMED],
    'with a colon': ['GET:', MALFORMED],
    'that is CONNECT': ['CONNECT', { refused: [400, 405] }],
    'that is TRACE': ['TRACE', { refused: [405] }],
  };
  judgedHttp2(
    scene,
    Object.entries(methods).map(([name, [method, expect]]): Http2Case => {
      return { name, see: 'RFC 9113 §8.3.1', fields: request(PATH, { method }), expect };
    }),
  );
  judgedHttp2(scene, [
    {
      name: 'CONNECT in its own form',
      see: 'design §4',
      fields: [
        [':method', 'CONNECT'],
        [':authority', 'www.example.com:443'],
      ],
      expect: { refused: [405] },
    },
  ]);
});

describe('an authority that is none', () => {
  const authorities: Record<string, string> = {
    empty: '',
    userinfo: 'user@www.example.com',
    'a list': 'www.example.com, evil.example',
    'a path': 'www.example.com/evil',
    'a CR LF': 'www.example.com\r\nx-injected: yes',
    'a space': 'www.example.com evil.example',
    'a NUL': 'www.example.com\0',
    'a port that is no number': 'www.example.com:https',
    'a port that is too high': 'www.example.com:65536',
    'a backslash': 'www.example.com\\evil',
  };
  judgedHttp2(
    scene,
    Object.entries(authorities).map(([name, authority]): Http2Case => {
      const fields = request(PATH, { ':authority': authority });
      return { name, see: 'RFC 9113 §8.3.1', fields, expect: MALFORMED };
    }),
  );
  judgedHttp2(scene, [
    {
      name: 'none, and no Host either',
      see: 'RFC 9113 §8.3.1',
      fields: request(PATH, { ':authority': undefined }),
      expect: MALFORMED,
    },
    {
      name: 'one that Host contradicts',
      see: 'RFC 9113 §8.3.1',
      fields: request(PATH, {}, [['host', 'evil.example']]),
      expect: { refused: [400, 421] },
    },
    {
      name: 'one that the second of two Hosts contradicts',
      see: 'RFC 9110 §7.2',
      fields: request(PATH, {}, [
        ['host', 'www.example.com'],
        ['host', 'evil.example'],
      ]),
      expect: MALFORMED,
    },
    {
      name: 'two Hosts in its place',
      see: 'RFC 9110 §7.2',
      fields: request(PATH, { ':authority': undefined }, [
        ['host', 'www.example.com'],
        ['host', 'evil.example'],
      ]),
      expect: MALFORMED,
    },
    {
      name: 'one Host in its place is enough',
      see: 'RFC 9113 §8.3.1',
      fields: request(PATH, { ':authority': undefined }, [['host', 'www.example.com']]),
      expect: { line: LINE, seen: { host: ['www.example.com'] } },
    },
  ]);
});

describe('a scheme that is not ours', () => {
  const schemes: Record<string, string> = {
    empty: '',
    unknown: 'ftp',
    'a URL': 'https://evil.example/?',
    'a CR LF': 'https\r\nx-injected: yes',
    'a comma': 'https,http',
  };
  judgedHttp2(
    scene,
    Object.entries(schemes).map(([name, scheme]): Http2Case => {
      const fields = request(PATH, { ':scheme': scheme });
      return { name, see: 'RFC 9113 §8.3.1', fields, expect: MALFORMED };
    }),
  );
});

describe('a field of a connection of HTTP/1.1', () => {
  const fields: FieldLines = [
    ['transfer-encoding', 'chunked'],
    ['transfer-encoding', 'identity'],
    ['connection', 'close'],
    ['connection', 'keep-alive, x-forwarded-for'],
    ['keep-alive', 'timeout=5'],
    ['proxy-connection', 'keep-alive'],
    ['upgrade', 'websocket'],
    ['te', 'gzip'],
    ['te', 'trailers, deflate'],
  ];
  judgedHttp2(
    scene,
    fields.map(([name, value]): Http2Case => {
      return { name: `${name}: ${value}`, see: 'RFC 9113 §8.2.2', fields: withField(name, value), expect: MALFORMED };
    }),
  );
  judgedHttp2(scene, [
    {
      name: 'transfer-encoding with a chunked body',
      see: 'RFC 9113 §8.2.2',
      fields: request(PATH, { method: 'POST' }, [['transfer-encoding', 'chunked']]),
      body: `0\r\n\r\n${SMUGGLED}`,
      expect: MALFORMED,
    },
    {
      name: 'te: trailers is allowed, and stays with us',
      see: 'RFC 9113 §8.2.2',
      fields: withField('te', 'trailers'),
      expect: { line: LINE },
    },
    {
      name: 'http2-settings goes no further',
      see: 'RFC 9113 §3.1',
      fields: withField('http2-settings', 'AAMAAABkAAQAAP__'),
      expect: { line: LINE, seen: { 'http2-settings': [] } },
    },
  ]);
});

describe('a good request in another dress', () => {
  const paths = [
    '/a/../../b/./c//d/',
    '/%2e%2e/%2Fetc',
    '//evil.example/a',
    '/a\\..\\b',
    '/a%00b%0d%0aX:%20y',
    '/?a=?&&',
    '/caf\xc3\xa9',
  ];
  judgedHttp2(
    scene,
    paths.map((path): Http2Case => {
      return {
        name: `${path} reaches the origin byte for byte`,
        see: 'design §4',
        fields: request(path),
        expect: { line: `GET ${path}` },
      };
    }),
  );
  judgedHttp2(scene, [
    {
      name: 'crumbs of a cookie are one field again',
      see: 'RFC 9113 §8.2.3',
      fields: request(PATH, {}, [
        ['cookie', 'a=1'],
        ['x', 'y'],
        ['cookie', 'b=2; c=3'],
        ['cookie', 'd=4'],
      ]),
      expect: { line: LINE, seen: { cookie: ['a=1; b=2; c=3; d=4'] } },
    },
    {
      name: 'OPTIONS of the whole server is answered by us',
      see: 'RFC 9110 §9.3.7',
      fields: request('*', { method: 'OPTIONS' }),
      expect: { refused: [200, 204] },
    },
    {
      name: 'who is asking cannot be spoofed',
      see: 'design §7',
      fields: request(PATH, {}, [
        ['x-forwarded-for', '192.0.2.66'],
        ['x-forwarded-proto', 'http'],
        ['x-forwarded-host', 'evil.example'],
        ['x_forwarded_for', '192.0.2.66'],
      ]),
      expect: {
        line: LINE,
        seen: {
          'x-forwarded-for': ['127.0.0.1'],
          'x-forwarded-proto': ['https'],
          'x-forwarded-host': ['www.example.com'],
          x_forwarded_for: [],
        },
      },
    },
    {
      name: 'an expectation that nobody knows',
      see: 'RFC 9110 §10.1.1',
      fields: withField('expect', '200-ok'),
      expect: { refused: [417] },
    },
    {
      name: 'names that objects have anyway',
      see: 'RFC 9110 §5.1',
      fields: request(PATH, {}, [
        ['__proto__', '1'],
        ['constructor', '2'],
      ]),
      expect: { line: LINE, seen: { ['__proto__']: ['1'], constructor: ['2'] } },
    },
  ]);
});

describe('too much of it', () => {
  const many = Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'y'] as const);
  judgedHttp2(scene, [
    { name: '200 fields', see: 'RFC 6585 §5', fields: request(PATH, {}, many), expect: { refused: [431] } },
    {
      name: '3000 crumbs of a cookie',
      see: 'RFC 6585 §5',
      fields: request(PATH, {}, Array(3000).fill(['cookie', 'a=b'])).slice(0, 1500),
      expect: { refused: [431] },
    },
    {
      name: 'a path of 9 KiB',
      see: 'RFC 9110 §15.5.15',
      fields: request(`/${'a'.repeat(9216)}`),
      expect: { refused: [414, 431] },
    },
  ]);
});
