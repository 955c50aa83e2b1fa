import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { unreachableOrigin } from '../../support/dead-ends.ts';
import { answer, type OriginRequest, startOrigin } from '../../support/origin.ts';
import { turn, within } from '../../support/wait.ts';
import { type Asked, ask, connectionsTo } from './asked.ts';

const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

/** An origin that says which of its connections a request came on, once it is told to. */
async function heldOrigin() {
  const held = new Map<string, () => void>();
  const origin = await startOrigin(async function* ({ target, connection }: OriginRequest) {
    if (target.startsWith('/held')) await new Promise<void>((resolve) => held.set(target, resolve));
    yield answer(`connection ${connection.id}`);
  });
  return { origin, release: (target: string) => held.get(target)?.() };
}

function saysConnection({ connection }: OriginRequest): Buffer {
  return answer(`connection ${connection.id}`);
}

describe('a connection', () => {
  test('is used for one request after the other', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    for (let i = 0; i < 20; i++) {
      expect(await ask(connections, `/${i}`).outcome()).toEqual({ status: 200, body: 'connection 0' });
    }
    expect(origin.faults).toEqual([]);
  });

  test('is used for one request at a time: others get their own', async () => {
    const { origin, release } = await heldOrigin();
    const connections = connectionsTo(origin.url);
    const asked = ['/held/0', '/held/1', '/held/2'].map((target) => ask(connections, target));
    for (const { length: i } of ['', 'x', 'xx']) await origin.requestFor(`/held/${i}`);
    for (const { length: i } of ['', 'x', 'xx']) release(`/held/${i}`);
    const bodies = await Promise.all(asked.map(async (each) => ((await each.outcome()) as { body: string }).body));
    expect(bodies.sort()).toEqual(['connection 0', 'connection 1', 'connection 2']);
  });

  test('that was free last is used first', async () => {
    const { origin, release } = await heldOrigin();
    const connections = connectionsTo(origin.url);
    const asked = ['/held/0', '/held/1', '/held/2'].map((target) => ask(connections, target));
    await Promise.all(['/held/0', '/held/1', '/held/2'].map((target) => origin.requestFor(target)));
    for (const i of [2, 0, 1]) {
      release(`/held/${i}`);
      await asked[i]?.over;
    }
    await turn();
    for (let i = 0; i < 5; i++) {
      expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: asked[1]?.text });
      await turn();
    }
  });

  test('that is about to be free is waited for: no other is opened', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    let next: Asked | undefined;
    const first = ask(connections, '/first', {
      onEnd() {
        next = ask(connections, '/next');
      },
    });
    await first.over;
    expect(await next?.outcome()).toEqual({ status: 200, body: 'connection 0' });
  });

  test('that is about to be free is waited for by one request; for more, more are opened', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    const next: Asked[] = [];
    const first = ask(connections, '/first', {
      onEnd() {
        for (let i = 0; i < 3; i++) next.push(ask(connections, `/next/${i}`));
        // Who is cancelled while it waits is no trouble to the others.
        next[0]?.cancel();
      },
    });
    await first.over;
    expect(await next[1]?.outcome()).toMatchObject({ status: 200 });
    expect(await next[2]?.outcome()).toMatchObject({ status: 200 });
    expect(origin.connections).toHaveLength(3);
    expect(origin.requests.map(({ target }) => target).sort()).toEqual(['/first', '/next/1', '/next/2']);
  });
});

