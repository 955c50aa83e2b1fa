import { expect, test } from 'vitest';
import { Authority } from '../proxy/tls/authority.ts';
import { connectH2 } from '../support/h2-client.ts';
import { h2load, type Load, wrk } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { describeWithPeers } from '../support/peers.ts';
import { type Portico, startPortico } from '../support/portico.ts';
import { connectRaw } from '../support/raw-client.ts';
import { startWebSocketOrigin, WebSocketClient } from '../support/websocket.ts';

/** Thousands of requests, and the configuration changes in all its parts meanwhile, again and again. */

interface Scene {
  readonly one: string;
  readonly two: string;
  readonly live: string;
  /** In turn: each reload serves another one. */
  readonly certificates: readonly object[];
}

/** A configuration that differs from that of `turn - 1` in pools, routes, headers, certificates and listeners. */
function configuration({ one, two, live, certificates }: Scene, turn: number): object {
  const even = turn % 2 === 0;
  return {
    node: { name: 'edge-1', workers: 2 },
    listeners: [
      { address: '127.0.0.1:0', protocol: 'http', timeouts: { idle: even ? '60s' : '50s' } },
      { address: '127.0.0.1:0', protocol: 'https', certificates: [certificates[turn % certificates.length]] },
      ...(even ? [] : [{ address: '127.0.0.1:0', protocol: 'http' }]),
    ],
    sites: [
      ...(even ? [] : [{ hosts: ['other.example.com'], pool: 'app' }]),
      {
        hosts: ['default'],
        pool: even ? 'app' : `app-${turn}`,
        routes: [{ path: '/live/', pool: 'live' }],
        response_headers: { set: { 'X-Generation': String(turn) } },
      },
    ],
    pools: {
      app: { origins: even ? [one, two] : [two], timeouts: { first_byte: even ? '20s' : '10s' } },
      ...(even ? {} : { [`app-${turn}`]: { origins: [one] } }),
      live: { origins: [live] },
    },
    logs: { access: 'off' },
  };
}

async function reloadWhile(load: Load<unknown>, portico: Portico, scene: Scene, look: () => Promise<void>) {
  let turn = 0;
  while (load.running) {
    turn += 1;
    expect(await portico.reload(configuration(scene, turn))).toMatchObject({ message: 'reloaded' });
    await look();
  }
  return turn;
}

describeWithPeers(['nginx', 'openssl', 'wrk', 'h2load'], 'reloads under load', () => {
  async function scene(): Promise<Scene> {
    const [one, two, live] = [await startNginx(), await startNginx(), await startWebSocketOrigin()];
    const authority = await Authority.open();
    const certificates = [authority.issue({ names: ['one.example'] }), authority.issue({ names: ['two.example'] })];
    return { one: one.url, two: two.url, live: live.url, certificates };
  }

  test('fail no request of wrk, and close neither a keep-alive connection nor a WebSocket', async () => {
    const played = await scene();
    const portico = await startPortico(configuration(played, 0));
    const client = await connectRaw(portico.port(0));
    const webSocket = await WebSocketClient.open(`${portico.url(0)}/live/`);

    const load = wrk(portico.url(0), { seconds: 3 });
    const reloads = await reloadWhile(load, portico, played, async () => {
      await client.send('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
      expect(await client.response()).toMatchObject({ status: 200, end: 'clean' });
      expect(await webSocket.echo('still there?')).toBe('still there?');
    });

    const { requests, ...problems } = await load.ended;
    expect(problems).toEqual({ connect: 0, write: 0, read: 0, timeout: 0, status: 0 });
    expect(requests).toBeGreaterThan(1000);
    expect(reloads).toBeGreaterThan(3);
    expect(client.socket.readyState).toBe('open');
    expect(webSocket.isOpen).toBe(true);
  });

  test('fail no request of h2load, and close no HTTP/2 session', async () => {
    const played = await scene();
    const portico = await startPortico(configuration(played, 0));
    const session = await connectH2(portico.port(1));

    const load = h2load(portico.url(1), { seconds: 3 });
    const reloads = await reloadWhile(load, portico, played, async () => {
      const outcome = await session.request([
        [':method', 'GET'],
        [':scheme', 'https'],
        [':authority', 'www.example.com'],
        [':path', '/'],
      ]);
      expect(outcome).toMatchObject({ status: 200, end: 'clean' });
    });

    const { total, succeeded, failed, errored, timeout, ...report } = await load.ended;
    expect({ failed, errored, timeout }).toEqual({ failed: 0, errored: 0, timeout: 0 });
    expect(succeeded).toBe(total);
    expect(report['2xx']).toBe(total);
    expect(total).toBeGreaterThan(1000);
    expect(reloads).toBeGreaterThan(3);
    expect(session.goaway).toBeUndefined();
  });
});
