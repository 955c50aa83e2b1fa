import { rm } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { Authority } from '../proxy/tls/authority.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw, fetchRaw, fieldOf, type RawClient } from '../support/raw-client.ts';
import { startWebSocketOrigin, WebSocketClient } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

interface Configuration {
  readonly listeners: readonly object[];
  readonly sites: readonly object[];
  readonly pools: object;
}

/** What a reload does to whoever is connected: nothing, unless what they are connected to is gone. */

describe('a reload', () => {
  test('leads the next request of an open connection by the new routes', async () => {
    const [old, young] = [await startOrigin(() => answer('old')), await startOrigin(() => answer('new'))];
    const portico = await startPortico(frontDoor({ origins: [old.url] }));
    const client = await connectRaw(portico.port());
    await client.send(get('/1'));
    expect(await client.response()).toMatchObject({ status: 200, body: 'old' });

    expect(await portico.reload(frontDoor({ origins: [young.url] }))).toMatchObject({ message: 'reloaded' });
    await client.send(get('/2'));
    expect(await client.response()).toMatchObject({ status: 200, body: 'new' });
    expect(client.socket.readyState).toBe('open');
  });

  test('lets a request that is under way end where it began', async () => {
    const asked = Promise.withResolvers<void>();
    const slow = await startOrigin(async function* () {
      yield 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nfirst';
      await asked.promise;
      yield 'last';
    });
    const other = await startOrigin(() => answer('other'));
    const portico = await startPortico(frontDoor({ origins: [slow.url] }));
    const client = await connectRaw(portico.port());
    await client.send(get('/slow'));
    await slow.requestFor('/slow');

    await portico.reload(frontDoor({ origins: [other.url] }));
    asked.resolve();
    expect(await client.response()).toMatchObject({ status: 200, body: 'firstlast', end: 'clean' });
    await client.send(get('/next'));
    expect(await client.response()).toMatchObject({ status: 200, body: 'other' });
    // Nobody needs the old origin any more.
    await slow.connections[0]?.closed;
  });

  test('keeps the connections of an origin that stays as it is', async () => {
    const origin = await startOrigin();
    const settings = { origins: [origin.url], node: { workers: 1 }, pool: { timeouts: { keep_alive: '60s' } } };
    const portico = await startPortico(frontDoor(settings));
    await fetchRaw(portico.port(), '/before');
    await portico.reload(frontDoor({ ...settings, site: { response_headers: { set: { 'x-new': '1' } } } }));
    expect((await fetchRaw(portico.port(), '/after')).fields).toContainEqual(['x-new', '1']);
    expect(origin.connections.length).toBe(1);
  });
});

describeWithPeers(['openssl'], 'a certificate over a reload', () => {
  test('is the new one for the next handshake, and open connections keep theirs', async () => {
    const origin = await startOrigin();
    const authority = await Authority.open();
    const named = (name: string) =>
      frontDoor({ origins: [origin.url], https: { certificates: [authority.issue({ names: [name] })] } });
    const portico = await startPortico(named('old.example'));
    const before = await connectRaw(portico.port(1), { tls: {} });
    expect(nameOf(before)).toBe('DNS:old.example');

    await portico.reload(named('new.example'));
    const after = await connectRaw(portico.port(1), { tls: {} });
    expect(nameOf(after)).toBe('DNS:new.example');
    for (const client of [before, after]) {
      await client.send(get('/'));
      expect(await client.response()).toMatchObject({ status: 200 });
    }
  });

  function nameOf({ socket }: RawClient): string | undefined {
    return (socket as TLSSocket).getPeerCertificate().subjectaltname;
  }
});

