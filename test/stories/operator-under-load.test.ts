import { expect, test } from 'vitest';
import { wrk } from '../support/load.ts';
import { startNginx } from '../support/nginx.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { describeWithPeers } from '../support/peers.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { startWebSocketOrigin, WebSocketClient } from '../support/websocket.ts';
import { frontDoor } from './front-door.ts';

/** Origins come, go and change all the time, and people who use the site see nothing of it. */

/** Numbers in a row that look random, the same each time. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describeWithPeers(['nginx', 'wrk'], 'whatever operators do without force', () => {
  test('fails no request, and cuts no connection', { timeout: 40_000 }, async () => {
    const [one, two, three, four] = await Promise.all([startNginx(), startNginx(), startNginx(), startNginx()]);
    const live = await startWebSocketOrigin();
    const listed = [one, two, three].map(({ url }, index) => ({ url, name: `app${index + 1}` }));
    const configOf = (turn: number) => ({
      ...frontDoor({
        origins: turn % 2 === 0 ? listed : [...listed].reverse(),
        site: { routes: [{ path: '/live', pool: 'live' }] },
      }),
      pools: {
        app: {
          origins: turn % 2 === 0 ? listed : [...listed].reverse(),
          retries: { budget: turn % 2 === 0 ? '20%' : '10%' },
        },
        live: { origins: [live.url] },
      },
      logs: { access: 'off' },
    });
    const node = await OperatedNode.start(configOf(0));
    const socket = await WebSocketClient.open(`${node.portico.url()}/live`);
    const load = wrk(`${node.portico.url()}/`, { seconds: 30, connections: 12 });
    const random = randomNumbers(20);
    const pick = <T>(all: readonly T[]): T => all[random(all.length)] as T;
    const app = () => `/pools/app/origins/${pick(['app1', 'app2', 'app3', 'app4'])}`;
    const reason = 'a test';
    const put = (admin: string) => () => node.ask(`PUT ${app()}/state`, { body: { admin, reason } });
    const patch = (values: object) => () =>
      node.ask(`PATCH ${app()}`, { body: { reason, ...values }, headers: { 'If-Match': '*' } });
    const add = () => {
      const { url, name: id } = pick([...listed, { url: four.url, name: 'app4' }]);
      return node.ask('POST /pools/app/origins', { body: { url, id, admin: pick(['active', 'maint']), reason } });
    };
    const acts = [
      put('drain'),
      put('maint'),
      put('active'),
      put('active'),
      put('active'),
      patch({ weight: 5 }),
      patch({ role: 'standby' }),
      patch({ role: 'spare' }),
      patch({ set: 1 }),
      patch({ weight: null, role: null, set: null }),
      add,
      add,
      () => node.ask(`DELETE ${app()}?reason=x`),
      () => node.ask(`DELETE ${app()}/override`),
    ];
    const statuses: number[] = [];
    for (let turn = 0; turn < 150; turn++) {
      const several = Array.from({ length: 1 + random(3) }, () => pick(acts)());
      if (turn % 15 === 14) expect(await node.reload(configOf(turn))).toMatchObject({ message: 'reloaded' });
      for (const { status } of await Promise.all(several)) statuses.push(status);
      const { status } = await fetchRaw(node.portico.port(), '/', { method: 'POST', body: 'a=b' });
      expect(status).toBe(200);
    }
    load.interrupt();
    const { requests, ...problems } = await load.ended;
    expect(problems).toEqual({ connect: 0, write: 0, read: 0, timeout: 0, status: 0 });
    expect(requests).toBeGreaterThan(1000);
    expect(await socket.echo('still there?')).toBe('still there?');
    const known = [200, 201, 202, 204, 404, 409, 410, 422];
    expect(statuses.filter((status) => !known.includes(status))).toEqual([]);
    for (const status of [200, 201, 204, 409]) expect(statuses).toContain(status);
    expect(node.portico.events.all.filter(({ level }) => level === 'error')).toEqual([]);

    // And what comes of all this is what a new node makes of it.
    const { pools } = (await node.ask('GET /pools')).json;
    const shown = (all: { origins: { id: string; admin: string; weight: number; role: string; set: number }[] }[]) =>
      all.map(({ origins }) =>
        origins
          .map(({ id, admin, weight, role, set }) => ({ id, admin, weight, role, set }))
          .sort((a, b) => a.id.localeCompare(b.id)),
      );
    const next = await node.killed(configOf(149));
    expect(shown((await next.ask('GET /pools')).json.pools)).toEqual(shown(pools));
  });
});
