import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/proxy/error.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../../support/origin.ts';
import { atTeardown } from '../../support/teardown.ts';
import { turn, within } from '../../support/wait.ts';
import { ask, connectionsTo } from './asked.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

/** A client's body, and how far it was read. */
class ClientBody implements AsyncIterable<Uint8Array> {
  pulled = 0;
  closed = false;
  readonly #chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

  constructor(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  static of(...texts: string[]): ClientBody {
    return new ClientBody(texts.map((text) => Buffer.from(text)));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#chunks) {
        this.pulled += chunk.byteLength;
        yield chunk;
      }
    } finally {
      this.closed = true;
    }
  }
}

function* pieces(count: number, size: number): Generator<Buffer> {
  // Each is its taker's, who may do with it as he likes.
  for (let i = 0; i < count; i++) yield Buffer.alloc(size, 'x');
}

/** An origin that reads nothing of a connection until it is told to. */
async function deafOrigin() {
  const sockets: Socket[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    socket.on('error', () => {});
    sockets.push(socket);
  });
  atTeardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, sockets };
}

/** Waits until `count` has been the same for so many turns of the loop that whatever could move has moved. */
async function untilStill(count: () => number): Promise<number> {
  let last = -1;
  for (let still = 0; still < 100; still++) {
    await nextTurn();
    if (count() !== last) still = 0;
    last = count();
  }
  return last;
}

