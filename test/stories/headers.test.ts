import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { type FieldLines, valuesOf } from '../support/http1-parser.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** What becomes of header fields on their way through, in both directions. */

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin();
  portico = await startPortico(
    frontDoor({
      origins: [origin.url],
      site: {
        response_headers: {
          remove: ['X-Powered-By', 'Server'],
          set: { 'X-Frame-Options': 'DENY', 'Strict-Transport-Security': 'max-age=63072000' },
        },
        routes: [
          { path: '/framed/', response_headers: { set: { 'X-Frame-Options': 'SAMEORIGIN' } } },
          { path: '/closed/', access: { deny: ['0.0.0.0/0'] } },
        ],
      },
    }),
  );
});

describe("a site's response_headers", () => {
  const BOASTS = ['X-Powered-By: PHP/4', 'server: Apache', 'X-Frame-Options: ALLOWALL', 'X-Kept: yes'];

  test('take fields out of what origins say, and set others in place of theirs', async () => {
    origin.script = () => answer('ok', { fields: BOASTS });
    const response = await fetchRaw(portico.port(), '/');
    expect(valuesOf(response.fields, 'x-powered-by')).toEqual([]);
    expect(valuesOf(response.fields, 'server')).toEqual([]);
    expect(valuesOf(response.fields, 'x-frame-options')).toEqual(['DENY']);
    expect(valuesOf(response.fields, 'strict-transport-security')).toEqual(['max-age=63072000']);
    expect(valuesOf(response.fields, 'x-kept')).toEqual(['yes']);
  });

  test('are the same over HTTP/2', async () => {
    origin.script = () => answer('ok', { fields: BOASTS });
    const client = await connectH2(portico.port(1));
    const { fields } = await client.request([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a'],
      [':path', '/'],
    ]);
    expect(valuesOf(fields, 'x-powered-by')).toEqual([]);
    expect(valuesOf(fields, 'x-frame-options')).toEqual(['DENY']);
  });

  test('are added to by a route', async () => {
    origin.script = () => answer('ok', { fields: BOASTS });
    const response = await fetchRaw(portico.port(), '/framed/');
    expect(valuesOf(response.fields, 'x-frame-options')).toEqual(['SAMEORIGIN']);
    expect(valuesOf(response.fields, 'strict-transport-security')).toEqual(['max-age=63072000']);
    expect(valuesOf(response.fields, 'x-powered-by')).toEqual([]);
  });

  test("hold for errors of origins and for Portico's own pages too", async () => {
    origin.script = () => answer('no', { status: '404 Not Found', fields: BOASTS });
    expect(fieldOf(await fetchRaw(portico.port(), '/'), 'x-frame-options')).toBe('DENY');

    const refused = await fetchRaw(portico.port(), '/closed/');
    expect(refused.status).toBe(403);
    expect(valuesOf(refused.fields, 'x-frame-options')).toEqual(['DENY']);

    origin.script = async function* ({ connection }) {
      connection.reset();
      yield '';
    };
    const splash = await fetchRaw(portico.port(), '/');
    expect(splash.status).toBe(502);
    expect(valuesOf(splash.fields, 'x-frame-options')).toEqual(['DENY']);
  });
});

describe('what passes', () => {
  test('end-to-end fields pass in their order and as they are written, doubles too', async () => {
    const sent = [
      'X-One: 1',
      'Accept: text/html',
      'X-Two:',
      'X-One: again',
      'Cookie: a=b; c=d',
      'Authorization: Basic eA==',
    ];
    origin.script = () =>
      answer('ok', { fields: ['Set-Cookie: a=1', 'Set-Cookie: b=2; Secure', 'X-Empty:', 'ETag: W/"e"'] });
    const response = await fetchRaw(portico.port(), '/through', { head: sent });
    const { fields } = await origin.requestFor('/through');
    const names = ['x-one', 'accept', 'x-two', 'cookie', 'authorization'];
    expect(fields.filter(([name]) => names.includes(name.toLowerCase())).map((field) => field.join(': '))).toEqual(
      sent.map((line) => line.replace(/:$/, ': ')),
    );
    expect(valuesOf(response.fields, 'set-cookie')).toEqual(['a=1', 'b=2; Secure']);
    expect(valuesOf(response.fields, 'x-empty')).toEqual(['']);
    expect(valuesOf(response.fields, 'etag')).toEqual(['W/"e"']);
  });

  test('bytes above ASCII pass as they are', async () => {
    origin.script = () => answer('ok', { fields: ['X-Name: caf\xe9'] });
    const response = await fetchRaw(portico.port(), '/latin1', { head: ['X-Name: \xfcber'] });
    expect((await origin.requestFor('/latin1')).values('x-name')).toEqual(['\xfcber']);
    expect(valuesOf(response.fields, 'x-name')).toEqual(['caf\xe9']);
  });

  test('what belongs to one connection does not, in either direction (RFC 9110 §7.6.1)', async () => {
    origin.script = () =>
      answer('ok', {
        fields: ['Connection: X-Mine', 'X-Mine: 1', 'Keep-Alive: timeout=99', 'Upgrade: h2c', 'Proxy-Connection: x'],
      });
    const head = [
      'Connection: close, X-Mine',
      'X-Mine: 1',
      'Keep-Alive: timeout=99',
      'TE: trailers',
      'Proxy-Connection: x',
    ];
    const client = await connectRaw(portico.port());
    await client.send(`GET /hops HTTP/1.1\r\nHost: a\r\n${head.join('\r\n')}\r\n\r\n`);
    const response = await client.response();
    const request = await origin.requestFor('/hops');
    for (const name of ['x-mine', 'upgrade', 'proxy-connection']) {
      expect(valuesOf(request.fields, name), `${name} at the origin`).toEqual([]);
      expect(valuesOf(response.fields, name), `${name} at the client`).toEqual([]);
    }
    expect(valuesOf(request.fields, 'te')).toEqual([]);
    expect(valuesOf(request.fields, 'keep-alive')).toEqual([]);
    expect(valuesOf(response.fields, 'keep-alive')).not.toContain('timeout=99');
  });

  test("Host is the client's, or the origin's own where that is asked for", async () => {
    origin.script = () => answer('ok');
    const pool = { host_header: 'origin' };
    const other = await startPortico(frontDoor({ origins: [origin.url], pool }));
    await fetchRaw(portico.port(), '/kept', { host: 'shop.example:8080' });
    await fetchRaw(other.port(), '/own', { host: 'shop.example:8080' });
    const [kept, own] = [await origin.requestFor('/kept'), await origin.requestFor('/own')];
    expect(fieldOf(kept, 'host')).toBe('shop.example:8080');
    expect(fieldOf(own, 'host')).toBe(`127.0.0.1:${origin.port}`);
    expect(fieldOf(own, 'x-forwarded-host')).toBe('shop.example:8080');
  });

  test('a Date is added where the origin has none, and its own is kept (RFC 9110 §6.6.1)', async () => {
    origin.script = () => answer('ok');
    expect(fieldOf(await fetchRaw(portico.port(), '/'), 'date')).toMatch(/ GMT$/);
    const then = 'Thu, 01 Jan 2026 00:00:00 GMT';
    origin.script = () => answer('ok', { fields: [`Date: ${then}`] });
    expect(fieldOf(await fetchRaw(portico.port(), '/'), 'date')).toBe(then);
  });
});

