import { describe } from 'vitest';
import { BROKEN, ERROR, either, judgedResponses, type ResponseCase, whole } from './response-verdict.ts';
import { useScene } from './scene.ts';

/** Where a response ends. A broken one never ends cleanly for the client, and what is left of it is no one else's. */

const scene = useScene();

const OK = 'HTTP/1.1 200 OK\r\n';
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

function spoilt(see: string, expect: ResponseCase['expect'], sent: Record<string, string | readonly string[]>) {
  return Object.entries(sent).map(([name, send]): ResponseCase => ({ name, see, send, expect, spoilt: true }));
}

describe('a response whose length is in doubt', () => {
  judgedResponses(
    scene,
    spoilt('RFC 9112 §6.3', ERROR, {
      'two Content-Lengths that differ': `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
      'two Content-Lengths that differ, the longer first': `${OK}Content-Length: 6\r\nContent-Length: 5\r\n\r\nhello!`,
      'two Content-Lengths that agree': `${OK}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
      'a list as Content-Length': `${OK}Content-Length: 5, 5\r\n\r\nhello`,
      'a negative Content-Length': `${OK}Content-Length: -5\r\n\r\nhello`,
      'a Content-Length with a plus sign': `${OK}Content-Length: +5\r\n\r\nhello`,
      'a Content-Length in hexadecimal': `${OK}Content-Length: 0x5\r\n\r\nhello`,
      'a Content-Length that wraps around': `${OK}Content-Length: 18446744073709551621\r\n\r\nhello`,
      'a Content-Length beyond what numbers hold': `${OK}Content-Length: 99999999999999999999999999\r\n\r\nhello`,
      'a Content-Length that is a word': `${OK}Content-Length: five\r\n\r\nhello`,
      'an empty Content-Length': `${OK}Content-Length:\r\n\r\nhello`,
      'Content-Length before Transfer-Encoding': `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      'Transfer-Encoding before Content-Length': `${OK}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    }),
  );
  // A coding that we do not know leaves the end of the body to the close: it may come through, but not with a clean end.
  judgedResponses(
    scene,
    spoilt('RFC 9112 §6.1', BROKEN, {
      'a coding that nobody knows': `${OK}Transfer-Encoding: xchunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      'chunked twice': `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      'a coding after chunked': `${OK}Transfer-Encoding: chunked, identity\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      'a coding before chunked': `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    }).map((each) => ({ ...each, ending: 'half-close' as const })),
  );
});

describe('a response of HTTP/1.0', () => {
  judgedResponses(scene, [
    {
      name: 'with chunks ends where they do',
      see: 'RFC 9112 §6.1',
      send: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      expect: either(whole('hello'), BROKEN),
      spoilt: false,
    },
    {
      name: 'with a length ends there, and is the last one of its connection',
      see: 'RFC 9112 §9.3',
      send: 'HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello',
      expect: whole('hello'),
      spoilt: true,
    },
    {
      name: 'without a length goes on until the close',
      see: 'RFC 9112 §6.3',
      send: ['HTTP/1.0 200 OK\r\n\r\n', 'hello'],
      ending: 'half-close',
      expect: whole('hello'),
      spoilt: true,
    },
  ]);
});

