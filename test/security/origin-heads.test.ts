import { describe, expect, test } from 'vitest';
import { fetchRaw } from '../support/raw-client.ts';
import {
  BROKEN,
  ERROR,
  either,
  judgedResponses,
  type ResponseCase,
  type ResponseVerdict,
  whole,
} from './response-verdict.ts';
import { useScene } from './scene.ts';

/** Heads of responses: what an origin may not say in our name, and what must not topple us. */

const scene = useScene();

const OK = 'HTTP/1.1 200 OK\r\n';
const HELLO = 'Content-Length: 5\r\n\r\nhello';

function spoilt(see: string, expect: ResponseVerdict, sent: Record<string, string>) {
  return Object.entries(sent).map(([name, send]): ResponseCase => ({ name, see, send, expect, spoilt: true }));
}

describe('a status line that is none', () => {
  judgedResponses(
    scene,
    spoilt('RFC 9112 §4', ERROR, {
      'an answer of HTTP/0.9': '<html>hello</html>\r\n\r\n',
      'HTTP/1.2': `HTTP/1.2 200 OK\r\n${HELLO}`,
      'another protocol': `ICY 200 OK\r\n${HELLO}`,
      'http in lower case': `http/1.1 200 OK\r\n${HELLO}`,
      'a status of 0': `HTTP/1.1 0 OK\r\n${HELLO}`,
      'a status of 000': `HTTP/1.1 000 OK\r\n${HELLO}`,
      'a status of 99': `HTTP/1.1 99 OK\r\n${HELLO}`,
      'a status of 099': `HTTP/1.1 099 OK\r\n${HELLO}`,
      'a status of 2000': `HTTP/1.1 2000 OK\r\n${HELLO}`,
      'a negative status': `HTTP/1.1 -200 OK\r\n${HELLO}`,
      'a status that is a word': `HTTP/1.1 abc OK\r\n${HELLO}`,
      'a status with a letter': `HTTP/1.1 20x OK\r\n${HELLO}`,
      'no status': `HTTP/1.1 OK\r\n${HELLO}`,
      'a bare LF at its end': `HTTP/1.1 200 OK\n${HELLO}`,
      'a bare CR in the reason': `HTTP/1.1 200 O\rX-Injected: yes\r\n${HELLO}`,
      'a space before it': ` HTTP/1.1 200 OK\r\n${HELLO}`,
      'a request': `GET / HTTP/1.1\r\nHost: evil\r\n\r\n`,
      'bytes of TLS': '\x15\x03\x01\x00\x02\x02\x46',
    }),
  );
  judgedResponses(scene, [
    {
      name: 'a status that has no meaning',
      see: 'RFC 9110 §15',
      send: `HTTP/1.1 999 Request denied\r\n${HELLO}`,
      expect: either(whole('hello', { status: 999 }), ERROR),
      spoilt: false,
    },
  ]);
  judgedResponses(scene, [
    {
      name: 'HTTP/2.0 changes nothing',
      see: 'RFC 9112 §2.3',
      send: `HTTP/2.0 200 OK\r\n${HELLO}`,
      expect: either(ERROR, whole('hello')),
      spoilt: false,
    },
    {
      name: 'HTTP/0.9 by name changes nothing',
      see: 'RFC 9112 §2.3',
      send: `HTTP/0.9 200 OK\r\n${HELLO}`,
      expect: either(ERROR, whole('hello')),
      spoilt: false,
    },
    {
      name: 'no reason after the status is none needed',
      see: 'RFC 9112 §4',
      send: `HTTP/1.1 200 \r\n${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
    {
      name: 'a reason of 1 MiB topples nothing',
      see: 'RFC 9112 §4',
      send: `HTTP/1.1 200 ${'x'.repeat(1_048_576)}\r\n${HELLO}`,
      expect: either(ERROR, whole('hello')),
      spoilt: false,
    },
    {
      name: 'a reason of 4 KiB beyond ASCII goes no further than it should',
      see: 'RFC 9112 §4',
      send: `HTTP/1.1 200 ${'\xe4'.repeat(4096)}\r\n${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
  ]);
});

describe('a field line that is none', () => {
  judgedResponses(
    scene,
    spoilt('RFC 9112 §5', ERROR, {
      'a bare CR in the value': `${OK}X: y\rX-Injected: yes\r\n${HELLO}`,
      'a bare LF in the value': `${OK}X: y\nX-Injected: yes\r\n${HELLO}`,
      'a NUL in the value': `${OK}X: y\0z\r\n${HELLO}`,
      'a control in the value': `${OK}X: y\x01z\r\n${HELLO}`,
      'a NUL in the name': `${OK}X\0: y\r\n${HELLO}`,
      'a space before the colon': `${OK}X : y\r\n${HELLO}`,
      'a space before the colon of the length': `${OK}Content-Length : 5\r\n\r\nhello`,
      'a space in the name': `${OK}X Y: z\r\n${HELLO}`,
      'no name': `${OK}: y\r\n${HELLO}`,
      'no colon': `${OK}X\r\n${HELLO}`,
      'a colon before the name, as in HTTP/2': `${OK}:status: 500\r\n${HELLO}`,
      'a letter beyond ASCII in the name': `${OK}X\xe4: y\r\n${HELLO}`,
      'bare LFs for all line ends': `HTTP/1.1 200 OK\nContent-Length: 5\n\nhello`,
      'a space before the first name': `${OK} X: y\r\n${HELLO}`,
    }),
  );
  judgedResponses(scene, [
    {
      name: 'a folded line',
      see: 'RFC 9112 §5.2',
      send: `${OK}X: y\r\n X-Injected: yes\r\n${HELLO}`,
      expect: either(ERROR, whole('hello', { x: ['y X-Injected: yes'] })),
      spoilt: true,
    },
  ]);
});

describe('a head that is too large', () => {
  judgedResponses(
    scene,
    spoilt('RFC 9110 §5.4', ERROR, {
      'a value of 1 MiB': `${OK}X: ${'y'.repeat(1_048_576)}\r\n${HELLO}`,
      'a name of 1 MiB': `${OK}${'x'.repeat(1_048_576)}: y\r\n${HELLO}`,
      '20 000 fields': `${OK}${'X: yyyyyyyyyyyyyyyyyyyy\r\n'.repeat(20_000)}${HELLO}`,
    }),
  );
  judgedResponses(scene, [
    {
      name: 'trailers of 1 MiB',
      see: 'RFC 9110 §5.4',
      send: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n${'X: yyyyyyyyyyyyyyyyyyyy\r\n'.repeat(50_000)}\r\n`,
      expect: BROKEN,
      spoilt: true,
    },
  ]);
});

describe('an interim response', () => {
  const hint = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n';
  judgedResponses(scene, [
    {
      name: '101 that nobody asked for',
      see: 'RFC 9110 §15.2.2',
      send: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nevil',
      expect: ERROR,
      spoilt: true,
    },
    {
      name: '101 before a good answer',
      see: 'RFC 9110 §15.2.2',
      send: `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: evil\r\n\r\n${OK}Content-Length: 4\r\n\r\nevil`,
      expect: ERROR,
      spoilt: true,
    },
    {
      name: '100 with a length and a body',
      see: 'RFC 9112 §6.3',
      send: `HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\nevil${OK}${HELLO}`,
      expect: ERROR,
      spoilt: true,
    },
    {
      name: '103 with a length and a body',
      see: 'RFC 9112 §6.3',
      send: `HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\nevil${OK}${HELLO}`,
      expect: ERROR,
      spoilt: true,
    },
    {
      name: '103 with a bare LF',
      see: 'RFC 9112 §2.2',
      send: `HTTP/1.1 103 Early Hints\r\nLink: x\nX-Injected: yes\r\n\r\n${OK}${HELLO}`,
      expect: ERROR,
      spoilt: true,
    },
    {
      name: '103 that belongs to the connection, before a good answer',
      see: 'RFC 9110 §7.6.1',
      send: `HTTP/1.1 103 Early Hints\r\nConnection: X-Injected\r\nX-Injected: yes\r\nUpgrade: h2c\r\n\r\n${OK}${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
    {
      name: '100 that nobody asked for, before a good answer',
      see: 'RFC 9110 §15.2',
      send: `HTTP/1.1 100 Continue\r\n\r\n${OK}${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
    {
      name: '102 and 103 before a good answer',
      see: 'RFC 9110 §15.2',
      send: `HTTP/1.1 102 Processing\r\n\r\n${hint}${OK}${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
  ]);

  test('that comes 20 000 times leaves others served', async () => {
    scene.origin.script = async function* () {
      for (let i = 0; i < 20; i++) yield hint.repeat(1000);
      yield OK + HELLO;
    };
    const [flooded] = await Promise.all([fetchRaw(scene.http, '/flooded'), scene.origin.requestFor('/flooded')]);
    expect([200, 502]).toContain(flooded.status);
    await scene.innocent();
    scene.expectUnharmed();
  });

  test('that comes without end is given up after the time for the first byte', async () => {
    let going = true;
    scene.origin.script = async function* (request) {
      request.connection.closed.then(() => {
        going = false;
      });
      while (going) yield hint;
    };
    const flooded = await fetchRaw(scene.http, '/endless');
    expect([502, 504]).toContain(flooded.status);
    await scene.innocent();
    scene.expectUnharmed();
  });
});

describe('what belongs to the connection of the origin stays there', () => {
  judgedResponses(scene, [
    {
      name: 'fields that Connection names, and hop-by-hop fields that it does not',
      see: 'RFC 9110 §7.6.1',
      send: `${OK}Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=60\r\nProxy-Connection: keep-alive\r\nUpgrade: h2,h2c\r\nTE: gzip\r\nX-Kept: 2\r\n${HELLO}`,
      expect: whole('hello', {
        'x-mine': [],
        'proxy-connection': [],
        upgrade: [],
        te: [],
        'x-kept': ['2'],
      }),
      spoilt: false,
    },
    {
      name: 'Connection cannot strip the length',
      see: 'RFC 9110 §7.6.1',
      send: `${OK}Connection: Content-Length\r\n${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
    {
      name: 'settings of HTTP/2 and the names of its pseudo-header fields without their colon',
      see: 'RFC 9113 §8.2.2',
      send: `${OK}HTTP2-Settings: AAMAAABkAAQAAP__\r\nStatus: 500\r\nPath: /\r\n${HELLO}`,
      expect: whole('hello'),
      spoilt: false,
    },
  ]);
});

describe('a field that comes more than once, or looks odd', () => {
  const singles = [
    'Age: 1',
    'Content-Type: text/plain',
    'Content-Location: /a',
    'Date: Thu, 01 Jan 2026 00:00:00 GMT',
    'ETag: "1"',
    'Expires: 0',
    'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT',
    'Location: /a',
    'Retry-After: 1',
    'Server: a',
    'Authorization: a',
    'Host: a',
    'Referer: a',
    'User-Agent: a',
    'Max-Forwards: 1',
    'Access-Control-Allow-Credentials: true',
  ];
  judgedResponses(
    scene,
    singles.map((line): ResponseCase => {
      const name = `${line.split(':')[0]} twice topples nothing`;
      const send = `${OK}${line}\r\n${line}\r\n${HELLO}`;
      return { name, see: 'RFC 9110 §5.3', send, expect: whole('hello'), spoilt: false };
    }),
  );
  judgedResponses(scene, [
    {
      name: 'cookies stay apart and in order',
      see: 'RFC 9110 §5.3',
      send: `${OK}Set-Cookie: a=1, b\r\nX: y\r\nset-cookie: c=2\r\nSet-Cookie: a=3\r\n${HELLO}`,
      expect: whole('hello', { 'set-cookie': ['a=1, b', 'c=2', 'a=3'] }),
      spoilt: false,
    },
    {
      name: 'bytes beyond ASCII reach the client as they are',
      see: 'RFC 9110 §5.5',
      send: `${OK}Location: /caf\xc3\xa9?\xff\r\nX-Text: \xe4\xf6\xfc\r\n${HELLO}`,
      expect: whole('hello', { location: ['/caf\xc3\xa9?\xff'], 'x-text': ['\xe4\xf6\xfc'] }),
      spoilt: false,
    },
    {
      name: 'names that objects have anyway, empty values and odd marks',
      see: 'RFC 9110 §5.1',
      send: `${OK}__proto__: 1\r\nconstructor: 2\r\nX-Empty:\r\nX!#$%&'*+.^_\`|~: 3\r\n${HELLO}`,
      expect: whole('hello', { constructor: ['2'], 'x-empty': [''], "x!#$%&'*+.^_`|~": ['3'], ['__proto__']: ['1'] }),
      spoilt: false,
    },
    {
      name: 'leading zeros of a length go no further',
      see: 'RFC 9110 §8.6',
      send: `${OK}Content-Length: 005\r\n\r\nhello`,
      expect: whole('hello', { 'content-length': ['5'] }),
      spoilt: false,
    },
  ]);
});
