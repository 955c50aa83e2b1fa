import { describe, expect, test } from 'vitest';
import type { RequestHead } from '../../../src/proxy/exchange.ts';
import { type Http1Request, RequestReader } from '../../../src/proxy/http1/request-reader.ts';

const LIMITS = { uri: 100, fields: 10 };
const text = (...lines: string[]) => lines.join('\r\n');
const GET = 'GET / HTTP/1.1';
const HOST = 'Host: www.example.com';

function headOf({ read }: Http1Request): RequestHead {
  if (!read.ok) throw new Error(`refused: ${read.refusal.code}`);
  return read.head;
}

describe('a reader of requests', () => {
  test('reads a head', () => {
    const request = new RequestReader('https').read(
      text('GET /a?b HTTP/1.1', HOST, 'Accept: */*', 'Via: 1.1 a'),
      LIMITS,
    );
    expect(headOf(request)).toMatchObject({
      method: 'GET',
      target: '/a?b',
      version: '1.1',
      scheme: 'https',
      authority: 'www.example.com',
      fields: ['Accept', '*/*'],
      known: { accept: '*/*', via: '1.1 a' },
    });
  });

  test('tells one that asks the same again the same', () => {
    const reader = new RequestReader('http');
    const asked = text(GET, HOST);
    expect(reader.read(asked, LIMITS)).toBe(reader.read(asked, LIMITS));
  });

  test('judges anew once the limits are others', () => {
    const reader = new RequestReader('http');
    const asked = text('GET /long HTTP/1.1', HOST);
    expect(reader.read(asked, LIMITS).read.ok).toBe(true);
    expect(reader.read(asked, { ...LIMITS, uri: 3 }).read).toMatchObject({ refusal: { code: 'uri_too_long' } });
  });

  test('tells requests apart whose fields alone, or target alone, are the same', () => {
    const reader = new RequestReader('http');
    const targets = ['/a', '/b', '/a', 'http://b.example/c'].map((target) => {
      const {
        authority,
        target: read,
        fields,
      } = headOf(reader.read(text(`GET ${target} HTTP/1.1`, HOST, 'X: 1'), LIMITS));
      return [authority, read, ...fields];
    });
    expect(targets).toEqual([
      ['www.example.com', '/a', 'X', '1'],
      ['www.example.com', '/b', 'X', '1'],
      ['www.example.com', '/a', 'X', '1'],
      ['b.example', '/c', 'X', '1'],
    ]);
    expect(headOf(reader.read(text('GET /a HTTP/1.1', HOST, 'X: 2'), LIMITS)).fields).toEqual(['X', '2']);
    expect(headOf(reader.read(text('GET /a HTTP/1.1', HOST), LIMITS)).fields).toEqual([]);
  });

  test('lets nothing of HTTP/1.0 stick to the same fields of HTTP/1.1', () => {
    const reader = new RequestReader('http');
    const fields = [HOST, 'Expect: 100-continue', 'Content-Length: 5', 'Connection: upgrade', 'Upgrade: websocket'];
    const known = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/1.1'].map((version) => {
      const { expectContinue, upgrade } = headOf(reader.read(text(`POST / ${version}`, ...fields), LIMITS)).known;
      return { expectContinue, upgrade };
    });
    const both = { expectContinue: true, upgrade: 'websocket' };
    expect(known).toEqual([both, { expectContinue: false, upgrade: undefined }, both]);
  });

  test('refuses a request again that it has refused', () => {
    const reader = new RequestReader('http');
    for (let i = 0; i < 2; i++)
      expect(reader.read(GET, LIMITS).read).toMatchObject({ refusal: { code: 'bad_request' } });
    for (let i = 0; i < 2; i++) expect(() => reader.read(text(GET, 'Host : a'), LIMITS)).toThrow();
    expect(reader.read(text(GET, HOST), LIMITS).read.ok).toBe(true);
  });

  test('reads heads that are too long to be kept', () => {
    const reader = new RequestReader('http');
    for (const letter of 'aab') {
      const value = letter.repeat(10_000);
      expect(headOf(reader.read(text(GET, HOST, `X: ${value}`), LIMITS)).fields).toEqual(['X', value]);
    }
  });

  test.each([
    { version: '1.1', connection: undefined, persistent: true },
    { version: '1.1', connection: 'keep-alive', persistent: true },
    { version: '1.1', connection: 'Close', persistent: false },
    { version: '1.1', connection: 'keep-alive, close', persistent: false },
    { version: '1.0', connection: undefined, persistent: false },
    { version: '1.0', connection: 'Keep-Alive', persistent: true },
    { version: '1.0', connection: 'close, keep-alive', persistent: false },
  ])(
    '$version with Connection: $connection goes on: $persistent (RFC 9112 §9.3)',
    ({ version, connection, persistent }) => {
      const fields = connection === undefined ? [HOST] : [HOST, `Connection: ${connection}`];
      expect(new RequestReader('http').read(text(`GET / HTTP/${version}`, ...fields), LIMITS).persistent).toBe(
        persistent,
      );
    },
  );
});
