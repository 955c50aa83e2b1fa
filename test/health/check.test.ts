import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { Check } from '../../src/health/check.ts';
import { CheckTls } from '../../src/health/connector.ts';
import type { HealthCheckSettings, TlsSettings } from '../../src/health/settings.ts';
import { Authority } from '../proxy/tls/authority.ts';
import { refusingOrigin, unreachableOrigin } from '../support/dead-ends.ts';
import { startNginx } from '../support/nginx.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';

const SETTINGS: HealthCheckSettings = {
  type: 'http',
  path: '/healthz',
  method: 'GET',
  interval: 5000,
  timeout: 2000,
  rise: 2,
  fall: 3,
  expect: [[200, 399]],
  initial: 'checking',
  jitter: 0.1,
};
const PLAIN: TlsSettings = { ca: undefined, serverName: undefined, verify: true, cert: undefined, key: undefined };

/** Long enough for what does come on a busy machine, short enough to wait for where nothing does. */
const SHORT = 150;

type Changes = Partial<HealthCheckSettings> & { readonly tls?: Partial<TlsSettings> };

function checkOf(url: string, { tls, ...settings }: Changes = {}): Check {
  return new Check(url, { ...SETTINGS, ...settings }, new CheckTls({ ...PLAIN, ...tls }));
}

/** What a check finds: `well`, or the problem in words. */
async function find(url: string, changes: Changes = {}): Promise<string> {
  const finding = await checkOf(url, changes).run(new AbortController().signal);
  expect(finding, 'a finding').toBeDefined();
  return finding?.problem ?? 'well';
}

/** A server that does what it is told with each connection; `gone` resolves when all of those are. */
async function serve(
  server: Server,
): Promise<{ readonly url: string; readonly port: number; gone(): Promise<unknown> }> {
  const closes: Promise<unknown>[] = [];
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
    closes.push(new Promise((resolve) => socket.once('close', resolve)));
  });
  server.on('tlsClientError', () => {});
  atTeardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const gone = () => within(Promise.all(closes), 'the end of the connections');
  return { url: `http://127.0.0.1:${port}`, port, gone };
}

function serveHttp(listener: RequestListener) {
  return serve(createHttpServer(listener));
}

/** `does`: what becomes of each connection, whose bytes are read. */
function servePlain(does: (socket: Socket) => void) {
  return serve(createServer((socket) => does(socket.resume())));
}

