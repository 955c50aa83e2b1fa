import { describe, expect, test } from 'vitest';
import { connectH2 } from '../support/h2-client.ts';
import { KeepAliveLoad } from '../support/keep-alive-load.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** A node whose traffic is to go elsewhere: it says so, serves whoever comes, and lets nobody stay. */

const DRAIN = { admin: 'drain', reason: 'kernel update' };
const RESUME = { admin: 'active' };

async function scene(): Promise<{ node: OperatedNode; origin: ScriptedOrigin }> {
  const origin = await startOrigin(() => answer('hello'));
  return { node: await OperatedNode.start(frontDoor({ origins: [origin.url] })), origin };
}

const readyz = async (node: OperatedNode) => {
  const { status, json } = await node.send('GET', '/readyz');
  return { status, reasons: json.reasons };
};

const GET = 'GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n';

/** What becomes of the connection of a client that would like to keep it. */
async function fate(port: number, host?: string): Promise<{ status: number; connection: string | undefined }> {
  const client = await connectRaw(port, host === undefined ? {} : { host });
  await client.send(GET);
  const { status, fields } = await client.response();
  client.close();
  return { status, connection: fieldOf({ fields }, 'connection')?.toLowerCase() };
}

const ENDS = { status: 200, connection: 'close' };
const FIELDS = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'www.example.com'],
  [':path', '/'],
] as const;

