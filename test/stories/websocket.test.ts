import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { WebSocket } from 'ws';
import { Authority } from '../proxy/tls/authority.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import { HANDSHAKE, startWebSocketOrigin, WebSocketClient, type WebSocketOrigin } from '../support/websocket.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** WebSockets (RFC 6455) by `ws` on both sides. */

let origin: WebSocketOrigin;
let portico: Portico;

beforeAll(async () => {
  origin = await startWebSocketOrigin();
  portico = await startPortico(frontDoor({ origins: [origin.url] }));
});

/** The origin's end of the WebSocket that was opened last. */
const lastEnd = () => origin.ends.all.at(-1) as WebSocketOrigin['ends']['all'][number];

describe('a WebSocket', () => {
  test.each([
    { name: 'plain', listener: 0 },
    { name: 'over TLS', listener: 1 },
  ])('carries messages both ways, $name', async ({ listener }) => {
    const client = await WebSocketClient.open(`${portico.url(listener)}/room?name=me`);
    expect(await client.echo('hello')).toBe('hello');
    const end = lastEnd();
    end.socket.send('from the origin');
    expect(await client.next()).toBe('from the origin');
    expect(end.request.url).toBe('/room?name=me');
    expect(end.request.headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': listener === 1 ? 'https' : 'http',
      host: `127.0.0.1:${portico.port(listener)}`,
    });
  });

  test('may agree on a subprotocol and on compression', async () => {
    origin.server.options.perMessageDeflate = true;
    onTestFinished(() => {
      origin.server.options.perMessageDeflate = false;
    });
    const client = await WebSocketClient.open(portico.url(), { protocols: ['chat.v2', 'chat.v1'] });
    expect(client.socket.protocol).toBe('chat.v2');
    expect(client.socket.extensions).toContain('permessage-deflate');
    expect(await client.echo('compressed '.repeat(1000))).toBe('compressed '.repeat(1000));
  });

  test('carries a message of 64 MB, there and back', async () => {
    const client = await WebSocketClient.open(portico.url(), { perMessageDeflate: false });
    const message = Buffer.alloc(64_000_000, 'every byte of it counts. ');
    client.send(message);
    expect((await client.nextBytes()).equals(message)).toBe(true);
  });

  test('carries a thousand messages in their order', async () => {
    const client = await WebSocketClient.open(portico.url());
    for (let i = 0; i < 1000; i++) client.send(`message ${i}`);
    for (let i = 0; i < 1000; i++) expect(await client.next()).toBe(`message ${i}`);
  });

  test('may stand beside a hundred others', async () => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => WebSocketClient.open(portico.url())));
    const echoes = await Promise.all(clients.map((client, i) => client.echo(`I am ${i}`)));
    expect(echoes).toEqual(clients.map((_, i) => `I am ${i}`));
  });
});

describeWithPeers(['openssl'], 'a WebSocket of an origin that speaks TLS', () => {
  test('is reached by wss, and its certificate is verified', async () => {
    const authority = await Authority.open();
    const files = authority.issue({ names: ['app.internal'], issuer: authority.root });
    const origin = await startWebSocketOrigin({ cert: readFileSync(files.cert), key: readFileSync(files.key) });
    const pool = (name: string) => ({ tls: { ca: authority.root.cert, server_name: name } });
    const portico = await startPortico(frontDoor({ origins: [origin.url], pool: pool('app.internal') }));
    const client = await WebSocketClient.open(portico.url());
    expect(await client.echo('hello')).toBe('hello');

    await portico.reload(frontDoor({ origins: [origin.url], pool: pool('other.internal') }));
    await expect(WebSocketClient.open(portico.url())).rejects.toThrow('502');
  });
});

