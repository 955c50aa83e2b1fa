import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { connectRaw, fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';
import { CHECKS, healthScene } from './health-scene.ts';

/** Requests that wait for an origin which takes them and never answers, when it turns out to be down. */

const DOWN = { health: 'forcedDown', reason: 'it hangs' };

test('checks find it down: those who wait are answered by the other within moments', { timeout: 30_000 }, async () => {
  const { portico, ailing } = await healthScene(2, { pool: { health_check: CHECKS, outlier: 'off' } });
  const [hung] = ailing;
  if (hung === undefined) throw new Error('there is no origin');
  hung.requests = 'silent';
  const begun = performance.now();
  const waiting = Array.from({ length: 40 }, () => fetchRaw(portico.port(), '/'));
  await hung.origin.arrivals.waitFor(() => hung.asked === 20, { wanted: 'that is number 20' });
  hung.checks = 'silent';
  await portico.events.waitFor('origin down');
  const down = performance.now();
  const replies = await Promise.all(waiting);
  expect(replies.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(40).fill('200 app1'));
  // Without that they would have waited for 20 s.
  expect(performance.now() - down).toBeLessThan(2000);
  expect(performance.now() - begun).toBeLessThan(15_000);
});

describe('an operator forces it down', () => {
  async function scene(): Promise<{ node: OperatedNode; hung: ScriptedOrigin }> {
    const hung = await startOrigin(() => undefined);
    const well = await startOrigin(() => answer('well'));
    const origins = [
      { url: hung.url, name: 'hung' },
      { url: well.url, name: 'well', role: 'standby' },
    ];
    return {
      node: await OperatedNode.start(frontDoor({ origins, pool: { outlier: 'off' }, site: { cache: 'off' } })),
      hung,
    };
  }

  const force = (node: OperatedNode, origin = 'hung') =>
    node.ask(`PATCH /pools/app/origins/${origin}`, { headers: { 'If-Match': '*' }, body: { ...DOWN, force: true } });

  test('a GET and a PUT go elsewhere, a POST that was sent waits on', async () => {
    const { node, hung } = await scene();
    const late = Promise.withResolvers<void>();
    hung.script = async function* ({ method, connection }) {
      await (method === 'POST' ? late.promise : connection.closed);
      yield answer('late');
    };
    const port = node.portico.port();
    const moved = [fetchRaw(port, '/'), fetchRaw(port, '/', { method: 'PUT', body: 'x' })];
    let isAnswered = false;
    const post = fetchRaw(port, '/', { method: 'POST', body: 'x' }).then((reply) => {
      isAnswered = true;
      return reply;
    });
    await hung.arrivals.waitFor(() => hung.requests.length === 3, { wanted: 'the third' });
    await force(node);
    expect((await Promise.all(moved)).map(({ body }) => body)).toEqual(['well', 'well']);
    expect(await node.origin('app/hung')).toMatchObject({ inFlight: 1, health: 'forcedDown' });
    expect(isAnswered).toBe(false);
    late.resolve();
    expect((await post).body).toBe('late');
  });

  test('a reply that has begun is not broken', async () => {
    const { node, hung } = await scene();
    const go = Promise.withResolvers<void>();
    hung.script = async function* () {
      yield 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf';
      await go.promise;
      yield 'half';
    };
    const client = await connectRaw(node.portico.port());
    const begun = once(client.socket, 'data');
    await client.send('GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n');
    const reply = client.response();
    await begun;
    await force(node);
    go.resolve();
    expect(await reply).toMatchObject({ status: 200, body: 'halfhalf', end: 'clean' });
  });

  test('without another usable origin all wait on, until there is one', async () => {
    const { node, hung } = await scene();
    await force(node, 'well');
    const reply = fetchRaw(node.portico.port(), '/');
    await hung.arrivals.waitFor(() => hung.requests.length === 1, { wanted: 'the first' });
    await force(node);
    expect(await node.origin('app/hung')).toMatchObject({ inFlight: 1 });
    await node.ask('DELETE /pools/app/origins/well/override');
    expect((await reply).body).toBe('well');
  });
});
