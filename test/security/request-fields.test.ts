import { describe } from 'vitest';
import { declined, forwarded, HOST, head, judged, type RequestCase, refused } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** Field lines of a request, and Host before all. */

const scene = useScene();

const GET = 'GET /fields HTTP/1.1';

describe('a Host that is not exactly one well-formed authority', () => {
  const hosts: Record<string, readonly string[]> = {
    'none at all': [],
    'two that differ': [HOST, 'Host: evil.example'],
    'two that agree': [HOST, HOST],
    empty: ['Host:'],
    'a list': ['Host: www.example.com, evil.example'],
    'two words': ['Host: www.example.com evil.example'],
    'a path': ['Host: www.example.com/evil'],
    'a query': ['Host: www.example.com?evil'],
    'a fragment': ['Host: www.example.com#evil'],
    userinfo: ['Host: user@www.example.com'],
    'a scheme': ['Host: http://www.example.com'],
    'a backslash': ['Host: www.example.com\\evil'],
    quotes: ['Host: "www.example.com"'],
    'a port that is no number': ['Host: www.example.com:http'],
    'a port that is negative': ['Host: www.example.com:-80'],
    'a port that is too high': ['Host: www.example.com:65536'],
    'a port with a path': ['Host: www.example.com:80/evil'],
    'a port with userinfo after it': ['Host: www.example.com:80@evil.example'],
    'two ports': ['Host: www.example.com:80:80'],
    'a port alone': ['Host: :80'],
    'brackets that stay open': ['Host: [::1'],
    'brackets around a name': ['Host: [www.example.com]'],
    'letters after brackets': ['Host: [::1]evil.example'],
    'an IPv6 address without brackets': ['Host: 2001:db8::1'],
    'a letter beyond ASCII': ['Host: www.ex\xe4mple.com'],
    'angle brackets': ['Host: <script>'],
    'a pipe': ['Host: www.example.com|evil'],
    '300 letters': [`Host: ${'a'.repeat(300)}`],
    'another name for it beside it': [HOST, 'host: evil.example'],
  };
  judged(
    scene,
    Object.entries(hosts).map(([name, fields]): RequestCase => {
      return { name, see: 'RFC 9112 §3.2', send: head(GET, ...fields), expect: declined(400) };
    }),
  );
});

describe('a Host that is well-formed', () => {
  const hosts = {
    'a name with a port': 'www.example.com:8080',
    'an IPv4 address': '192.0.2.1:80',
    'an IPv6 address': '[2001:db8::1]:80',
    'an underscore': 'my_host.example.com',
  };
  judged(
    scene,
    Object.entries(hosts).map(([name, host]): RequestCase => {
      const expect = forwarded({ line: 'GET /fields', fields: { host: [host] } });
      return { name, see: 'RFC 9110 §7.2', send: head(GET, `Host: ${host}`), expect };
    }),
  );
});

describe('a field line that is none', () => {
  const lines: Record<string, readonly string[]> = {
    'a space before the colon': ['X : y'],
    'a tab before the colon': ['X\t: y'],
    'a vertical tab before the colon': ['X\x0b: y'],
    'no name': [': y'],
    'no colon': ['X'],
    'a space in the name': ['X Y: z'],
    'a NUL in the name': ['X\0Y: z'],
    'a parenthesis in the name': ['X(Y): z'],
    'a slash in the name': ['X/Y: z'],
    'quotes in the name': ['"X": z'],
    'a letter beyond ASCII in the name': ['X\xe4: y'],
    'a DEL in the name': ['X\x7f: y'],
    'a NUL in the value': ['X: y\0z'],
    'a control in the value': ['X: y\x01z'],
    'an escape sequence of a terminal in the value': ['X: \x1b[2J'],
    'a DEL in the value': ['X: y\x7fz'],
    'a bare CR in the value': ['X: y\rz'],
    'a bare CR before a field of its own': ['X: y\rX-Forwarded-For: 192.0.2.66'],
    'a bare LF before a field of its own': ['X: y\nX-Forwarded-For: 192.0.2.66'],
    'two CRs': ['X: y\r', 'Z: z'],
    'a line folded by a space': ['X: y', ' z'],
    'a line folded by a tab': ['X: y', '\tz'],
    'a fold with a field in it': ['X: y', ' Content-Length: 5'],
    'a line of spaces': ['X: y', '  '],
  };
  judged(
    scene,
    Object.entries(lines).map(([name, fields]): RequestCase => {
      return { name, see: 'RFC 9112 §5', send: head(GET, HOST, ...fields), expect: refused(400) };
    }),
  );
  judged(scene, [
    {
      name: 'a space before the first name',
      see: 'RFC 9112 §2.2',
      send: head(GET, ` ${HOST}`),
      expect: refused(400),
    },
    { name: 'a tab before the first name', see: 'RFC 9112 §2.2', send: head(GET, `\t${HOST}`), expect: refused(400) },
    {
      name: 'a bare LF after every line',
      see: 'RFC 9112 §2.2',
      send: `${GET}\n${HOST}\n\n`,
      expect: refused(400),
    },
    {
      name: 'a bare LF as the empty line',
      see: 'RFC 9112 §2.2',
      send: `${GET}\r\n${HOST}\r\n\nGET /smuggled HTTP/1.1\r\n\r\n`,
      expect: refused(400),
    },
  ]);
});

describe('a field value reaches the origin as it is', () => {
  judged(scene, [
    {
      name: 'bytes beyond ASCII',
      see: 'RFC 9110 §5.5',
      send: head(GET, HOST, 'X-Bytes: caf\xc3\xa9 \xff\x80'),
      expect: forwarded({ line: 'GET /fields', fields: { 'x-bytes': ['caf\xc3\xa9 \xff\x80'] } }),
    },
    {
      name: 'a tab, commas, colons and quotes',
      see: 'RFC 9110 §5.5',
      send: head(GET, HOST, 'X-Marks: a\tb, "c\\"d": :e;'),
      expect: forwarded({ line: 'GET /fields', fields: { 'x-marks': ['a\tb, "c\\"d": :e;'] } }),
    },
    {
      name: 'nothing at all',
      see: 'RFC 9110 §5.5',
      send: head(GET, HOST, 'X-Empty:'),
      expect: forwarded({ line: 'GET /fields', fields: { 'x-empty': [''] } }),
    },
    {
      name: 'one name twice, in order',
      see: 'RFC 9110 §5.3',
      send: head(GET, HOST, 'X-Twice: 1', 'X-Other: 0', 'x-twice: 2'),
      expect: forwarded({ line: 'GET /fields', fields: { 'x-twice': ['1', '2'] } }),
    },
    {
      name: 'names that objects have anyway',
      see: 'RFC 9110 §5.1',
      send: head(GET, HOST, '__proto__: 1', 'constructor: 2', 'toString: 3', 'hasOwnProperty: 4'),
      expect: forwarded({
        line: 'GET /fields',
        fields: { ['__proto__']: ['1'], constructor: ['2'], tostring: ['3'], hasownproperty: ['4'] },
      }),
    },
  ]);
});
