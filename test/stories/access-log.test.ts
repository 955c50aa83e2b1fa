import { once } from 'node:events';
import { readdir, readFile, rename } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { refusingOrigin } from '../support/dead-ends.ts';
import { connectH2 } from '../support/h2-client.ts';
import { headersFrame, resetFrame } from '../support/h2-frames.ts';
import { KeepAliveLoad } from '../support/keep-alive-load.ts';
import { answer, type Script, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, type RawClient } from '../support/raw-client.ts';
import { openTunnel, startTunnelOrigin } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** The access log as a file: one line for each exchange, whatever becomes of it. */

const FILE = 'access.log';

type Line = Readonly<Record<string, unknown>>;

/** Ends Portico, and reads what it has logged. */
async function linesOf(portico: Portico, file = FILE): Promise<Line[]> {
  expect(await portico.stop()).toBe(0);
  return (await rawLines(join(portico.dir, file))).map((line) => JSON.parse(line));
}

async function rawLines(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8');
  expect(text === '' || text.endsWith('\n')).toBe(true);
  return text.split('\n').slice(0, -1);
}

function logged(config: object, access: object = { file: FILE }): object {
  return { ...config, logs: { access } };
}

describe('an exchange has one line', () => {
  const play: Script = (request) => {
    switch (request.target) {
      case '/silent':
      case '/silent-left':
      case '/silent-h2':
        return undefined;
      case '/half':
        return halfOf(request.connection);
      case '/304':
        return Buffer.from('HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n');
      default:
        return request.method === 'HEAD'
          ? Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
          : answer('hello');
    }
  };

  async function* halfOf(connection: { readonly closed: Promise<void> }) {
    yield 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst';
    await connection.closed;
  }

  const H2 = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'www.example.com'],
  ] as const;

  interface Scene {
    readonly portico: Portico;
    readonly arrived: (target: string) => Promise<unknown>;
  }

  interface Case {
    readonly name: string;
    readonly act: (scene: Scene) => Promise<unknown>;
    readonly line: Line;
  }

  /** Waits for a response on a connection of its own, whatever was said on it. */
  const say = async ({ portico }: Scene, text: string, method = 'GET') => {
    const client = await connectRaw(portico.port());
    await client.send(text);
    const response = await client.next(method);
    client.close();
    return response;
  };

  const ask = (scene: Scene, target: string, method = 'GET', fields = '', body = '') =>
    say(scene, `${method} ${target} HTTP/1.1\r\nHost: www.example.com\r\n${fields}\r\n${body}`, method);

  const cases: readonly Case[] = [
    {
      name: 'that was answered',
      act: (scene) => ask(scene, '/ok?a=b', 'GET', 'User-Agent: me\r\nReferer: http://there/\r\n'),
      line: {
        method: 'GET',
        scheme: 'http',
        host: 'www.example.com',
        target: '/ok?a=b',
        protocol: 'HTTP/1.1',
        status: 200,
        bytes: 5,
        bytes_in: 0,
        client: '127.0.0.1',
        pool: 'app',
        attempts: 1,
        user_agent: 'me',
        referer: 'http://there/',
      },
    },
    {
      name: 'with a body',
      act: (scene) => ask(scene, '/post', 'POST', 'Content-Length: 3\r\n', 'abc'),
      line: { method: 'POST', target: '/post', status: 200, bytes_in: 3 },
    },
    {
      name: 'without one, for HEAD',
      act: (scene) => ask(scene, '/head', 'HEAD'),
      line: { target: '/head', status: 200, bytes: 0 },
    },
    {
      name: 'without one, for a 304',
      act: (scene) => ask(scene, '/304'),
      line: { target: '/304', status: 304, bytes: 0 },
    },
    {
      name: 'by HTTP/2',
      act: async ({ portico }) => (await connectH2(portico.port(1))).request([...H2, [':path', '/h2']]),
      line: { target: '/h2', protocol: 'HTTP/2.0', scheme: 'https', status: 200, bytes: 5 },
    },
    {
      name: 'that was refused by its address',
      act: (scene) => ask(scene, '/forbidden'),
      line: { target: '/forbidden', status: 403, error: 'access_denied', attempts: 0 },
    },
    {
      name: 'that was redirected',
      act: async ({ portico }) => fetchRaw(portico.port(2), '/to-https'),
      line: { target: '/to-https', status: 301, attempts: 0 },
    },
    {
      name: 'that no origin could answer',
      act: (scene) => ask(scene, '/dead'),
      line: { target: '/dead', status: 503, error: 'connection_refused', splash: true, pool: 'dead' },
    },
    {
      name: 'that no origin answered in time',
      act: (scene) => ask(scene, '/silent'),
      line: { target: '/silent', status: 504, error: 'http_response_timeout', splash: true, attempts: 1 },
    },
    {
      name: 'whose client left before the answer',
      act: (scene) => leave(scene, '/silent-left', (client) => client.reset()),
      line: { target: '/silent-left', status: 499, error: 'client_disconnected', bytes: 0 },
    },
    {
      name: 'whose client left within the answer',
      act: async ({ portico }) => {
        const client = await connectRaw(portico.port());
        await client.send('GET /half HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
        while (!client.received.includes('first')) await once(client.socket, 'data');
        client.reset();
      },
      line: { target: '/half', status: 200, error: 'client_disconnected', bytes: 5 },
    },
    {
      name: 'whose client left within its body',
      act: (scene) => leave(scene, '/upload', (client) => client.reset(), 'POST', 'Content-Length: 10\r\n\r\nfirst'),
      line: { target: '/upload', status: 499, error: 'client_disconnected', bytes_in: 5 },
    },
    {
      name: 'whose stream was reset',
      act: async ({ portico, arrived }) => {
        const client = await connectH2(portico.port(1));
        const stream = client.newStream();
        await client.send(headersFrame(stream, [...H2, [':path', '/silent-h2']]));
        await arrived('/silent-h2');
        await client.send(resetFrame(stream));
      },
      line: { target: '/silent-h2', status: 499, error: 'client_disconnected', protocol: 'HTTP/2.0' },
    },
    {
      name: 'that became a tunnel',
      act: async ({ portico }) => {
        const tunnel = await openTunnel(portico.port(), 'early');
        tunnel.socket.resetAndDestroy();
      },
      line: { target: '/tunnel', status: 101, pool: 'tunnel', bytes_in: 5 },
    },
    {
      name: 'that was no HTTP',
      act: (scene) => say(scene, 'good morning\r\n\r\n'),
      line: { method: '-', target: '', status: 400, error: 'bad_request', client: '127.0.0.1' },
    },
    {
      name: 'without a Host',
      act: (scene) => say(scene, 'GET /hostless HTTP/1.1\r\n\r\n'),
      line: { target: '/hostless', status: 400, error: 'bad_request' },
    },
    {
      name: 'with a method that is not served',
      act: (scene) => ask(scene, '/trace', 'TRACE'),
      line: { method: 'TRACE', target: '/trace', status: 405, error: 'method_not_allowed' },
    },
    {
      name: 'with too long a target',
      act: (scene) => ask(scene, `/long${'x'.repeat(400)}`),
      line: { status: 414, error: 'uri_too_long' },
    },
    {
      name: 'with too large a head',
      act: (scene) => ask(scene, '/large', 'GET', `X-Large: ${'x'.repeat(3000)}\r\n`),
      line: { status: 431, error: 'head_too_large' },
    },
    {
      name: 'whose head never ended',
      act: (scene) => say(scene, 'GET /slow HTTP/1.1\r\n'),
      line: { status: 408, error: 'request_timeout' },
    },
    {
      name: 'about the server itself',
      act: (scene) => ask(scene, '*', 'OPTIONS'),
      line: { method: 'OPTIONS', target: '*', status: 204 },
    },
  ];

  const leave = async (
    { portico, arrived }: Scene,
    target: string,
    how: (client: RawClient) => void,
    method = 'GET',
    rest = '',
  ) => {
    const client = await connectRaw(portico.port());
    await client.send(`${method} ${target} HTTP/1.1\r\nHost: www.example.com\r\n${rest === '' ? '\r\n' : rest}`);
    await arrived(target);
    how(client);
  };

  /** One node for all of them, one after the other: a line too many is found by who comes next, or by the last. */
  let scene: Scene;
  let seen = 0;

  beforeAll(async () => {
    const origin = await startOrigin(play);
    const config = frontDoor({
      origins: [origin.url],
      listener: { limits: { uri: '256B', head: '2KiB' }, timeouts: { head: '200ms' } },
      site: {
        splash: { after: '500ms' },
        routes: [
          { path: '/forbidden', access: { deny: ['127.0.0.1/32'] } },
          { path: '/dead', pool: 'dead' },
          { path: '/tunnel', pool: 'tunnel' },
        ],
      },
    }) as { listeners: object[]; pools: object };
    const portico = await startPortico(
      logged({
        ...config,
        listeners: [...config.listeners, { address: '127.0.0.1:0', protocol: 'http', redirect_to_https: true }],
        pools: {
          ...config.pools,
          dead: { origins: [await refusingOrigin()] },
          tunnel: { origins: [(await startTunnelOrigin()).url] },
        },
      }),
    );
    scene = { portico, arrived: (target) => origin.requestFor(target) };
  });

  test.each(cases)('$name', async ({ act, line }) => {
    await act(scene);
    const lines = await nextLines(scene.portico);
    expect(lines).toEqual([expect.objectContaining({ id: expect.any(String), time: expect.any(String), ...line })]);
  });

  test('and a connection on which nothing was asked has none', async () => {
    const { portico } = scene;
    const socket = connect(portico.port(), '127.0.0.1');
    await once(socket, 'connect');
    socket.end();
    socket.resume();
    await once(socket, 'close');
    expect((await linesOf(portico)).slice(seen)).toEqual([]);
  });

  /** What has been written since the last time, once that is anything. */
  async function nextLines({ dir }: Portico): Promise<Line[]> {
    const file = join(dir, FILE);
    await expect.poll(async () => (await rawLines(file)).length, { timeout: 4000, interval: 10 }).toBeGreaterThan(seen);
    const lines = (await rawLines(file)).slice(seen);
    seen += lines.length;
    return lines.map((line) => JSON.parse(line));
  }
});

