import { readFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Exchange } from '../../../src/proxy/exchange.ts';
import { turn, within } from '../../support/wait.ts';
import { Authority } from '../tls/authority.ts';
import { echo, type FrontOptions, get, startFront } from './front-on.ts';

const POST = 'POST /form HTTP/1.1\r\nHost: www.example.com\r\n';

async function textOf(exchange: Exchange): Promise<string> {
  let text = '';
  for await (const piece of exchange.body?.read() ?? []) text += Buffer.from(piece).toString('latin1');
  return text;
}

/** Answers with the body that came. */
async function echoBody(exchange: Exchange): Promise<void> {
  const text = await textOf(exchange);
  exchange.reply({ status: 200, fields: [] }, Buffer.from(text, 'latin1'));
}

const ways = [{ reads: 'lent' }, { reads: 'stream' }] as const;

describe.each(ways)('a connection whose bytes come as $reads', ({ reads }) => {
  test('answers one request after the other', async () => {
    const { connect } = await startFront({ reads });
    const client = await connect();
    for (const target of ['/a', '/b', '/b']) {
      await client.send(get(target));
      expect(await client.response()).toMatchObject({ status: 200, body: `answer to GET ${target}`, end: 'clean' });
    }
  });

  test('answers requests that come together in their order, in one packet', async () => {
    const { connect } = await startFront({ reads });
    const client = await connect();
    const packets: number[] = [];
    client.socket.on('data', (bytes) => packets.push(bytes.length));
    const targets = ['/a', '/b', '/c', '/d'];
    await client.send(targets.map((target) => get(target)).join(''));
    for (const target of targets) expect((await client.response()).body).toBe(`answer to GET ${target}`);
    expect(packets).toHaveLength(1);
  });

  test('has a request wait for the reply to the one before it', async () => {
    const { connect, exchanges } = await startFront({ reads, take: () => {} });
    const client = await connect();
    await client.send(get('/a') + get('/b'), get('/c'));
    await turn();
    for (const target of ['/a', '/b', '/c']) {
      echo(await exchanges.waitFor(({ head }) => head.target === target));
      expect(exchanges.all.at(-1)?.head.target).toBe(target);
      expect((await client.response()).body).toBe(`answer to GET ${target}`);
    }
  });

  test('reads requests byte by byte, and what stands between them', async () => {
    const { connect } = await startFront({ reads, take: echoBody });
    const client = await connect();
    await client.send(...`\r\n${POST}Content-Length: 5\r\n\r\nhello\r\n\r\n${get('/next')}`);
    expect((await client.response('POST')).body).toBe('hello');
    expect((await client.response()).status).toBe(200);
  });

  test('gives a body to its reader as it comes', async () => {
    const { connect, exchanges } = await startFront({ reads, take: () => {} });
    const client = await connect();
    await client.send(`${POST}Content-Length: 10\r\n\r\nhello`);
    const exchange = await exchanges.waitFor(() => true);
    const pieces = exchange.body?.read()[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    expect(Buffer.from((await pieces.next()).value).toString()).toBe('hello');
    await client.send('world');
    expect(Buffer.from((await pieces.next()).value).toString()).toBe('world');
    expect((await pieces.next()).done).toBe(true);
    expect(exchange.body?.bytesReceived).toBe(10);
  });

  test('carries a large body unharmed, and holds its client up while nobody reads', async () => {
    const { connect, exchanges, sockets } = await startFront({ reads, take: () => {} });
    const client = await connect();
    const body = Buffer.from(Uint8Array.from({ length: 8_000_000 }, (_, i) => (i * 7) % 251));
    void client.send(`${POST}Content-Length: ${body.length}\r\n\r\n`, body);
    const exchange = await exchanges.waitFor(() => true);
    while (sockets[0]?.isPaused() === false) await nextTurn();
    expect(exchange.body?.bytesReceived).toBeLessThan(400_000);
    const pieces: Uint8Array[] = [];
    for await (const piece of exchange.body?.read() ?? []) pieces.push(piece);
    expect(Buffer.concat(pieces).equals(body)).toBe(true);
  });

  test('goes on after a whole body that nobody has read', async () => {
    const { connect, exchanges } = await startFront({ reads, take: () => {} });
    const client = await connect();
    await client.send(`${POST}Content-Length: 100000\r\n\r\n${'x'.repeat(100_000)}`);
    const exchange = await exchanges.waitFor(() => true);
    while (exchange.body?.bytesReceived !== 100_000) await nextTurn();
    echo(exchange);
    expect(await client.response('POST')).toMatchObject({ status: 200 });
    await client.send(get('/next'));
    echo(await exchanges.waitFor(({ head }) => head.target === '/next'));
    expect(await client.response()).toMatchObject({ body: 'answer to GET /next' });
  });

  test('holds up a client that sends requests ahead without end', async () => {
    const { connect, exchanges, sockets } = await startFront({ reads, take: () => {} });
    const client = await connect();
    const count = 20_000;
    void client.send(get('/many').repeat(count));
    await exchanges.waitFor(() => true);
    while (sockets[0]?.isPaused() === false) await nextTurn();
    expect(sockets[0]?.bytesRead).toBeLessThan(400_000);
    expect(exchanges.all).toHaveLength(1);
  });

  test('hands the socket over with what came after the handshake', async () => {
    const { connect } = await startFront({
      reads,
      take: (exchange) => {
        const socket = exchange.switchProtocols(['x', 'y']);
        socket.pipe(socket);
      },
    });
    const client = await connect();
    await client.send(`${get('/', 'Connection: Upgrade', 'Upgrade: websocket')}early`, 'late');
    client.finish();
    await client.closed;
    expect(client.received.toString()).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nx: y\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearlylate',
    );
  });

  test('tells of a client that is gone', async () => {
    for (const leave of ['finish', 'reset'] as const) {
      const abandoned = Promise.withResolvers<string>();
      const { connect, exchanges } = await startFront({
        reads,
        take: (exchange) => {
          exchange.listener = { drained: () => {}, abandoned: abandoned.resolve };
        },
      });
      const client = await connect();
      await client.send(get('/'));
      await exchanges.waitFor(() => true);
      client[leave]();
      expect(await within(abandoned.promise, 'the end of the exchange')).toBe('client_disconnected');
    }
  });
});

