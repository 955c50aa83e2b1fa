import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { headersFrame, SETTING, windowUpdateFrame } from '../support/h2-frames.ts';
import { type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { startPortico } from '../support/portico.ts';
import { connectRaw } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { within } from '../support/wait.ts';
import { frontDoor } from './front-door.ts';

/** Bodies of any size go through as fast as the slower side takes them, and are never kept waiting in memory. */

const MIB = 2 ** 20;
/** More than any buffers on the way hold. */
const BODY = 64 * MIB;
/** What the system's socket buffers and our own may hold of it: on loopback the former take up to 6 MiB each. */
const HELD = 32 * MIB;
const CHUNK = Buffer.alloc(MIB / 4, 'x');

/** Counts what it was able to send. */
async function startLargeOrigin(): Promise<{ origin: ScriptedOrigin; sent: () => number }> {
  let sent = 0;
  const origin = await startOrigin(async function* () {
    yield `HTTP/1.1 200 OK\r\nContent-Length: ${BODY}\r\n\r\n`;
    for (; sent < BODY; sent += CHUNK.length) yield CHUNK;
  });
  return { origin, sent: () => sent };
}

/** Resolves when a count has not changed for a while. */
async function standstill(count: () => number): Promise<number> {
  for (let last = -1; ; ) {
    const now = count();
    if (now === last) return now;
    last = now;
    await new Promise((resolve) => setTimeout(resolve, 700));
  }
}

test('an origin is held back by a client of HTTP/1.1 that does not read, and then brings all of it', async () => {
  const { origin, sent } = await startLargeOrigin();
  const portico = await startPortico(frontDoor({ origins: [origin.url] }));
  const client = await connectRaw(portico.port());
  await client.send('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
  client.socket.pause();
  expect(await standstill(sent)).toBeLessThan(HELD);
  client.socket.resume();
  const response = await client.response('GET', 15_000);
  expect(response).toMatchObject({ status: 200, end: 'clean' });
  expect(response.body.length).toBe(BODY);
});

test('an origin is held back by a stream of HTTP/2 whose window is shut, and other streams are not', async () => {
  const { origin, sent } = await startLargeOrigin();
  const portico = await startPortico(frontDoor({ origins: [origin.url] }));
  const client = await connectH2(portico.port(1), { settings: { [SETTING.INITIAL_WINDOW_SIZE]: 65_535 } });
  const fields = (path: string) =>
    [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':authority', 'a'],
      [':path', path],
    ] as const;
  const stream = client.newStream();
  await client.send(headersFrame(stream, fields('/large')));
  expect(await standstill(sent)).toBeLessThan(HELD);

  origin.script = () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
  expect(await client.request(fields('/small'))).toMatchObject({ status: 200, body: 'ok' });

  await client.send(windowUpdateFrame(stream, BODY));
  const outcome = await client.outcome(stream, 15_000);
  expect(outcome).toMatchObject({ status: 200, end: 'clean' });
  expect(outcome.body.length).toBe(BODY);
});

test('a client of HTTP/1.1 is held back by an origin that does not read', async () => {
  const origin = await startLazyOrigin();
  const portico = await startPortico(frontDoor({ origins: [origin.url] }));
  const client = await connectRaw(portico.port());
  await client.send(`PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY}\r\n\r\n`);
  let sent = 0;
  const sending = (async () => {
    for (; sent < BODY; sent += CHUNK.length) await client.send(CHUNK);
  })();
  expect(await standstill(() => sent)).toBeLessThan(HELD);
  origin.read();
  await sending;
  expect(await client.response('PUT', 15_000)).toMatchObject({ status: 200, body: String(BODY) });
});

test('so is a client of HTTP/2', async () => {
  const origin = await startLazyOrigin();
  const portico = await startPortico(frontDoor({ origins: [origin.url] }));
  const session = connectHttp2(portico.url(1), { rejectUnauthorized: false });
  atTeardown(() => session.destroy());
  const request = session.request({ ':method': 'PUT', ':path': '/large', 'content-length': String(BODY) });
  const answered = once(request, 'response');
  let sent = 0;
  const sending = (async () => {
    while (sent < BODY) {
      await new Promise((resolve) => request.write(CHUNK, resolve));
      sent += CHUNK.length;
    }
    request.end();
  })();
  expect(await standstill(() => sent)).toBeLessThan(HELD);
  origin.read();
  await sending;
  const [head] = await within(answered, 'the answer', 15_000);
  expect(head[':status']).toBe(200);
});

test('an origin that takes no more of a body is silent, and the splash page comes at its time', async () => {
  const origin = await startLazyOrigin();
  const site = { splash: { after: '500ms' } };
  const portico = await startPortico(frontDoor({ origins: [origin.url], site }));
  const client = await connectRaw(portico.port());
  await client.send(`PUT /stuck HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY}\r\n\r\n`);
  const answered = client.response('PUT');
  for (let sent = 0; sent < BODY; sent += CHUNK.length) void client.send(CHUNK);
  expect(await answered).toMatchObject({ status: 504, end: 'clean' });
  expect(await portico.accessLog.lineFor('/stuck')).toMatchObject({ error: 'http_response_timeout', splash: true });
});

/** Takes connections and reads nothing from them until `read` is called; answers with the length of the body. */
async function startLazyOrigin() {
  const sockets: Socket[] = [];
  let reading = false;
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    if (reading) count(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  atTeardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    read() {
      reading = true;
      for (const socket of sockets) count(socket);
    },
  };
}

function count(socket: Socket): void {
  let head = '';
  let received = 0;
  socket.on('data', (bytes: Buffer) => {
    if (received === 0 && !head.includes('\r\n\r\n')) {
      head += bytes.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end !== -1) received = head.length - end - 4;
    } else {
      received += bytes.length;
    }
    if (received === BODY) {
      const body = String(received);
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    }
  });
  socket.resume();
}
