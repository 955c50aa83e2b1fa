import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { curl } from '../support/curl.ts';
import { refusingOrigin } from '../support/dead-ends.ts';
import { startNginx } from '../support/nginx.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { frontDoor } from './front-door.ts';

/** What clients send: how much of it is taken, and how they are told. */

const LIMIT = 4096;

let origin: ScriptedOrigin;
let portico: Portico;
beforeAll(async () => {
  origin = await startOrigin();
  portico = await startPortico(
    frontDoor({
      origins: [origin.url],
      site: {
        body_limit: `${LIMIT}B`,
        routes: [
          { path: '/unlimited/', body_limit: 'unlimited' },
          { path: '/closed/', access: { deny: ['0.0.0.0/0'] } },
        ],
      },
    }),
  );
});

beforeEach(() => {
  origin.script = async function* (request) {
    if ((await request.arrived) === 'whole') yield answer(`got ${request.body.length}`);
  };
});

describe('body_limit', () => {
  test('lets a body of just that size pass, however its length is told', async () => {
    const body = 'x'.repeat(LIMIT);
    expect(await fetchRaw(portico.port(), '/', { method: 'POST', body })).toMatchObject({ body: `got ${LIMIT}` });
    const client = await connectRaw(portico.port());
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.send(`1000\r\n${body}\r\n0\r\n\r\n`);
    expect(await client.response('POST')).toMatchObject({ status: 200, body: `got ${LIMIT}` });
  });

  test('refuses a larger Content-Length at once, and no origin hears of it', async () => {
    const before = origin.requests.length;
    const client = await connectRaw(portico.port());
    await client.send(`POST /declared HTTP/1.1\r\nHost: a\r\nContent-Length: ${LIMIT + 1}\r\n\r\n`);
    expect(await client.response('POST')).toMatchObject({ status: 413, end: 'clean' });
    expect(origin.requests.length).toBe(before);
    expect(await portico.accessLog.lineFor('/declared')).toMatchObject({ status: 413, error: 'body_too_large' });
  });

  test('ends a chunked body that grows past it, and the origin never sees the end of it', async () => {
    const client = await connectRaw(portico.port());
    await client.send('POST /growing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `400\r\n${'x'.repeat(1024)}\r\n`;
    for (let i = 0; i < 5; i++) await client.send(chunk);
    expect(await client.response('POST')).toMatchObject({ status: 413, end: 'clean' });
    await client.send('0\r\n\r\n');
    const request = await origin.requestFor('/growing');
    expect(await request.arrived).toBe('cut');
  });

  test('is none on a route that says so', async () => {
    const body = 'x'.repeat(LIMIT * 10);
    const response = await fetchRaw(portico.port(), '/unlimited/', { method: 'POST', body });
    expect(response).toMatchObject({ status: 200, body: `got ${body.length}` });
  });

  describeWithPeers(['curl'], 'seen by a curl that sends 20 MB all the same', () => {
    let file: string;
    beforeAll(async () => {
      file = await largeFile();
    });

    const versions = [
      { name: 'HTTP/1.1', listener: 0, args: ['--http1.1'] },
      { name: 'HTTP/1.1 over TLS', listener: 1, args: ['--http1.1'] },
      { name: 'HTTP/2', listener: 1, args: ['--http2'] },
    ];
    const lengths = [
      { how: 'a Content-Length', fields: ['-H', 'Expect:'] },
      { how: 'no length', fields: ['-H', 'Expect:', '-H', 'Transfer-Encoding: chunked'] },
    ];
    const cases = versions.flatMap((version) => lengths.map((length) => ({ ...version, ...length })));

    test.each(cases)('it gets its 413, whole: $name with $how', async ({ listener, args, fields }) => {
      const reply = await curl(`${portico.url(listener)}/large`, ...args, ...fields, '--upload-file', file);
      expect(reply).toMatchObject({ status: 413, text: expect.stringContaining('Content Too Large') });
      // It may complain that not all of its body was taken, but the page has arrived.
      expect(reply.body.length).toBe(Number(reply.fields['content-length']));
    });
  });
});

describe('an origin that answers before it has all of the body', () => {
  test('is heard, and the client too: by HTTP/1.1', async () => {
    origin.script = async function* () {
      yield answer('sign in first', { status: '401 Unauthorized', fields: ['Connection: close'] });
    };
    const client = await connectRaw(portico.port());
    await client.send('PUT /unlimited/early HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n');
    await client.send('x'.repeat(10_000));
    expect(await client.response('PUT')).toMatchObject({ status: 401, body: 'sign in first', end: 'clean' });
    await client.send('x'.repeat(990_000));
    expect(await client.untilClosed()).toHaveLength(1);
  });

  describeWithPeers(['curl', 'nginx'], 'with a curl that sends 20 MB', () => {
    test.each([0, 1])('is heard even where it closes at once: by listener %i', async (listener) => {
      origin.script = async function* ({ connection }) {
        yield answer('sign in first', { status: '401 Unauthorized', fields: ['Connection: close'] });
        connection.end();
      };
      const file = await largeFile();
      for (let i = 0; i < 5; i++) {
        const reply = await curl(`${portico.url(listener)}/unlimited/early`, '-H', 'Expect:', '--upload-file', file);
        expect(reply).toMatchObject({ status: 401, text: 'sign in first' });
      }
    });

    test.each([0, 1])('is heard when it is an nginx with a limit of its own: by listener %i', async (listener) => {
      const nginx = await startNginx({ extra: '    location /small { client_max_body_size 1k; return 200 ok; }' });
      const small = await startPortico(frontDoor({ origins: [nginx.url] }));
      const file = await largeFile();
      for (let i = 0; i < 5; i++) {
        const reply = await curl(`${small.url(listener)}/small`, '-H', 'Expect:', '--upload-file', file);
        expect(reply).toMatchObject({ status: 413, text: expect.stringContaining('nginx') });
      }
    });
  });
});

async function largeFile(): Promise<string> {
  const file = join(await tempDir('body'), 'large');
  await writeFile(file, randomBytes(20_000_000));
  return file;
}

describe('Expect: 100-continue (RFC 9110 §10.1.1)', () => {
  describeWithPeers(['curl'], 'from curl', () => {
    test('is answered, so that it need not wait', async () => {
      const file = join(await tempDir('body'), 'small');
      await writeFile(file, 'x'.repeat(3000));
      const args = ['-H', 'Expect: 100-continue', '--expect100-timeout', '10', '--upload-file', file];
      for (const listener of [0, 1]) {
        const begun = performance.now();
        const reply = await curl(`${portico.url(listener)}/expecting`, '--http1.1', ...args);
        expect(reply).toMatchObject({ exit: 0, status: 200, text: 'got 3000' });
        expect(performance.now() - begun).toBeLessThan(5000);
      }
      const request = await origin.requestFor('/expecting');
      expect(request.values('expect')).toEqual([]);
    });
  });

  const EXPECTING = 'Host: a\r\nExpect: 100-continue\r\n';

  test.each([
    { name: 'too large', head: `PUT /large HTTP/1.1\r\n${EXPECTING}Content-Length: ${LIMIT + 1}\r\n\r\n`, status: 413 },
    { name: 'not allowed', head: `PUT /closed/ HTTP/1.1\r\n${EXPECTING}Content-Length: 5\r\n\r\n`, status: 403 },
  ])(
    'of a request that is refused gets no 100, and the connection goes no further: $name',
    async ({ head, status }) => {
      const client = await connectRaw(portico.port());
      await client.send(head);
      const response = await client.response('PUT');
      expect(response).toMatchObject({ status, interim: [] });
      client.finish();
      expect(await client.untilClosed()).toHaveLength(1);
    },
  );

  test('is not asked of an origin that cannot be reached: the splash page comes in its place', async () => {
    const dead = await startPortico(frontDoor({ origins: [await refusingOrigin()] }));
    const client = await connectRaw(dead.port());
    await client.send(`PUT / HTTP/1.1\r\n${EXPECTING}Content-Length: 5\r\n\r\n`);
    expect(await client.response('PUT')).toMatchObject({ status: 503, interim: [] });
  });
});
