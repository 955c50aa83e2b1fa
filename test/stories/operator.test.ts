import { readdir, readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { basic } from '../support/admin-scene.ts';
import { Journal } from '../support/journal.ts';
import { OperatedNode, PASSWORD } from '../support/operated-node.ts';
import { answer, type ScriptedOrigin, startOrigin } from '../support/origin.ts';
import { fetchRaw, fieldOf } from '../support/raw-client.ts';
import { atTeardown } from '../support/teardown.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** What operators say of the origins of a real node, by its API, and what its clients see of that. */

const ANY = { 'If-Match': '*' };

async function named(
  ...names: string[]
): Promise<{ origins: ScriptedOrigin[]; listed: { url: string; name: string }[] }> {
  const origins = await Promise.all(names.map((name) => startOrigin(() => answer(name))));
  return { origins, listed: origins.map(({ url }, index) => ({ url, name: names[index] as string })) };
}

/** What happens from now on, by the event stream. */
async function follow(node: OperatedNode) {
  const events = new Journal<{
    readonly name: string;
    readonly id: string;
    readonly origin?: string;
    readonly detail: object;
  }>('event');
  const { promise: open, resolve } = Promise.withResolvers<void>();
  const headers = { Authorization: basic('viewer', PASSWORD) };
  const sent = request(`${node.admin}/api/v1/events`, { headers, agent: false }, (response) => {
    let unread = '';
    response.setEncoding('utf8').on('data', (text: string) => {
      const blocks = (unread + text).split('\n\n');
      unread = blocks.pop() ?? '';
      for (const block of blocks) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
        const data = field('data');
        if (data !== undefined) events.add({ ...JSON.parse(data), name: field('event'), id: field('id') });
      }
      resolve();
    });
    response.on('error', () => {});
  });
  sent.on('error', () => {});
  sent.end();
  atTeardown(() => sent.destroy());
  await open;
  return events;
}