describe('a reply', () => {
  test('has its head sent while its body is still to come', async () => {
    const { connect } = await startFront({ take: (exchange) => exchange.respond({ status: 200, fields: ['a', 'b'] }) });
    const client = await connect();
    client.socket.once('data', () => client.socket.destroy());
    await client.send(get('/events'));
    await client.closed;
    expect(client.received.toString()).toBe('HTTP/1.1 200 OK\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n');
  });

  test('that comes early leaves the connection in the middle of a body, and so it ends there', async () => {
    const { connect } = await startFront();
    const client = await connect();
    await client.send(`${POST}Content-Length: 1000\r\n\r\n`, get('/smuggled'));
    expect((await client.untilClosed()).map(({ body }) => body)).toEqual(['answer to POST /form']);
  });

  test('is held up by a client that does not read, and goes on when it does', async () => {
    const chunk = Buffer.alloc(100_000, 'x');
    const total = 300;
    let sent = 0;
    const stalled = Promise.withResolvers<void>();
    const { connect } = await startFront({
      take: (exchange) => {
        const go = () => {
          while (sent < total) {
            sent += 1;
            if (!exchange.write(chunk)) return stalled.resolve();
          }
          exchange.end();
        };
        exchange.listener = { drained: go, abandoned: () => {} };
        exchange.respond({ status: 200, fields: [] });
        go();
      },
    });
    const client = await connect();
    client.socket.pause();
    await client.send(get('/'));
    await stalled.promise;
    await turn();
    expect(sent).toBeLessThan(total);
    client.socket.resume();
    const { body, end } = await client.response();
    expect({ length: body.length, end }).toEqual({ length: 30_000_000, end: 'clean' });
  });

  test('to a client that takes nothing is cut', async () => {
    const abandoned = Promise.withResolvers<string>();
    const { connect } = await startFront({
      timeouts: { write: 100 },
      take: (exchange) => {
        exchange.listener = { drained: () => {}, abandoned: abandoned.resolve };
        exchange.respond({ status: 200, fields: [] });
        while (exchange.write(Buffer.alloc(1_000_000)));
      },
    });
    const client = await connect();
    client.socket.pause();
    await client.send(get('/'));
    expect(await within(abandoned.promise, 'the end of the exchange')).toBe('client_disconnected');
  });
});