describe('an HTTP check', () => {
  test('is well when the status is one of the expected', async () => {
    const { url, gone } = await serveHttp((_, response) => response.end('fine'));
    expect(await find(url)).toBe('well');
    await gone();
  });

  test.each([
    { status: 500, expect: [[200, 399]], found: 'expected status 200-399, got 500' },
    {
      status: 404,
      expect: [
        [200, 200],
        [204, 204],
        [300, 399],
      ],
      found: 'expected status 200,204,300-399, got 404',
    },
    {
      status: 204,
      expect: [
        [200, 200],
        [204, 204],
      ],
      found: 'well',
    },
    { status: 399, expect: [[200, 399]], found: 'well' },
    { status: 400, expect: [[200, 399]], found: 'expected status 200-399, got 400' },
    { status: 503, expect: [[503, 503]], found: 'well' },
  ] as const)('of a $status where $expect are expected finds: $found', async ({ status, expect: expected, found }) => {
    const { url, gone } = await serveHttp((_, response) => response.writeHead(status).end());
    expect(await find(url, { expect: expected })).toBe(found);
    await gone();
  });

  test('asks for what it is told to, on a connection that it does not keep', async () => {
    const origin = await startOrigin(() => answer(''));
    expect(await find(origin.url, { path: '/a//b?c=%2F', method: 'HEAD', host: 'www.example.com' })).toBe('well');
    expect(await find(origin.url)).toBe('well');
    expect(origin.requests.map(({ method, target }) => `${method} ${target}`)).toEqual([
      'HEAD /a//b?c=%2F',
      'GET /healthz',
    ]);
    expect(origin.requests.map((request) => request.values('host'))).toEqual([
      ['www.example.com'],
      [`127.0.0.1:${origin.port}`],
    ]);
    expect(origin.requests.map((request) => request.values('connection'))).toEqual([['close'], ['close']]);
    expect(origin.connections).toHaveLength(2);
    expect(origin.faults).toEqual([]);
    await Promise.all(origin.connections.map(({ closed }) => within(closed, 'the close')));
  });

  test('goes to the port that it is told, with the authority of the origin', async () => {
    const origin = await startOrigin();
    expect(await find('http://127.0.0.1:1', { port: origin.port })).toBe('well');
    expect(origin.requests[0]?.values('host')).toEqual(['127.0.0.1:1']);
  });

  test('follows no redirect', async () => {
    const origin = await startOrigin(() => answer('', { status: '302 Found', fields: ['Location: /elsewhere'] }));
    expect(await find(origin.url)).toBe('well');
    expect(await find(origin.url, { expect: [[200, 299]] })).toBe('expected status 200-299, got 302');
    expect(origin.requests.map(({ target }) => target)).toEqual(['/healthz', '/healthz']);
  });

  test('does not mind interim responses, and takes a switch of protocols for the answer that it is', async () => {
    const early = await startOrigin(() =>
      Buffer.concat([Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'), answer('ok')]),
    );
    expect(await find(early.url)).toBe('well');
    const rash = await startOrigin(
      () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    );
    expect(await find(rash.url)).toBe('expected status 200-399, got 101');
  });
});

describe('the body', () => {
  const MARK = 'all is well';

  test.each([
    { name: 'has the text', body: `<p>${MARK}</p>`, found: 'well' },
    { name: 'does not', body: 'all is lost', found: `no "${MARK}" in the body` },
    { name: 'is empty', body: '', found: `no "${MARK}" in the body` },
    { name: 'has it at the end of the first 64 KiB', body: 'x'.repeat(65_536 - MARK.length) + MARK, found: 'well' },
    { name: 'has it beyond them', body: 'x'.repeat(65_537 - MARK.length) + MARK, found: `no "${MARK}" in the body` },
  ])('that $name: $found', async ({ body, found }) => {
    const { url, gone } = await serveHttp((_, response) => response.end(body));
    expect(await find(url, { body: MARK })).toBe(found);
    await gone();
  });

  test('may have its text in two pieces, and characters beyond ASCII', async () => {
    const text = Buffer.from('naïve ✓');
    const { url } = await serveHttp((_, response) => {
      response.write(text.subarray(0, 3));
      setImmediate(() => response.end(text.subarray(3)));
    });
    expect(await find(url, { body: 'naïve ✓' })).toBe('well');
  });

  test('that has no end is not read to it', async () => {
    let sent = 0;
    const { url, gone } = await serveHttp((_, response) => {
      const piece = Buffer.alloc(16_384);
      const more = () => {
        while (!response.destroyed && response.write(piece)) sent += piece.length;
      };
      response.on('drain', more);
      more();
    });
    expect(await find(url)).toBe('well');
    await gone();
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  test('that is cut off is a problem', async () => {
    const { url } = await serveHttp((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    expect(await find(url)).toBe('connection closed before the end of the answer');
  });
});

describe('an origin that is not well', () => {
  test('refuses', async () => {
    expect(await find(await refusingOrigin())).toBe('connection refused');
  });

  test('refuses at each of its addresses', async () => {
    const { port } = new URL(await refusingOrigin());
    expect(await find(`http://localhost:${port}`)).toBe('connection refused');
  });

  test('has a name that nobody knows', async () => {
    const found = await find('http://no-such-host.invalid');
    expect(['the name of the host is not known', 'the name server does not answer']).toContain(found);
  });

  test('is dead as a machine', async () => {
    expect(await find(await unreachableOrigin(), { timeout: SHORT })).toBe(`no connection within ${SHORT}ms`);
  });

  test.each([
    { name: 'takes the request and is silent', said: [], found: `no answer within ${SHORT}ms` },
    { name: 'hangs within its head', said: ['HTTP/1.1 200 OK\r\nContent-'], found: `no answer within ${SHORT}ms` },
    {
      name: 'hangs within its body',
      said: ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nha'],
      found: `no end of the answer within ${SHORT}ms`,
    },
  ])('$name: $found', async ({ said, found }) => {
    const { url, gone } = await servePlain((socket) => socket.write(said.join('')));
    expect(await find(url, { timeout: SHORT })).toBe(found);
    await gone();
  });

  test('cannot gain time by a little now and then', async () => {
    const { url, gone } = await servePlain((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const timer = setInterval(() => socket.write('X: y\r\n'), 10);
      socket.once('close', () => clearInterval(timer));
    });
    expect(await find(url, { timeout: SHORT })).toBe(`no answer within ${SHORT}ms`);
    await gone();
  });

  test.each([
    { name: 'closes at once', does: (socket: Socket) => socket.end(), found: 'connection closed before the answer' },
    {
      name: 'closes after the request',
      does: (socket: Socket) => socket.once('data', () => socket.end()),
      found: 'connection closed before the answer',
    },
    {
      name: 'resets after the request',
      does: (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
      found: 'connection reset before the answer',
    },
    {
      name: 'speaks something else',
      does: (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'),
      found: expect.stringMatching(/^not an HTTP response: /),
    },
    {
      name: 'has a head without end',
      does: (socket: Socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`),
      found: expect.stringMatching(/^not an HTTP response: /),
    },
  ])('$name', async ({ does, found }) => {
    const { url, gone } = await servePlain(does);
    expect(await find(url)).toEqual(found);
    await gone();
  });

  test('is told of on one line, and in few words, whatever it says', async () => {
    const { url } = await servePlain((socket) => socket.end(`HTTP/1.1 200 \x07${'é'.repeat(9999)}\r\n\n\n`));
    const found = await find(url);
    expect(found).toMatch(/^[^\p{Cc}]{1,200}$/u);
  });
});

test('what came while this thread was busy is not called late', async () => {
  const worker = new Worker(ANSWERING, { eval: true });
  atTeardown(() => worker.terminate());
  const [port] = await within(once(worker, 'message'), 'the port of an origin');
  const found = find(`http://127.0.0.1:${port}`, { timeout: SHORT });
  await within(once(worker, 'message'), 'the request');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 * SHORT);
  expect(await found).toBe('well');
});

/** An origin in a thread of its own: tells its port, and of each request, which it answers a little later. */
const ANSWERING = `
const { createServer } = require('node:http');
const { parentPort } = require('node:worker_threads');
const server = createServer((request, response) => {
  parentPort.postMessage('a request');
  setTimeout(() => response.end('fine'), 10);
}).listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

describe('a TCP check', () => {
  const TCP = { type: 'tcp' } as const;

  test('is well when it gets a connection, and ends that', async () => {
    const { url, gone } = await servePlain(() => undefined);
    expect(await find(url, TCP)).toBe('well');
    await gone();
    expect(await find(url.replace('http:', 'https:'), TCP)).toBe('well');
  });

  test('goes to the port that it is told', async () => {
    const { port } = await servePlain(() => undefined);
    expect(await find('http://127.0.0.1:1', { ...TCP, port })).toBe('well');
  });

  test('tells who refuses, and who is dead', async () => {
    expect(await find(await refusingOrigin(), TCP)).toBe('connection refused');
    expect(await find(await unreachableOrigin(), { ...TCP, timeout: SHORT })).toBe(`no connection within ${SHORT}ms`);
  });
});

describe('a check that is ended', () => {
  test('finds nothing, and leaves no connection', async () => {
    const { url, gone } = await servePlain(() => undefined);
    const control = new AbortController();
    const found = checkOf(url).run(control.signal);
    await new Promise(setImmediate);
    control.abort();
    expect(await within(found, 'the end of the check')).toBeUndefined();
    expect(await checkOf(url).run(control.signal)).toBeUndefined();
    await gone();
  });
});

test('what cannot be sent is told, not thrown', async () => {
  const { url, gone } = await servePlain(() => undefined);
  expect(await find(url, { path: '/two words' })).toContain('unescaped');
  await gone();
});

describeWithPeers(['openssl'], 'a check by TLS', () => {
  let authority: Authority;
  let ca: string;
  beforeAll(async () => {
    authority = await Authority.open();
    ca = readFileSync(authority.root.cert, 'utf8');
  });

  function issued(...names: readonly string[]) {
    const { cert, key } = authority.issue({ names, issuer: authority.root });
    return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  }

  async function serveHttps(options: ServerOptions): Promise<string> {
    const { port } = await serve(createHttpsServer(options, (_, response) => response.end('fine')));
    return `https://127.0.0.1:${port}`;
  }

  test('is well with a certificate that it trusts', async () => {
    const url = await serveHttps(issued('IP:127.0.0.1'));
    expect(await find(url, { tls: { ca } })).toBe('well');
    expect(await find(url.replace('127.0.0.1', 'localhost'), { tls: { ca, serverName: '127.0.0.1' } })).toBe('well');
  });

  test.each([
    { name: 'is for somebody else', names: ['other.internal'], tls: {}, found: /^certificate refused: .*127\.0\.0\.1/ },
    { name: 'nobody vouches for', names: ['IP:127.0.0.1'], tls: { ca: undefined }, found: /^certificate refused: / },
    {
      name: 'is not for `server_name`',
      names: ['IP:127.0.0.1'],
      tls: { serverName: 'app' },
      found: /^certificate refused: /,
    },
    { name: 'is for `server_name`', names: ['app'], tls: { serverName: 'app' }, found: /^well$/ },
    { name: 'nobody looks at', names: ['other.internal'], tls: { ca: undefined, verify: false }, found: /^well$/ },
  ])('finds of a certificate that $name: $found', async ({ names, tls, found }) => {
    const url = await serveHttps(issued(...names));
    expect(await find(url, { tls: { ca, ...tls } })).toMatch(found);
  });

  test('shows its certificate to who asks for one', async () => {
    const url = await serveHttps({ ...issued('IP:127.0.0.1'), requestCert: true, rejectUnauthorized: true, ca });
    expect(await find(url, { tls: { ca, ...issued('portico') } })).toBe('well');
    expect(await find(url, { tls: { ca } })).toMatch(/^TLS: .*certificate required$/);
  });

  test('counts a handshake that hangs against its time', async () => {
    const { port, gone } = await servePlain(() => undefined);
    const found = await find(`https://127.0.0.1:${port}`, { tls: { ca }, timeout: SHORT });
    expect(found).toBe(`no end of the TLS handshake within ${SHORT}ms`);
    await gone();
  });

  test('tells who does not speak TLS, and who hangs up', async () => {
    const plain = await serveHttp((_, response) => response.end());
    expect(await find(plain.url.replace('http:', 'https:'), { tls: { ca } })).toMatch(/^TLS: [a-z ]+$/);
    const rude = await servePlain((socket) => socket.once('data', () => socket.end()));
    expect(await find(rude.url.replace('http:', 'https:'), { tls: { ca } })).toBe(
      'connection closed before the end of the TLS handshake',
    );
  });

  test('tells of certificates that cannot be used', async () => {
    const url = await serveHttps(issued('IP:127.0.0.1'));
    expect(await find(url, { tls: { ca, cert: 'no certificate', key: 'no key' } })).toMatch(/^TLS: [a-z ]+$/);
  });
});

describeWithPeers(['nginx'], 'of nginx', () => {
  test('a check finds what it is', async () => {
    const nginx = await startNginx({ name: 'app' });
    expect(await find(nginx.url, { path: '/', body: 'origin=app' })).toBe('well');
    expect(await find(nginx.url, { path: '/files/100k' })).toBe('well');
    expect(await find(nginx.url, { path: '/redirect' })).toBe('well');
    expect(await find(nginx.url, { path: '/status/503' })).toBe('expected status 200-399, got 503');
    await nginx.stop();
    expect(await find(nginx.url)).toBe('connection refused');
  });
});
