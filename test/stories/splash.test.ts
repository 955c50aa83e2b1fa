import { describe, expect, test } from 'vitest';
import { refusingOrigin, unreachableOrigin } from '../support/dead-ends.ts';
import { connectH2 } from '../support/h2-client.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import { sharedPortico } from '../support/shared-portico.ts';
import { frontDoor } from './front-door.ts';

/** When a visitor sees the splash page: not before its time, and not a browser's error. */

const AFTER = 700;
const site = { splash: { after: `${AFTER}ms` } };

/** For those who could not meet what others left there. */
const staged = sharedPortico();

describe('origins that are silent', () => {
  test('one that takes the request and says nothing: the splash page comes at its time', async () => {
    const origin = await startOrigin(() => undefined);
    const portico = await staged(frontDoor({ origins: [origin.url], site }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/silent'));
    expectSplash(response, 504);
    expectAtItsTime(took);
    expect(await portico.accessLog.lineFor('/silent')).toMatchObject({
      status: 504,
      splash: true,
      error: 'http_response_timeout',
      attempts: 1,
    });
  });

  test('one that no connection gets through to: at the same time', async () => {
    const origins = [await unreachableOrigin()];
    const portico = await staged(frontDoor({ origins, site, pool: { timeouts: { connect: '5s' } } }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/unreachable'));
    expectSplash(response, 504);
    expectAtItsTime(took);
    expect(await portico.accessLog.lineFor('/unreachable')).toMatchObject({ error: 'connection_timeout', attempts: 0 });
  });

  test('one is silent and the others refuse: at the same time', async () => {
    const silent = await startOrigin(() => undefined);
    const origins = [await refusingOrigin(), silent.url, await refusingOrigin()];
    const portico = await startPortico(frontDoor({ origins, site }));
    for (const target of ['/1', '/2', '/3']) {
      const { response, took } = await timed(fetchRaw(portico.port(), target));
      expectSplash(response, 504);
      expectAtItsTime(took);
    }
    expect(silent.requests.map(({ target }) => target)).toEqual(['/1', '/2', '/3']);
  });

  test('one breaks off and the next is silent: the time is counted over all attempts', async () => {
    const breaking = await startOrigin(async function* ({ connection }) {
      await waited(AFTER / 2);
      connection.reset();
      yield '';
    });
    const silent = await startOrigin(() => undefined);
    const portico = await startPortico(frontDoor({ origins: [breaking.url, silent.url], site }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/'));
    expectSplash(response, 504);
    expectAtItsTime(took);
    expect([breaking.requests.length, silent.requests.length]).toEqual([1, 1]);
  });

  test('one says 103 and no more: an interim response is no answer', async () => {
    const origin = await startOrigin(() => 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n');
    const portico = await staged(frontDoor({ origins: [origin.url], site }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/'));
    expectSplash(response, 504);
    expectAtItsTime(took);
    expect(response.interim.map(({ status }) => status)).toEqual([103]);
  });

  test("the pool's first_byte ends the wait where it is shorter", async () => {
    const origin = await startOrigin(() => undefined);
    const pool = { timeouts: { first_byte: `${AFTER}ms` } };
    const portico = await staged(frontDoor({ origins: [origin.url], pool, site: { splash: { after: '20s' } } }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/'));
    expectSplash(response, 504);
    expectAtItsTime(took);
  });

  test('one that cannot be connected to in its time is passed over, and nobody sees a splash page', async () => {
    const alive = await startOrigin();
    const origins = [await unreachableOrigin(), alive.url];
    const pool = { timeouts: { connect: '200ms' } };
    const portico = await startPortico(frontDoor({ origins, pool, site: { splash: { after: '10s' } } }));
    const answers = await Promise.all(Array.from({ length: 10 }, () => fetchRaw(portico.port(), '/')));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  });

  test('a client that sends its body slowly is no silent origin', async () => {
    const origin = await startOrigin();
    const portico = await staged(frontDoor({ origins: [origin.url], site }));
    const client = await connectRaw(portico.port());
    await client.send('PUT /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n');
    const { took } = await timed(
      (async () => {
        for (const piece of 'abcd') {
          await waited(AFTER / 2);
          await client.send(piece);
        }
      })(),
    );
    expect(took).toBeGreaterThan(AFTER * 1.5);
    expect(await client.response('PUT')).toMatchObject({ status: 200, body: 'ok' });
    expect((await origin.requestFor('/slow')).body).toBe('abcd');
  });

  test('nor is one that pauses within its body; but when it has sent all, the time runs', async () => {
    const origin = await startOrigin(() => undefined);
    const portico = await staged(frontDoor({ origins: [origin.url], site }));
    const client = await connectRaw(portico.port());
    await client.send('PUT /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n');
    await client.send('a');
    await waited(AFTER * 1.5);
    await client.send('b');
    const { response, took } = await timed(client.response('PUT'));
    expectSplash(response, 504);
    expectAtItsTime(took);
  });
});

describe('origins that fail at once', () => {
  test('all refuse: 503 at once', async () => {
    const origins = [await refusingOrigin(), await refusingOrigin()];
    const portico = await staged(frontDoor({ origins }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/down'));
    expectSplash(response, 503);
    expect(took).toBeLessThan(1000);
    expect(await portico.accessLog.lineFor('/down')).toMatchObject({ status: 503, splash: true, attempts: 0 });
  });

  test('all break off: 502 at once', async () => {
    const origin = await startOrigin(async function* ({ connection }) {
      connection.reset();
      yield '';
    });
    const portico = await staged(frontDoor({ origins: [origin.url] }));
    const { response, took } = await timed(fetchRaw(portico.port(), '/broken'));
    expectSplash(response, 502);
    expect(took).toBeLessThan(1000);
  });

  test("an origin's own 503 is no splash: what it says is shown", async () => {
    const origin = await startOrigin(() => answer('back at noon', { status: '503 Busy', fields: ['Retry-After: 9'] }));
    const portico = await staged(frontDoor({ origins: [origin.url] }));
    const response = await fetchRaw(portico.port(), '/own');
    expect(response).toMatchObject({ status: 503, body: 'back at noon' });
    expect(fieldOf(response, 'retry-after')).toBe('9');
    expect((await portico.accessLog.lineFor('/own')).splash).toBeUndefined();
  });
});

describe('an origin that answers after the splash page was shown', () => {
  test('gives nobody a wrong answer on the same HTTP/1.1 connection', async () => {
    const late = Promise.withResolvers<void>();
    const origin = await startOrigin(async function* ({ target }) {
      if (target === '/late') await late.promise;
      yield answer(`answer to ${target}`);
    });
    const portico = await startPortico(frontDoor({ origins: [origin.url], site }));
    const client = await connectRaw(portico.port());
    await client.send('GET /late HTTP/1.1\r\nHost: a\r\n\r\n');
    expectSplash(await client.response(), 504);
    late.resolve();
    for (const target of ['/next', '/after']) {
      await client.send(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(await client.response()).toMatchObject({ status: 200, body: `answer to ${target}` });
    }
    client.finish();
    expect(await client.untilClosed()).toHaveLength(3);
  });

  test('nor on the same HTTP/2 connection', async () => {
    const late = Promise.withResolvers<void>();
    const origin = await startOrigin(async function* ({ target }) {
      if (target === '/late') await late.promise;
      yield answer(`answer to ${target}`);
    });
    const portico = await startPortico(frontDoor({ origins: [origin.url], site }));
    const client = await connectH2(portico.port(1));
    const ask = (path: string) =>
      client.request([
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'a'],
        [':path', path],
      ]);
    expect(await ask('/late')).toMatchObject({ status: 504, end: 'clean' });
    late.resolve();
    expect(await ask('/next')).toMatchObject({ status: 200, body: 'answer to /next', end: 'clean' });
  });

  test('and its request has been taken back', async () => {
    const origin = await startOrigin(() => undefined);
    const portico = await staged(frontDoor({ origins: [origin.url], site }));
    expectSplash(await fetchRaw(portico.port(), '/'), 504);
    await origin.connections[0]?.closed;
  });
});

function expectSplash(response: RawResponse, status: number): void {
  expect(response).toMatchObject({ status, end: 'clean', body: expect.stringContaining('not available right now') });
}

/** Not before, and no more than a second late. */
function expectAtItsTime(took: number): void {
  expect(took).toBeGreaterThan(AFTER - 10);
  expect(took).toBeLessThan(AFTER + 1000);
}

async function timed<T>(work: Promise<T>): Promise<{ response: T; took: number }> {
  const begun = performance.now();
  const response = await work;
  return { response, took: performance.now() - begun };
}

function waited(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time));
}
