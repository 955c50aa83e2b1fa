import { describe, expect, test } from 'vitest';
import { AdminScene, until } from '../../support/admin-scene.ts';

const ORIGIN = '/api/v1/pools/app/origins/10.0.1.67:8080';
const ID = { pool: 'app', id: '10.0.1.67:8080' };

describe('an origin', () => {
  test('is shown with its version as ETag', async () => {
    const scene = await AdminScene.open();
    const { status, headers, json } = await scene.ask(`GET ${ORIGIN}`);
    expect(status).toBe(200);
    expect(headers.etag).toBe('"1"');
    expect(json).toMatchObject({
      id: '10.0.1.67:8080',
      admin: 'active',
      effective: 'active',
      override: null,
      version: 1,
    });
    expect(json.healthSince).toBe('2023-11-14T22:13:20.000Z');
  });

  test.each([
    { name: 'its id, percent-encoded', path: '/api/v1/pools/app/origins/10.0.1.67%3A8080' },
    { name: 'its url', path: '/api/v1/pools/app/origins/-?url=http%3A%2F%2F10.0.1.67%3A8080%2F' },
    { name: 'its route', path: '/api/v1/pools/app/origins/-?route=10.0.1.67:8080' },
  ])('is found by $name', async ({ path }) => {
    const scene = await AdminScene.open();
    expect((await scene.ask(`GET ${path}`)).json.id).toBe('10.0.1.67:8080');
  });

  test('is not sent again to who has it', async () => {
    const scene = await AdminScene.open();
    const { status, text } = await scene.ask(`GET ${ORIGIN}`, { headers: { 'If-None-Match': 'W/"1", "9"' } });
    expect({ status, text }).toEqual({ status: 304, text: '' });
    expect((await scene.ask(`GET ${ORIGIN}`, { headers: { 'If-None-Match': '"2"' } })).status).toBe(200);
  });
});

describe('the state of an origin', () => {
  test('is drained at once when nothing is in flight, with who, why and until when', async () => {
    const scene = await AdminScene.open();
    const body = { admin: 'drain', reason: 'deploy 42', deadline: '5m', onDeadline: 'cut', expires: 7200 };
    const { status, json, headers } = await scene.ask(`PUT ${ORIGIN}/state`, {
      body,
      headers: { 'Portico-Source': 'cli' },
    });
    expect(status).toBe(200);
    expect(headers.etag).toBe('"2"');
    expect(json.drain).toEqual({
      since: '2023-11-14T22:13:20.000Z',
      deadline: '2023-11-14T22:18:20.000Z',
      onDeadline: 'cut',
      drained: true,
    });
    expect(json.override).toMatchObject({
      by: 'ops',
      source: 'cli',
      reason: 'deploy 42',
      expires: '2023-11-15T00:13:20.000Z',
      values: { admin: 'drain' },
      was: { admin: 'active', weight: 1 },
    });
    expect(scene.operator.changes[0]?.actor).toEqual({ name: 'ops', source: 'cli', address: '127.0.0.1' });
  });

  test('is 202 with Location while something runs there', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { inFlight: 2 });
    const { status, headers, json } = await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'drain', reason: 'x' } });
    expect({ status, effective: json.effective }).toEqual({ status: 202, effective: 'draining' });
    expect((await scene.ask(`GET ${headers.location}`)).json.inFlight).toBe(2);
  });

  test('is waited for in the same request', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { inFlight: 1 });
    const asked = scene.ask(`PUT ${ORIGIN}/state?wait=drained&timeout=30s`, { body: { admin: 'drain', reason: 'x' } });
    await until(() => scene.operator.listening > 0, 'somebody to wait');
    scene.operator.set(ID, { inFlight: 0 });
    expect(await asked).toMatchObject({ status: 200, json: { effective: 'drained' } });
  });

  test('may be asked for again: nothing changes', async () => {
    const scene = await AdminScene.open();
    const body = { admin: 'maint', reason: 'x' };
    const first = await scene.ask(`PUT ${ORIGIN}/state`, { body });
    const second = await scene.ask(`PUT ${ORIGIN}/state`, { body });
    expect([second.status, second.headers.etag]).toEqual([200, first.headers.etag]);
  });

  test('goes back to active without a reason', async () => {
    const scene = await AdminScene.open();
    await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'maint', reason: 'x' } });
    const { status, json } = await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'active' } });
    expect({ status, effective: json.effective }).toEqual({ status: 200, effective: 'active' });
  });

  test('of the last usable one is changed by force alone', async () => {
    const scene = await AdminScene.open();
    await scene.ask('PUT /api/v1/pools/app/origins/10.0.1.66:80/state', { body: { admin: 'drain', reason: 'x' } });
    const body = { admin: 'drain', reason: 'x' };
    expect(await scene.ask(`PUT ${ORIGIN}/state`, { body })).toMatchObject({
      status: 409,
      json: { type: '/api/v1/problem#last-active-origin' },
    });
    expect((await scene.ask(`PUT ${ORIGIN}/state`, { body: { ...body, force: true } })).status).toBe(200);
  });

  test('with dryRun says what would be, and changes nothing', async () => {
    const scene = await AdminScene.open();
    const { status, json } = await scene.ask(`PUT ${ORIGIN}/state?dryRun=1`, { body: { admin: 'maint', reason: 'x' } });
    expect({ status, admin: json.admin }).toEqual({ status: 200, admin: 'maint' });
    expect(scene.operator.origin(ID)?.admin).toBe('active');
    expect(scene.operator.changes).toEqual([]);
  });

  test('that cannot be kept is 503', async () => {
    const scene = await AdminScene.open();
    scene.operator.refuseNext = { kind: 'not-kept', detail: 'ENOSPC' };
    const { status, json } = await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'maint', reason: 'x' } });
    expect({ status, type: json.type }).toEqual({ status: 503, type: '/api/v1/problem#not-kept' });
  });
});