describe('what is changed by the API', () => {
  test('weights: traffic follows exactly, over all workers', async () => {
    const { listed } = await named('one', 'two', 'three');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    await node.ask('PATCH /pools/app/origins/one', { as: 'ops', body: { weight: 5 }, headers: ANY });
    await node.ask('PATCH /pools/app/origins/two', { as: 'ops', body: { weight: 3 }, headers: ANY });
    expect(await node.answerers(90)).toEqual({ one: 50, two: 30, three: 10 });
    await node.ask('PATCH /pools/app/origins/one', { as: 'ops', body: { weight: null }, headers: ANY });
    expect(await node.answerers(50)).toEqual({ one: 10, two: 30, three: 10 });
  });

  test('roles, sets and forced_down: who is needed serves, and nobody else', async () => {
    const { listed } = await named('one', 'two', 'three');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    const patch = async (id: string, body: object) => {
      const reply = await node.ask(`PATCH /pools/app/origins/${id}`, {
        body: { reason: 'a test', ...body },
        headers: ANY,
      });
      expect(reply.status).toBe(200);
      return reply.json;
    };
    expect(await patch('three', { role: 'standby' })).toMatchObject({ effective: 'standby' });
    expect(await patch('two', { role: 'spare' })).toMatchObject({ effective: 'spare' });
    expect(await node.answerers()).toEqual({ one: 20 });
    expect(await patch('one', { health: 'forcedDown' })).toMatchObject({ effective: 'down', health: 'forcedDown' });
    expect(await node.answerers()).toEqual({ two: 20 });
    expect(await patch('two', { health: 'forcedDown' })).toMatchObject({ effective: 'down' });
    expect(await node.answerers()).toEqual({ three: 20 });
    await patch('one', { health: null, set: 1 });
    await patch('three', { role: null });
    expect(await node.answerers()).toEqual({ three: 20 });
    await patch('three', { set: 2 });
    expect(await node.answerers()).toEqual({ one: 20 });
  });

  test('for a time: it ends by itself, with an event', async () => {
    const { listed } = await named('one', 'two');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    const events = await follow(node);
    const body = { admin: 'maint', reason: 'one second', expires: '1s' };
    await node.ask('PUT /pools/app/origins/one/state', { body });
    expect(await node.answerers()).toEqual({ two: 20 });
    const ended = await events.waitFor(({ name }) => name === 'override-dropped');
    expect(ended).toMatchObject({ origin: 'one', detail: { because: 'expired' } });
    expect(await node.answerers()).toEqual({ one: 10, two: 10 });
  });

  test('for good, by who says so, though it was for a time before', async () => {
    const { listed } = await named('one', 'two');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    const put = (body: object) => node.ask('PUT /pools/app/origins/one/state', { body });
    await put({ admin: 'drain', reason: 'deploy', expires: '1h', deadline: '5m', onDeadline: 'cut' });
    await put({ admin: 'drain', reason: 'the disk is broken', expires: null, deadline: null });
    expect(await (await node.killed()).origin('app/one')).toMatchObject({
      override: { reason: 'the disk is broken', expires: null },
      drain: { deadline: null, onDeadline: 'keep' },
    });
  });

  test('not the last usable origin, unless by force; several at once are one change', async () => {
    const { listed } = await named('one', 'two');
    const spare = await named('other');
    const config = frontDoor({ origins: listed }) as { pools: object };
    const node = await OperatedNode.start({ ...config, pools: { ...config.pools, api: { origins: spare.listed } } });
    const host = '127.0.0.1';
    const all = { select: { host }, admin: 'maint', reason: 'power cut' };
    expect((await node.ask('POST /operations', { body: all })).json.type).toContain('#last-active-origin');
    expect(await node.answerers()).toEqual({ one: 10, two: 10 });
    const refused = await node.command('disable', host, '--all-pools');
    expect(refused.status).toBe(1);
    expect(refused.stderr.join('\n')).toContain('would have no usable origin left');

    expect((await node.command('disable', 'one')).status).toBe(0);
    const last = await node.command('disable', 'two');
    expect(last.status).toBe(1);
    expect(last.stderr.join('\n')).toContain('pool app would have no usable origin left');
    expect((await node.ask('DELETE /pools/app/origins/two?reason=x')).json.type).toContain('#last-active-origin');
    expect(await node.answerers(4)).toEqual({ two: 4 });
    expect((await node.command('disable', 'two', '--force')).status).toBe(0);
    expect(await node.answerers(4)).toEqual({ 503: 4 });
    expect((await node.command('enable', host, '--all-pools')).status).toBe(0);
    expect(await node.answerers()).toEqual({ one: 10, two: 10 });
  });

  test('by versions: who saw another one is refused, and who asks for a dry run changes nothing', async () => {
    const { listed } = await named('one', 'two');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    const seen = (await node.ask('GET /pools/app/origins/one')).headers.etag as string;
    const body = { admin: 'maint', reason: 'mine' };
    const dry = await node.ask('PUT /pools/app/origins/one/state?dryRun=1', { body, headers: { 'If-Match': seen } });
    expect(dry).toMatchObject({ status: 200, json: { admin: 'maint', effective: 'maint' } });
    expect((await node.ask('GET /pools/app/origins/one')).headers.etag).toBe(seen);
    expect(await node.answerers()).toEqual({ one: 10, two: 10 });

    const first = await node.ask('PUT /pools/app/origins/one/state', { body, headers: { 'If-Match': seen } });
    expect([200, 202]).toContain(first.status);
    const active = { admin: 'active', reason: 'his' };
    const late = await node.ask('PUT /pools/app/origins/one/state', { body: active, headers: { 'If-Match': seen } });
    expect(late).toMatchObject({ status: 412, headers: { etag: first.headers.etag } });
    expect(await node.answerers()).toEqual({ two: 20 });
    const { status } = await node.ask('GET /pools/app/origins/one', {
      headers: { 'If-None-Match': `${first.headers.etag}` },
    });
    expect(status).toBe(304);
  });
});

