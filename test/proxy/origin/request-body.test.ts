import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/proxy/error.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../../support/origin.ts';
import { atTeardown } from '../../support/teardown.ts';
import { turn, within } from '../../support/wait.ts';
import { ask, connectionsTo } from './asked.ts';
import { ClientBody, KIB, MIB, pieces, untilStill } from './client-body.ts';

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

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
