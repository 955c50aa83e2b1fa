import { describe, expect, test } from 'vitest';
import { AdminScene, until } from '../../support/admin-scene.ts';

const BODY = { select: { host: '10.0.1.66' }, admin: 'drain', reason: 'kernel' };
const APP = { pool: 'app', id: '10.0.1.66:80' };

describe('an operation', () => {
  test('changes all origins of a host at once, in all pools and on all ports', async () => {
    const scene = await AdminScene.open();
    const { status, json } = await scene.ask('POST /api/v1/operations', { body: BODY });
    expect({ status, state: json.state }).toEqual({ status: 200, state: 'done' });
    expect(json.origins.map(({ pool, id }: { pool: string; id: string }) => `${pool}/${id}`)).toEqual([
      'app/10.0.1.66:80',
      'api/10.0.1.66:81',
    ]);
    expect(scene.operator.changes).toHaveLength(1);
  });

  test.each([
    { select: { host: '10.0.1.66:81' }, ids: ['10.0.1.66:81'] },
    { select: { host: '10.0.1.66', pools: ['app'] }, ids: ['10.0.1.66:80'] },
  ])('of $select changes $ids alone', async ({ select, ids }) => {
    const scene = await AdminScene.open();
    await scene.ask('POST /api/v1/operations', { body: { ...BODY, select } });
    expect(scene.operator.changes[0]?.ids.map(({ id }) => id)).toEqual(ids);
  });

  test('is refused as a whole when it takes the last usable origin of one pool', async () => {
    const scene = await AdminScene.open();
    await scene.ask('PUT /api/v1/pools/api/origins/10.0.1.68:80/state', { body: { admin: 'maint', reason: 'x' } });
    const { status } = await scene.ask('POST /api/v1/operations', { body: BODY });
    expect(status).toBe(409);
    expect(scene.operator.origin(APP)?.admin).toBe('active');
  });

  test('is done when all of them are so', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(APP, { inFlight: 1 });
    const begun = await scene.ask('POST /api/v1/operations', { body: { ...BODY, wait: 'drained', timeout: '5m' } });
    expect({ status: begun.status, state: begun.json.state }).toEqual({ status: 202, state: 'running' });
    const asked = scene.ask(`GET ${begun.headers.location}?wait=done&timeout=1m`);
    await until(() => scene.operator.listening > 0);
    scene.operator.set(APP, { inFlight: 0 });
    expect(await asked).toMatchObject({ status: 200, json: { state: 'done' } });
  });

  test('that is waited for in vain is 409, with how it is', async () => {
    const scene = await AdminScene.open();
    scene.operator.set(APP, { inFlight: 1 });
    const begun = await scene.ask('POST /api/v1/operations', { body: { ...BODY, wait: 'drained', timeout: 0.02 } });
    const running = await scene.ask(`GET ${begun.headers.location}?wait=done&timeout=0`);
    expect([running.status, running.headers['retry-after']]).toEqual([409, '5']);
    const overdue = await scene.ask(`GET ${begun.headers.location}?wait=done`);
    expect(overdue).toMatchObject({
      status: 409,
      json: { type: '/api/v1/problem#not-done', operation: { state: 'overdue' } },
    });
  });

  test('is kept for an hour', async () => {
    let now = 1_700_000_000_000;
    const scene = await AdminScene.open({ now: () => now });
    const { headers } = await scene.ask('POST /api/v1/operations', { body: BODY });
    now += 3_600_000;
    expect((await scene.ask(`GET ${headers.location}`)).status).toBe(200);
    now += 1;
    expect((await scene.ask(`GET ${headers.location}`)).status).toBe(404);
  });
});
