import { describe, expect, test } from 'vitest';
import { AdminScene } from '../../support/admin-scene.ts';

const STATE = '/api/v1/dns/datacenters/uk/state';
const REASONED = { admin: 'drain', reason: 'flooded' };

describe('the name server', () => {
  test('is shown with its datacenters, zones, databases and counts', async () => {
    const scene = await AdminScene.open();
    scene.dns.set('uk', 'down', 'connection refused');
    const { status, json } = await scene.ask('GET /api/v1/dns', { as: 'viewer' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      engine: 'plain',
      failingOpen: [],
      datacenters: [
        { name: 'us', inService: true, effective: 'serving', override: null, problem: null },
        {
          name: 'uk',
          location: [51.5, -0.1],
          addresses: ['192.0.2.10', '2001:db8::10'],
          admin: 'active',
          health: 'down',
          effective: 'down',
          inService: false,
          problem: 'connection refused',
          lastCheck: { duration: 12.5 },
        },
      ],
      zones: [{ name: 'example.com', file: null }, { problems: ['zones/example.org:3: x'] }],
      databases: [{ type: 'GeoLite2-City', built: '2023-11-03T08:26:40.000Z', problem: null }],
      counters: { queries: { udp: 10, tcp: 1 } },
    });
  });

  test('says why a database as its file is now is not in force, here and in the status of the node', async () => {
    const scene = await AdminScene.open();
    const database = { file: 'City.mmdb', type: 'GeoLite2-City', built: undefined, problem: 'City.mmdb is cut off' };
    scene.dns.stageStatus({ databases: [database] });
    const told = [{ ...database, built: null }];
    expect((await scene.ask('GET /api/v1/dns', { as: 'viewer' })).json.databases).toEqual(told);
    expect((await scene.ask('GET /api/v1/status', { as: 'viewer' })).json.dns.databases).toEqual(told);
  });

  test('says when answers are given as if all were in service', async () => {
    const scene = await AdminScene.open();
    scene.dns.set('us', 'down');
    scene.dns.set('uk', 'down');
    expect((await scene.ask('GET /api/v1/dns')).json.failingOpen).toEqual([['us', 'uk']]);
    expect((await scene.ask('GET /api/v1/status')).json.dns.failingOpen).toEqual([['us', 'uk']]);
  });

  test.each([{ line: 'GET /api/v1/dns' }, { line: `PUT ${STATE}`, body: REASONED }])(
    'that a node has not is a problem: $line',
    async ({ line, ...asking }) => {
      const scene = await AdminScene.open({ api: { dns: () => undefined } });
      const { status, json } = await scene.ask(line, asking);
      expect([status, json.type]).toEqual([409, '/api/v1/problem#dns-off']);
      expect((await scene.ask('GET /api/v1/status')).json.dns).toBeNull();
    },
  );
});

describe('where a client is sent', () => {
  test('is told by each map', async () => {
    const scene = await AdminScene.open();
    scene.dns.set('us', 'down');
    const { status, json } = await scene.ask('GET /api/v1/dns/destinations?client=203.0.113.7', { as: 'viewer' });
    expect(status).toBe(200);
    const destination = { map: 'closest of us, uk', mode: 'closest', order: ['us', 'uk'], chosen: ['uk'] };
    expect(json).toEqual({ destinations: [{ ...destination, net: '203.0.113.0/24' }] });
  });

  test.each([{ query: '' }, { query: '?client=us' }, { query: `?client=${'1'.repeat(65)}` }])(
    'takes an address or a network: $query',
    async ({ query }) => {
      const { status, json } = await (await AdminScene.open()).ask(`GET /api/v1/dns/destinations${query}`);
      expect([status, json.type]).toEqual([400, '/api/v1/problem#invalid-parameters']);
      expect(json.detail).toContain('an address or a network');
    },
  );
});

describe('a datacenter', () => {
  test('is drained and put back by whoever may operate', async () => {
    const scene = await AdminScene.open();
    const drained = await scene.ask(`PUT ${STATE}`, { body: { ...REASONED, expires: '1h' } });
    expect(drained.status).toBe(200);
    expect(drained.json).toMatchObject({
      name: 'uk',
      admin: 'drain',
      effective: 'drain',
      inService: false,
      override: { by: 'ops', source: 'api', reason: 'flooded', expires: '2023-11-14T23:13:20.000Z' },
    });
    expect(scene.dns.changes[0]?.change).toMatchObject({ expiresIn: 3_600_000, dryRun: false });
    const back = await scene.ask(`PUT ${STATE}`, { body: { admin: 'active' } });
    expect(back.json).toMatchObject({ admin: 'active', inService: true, override: null });
  });

  test('stays as it is in a dry run', async () => {
    const scene = await AdminScene.open();
    const { json } = await scene.ask(`PUT ${STATE}?dryRun=1`, { body: REASONED });
    expect(json).toMatchObject({ effective: 'drain' });
    expect(scene.dns.datacenters()[1]?.effective).toBe('serving');
  });

  test('is not the last one that is taken away, unless it is forced', async () => {
    const scene = await AdminScene.open();
    scene.dns.set('us', 'down');
    const refused = await scene.ask(`PUT ${STATE}`, { body: REASONED });
    expect([refused.status, refused.json.type]).toEqual([409, '/api/v1/problem#last-datacenter']);
    expect((await scene.ask(`PUT ${STATE}`, { body: { ...REASONED, force: true } })).status).toBe(200);
  });

  test.each([
    { name: 'a reader', asking: { as: 'viewer', body: REASONED }, status: 403 },
    { name: 'a name that there is not', path: STATE.replace('uk', 'fr'), asking: { body: REASONED }, status: 404 },
    { name: 'no reason', asking: { body: { admin: 'down' } }, status: 422 },
    { name: 'a state of origins', asking: { body: { ...REASONED, admin: 'maint' } }, status: 422 },
    { name: 'no time', asking: { body: { ...REASONED, expires: 'soon' } }, status: 422 },
    { name: 'something else', asking: { body: { ...REASONED, weight: 2 } }, status: 422 },
  ])('is not changed by $name: $status', async ({ path = STATE, asking, status }) => {
    const scene = await AdminScene.open();
    expect((await scene.ask(`PUT ${path}`, asking)).status).toBe(status);
    expect(scene.dns.changes).toEqual([]);
  });
});
