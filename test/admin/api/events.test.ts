import { describe, expect, test } from 'vitest';
import { AdminScene, basic, until, type Wire } from '../../support/admin-scene.ts';

const ID = { pool: 'app', id: '10.0.1.66:80' };

describe('the event stream', () => {
  test('brings what comes from now on, each with a cursor', async () => {
    const scene = await AdminScene.open();
    scene.operator.emit('drained', ID);
    const wire = listen(scene);
    await wire.until('retry: 2000');
    scene.operator.emit('origin-ejected', ID);
    await wire.until('"inFlight":0');
    const run = (1_700_000_000_000).toString(36);
    expect(wire.received).toContain('Content-Type: text/event-stream');
    expect(wire.received).toContain(
      `id: ${run}-2\nevent: origin-ejected\ndata: {"number":2,"time":"2023-11-14T22:13:20.000Z"`,
    );
    expect(wire.received).not.toContain('event: drained');
  });

  test.each([
    { name: 'since', query: '?since=1', field: '' },
    {
      name: 'Last-Event-ID, which counts for more',
      query: '?since=0',
      field: `Last-Event-ID: ${(1_700_000_000_000).toString(36)}-1\r\n`,
    },
  ])('goes on after $name', async ({ query, field }) => {
    const scene = await AdminScene.open();
    for (const type of ['first', 'second']) scene.operator.emit(type, ID);
    const wire = listen(scene, query, field);
    await wire.until('event: second');
    expect(wire.received).not.toContain('event: first');
  });

  test('begins anew for who comes from a former run of the node', async () => {
    const scene = await AdminScene.open();
    scene.operator.emit('first', ID);
    const wire = listen(scene, '', 'Last-Event-ID: abc-900\r\n');
    await wire.until('event: first');
  });

  test('says that it is there', async () => {
    const scene = await AdminScene.open({ api: { heartbeat: 5 } });
    await listen(scene).until(': still here');
  });

  test('of a client that leaves is let go', async () => {
    const scene = await AdminScene.open();
    const wire = listen(scene);
    await until(() => scene.operator.listening === 1, 'a stream');
    wire.socket.destroy();
    await until(() => scene.operator.listening === 0, 'its end');
  });

  test('of a client that takes nothing is cut, and nothing is kept for it', async () => {
    const scene = await AdminScene.open();
    const wire = listen(scene);
    await wire.until('retry');
    wire.socket.pause();
    const long = { pool: 'app', id: '10.0.1.66:80' };
    for (let i = 0; scene.operator.listening > 0; i++) {
      for (let each = 0; each < 500; each++) scene.operator.emit('x'.repeat(1000), long);
      await new Promise(setImmediate);
      expect(i).toBeLessThan(100);
    }
  });

  test('goes on over a reload that changes nothing, and ends with its user', async () => {
    const scene = await AdminScene.open();
    const wire = listen(scene);
    await wire.until('retry');
    await scene.server.reload({ ...scene.settings, hostNames: ['other.test'] });
    scene.operator.emit('still', ID);
    await wire.until('event: still');
    const users = scene.settings.users.filter(({ principal }) => principal.name !== 'ops');
    await scene.server.reload({ ...scene.settings, users });
    await until(() => scene.operator.listening === 0, 'its end');
  });
});

describe('a long poll for events', () => {
  const headers = { Accept: 'application/json' };

  test('brings what is known after a number, at once', async () => {
    const scene = await AdminScene.open();
    for (const type of ['first', 'second']) scene.operator.emit(type, ID);
    const { status, json } = await scene.ask('GET /api/v1/events?since=1', { headers });
    expect(status).toBe(200);
    expect(json.events.map(({ type }: { type: string }) => type)).toEqual(['second']);
  });

  test('waits for the next, and goes on from there', async () => {
    const scene = await AdminScene.open();
    scene.operator.emit('first', ID);
    const empty = await scene.ask('GET /api/v1/events?timeout=0', { headers });
    expect(empty.json.events).toEqual([]);
    const asked = scene.ask(`GET /api/v1/events?since=${empty.json.next}`, { headers });
    await until(() => scene.operator.listening > 0, 'somebody to wait');
    scene.operator.emit('second', ID);
    const { json } = await asked;
    expect(json.events.map(({ number }: { number: number }) => number)).toEqual([2]);
    expect(json.next.endsWith('-2')).toBe(true);
  });
});

