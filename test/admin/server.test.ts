import { readFileSync } from 'node:fs';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { type Certificate, LIMITS } from '../../src/admin/listener.ts';
import type { Mount } from '../../src/admin/mount.ts';
import { Problem } from '../../src/admin/problem.ts';
import { ensureSelfSigned } from '../../src/proxy/tls/self-signed.ts';
import { AdminScene, basic, until, type Wire } from '../support/admin-scene.ts';
import { tempDir } from '../support/temp.ts';
import { within } from '../support/wait.ts';

const LOGIN = `Authorization: ${basic('ops', 'secret')}\r\n`;

describe('a handler', () => {
  test('is told who asks for what, by which name and with which query', async () => {
    const scene = await AdminScene.open();
    const seen: unknown[] = [];
    mount(scene, {
      method: 'POST',
      path: '/page/{name}',
      handler: async (request) => {
        const { params, query, user, address, isSecure, isSameOrigin, formToken } = request;
        seen.push({
          params,
          query: query.get('q'),
          user,
          address,
          isSecure,
          isSameOrigin,
          body: String(await request.body()),
        });
        expect(formToken).toMatch(/^[-0-9a-f]{36}$/);
        expect([request.isFormToken(formToken), request.isFormToken('x'.repeat(36))]).toEqual([true, false]);
        return { status: 204 };
      },
    });
    expect(
      (
        await scene.ask('POST /page/a%2Fb?q=1', {
          body: 'text',
          headers: { Origin: 'http://admin.test', Host: 'admin.test' },
        })
      ).status,
    ).toBe(204);
    expect(seen).toEqual([
      {
        params: { name: 'a/b' },
        query: '1',
        user: { name: 'ops', role: 'operate' },
        address: '127.0.0.1',
        isSecure: false,
        isSameOrigin: true,
        body: 'text',
      },
    ]);
  });

  test('for anyone asks for no login, and answers by whatever Host', async () => {
    const scene = await AdminScene.open();
    mount(scene, { path: '/healthz', role: 'anyone', handler: () => ({ status: 200, body: 'ok\n' }) });
    const { status, text } = await scene.ask('GET /healthz', { as: '', headers: { Host: 'any.test' } });
    expect({ status, text }).toEqual({ status: 200, text: 'ok\n' });
  });

  test('of GET answers HEAD, without a body', async () => {
    const scene = await AdminScene.open();
    mount(scene, { path: '/page', handler: () => ({ status: 200, body: 'some' }) });
    const { status, text, headers } = await scene.ask('HEAD /page');
    expect({ status, text, length: headers['content-length'] }).toEqual({ status: 200, text: '', length: '4' });
  });

  test('that fails is 500 and logged, and tells the client nothing', async () => {
    const scene = await AdminScene.open();
    mount(scene, {
      path: '/page',
      handler: () => {
        throw new Error('a secret');
      },
    });
    const { status, text } = await scene.ask('GET /page');
    expect(status).toBe(500);
    expect(text).not.toContain('secret');
    expect(scene.log).toMatchObject([{ level: 'error', event: 'admin request failed' }]);
  });

  test('that refuses a person says so in plain words', async () => {
    const scene = await AdminScene.open();
    mount(scene, {
      path: '/page',
      handler: () => {
        throw new Problem('unknown-pool', 'expected another');
      },
    });
    const { headers, text } = await scene.ask('GET /page', { headers: { Accept: 'text/html,*/*' } });
    expect([headers['content-type'], text]).toEqual([
      'text/plain; charset=utf-8',
      '404 There is no such pool\nexpected another\n',
    ]);
  });

  test('at a path that is taken is refused', async () => {
    const scene = await AdminScene.open();
    mount(scene, { path: '/page/{a}', handler: () => ({ status: 200 }) });
    expect(() => mount(scene, { path: '/page/{b}', handler: () => ({ status: 200 }) })).toThrow('mounted twice');
  });

  test('of a path that is written out wins over one with a name in braces', async () => {
    const scene = await AdminScene.open();
    mount(scene, { path: '/page/{a}', handler: () => ({ status: 200, body: 'any' }) });
    mount(scene, { path: '/page/one', handler: () => ({ status: 200, body: 'one' }) });
    expect((await scene.ask('GET /page/one')).text).toBe('one');
    expect((await scene.ask('GET /page/two')).text).toBe('any');
  });
});

test('every reply keeps browsers strict, also a refusal', async () => {
  const scene = await AdminScene.open();
  for (const line of ['GET /api/v1/pools', 'GET /nothing']) {
    const { headers } = await scene.ask(line);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'same-origin',
      'x-frame-options': 'DENY',
    });
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
    expect(headers['content-security-policy']).not.toMatch(/unsafe|\*/);
  }
});

