import { once } from 'node:events';
import { connect as tlsConnect } from 'node:tls';
import { beforeAll, describe, expect, test } from 'vitest';
import { connectH2, H2Client } from '../support/h2-client.ts';
import { TYPE } from '../support/h2-frames.ts';
import { answer, type Script, startOrigin } from '../support/origin.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fieldOf, openSocket, type RawClient } from '../support/raw-client.ts';
import { within } from '../support/wait.ts';
import { startWebSocketOrigin, WebSocketClient } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** SIGTERM: no new connections, what runs is finished, and everybody is told. */

async function scene(script: Script = () => answer('ok'), node: object = {}) {
  const origin = await startOrigin((request) => (request.target === '/scout' ? answer('ok') : script(request)));
  return { origin, portico: await startPortico(frontDoor({ origins: [origin.url], node: { workers: 1, ...node } })) };
}

/** Sends the signal; resolves once the worker has heard of it, with the promise of the exit status. */
async function beginStop(portico: Portico, signal: NodeJS.Signals = 'SIGTERM'): Promise<{ exited: Promise<number> }> {
  const scout = await connectRaw(portico.port());
  await scout.send(get('/scout'));
  await scout.response();
  portico.signal(signal);
  await untilGoodbye(scout);
  return { exited: within(portico.exited, () => `the exit; the log ends with\n${portico.events.tail()}`, 9000) };
}

describe('at a stop, by HTTP/1.1', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('%s: a request that is under way gets its answer', async (signal) => {
    const { promise: asked, resolve: goOn } = Promise.withResolvers<void>();
    const { origin, portico } = await scene(async function* () {
      await asked;
      yield answer('at last');
    });
    const client = await connectRaw(portico.port());
    await client.send(get('/slow'));
    await origin.requestFor('/slow');

    const { exited } = await beginStop(portico, signal);
    goOn();
    const response = await client.response();
    expect(response).toMatchObject({ status: 200, body: 'at last', end: 'clean' });
    expect(fieldOf(response, 'connection')).toBe('close');
    expect(await client.closed).toBe('ended');
    expect(await exited).toBe(0);
    expect(await portico.accessLog.lineFor('/slow')).toMatchObject({ status: 200 });
    expect(portico.events.all.at(-1)).toMatchObject({ message: 'stopped', level: 'info' });
  });

  test('an answer whose head is out already is sent to its end', async () => {
    const { promise: asked, resolve: goOn } = Promise.withResolvers<void>();
    const { portico } = await scene(async function* () {
      yield 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n';
      await asked;
      yield '4\r\nlast\r\n0\r\n\r\n';
    });
    const client = await connectRaw(portico.port());
    await client.send(get('/stream'));
    await untilReceived(client, 'first');

    const { exited } = await beginStop(portico);
    goOn();
    expect(await client.response()).toMatchObject({ body: 'firstlast', end: 'clean' });
    expect(await exited).toBe(0);
  });

  test('an upload that is under way is taken to its end', async () => {
    const { origin, portico } = await scene();
    const client = await connectRaw(portico.port());
    await client.send('POST /upload HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 10\r\n\r\nfirst');
    const request = await origin.requestFor('/upload');

    const { exited } = await beginStop(portico);
    await client.send('after');
    expect(await client.response('POST')).toMatchObject({ status: 200 });
    expect(request.body).toBe('firstafter');
    expect(await exited).toBe(0);
  });

  test('requests that idle connections send just then are answered, and told that they were the last', async () => {
    const { portico } = await scene();
    const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw(portico.port())));
    const ask = clients.map(async (client) => {
      await client.send(get('/before'));
      return client.response();
    });
    for (const before of await Promise.all(ask)) expect(before).toMatchObject({ status: 200 });

    const { exited } = await beginStop(portico);
    await Promise.all(clients.map((client) => client.send(get('/after'))));
    for (const client of clients) {
      const response = await client.response();
      expect(response).toMatchObject({ status: 200, end: 'clean' });
      expect(fieldOf(response, 'connection')).toBe('close');
    }
    expect(await exited).toBe(0);
  });

  describe('connections do not hold it up', () => {
    const KINDS = [
      { name: 'have nothing to say any more', listener: 0, tls: {}, first: get('/') },
      { name: 'never said anything', listener: 0, tls: {}, first: '' },
      { name: 'never said anything after the handshake', listener: 1, tls: { tls: {} }, first: '' },
      { name: 'never began the handshake', listener: 1, tls: {}, first: '' },
    ];
    let clients: readonly RawClient[];
    let status: number;

    beforeAll(async () => {
      const { portico } = await scene();
      clients = await Promise.all(
        KINDS.map(async ({ listener, tls, first }) => {
          const client = await connectRaw(portico.port(listener), tls);
          await client.send(first);
          if (first !== '') await client.response();
          return client;
        }),
      );
      status = await portico.stop(4000);
    });

    test.each(KINDS.map(({ name }, i) => ({ name, i })))('that $name', async ({ i }) => {
      expect(status).toBe(0);
      expect(await clients[i]?.closed).toBe('ended');
    });
  });

  test('nobody new is let in', async () => {
    const { origin, portico } = await scene(() => undefined, { stop_timeout: '1s' });
    const client = await connectRaw(portico.port());
    await client.send(get('/silent'));
    await origin.requestFor('/silent');
    const { exited } = await beginStop(portico);
    await expect(connectRaw(portico.port(0))).rejects.toThrow('ECONNREFUSED');
    await expect(connectRaw(portico.port(1))).rejects.toThrow('ECONNREFUSED');
    expect(await exited).toBe(0);
  });
});

