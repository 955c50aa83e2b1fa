import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PageFacts } from '../../src/proxy/page-facts.ts';
import { listenerKeys, originKey, type PlanContext } from '../../src/proxy/planner.ts';
import { poolSettings } from '../../src/proxy/pool/config.ts';
import { splashPage } from '../../src/proxy/splash.ts';
import { readCertificate } from '../../src/proxy/tls/certificate.ts';
import { tempDir } from '../support/temp.ts';
import { planned, type Written } from './planned.ts';
import { Authority } from './tls/authority.ts';

function plan(written: Written, context?: Partial<PlanContext>) {
  return planned(written, context).plan;
}

describe('a listener', () => {
  const http = { address: '0.0.0.0:80', protocol: 'http' };
  const https = { address: '[::]:443', protocol: 'https' };

  test('has the port that was found for it', () => {
    const { listeners } = plan({
      listeners: [
        { ...http, address: '127.0.0.1:0' },
        { ...https, address: '[fe80::1%eth0]:0' },
      ],
    });
    expect(listeners).toMatchObject([
      { host: '127.0.0.1', port: 8000, tls: undefined },
      { host: 'fe80::1%eth0', port: 8001 },
    ]);
  });

  test.each([
    { name: 'nowhere, unless it is told to', listeners: [http, https], redirect: undefined },
    {
      name: 'to the first that speaks https',
      listeners: [{ ...http, redirect_to_https: true }, https, https],
      redirect: 8001,
    },
    { name: 'to one before it', listeners: [https, { ...http, redirect_to_https: true }], redirect: 8000, at: 1 },
    { name: 'to 443, if nobody here speaks https', listeners: [{ ...http, redirect_to_https: true }], redirect: 443 },
  ])('redirects $name', ({ listeners, redirect, at = 0 }) => {
    expect(plan({ listeners }).listeners[at]?.redirectPort).toBe(redirect);
  });

  test('keeps its key across reloads by its address, and port 0 may be asked for again and again', () => {
    const addresses = ['127.0.0.1:0', '0.0.0.0:80', '127.0.0.1:0', '127.0.0.1:0'];
    expect(listenerKeys(addresses.map((address) => ({ address })))).toEqual([
      '127.0.0.1:0',
      '0.0.0.0:80',
      '127.0.0.1:0 #2',
      '127.0.0.1:0 #3',
    ]);
  });
});

describe('the certificates of a listener', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await Authority.open();
  });

  const https = (...certificates: object[]) => [{ address: '0.0.0.0:443', protocol: 'https', certificates }];

  test('are those it names, the first first', () => {
    const [a, b] = [authority.issue({ names: ['a.example'] }), authority.issue({ names: ['b.example'] })];
    const ticketKeys = new Uint8Array(48).fill(7);
    const [listener] = plan({ listeners: https(a, b) }, { ticketKeys }).listeners;
    expect(listener?.tls?.certificates.map(({ names }) => names)).toEqual([['a.example'], ['b.example']]);
    expect(listener?.tls).toMatchObject({ minimumVersion: 'TLSv1.2', ciphers: undefined, ticketKeys });
  });

  test('are self-signed if it names none, for the node and all hosts of its sites', () => {
    const asked: (readonly string[])[] = [];
    const sites = [
      { hosts: ['www.example.com', 'default'], pool: 'app' },
      { hosts: ['*.example.net'], pool: 'app' },
    ];
    const files = authority.issue({ names: ['us-1'] });
    const selfSigned = (names: readonly string[]) => {
      asked.push(names);
      return [files];
    };
    const [listener] = plan({ listeners: https(), sites }, { selfSigned }).listeners;
    expect(asked).toEqual([['us-1', 'www.example.com', '*.example.net']]);
    expect(listener?.tls?.certificates[0]?.names).toEqual(['us-1']);
  });

  test('are warned of when their time is up, once each', () => {
    const files = authority.issue({ names: ['a.example'] });
    const [listener] = https(files);
    const listeners = [listener, { ...listener, address: '[::]:443' }] as object[];
    const { warnings } = planned({ listeners }, { now: Date.parse('2999-01-01') });
    expect(warnings).toEqual([expect.stringContaining(`${files.cert}: expired on`)]);
    const { notBefore } = readCertificate(files);
    expect(planned({ listeners }, { now: notBefore + 1000 }).warnings).toEqual([]);
  });

  test('make one line for the operator when they cannot be used', () => {
    const files = authority.issue({ names: ['a.example'] });
    expect(() => plan({ listeners: https({ cert: files.cert, key: '/nowhere/key.pem' }) })).toThrow(
      /^[^\n]*\/nowhere\/key\.pem[^\n]*$/,
    );
  });
});