describe('a broken chunk', () => {
  const chunked = `${OK}Transfer-Encoding: chunked\r\n\r\n`;
  const bodies = {
    'a size that is no number': 'five\r\nhello\r\n0\r\n\r\n',
    'no size': '\r\nhello\r\n0\r\n\r\n',
    'a size with 0x before it': '0x5\r\nhello\r\n0\r\n\r\n',
    'a negative size': '-5\r\nhello\r\n0\r\n\r\n',
    'a size that wraps around in 64 bits': '10000000000000005\r\nhello\r\n0\r\n\r\n',
    'more bytes than its size': '5\r\nhello world\r\n0\r\n\r\n',
    'fewer bytes than its size': '7\r\nhello\r\n0\r\n\r\n',
    'a bare LF after its size': '5\nhello\r\n0\r\n\r\n',
    'a bare LF after its bytes': '5\r\nhello\n0\r\n\r\n',
    'an extension with a bare LF': `5;x\nhello\r\n0\r\n\r\n${EVIL}`,
    'a second one that is broken': '5\r\nhello\r\nx\r\n\r\n',
    'a trailer with a bare LF': '5\r\nhello\r\n0\r\nX: y\nX-Injected: yes\r\n\r\n',
    'a trailer with a NUL': '5\r\nhello\r\n0\r\nX: y\0\r\n\r\n',
    'a trailer with a bad name': '5\r\nhello\r\n0\r\nX Y: z\r\n\r\n',
  };
  const together = Object.fromEntries(Object.entries(bodies).map(([name, body]) => [name, chunked + body]));
  judgedResponses(scene, spoilt('RFC 9112 §7.1', BROKEN, together));
  const apart = Object.fromEntries(
    Object.entries(bodies).map(([name, body]) => [`${name}, in a packet after its head`, [chunked, body]]),
  );
  judgedResponses(scene, spoilt('RFC 9112 §7.1', BROKEN, apart));

  judgedResponses(scene, [
    {
      name: 'extensions and trailers that are good go no further than they should',
      see: 'RFC 9112 §7.1.1',
      send: `${chunked}5;a=b;c="d"\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
      expect: whole('hello'),
      spoilt: false,
    },
    {
      name: 'trailers do not become fields',
      see: 'RFC 9110 §6.5.1',
      send: `${chunked}5\r\nhello\r\n0\r\nSet-Cookie: a=b\r\n\r\n`,
      expect: whole('hello', { 'set-cookie': [] }),
      spoilt: false,
    },
    {
      name: 'trailers with another word on the framing change nothing',
      see: 'RFC 9110 §6.5.1',
      send: `${chunked}5\r\nhello\r\n0\r\nContent-Length: 99\r\n\r\n`,
      expect: either(whole('hello', { 'content-length': [] }), BROKEN),
      spoilt: false,
    },
  ]);
});

describe('a response that stops half-way', () => {
  const starts = {
    'in a body with a length': `${OK}Content-Length: 10\r\n\r\nhello`,
    'before a body with a length': `${OK}Content-Length: 10\r\n\r\n`,
    'in a chunk': `${OK}Transfer-Encoding: chunked\r\n\r\na\r\nhello`,
    'between chunks': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    'before the last line': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`,
    'in a trailer': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y`,
    'in a body with a length, on a connection that will not go on': `${OK}Connection: close\r\nContent-Length: 10\r\n\r\nhello`,
    'in a chunk, on a connection that will not go on': `${OK}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\na\r\nhello`,
  };
  for (const ending of ['half-close', 'reset'] as const) {
    const how = ending === 'reset' ? 'by a reset' : 'by a close';
    const sent = Object.fromEntries(Object.entries(starts).map(([name, send]) => [`${name}, ${how}`, send]));
    judgedResponses(
      scene,
      spoilt('RFC 9112 §8', BROKEN, sent).map((each) => ({ ...each, ending })),
    );
  }
  judgedResponses(scene, [
    {
      name: 'in its head, by a close',
      see: 'RFC 9112 §8',
      send: `${OK}Content-Length: 5\r\nX: y`,
      ending: 'half-close',
      expect: ERROR,
      spoilt: true,
    },
    {
      name: 'in a body that goes on until the close, by a reset',
      see: 'RFC 9112 §8',
      send: [`${OK}Connection: close\r\n\r\n`, 'hello'],
      ending: 'reset',
      expect: BROKEN,
      spoilt: true,
    },
    {
      name: 'before its first byte, by a close',
      see: 'RFC 9110 §15.6.3',
      send: '',
      ending: 'half-close',
      expect: ERROR,
      spoilt: true,
    },
    {
      name: 'nowhere, if it goes on until the close',
      see: 'RFC 9112 §6.3',
      send: [`${OK}Connection: close\r\n\r\n`, 'hello'],
      ending: 'half-close',
      expect: whole('hello'),
      spoilt: true,
    },
  ]);
});

describe('bytes after a response', () => {
  judgedResponses(scene, [
    ...spoilt('RFC 9112 §6.3', whole('hello'), {
      'after a body with a length': `${OK}Content-Length: 5\r\n\r\nhello world`,
      'a second response after a body with a length': `${OK}Content-Length: 5\r\n\r\nhello${EVIL}`,
      'a second response after a chunked body': `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${EVIL}`,
      'a second response in a packet of its own': [`${OK}Content-Length: 5\r\n\r\nhello`, EVIL],
    }),
    {
      name: 'a second response after a Content-Length of 0',
      see: 'RFC 9112 §6.3',
      send: `${OK}Content-Length: 0\r\n\r\n${EVIL}`,
      expect: whole(''),
      spoilt: true,
    },
    {
      name: 'a body after 204',
      see: 'RFC 9110 §15.3.5',
      send: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello',
      expect: either(whole('', { status: 204, 'content-length': [] }), ERROR),
      spoilt: true,
    },
    {
      name: 'a response as the body of 204',
      see: 'RFC 9110 §15.3.5',
      send: `HTTP/1.1 204 No Content\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`,
      expect: either(whole('', { status: 204, 'content-length': [] }), ERROR),
      spoilt: true,
    },
    {
      name: 'a chunked body after 204',
      see: 'RFC 9112 §6.3',
      send: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
      expect: either(whole('', { status: 204 }), ERROR),
      spoilt: true,
    },
    {
      name: 'a body after 304',
      see: 'RFC 9110 §15.4.5',
      send: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello',
      expect: either(whole('', { status: 304 }), ERROR),
      spoilt: true,
    },
    {
      name: 'a response as the body of 304',
      see: 'RFC 9110 §15.4.5',
      send: `HTTP/1.1 304 Not Modified\r\nContent-Length: ${EVIL.length}\r\n\r\n${EVIL}`,
      expect: either(whole('', { status: 304 }), ERROR),
      spoilt: true,
    },
    {
      name: 'a body after the answer to HEAD',
      see: 'RFC 9110 §9.3.2',
      method: 'HEAD',
      send: `${OK}Content-Length: 5\r\n\r\nhello`,
      expect: whole('', { 'content-length': ['5'] }),
      spoilt: true,
    },
    {
      name: 'a response as the body of the answer to HEAD',
      see: 'RFC 9110 §9.3.2',
      method: 'HEAD',
      send: `${OK}Content-Length: ${EVIL.length}\r\n\r\n${EVIL}`,
      expect: whole(''),
      spoilt: true,
    },
    {
      name: 'a chunked body after the answer to HEAD',
      see: 'RFC 9112 §6.3',
      method: 'HEAD',
      send: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
      expect: whole(''),
      spoilt: true,
    },
    {
      name: 'none after the answer to HEAD, whose length is that of another',
      see: 'RFC 9110 §9.3.2',
      method: 'HEAD',
      send: `${OK}Content-Length: 5000000\r\n\r\n`,
      expect: whole('', { 'content-length': ['5000000'] }),
      spoilt: false,
    },
  ]);
});
