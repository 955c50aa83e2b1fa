import { describe } from 'vitest';
import type { FieldLines } from '../support/http1-parser.ts';
import { type Http2Case, judgedHttp2, MALFORMED, request } from './http2-verdict.ts';
import { SMUGGLED } from './request-verdict.ts';
import { useScene } from './scene.ts';

/** Bodies by HTTP/2: where they end is told by frames, and must be told again to the origin. */

const scene = useScene();

const PATH = '/h2';
const LINE = `GET ${PATH}`;

describe('a body whose length is in doubt', () => {
  const post = (...more: FieldLines) => request(PATH, { method: 'POST' }, more);
  const bad: Record<string, Omit<Http2Case, 'name' | 'see' | 'expect'>> = {
    'shorter than its Content-Length': { fields: post(['content-length', '10']), body: 'hello' },
    'longer than its Content-Length': { fields: post(['content-length', '5']), body: `hello${SMUGGLED}` },
    'longer than its Content-Length of 0': { fields: post(['content-length', '0']), body: SMUGGLED },
    'none, with a Content-Length': { fields: post(['content-length', '5']) },
    'two Content-Lengths that differ': {
      fields: post(['content-length', '5'], ['content-length', '0']),
      body: 'hello',
    },
    'two Content-Lengths that agree': { fields: post(['content-length', '5'], ['content-length', '5']), body: 'hello' },
    'a list as Content-Length': { fields: post(['content-length', '5, 5']), body: 'hello' },
    'a Content-Length with a sign': { fields: post(['content-length', '+5']), body: 'hello' },
    'a negative Content-Length': { fields: post(['content-length', '-5']), body: 'hello' },
    'a Content-Length in hexadecimal': { fields: post(['content-length', '0x5']), body: 'hello' },
    'a Content-Length that wraps around': { fields: post(['content-length', '18446744073709551621']), body: 'hello' },
    'an empty Content-Length': { fields: post(['content-length', '']), body: 'hello' },
    'longer, told by trailers': { fields: post(['content-length', '5']), body: 'hello world', trailers: [['x', 'y']] },
  };
  judgedHttp2(
    scene,
    Object.entries(bad).map(([name, each]): Http2Case => {
      return { name, see: 'RFC 9113 §8.1.1', ...each, expect: MALFORMED };
    }),
  );
  const good: Record<string, Pick<Http2Case, 'fields' | 'body'> & { line: string }> = {
    'a GET': { line: LINE, fields: request(PATH), body: SMUGGLED },
    'a DELETE': { line: `DELETE ${PATH}`, fields: request(PATH, { method: 'DELETE' }), body: SMUGGLED },
    'an OPTIONS': { line: `OPTIONS ${PATH}`, fields: request(PATH, { method: 'OPTIONS' }), body: SMUGGLED },
    'a POST with a length': {
      line: `POST ${PATH}`,
      fields: post(['content-length', String(SMUGGLED.length)]),
      body: SMUGGLED,
    },
    'a POST without a length': { line: `POST ${PATH}`, fields: post(), body: SMUGGLED },
    'a POST that looks like chunks': { line: `POST ${PATH}`, fields: post(), body: `0\r\n\r\n${SMUGGLED}` },
  };
  judgedHttp2(
    scene,
    Object.entries(good).map(([name, { line, ...each }]): Http2Case => {
      const expect = { line, body: each.body ?? '' };
      return { name: `that of ${name} stays one`, see: 'RFC 9113 §8.1', ...each, expect };
    }),
  );
});

describe('trailers', () => {
  const bad: Record<string, FieldLines> = {
    'a pseudo-header field': [[':path', '/smuggled']],
    'a pseudo-header field among others': [
      ['x', 'y'],
      [':method', 'GET'],
    ],
    'an upper case letter': [['X', 'y']],
    'a connection field': [['transfer-encoding', 'chunked']],
  };
  judgedHttp2(
    scene,
    Object.entries(bad).map(([name, trailers]): Http2Case => {
      const fields = request(PATH, { method: 'POST' });
      return { name: `with ${name}`, see: 'RFC 9113 §8.1', fields, body: 'hello', trailers, expect: MALFORMED };
    }),
  );
  judgedHttp2(scene, [
    {
      name: 'with a CR LF',
      see: 'RFC 9113 §8.2.1',
      fields: request(PATH, { method: 'POST' }),
      body: 'hello',
      trailers: [['x', `y\r\n\r\n${SMUGGLED}`]],
      expect: { refusedOrWithout: 'x' },
    },
    {
      name: 'cannot set the host or who is asking',
      see: 'RFC 9110 §6.5.1',
      fields: request(PATH, { method: 'POST' }),
      body: 'hello',
      trailers: [
        ['host', 'evil.example'],
        ['x-forwarded-for', '192.0.2.66'],
      ],
      expect: {
        line: `POST ${PATH}`,
        body: 'hello',
        seen: { host: ['www.example.com'], 'x-forwarded-for': ['127.0.0.1'] },
      },
    },
  ]);
});