describe('a route', () => {
  const site = {
    hosts: ['default'],
    pool: 'app',
    splash: { after: '5s', retry_after: '10s', stale: '1d' },
    response_headers: { remove: ['X-Powered-By'], set: { 'X-Frame-Options': 'DENY', 'X-Site': '1' } },
    access: { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] },
    body_limit: '1MiB',
  };

  function route(said: object) {
    const [first] = plan({ sites: [{ ...site, routes: [{ path: '/', ...said }] }] }).sites;
    return first?.routes[0];
  }

  test('is what its site says, where it says nothing', () => {
    const { sites } = plan({ sites: [{ ...site, routes: [{ path: '/a/' }] }] });
    expect(sites[0]?.routes).toEqual([{ ...sites[0]?.fallback, path: '/a/' }]);
    expect(sites[0]?.fallback).toMatchObject({
      pool: 'app',
      splash: { after: 5000, retryAfter: 10_000, pages: { html: {}, json: {} } },
      access: { allow: ['10.0.0.0/8'], deny: ['10.9.0.0/16'] },
      bodyLimit: 1024 ** 2,
      cache: { enabled: true, ttl: undefined, compress: [], staleBeforeSplash: 86_400_000 },
    });
  });

  test.each([
    { said: { pool: 'other' }, is: { pool: 'other' } },
    { said: { body_limit: 'unlimited' }, is: { bodyLimit: undefined } },
    { said: { body_limit: 0 }, is: { bodyLimit: 0 } },
    { said: { access: {} }, is: { access: { allow: [], deny: [] } } },
    { said: { splash: {} }, is: { splash: { after: 20_000, retryAfter: 30_000 }, cache: { staleBeforeSplash: 0 } } },
    { said: { cache: 'off' }, is: { cache: { enabled: false } } },
    { said: { cache: { ttl: '1m' }, compress: ['gzip'] }, is: { cache: { ttl: 60_000, compress: ['gzip'] } } },
  ])('is $is where it says $said: not mixed with what its site says', ({ said, is }) =>
    expect(route(said)).toMatchObject(is),
  );

  test('adds to the headers of its site, and has the last word on them, in any case', () => {
    const headers = { remove: ['Server', 'X-SITE'], set: { 'x-frame-options': 'SAMEORIGIN', 'X-Route': '2' } };
    expect(route({ response_headers: headers })?.responseHeaders).toEqual({
      remove: ['X-Powered-By', 'Server', 'X-SITE'],
      set: { 'x-frame-options': 'SAMEORIGIN', 'X-Route': '2' },
    });
    expect(route({ response_headers: {} })?.responseHeaders).toEqual({
      remove: ['X-Powered-By'],
      set: { 'X-Frame-Options': 'DENY', 'X-Site': '1' },
    });
  });

  test('comes in the order of the file, and every site has its own', () => {
    const { sites } = plan({
      sites: [
        { hosts: ['a'], pool: 'app', routes: [{ path: '/b' }, { path: '= /a' }, { path: '~ c' }] },
        { hosts: ['b', 'c'], pool: 'app' },
      ],
    });
    expect(sites.map(({ hosts, routes }) => [hosts, routes.map(({ path }) => path)])).toEqual([
      [['a'], ['/b', '= /a', '~ c']],
      [['b', 'c'], []],
    ]);
  });

  test('brings its own splash page, read while there is time', async () => {
    const directory = join(await tempDir(), 'splash');
    await mkdir(directory);
    await writeFile(join(directory, 'index.html'), '<h1>{{host}} is closed</h1>');
    const pages = route({ splash: { page: directory } })?.splash.pages ?? { html: {}, json: {} };
    expect(String(splashPage(pages, facts).body)).toBe('<h1>www.example.com is closed</h1>');
    expect(() => route({ splash: { page: join(directory, 'none.html') } })).toThrow(/^[^\n]*none\.html[^\n]*$/);
  });

  const facts: PageFacts = {
    status: 503,
    method: 'GET',
    accept: undefined,
    host: 'www.example.com',
    requestId: 'id-1',
    startedAt: 0,
    error: undefined,
    retryAfter: 0,
  };
});

