import { beforeAll, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { connectH2 } from '../support/h2-client.ts';
import { dataFrame, headersFrame, resetFrame } from '../support/h2-frames.ts';
import type { FieldLines } from '../support/http1-parser.ts';
import { sClient } from '../support/openssl.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, type RawResponse } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** Origins that break their answers, and clients that do not wait for them. */

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin();
  const pool = { timeouts: { idle: '1s' }, retries: { attempts: 1 } };
  portico = await startPortico(frontDoor({ origins: [origin.url], pool }));
});

function request(path: string, method = 'GET'): FieldLines {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', 'www.example.com'],
    [':path', path],
  ];
}

/** What an origin says, and then its FIN. */
function saying(text: string): Script {
  return async function* ({ connection }) {
    yield text;
    connection.end();
  };
}

describe('an answer that makes no sense', () => {
  const answers = {
    'nothing at all': '',
    'half a status line': 'HTTP/1.1 20',
    'half a head': 'HTTP/1.1 200 OK\r\nContent-Ty',
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n',
    'a version that is none': 'HTTP/7.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok!',
    'a field without a name': 'HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 2\r\n\r\nok',
  };
  test.each(Object.entries(answers))('is a 502: %s', async (_, text) => {
    origin.script = saying(text);
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 502, end: 'clean' });
    const client = await connectH2(portico.port(1));
    expect(await client.request(request('/'))).toMatchObject({ status: 502, end: 'clean' });
  });

  test('a good one goes to the next client all the same', async () => {
    origin.script = () => answer('fine');
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200, body: 'fine' });
  });
});

describe('an answer that breaks off never looks whole', () => {
  const truncated = {
    'short of its Content-Length': saying('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
    'within a chunk': saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf'),
    'between two chunks': saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    'before the end of its trailers': saying(
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX-Sum: 1\r\n',
    ),
    'by a broken chunk': saying('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n'),
    'by a reset': async function* ({ connection }) {
      yield 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n';
      connection.reset();
    },
    'by a reset, though only the end of the connection would have told its own': async function* ({ connection }) {
      yield 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf';
      connection.reset();
    },
    'by silence for longer than `idle`': () => 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf',
  } satisfies Record<string, Script>;
  const cases = Object.entries(truncated);

  /** A reset may overtake even the head. */
  function expectBroken(response: RawResponse | undefined): void {
    if (response !== undefined) expect(response).toMatchObject({ status: 200, end: 'broken' });
  }

  test.each(cases)('by HTTP/1.1: %s', async (_, script) => {
    origin.script = script;
    const client = await connectRaw(portico.port());
    await client.send('GET /truncated HTTP/1.1\r\nHost: a\r\n\r\n');
    expectBroken(await client.next());
  });

  test.each(cases)('by HTTP/1.0, where the end of the connection is the end: %s', async (_, script) => {
    origin.script = script;
    const client = await connectRaw(portico.port());
    await client.send('GET /truncated HTTP/1.0\r\nHost: a\r\n\r\n');
    expectBroken(await client.next());
  });

  test.each(cases)('by HTTP/2: %s', async (_, script) => {
    origin.script = script;
    const client = await connectH2(portico.port(1));
    expect(await client.request(request('/truncated'))).toMatchObject({ status: 200, body: 'half', end: 'reset' });
    // The connection is good for more.
    origin.script = () => answer('fine');
    expect(await client.request(request('/next'))).toMatchObject({ status: 200, body: 'fine' });
  });

  describeWithPeers(['curl'], 'as curl sees it', () => {
    test.each([
      { version: '--http1.0', listener: 0 },
      { version: '--http1.1', listener: 0 },
      { version: '--http1.1', listener: 1 },
      { version: '--http2', listener: 1 },
    ])('it fails: $version on listener $listener', async ({ version, listener }) => {
      for (const script of Object.values(truncated).slice(0, -1)) {
        origin.script = script;
        const reply = await curl(`${portico.url(listener)}/truncated`, version);
        expect([18, 52, 56, 92], reply.error).toContain(reply.exit);
      }
    });
  });

  describeWithPeers(['openssl'], 'by HTTP/1.0 over TLS', () => {
    test('there is no close_notify, by which a client can tell (RFC 9112 §9.8)', async () => {
      origin.script = truncated['by a reset'];
      const request = 'GET /truncated HTTP/1.0\r\nHost: a\r\n\r\n';
      const said = await sClient(portico.port(1), request, '-quiet');
      expect(said).toContain('half');
      expect(said).toContain('unexpected eof while reading');
    });
  });

  test('the log says so', async () => {
    origin.script = saying('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    await fetchRaw(portico.port(), '/told');
    expect(await portico.accessLog.lineFor('/told')).toMatchObject({ status: 200, error: expect.any(String) });
  });
});

test('an answer without a length, ended by the origin as HTTP/1.0 does, is whole', async () => {
  origin.script = saying('HTTP/1.0 200 OK\r\n\r\nall of it');
  expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200, body: 'all of it', end: 'clean' });
  const client = await connectH2(portico.port(1));
  expect(await client.request(request('/'))).toMatchObject({ status: 200, body: 'all of it', end: 'clean' });
});

