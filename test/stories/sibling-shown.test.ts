import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LogEvent } from '../support/event-log.ts';
import { Exposition } from '../support/exposition.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** What operators see of a pair of nodes: by the API, the command line, metrics and the dashboard. */

/** Of both: connections within loopback come from there, and a sibling is known by its address. */
const HOST = '127.0.0.1';
type Name = 'a' | 'b';

let a: OperatedNode;
let b: OperatedNode;
let configOfB: object;

beforeAll(async () => {
  const origin = await startOrigin(() => answer('ok', { fields: ['Cache-Control: max-age=3600'] }));
  const ports = {
    a: { icp: await freePort(), http: await freePort() },
    b: { icp: await freePort(), http: await freePort() },
  };
  const config = (name: Name, peer: Name) => ({
    ...frontDoor({ origins: [origin.url], node: { name, workers: 1 } }),
    listeners: [{ address: `${HOST}:${ports[name].http}`, protocol: 'http' }],
    cache: { memory: '64MiB' },
    siblings: {
      icp: `${HOST}:${ports[name].icp}`,
      allow: [HOST],
      // Nobody is late on a machine that is busy with other tests.
      timeout: '2s',
      warm_up: 'off',
      peers: [{ name: peer, icp: `${HOST}:${ports[peer].icp}`, url: `http://${HOST}:${ports[peer].http}` }],
    },
  });
  configOfB = config('b', 'a');
  [a, b] = await Promise.all([OperatedNode.start(config('a', 'b')), OperatedNode.start(configOfB)]);
  await Promise.all([linked(a), linked(b)]);
});

afterAll(() => b.portico.end());

test('a response that one has from the other is counted on both sides', async () => {
  await get(a, '/shared');
  await get(b, '/shared');
  // Who asks may have the reply before that is counted.
  await expect.poll(async () => (await siblingsOf(a)).siblings[0]?.served, { timeout: 8000 }).toBe(1);
  const [atA, atB] = await Promise.all([siblingsOf(a), siblingsOf(b)]);
  expect(atB.siblings).toMatchObject([
    { name: 'a', health: 'alive', portico: true, problem: null, queries: 1, hits: 1, fetched: 1, falseHits: 0 },
  ]);
  expect(atB.siblings[0]).toMatchObject({ roundTrip: expect.any(Number), link: { state: 'up', node: 'a' } });
  expect(atA.siblings).toMatchObject([{ name: 'b', queries: 1, misses: 1, fetched: 0, served: 1 }]);
  expect(atA.icp).toMatchObject({ HIT: 1 });

  const page = new Exposition((await b.send('GET', '/metrics')).text);
  expect(page.value('portico_sibling_linked', { peer: 'a' })).toBe(1);
  expect(page.value('portico_sibling_fetches_total', { peer: 'a', outcome: 'hit' })).toBe(1);
  expect(page.value('portico_icp_packets_total', { outcome: 'MISS' })).toBe(1);

  const { stdout } = await b.command('status');
  expect(stdout).toMatch(/^a +alive +up +\d+\.\d ms +1 +100\.0% +0 +0$/m);
  expect((await b.send('GET', '/siblings')).text).toMatch(/Alive[\s\S]*Linked for/);
});

test('a purge says what became of it there', async () => {
  const { status, stdout, stderr } = await a.command('purge', 'http://www.example.com/shared');
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'purged: 1 URL\nb: acknowledged\n', stderr: [] });
});

test('one that is away is told of until it is back and has purged what it missed', async () => {
  const from = a.portico.events.all.length;
  await b.portico.stop();
  await a.portico.events.waitFor('link to sibling is down', { from });
  const { status, stdout, stderr } = await a.command('purge', '--all', '--reason', 'a test');
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'purged: everything\n' });
  expect(stderr).toEqual(['portico: b was not reached: it purges when it comes back']);
  expect((await a.command('status')).stdout).toMatch(/^b +\w+ +the link is down: .*; has missed 1 purge$/m);
  expect((await a.send('GET', '/')).text).toMatch(/sibling b<\/a> the link is down/);

  b = await b.successor(configOfB);
  await linked(a, from);
  const caughtUp = async () => (await siblingsOf(a)).siblings[0]?.link.ours.behind;
  await expect.poll(caughtUp, { timeout: 8000 }).toBe(0);
  expect((await a.command('status')).stdout).toContain('nothing unusual');
});

async function linked(node: OperatedNode, from = 0): Promise<LogEvent> {
  return node.portico.events.waitFor('link to sibling is up', { from, limit: 12_000 });
}

async function get(node: OperatedNode, target: string): Promise<void> {
  const { status } = await fetchRaw(node.portico.port(), target);
  expect(status).toBe(200);
}

// biome-ignore lint/suspicious/noExplicitAny: what a test looks into
async function siblingsOf(node: OperatedNode): Promise<any> {
  return (await node.ask('GET /siblings', { as: 'viewer' })).json;
}

/** Peers are known by their ports before they start: such as are free now, and that no client gets by itself. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const server = createServer();
    const udp = createSocket('udp4');
    try {
      server.listen({ host: HOST, port, exclusive: true });
      await once(server, 'listening');
      udp.bind({ address: HOST, port, exclusive: true });
      await once(udp, 'listening');
      return port;
    } catch {
      // Somebody's: another one.
    } finally {
      server.close();
      udp.close();
    }
  }
}