describe('a pool', () => {
  test('has its row, and each of its origins has one', () => {
    const pools = {
      app: { origins: ['http://192.0.2.1', { url: 'https://app.internal', name: 'two', weight: 3 }] },
      other: { origins: ['http://192.0.2.1'] },
    };
    const rows: string[] = [];
    const row = (key: string) => rows.push(key) - 1;
    const planned = plan({ pools }, { poolSlot: row, originSlot: row }).pools;
    expect(rows).toEqual([
      'app',
      'app/192.0.2.1:80 http://192.0.2.1',
      'app/two https://app.internal',
      'other',
      'other/192.0.2.1:80 http://192.0.2.1',
    ]);
    expect(planned).toMatchObject([
      {
        name: 'app',
        slot: 0,
        origins: [
          { name: '192.0.2.1:80', slot: 1, url: 'http://192.0.2.1', standing: { weight: 100 } },
          { name: 'two', slot: 2, url: 'https://app.internal', standing: { weight: 300 } },
        ],
      },
      { name: 'other', slot: 3 },
    ]);
  });

  test.each([
    { origin: { url: 'http://a.example' }, name: 'a.example:80' },
    { origin: { url: 'https://a.example' }, name: 'a.example:443' },
    { origin: { url: 'https://a.example:8443' }, name: 'a.example:8443' },
    { origin: { url: 'http://[2001:db8::1]:8080' }, name: '[2001:db8::1]:8080' },
    { origin: { url: 'http://a.example', name: 'one' }, name: 'one' },
  ])('calls an origin $name', ({ origin, name }) => {
    const [app] = plan({ pools: { app: { origins: [origin] } } }).pools;
    expect(app?.origins[0]?.name).toBe(name);
  });

  test('takes an origin with another url for another one, whatever its name', () => {
    const at = (url: string) =>
      originKey('app', poolSettings.parse({ origins: [{ url, name: 'one' }] }).origins[0] as never);
    expect(at('http://192.0.2.1')).not.toBe(at('http://192.0.2.2'));
  });

  test('says how its origins are used', () => {
    const app = {
      origins: ['http://192.0.2.1'],
      host_header: 'origin',
      timeouts: { connect: '1s', first_byte: '3s', idle: '4s', keep_alive: '5s', tunnel: '6s' },
      retries: { attempts: 3, budget: '50%' },
    };
    expect(plan({ pools: { app } }).pools[0]).toMatchObject({
      hostHeader: 'origin',
      timeouts: { connect: 1000, firstByte: 3000, idle: 4000, keepAlive: 5000, tunnel: 6000 },
      retries: { attempts: 3, budget: 0.5 },
      tls: { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined },
    });
  });

  test('says how requests are balanced', () => {
    const app = {
      origins: ['http://192.0.2.1', { url: 'http://192.0.2.2', name: 'b', role: 'standby', set: 3, route: 'r' }],
      balance: 'consistent-hash',
      hash_on: 'header:X-Tenant',
      max_in_flight: 20,
      queue: { size: 5, timeout: '1s' },
      outlier: { failures: 7 },
    };
    const [pool] = plan({ pools: { app } }).pools;
    expect(pool).toMatchObject({
      balance: 'consistent-hash',
      hashOn: { kind: 'header', name: 'x-tenant' },
      maxInFlight: 20,
      queue: { size: 5, timeout: 1000 },
      sticky: undefined,
      troubleAfter: 7,
      whenAllDown: 'try',
    });
    expect(pool?.origins).toMatchObject([
      { route: '192.0.2.1:80', standing: { role: 'primary', set: 0, health: 'up' } },
      { route: 'r', standing: { role: 'standby', set: 3, health: 'up' } },
    ]);
  });

  test.each([
    { check: 'off', health: 'up' },
    { check: {}, health: 'checking' },
    { check: { initial: 'up' }, health: 'up' },
  ])('with health_check $check begins with origins that are $health', ({ check, health }) => {
    const [pool] = plan({ pools: { app: { origins: ['http://192.0.2.1'], health_check: check } } }).pools;
    expect(pool?.origins[0]?.standing.health).toBe(health);
  });

  test('asks for the key of sticky cookies only when it has some', () => {
    const none = () => {
      throw new Error('nobody needs one');
    };
    const app = (sticky: unknown) => ({ pools: { app: { origins: ['http://192.0.2.1'], sticky } } });
    expect(plan(app({ route_of: 'JSESSIONID' }), { stickyKey: none }).pools[0]?.sticky).toEqual({
      kind: 'route',
      name: 'JSESSIONID',
    });
    const key = new Uint8Array(32).fill(7);
    expect(plan(app({ cookie: 'AT', lifetime: '1h' }), { stickyKey: () => key }).pools[0]?.sticky).toEqual({
      kind: 'cookie',
      name: 'AT',
      sameSite: 'lax',
      secure: 'auto',
      lifetime: 3_600_000,
      key,
    });
    expect(() => plan(app({ cookie: 'AT' }), { stickyKey: none })).toThrow('nobody needs one');
  });

  test('brings the PEM of its files, read while there is time', async () => {
    const ca = join(await tempDir(), 'ca.pem');
    await writeFile(ca, 'PEM');
    const app = (tls: object) => ({ pools: { app: { origins: ['https://a.example'], tls } } });
    expect(plan(app({ ca, server_name: 'b.example', verify: false })).pools[0]?.tls).toMatchObject({
      ca: 'PEM',
      serverName: 'b.example',
      verify: false,
    });
    expect(() => plan(app({ ca: `${ca}.none` }))).toThrow(/^[^\n]*ca\.pem\.none[^\n]*$/);
  });
});