describe('a node that drains', () => {
  test('is not ready, tells who and why, and is ready again when it is resumed', async () => {
    const { node } = await scene();
    expect(await readyz(node)).toEqual({ status: 200, reasons: [] });
    const drained = await node.ask('PUT /node/state', { as: 'ops', body: DRAIN });
    const drain = { by: 'ops', reason: 'kernel update', since: expect.any(String) };
    expect(drained.json).toMatchObject({ admin: 'drain', drain, ready: false, reasons: ['draining'] });
    expect(await readyz(node)).toEqual({ status: 503, reasons: ['draining'] });
    expect((await node.ask('GET /status')).json).toMatchObject({ admin: 'drain', drain });
    const metrics = (await node.send('GET', '/metrics')).text;
    expect(metrics).toMatch(/^portico_draining 1$/m);
    expect(metrics).toMatch(/^portico_ready 0$/m);
    expect((await node.command('status')).stdout).toMatch(/draining +the whole node by ops, for .*: kernel update/);

    const resumed = await node.ask('PUT /node/state', { as: 'ops', body: RESUME });
    expect(resumed.json).toMatchObject({ admin: 'active', drain: null, ready: true, reasons: [], drained: false });
    expect(await readyz(node)).toEqual({ status: 200, reasons: [] });
    const { events } = (await node.ask('GET /events?since=0&timeout=0s', { headers: { Accept: 'application/json' } }))
      .json;
    const changes = events.filter(({ type }: { type: string }) => type === 'node-changed');
    expect(changes.map(({ detail }: { detail: { after: object } }) => detail.after)).toEqual([
      { admin: 'drain' },
      { admin: 'active' },
    ]);
    const { records } = (await node.ask('GET /audit')).json;
    expect(records).toMatchObject([
      { actor: 'ops', action: 'node.change', target: 'node', after: { admin: 'drain' }, reason: 'kernel update' },
      { actor: 'ops', action: 'node.change', after: { admin: 'active' } },
    ]);
  });

  test('is asked by those who may, with a reason; a dry run changes nothing', async () => {
    const { node } = await scene();
    expect((await node.ask('PUT /node/state', { as: 'viewer', body: DRAIN })).status).toBe(403);
    expect((await node.ask('PUT /node/state', { body: { admin: 'drain' } })).status).toBe(422);
    expect((await node.ask('PUT /node/state', { body: { admin: 'maint', reason: 'x' } })).status).toBe(422);
    const dry = await node.ask('PUT /node/state?dryRun=1', { body: DRAIN });
    expect(dry.json).toMatchObject({ admin: 'drain', ready: false });
    expect((await node.ask('GET /node')).json).toMatchObject({ admin: 'active', ready: true });
  });

  test('loses no request: each connection is told to go with its reply', { timeout: 20_000 }, async () => {
    const { node } = await scene();
    const load = await KeepAliveLoad.start(node.portico.port(), 20);
    await load.answered(200);
    await node.ask('PUT /node/state', { body: DRAIN });
    expect(await load.ended()).toMatchObject({ failed: 0, lost: 0, closedIdle: 0, goodbyes: 20 });
    // Who comes all the same is served, by whatever worker.
    expect(await Promise.all(Array.from({ length: 8 }, () => fate(node.portico.port())))).toEqual(Array(8).fill(ENDS));
    await node.ask('PUT /node/state', { body: RESUME });
    const client = await connectRaw(node.portico.port());
    for (const _ of [1, 2, 3]) {
      await client.send(GET);
      expect(await client.next()).toMatchObject({ status: 200 });
    }
  });

  test('ends sessions of HTTP/2 without an error, and serves new ones', async () => {
    const { node } = await scene();
    const open = await connectH2(node.portico.port(1));
    expect(await open.request(FIELDS)).toMatchObject({ status: 200 });
    await node.ask('PUT /node/state', { body: DRAIN });
    await open.closed;
    expect(open.goaway).toBe('NO_ERROR');
    const next = await connectH2(node.portico.port(1));
    expect(await next.request(FIELDS)).toMatchObject({ status: 200 });
    await next.closed;
    expect(next.goaway).toBe('NO_ERROR');
  });

  test('drains on after kill -9, and at a listener that a reload brings', {
    timeout: 30_000,
  }, async () => {
    const first = await scene();
    await first.node.ask('PUT /node/state', { as: 'ops', body: DRAIN });
    const node = await first.node.killed();
    expect(await readyz(node)).toEqual({ status: 503, reasons: ['draining'] });
    expect((await node.ask('GET /node')).json.drain).toMatchObject({ by: 'ops', reason: 'kernel update' });
    expect(await fate(node.portico.port())).toEqual(ENDS);
    await node.reload(frontDoor({ origins: [first.origin.url], http: { address: '127.0.0.2:0' } }));
    expect(await fate(node.portico.port(), '127.0.0.2')).toEqual(ENDS);
  });

  test('has a worker that takes the place of a dead one drain too', { timeout: 20_000 }, async () => {
    const origin = await startOrigin(() => answer('hello'));
    const node = await OperatedNode.start(frontDoor({ origins: [origin.url], node: { workers: 1 } }), {
      env: INSPECTABLE,
    });
    const inspector = await WorkerInspector.attach(node.portico);
    await node.ask('PUT /node/state', { body: DRAIN });
    await inspector.throwIn(await inspector.worker('worker 0'));
    await node.portico.events.waitFor('worker replaced', { limit: 9000 });
    inspector.detach();
    expect(await fate(node.portico.port())).toEqual(ENDS);
  });

  test('is waited for: until nobody is connected, or the time is over', { timeout: 20_000 }, async () => {
    const { node } = await scene();
    const client = await connectRaw(node.portico.port());
    const late = await node.command('node', 'drain', '--wait', '1s', '--reason', 'move');
    expect(late.status).toBe(3);
    expect(String(late.stderr)).toMatch(
      /edge-1 is not drained after 1 s: 0 in flight, 1 connection; it goes on draining/,
    );
    const waiting = node.command('node', 'drain', '--wait', '9s');
    await client.send(GET);
    expect(await client.next()).toMatchObject({ status: 200 });
    expect(await waiting).toMatchObject({ status: 0, stdout: expect.stringMatching(/^edge-1: drained after/) });
    const resumed = await node.command('node', 'resume');
    expect(resumed).toMatchObject({ status: 0, stdout: 'edge-1: ready\n' });
    expect((await node.command('node', 'maint')).status).toBe(2);
  });
});
