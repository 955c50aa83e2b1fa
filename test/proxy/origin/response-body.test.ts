import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { ProxyError } from '../../../src/proxy/error.ts';
import { startOrigin } from '../../support/origin.ts';
import { within } from '../../support/wait.ts';
import { ask, connectionsTo } from './asked.ts';
import { ClientBody, KIB, MIB, pieces, untilStill } from './client-body.ts';

const OK = 'HTTP/1.1 200 OK\r\n';
const CHUNKED = `${OK}Transfer-Encoding: chunked\r\n\r\n`;

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
