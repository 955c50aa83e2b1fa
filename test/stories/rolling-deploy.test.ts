import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { LogEvent } from '../support/event-log.ts';
import { KeepAliveLoad } from '../support/keep-alive-load.ts';
import { wrk } from '../support/load.ts';
import { type NginxOrigin, startNginx } from '../support/nginx.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, type Script, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { tempDir } from '../support/temp.ts';
import { turn } from '../support/wait.ts';
import { startWebSocketOrigin, WebSocketClient } from '../support/websocket.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** A new version comes to one origin after the other, while people use the site. */

/** An nginx that can be started again where it was, and says of each life when its requests ended. */
class Deployed {
  readonly name: string;
  readonly #dir: string;
  #nginx: NginxOrigin;
  #version = 1;

  static async start(name: string): Promise<Deployed> {
    const dir = await tempDir();
    const nginx = await startNginx({ name, accessLog: join(dir, '1.log') });
    return new Deployed(name, dir, nginx);
  }

  private constructor(name: string, dir: string, nginx: NginxOrigin) {
    this.name = name;
    this.#dir = dir;
    this.#nginx = nginx;
  }

  get url(): string {
    return this.#nginx.url;
  }

  async restart(): Promise<void> {
    await this.#nginx.stop();
    const { port } = this.#nginx;
    this.#version += 1;
    this.#nginx = await startNginx({ name: this.name, port, accessLog: join(this.#dir, `${this.#version}.log`) });
  }