describe('what comes on a connection between two requests', () => {
  test('ends it, and is not the answer to the next one (RFC 9112 §9.2)', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    for (const [i, bytes] of [EVIL, '\r\n', 'HTTP/1.1 103 Early Hints\r\n\r\n', '\0'].entries()) {
      await ask(connections, '/first').over;
      await turn();
      await origin.connections[i]?.send(bytes);
      await within(origin.connections[i]?.closed as Promise<void>, 'the close');
      expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: `connection ${i + 1}` });
    }
  });

  test('is not the answer either when it comes just after the response, and just before the next request', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    const { promise, resolve } = Promise.withResolvers<Asked>();
    ask(connections, '/first', {
      onEnd() {
        // It is in our socket now, where the loop has yet to look.
        void origin.connections[0]?.send(EVIL);
        setImmediate(() => resolve(ask(connections, '/next')));
      },
    });
    expect(await (await promise).outcome()).toEqual({ status: 200, body: 'connection 1' });
  });

  test('may be its end: then it is not used, and no request fails', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    await ask(connections, '/first').over;
    await turn();
    origin.connections[0]?.end();
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
    expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: 'connection 1' });
  });

  test('may be its end without a word, just after the response', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    for (let i = 0; i < 10; i++) {
      const { promise, resolve } = Promise.withResolvers<Asked>();
      ask(connections, '/first', {
        onEnd() {
          origin.connections[2 * i]?.end();
          resolve(ask(connections, '/next', { method: 'POST' }));
        },
      });
      expect(await (await promise).outcome()).toEqual({ status: 200, body: `connection ${2 * i + 1}` });
      origin.connections[2 * i + 1]?.end();
      await within(origin.connections[2 * i + 1]?.closed as Promise<void>, 'the close');
    }
  });

  test('ends it at once: a request that comes before the socket is closed goes elsewhere', async () => {
    const { origin, release } = await heldOrigin();
    const connections = connectionsTo(origin.url);
    const { promise, resolve } = Promise.withResolvers<Asked>();
    const busy = ask(connections, '/held', { onEnd: () => resolve(ask(connections, '/next')) });
    await origin.requestFor('/held');
    const idle = ask(connections, '/idle');
    await idle.over;
    await turn();
    // Both are read in one turn of the loop, in this order.
    void origin.connections[1]?.send(EVIL);
    release('/held');
    await busy.over;
    expect(await (await promise).outcome()).toEqual({ status: 200, body: 'connection 0' });
  });
});