describe('listeners over a reload', () => {
  const two = (origin: { readonly url: string }, more: object[] = []): Configuration => {
    const config = frontDoor({ origins: [origin.url] }) as Configuration;
    return { ...config, listeners: [...config.listeners, ...more] };
  };

  test('one that is added serves at once, with all others as they were', async () => {
    const origin = await startOrigin();
    const portico = await startPortico(two(origin));
    const before = [portico.port(0), portico.port(1)];
    await portico.reload(two(origin, [{ address: '127.0.0.1:0', protocol: 'http' }]));
    expect([portico.port(0), portico.port(1)]).toEqual(before);
    expect(before).not.toContain(portico.port(2));
    // Every worker listens there: the kernel leads some to each.
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetchRaw(portico.port(2), '/')).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  test('one that is removed takes no new connections, and those that are open go on', async () => {
    const origin = await startOrigin();
    const portico = await startPortico(two(origin, [{ address: '127.0.0.1:0', protocol: 'http' }]));
    const port = portico.port(2);
    const client = await connectRaw(port);
    await client.send(get('/1'));
    await client.response();

    await portico.reload(two(origin));
    await expect(connectRaw(port)).rejects.toThrow('ECONNREFUSED');
    await client.send(get('/2'));
    expect(await client.response()).toMatchObject({ status: 200, body: 'ok' });

    // And they are said good-bye to as all others are.
    const exited = portico.stop();
    await portico.events.waitFor('stopping');
    await untilGoodbye(client);
    expect(await exited).toBe(0);
  });

  test('one can change from http to https: open connections keep what they speak', async () => {
    const origin = await startOrigin();
    const portico = await startPortico(frontDoor({ origins: [origin.url] }));
    const plain = await connectRaw(portico.port());
    await plain.send(get('/plain'));
    await plain.response();

    await portico.reload(frontDoor({ origins: [origin.url], http: { protocol: 'https' } }));
    expect(await fetchRaw(portico.port(), '/', { tls: {} })).toMatchObject({ status: 200 });
    await plain.send(get('/plain'));
    expect(await plain.response()).toMatchObject({ status: 200 });
  });
});

describe('a WebSocket over a reload', () => {
  interface Origins {
    readonly live: string;
    readonly other: string;
  }

  /** `/live/` leads to the pool of that name, unless `pool` is another. */
  const withoutLive = ({ other }: Origins, pool: string): Configuration =>
    frontDoor({ origins: [other], site: { routes: [{ path: '/live/', pool }] } }) as Configuration;

  const withLive = (origins: Origins, pool: string, origin = origins.live): Configuration => {
    const config = withoutLive(origins, pool);
    return { ...config, pools: { ...config.pools, live: { origins: [origin] } } };
  };

  test('lives on where its route still leads to its origin, however often the rest changes', async () => {
    const origin = await startWebSocketOrigin();
    const other = await startOrigin();
    const origins = { live: origin.url, other: other.url };
    const portico = await startPortico(withLive(origins, 'live'));
    const client = await WebSocketClient.open(`${portico.url()}/live/1`);
    for (let i = 0; i < 5; i++) {
      const config = withLive(origins, 'live');
      const sites = [{ hosts: [`host-${i}.example.com`], pool: 'app' }, ...config.sites];
      expect(await portico.reload({ ...config, sites })).toMatchObject({ message: 'reloaded' });
      expect(await client.echo(`after reload ${i}`)).toBe(`after reload ${i}`);
    }
    expect(origin.ends.all.length).toBe(1);
  });

  test.each([
    { name: 'its route leads to another pool', next: (origins: Origins) => withLive(origins, 'app') },
    { name: 'its origin has left the pool', next: (origins: Origins) => withLive(origins, 'live', origins.other) },
    { name: 'its pool is gone', next: (origins: Origins) => withoutLive(origins, 'app') },
  ])('is closed where $name', async ({ next }) => {
    const origin = await startWebSocketOrigin();
    const other = await startOrigin();
    const origins = { live: origin.url, other: other.url };
    const portico = await startPortico(withLive(origins, 'live'));
    const client = await WebSocketClient.open(`${portico.url()}/live/1`);
    expect(await client.echo('hello')).toBe('hello');
    await portico.reload(next(origins));
    expect(await client.closed).toMatchObject({ code: 1006 });
    expect(await portico.accessLog.lineFor('/live/1')).toMatchObject({ status: 101, pool: 'live' });
  });
});

describe('a reload that is refused', () => {
  async function scene() {
    const origin = await startOrigin();
    const config = frontDoor({ origins: [origin.url] }) as Configuration;
    const portico = await startPortico(config);
    return { portico, config };
  }

  async function stillServes(portico: Portico) {
    expect(await fetchRaw(portico.port(0), '/')).toMatchObject({ status: 200, body: 'ok' });
    expect(await fetchRaw(portico.port(1), '/', { tls: {} })).toMatchObject({ status: 200, body: 'ok' });
  }

  test('says everything that is wrong, by line and column, and the old configuration serves on', async () => {
    const { portico, config } = await scene();
    const bad = `node: { workers: 2 }
listeners:
  - { address: "127.0.0.1:0", protocol: gopher }
sites: [{ hosts: [default], pool: nowhere, unknown: 1 }]
pools: { app: { origins: ["http://127.0.0.1:1"] } }
`;
    const event = await portico.reload(bad);
    expect(event).toMatchObject({ message: 'reload refused', level: 'error' });
    expect(event.problems).toEqual([
      expect.stringMatching(/portico\.yaml:3:\d+ listeners\[0\]\.protocol: /),
      expect.stringMatching(/portico\.yaml:4:\d+ sites\[0\]\.pool: /),
      expect.stringMatching(/portico\.yaml:4:\d+ sites\[0\]\.unknown: /),
    ]);
    await stillServes(portico);
    expect(await portico.reload(config)).toMatchObject({ message: 'reloaded' });
    await stillServes(portico);
  });

  test.each([
    { name: 'is no YAML', text: 'sites: [', problem: /portico\.yaml:1:\d+/ },
    { name: 'is empty', text: '', problem: /portico\.yaml/ },
  ])('because the file $name', async ({ text, problem }) => {
    const { portico } = await scene();
    const event = await portico.reload(text);
    expect(event).toMatchObject({ message: 'reload refused' });
    expect((event.problems as string[]).join('\n')).toMatch(problem);
    await stillServes(portico);
  });

  test('because a certificate is missing', async () => {
    const { portico, config } = await scene();
    const { listeners } = config;
    const certificates = [{ cert: 'no.pem', key: 'no.key' }];
    const event = await portico.reload({ ...config, listeners: [listeners[0], { ...listeners[1], certificates }] });
    expect(event.problems).toEqual([
      expect.stringMatching(/^.*portico\.yaml:\d+:\d+ listeners\[1\]\.certificates\[0\]\.cert: cannot read/),
      expect.stringMatching(/^.*portico\.yaml:\d+:\d+ listeners\[1\]\.certificates\[0\]\.key: cannot read/),
    ]);
    await stillServes(portico);
  });

  test('because another program has a new address', async () => {
    const { portico, config } = await scene();
    const { listeners } = config;
    const taken = await startOrigin();
    const more = [
      { address: '127.0.0.1:0', protocol: 'http' },
      { address: `127.0.0.1:${taken.port}`, protocol: 'http' },
    ];
    const event = await portico.reload({ ...config, listeners: [...listeners, ...more] });
    expect(event.problems).toEqual([
      expect.stringMatching(
        new RegExp(`listeners\\[3\\]\\.address: another program listens on 127\\.0\\.0\\.1:${taken.port} already$`),
      ),
    ]);
    await stillServes(portico);
  });

  test('because the file cannot be read any more', async () => {
    const { portico } = await scene();
    const from = portico.events.all.length;
    await rm(portico.file);
    portico.signal('SIGHUP');
    const event = await portico.events.waitFor('reload refused', { from });
    expect(event.problems).toEqual([expect.stringMatching(/portico\.yaml: cannot read|portico\.yaml.*no such file/)]);
    await stillServes(portico);
  });
});

/** Asks until an answer says that it is the last: "stopping" is told before the workers have heard of it. */
async function untilGoodbye(client: RawClient): Promise<void> {
  for (;;) {
    await client.send(get('/'));
    const response = await client.response();
    expect(response).toMatchObject({ status: 200 });
    if (fieldOf(response, 'connection') === 'close') return;
  }
}

function get(target: string): string {
  return `GET ${target} HTTP/1.1\r\nHost: www.example.com\r\n\r\n`;
}