  /** Of this version's requests, when each had ended: epoch milliseconds. */
  async requests(version: number): Promise<number[]> {
    const lines = (await readFile(join(this.#dir, `${version}.log`), 'utf8')).split('\n').slice(0, -1);
    return lines.map((line) => Math.round(Number(line.split(' ')[0]) * 1000));
  }
}

/** Requests that must not be sent twice, one after the other on a connection each, until told to stop. */
function posting(port: number): { stop(): Promise<readonly number[]> } {
  let isOver = false;
  const statuses: number[] = [];
  const runs = Array.from({ length: 2 }, async () => {
    while (!isOver) statuses.push((await fetchRaw(port, '/form', { method: 'POST', body: 'a=b' })).status);
  });
  return {
    async stop() {
      isOver = true;
      await Promise.all(runs);
      return statuses;
    },
  };
}

/** Resolves when the others have answered many more requests: what would still come to this one has come. */
async function othersServe(node: OperatedNode, name: string): Promise<void> {
  const elected = async () => {
    const { json } = await node.ask('GET /pools/app/origins');
    const others = (json.origins as { id: string; elected: number }[]).filter(({ id }) => id !== name);
    return others.reduce((sum, each) => sum + each.elected, 0);
  };
  const before = await elected();
  while ((await elected()) < before + 300);
}

describeWithPeers(['nginx', 'wrk'], 'a rolling deploy', () => {
  test('of four origins fails no request, and none comes after the drain is told to be over', {
    timeout: 60_000,
  }, async () => {
    const origins = await Promise.all(['app1', 'app2', 'app3', 'app4'].map((name) => Deployed.start(name)));
    const node = await OperatedNode.start({
      ...frontDoor({ origins: origins.map(({ name, url }) => ({ name, url })) }),
      logs: { access: 'off' },
    });
    const port = node.portico.port();
    const load = wrk(`${node.portico.url()}/`, { seconds: 50, connections: 16 });
    const keepAlive = await KeepAliveLoad.start(port, 4);
    const posts = posting(port);

    for (const origin of origins) {
      const drained = await node.command('drain', `app/${origin.name}`, '--wait', '10s', '--reason', 'deploy 42');
      const reported = Date.now();
      expect(drained).toMatchObject({ status: 0, stdout: expect.stringMatching(/^app\/app\d: drained after /) });
      await othersServe(node, origin.name);
      await origin.restart();
      await othersServe(node, origin.name);
      const enabling = Date.now();
      expect(await node.command('enable', origin.name, '--wait', '5s')).toMatchObject({ status: 0, stderr: [] });
      // The clock that nginx logs by is that of the turn of its loop, never later than ours.
      expect((await origin.requests(1)).filter((time) => time > reported)).toEqual([]);
      expect((await origin.requests(2)).filter((time) => time < enabling - 1)).toEqual([]);
    }

    await othersServe(node, '');
    load.interrupt();
    const { requests, ...problems } = await load.ended;
    expect(problems).toEqual({ connect: 0, write: 0, read: 0, timeout: 0, status: 0 });
    expect(requests).toBeGreaterThan(1000);
    const { answered, ...lost } = await keepAlive.end();
    expect(lost).toEqual({ failed: 0, lost: 0, goodbyes: 0, closedIdle: 0 });
    expect(answered).toBeGreaterThan(100);
    expect(new Set(await posts.stop())).toEqual(new Set([200]));
    for (const origin of origins)
      for (const version of [1, 2]) expect((await origin.requests(version)).length).toBeGreaterThan(0);
    expect(
      (await node.ask('GET /pools/app')).json.origins.map((each: { effective: string }) => each.effective),
    ).toEqual(['active', 'active', 'active', 'active']);
  });
});

describe('a drain', () => {
  test('waits for what runs, and --cut ends it at the deadline', async () => {
    const live = await startWebSocketOrigin();
    const other = await startOrigin();
    const origins = [
      { name: 'live', url: live.url },
      { name: 'other', url: other.url, role: 'standby' },
    ];
    const node = await OperatedNode.start(frontDoor({ origins }));
    const socket = await WebSocketClient.open(`${node.portico.url()}/live`);

    const inVain = await node.command('drain', 'app/live', '--wait', '300ms');
    expect(inVain.status).toBe(3);
    expect(inVain.stderr.at(-1)).toContain(
      'app/live is not drained after 300 ms: draining, 1 in flight; it stays set to drain',
    );
    expect(await socket.echo('still there?')).toBe('still there?');
    expect(await node.origin('app/live')).toMatchObject({ effective: 'draining', inFlight: 1, upgraded: 1 });

    const kept = await node.command('drain', 'app/live', '--deadline', '100ms', '--wait', '500ms');
    expect(kept.status).toBe(3);
    await node.portico.events.waitFor('an origin was not empty at its deadline');
    expect(socket.isOpen).toBe(true);

    const cut = await node.command('drain', 'app/live', '--deadline', '100ms', '--cut', '--wait', '5s');
    expect(cut).toMatchObject({ status: 0, stdout: expect.stringContaining('app/live: drained after ') });
    expect((await socket.closed).code).toBe(1006);
    expect(await node.origin('app/live')).toMatchObject({ effective: 'drained', inFlight: 0, upgraded: 0 });
  });

  test('leaves clients where they stick, and maint takes them away', async () => {
    const names = ['one', 'two', 'three'];
    const running = await Promise.all(names.map((name) => startOrigin(() => answer(name))));
    const origins = running.map(({ url }, index) => ({ url, name: names[index] }));
    const node = await OperatedNode.start(frontDoor({ origins, pool: { sticky: { cookie: 'AT' } } }));
    const port = node.portico.port();
    const first = await fetchRaw(port, '/');
    const cookie = first.fields.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1].split(';')[0];
    const again = () => Promise.all(names.map(() => fetchRaw(port, '/', { head: [`Cookie: ${cookie}`] })));

    expect((await node.command('drain', first.body, '--wait', '5s')).status).toBe(0);
    expect((await again()).map(({ body }) => body)).toEqual(names.map(() => first.body));
    expect(await node.answerers()).not.toHaveProperty(first.body);

    expect((await node.command('disable', first.body, '--wait', '5s')).status).toBe(0);
    const arrived = running[names.indexOf(first.body)]?.requests.length;
    expect((await again()).map(({ body }) => body)).not.toContain(first.body);
    expect(running[names.indexOf(first.body)]?.requests.length).toBe(arrived);

    expect((await node.command('enable', first.body)).status).toBe(0);
    expect(await node.answerers(30)).toEqual({ one: 10, two: 10, three: 10 });
  });

  test('that is told to be over is over for good, whoever waits in the queue', async () => {
    const slowly = (name: string): Script =>
      async function* () {
        for (let i = 0; i < 20; i++) await turn();
        yield answer(name);
      };
    const [one, two] = [await startOrigin(slowly('one')), await startOrigin(slowly('two'))];
    const origins = [one, two].map(({ url }, index) => ({ url, name: ['one', 'two'][index] }));
    const pool = { max_in_flight: 2, queue: { size: 1000, timeout: '5s' } };
    const node = await OperatedNode.start({ ...frontDoor({ origins, pool }), logs: { access: 'off' } });
    const served = async (origin: ScriptedOrigin, more: number) => {
      const count = origin.requests.length + more;
      while (origin.requests.length < count)
        await origin.arrivals.waitFor(() => true, { from: origin.requests.length });
    };
    const loads = [posting(node.portico.port()), posting(node.portico.port()), posting(node.portico.port())];
    for (const admin of ['drain', 'maint', 'drain', 'stopped']) {
      const body = { admin, reason: 'deploy 42' };
      const reply = await node.ask('PUT /pools/app/origins/one/state?wait=drained&timeout=5s', { as: 'ops', body });
      const count = one.requests.length;
      expect(reply).toMatchObject({ status: 200, json: { drain: { drained: true } } });
      await served(two, 60);
      expect(one.requests.length).toBe(count);
      await node.ask('PUT /pools/app/origins/one/state', { body: { admin: 'active' } });
      await served(one, 20);
    }
    for (const load of loads) expect(new Set(await load.stop())).toEqual(new Set([200]));
  });

  test('comes to its end when workers die with what they had in flight', async () => {
    const silent = await startOrigin(() => undefined);
    const other = await startOrigin(() => answer('other'));
    const origins = [
      { url: silent.url, name: 'silent' },
      { url: other.url, name: 'other', role: 'standby' },
    ];
    const node = await OperatedNode.start(frontDoor({ origins }), { env: INSPECTABLE });
    const port = node.portico.port();
    const asked = Array.from({ length: 20 }, () =>
      fetchRaw(port, '/', { method: 'POST', body: 'a' }).catch(() => 'lost'),
    );
    while (silent.requests.length < 20) await silent.arrivals.waitFor(() => true, { from: silent.requests.length });
    await node.ask('PUT /pools/app/origins/silent/state', { body: { admin: 'maint', reason: 'deploy 42' } });
    expect((await node.origin('app/silent')).inFlight).toBe(20);
    const waiting = node.ask('GET /pools/app/origins/silent?wait=drained&timeout=9s');
    const inspector = await WorkerInspector.attach(node.portico);
    for (const name of ['worker 0', 'worker 1']) await inspector.throwIn(await inspector.worker(name));
    expect(await waiting).toMatchObject({ status: 200, json: { inFlight: 0, effective: 'maint' } });
    expect(await Promise.all(asked)).toEqual(Array(20).fill('lost'));
    for (const worker of [0, 1]) {
      const isThis = ({ message, worker: which }: LogEvent) => message === 'worker replaced' && which === worker;
      await node.portico.events.waitFor(isThis, { limit: 9000 });
    }
    inspector.detach();
    expect(await node.answerers()).toEqual({ other: 20 });
    expect(silent.requests.length).toBe(20);
  });
});