describe('the body of a request', () => {
  const expectSeen = async (origin: ScriptedOrigin, body: string, fields: Record<string, string[]>) => {
    const request = await origin.requestFor('/body');
    expect(await request.arrived).toBe('whole');
    expect(request.body).toBe(body);
    for (const [name, values] of Object.entries(fields)) expect(request.values(name), name).toEqual(values);
    expect(origin.faults).toEqual([]);
  };

  test('of a length that is known is sent as it is', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    const body = ClientBody.of('hel', '', 'lo');
    expect(await ask(connections, '/body', { method: 'POST', body, length: 5 }).outcome()).toMatchObject({
      body: 'ok',
    });
    await expectSeen(origin, 'hello', { 'content-length': ['5'], 'transfer-encoding': [] });
    await ask(connections, '/next').over;
    expect(origin.connections).toHaveLength(1);
  });

  test('of a length that is not known is sent in chunks, and none of them looks like the last', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    const body = ClientBody.of('', 'hello', '', '0\r\n\r\n', 'x'.repeat(300), '');
    expect(await ask(connections, '/body', { method: 'POST', body }).outcome()).toMatchObject({ body: 'ok' });
    await expectSeen(origin, `hello0\r\n\r\n${'x'.repeat(300)}`, {
      'content-length': [],
      'transfer-encoding': ['chunked'],
    });
    await ask(connections, '/next').over;
    expect(origin.connections).toHaveLength(1);
  });

  test('may be empty, in chunks', async () => {
    const origin = await startOrigin();
    const asked = ask(connectionsTo(origin.url), '/body', { method: 'POST', body: ClientBody.of() });
    expect(await asked.outcome()).toMatchObject({ body: 'ok' });
    await expectSeen(origin, '', { 'transfer-encoding': ['chunked'] });
  });

  test('may be absent, and its length told', async () => {
    const origin = await startOrigin();
    const asked = ask(connectionsTo(origin.url), '/body', { method: 'POST', length: 0 });
    expect(await asked.outcome()).toMatchObject({ body: 'ok' });
    await expectSeen(origin, '', { 'content-length': ['0'] });
  });

  test('of no bytes makes a request that is not sent before the client has ended it', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    await ask(connections, '/first').over;
    const { promise, resolve } = Promise.withResolvers<void>();
    const body = new ClientBody(
      (async function* () {
        await promise;
        yield Buffer.alloc(0);
      })(),
    );
    const asked = ask(connections, '/body', { method: 'POST', body, length: 0 });
    await ask(connections, '/next').over;
    expect(asked.sentTimes).toBe(0);
    resolve();
    expect(await asked.outcome()).toMatchObject({ body: 'ok' });
    await expectSeen(origin, '', { 'content-length': ['0'] });
    expect(origin.connections).toHaveLength(1);
  });

  const wrong = [
    { name: 'longer than its length', body: ['hello', ' world'], length: 8 },
    { name: 'longer than its length in one piece', body: ['hello world'], length: 5 },
    { name: 'longer than its length of 0', body: ['GET / HTTP/1.1\r\nHost: evil\r\n\r\n'], length: 0 },
    { name: 'shorter than its length', body: ['hel', 'lo'], length: 6 },
    { name: 'none, though it has a length', body: [], length: 1 },
  ];
  test.each(wrong)('that is $name never looks whole to the origin', async ({ body, length }) => {
    const origin = await startOrigin();
    const asked = ask(connectionsTo(origin.url), '/body', { method: 'POST', body: ClientBody.of(...body), length });
    expect(await asked.outcome()).toEqual({ error: 'bad_request' });
    for (const connection of origin.connections) {
      await within(connection.closed, 'the close');
      for (const request of connection.requests) expect(await request.arrived).toBe('cut');
      expect(connection.requests.length).toBeLessThanOrEqual(1);
    }
  });

  test.each([5, undefined])('that breaks off never looks whole to the origin (length: %s)', async (length) => {
    const origin = await startOrigin();
    const gone = new ProxyError('client_disconnected');
    const { promise, reject } = Promise.withResolvers<void>();
    const body = new ClientBody(
      (async function* () {
        yield Buffer.from('hell');
        await promise;
      })(),
    );
    const asked = ask(connectionsTo(origin.url), '/body', { method: 'POST', body, length });
    const request = await origin.requestFor('/body');
    reject(gone);
    await asked.over;
    expect(asked.error).toBe(gone);
    expect(await request.arrived).toBe('cut');
  });

  test.each([512 * MIB, undefined])('is read no faster than the origin takes it (length: %s)', async (length) => {
    const { url, server, sockets } = await deafOrigin();
    const body = new ClientBody(pieces(8192, 64 * KIB));
    const connected = once(server, 'connection');
    const asked = ask(connectionsTo(url), '/body', { method: 'POST', body, length });
    await connected;
    // What the system itself holds for a connection, and a little of ours.
    expect(await untilStill(() => body.pulled)).toBeLessThan(16 * MIB);
    let taken = 0;
    const socket = sockets[0] as Socket;
    const more = Promise.withResolvers<void>();
    socket.on('data', (bytes) => {
      taken += bytes.length;
      if (taken > 64 * MIB) more.resolve();
    });
    socket.resume();
    await within(more.promise, 'the body to go on');
    asked.cancel();
    await within(once(socket, 'close'), 'the close');
  });

  test('is let go when the connection breaks while the origin takes nothing', async () => {
    const { url, server, sockets } = await deafOrigin();
    const body = new ClientBody(pieces(8192, 64 * KIB));
    const connected = once(server, 'connection');
    const asked = ask(connectionsTo(url), '/body', { method: 'POST', body });
    await connected;
    await untilStill(() => body.pulled);
    sockets[0]?.resetAndDestroy();
    expect(await asked.outcome()).toMatchObject({ error: expect.stringMatching(/ECONNRESET|EPIPE/) });
    await turn();
    expect(body.closed).toBe(true);
  });

  test('is sent no further once the response is there, whose connection is not used again (RFC 9112 §9.3)', async () => {
    const origin = await startOrigin(async function* () {
      yield answer('early');
    });
    const connections = connectionsTo(origin.url);
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const body = new ClientBody(
      (async function* () {
        yield Buffer.from('first');
        await first.promise;
        yield Buffer.from('second');
        await second.promise;
      })(),
    );
    const asked = ask(connections, '/body', { method: 'POST', body });
    expect(await asked.outcome()).toEqual({ status: 200, body: 'early' });
    const request = await origin.requestFor('/body');
    expect(await request.arrived).toBe('cut');
    first.resolve();
    await turn();
    expect(body.closed).toBe(true);
    expect(request.body).toBe('first');
    await ask(connections, '/next').over;
    expect(origin.connections).toHaveLength(2);
  });

  test('and the body of the response pass each other', async () => {
    const origin = await startOrigin(async function* (request) {
      yield CHUNKED;
      for (let sent = 0; sent < 3; ) {
        if (request.body.length > sent) yield `1\r\n${request.body[sent++]}\r\n`;
        else await nextTurn();
      }
      await request.arrived;
      yield '0\r\n\r\n';
    });
    async function* sayAfterHearing() {
      for (const each of ['a', 'b', 'c']) {
        yield Buffer.from(each);
        while (!asked.text.includes(each)) await nextTurn();
      }
    }
    const asked = ask(connectionsTo(origin.url), '/body', { method: 'POST', body: new ClientBody(sayAfterHearing()) });
    expect(await asked.outcome()).toEqual({ status: 200, body: 'abc' });
  });
});