describe('siblings', () => {
  test('are none, where nothing is said of them', () => {
    expect(plan({}).siblings).toBeUndefined();
  });

  test('have a row each, and what it takes to reach them', async () => {
    const file = join(await tempDir(), 'ca.pem');
    await writeFile(file, 'authority');
    const peers = [
      { name: 'us-2', icp: '192.0.2.2:3130', url: 'http://192.0.2.2/', tls: { verify: true } },
      {
        name: 'us-3',
        icp: '192.0.2.3:3130',
        url: 'https://192.0.2.3:8443',
        tls: { ca: file, server_name: 'us-3.internal', verify: false },
      },
    ];
    const siblings = { icp: '192.0.2.1:3130', timeout: 50, allow: ['192.0.2.0/24'], peers };
    expect(plan({ siblings }, { peerSlot: ({ name }) => Number(name.slice(3)) }).siblings).toEqual({
      timeout: 50,
      from: '192.0.2.1',
      allow: ['192.0.2.0/24'],
      peers: [
        { name: 'us-2', slot: 2, url: 'http://192.0.2.2', tls: { ca: undefined, serverName: undefined, verify: true } },
        {
          name: 'us-3',
          slot: 3,
          url: 'https://192.0.2.3:8443',
          tls: { ca: 'authority', serverName: 'us-3.internal', verify: false },
        },
      ],
    });
  });
});

describe('a plan', () => {
  test('can be sent to a worker', () => {
    const made = plan({ trusted_proxies: ['10.0.0.0/8'] });
    expect(structuredClone(made)).toEqual(made);
    expect(made.cache).toMatchObject({ memory: 256 * 1024 ** 2, disk: undefined });
    expect(made).toMatchObject({ node: { name: 'us-1', via: true }, trustedProxies: ['10.0.0.0/8'] });
  });
});