describe('expectations (RFC 9110 §10.1.1)', () => {
  test('are met when the body is read, not before', async () => {
    const { connect, exchanges } = await startFront({ take: () => {} });
    const client = await connect();
    await client.send(`${POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
    const exchange = await exchanges.waitFor(() => true);
    await turn();
    expect(client.received).toHaveLength(0);
    void echoBody(exchange);
    await client.interim(100);
    await client.send('hello');
    expect(await client.response('POST')).toMatchObject({ status: 200, body: 'hello' });
  });

  test('are not met where the reply comes first', async () => {
    const { connect } = await startFront({
      take: async (exchange) => {
        echo(exchange);
        await textOf(exchange).catch(() => {});
      },
    });
    const client = await connect();
    await client.send(`${POST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n`);
    expect(await client.response('POST')).toMatchObject({ status: 200, interim: [] });
    await client.untilClosed();
  });
});

describe('what is not HTTP', () => {
  test('is answered at once, told, and read no further', async () => {
    const { connect, unparsed, exchanges } = await startFront();
    const client = await connect();
    await client.send('\x16\x03\x01\x02');
    expect(await client.untilClosed()).toMatchObject([{ status: 400 }]);
    expect(unparsed).toEqual(['bad_request']);
    expect(exchanges.all).toEqual([]);
  });

  test('is answered in its turn', async () => {
    const { connect, exchanges } = await startFront({ take: () => {} });
    const client = await connect();
    await client.send(`${get('/good')}BROKEN\r\n\r\n`);
    const good = await exchanges.waitFor(() => true);
    await turn();
    expect(client.received).toHaveLength(0);
    echo(good);
    expect((await client.untilClosed()).map(({ status }) => status)).toEqual([200, 400]);
  });

  test('in a body ends the exchange, and the connection without a clean end if the reply is under way', async () => {
    const abandoned = vi.fn();
    const { connect } = await startFront({
      take: (exchange) => {
        exchange.listener = { drained: () => {}, abandoned };
        if (exchange.head.target === '/answered') exchange.respond({ status: 200, fields: [] });
      },
    });
    const [early, late] = [await connect(), await connect()];
    await early.send(`${POST}Transfer-Encoding: chunked\r\n\r\nfive\r\n`);
    expect(await early.untilClosed()).toMatchObject([{ status: 400 }]);
    await late.send('POST /answered HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n');
    expect(await late.closed).toBe('reset');
    expect(abandoned.mock.calls).toEqual([['bad_request'], ['bad_request']]);
  });
});

describe('a front', () => {
  test('that drains tells each client that its reply is the last, and closes who has nothing to say', async () => {
    const { front, connect } = await startFront();
    const [busy, idle] = [await connect(), await connect()];
    await idle.send(get('/'));
    await idle.response();
    front.drain(Infinity);
    await busy.send(get('/'));
    expect((await busy.response()).fields).toContainEqual(['connection', 'close']);
    await busy.closed;
    front.closeIdle();
    await within(idle.closed, 'the end of an idle connection');
  });

  test('that drains closes who has nothing to say for as long as it is told, be it that nothing was ever said', async () => {
    const { front, connect } = await startFront();
    const [idle, silent] = [await connect(), await connect()];
    await idle.send(get('/'));
    await idle.response();
    front.drain(20);
    await within(Promise.all([idle.closed, silent.closed]), 'the end of idle connections');
    front.resume();
    const kept = await connect();
    await kept.send(get('/'));
    expect((await kept.response()).fields).not.toContainEqual(['connection', 'close']);
  });

  test('closes on a client that never said a word, without one of its own', async () => {
    const { connect, unparsed } = await startFront({ timeouts: { head: 100 } });
    expect(await (await connect()).untilClosed()).toEqual([]);
    expect(unparsed).toEqual([]);
  });

  test('says 408 to a client whose head does not end', async () => {
    const { connect, unparsed } = await startFront({ timeouts: { head: 100 } });
    const client = await connect();
    await client.send('GET / HTTP/1.1\r\n');
    expect(await client.untilClosed()).toMatchObject([{ status: 408 }]);
    expect(unparsed).toEqual(['request_timeout']);
  });

  test('leaves a client alone whose reply takes longer than a head may', async () => {
    const { connect, exchanges } = await startFront({ timeouts: { head: 100, idle: 100 }, take: () => {} });
    const client = await connect();
    await client.send(get('/'));
    const exchange = await exchanges.waitFor(() => true);
    const waiting = await connect();
    await waiting.closed; // By when the front has looked for who is overdue.
    echo(exchange);
    expect((await client.response()).status).toBe(200);
  });
});

describe('memory that the writer owns', () => {
  /** More than the system takes for a client that does not read. */
  const SIZE = 20_000_000;

  /** Sends the same shared memory again and again; `sent` and `released` count. */
  async function startOwner(options: FrontOptions = {}) {
    const shared = new Uint8Array(new SharedArrayBuffer(SIZE)).map((_, i) => i % 249);
    const count = { sent: 0, released: 0 };
    const front = await startFront({
      ...options,
      take: (exchange) => {
        exchange.respond({ status: 200, fields: [] });
        for (const end of [SIZE, 100, 20_000]) {
          count.sent += 1;
          exchange.writeOwned(shared.subarray(0, end), () => {
            count.released += 1;
          });
        }
        exchange.end();
      },
    });
    const whole = Buffer.concat([shared, shared.subarray(0, 100), shared.subarray(0, 20_000)]);
    return { ...front, count, whole };
  }

  test.each(['plain', 'TLS'])('arrives as it is, and is released once (%s)', async (kind) => {
    const files = kind === 'TLS' ? (await Authority.open()).root : undefined;
    const tls = files && { key: readFileSync(files.key, 'utf8'), cert: readFileSync(files.cert, 'utf8') };
    const { connect, count, whole } = await startOwner(tls === undefined ? {} : { tls });
    const client = await connect();
    for (let i = 1; i <= 2; i++) {
      await client.send(get('/'));
      const { body, end } = await client.response();
      expect(end).toBe('clean');
      expect(Buffer.from(body, 'latin1').equals(whole)).toBe(true);
      await turn();
      expect(count).toEqual({ sent: 3 * i, released: 3 * i });
    }
  });

  test.each(['reset', 'close'] as const)('is released once when the client is gone (%s)', async (leave) => {
    const { connect, count, sockets } = await startOwner();
    const client = await connect();
    client.socket.pause();
    await client.send(get('/'));
    while (count.sent < 3) await nextTurn();
    expect(count.released).toBeLessThan(3);
    client[leave]();
    while (sockets[0]?.closed === false) await nextTurn();
    await turn();
    expect(count).toEqual({ sent: 3, released: 3 });
  });

  test('is released once when it is we who end it', async () => {
    const { connect, count, sockets } = await startOwner({ timeouts: { write: 50 } });
    const client = await connect();
    client.socket.pause();
    await client.send(get('/'));
    while (sockets[0]?.closed !== true) await nextTurn();
    await turn();
    expect(count).toEqual({ sent: 3, released: 3 });
  });
});
