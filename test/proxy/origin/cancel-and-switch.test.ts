import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { unreachableOrigin } from '../../support/dead-ends.ts';
import { answer, type OriginRequest, startOrigin } from '../../support/origin.ts';
import { atTeardown } from '../../support/teardown.ts';
import { turn, within } from '../../support/wait.ts';
import { type Asked, ask, connectionsTo } from './asked.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** Answers `/next`, and anything else by these packets and then no more. */
function startingWith(...packets: string[]) {
  return async function* ({ target }: OriginRequest) {
    if (target === '/next') yield answer('ok');
    else yield* packets;
  };
}

/** Nothing more is told (`ask` sees to that), the connection is closed, and the next request has another. */
async function expectCancelled(origin: Awaited<ReturnType<typeof startOrigin>>, next: () => Asked): Promise<void> {
  await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  expect(await next().outcome()).toEqual({ status: 200, body: 'ok' });
  await turn();
  expect(origin.faults).toEqual([]);
}

describe('a request that is cancelled', () => {
  test('while its connection is being opened is not sent', async () => {
    const connections = connectionsTo(await unreachableOrigin());
    const asked = ask(connections, '/');
    asked.cancel();
    await turn();
    expect(asked.sentTimes).toBe(0);
  });

  test('while TLS is being agreed on takes its connection along', async () => {
    const server = createServer((socket) => socket.on('error', () => {}).resume());
    atTeardown(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const accepted = once(server, 'connection');
    const connections = connectionsTo(`https://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const asked = ask(connections, '/');
    const [socket] = (await accepted) as [Socket];
    asked.cancel();
    await within(once(socket, 'close'), 'the close');
    expect(asked.sentTimes).toBe(0);
  });

  test('before its response', async () => {
    const origin = await startOrigin(startingWith());
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/');
    await origin.requestFor('/');
    asked.cancel();
    await expectCancelled(origin, () => ask(connections, '/next'));
  });

  test('while it is about to be sent', async () => {
    const origin = await startOrigin(startingWith());
    const connections = connectionsTo(origin.url);
    const { promise, resolve } = Promise.withResolvers<void>();
    ask(connections, '/', {
      onSent(asked) {
        asked.cancel();
        resolve();
      },
    });
    await within(promise, 'the time to send it');
    expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: 'ok' });
    expect(origin.requests.map(({ target }) => target)).toEqual(['/next']);
  });

  test('within the body of the response', async () => {
    const origin = await startOrigin(startingWith(`${OK}Content-Length: 10\r\n\r\nhello`));
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/');
    await asked.begun;
    asked.cancel();
    await expectCancelled(origin, () => ask(connections, '/next'));
  });

  test('while the response is paused', async () => {
    const origin = await startOrigin(startingWith(`${OK}Content-Length: 9999999\r\n\r\n`, 'x'.repeat(9_000_000)));
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/', { onBody: () => false });
    await asked.begun;
    asked.cancel();
    asked.call.resume();
    await expectCancelled(origin, () => ask(connections, '/next'));
  });

  test('by who hears its head, of which the rest came in the same packet', async () => {
    for (const rest of [
      'Content-Length: 5\r\n\r\nhello',
      'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    ]) {
      const origin = await startOrigin(startingWith(OK + rest));
      const connections = connectionsTo(origin.url);
      let next: Asked | undefined;
      ask(connections, '/', {
        onHead(asked) {
          asked.cancel();
          // As late in this turn of the loop as can be.
          process.nextTick(() =>
            setImmediate(() => {
              next = ask(connections, '/next');
            }),
          );
        },
      });
      await within(origin.requestFor('/next'), 'the next request');
      expect(await next?.outcome()).toEqual({ status: 200, body: 'ok' });
      expect(origin.requests.map(({ connection }) => connection.id)).toEqual([0, 1]);
    }
  });

  test('by who hears its body, of which the rest came in the same packet', async () => {
    const chunks = '5\r\nhello\r\n5\r\nworld\r\n0\r\n\r\n';
    const origin = await startOrigin(startingWith(`${OK}Transfer-Encoding: chunked\r\n\r\n${chunks}`));
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/', {
      onBody(self) {
        self.cancel();
        return false;
      },
    });
    await asked.begun;
    await expectCancelled(origin, () => ask(connections, '/next'));
    expect(asked.text).toBe('hello');
  });

  test('while the client still sends lets go of its body at its next piece', async () => {
    const origin = await startOrigin(startingWith());
    const connections = connectionsTo(origin.url);
    const { promise, resolve } = Promise.withResolvers<void>();
    let closed = false;
    async function* body() {
      try {
        yield Buffer.from('hello');
        await promise;
        yield Buffer.from('world');
      } finally {
        closed = true;
      }
    }
    const asked = ask(connections, '/', { method: 'POST', body: body() });
    const request = await origin.requestFor('/');
    asked.cancel();
    await expectCancelled(origin, () => ask(connections, '/next'));
    resolve();
    await turn();
    expect(closed).toBe(true);
    expect(request.state).toBe('cut');
  });

  test('before a client that goes away, whose error nobody needs', async () => {
    const origin = await startOrigin(startingWith());
    const connections = connectionsTo(origin.url);
    const { promise, reject } = Promise.withResolvers<void>();
    for (const length of [undefined, 0]) {
      async function* body() {
        await promise;
        yield Buffer.alloc(0);
      }
      const asked = ask(connections, '/', { method: 'POST', body: body(), length });
      if (length === undefined) await origin.requestFor('/');
      asked.cancel();
    }
    reject(new Error('gone'));
    await expectCancelled(origin, () => ask(connections, '/next'));
  });

  test('after its end is no trouble to the next one on its connection', async () => {
    const origin = await startOrigin();
    const connections = connectionsTo(origin.url);
    const asked = ask(connections, '/');
    await asked.over;
    const next = ask(connections, '/next');
    await turn();
    asked.cancel();
    expect(await next.outcome()).toEqual({ status: 200, body: 'ok' });
    expect(origin.connections).toHaveLength(1);
  });
});

describe('an origin that switches protocols', () => {
  const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nX: y\r\n\r\n';

  test('is handed over with what came in the same packet, and is ours no more', async () => {
    const origin = await startOrigin(async function* ({ connection }) {
      yield `${SWITCH}first `;
      yield 'second';
      connection.end();
    });
    const connections = connectionsTo(origin.url, { idle: 20 });
    const asked = ask(connections, '/', { upgrade: true });
    await asked.over;
    expect(asked.fields).toMatchObject({ upgrade: 'websocket', x: 'y' });
    expect(origin.requests[0]?.values('connection')).toEqual(['upgrade']);
    expect(origin.requests[0]?.values('upgrade')).toEqual(['websocket']);
    const socket = asked.socket as Socket;
    connections.destroy();
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.resume();
    await within(once(socket, 'end'), 'the end');
    expect(text).toBe('first second');
    // Half of it is still open.
    expect(socket.writable).toBe(true);
    expect(socket.timeout).toBe(0);
    for (const event of ['data', 'timeout', 'drain']) expect(socket.listenerCount(event)).toBeLessThanOrEqual(1);
    socket.end();
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  });

  test('has a connection of its own, for one that is kept is no stream', async () => {
    const origin = await startOrigin(async function* ({ target, connection }) {
      if (target === '/page') {
        yield answer('page');
        return;
      }
      yield SWITCH;
      yield 'and on it goes';
      connection.end();
    });
    const connections = connectionsTo(origin.url);
    expect(await ask(connections, '/page').outcome()).toEqual({ status: 200, body: 'page' });
    for (let i = 0; i < 4; i++) await turn();
    const asked = ask(connections, '/', { upgrade: true });
    await asked.over;
    let text = '';
    const socket = asked.socket as Socket;
    socket.on('data', (bytes) => {
      text += bytes;
    });
    socket.resume();
    await within(once(socket, 'end'), 'the end');
    expect(text).toBe('and on it goes');
    expect(origin.connections).toHaveLength(2);
    socket.destroy();
  });

  test('may refuse, and its connection is used again', async () => {
    const origin = await startOrigin(() => answer('no', { status: '426 Upgrade Required' }));
    const connections = connectionsTo(origin.url);
    expect(await ask(connections, '/', { upgrade: true }).outcome()).toEqual({ status: 426, body: 'no' });
    expect(await ask(connections, '/').outcome()).toEqual({ status: 426, body: 'no' });
    expect(origin.connections).toHaveLength(1);
  });

  test('unasked is broken', async () => {
    const origin = await startOrigin(() => SWITCH);
    const connections = connectionsTo(origin.url);
    expect(await ask(connections, '/').outcome()).toEqual({ error: 'http_protocol_error' });
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  });
});