describe('Via (RFC 9110 §7.6.3)', () => {
  test('tells each protocol and this node, behind those before', async () => {
    origin.script = () => answer('ok', { fields: ['Via: 1.1 behind'] });
    const response = await fetchRaw(portico.port(), '/via', { head: ['Via: 1.0 fred', 'Via: 1.1 barney'] });
    expect(fieldOf(await origin.requestFor('/via'), 'via')).toBe('1.0 fred, 1.1 barney, 1.1 edge-1');
    expect(fieldOf(response, 'via')).toBe('1.1 behind, 1.1 edge-1');
  });

  test('can be turned off; then only what others said is passed on', async () => {
    const silent = await startPortico(frontDoor({ origins: [origin.url], node: { via: false } }));
    origin.script = () => answer('ok');
    const response = await fetchRaw(silent.port(), '/no-via');
    expect((await origin.requestFor('/no-via')).values('via')).toEqual([]);
    expect(valuesOf(response.fields, 'via')).toEqual([]);
    await fetchRaw(silent.port(), '/others-via', { head: ['Via: 1.0 fred'] });
    expect((await origin.requestFor('/others-via')).values('via')).toEqual(['1.0 fred']);
  });
});

describe('CDN-Loop (RFC 8586)', () => {
  test('with our name in it ends a loop with 508', async () => {
    const before = origin.requests.length;
    for (const value of ['edge-1', 'other, EDGE-1; hops=3', 'a, edge-1, b']) {
      const response = await fetchRaw(portico.port(), '/loop', { head: [`CDN-Loop: ${value}`] });
      expect(response.status, value).toBe(508);
    }
    expect(origin.requests.length).toBe(before);
  });

  test('with other names gets ours behind them', async () => {
    origin.script = () => answer('ok');
    await fetchRaw(portico.port(), '/others', { head: ['CDN-Loop: one; x=y', 'CDN-Loop: edge-10'] });
    expect(fieldOf(await origin.requestFor('/others'), 'cdn-loop')).toBe('one; x=y, edge-10, edge-1');
  });

  test('stops a node that leads to itself', async () => {
    const config = (origins: readonly string[]) => ({
      node: { name: 'ring', workers: 1 },
      listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
      sites: [{ hosts: ['default'], pool: 'app' }],
      pools: { app: { origins } },
    });
    const ring = await startPortico(config([origin.url]));
    expect(await ring.reload(config([ring.url()]))).toMatchObject({ message: 'reloaded' });
    expect((await fetchRaw(ring.port(), '/around')).status).toBe(508);
  });
});

test('the framing of an answer is our own: what the origin said of it is not repeated', async () => {
  const told: FieldLines[] = [];
  for (const raw of [
    'HTTP/1.1 200 OK\r\nContent-Length: 002\r\n\r\nok',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n2;ext=1\r\nok\r\n0\r\n\r\n',
  ]) {
    origin.script = () => raw;
    const response = await fetchRaw(portico.port(), '/');
    expect(response).toMatchObject({ status: 200, body: 'ok', end: 'clean' });
    told.push(response.fields);
  }
  expect(valuesOf(told[0] ?? [], 'content-length')).toEqual(['2']);
  expect(valuesOf(told[1] ?? [], 'transfer-encoding')).toEqual(['chunked']);
});