describe('a long poll', () => {
  test('for drained ends in 409 with the origin when the time is over', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { inFlight: 3 });
    await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'drain', reason: 'x' } });
    const { status, headers, json } = await scene.ask(`GET ${ORIGIN}?wait=drained&timeout=0.05`);
    expect(status).toBe(409);
    expect(headers['retry-after']).toBe('5');
    expect(headers['content-type']).toBe('application/problem+json');
    expect(json).toMatchObject({ type: '/api/v1/problem#not-drained', origin: { inFlight: 3, effective: 'draining' } });
  });

  test.each([
    { wait: 'up', type: 'not-up' },
    { wait: 'active', type: 'not-active' },
  ])('for $wait ends in 409 as well', async ({ wait, type }) => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { health: 'down' });
    const { status, json } = await scene.ask(`GET ${ORIGIN}?wait=${wait}&timeout=0`);
    expect({ status, type: json.type }).toEqual({ status: 409, type: `/api/v1/problem#${type}` });
    scene.operator.set(ID, { health: 'up' });
    expect((await scene.ask(`GET ${ORIGIN}?wait=${wait}&timeout=0`)).status).toBe(200);
  });

  test('for changed comes with the change, or is 304', async () => {
    const scene = await AdminScene.open();
    const headers = { 'If-None-Match': '"1"' };
    expect((await scene.ask(`GET ${ORIGIN}?wait=changed&timeout=0`, { headers })).status).toBe(304);
    const asked = scene.ask(`GET ${ORIGIN}?wait=changed&timeout=30`, { headers });
    await until(() => scene.operator.listening > 0, 'somebody to wait');
    scene.operator.set(ID, { health: 'down' });
    expect(await asked).toMatchObject({ status: 200, json: { health: 'down', version: 2 } });
    expect((await scene.ask(`GET ${ORIGIN}?wait=changed&timeout=0`, { headers })).status).toBe(200);
  });

  test('of an origin that is removed meanwhile ends in 410', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { inFlight: 1 });
    const removed = await scene.ask(`DELETE ${ORIGIN}?reason=gone`, { as: 'root' });
    expect({ status: removed.status, effective: removed.json.effective }).toEqual({
      status: 202,
      effective: 'removing',
    });
    const asked = scene.ask(`GET ${ORIGIN}?wait=drained&timeout=30s`);
    await until(() => scene.operator.listening > 0, 'somebody to wait');
    scene.operator.vanish(ID);
    expect((await asked).status).toBe(410);
    expect((await scene.ask(`GET ${ORIGIN}`)).status).toBe(410);
  });

  test('of a client that leaves is given up', async () => {
    const scene = await AdminScene.open();
    const wire = scene.connect();
    const login = Buffer.from('ops:secret').toString('base64');
    wire.write(`GET ${ORIGIN}?wait=changed HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${login}\r\n\r\n`);
    await until(() => scene.operator.listening > 0, 'somebody to wait');
    wire.socket.destroy();
    await until(() => scene.operator.listening === 0, 'nobody to wait');
  });
});

