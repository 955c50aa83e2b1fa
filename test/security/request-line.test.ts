import { describe } from 'vitest';
import { declined, forwarded, HOST, head, judged, type RequestCase, refused, SMUGGLED } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** Method, target and version of a request. */

const scene = useScene();

describe('a version that is not HTTP/1.1 or HTTP/1.0', () => {
  const lines = {
    'none, as in HTTP/0.9': 'GET /smuggled',
    'HTTP/0.9 by name': 'GET /smuggled HTTP/0.9',
    'HTTP/1.2': 'GET / HTTP/1.2',
    'HTTP/1.10': 'GET / HTTP/1.10',
    'HTTP/2.0': 'GET / HTTP/2.0',
    'HTTP/3.0': 'GET / HTTP/3.0',
    'HTTP/11': 'GET / HTTP/11',
    'HTTP/1': 'GET / HTTP/1',
    'HTTP/1.1.1': 'GET / HTTP/1.1.1',
    'HTTP/01.1': 'GET / HTTP/01.1',
    'HTTP/+1.1': 'GET / HTTP/+1.1',
    'HTTP/-1.1': 'GET / HTTP/-1.1',
    'http/1.1': 'GET / http/1.1',
    'HTTPS/1.1': 'GET / HTTPS/1.1',
    'HTTP /1.1': 'GET / HTTP /1.1',
    'HTTP/1.1 and a space': 'GET / HTTP/1.1 ',
    'HTTP/1.1 and a word': 'GET / HTTP/1.1 GET',
    'RTSP/1.0 with a method of its own': 'DESCRIBE / RTSP/1.0',
    'ICE/1.0': 'SOURCE / ICE/1.0',
  };
  judged(
    scene,
    Object.entries(lines).map(([name, line]): RequestCase => {
      return { name, see: 'RFC 9112 §2.3', send: head(line, HOST), expect: refused(400, 505) };
    }),
  );
  judged(scene, [
    {
      name: 'the preface of HTTP/2 on a connection that did not agree on it',
      see: 'RFC 9113 §3.4',
      send: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
      expect: refused(400, 505),
    },
    {
      name: 'none, but a bare LF and what could be a field',
      see: 'RFC 9112 §2.3',
      send: head('GET /smuggled\nHost: www.example.com', HOST),
      expect: refused(400, 505),
    },
    {
      name: 'a TLS hello on a plain connection',
      see: 'RFC 9112 §3',
      send: `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\x55'.repeat(32)}\r\n\r\n`,
      expect: refused(400),
    },
  ]);
});

describe('a method', () => {
  judged(scene, [
    {
      name: 'CONNECT is not allowed, and what follows it is no request',
      see: 'design §4',
      send: head('CONNECT www.example.com:443 HTTP/1.1', HOST) + SMUGGLED,
      expect: refused(405),
    },
    {
      name: 'CONNECT to a path is not allowed',
      see: 'design §4',
      send: head('CONNECT / HTTP/1.1', HOST),
      expect: { refused: [400, 405], closes: true },
    },
    { name: 'TRACE is not allowed', see: 'design §4', send: head('TRACE / HTTP/1.1', HOST), expect: declined(405) },
    {
      name: 'TRACE is not allowed with a body either, and none of that is a request',
      see: 'RFC 9110 §9.3.8',
      send: `${head('TRACE / HTTP/1.1', HOST, `Content-Length: ${SMUGGLED.length}`)}${SMUGGLED}`,
      expect: declined(400, 405),
    },
    {
      name: 'nobody knows',
      see: 'RFC 9110 §9.1',
      send: head('BREW / HTTP/1.1', HOST),
      expect: refused(400, 405, 501),
    },
    {
      name: 'get is not GET',
      see: 'RFC 9110 §9.1',
      send: head('get / HTTP/1.1', HOST),
      expect: refused(400, 405, 501),
    },
    {
      name: 'GETS is not GET',
      see: 'RFC 9110 §9.1',
      send: head('GETS / HTTP/1.1', HOST),
      expect: refused(400, 405, 501),
    },
    { name: 'in quotes', see: 'RFC 9110 §9.1', send: head('"GET" / HTTP/1.1', HOST), expect: refused(400) },
    { name: 'with a parenthesis', see: 'RFC 9110 §9.1', send: head('GET( / HTTP/1.1', HOST), expect: refused(400) },
    { name: 'with a NUL', see: 'RFC 9110 §9.1', send: head('GE\0T / HTTP/1.1', HOST), expect: refused(400) },
    {
      name: 'with a letter beyond ASCII',
      see: 'RFC 9110 §9.1',
      send: head('G\xc9T / HTTP/1.1', HOST),
      expect: refused(400),
    },
    { name: 'with a colon', see: 'RFC 9110 §9.1', send: head('GET: / HTTP/1.1', HOST), expect: refused(400) },
    { name: 'that is missing', see: 'RFC 9112 §3', send: head(' / HTTP/1.1', HOST), expect: refused(400) },
    {
      name: 'of 20 KiB',
      see: 'RFC 9112 §3',
      send: head(`${'A'.repeat(20_480)} / HTTP/1.1`, HOST),
      expect: refused(400, 405, 431, 501),
    },
  ]);
});

