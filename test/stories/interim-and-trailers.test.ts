import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2, type H2Client } from '../support/h2-client.ts';
import { dataFrame, headersFrame } from '../support/h2-frames.ts';
import type { FieldLines } from '../support/http1-parser.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** What comes before an answer and what comes after its body. */

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin();
  portico = await startPortico(frontDoor({ origins: [origin.url] }));
});

function request(path: string, method = 'GET', ...fields: FieldLines): FieldLines {
  return [[':method', method], [':scheme', 'https'], [':authority', 'www.example.com'], [':path', path], ...fields];
}

describe('103 Early Hints (RFC 8297)', () => {
  const HINTS = 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>; rel=preload\r\n\r\n';

  test('reach an HTTP/1.1 client while the origin still thinks', async () => {
    const thinking = Promise.withResolvers<void>();
    origin.script = async function* () {
      yield HINTS;
      await thinking.promise;
      yield 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage';
    };
    const client = await connectRaw(portico.port());
    await client.send('GET /hinted HTTP/1.1\r\nHost: a\r\n\r\n');
    const answered = client.response();
    await client.interim(103);
    thinking.resolve();
    const response = await answered;
    expect(response).toMatchObject({ status: 200, body: 'page' });
    expect(response.interim[0]?.fields).toEqual([
      ['link', '</a.css>; rel=preload'],
      ['link', '</b.js>; rel=preload'],
    ]);
  });

  test('reach an HTTP/2 client', async () => {
    origin.script = () => `${HINTS}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage`;
    const client = await connectH2(portico.port(1));
    expect(await client.request(request('/hinted'))).toMatchObject({
      interim: [{ status: 103 }],
      status: 200,
      body: 'page',
      end: 'clean',
    });
  });

  test('are kept from an HTTP/1.0 client, which knows of none', async () => {
    origin.script = () => `${HINTS}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage`;
    const client = await connectRaw(portico.port());
    await client.send('GET /hinted HTTP/1.0\r\nHost: a\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200, body: 'page', interim: [] });
  });
});

describe('trailers', () => {
  const TRAILED =
    'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: abc\r\nX-Other: d\r\n\r\n';

  test('reach an HTTP/1.1 client', async () => {
    origin.script = () => TRAILED;
    const client = await connectRaw(portico.port());
    await client.send('GET /trailed HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n');
    const response = await client.response();
    expect(response).toMatchObject({ status: 200, body: 'body', framing: 'chunked', end: 'clean' });
    expect(response.trailers.map(([name, value]) => [name.toLowerCase(), value])).toEqual([
      ['x-sum', 'abc'],
      ['x-other', 'd'],
    ]);
  });

  test('reach an HTTP/2 client', async () => {
    origin.script = () => TRAILED;
    const client = await connectH2(portico.port(1));
    expect(await client.request(request('/trailed'))).toMatchObject({
      status: 200,
      body: 'body',
      trailers: [
        ['x-sum', 'abc'],
        ['x-other', 'd'],
      ],
      end: 'clean',
    });
  });

  test('are kept from an HTTP/1.0 client, and the body is whole', async () => {
    origin.script = () => TRAILED;
    const client = await connectRaw(portico.port());
    await client.send('GET /trailed HTTP/1.0\r\nHost: a\r\n\r\n');
    expect(await client.response()).toMatchObject({ status: 200, body: 'body', framing: 'close', end: 'clean' });
  });

  test('cannot speak of the connection (RFC 9110 §6.5.1, §7.6.1)', async () => {
    origin.script = () =>
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n' +
      'Keep-Alive: timeout=1\r\nProxy-Authenticate: Basic\r\nX-Fine: yes\r\n\r\n';
    const client = await connectRaw(portico.port());
    await client.send('GET /trailed HTTP/1.1\r\nHost: a\r\n\r\n');
    const { trailers, end } = await client.response();
    expect(end).toBe('clean');
    expect(trailers.map(([name]) => name.toLowerCase())).toEqual(['x-fine']);
  });
});

test('an origin that says what nobody asked for or may say there spoils nothing for the next client', async () => {
  const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n';
  for (const odd of [`${chunked}Connection: close\r\n\r\n`, `HTTP/1.1 100 Continue\r\n\r\n${chunked}\r\n`]) {
    origin.script = () => odd;
    expect(await fetchRaw(portico.port(), '/odd')).toMatchObject({ status: 200, body: 'ok', end: 'clean' });
    origin.script = () => answer('fine');
    for (let i = 0; i < 4; i++) {
      expect(await fetchRaw(portico.port(), '/', { method: 'POST', body: 'a' })).toMatchObject({ body: 'fine' });
    }
  }
});

describe('gRPC and its kin, over HTTP/2', () => {
  const call: FieldLines = [
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ];
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n';

  test('get their status after the messages', async () => {
    origin.script = async function* (asked) {
      await asked.arrived;
      yield `${HEAD}7\r\nmessage\r\n0\r\ngrpc-status: 0\r\ngrpc-message: fine\r\n\r\n`;
    };
    const client = await connectH2(portico.port(1));
    expect(await client.request(request('/pkg.Service/Call', 'POST', ...call), 'question')).toMatchObject({
      status: 200,
      body: 'message',
      trailers: [
        ['grpc-status', '0'],
        ['grpc-message', 'fine'],
      ],
      end: 'clean',
    });
    expect((await origin.requestFor('/pkg.Service/Call')).body).toBe('question');
  });

  test('get an answer without a message', async () => {
    origin.script = () => 'HTTP/1.1 200 OK\r\ngrpc-status: 5\r\nContent-Length: 0\r\n\r\n';
    const client = await connectH2(portico.port(1));
    const outcome = await client.request(request('/pkg.Service/None', 'POST', ...call), 'question');
    expect(outcome).toMatchObject({ status: 200, body: '', end: 'clean' });
    expect(fieldOf(outcome, 'grpc-status')).toBe('5');
  });

  test('talk in both directions at once', async () => {
    origin.script = async function* (asked) {
      yield HEAD;
      await heard('one', () => asked.body);
      yield '3\r\nyes\r\n';
      await heard('onetwo', () => asked.body);
      yield '2\r\nno\r\n';
      await asked.arrived;
      yield '0\r\ngrpc-status: 0\r\n\r\n';
    };
    const client = await connectH2(portico.port(1));
    const stream = client.newStream();
    await client.send(headersFrame(stream, request('/pkg.Service/Chat', 'POST', ...call), { endStream: false }));
    await client.send(dataFrame(stream, 'one', { endStream: false }));
    await data(client, stream, 'yes');
    await client.send(dataFrame(stream, 'two', { endStream: false }));
    await data(client, stream, 'no');
    await client.send(dataFrame(stream, ''));
    expect(await client.outcome(stream)).toMatchObject({
      body: 'yesno',
      trailers: [['grpc-status', '0']],
      end: 'clean',
    });
  });

  function data(client: H2Client, stream: number, text: string) {
    const fits = (frame: { stream: number; payload: Buffer }) =>
      frame.stream === stream && frame.payload.toString() === text;
    return client.frameWhere(fits, `the message ${text}`);
  }

  async function heard(text: string, body: () => string): Promise<void> {
    while (body() !== text) await new Promise(setImmediate);
  }
});

test('an answer to HEAD brings the length of GET and no body, over either protocol', async () => {
  origin.script = () => 'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: "e"\r\n\r\n';
  const response = await fetchRaw(portico.port(), '/head', { method: 'HEAD' });
  expect(response).toMatchObject({ status: 200, body: '' });
  expect(fieldOf(response, 'content-length')).toBe('1234');
  const client = await connectH2(portico.port(1));
  const outcome = await client.request(request('/head', 'HEAD'));
  expect(outcome).toMatchObject({ status: 200, body: '', end: 'clean' });
  expect(fieldOf(outcome, 'content-length')).toBe('1234');
});