describe('at a stop, by HTTP/2', () => {
  const REQUEST = [
    [':method', 'GET'],
    [':scheme', 'https'],
    [':authority', 'www.example.com'],
  ] as const;

  test('streams that are open are answered; one that comes too late is told not to have been processed', async () => {
    const { promise: asked, resolve: goOn } = Promise.withResolvers<void>();
    const { origin, portico } = await scene(async function* (request) {
      await asked;
      yield answer(request.target);
    });
    const client = await connectH2(portico.port(1));
    const slow = client.request([...REQUEST, [':path', '/slow']]);
    await origin.requestFor('/slow');
    client.socket.pause(); // It has not seen the GOAWAY when it sends the second.

    const { exited } = await beginStop(portico);
    const late = client.request([...REQUEST, [':path', '/late']]);
    client.socket.resume();
    goOn();
    expect(await slow).toMatchObject({ status: 200, body: '/slow', end: 'clean' });
    expect(await late).toMatchObject({ end: 'closed', code: 'NO_ERROR' });
    const goaway = await client.frameWhere(({ type }) => type === TYPE.GOAWAY, 'GOAWAY');
    expect(goaway.payload.readUInt32BE(0), 'the last stream that was processed').toBe(1);
    expect(origin.requests.map(({ target }) => target)).not.toContain('/late');
    expect(await exited).toBe(0);
  });

  test('a session that is only being made gets an answer too', async () => {
    const { portico } = await scene();
    const socket = await openSocket(portico.port(1), {});
    const { exited } = await beginStop(portico);
    const secured = tlsConnect({ socket, ALPNProtocols: ['h2'], rejectUnauthorized: false });
    await within(once(secured, 'secureConnect'), 'the handshake');
    const client = new H2Client(secured, {});
    expect(await client.request([...REQUEST, [':path', '/']])).toMatchObject({ status: 200, end: 'clean' });
    await client.closed;
    expect(client.goaway).toBe('NO_ERROR');
    expect(await exited).toBe(0);
  });

  test('a session without streams does not hold it up', async () => {
    const { portico } = await scene();
    const client = await connectH2(portico.port(1));
    await client.request([...REQUEST, [':path', '/']]);
    expect(await portico.stop(4000)).toBe(0);
    await client.closed;
    expect(client.goaway).toBe('NO_ERROR');
  });
});

describe('what does not end by itself', () => {
  test('is cut at node.stop_timeout, and counted', async () => {
    const { origin, portico } = await scene(() => undefined, { stop_timeout: '1s' });
    const client = await connectRaw(portico.port());
    await client.send(get('/silent'));
    await origin.requestFor('/silent');

    const { exited } = await beginStop(portico);
    expect(await client.next()).toBeUndefined();
    expect(await exited).toBe(0);
    const cut = portico.events.all.find(({ message }) => message === 'exchanges were cut at the deadline');
    expect(cut).toMatchObject({ level: 'warn', count: 1 });
    expect(await portico.accessLog.lineFor('/silent')).toMatchObject({ error: 'proxy_internal_error' });
  });

  test('is cut at once by a second signal', async () => {
    const { origin, portico } = await scene(() => undefined);
    const client = await connectRaw(portico.port());
    await client.send(get('/silent'));
    await origin.requestFor('/silent');

    const { exited } = await beginStop(portico);
    portico.signal('SIGTERM');
    expect(await exited).toBe(1);
    await client.closed;
  });

  test('is a WebSocket: it goes on until node.stop_timeout', async () => {
    const origin = await startWebSocketOrigin();
    const portico = await startPortico(frontDoor({ origins: [origin.url], node: { stop_timeout: '1s' } }));
    const client = await WebSocketClient.open(`${portico.url()}/ws`);

    portico.signal('SIGTERM');
    await portico.events.waitFor('stopping');
    expect(await client.echo('still there?')).toBe('still there?');
    expect(await client.closed).toMatchObject({ code: 1006 });
    expect(await portico.exited).toBe(0);
    expect(await portico.accessLog.lineFor('/ws')).toMatchObject({ status: 101 });
  });

  test('is a WebSocket, until its client has closed it', async () => {
    const origin = await startWebSocketOrigin();
    const portico = await startPortico(frontDoor({ origins: [origin.url] }));
    const client = await WebSocketClient.open(`${portico.url()}/ws`);

    const exited = portico.stop();
    await portico.events.waitFor('stopping');
    client.socket.close(1000, 'enough');
    expect(await client.closed).toMatchObject({ code: 1000 });
    expect(await exited).toBe(0);
  });
});

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`;
}

/** Asks until an answer says that it is the last. */
async function untilGoodbye(client: RawClient): Promise<void> {
  for (;;) {
    await client.send(get('/scout'));
    if (fieldOf(await client.response(), 'connection') === 'close') return;
  }
}

async function untilReceived(
  client: { readonly received: Buffer; readonly socket: NodeJS.EventEmitter },
  text: string,
) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const look = () => client.received.includes(text) && resolve();
  client.socket.on('data', look);
  look();
  await within(promise, `"${text}" to arrive`);
}