describe('white space around and in a request line', () => {
  const lines = {
    'a space before the method': ' GET / HTTP/1.1',
    'a tab before the method': '\tGET / HTTP/1.1',
    'a tab after the method': 'GET\t/ HTTP/1.1',
    'a tab before the version': 'GET /\tHTTP/1.1',
    'a vertical tab after the method': 'GET\x0b/ HTTP/1.1',
    'a form feed before the version': 'GET /\fHTTP/1.1',
    'a space in the target': 'GET /a b HTTP/1.1',
    'a version in the target': 'GET /smuggled HTTP/1.1 HTTP/1.1',
    'a bare CR in the target': 'GET /a\rb HTTP/1.1',
    'a bare LF at its end': 'GET / HTTP/1.1\nX: y',
    'a bare CR at its end': 'GET / HTTP/1.1\rX: y',
    'two CRs at its end': 'GET / HTTP/1.1\r',
  };
  judged(
    scene,
    Object.entries(lines).map(([name, line]): RequestCase => {
      return { name, see: 'RFC 9112 §3', send: head(line, HOST), expect: refused(400) };
    }),
  );
  judged(scene, [
    {
      name: 'an empty line before it is passed over',
      see: 'RFC 9112 §2.2',
      send: `\r\n${head('GET /after HTTP/1.1', HOST)}`,
      expect: forwarded({ line: 'GET /after' }),
    },
    {
      name: 'more spaces than one go no further',
      see: 'features.md §3.3',
      send: head('GET   /spaces   HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /spaces' }),
    },
  ]);
});

describe('a target that is none', () => {
  const targets = {
    'a fragment': '/a#b',
    'an empty fragment': '/a#',
    'a fragment of an absolute target': 'http://www.example.com/a#b',
    'a NUL': '/a\0b',
    'a control': '/a\x01b',
    'a DEL': '/a\x7fb',
    'an escape sequence of a terminal': '/\x1b[2J',
    'an asterisk with GET': '*',
    'an asterisk and a path': '*/a',
    'no slash before it': 'a',
    'dots before the slash': '../../etc/passwd',
    'a backslash before it': '\\a',
    'a question mark alone': '?a',
    'a host and a port': 'www.example.com:80',
    'a scheme with no host': 'http:///a',
    'a scheme with one slash': 'http:/a',
    'a scheme alone': 'http://',
    userinfo: 'http://user@www.example.com/a',
    'userinfo with a password': 'http://www.example.com:80@evil.example/',
    'a host with a space in code': 'http://www.example.com%20evil.example\\/',
    'two hosts': 'http://www.example.com,evil.example/',
    'a backslash in the host': 'http://www.example.com\\evil.example/',
    'a port that is no number': 'http://www.example.com:http/',
    'a port that is too high': 'http://www.example.com:65536/',
    'another scheme': 'ftp://www.example.com/',
    'the scheme of a script': 'javascript:alert(1)',
    'the scheme of a file': 'file:///etc/passwd',
  };
  judged(
    scene,
    Object.entries(targets).map(([name, target]): RequestCase => {
      return { name, see: 'RFC 9112 §3.2', send: head(`GET ${target} HTTP/1.1`, HOST), expect: declined(400) };
    }),
  );
  judged(scene, [
    {
      name: 'https, where the connection is plain',
      see: 'RFC 9110 §7.4',
      send: head('GET https://www.example.com/ HTTP/1.1', HOST),
      expect: declined(400, 421),
    },
  ]);
});