describe('a connection is not used again', () => {
  const cases = [
    { name: 'after HEAD', method: 'HEAD', first: 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n' },
    { name: 'after HEAD without a length', method: 'HEAD', first: 'HTTP/1.1 200 OK\r\n\r\n' },
    { name: 'after a 204 that tells a length', first: 'HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n' },
    { name: 'after a 204 that tells of chunks', first: 'HTTP/1.1 204 X\r\nTransfer-Encoding: chunked\r\n\r\n' },
    { name: 'after a 304 that tells a length', first: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n' },
    { name: 'after "close"', first: 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n' },
    { name: 'after HTTP/1.0', first: 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n' },
    { name: 'after bytes beyond the response', first: `HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n${EVIL}` },
    { name: 'after half a line end beyond it', first: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\r' },
  ];
  test.each(cases)('$name', async ({ method = 'GET', first }) => {
    const origin = await startOrigin(({ connection }) =>
      connection.id === 0 ? first : answer(`connection ${connection.id}`),
    );
    const connections = connectionsTo(origin.url);
    expect(await ask(connections, '/first', { method }).outcome()).toMatchObject({ body: '' });
    expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: 'connection 1' });
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  });

  test.each([
    { name: 'after a 204 without a word on its length', first: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { name: 'after a 304', first: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n' },
  ])('but it is $name', async ({ first }) => {
    const origin = await startOrigin(({ target, connection }) =>
      target === '/first' ? first : answer(`connection ${connection.id}`),
    );
    const connections = connectionsTo(origin.url);
    await ask(connections, '/first').over;
    expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: 'connection 0' });
  });
});

describe('an idle connection is kept', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['performance', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const cases = [
    { name: 'as long as we like', keepAlive: 1500, field: 'X: y', kept: 1500 },
    { name: 'as long as we like, were it for an hour', keepAlive: 3_600_000, field: 'X: y', kept: 3_600_000 },
    { name: 'as long as the origin says, but a second', keepAlive: 1500, field: 'Keep-Alive: timeout=5', kept: 4000 },
    { name: 'shorter, when the origin says so', keepAlive: 9000, field: 'Keep-Alive: timeout=5', kept: 4000 },
    {
      name: 'ten minutes at the most, whatever it says',
      keepAlive: 1500,
      field: 'Keep-Alive: timeout=86400',
      kept: 600_000,
    },
  ];
  test.each(cases)('$name', async ({ keepAlive, field, kept }) => {
    const origin = await startOrigin(({ connection }) => answer(`connection ${connection.id}`, { fields: [field] }));
    const connections = connectionsTo(origin.url, { keepAlive });
    await ask(connections, '/first').over;
    await turn();
    vi.advanceTimersByTime(kept - 1);
    await ask(connections, '/within').over;
    await turn();
    vi.advanceTimersByTime(kept);
    await ask(connections, '/beyond').over;
    expect(origin.requests.map(({ target, connection }) => [target, connection.id])).toEqual([
      ['/first', 0],
      ['/within', 0],
      ['/beyond', 1],
    ]);
  });

  test.each([0, 1])('not at all, when the origin says %i s', async (seconds) => {
    const fields = [`Keep-Alive: timeout=${seconds}`];
    const origin = await startOrigin(({ connection }) => answer(`connection ${connection.id}`, { fields }));
    const connections = connectionsTo(origin.url);
    await ask(connections, '/first').over;
    await origin.connections[0]?.closed;
    expect(await ask(connections, '/next').outcome()).toEqual({ status: 200, body: 'connection 1' });
  });

  test('and closed then, though nobody asks for anything', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url, { keepAlive: 1500 });
    await ask(connections, '/first').over;
    await turn();
    vi.advanceTimersByTime(2000);
    await origin.connections[0]?.closed;
    // Nor does anybody look for such connections any more.
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('close()', () => {
  test('closes what is idle, and lets what runs end', async () => {
    const { origin, release } = await heldOrigin();
    const connections = connectionsTo(origin.url);
    const running = ask(connections, '/held');
    await origin.requestFor('/held');
    await ask(connections, '/idle').over;
    await turn();
    await ask(connections, '/about-to-rest').over;
    connections.close();
    await within(origin.connections[1]?.closed as Promise<void>, 'the close of what was idle');
    release('/held');
    expect(await running.outcome()).toEqual({ status: 200, body: 'connection 0' });
    await within(origin.connections[0]?.closed as Promise<void>, 'the close of what ran');
  });

  test('lets what still waits for a connection get one', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    const connecting = ask(connections, '/connecting');
    connections.close();
    expect(await connecting.outcome()).toEqual({ status: 200, body: 'connection 0' });
    let waiting: Asked | undefined;
    const again = connectionsTo(origin.url);
    await ask(again, '/first', {
      onEnd() {
        waiting = ask(again, '/waiting');
        again.close();
      },
    }).over;
    expect(await waiting?.outcome()).toEqual({ status: 200, body: 'connection 2' });
  });

  test('and who tries an origin again after it is served, on a connection that is not kept', async () => {
    const origin = await startOrigin(saysConnection);
    const connections = connectionsTo(origin.url);
    connections.close();
    expect(await ask(connections, '/late').outcome()).toEqual({ status: 200, body: 'connection 0' });
    await within(origin.connections[0]?.closed as Promise<void>, 'the close');
  });
});

describe('destroy()', () => {
  test('cuts what runs, what connects and what waits, and tells each', async () => {
    const { origin } = await heldOrigin();
    const connections = connectionsTo(origin.url);
    const running = ask(connections, '/held');
    await origin.requestFor('/held');
    const { promise, resolve } = Promise.withResolvers<Asked>();
    ask(connections, '/first', {
      onEnd() {
        resolve(ask(connections, '/waiting'));
        connections.destroy();
      },
    });
    for (const asked of [running, await promise]) {
      expect(await asked.outcome()).toEqual({ error: 'proxy_internal_error' });
    }
    for (const { closed } of origin.connections) await within(closed, 'the close');
    expect(origin.requests.map(({ target }) => target)).toEqual(['/held', '/first']);
  });

  test('cuts what connects', async () => {
    const connections = connectionsTo(await unreachableOrigin());
    const connecting = ask(connections, '/connecting');
    connections.destroy();
    expect(await connecting.outcome()).toEqual({ error: 'proxy_internal_error' });
    expect(connecting.sentTimes).toBe(0);
  });
});