describe('a maintenance page', () => {
  const PAGE = '<!doctype html><h1>Back at <b>ten</b> {{host}}</h1>';

  test('answers all of the pool at once, each as it asks, over a restart and in the place of a worker that died', {
    timeout: 30_000,
  }, async () => {
    const { listed, origins } = await named('one');
    const spare = await named('api');
    const config = frontDoor({ origins: listed }) as { pools: object; sites: object[] };
    const whole = {
      ...config,
      cache: { memory: '64MiB' },
      sites: [...config.sites, { hosts: ['api.example'], pool: 'api' }],
      pools: { ...config.pools, api: { origins: spare.listed } },
    };
    let node = await OperatedNode.start(whole, { env: INSPECTABLE });
    (origins[0] as ScriptedOrigin).script = () => answer('kept', { fields: ['Cache-Control: max-age=3600'] });
    expect(await node.answerers(4)).toEqual({ kept: 4 });
    const body = { page: PAGE, retryAfter: '15m', reason: 'database' };
    const dry = await node.ask('POST /pools/app/maintenance?dryRun=1', { as: 'ops', body });
    expect(dry.json.maintenance).toMatchObject({ by: 'ops', reason: 'database', retryAfter: 900 });
    expect(await node.answerers(4)).toEqual({ kept: 4 });
    expect((await node.ask('POST /pools/app/maintenance', { as: 'ops', body })).status).toBe(200);
    expect(await node.answerers(40)).toEqual({ 503: 40 });
    expect(await node.answerers(4, 'api.example')).toEqual({ api: 4 });

    const pageFor = async (accept: string) => {
      const reply = await fetchRaw(node.portico.port(), '/', { head: [`Accept: ${accept}`] });
      return [reply.status, fieldOf(reply, 'content-type'), fieldOf(reply, 'retry-after'), reply.body] as const;
    };
    const isShown = async () => {
      expect(await pageFor('text/html')).toEqual([503, 'text/html; charset=utf-8', '900', PAGE]);
      const [status, type, after, text] = await pageFor('application/json');
      expect([status, type, after]).toEqual([503, expect.stringContaining('json'), '900']);
      expect(JSON.parse(text)).toMatchObject({ status: 503 });
    };
    await isShown();
    expect((await node.ask('GET /status')).json.pools[0]).toMatchObject({ name: 'app', maintenance: true });

    const inspector = await WorkerInspector.attach(node.portico);
    await inspector.throwIn(await inspector.worker('worker 0'));
    await node.portico.events.waitFor('worker replaced', { limit: 9000 });
    inspector.detach();
    expect(await node.answerers(40)).toEqual({ 503: 40 });

    node = await node.killed(whole);
    await isShown();
    expect((await node.ask('DELETE /pools/app/maintenance', { as: 'ops' })).json.maintenance).toBeNull();
    expect(await node.answerers(40)).toEqual({ kept: 40 });
  });
});