describe('a change by a browser', () => {
  test.each([
    { name: 'a page of this server', headers: { Origin: 'http://admin.test', 'Sec-Fetch-Site': 'same-origin' } },
    { name: 'the address bar', headers: { 'Sec-Fetch-Site': 'none' } },
    { name: 'a name in capitals', headers: { Origin: 'http://ADMIN.test' } },
  ])('is taken from $name', async ({ headers }) => {
    const scene = await AdminScene.open();
    mount(scene, { method: 'POST', path: '/page', handler: () => ({ status: 204 }) });
    expect((await scene.ask('POST /page', { headers: { Host: 'admin.test', ...headers } })).status).toBe(204);
  });

  test('is not taken from http where this is https', async () => {
    const scene = await AdminScene.open({ settings: { certificate: await certificate() } });
    mount(scene, { method: 'POST', path: '/page', handler: () => ({ status: 204 }) });
    const Host = `localhost:${scene.port}`;
    expect((await scene.ask('POST /page', { headers: { Host, Origin: `http://${Host}` } })).status).toBe(403);
    expect((await scene.ask('POST /page', { headers: { Host, Origin: `https://${Host}` } })).status).toBe(204);
  });
});

describe('Host', () => {
  test.each(['127.0.0.1', '10.9.8.7:1', '[::1]:8400', 'localhost', 'LOCALHOST:99', 'admin.test', 'Admin.Test.:8400'])(
    'may be %s',
    async (Host) => {
      const scene = await AdminScene.open();
      expect((await scene.ask('GET /api/v1/status', { headers: { Host } })).status).toBe(200);
    },
  );
});