describe('a client that goes away takes its request back from the origin', () => {
  const silent: Script = () => undefined;
  /** A head, and then more of a body than any buffer on the way holds. */
  const endless: Script = async function* ({ connection }) {
    yield 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    while (connection.open) yield chunk;
  };

  test.each(['reset', 'close'] as const)('by HTTP/1.1, before an answer: %s', async (how) => {
    origin.script = silent;
    const client = await connectRaw(portico.port());
    await client.send(`GET /${how} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const { connection } = await origin.requestFor(`/${how}`);
    client[how]();
    await within(connection.closed, 'the origin to be told');
    const line = await portico.accessLog.lineFor(`/${how}`);
    expect(line).toMatchObject({ error: 'client_disconnected' });
  });

  test('by HTTP/1.1, in the middle of an answer', async () => {
    origin.script = endless;
    const client = await connectRaw(portico.port());
    await client.send('GET /middle HTTP/1.1\r\nHost: a\r\n\r\n');
    const { connection } = await origin.requestFor('/middle');
    client.socket.pause();
    client.reset();
    await within(connection.closed, 'the origin to be told');
  });

  test('by HTTP/1.1, in the middle of its own body', async () => {
    origin.script = silent;
    const client = await connectRaw(portico.port());
    await client.send('PUT /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf');
    const asked = await origin.requestFor('/upload');
    client.reset();
    expect(await within(asked.arrived, 'the origin to be told')).toBe('cut');
  });

  test('by HTTP/2, by a reset of its stream; the others go on', async () => {
    const answered = Promise.withResolvers<void>();
    origin.script = async function* ({ target }) {
      if (target === '/given-up') return;
      await answered.promise;
      yield answer('patience pays');
    };
    const client = await connectH2(portico.port(1));
    const [first, second] = [client.newStream(), client.newStream()];
    await client.send(headersFrame(first, request('/given-up')), headersFrame(second, request('/kept')));
    const [givenUp, kept] = [await origin.requestFor('/given-up'), await origin.requestFor('/kept')];
    await client.send(resetFrame(first));
    await within(givenUp.connection.closed, 'the origin to be told');
    expect(kept.connection.open).toBe(true);
    answered.resolve();
    expect(await client.outcome(second)).toMatchObject({ status: 200, body: 'patience pays', end: 'clean' });
  });

  test('by HTTP/2, by the end of its connection, in the middle of its own body', async () => {
    origin.script = silent;
    const client = await connectH2(portico.port(1));
    const stream = client.newStream();
    await client.send(headersFrame(stream, request('/h2-upload', 'PUT'), { endStream: false }));
    await client.send(dataFrame(stream, 'half', { endStream: false }));
    const asked = await origin.requestFor('/h2-upload');
    client.close();
    expect(await within(asked.arrived, 'the origin to be told')).toBe('cut');
  });
});

describe('connections to origins', () => {
  test('are kept: a thousand requests in a row need one for each worker', async () => {
    const kept = await startOrigin(() => answer('ok'));
    const busy = await startPortico(frontDoor({ origins: [kept.url] }));
    for (let i = 0; i < 20; i++) {
      const client = await connectRaw(busy.port());
      for (let j = 0; j < 50; j++) {
        await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        expect((await client.response()).status).toBe(200);
      }
      client.close();
    }
    expect(kept.requests).toHaveLength(1000);
    expect(kept.connections.length).toBeLessThanOrEqual(2);
  });

  test('are closed after `keep_alive`', async () => {
    const kept = await startOrigin(() => answer('ok'));
    const pool = { timeouts: { keep_alive: '300ms' } };
    const brief = await startPortico(frontDoor({ origins: [kept.url], pool }));
    await fetchRaw(brief.port(), '/');
    await within(kept.connections[0]?.closed ?? Promise.reject(new Error('none was opened')), 'the close');
  });
});