describe('the file', () => {
  test('is left at SIGUSR1 for a new one, under load, and no line is lost', async () => {
    const origin = await startOrigin();
    const portico = await startPortico(logged(frontDoor({ origins: [origin.url] })));
    const load = await KeepAliveLoad.start(portico.port(), 10);
    for (let turn = 1; turn <= 5; turn++) {
      await load.answered(turn * 300);
      await rename(join(portico.dir, FILE), join(portico.dir, `${FILE}.${turn}`));
      portico.signal('SIGUSR1');
      await appears(portico.dir, FILE);
    }
    const { answered, failed, lost } = await load.end();
    expect({ failed, lost }).toEqual({ failed: 0, lost: 0 });
    expect(await portico.stop()).toBe(0);

    const files = (await readdir(portico.dir)).filter((name) => name.startsWith(FILE));
    expect(files.length).toBe(6);
    const lines = (await Promise.all(files.map((name) => rawLines(join(portico.dir, name))))).flat();
    expect(lines.length).toBe(answered);
    expect(new Set(lines.map((line) => JSON.parse(line).id)).size).toBe(answered);
  });

  test('changes with a reload, and no line is lost', async () => {
    const origin = await startOrigin();
    const config = frontDoor({ origins: [origin.url] });
    const portico = await startPortico(logged(config));
    const load = await KeepAliveLoad.start(portico.port(), 10);
    await load.answered(300);
    await portico.reload(logged(config, { file: 'other.log' }));
    await load.answered(600);
    const { answered } = await load.end();
    const after = await linesOf(portico, 'other.log');
    const before = await rawLines(join(portico.dir, FILE));
    expect(before.length).toBeGreaterThan(0);
    expect(after.length).toBeGreaterThan(0);
    expect(before.length + after.length).toBe(answered);
  });

  test('has no lines for clients and paths that are to be skipped', async () => {
    const origin = await startOrigin();
    const access = { file: FILE, skip_paths: ['/health', '/metrics/'], skip_from: ['10.0.0.0/8'] };
    const config = frontDoor({ origins: [origin.url], trusted_proxies: ['127.0.0.1/32'] });
    const portico = await startPortico(logged(config, access));
    const from = (client: string) => ({ head: [`X-Forwarded-For: ${client}`] });
    for (const path of ['/healthz', '/metrics/node', '/seen']) await fetchRaw(portico.port(), path);
    await fetchRaw(portico.port(), '/by-monitor', from('10.1.2.3'));
    await fetchRaw(portico.port(), '/by-client', from('192.0.2.1'));
    // Each of them may have been another worker's.
    expect((await linesOf(portico)).map(({ target }) => target).sort()).toEqual(['/by-client', '/seen']);
  });

  test.each([
    { format: 'combined', line: /^127\.0\.0\.1 - - \[[^\]]+\] "GET \/a\?b HTTP\/1\.1" 200 2 "-" "-"$/ },
    {
      format: 'squid',
      line: /^\d+\.\d{3} +\d+ 127\.0\.0\.1 TCP_MISS\/200 2 GET http:\/\/www\.example\.com\/a\?b - HIER_DIRECT\/app1 -$/,
    },
  ])('may be in the format $format', async ({ format, line }) => {
    const origin = await startOrigin();
    const config = frontDoor({ origins: [{ url: origin.url, name: 'app1' }] });
    const portico = await startPortico(logged(config, { file: FILE, format }));
    await fetchRaw(portico.port(), '/a?b');
    await portico.stop();
    expect(await rawLines(join(portico.dir, FILE))).toEqual([expect.stringMatching(line)]);
  });

  test.skipIf(process.platform !== 'linux')('may be on a full disk: that is told, and all are served', async () => {
    const origin = await startOrigin();
    const portico = await startPortico(logged(frontDoor({ origins: [origin.url] }), { file: '/dev/full' }));
    const load = await KeepAliveLoad.start(portico.port(), 10);
    await load.answered(500);
    const event = await portico.events.waitFor('access log cannot be written');
    expect(event).toMatchObject({ level: 'error', file: '/dev/full' });
    expect(JSON.stringify(event.error)).toContain('ENOSPC');
    await load.answered(1000);
    expect(await load.end()).toMatchObject({ failed: 0, lost: 0, closedIdle: 0 });
    expect(await portico.stop()).toBe(0);
  });
});

/** The workers have reopened it when it is there again; at the latest the last of them then makes its own lines' way. */
async function appears(dir: string, name: string): Promise<void> {
  while (!(await readdir(dir)).includes(name)) await new Promise(setImmediate);
}