describe('a change of an origin', () => {
  test('needs If-Match, and the version that it is', async () => {
    const scene = await AdminScene.open();
    const body = { weight: 5 };
    expect((await scene.ask(`PATCH ${ORIGIN}`, { body })).status).toBe(428);
    expect((await scene.ask(`PATCH ${ORIGIN}`, { body, headers: { 'If-Match': '"7"' } })).status).toBe(412);
    expect((await scene.ask(`PATCH ${ORIGIN}`, { body, headers: { 'If-Match': 'W/"1"' } })).status).toBe(412);
    expect(scene.operator.origin(ID)?.weight).toBe(1);
    const done = await scene.ask(`PATCH ${ORIGIN}`, { body, headers: { 'If-Match': '"1"' } });
    expect([done.status, done.json.weight, done.headers.etag]).toEqual([200, 5, '"2"']);
  });

  test('says all that it can say, and null takes it back', async () => {
    const scene = await AdminScene.open();
    const body = { weight: 9, set: 2, role: 'standby', ignoreErrors: true, health: 'forcedDown', reason: 'look at it' };
    const any = { 'If-Match': '*' };
    const { json } = await scene.ask(`PATCH ${ORIGIN}`, { body, headers: any });
    expect(json).toMatchObject({ weight: 9, set: 2, role: 'standby', ignoreErrors: true, health: 'forcedDown' });
    expect(json.override.values).toEqual({
      weight: 9,
      set: 2,
      role: 'standby',
      ignoreErrors: true,
      health: 'forcedDown',
    });
    const back = await scene.ask(`PATCH ${ORIGIN}`, { body: { weight: null, health: null }, headers: any });
    expect(back.json).toMatchObject({ weight: 1, set: 2, health: 'up' });
  });

  test('is taken back as a whole', async () => {
    const scene = await AdminScene.open();
    await scene.ask(`PUT ${ORIGIN}/state`, { body: { admin: 'maint', reason: 'x' } });
    expect((await scene.ask(`DELETE ${ORIGIN}/override?dryRun=1`)).json.admin).toBe('active');
    expect(scene.operator.origin(ID)?.admin).toBe('maint');
    const { status, json } = await scene.ask(`DELETE ${ORIGIN}/override`);
    expect({ status, admin: json.admin, override: json.override }).toEqual({
      status: 200,
      admin: 'active',
      override: null,
    });
  });
});

describe('the origins of a pool', () => {
  test('are listed, all or by url', async () => {
    const scene = await AdminScene.open();
    expect((await scene.ask('GET /api/v1/pools/app/origins')).json.origins).toHaveLength(2);
    const { json } = await scene.ask('GET /api/v1/pools/app/origins?url=http://10.0.1.66:80/');
    expect(json.origins.map(({ id }: { id: string }) => id)).toEqual(['10.0.1.66:80']);
  });

  test('get another, in maint, once', async () => {
    const scene = await AdminScene.open();
    const body = { url: 'http://10.0.1.69', id: 'app9', weight: 3, reason: 'grows' };
    expect((await scene.ask('POST /api/v1/pools/app/origins?dryRun=1', { as: 'root', body })).status).toBe(200);
    expect((await scene.ask('GET /api/v1/pools/app/origins')).json.origins).toHaveLength(2);
    const added = await scene.ask('POST /api/v1/pools/app/origins', { as: 'root', body });
    expect([added.status, added.headers.location, added.json.admin]).toEqual([
      201,
      '/api/v1/pools/app/origins/app9',
      'maint',
    ]);
    expect((await scene.ask('POST /api/v1/pools/app/origins', { as: 'root', body })).status).toBe(409);
  });

  test('lose one at once when nothing runs there, or when it is cut', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(ID, { inFlight: 4 });
    expect((await scene.ask(`DELETE ${ORIGIN}?reason=x&dryRun=1`, { as: 'root' })).status).toBe(200);
    const { status, text } = await scene.ask(`DELETE ${ORIGIN}?reason=x&now=1`, { as: 'root' });
    expect({ status, text }).toEqual({ status: 204, text: '' });
  });
});
