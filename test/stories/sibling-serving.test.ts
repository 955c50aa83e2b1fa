import { beforeAll, describe, expect, test } from 'vitest';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf, type RawResponse } from '../support/raw-client.ts';
import { cachingDoor, linesFor } from './cache-scene.ts';

/** What a node answers its siblings: what it has, in another way than clients get it, or that it has it not. */

const SIBLING = '127.0.0.1';
const CLIENT = '127.0.0.9';
const STORED = [
  'Date: Fri, 20 Nov 2026 18:24:55 GMT',
  'Cache-Control: public, max-age=999999999',
  'ETag: "1"',
  'Surrogate-Key: shop',
  'Server: secret',
];

let origin: ScriptedOrigin;
let portico: Portico;
let count = 0;

beforeAll(async () => {
  origin = await startOrigin(({ target }) => {
    if (target.startsWith('/private')) return answer('mine', { fields: ['Cache-Control: private'] });
    return answer('whole', { fields: STORED });
  });
  const routes = [{ path: '/uncached', cache: 'off' }];
  const site = {
    response_headers: { remove: ['Surrogate-Key', 'Server'], set: { 'X-Site': 'ours' } },
    access: { deny: [SIBLING] },
    routes,
  };
  const door = cachingDoor(origin, { workers: 1, site, https: { redirect_to_https: false } });
  portico = await startPortico({ ...door, siblings: { allow: [SIBLING] } });
});

/** As Squid asks. */
async function asSibling(target: string, head: readonly string[] = [], from = SIBLING): Promise<RawResponse> {
  const wish = 'Cache-Control: max-age=259200, only-if-cached';
  return fetchRaw(portico.port(), target, { head: [wish, ...head], socket: { localAddress: from } });
}

/** Has it stored, for a client of http or https. */
async function stored(target: string, listener = 0): Promise<RawResponse> {
  const tls = listener === 1 ? { tls: {} } : {};
  return fetchRaw(portico.port(listener), target, { ...tls, socket: { localAddress: CLIENT } });
}

function targetOf(path = '/'): string {
  count += 1;
  return `${path}${count}`;
}

const url = (target: string, scheme = 'http') => `${scheme}://www.example.com${target}`;

describe('what is stored', () => {
  test('goes out as it was stored, with its age, whatever the site does with it for its clients', async () => {
    const target = targetOf();
    const toClient = await stored(target);
    expect([fieldOf(toClient, 'x-site'), fieldOf(toClient, 'surrogate-key')]).toEqual(['ours', undefined]);
    const { status, body, fields } = await asSibling(url(target));
    expect([status, body]).toEqual([200, 'whole']);
    expect(Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))).toEqual({
      date: 'Fri, 20 Nov 2026 18:24:55 GMT',
      'cache-control': 'public, max-age=999999999',
      etag: '"1"',
      'surrogate-key': 'shop',
      server: 'secret',
      'content-length': '5',
      via: '1.1 edge-1',
      age: expect.stringMatching(/^\d+$/),
      connection: 'close',
    });
    const again = await stored(target);
    expect([fieldOf(again, 'x-site'), fieldOf(again, 'surrogate-key')]).toEqual(['ours', undefined]);
  });

  test.each([
    { name: 'by its ETag', head: ['If-None-Match: "1"'], status: 304, body: '' },
    { name: 'in part', head: ['Range: bytes=1-2'], status: 206, body: 'ho' },
    {
      name: 'whatever proxies say of their clients',
      head: ['X-Forwarded-Host: other.example'],
      status: 200,
      body: 'whole',
    },
    { name: 'also to one that came through us', head: ['CDN-Loop: edge-1'], status: 200, body: 'whole' },
  ])('is there $name', async ({ head, status, body }) => {
    const target = targetOf();
    await stored(target);
    const reply = await asSibling(url(target), head);
    expect([reply.status, reply.body, fieldOf(reply, 'age') !== undefined]).toEqual([status, body, true]);
  });

  test('is there for the scheme that is named, over whatever connection', async () => {
    const target = targetOf();
    await stored(target, 1);
    const client = await connectRaw(portico.port());
    const asked = (scheme: string, wish: string) =>
      client.send(`GET ${url(target, scheme)} HTTP/1.1\r\nHost: www.example.com\r\nCache-Control: ${wish}\r\n\r\n`);
    for (const scheme of ['https', 'http', 'https']) await asked(scheme, 'only-if-cached');
    const replies = [await client.response(), await client.response(), await client.response()];
    expect(replies.map(({ status }) => status)).toEqual([200, 504, 200]);
    await asked('https', 'max-age=5');
    expect((await client.response()).status).toBe(421);
  });

  test('by http is there over https', async () => {
    const target = targetOf();
    await stored(target);
    const head = ['Cache-Control: only-if-cached'];
    expect((await fetchRaw(portico.port(1), url(target), { tls: {}, head })).body).toBe('whole');
    expect((await fetchRaw(portico.port(1), url(target, 'https'), { tls: {}, head })).status).toBe(504);
  });
});

describe('what is not', () => {
  test.each(['/', '/private/', '/uncached/'])('is 504 below %s, and no origin is asked', async (path) => {
    const target = targetOf(path);
    if (path !== '/') await stored(target);
    const before = origin.requests.length;
    const { status, body, fields } = await asSibling(url(target));
    expect([status, body, origin.requests.length]).toEqual([504, '', before]);
    expect(Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value]))).toEqual({
      'x-squid-error': 'ERR_ONLY_IF_CACHED_MISS 0',
      'cache-control': 'no-store',
      'content-length': '0',
      date: expect.any(String),
      connection: 'close',
    });
  });
});

describe('it is a client like others', () => {
  test('who does not say only-if-cached', async () => {
    const target = targetOf();
    await stored(target);
    expect((await fetchRaw(portico.port(), target)).status).toBe(403);
  });

  test('who is no sibling', async () => {
    const target = targetOf();
    await stored(target);
    const head = ['X-Forwarded-For: 127.0.0.1'];
    const hit = await asSibling(url(target), head, CLIENT);
    expect([hit.status, fieldOf(hit, 'x-site'), fieldOf(hit, 'x-squid-error')]).toEqual([200, 'ours', undefined]);
    const miss = await asSibling(url(targetOf()), head, CLIENT);
    expect([miss.status, fieldOf(miss, 'x-squid-error')]).toEqual([504, undefined]);
    expect((await asSibling(url(target, 'https'), [], CLIENT)).status).toBe(421);
  });
});

test.each([SIBLING, CLIENT])('what Squid asks of Squid is nobody else’s business: from %s', async (from) => {
  const before = origin.requests.length;
  const target = '/squid-internal-periodic/store_digest';
  const reply = await fetchRaw(portico.port(), target, { socket: { localAddress: from } });
  expect([reply.status, origin.requests.length]).toEqual([404, before]);
});

test('a line of the access log says that it was a sibling', async () => {
  const target = targetOf();
  await stored(target);
  await asSibling(url(target), ['X-Forwarded-For: 203.0.113.1']);
  const [client, sibling] = await linesFor(portico, target, 2);
  expect(client).not.toHaveProperty('from_sibling');
  expect(sibling).toMatchObject({ from_sibling: true, client: SIBLING, status: 200, cache: 'hit', pool: 'app' });
});