describe('the audit log', () => {
  test('says who, by which way, from where, what and why', async () => {
    const scene = await AdminScene.open();
    await scene.ask('POST /api/v1/cache/purge', { body: { tags: ['a'], reason: 'wrong price' } });
    const { json } = await scene.ask('GET /api/v1/audit');
    expect(json).toEqual({
      records: [
        {
          number: 1,
          time: '2023-11-14T22:13:20.000Z',
          actor: 'ops',
          source: 'api',
          address: '127.0.0.1',
          action: 'cache.purge',
          target: 'cache',
          after: { urls: [], prefixes: [], tags: ['a'], all: false, soft: false },
          reason: 'wrong price',
          refused: null,
        },
      ],
      next: 1,
    });
    expect((await scene.ask('GET /api/v1/audit?since=1')).json).toEqual({ records: [], next: 1 });
  });

  test('is told from its end, or from where somebody has read to', async () => {
    const scene = await AdminScene.open();
    expect((await scene.ask('GET /api/v1/audit')).json).toEqual({ records: [], next: 0 });
    for (const tag of ['a', 'b', 'c']) {
      await scene.ask('POST /api/v1/cache/purge', { body: { tags: [tag], reason: 'wrong price' } });
    }
    const numbers = async (query: string) => {
      const { records, next } = (await scene.ask(`GET /api/v1/audit?limit=2${query}`)).json;
      return [...records.map(({ number }: { readonly number: number }) => number), { next }];
    };
    expect(await numbers('')).toEqual([2, 3, { next: 3 }]);
    expect(await numbers('&since=0')).toEqual([1, 2, { next: 2 }]);
    expect(await numbers('&since=2')).toEqual([3, { next: 3 }]);
  });

  test('has failed logins, by their name where there is such a user', async () => {
    const scene = await AdminScene.open();
    await scene.ask('GET /api/v1/status', { as: '', headers: { Authorization: basic('ops', 'guess') } });
    await scene.ask('GET /api/v1/status', { as: '', headers: { Authorization: basic('my-password', 'guess') } });
    const { json, text } = await scene.ask('GET /api/v1/audit');
    expect(json.records.map(({ action, actor }: Record<string, string>) => `${action} ${actor}`)).toEqual([
      'login.failed ops',
      'login.failed -',
    ]);
    expect(text + JSON.stringify(scene.log)).not.toMatch(/my-password|guess/);
  });

  test('has what a role did not allow, once in five minutes for each route', async () => {
    let now = 1_700_000_000_000;
    const scene = await AdminScene.open({ now: () => now });
    const body = { admin: 'drain', reason: 'x' };
    const path = '/api/v1/pools/app/origins/10.0.1.66:80/state';
    for (const _ of [1, 2, 3]) {
      expect((await scene.ask(`PUT ${path}?dryRun=1`, { as: 'viewer', body })).status).toBe(403);
    }
    await scene.ask('PUT /api/v1/node/state', { as: 'viewer', body });
    now += 300_000;
    await scene.ask(`PUT ${path}`, { as: 'viewer', body });
    const { records } = (await scene.ask('GET /api/v1/audit')).json;
    const refused = 'role-too-low: expected role operate, got read';
    const of = { actor: 'viewer', address: '127.0.0.1', action: 'request.refused', refused };
    expect(records).toMatchObject([
      { ...of, target: `PUT ${path}` },
      { ...of, target: 'PUT /api/v1/node/state' },
      { ...of, target: `PUT ${path}` },
    ]);
  });
});

function listen(scene: AdminScene, query = '', field = ''): Wire {
  const wire = scene.connect();
  wire.write(
    `GET /api/v1/events${query} HTTP/1.1\r\nHost: localhost\r\n${field}Authorization: ${basic('ops', 'secret')}\r\n\r\n`,
  );
  return wire;
}
