import { describe, expect, test } from 'vitest';
import { startNginx } from '../support/nginx.ts';
import { answer, type OriginRequest, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { sharedPortico } from '../support/shared-portico.ts';
import { frontDoor } from './front-door.ts';

/** When a request is tried again, and when it must not be: RFC 9110 §9.2.2. */

const ok: Script = () => answer('ok');

/** Takes the request, all of it, and breaks the connection. */
const breaking: Script = async function* (request) {
  await request.arrived;
  request.connection.reset();
  yield '';
};

describe('a kept connection that the origin closes just as a request comes', () => {
  /** Answers the first request of each connection, and closes at the second. */
  const tired: Script = async function* ({ connection, arrived }) {
    await arrived;
    if (connection.requests.length === 1) yield answer('ok');
    else connection.end();
  };

  const staged = sharedPortico();

  test.each(['GET', 'HEAD', 'OPTIONS', 'DELETE', 'PUT'])('%s is sent again on a new one', async (method) => {
    const origin = await startOrigin(tired);
    const second = `/second-${method}`;
    const portico = await staged(frontDoor({ origins: [origin.url], node: { workers: 1 } }));
    await fetchRaw(portico.port(), `/first-${method}`);
    const body = method === 'PUT' ? 'content' : '';
    expect(await fetchRaw(portico.port(), second, { method, body })).toMatchObject({ status: 200 });
    expect(requestsFor(second, origin).map(({ connection }) => connection.id)).toEqual([0, 1]);
    expect(await portico.accessLog.lineFor(second)).toMatchObject({ status: 200, attempts: 2 });
  });

  test.each(['POST', 'PATCH'])('%s is not: the origin may have acted on it', async (method) => {
    const origin = await startOrigin(tired);
    const second = `/second-${method}`;
    const portico = await staged(frontDoor({ origins: [origin.url], node: { workers: 1 } }));
    await fetchRaw(portico.port(), `/first-${method}`);
    const response = await fetchRaw(portico.port(), second, { method, body: 'a=b' });
    expect(response).toMatchObject({ status: 502, body: expect.stringContaining('may not have arrived') });
    expect(requestsFor(second, origin)).toHaveLength(1);
    expect(await portico.accessLog.lineFor(second)).toMatchObject({ attempts: 1, error: 'connection_terminated' });
  });

  test('a close that came before is noticed in time, and nothing need be sent again', async () => {
    const origin = await startOrigin(async function* ({ connection }) {
      yield answer('ok');
      connection.end();
    });
    const portico = await staged(frontDoor({ origins: [origin.url], node: { workers: 1 } }));
    for (let i = 0; i < 20; i++) {
      expect(await fetchRaw(portico.port(), `/${i}`, { method: 'POST', body: 'a=b' })).toMatchObject({ status: 200 });
      await origin.connections[i]?.closed;
    }
    expect(origin.requests).toHaveLength(20);
  });
});

describe('an origin that breaks off before its answer', () => {
  test('a GET goes to another one', async () => {
    const [broken, fine] = [await startOrigin(breaking), await startOrigin(ok)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    for (const target of ['/1', '/2', '/3', '/4']) {
      expect(await fetchRaw(portico.port(), target)).toMatchObject({ status: 200, body: 'ok' });
    }
    expect(broken.requests.length).toBeGreaterThan(0);
    expect((await portico.accessLog.lineFor('/1')).attempts).toBe(2);
  });

  test('a POST does not', async () => {
    const [broken, fine] = [await startOrigin(breaking), await startOrigin(ok)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    expect(await fetchRaw(portico.port(), '/', { method: 'POST', body: 'a=b' })).toMatchObject({ status: 502 });
    expect([broken.requests.length, fine.requests.length]).toEqual([1, 0]);
  });

  test('a PUT goes there with its whole body while that is small', async () => {
    const [broken, fine] = [await startOrigin(breaking), await startOrigin(echoLength)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    const body = 'x'.repeat(60_000);
    expect(await fetchRaw(portico.port(), '/small', { method: 'PUT', body })).toMatchObject({
      status: 200,
      body: '60000',
    });
    expect(requestsFor('/small', broken, fine).map((request) => request.body === body)).toEqual([true, true]);
  });

  test('and does not when it is large: nobody keeps it', async () => {
    const [broken, fine] = [await startOrigin(breaking), await startOrigin(echoLength)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    const body = 'x'.repeat(200_000);
    expect(await fetchRaw(portico.port(), '/large', { method: 'PUT', body })).toMatchObject({ status: 502 });
    expect([broken.requests.length, fine.requests.length]).toEqual([1, 0]);
  });

  test('an answer that has begun is never begun again', async () => {
    const halfway: Script = async function* ({ connection }) {
      yield 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf';
      connection.reset();
    };
    const [broken, fine] = [await startOrigin(halfway), await startOrigin(ok)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200, end: 'broken' });
    expect(fine.requests).toHaveLength(0);
  });

  test('an interim answer is no answer yet', async () => {
    const hinting: Script = async function* ({ connection }) {
      yield 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
      connection.reset();
    };
    const [broken, fine] = [await startOrigin(hinting), await startOrigin(ok)];
    const portico = await startPortico(frontDoor({ origins: [broken.url, fine.url] }));
    expect(await fetchRaw(portico.port(), '/')).toMatchObject({ status: 200, body: 'ok' });
  });
});

describe('when every origin breaks off', () => {
  test.each([1, 2, 3])('a request is sent %i times at the most, as `attempts` says', async (attempts) => {
    const origins = [await startOrigin(breaking), await startOrigin(breaking), await startOrigin(breaking)];
    const pool = { retries: { attempts, budget: '100%' } };
    const portico = await startPortico(frontDoor({ origins: origins.map(({ url }) => url), pool }));
    expect(await fetchRaw(portico.port(), '/once')).toMatchObject({ status: 502 });
    expect(requestsFor('/once', ...origins)).toHaveLength(attempts);
    // No origin is asked twice while there is another.
    expect(Math.max(...origins.map(({ requests }) => requests.length))).toBe(1);
    expect(await portico.accessLog.lineFor('/once')).toMatchObject({ attempts });
  });

  test('many requests make no storm: retries are a share of them', async () => {
    const origins = [await startOrigin(breaking), await startOrigin(breaking), await startOrigin(breaking)];
    const pool = { retries: { attempts: 3, budget: '20%' } };
    // Cached, they would wait for one another.
    const site = { cache: 'off' };
    const portico = await startPortico(frontDoor({ origins: origins.map(({ url }) => url), pool, site }));
    const count = 200;
    for (let done = 0; done < count; done += 20) {
      await Promise.all(Array.from({ length: 20 }, () => fetchRaw(portico.port(), '/storm')));
    }
    const retries = requestsFor('/storm', ...origins).length - count;
    expect(retries).toBeGreaterThanOrEqual(count * 0.2);
    // The share, with the allowance of 10 that every window begins with, in which two workers may go one too far.
    expect(retries).toBeLessThanOrEqual(count * 0.2 + 2 * (10 + 1));
  });
});

describeWithPeers(['nginx'], 'a real nginx', () => {
  test('that is restarted between requests loses none of them, POSTs among them', async () => {
    let nginx = await startNginx();
    const portico = await startPortico(frontDoor({ origins: [nginx.url] }));
    for (let restart = 0; restart < 3; restart++) {
      for (let i = 0; i < 10; i++) {
        const response = await fetchRaw(portico.port(), '/', { method: 'POST', body: 'a=b' });
        expect(response).toMatchObject({ status: 200 });
      }
      await nginx.stop();
      nginx = await startNginx({ port: nginx.port });
    }
  });

  test('that keeps connections for a moment only fails no request', async () => {
    const nginx = await startNginx({ extra: '    keepalive_requests 3;' });
    const portico = await startPortico(frontDoor({ origins: [nginx.url], node: { workers: 1 } }));
    for (let i = 0; i < 50; i++) {
      expect(await fetchRaw(portico.port(), '/', { method: 'POST', body: 'a=b' })).toMatchObject({ status: 200 });
    }
  });
});

const echoLength: Script = async function* (request) {
  if ((await request.arrived) === 'whole') yield answer(String(request.body.length));
};

function requestsFor(target: string, ...origins: readonly ScriptedOrigin[]): OriginRequest[] {
  return origins.flatMap(({ requests }) => requests.filter((request) => request.target === target));
}