describe('the body of a response', () => {
  /** As much as the origin has, which sends no faster than it is taken. */
  function bigOrigin(size: number) {
    return startOrigin(async function* () {
      yield `${OK}Content-Length: ${size}\r\n\r\n`;
      for (const piece of pieces(size / MIB, MIB)) yield piece;
    });
  }

  test('is read no faster than it is taken', async () => {
    const origin = await bigOrigin(64 * MIB);
    const asked = ask(connectionsTo(origin.url), '/big', { onBody: () => false });
    await asked.begun;
    expect(await untilStill(() => asked.received)).toBeLessThanOrEqual(64 * KIB);
    expect(origin.connections[0]?.unsent).toBeGreaterThan(0);
    while (!asked.isOver) {
      const before = asked.chunks.length;
      asked.call.resume();
      // Each piece pauses it anew.
      while (!asked.isOver && asked.chunks.length === before) await nextTurn();
      expect(asked.chunks.length - before).toBeLessThanOrEqual(1);
    }
    expect(asked.received).toBe(64 * MIB);
    await ask(connectionsTo(origin.url), '/next', { onBody: (next) => Boolean(setImmediate(() => next.cancel())) })
      .begun;
  });

  test('goes on by itself where its end came before the pause', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    for (let i = 0; i < 3; i++) {
      const asked = ask(connections, '/small', { onBody: () => false });
      expect(await asked.outcome()).toEqual({ status: 200, body: 'ok' });
    }
    expect(origin.connections).toHaveLength(1);
  });

  test('that is paused may be resumed any number of times, and after its end', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/small');
    asked.call.resume();
    await asked.over;
    asked.call.resume();
    const next = ask(connections, '/next', { onBody: () => false });
    asked.call.resume();
    expect(await next.outcome()).toEqual({ status: 200, body: 'ok' });
  });

  test('that the connection breaks off is told to be broken, once, while the request goes on', async () => {
    const origin = await startOrigin(async function* (request) {
      yield `${CHUNKED}5\r\nhello\r\n`;
      request.connection.reset();
    });
    const body = new ClientBody(pieces(1000, KIB));
    const asked = ask(connectionsTo(origin.url), '/reset', { method: 'POST', body });
    expect(await asked.outcome()).toMatchObject({ error: expect.stringMatching(/ECONNRESET|EPIPE/) });
  });

  test.each([
    { name: 'before its first byte', sent: '', error: 'connection_terminated' },
    { name: 'within its head', sent: OK, error: 'connection_terminated' },
    { name: 'within its body', sent: `${OK}Content-Length: 5\r\n\r\nhell`, error: 'http_response_incomplete' },
    { name: 'before its last chunk', sent: `${CHUNKED}5\r\nhello\r\n`, error: 'http_response_incomplete' },
  ])('that ends $name is told to be broken, though the request is still being sent', async ({ sent, error }) => {
    const origin = await startOrigin(async function* (request) {
      if (sent !== '') yield sent;
      request.connection.end();
    });
    const never = new ClientBody(
      (async function* () {
        yield Buffer.from('x');
        await new Promise(() => {});
      })(),
    );
    const asked = ask(connectionsTo(origin.url), '/ended', { method: 'POST', body: never });
    expect(await asked.outcome()).toEqual({ error });
  });

  test('may be told by the close', async () => {
    const origin = await startOrigin(async function* (request) {
      yield `${OK}\r\nhello`;
      request.connection.end();
    });
    expect(await ask(connectionsTo(origin.url), '/').outcome()).toEqual({ status: 200, body: 'hello' });
  });

  test('is given up after too long a silence within it; a slow client and a head that takes its time are not', async () => {
    const origin = await startOrigin(async function* ({ target, connection }) {
      if (target === '/thinking') await connection.closed;
      yield CHUNKED;
      if (target !== '/head') yield '5\r\nhello\r\n';
      if (target === '/slow-client') yield '0\r\n\r\n';
    });
    const connections = connectionsTo(origin.url, { idle: 50 });
    const thinking = ask(connections, '/thinking');
    const slowClient = ask(connections, '/slow-client', { onBody: () => false });
    await slowClient.begun;
    // These begin last, and so end last.
    const silent = [ask(connections, '/silent'), ask(connections, '/head')];
    for (const each of silent) expect(await each.outcome()).toEqual({ error: 'http_response_timeout' });
    expect([thinking.isOver, slowClient.isOver]).toEqual([false, false]);
    slowClient.call.resume();
    expect(await slowClient.outcome()).toEqual({ status: 200, body: 'hello' });
  });
});

describe('a listener that throws breaks the response off, and hears what it threw', () => {
  test.each(['onHead', 'onBody'] as const)('in %s', async (hook) => {
    const origin = await startOrigin();
    const mine = new ProxyError('proxy_internal_error', 'mine');
    const asked = ask(connectionsTo(origin.url), '/', {
      [hook]: () => {
        throw mine;
      },
    });
    await asked.over;
    expect(asked.error).toBe(mine);
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  });
});
