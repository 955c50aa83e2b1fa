import { describe, expect, test } from 'vitest';
import { AdminScene } from '../../support/admin-scene.ts';

const HANDOVER = '/api/v1/vrrp/instances/front/handover';
const REASONED = { reason: 'new switches' };

describe('shared addresses', () => {
  test('are shown with who has them, whom they hear, and what is not believed', async () => {
    const scene = await AdminScene.open();
    scene.vrrp.set('back', {
      role: 'fault',
      heard: undefined,
      source: '',
      dropped: { checksum: 3 },
      droppedAt: 1_699_999_999_000,
    });
    const { status, json } = await scene.ask('GET /api/v1/vrrp', { as: 'viewer' });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      agent: { ready: true, answers: true, deaths: 0, realTime: null },
      instances: [
        {
          name: 'front',
          role: 'active',
          since: '2023-11-14T22:11:50.000Z',
          words: 'active since then, because nobody advertised',
          heard: { source: '192.0.2.2', priority: 100, at: '2023-11-14T22:13:18.000Z', alive: true },
          maintenance: null,
          adverts: { sent: 90, received: 4, droppedAt: null },
        },
        { name: 'back', heard: null, source: null, adverts: { dropped: { checksum: 3 } } },
      ],
    });
  });

  test('are shown with who has a say in who has them', async () => {
    const scene = await AdminScene.open();
    const voter = { address: '192.0.2.3:8112', isHeard: true, isOurs: true, isDouble: false };
    const silent = { kind: 'witness', address: '192.0.2.4:8112', name: '', isHeard: false } as const;
    const voters = [
      { kind: 'peer', name: 'lb2', ...voter },
      { ...voter, ...silent, isOurs: false },
    ] as const;
    scene.vrrp.set('front', { voters });
    const { json } = await scene.ask('GET /api/v1/vrrp', { as: 'viewer' });
    expect(json.instances[0].voters).toEqual([
      { kind: 'peer', address: '192.0.2.3:8112', name: 'lb2', heard: true, ours: true, double: false },
      { kind: 'witness', address: '192.0.2.4:8112', name: null, heard: false, ours: false, double: false },
    ]);
    expect(json.instances[1].voters).toEqual([]);
  });

  test('are in the status of the node, in short', async () => {
    const scene = await AdminScene.open();
    const { json } = await scene.ask('GET /api/v1/status', { as: 'viewer' });
    expect(json.vrrp.agent).toEqual({ ready: true, answers: true, deaths: 0, realTime: null });
    expect(json.vrrp.instances[0]).toEqual({
      name: 'front',
      role: 'active',
      since: '2023-11-14T22:11:50.000Z',
      words: 'active since then, because nobody advertised',
      droppedAt: null,
      maintenance: null,
    });
  });

  test('are told to be away with the process that has them', async () => {
    const scene = await AdminScene.open();
    scene.vrrp.state = { ready: false, answers: true, deaths: 2, realTime: undefined };
    const { json } = await scene.ask('GET /api/v1/vrrp');
    expect(json).toEqual({ agent: { ready: false, answers: true, deaths: 2, realTime: null }, instances: [] });
    const refused = await scene.ask(`POST ${HANDOVER}`, { body: REASONED });
    expect([refused.status, refused.json.type]).toEqual([503, '/api/v1/problem#agent-away']);
  });

  test.each([{ line: 'GET /api/v1/vrrp' }, { line: `POST ${HANDOVER}`, body: REASONED }])(
    'that a node has not are a problem: $line',
    async ({ line, ...asking }) => {
      const scene = await AdminScene.open({ api: { vrrp: () => undefined } });
      const { status, json } = await scene.ask(line, asking);
      expect([status, json.type]).toEqual([409, '/api/v1/problem#vrrp-off']);
      expect((await scene.ask('GET /api/v1/status')).json.vrrp).toBeNull();
    },
  );
});

describe('an order', () => {
  test.each([
    { line: HANDOVER, command: 'handover', instance: 'front', roles: ['backup'] },
    { line: '/api/v1/vrrp/handover', command: 'handover', roles: ['backup', 'backup'] },
    { line: '/api/v1/vrrp/instances/front/release', command: 'release', instance: 'front', roles: ['released'] },
    { line: '/api/v1/vrrp/release', command: 'release', roles: ['released', 'released'] },
    { line: '/api/v1/vrrp/instances/front/resume', command: 'resume', instance: 'front', roles: ['backup'] },
    { line: '/api/v1/vrrp/resume', command: 'resume', roles: ['backup', 'backup'] },
  ])('is given by whoever may operate: $line', async ({ line, command, instance, roles }) => {
    const scene = await AdminScene.open();
    const { status, json } = await scene.ask(`POST ${line}`, { body: REASONED });
    expect(status).toBe(200);
    expect(json.instances.map(({ role }: { readonly role: string }) => role)).toEqual(roles);
    if (command !== 'resume') {
      expect(json.instances[0].maintenance).toEqual({ kind: command, by: 'ops', reason: 'new switches' });
    }
    const actor = { name: 'ops', source: 'api', address: '127.0.0.1' };
    expect(scene.vrrp.orders).toEqual([{ command, instance, reason: 'new switches', actor }]);
  });

  test('to resume needs no reason', async () => {
    const scene = await AdminScene.open();
    expect((await scene.ask('POST /api/v1/vrrp/resume', { body: {} })).status).toBe(200);
  });

  test.each([
    { kind: 'nothing-to-hand-over', status: 409 },
    { kind: 'agent-away', status: 503 },
    { kind: 'not-kept', status: 503 },
    { kind: 'invalid', status: 422 },
  ] as const)('that is refused for $kind is a $status', async ({ kind, status }) => {
    const scene = await AdminScene.open();
    scene.vrrp.refuseNext = { kind, detail: 'told so' };
    const { json, ...reply } = await scene.ask(`POST ${HANDOVER}`, { body: REASONED });
    expect([reply.status, json.type, json.detail]).toEqual([status, `/api/v1/problem#${kind}`, 'told so']);
  });

  test.each([
    { name: 'a reader', asking: { as: 'viewer', body: REASONED }, status: 403 },
    { name: 'a name that there is not', path: HANDOVER.replace('front', 'x'), asking: { body: REASONED }, status: 404 },
    { name: 'no reason', asking: { body: {} }, status: 422 },
    { name: 'something else', asking: { body: { ...REASONED, force: true } }, status: 422 },
  ])('is not taken from $name: $status', async ({ path = HANDOVER, asking, status }) => {
    const scene = await AdminScene.open();
    expect((await scene.ask(`POST ${path}`, asking)).status).toBe(status);
    expect(scene.vrrp.orders).toEqual([]);
  });
});
