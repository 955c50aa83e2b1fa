import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';

/** Which pool a request is led to, by its host and its path. */

let origins: Record<'shop' | 'wild' | 'rest' | 'static' | 'ping' | 'admin', ScriptedOrigin>;
let portico: Portico;
beforeAll(async () => {
  const named = (name: string) => startOrigin(({ target }) => answer(`${name} ${target}`));
  origins = {
    shop: await named('shop'),
    wild: await named('wild'),
    rest: await named('rest'),
    static: await named('static'),
    ping: await named('ping'),
    admin: await named('admin'),
  };
  portico = await startPortico({
    node: { name: 'edge-1', workers: 1 },
    listeners: ['http', 'https'].map((protocol) => ({ address: '127.0.0.1:0', protocol })),
    sites: [
      {
        hosts: ['shop.example', 'www.shop.example', '[::1]'],
        pool: 'shop',
        routes: [
          { path: '= /ping', pool: 'ping' },
          { path: '/admin/', pool: 'admin', access: { allow: ['10.0.0.0/8'] } },
          { path: '~ \\.(png|css)$', pool: 'static' },
          { path: '/static/', pool: 'static' },
          { path: '/static/private/', access: { deny: ['0.0.0.0/0'] } },
        ],
      },
      { hosts: ['*.shop.example'], pool: 'wild' },
      { hosts: ['default'], pool: 'rest' },
    ],
    pools: Object.fromEntries(Object.entries(origins).map(([name, { url }]) => [name, { origins: [url] }])),
  });
});

describe('by host', () => {
  test.each([
    ['shop.example', 'shop'],
    ['SHOP.Example', 'shop'],
    ['shop.example:8080', 'shop'],
    ['shop.example.', 'shop'],
    ['[::1]:8080', 'shop'],
    ['www.shop.example', 'shop'],
    ['other.shop.example', 'wild'],
    ['a.b.shop.example', 'wild'],
    ['notshop.example', 'rest'],
    ['127.0.0.1', 'rest'],
  ])('%s leads to %s', async (host, pool) => {
    expect((await fetchRaw(portico.port(), '/here', { host })).body).toBe(`${pool} /here`);
  });

  test('an absolute target wins over Host (RFC 9112 §3.2.2), and the origin gets what was meant', async () => {
    const client = await connectRaw(portico.port());
    await client.send('GET http://shop.example/absolute HTTP/1.1\r\nHost: elsewhere.example\r\n\r\n');
    expect((await client.response()).body).toBe('shop /absolute');
    const request = await origins.shop.requestFor('/absolute');
    expect(request.values('host')).toEqual(['shop.example']);
  });

  test('HTTP/2 says it in :authority', async () => {
    const client = await connectH2(portico.port(1));
    const outcome = await client.request([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'other.shop.example'],
      [':path', '/h2'],
    ]);
    expect(outcome.body).toBe('wild /h2');
  });

  test('without a default site, an unknown host is sent away with 421, and only it', async () => {
    const strict = await startPortico({
      node: { workers: 1 },
      listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
      sites: [{ hosts: ['shop.example'], pool: 'shop' }],
      pools: { shop: { origins: [origins.shop.url] } },
    });
    const client = await connectRaw(strict.port());
    for (const [host, status] of [
      ['unknown.example', 421],
      ['shop.example', 200],
    ]) {
      await client.send(`GET /strict HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      expect((await client.response()).status).toBe(status);
    }
    expect(await strict.accessLog.lineFor('/strict')).toMatchObject({ status: 421, error: 'misdirected_request' });
  });
});

describe('by path', () => {
  const ask = async (target: string) => (await fetchRaw(portico.port(), target, { host: 'shop.example' })).body;

  test.each([
    ['/', 'shop'],
    ['/ping', 'ping'],
    ['/ping?why=not', 'ping'],
    ['/ping/', 'shop'],
    ['/pingpong', 'shop'],
    ['/static/a.js', 'static'],
    ['/static', 'shop'],
    ['/img/logo.png', 'static'],
    ['/img/logo.png?v=2', 'static'],
    ['/img/logo.png.txt', 'shop'],
    ['/Static/a.js', 'shop'],
  ])('%s leads to %s', async (target, pool) => {
    expect(await ask(target)).toBe(`${pool} ${target}`);
  });

  test('the first match wins: a later rule for a part of it is never reached', async () => {
    expect(await ask('/static/private/a')).toBe('static /static/private/a');
  });

  test('the origin gets the path byte for byte as it came', async () => {
    for (const target of ['/a//b/./../c', '/%7Euser/%2f?x=%20&y', '/ping%3F', '/a?b=http://c/d|e"f']) {
      expect(await ask(target)).toBe(`shop ${target}`);
    }
  });

  test.each([
    '/admin/',
    '/%61dmin/',
    '/%41dmin/../admin/',
    '//admin/',
    '/x/../admin/',
    '/./admin/',
    '/x/%2e%2e/admin/',
    '/admin/users?x',
    '/admin//',
    '/x/..%2fadmin/',
  ])('no other spelling gets past the rule of /admin/: %s', async (target) => {
    const response = await fetchRaw(portico.port(), target, { host: 'shop.example' });
    expect(response.status).toBe(403);
    expect(origins.admin.requests).toEqual([]);
  });
});