describe('a target reaches the origin byte for byte', () => {
  const targets = {
    'dots and slashes': '/a/../../b/./c//d/',
    'dots in code': '/%2e%2e/%2E%2e%2fetc/passwd',
    'two slashes first, which name no host': '//evil.example/a',
    backslashes: '/a\\..\\b',
    'a NUL in code': '/a%00b',
    'a line end in code': '/a%0d%0aX-Evil:%20yes',
    'a code that is none': '/%zz%',
    'a space and a hash in code': '/a%20b%23c',
    'codes in either case': '/%c3%A9%e2%82%ac',
    parameters: '/a;b=c;d/e;',
    'a query of questions': '/?a=?&b=/../&c=%26&&',
    'an empty query': '/a?',
    'marks that URLs should not have': '/"<>[]^`{|}',
    'a URL in the path': '/http://evil.example/',
    'a plus and a tilde': "/+~!$'()*,",
  };
  judged(
    scene,
    Object.entries(targets).map(([name, target]): RequestCase => {
      const expect = forwarded({ line: `GET ${target}`, fields: { host: ['www.example.com'] } });
      return { name, see: 'design §4', send: head(`GET ${target} HTTP/1.1`, HOST), expect };
    }),
  );
  judged(scene, [
    {
      name: 'but for bytes beyond ASCII, which no target has',
      see: 'RFC 3986 §2',
      send: head('GET /caf\xc3\xa9\xff HTTP/1.1', HOST),
      expect: refused(400),
    },
  ]);
});

describe('OPTIONS of the whole server is answered by us', () => {
  judged(scene, [
    {
      name: 'by an asterisk',
      see: 'RFC 9110 §9.3.7',
      send: head('OPTIONS * HTTP/1.1', HOST),
      expect: declined(200, 204),
    },
    {
      name: 'by an absolute target without a path',
      see: 'RFC 9112 §3.2.4',
      send: head('OPTIONS http://b.example HTTP/1.1', HOST),
      expect: declined(200, 204),
    },
  ]);
});

describe('an absolute target', () => {
  const other = { fields: { host: ['b.example'], 'x-forwarded-host': ['b.example'] } };
  judged(scene, [
    {
      name: 'wins over Host and rewrites it',
      see: 'RFC 9112 §3.2.2',
      send: head('GET http://b.example/a?b HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /a?b', ...other }),
    },
    {
      name: 'with a port wins over Host',
      see: 'RFC 9112 §3.2.2',
      send: head('GET http://b.example:8080/ HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /', fields: { host: ['b.example:8080'] } }),
    },
    {
      name: 'without a path means the root',
      see: 'RFC 9110 §4.2.3',
      send: head('GET http://b.example HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /', ...other }),
    },
    {
      name: 'with a query and no path means the root',
      see: 'RFC 9110 §4.2.3',
      send: head('GET http://b.example?a HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /?a', ...other }),
    },
    {
      name: 'with dots keeps them',
      see: 'design §4',
      send: head('GET http://b.example/a/../b HTTP/1.1', HOST),
      expect: forwarded({ line: 'GET /a/../b', ...other }),
    },
    {
      name: 'does not make up for a missing Host',
      see: 'RFC 9112 §3.2',
      send: head('GET http://b.example/ HTTP/1.1'),
      expect: declined(400),
    },
    {
      name: 'does not make up for two Hosts',
      see: 'RFC 9112 §3.2',
      send: head('GET http://b.example/ HTTP/1.1', HOST, 'Host: b.example'),
      expect: declined(400),
    },
  ]);
});