describe('the end of a WebSocket', () => {
  test('is closed by the client, with its code and reason', async () => {
    const client = await WebSocketClient.open(portico.url());
    const closed = closeOf(lastEnd().socket);
    client.socket.close(4001, 'enough');
    expect(await closed).toEqual({ code: 4001, reason: 'enough' });
    expect(await client.closed).toEqual({ code: 4001, reason: 'enough' });
  });

  test('is closed by the origin, with its code and reason', async () => {
    const client = await WebSocketClient.open(portico.url());
    lastEnd().socket.close(4002, 'go home');
    expect(await client.closed).toEqual({ code: 4002, reason: 'go home' });
  });

  test('is told the client when the origin dies', async () => {
    const client = await WebSocketClient.open(portico.url());
    lastEnd().socket.terminate();
    expect(await client.closed).toMatchObject({ code: 1006 });
  });

  test('is told the origin when the client dies', async () => {
    const client = await WebSocketClient.open(portico.url());
    const closed = closeOf(lastEnd().socket);
    client.socket.terminate();
    expect(await closed).toMatchObject({ code: 1006 });
  });

  test('has its line in the log, with 101 and the bytes of both ways', async () => {
    const client = await WebSocketClient.open(`${portico.url()}/logged`);
    await client.echo('hello');
    client.socket.close(1000);
    await client.closed;
    expect(await portico.accessLog.lineFor('/logged')).toMatchObject({
      method: 'GET',
      status: 101,
      // A frame has two bytes of head, and a mask of four where it comes from a client; a close has two of code.
      bytes_in: 2 + 4 + 5 + 2 + 4 + 2,
      bytes: 2 + 5 + 2 + 2,
      pool: 'app',
      origin: `127.0.0.1:${new URL(origin.url).port}`,
      attempts: 1,
    });
  });

  test('is also the end of its being counted as in flight', async () => {
    const origin = await startWebSocketOrigin();
    const portico = await startPortico(frontDoor({ origins: [origin.url] }), { env: INSPECTABLE });
    const inspector = await WorkerInspector.attach(portico);
    const client = await WebSocketClient.open(`${portico.url()}/counted`);
    await client.echo('hello');
    expect(await inspector.inFlight()).toBe(1);
    client.socket.close(1000);
    await portico.accessLog.lineFor('/counted');
    expect(await inspector.inFlight()).toBe(0);
    inspector.detach();
  });

  test('comes when it was silent for `timeouts.tunnel`, and not before', async () => {
    const portico = await startPortico(frontDoor({ origins: [origin.url], pool: { timeouts: { tunnel: '1s' } } }));
    const client = await WebSocketClient.open(portico.url());
    const closed = closeOf(lastEnd().socket);
    const opened = performance.now();
    while (performance.now() - opened < 1500) await client.echo('still here');
    const silent = performance.now();
    expect(await client.closed).toMatchObject({ code: 1006 });
    expect(await closed).toMatchObject({ code: 1006 });
    expect(performance.now() - silent).toBeGreaterThan(900);
  });
});

describe('an upgrade that does not come about', () => {
  let origin: ScriptedOrigin;
  let portico: Portico;

  beforeAll(async () => {
    origin = await startOrigin();
    portico = await startPortico(frontDoor({ origins: [origin.url] }));
  });

  test.each([
    { name: '403 and a body', reply: answer('the room is full', { status: '403 Forbidden', fields: ['X-Seats: 0'] }) },
    { name: '404 in chunks', reply: chunked('HTTP/1.1 404 Not Found', 'no such room') },
    { name: '200, as one that knows no WebSockets', reply: answer('a page') },
    {
      name: '426 and the version it wants',
      reply: answer('', { status: '426 Upgrade Required', fields: ['Sec-WebSocket-Version: 8'] }),
    },
  ])('because the origin answers $name: the client gets just that', async ({ name, reply }) => {
    origin.script = () => reply;
    const target = `/${name.slice(0, 3)}`;
    const direct = await ask(origin.port, target);
    const response = await ask(portico.port(), target);
    expect(response).toMatchObject({ status: direct.status, body: direct.body, end: 'clean' });
    for (const name of ['x-seats', 'sec-websocket-version']) {
      expect(fieldOf(response, name)).toBe(fieldOf(direct, name));
    }
    expect(await portico.accessLog.lineFor(target)).toMatchObject({ status: direct.status });
    await expect(WebSocketClient.open(portico.url())).rejects.toThrow(`Unexpected server response: ${direct.status}`);
  });

  test('because the origin is silent: the splash page comes at its time', async () => {
    const origin = await startOrigin(() => undefined);
    const portico = await startPortico(frontDoor({ origins: [origin.url], site: { splash: { after: '300ms' } } }));
    const asked = performance.now();
    const response = await ask(portico.port());
    expect(response).toMatchObject({ status: 504, end: 'clean' });
    expect(response.body).toContain('not available right now');
    expect(fieldOf(response, 'retry-after')).toBe('30');
    expect(performance.now() - asked).toBeGreaterThan(290);
    expect(await portico.accessLog.lineFor('/tunnel')).toMatchObject({ status: 504, splash: true });
    await origin.connections[0]?.closed;
  });

  test('because the client left before: the origin hears of it', async () => {
    origin.script = () => undefined;
    const client = await connectRaw(portico.port());
    await client.send(HANDSHAKE);
    const { connection } = await origin.requestFor('/tunnel');
    client.reset();
    await connection.closed;
    expect(await portico.accessLog.lineFor('/tunnel')).toMatchObject({ error: 'client_disconnected' });
  });

  test('because it is to h2c: the request is served as HTTP/1.1', async () => {
    origin.script = () => answer('plain');
    const client = await connectRaw(portico.port());
    const upgrade = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'];
    for (let i = 0; i < 2; i++) {
      await client.send(`GET /h2c HTTP/1.1\r\nHost: www.example.com\r\n${upgrade.join('\r\n')}\r\n\r\n`);
      expect(await client.response()).toMatchObject({ status: 200, body: 'plain', end: 'clean' });
    }
    const requests = origin.requests.filter(({ target }) => target === '/h2c');
    expect(requests).toHaveLength(2);
    for (const request of requests) {
      expect(request.values('upgrade')).toEqual([]);
      expect(request.values('http2-settings')).toEqual([]);
    }
  });
});

async function ask(port: number, target = '/tunnel') {
  const client = await connectRaw(port);
  await client.send(HANDSHAKE.replace('/tunnel', target));
  return client.response();
}

function chunked(statusLine: string, body: string): Buffer {
  return Buffer.from(
    `${statusLine}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  );
}

function closeOf(socket: WebSocket): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
}