describe('what is told', () => {
  test('who waits is told at once when the node stops, and streams end', async () => {
    const { listed } = await named('one');
    const node = await OperatedNode.start(frontDoor({ origins: listed }));
    const events = await follow(node);
    const waits = [
      node.ask('GET /pools/app/origins/one?wait=drained&timeout=60s'),
      node.ask('GET /pools/app/origins/one?wait=changed&timeout=60s'),
    ];
    await node.ask('POST /pools/app/maintenance', { body: { reason: 'the end' } });
    await events.waitFor(({ name }) => name === 'pool-maintenance');
    expect(await node.portico.stop()).toBe(0);
    const [drained, changed] = await Promise.all(waits);
    expect(drained).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(drained?.json.type).toContain('#closing');
    expect(changed?.status).toBe(304);
  });

  test('events come while a drain goes on, to its end', async () => {
    const { listed } = await named('one');
    const slow = await startOrigin(() => undefined);
    const node = await OperatedNode.start(frontDoor({ origins: [...listed, { url: slow.url, name: 'slow' }] }));
    const asked = [1, 2, 3, 4].map((each) => fetchRaw(node.portico.port(), `/${each}`));
    while (slow.requests.length < 2) await slow.arrivals.waitFor(() => true, { from: slow.requests.length });
    const events = await follow(node);
    const waiting = node.ask('PUT /pools/app/origins/slow/state?wait=drained&timeout=9s', {
      as: 'ops',
      body: { admin: 'drain', reason: 'deploy 42' },
    });
    await events.waitFor(({ name }) => name === 'origin-changed');
    await events.waitFor(
      ({ name, detail }) => name === 'drain-progress' && 'inFlight' in detail && detail.inFlight === 2,
    );
    for (const request of slow.requests) await request.connection.send(answer('slow'));
    await events.waitFor(({ name }) => name === 'drained');
    expect(await waiting).toMatchObject({ status: 200, json: { effective: 'drained', drain: { drained: true } } });
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
    expect(events.all[0]).toMatchObject({
      name: 'origin-changed',
      origin: 'slow',
      detail: { by: 'ops', source: 'api', reason: 'deploy 42', after: { admin: 'drain' } },
    });
    // Who comes again with the last one that it saw misses nothing.
    const { json } = await node.ask(`GET /events?since=${events.all[0]?.id}&timeout=0s`, {
      headers: { Accept: 'application/json' },
    });
    expect(json.events.map(({ type }: { type: string }) => type)).toEqual(events.all.slice(1).map(({ name }) => name));
  });

  test('the audit log says who did what, why, from where and by which way; secrets are nowhere', async () => {
    const { listed } = await named('one', 'two');
    const node = await OperatedNode.start({ ...frontDoor({ origins: listed }), logs: { level: 'debug' } });
    await node.command('disable', 'one', '--reason', 'disk 3');
    await node.ask('PATCH /pools/app/origins/two', { as: 'ops', body: { weight: 7 }, headers: ANY });
    await node.ask('DELETE /pools/app/origins/two?reason=x', { as: 'ops' });
    await node.ask('DELETE /pools/app/origins/two?reason=no+more');
    const guess = 'correct horse battery';
    const wrong = await node.send('GET', '/api/v1/status', { headers: { Authorization: basic('ops', guess) } });
    expect(wrong.status).toBe(401);
    const { records } = (await node.ask('GET /audit', { as: 'viewer' })).json;
    expect(records).toMatchObject([
      {
        number: 1,
        actor: 'ops',
        source: 'cli',
        address: '127.0.0.1',
        action: 'origin.change',
        target: 'app/one',
        reason: 'disk 3',
        before: { admin: 'active' },
        after: { admin: 'maint' },
        refused: null,
      },
      {
        actor: 'ops',
        source: 'api',
        action: 'origin.change',
        target: 'app/two',
        before: { weight: 1 },
        after: { weight: 7 },
      },
      { actor: 'ops', action: 'request.refused', refused: 'role-too-low: expected role admin, got operate' },
      {
        actor: 'root',
        action: 'origin.remove',
        target: 'app/two',
        reason: 'no more',
        refused: expect.stringContaining('last-active'),
      },
      { actor: 'ops', source: 'login', address: '127.0.0.1', action: 'login.failed' },
    ]);
    const withPassword = frontDoor({
      origins: [`http://ops:${guess.replaceAll(' ', '-')}@${listed[0]?.url.slice(7)}`],
    });
    expect(await node.reload(withPassword)).toMatchObject({ message: 'reload refused' });
    expect(await node.portico.stop()).toBe(0);

    const said = [node.portico.output, await readFile(node.portico.logFile, 'utf8'), JSON.stringify(records)];
    const state = join(node.portico.dir, 'state');
    for (const file of await readdir(state))
      if (/log$|json$/.test(file)) said.push(await readFile(join(state, file), 'utf8'));
    expect(said.length).toBeGreaterThan(4);
    for (const secret of [
      PASSWORD,
      guess,
      guess.replaceAll(' ', '-'),
      basic('ops', PASSWORD).slice(6),
      basic('ops', guess).slice(6),
      '$scrypt$',
    ]) {
      expect(said.filter((text) => text.includes(secret))).toEqual([]);
    }
  });
});