describe('bytes that are no good request', () => {
  const limits = { ...LIMITS, headTime: 60, requestTime: 150 };

  test.each([
    { name: 'garbage', bytes: '\x16\x03\x01 garbage\r\n\r\n', status: 400 },
    { name: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
    { name: 'an empty Host', bytes: `GET / HTTP/1.1\r\nHost: \r\n${LOGIN}\r\n`, status: 421 },
    {
      name: 'a head that is too large',
      bytes: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      status: 431,
    },
    {
      name: 'a length beside chunks',
      bytes: 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      status: 400,
    },
    {
      name: 'an absolute form',
      bytes: `GET http://evil.test/api/v1/pools HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`,
      status: 404,
    },
  ])('are refused: $name', async ({ bytes, status }) => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    wire.write(bytes);
    await within(wire.until(`HTTP/1.1 ${status} `), `${status}`);
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
  });

  test('behind a good one end the connection, and the good one is answered', async () => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    const good = `GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`;
    wire.write(good);
    await within(wire.until('edge-1'), 'a reply');
    wire.write('garbage\r\n\r\n');
    await within(wire.ended, 'the end');
    expect(wire.received.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test('that come slowly end in 408', async () => {
    const scene = await AdminScene.open({ limits });
    const wire = scene.connect();
    wire.write('GET / HTTP/1.1\r\nHost: a\r\nX: ');
    const drip = setInterval(() => wire.write('x'), 10);
    await within(wire.ended, 'the end');
    clearInterval(drip);
    expect(wire.received).toContain('HTTP/1.1 408 ');
    expect(wire.received).toContain('/api/v1/problem#request-timeout');
  });

  test('of a body that comes slowly end the connection', async () => {
    const scene = await AdminScene.open({ limits });
    const wire = scene.connect();
    wire.write(
      `PUT /api/v1/pools/app/origins/10.0.1.66:80/state HTTP/1.1\r\nHost: localhost\r\n${LOGIN}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    );
    await within(wire.ended, 'the end');
    expect(scene.operator.changes).toEqual([]);
  });

  test('of more requests ahead than anybody needs end the connection', async () => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    const stream = `GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`;
    wire.write(stream.repeat(10));
    await until(() => scene.operator.listening === 10, 'ten of them');
    wire.write(stream.repeat(100));
    await within(wire.ended, 'the end');
    await until(() => scene.operator.listening === 0, 'the end of all of them');
  });

  test('of a body in chunks that is too large are 413, and the connection serves on', async () => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    wire.write(
      `POST /api/v1/cache/purge HTTP/1.1\r\nHost: localhost\r\n${LOGIN}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`,
    );
    for (let i = 0; i < 9; i++) wire.write(`2000\r\n${'x'.repeat(0x2000)}\r\n`);
    await within(wire.until('HTTP/1.1 413 '), '413');
    wire.write(`0\r\n\r\nGET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    await within(wire.until('edge-1'), 'the next reply');
  });
});

describe('connections that nobody uses', () => {
  test('make room for who comes, the longest first', async () => {
    const scene = await AdminScene.open({ limits: { ...LIMITS, connections: 3 } });
    const stream = scene.connect();
    stream.write(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    await within(stream.until('retry'), 'a stream');
    const idle = [scene.connect(), scene.connect()];
    await within(Promise.all(idle.map((wire) => wire.connected)), 'connections');
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
    await within((idle[0] as Wire).ended, 'the end of the first');
    expect([idle[1]?.socket.destroyed, stream.socket.destroyed]).toEqual([false, false]);
  });
});

describe('a reload', () => {
  test('to another address leaves the former one', async () => {
    const scene = await AdminScene.open();
    const former = scene.connect();
    former.write(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    await within(former.until('retry'), 'a stream');
    await scene.server.reload({ ...scene.settings, listen: '127.0.0.2:0' });
    await within(former.ended, 'its end');
    expect(scene.server.url).toMatch(/^http:\/\/127\.0\.0\.2:/);
  });

  test.each([
    { what: 'all addresses', hosts: ['0.0.0.0', '127.0.0.1'] },
    { what: 'all addresses of both families', hosts: ['[::]', '0.0.0.0', '[::1]', '[0::1]', '[::]', '127.0.0.1'] },
  ])('to $what at the same port, and back, lets go first', async ({ hosts }) => {
    const scene = await AdminScene.open();
    const { port } = scene;
    for (const host of hosts) {
      await scene.server.reload({ ...scene.settings, listen: `${host}:${port}` });
      expect(scene.server.url).toContain(`:${port}`);
      const reply = await fetch(`http://${host.replace('0.0.0.0', '127.0.0.1')}:${port}/api/v1/problem`, {
        headers: { Authorization: basic('ops', 'secret') },
      });
      expect(reply.status).toBe(200);
    }
  });

  test('to an address that cannot be had changes nothing', async () => {
    const [scene, other] = [await AdminScene.open(), await AdminScene.open()];
    const { url } = scene.server;
    const settings = { ...scene.settings, users: [], listen: `127.0.0.1:${other.port}` };
    await expect(scene.server.reload(settings)).rejects.toThrow('EADDRINUSE');
    expect(scene.server.url).toBe(url);
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
  });

  test('to TLS and back stays at its port', async () => {
    const scene = await AdminScene.open();
    const { port } = scene;
    await scene.server.reload({ ...scene.settings, certificate: await certificate() });
    expect(scene.server.url).toBe(`https://127.0.0.1:${port}`);
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
    await scene.server.reload(scene.settings);
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
  });

  test('to another certificate serves it to who comes, and streams go on', async () => {
    const [first, second] = [await certificate(), await certificate()];
    const scene = await AdminScene.open({ settings: { certificate: first } });
    const stream = tlsConnect({ port: scene.port, host: '127.0.0.1', rejectUnauthorized: false });
    stream.setEncoding('utf8');
    let received = '';
    stream.on('data', (text) => {
      received += text;
    });
    stream.write(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    await until(() => received.includes('retry'));
    await scene.server.reload({ ...scene.settings, certificate: second });
    scene.operator.emit('still', { pool: 'app', id: '10.0.1.66:80' });
    await until(() => received.includes('event: still'));
    stream.destroy();
    expect(await servedAt(scene.port)).toBe(second.certPem);
  });

  test('ends logins by a password that is no longer good', async () => {
    const scene = await AdminScene.open();
    expect((await scene.ask('GET /api/v1/status')).status).toBe(200);
    await scene.server.reload({
      ...scene.settings,
      users: scene.settings.users.filter(({ principal }) => principal.name !== 'ops'),
    });
    expect((await scene.ask('GET /api/v1/status')).status).toBe(401);
    expect((await scene.ask('GET /api/v1/status', { as: 'root' })).status).toBe(200);
  });
});

describe('at its end', () => {
  test('streams end, and who waits is answered', async () => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    wire.write(`GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    const asked = scene.ask('GET /api/v1/pools/app/origins/10.0.1.66:80?wait=drained&timeout=1h');
    await until(() => scene.operator.listening === 2);
    const closed = scene.server.close(60_000);
    expect((await asked).status).toBe(503);
    await within(wire.ended, 'its end');
    await within(closed, 'the close');
  });

  test('what still runs is cut', async () => {
    const scene = await AdminScene.open();
    let isReached = false;
    mount(scene, {
      path: '/page',
      handler: () => {
        isReached = true;
        return new Promise(() => {});
      },
    });
    const wire = scene.connect();
    wire.write(`GET /page HTTP/1.1\r\nHost: localhost\r\n${LOGIN}\r\n`);
    await until(() => isReached);
    await within(scene.server.close(10), 'the close');
    await within(wire.ended, 'its end');
  });
});

function mount(
  scene: AdminScene,
  { method = 'GET', role = 'read', ...rest }: Partial<Mount> & Pick<Mount, 'path' | 'handler'>,
) {
  scene.server.mount({ method, role, ...rest });
}

async function certificate(): Promise<Certificate> {
  const { cert, key } = ensureSelfSigned(await tempDir(), []);
  return { certPem: readFileSync(cert, 'utf8'), keyPem: readFileSync(key, 'utf8') };
}

function servedAt(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const { raw } = socket.getPeerCertificate();
      socket.destroy();
      const lines = raw.toString('base64').match(/.{1,64}/g) ?? [];
      resolve(`-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`);
    });
    socket.on('error', reject);
  });
}
