import { kill } from 'node:process';
import { describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/proxy/tls/certificate.ts';
import { Authority } from '../proxy/tls/authority.ts';
import type { LogEvent } from '../support/event-log.ts';
import { startNginx } from '../support/nginx.ts';
import { ADMIN, NodeAdmin } from '../support/node-admin.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';
import { type Ailing, answerers, CHECKS, healthScene, type Manner } from './health-scene.ts';

/** Active checks: who fails them gets no requests, and who passes them again does. */

const BY_BODY = { ...CHECKS, body: 'is well' };

/** Only checks are to find out. */
const checked = (check: object = CHECKS) => ({ health_check: check, outlier: 'off' });

const BAD: readonly { readonly manner: Manner; readonly problem: string }[] = [
  { manner: '500', problem: 'expected status 200-399, got 500' },
  { manner: 'silent', problem: 'no answer within 200ms' },
  { manner: 'slow', problem: 'no answer within 200ms' },
  { manner: 'other body', problem: 'no "is well" in the body' },
  { manner: 'reset', problem: 'connection reset before the answer' },
];

describe('an origin', () => {
  test('that fails its checks, in whatever way, gets no requests until it is well again', async () => {
    const { portico, admin, ailing } = await healthScene(6, { pool: checked(BY_BODY) });
    await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
    expect(Object.values(await answerers(portico, 60))).toEqual(Array(6).fill(10));
    for (const [i, { manner }] of BAD.entries()) (ailing[i] as Ailing).checks = manner;
    await admin.poolWhere(({ origins }) => origins.filter(({ health }) => health === 'down').length === BAD.length);
    expect(await answerers(portico)).toEqual({ app5: 20 });
    const [{ origins }, told] = [await admin.pool(), await admin.metrics()];
    for (const [i, { problem }] of BAD.entries()) {
      const origin = `app${i}`;
      expect(origins[i]).toMatchObject({ health: 'down', effective: 'down', problem });
      expect(told.value('portico_origin_health', { origin, state: 'down' })).toBe(1);
      const event = await portico.events.waitFor((each) => each.message === 'origin down' && each.origin === origin);
      expect(event).toMatchObject({ level: 'warn', pool: 'app', problem });
    }
    for (const each of ailing) each.checks = 'well';
    for (const { name } of ailing.slice(0, 5)) {
      const isIt = ({ message, origin }: LogEvent) => message === 'origin up' && origin === name;
      expect(await portico.events.waitFor(isIt)).toMatchObject({ level: 'info', pool: 'app' });
    }
    await admin.poolWhere((pool) => pool.origins.every(({ health }) => health === 'up'));
    expect(Object.values(await answerers(portico, 60))).toEqual(Array(6).fill(10));
  });

  test('that is gone is found by its closed port', async () => {
    const { portico, ailing } = await healthScene(2, { pool: checked() });
    await ailing[0]?.origin.close();
    const down = await portico.events.waitFor('origin down');
    expect(down).toMatchObject({ origin: 'app0', problem: 'connection refused' });
    expect(await answerers(portico)).toEqual({ app1: 20 });
  });

  test('goes down with its third bad check in a row and comes back with the second good one', async () => {
    const { portico, admin, ailing } = await healthScene(2, { pool: checked() });
    const [ill] = ailing as [Ailing, Ailing];
    await admin.originWhere('app0', ({ health }) => health === 'up');
    // Two bad ones, and a good one in between.
    for (let round = 0; round < 3; round++) {
      ill.checks = '500';
      await ill.nextChecks(2);
      ill.checks = 'well';
      await ill.nextChecks(1);
    }
    expect(portico.events.all.filter(({ message }) => message === 'origin down')).toEqual([]);
    const before = ill.checked;
    ill.checks = '500';
    await portico.events.waitFor('origin down');
    // One of them may be on its way.
    expect(ill.checked - before).toBeLessThanOrEqual(4);
    expect(ill.checked - before).toBeGreaterThanOrEqual(3);
    const from = portico.events.all.length;
    for (let round = 0; round < 2; round++) {
      ill.checks = 'well';
      await ill.nextChecks(1);
      ill.checks = '500';
      await ill.nextChecks(1);
    }
    expect(portico.events.all.slice(from).filter(({ message }) => message === 'origin up')).toEqual([]);
    ill.checks = 'well';
    await portico.events.waitFor('origin up', { from });
  });

  test('gets no request before its first good check, and requests wait for it', async () => {
    const pool = { ...checked({ ...CHECKS, fall: 100 }), queue: { timeout: '10s' } };
    const { portico, admin, ailing } = await healthScene(2, { pool, manners: ['silent', 'silent'] });
    const [one, two] = ailing as [Ailing, Ailing];
    const requests = answerers(portico);
    await admin.poolWhere(({ queued }) => queued === 20);
    expect((await admin.pool()).origins.map(({ health }) => health)).toEqual(['checking', 'checking']);
    expect([one.asked, two.asked]).toEqual([0, 0]);
    one.manner = 'well';
    expect(await requests).toEqual({ app0: 20 });
    expect(two.asked).toBe(0);
  });

  test('that is added to a node that runs waits for its first good check', async () => {
    const { portico, admin, ailing, config } = await healthScene(2, { pool: checked() });
    const [, late] = ailing as [Ailing, Ailing];
    const { pools } = config as { readonly pools: { readonly app: { readonly origins: readonly object[] } } };
    const alone = { ...config, pools: { app: { ...pools.app, origins: pools.app.origins.slice(0, 1) } } };
    await portico.reload(alone);
    late.manner = '500';
    const asked = late.asked;
    await portico.reload(config);
    expect(await answerers(portico)).toEqual({ app0: 20 });
    await late.nextChecks(1);
    expect(await answerers(portico)).toEqual({ app0: 20 });
    expect(late.asked).toBe(asked);
    late.manner = 'well';
    await admin.originWhere('app1', ({ health }) => health === 'up');
    expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
  });

  test('that is down stays so over reloads and over the death of a worker, without a request', async () => {
    const { portico, admin, ailing, config } = await healthScene(2, {
      pool: checked({ ...CHECKS, rise: 100 }),
      env: INSPECTABLE,
    });
    const [ill] = ailing as [Ailing, Ailing];
    await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
    ill.checks = '500';
    await portico.events.waitFor('origin down');
    // Long before it may come back, everything else says that it is well.
    ill.checks = 'well';
    const { asked } = ill;
    const inspector = await WorkerInspector.attach(portico);
    const load = { over: false, counts: [] as Record<string, number>[] };
    const run = (async () => {
      while (!load.over) load.counts.push(await answerers(portico, 4).catch(() => ({})));
    })();
    for (let i = 0; i < 3; i++) expect((await portico.reload(config)).message).toBe('reloaded');
    await inspector.throwIn(await inspector.worker('worker 0'));
    await portico.events.waitFor('worker replaced', { limit: 9000 });
    expect(await answerers(portico)).toEqual({ app1: 20 });
    load.over = true;
    await run;
    expect(load.counts.length).toBeGreaterThan(0);
    expect(ill.asked).toBe(asked);
    expect((await admin.origin('app0')).health).toBe('down');
    expect(portico.events.all.filter(({ message }) => message === 'origin down')).toHaveLength(1);
  });
});

test('checks are one for each interval, whatever the workers', async () => {
  const check = { ...CHECKS, interval: '100ms', timeout: '100ms', jitter: '0%' };
  const { ailing } = await healthScene(1, { pool: checked(check), node: { workers: 4 } });
  const [origin] = ailing as [Ailing];
  await origin.nextChecks(1);
  const begun = performance.now();
  await origin.nextChecks(10);
  // Those of four workers would take a quarter of that. A busy machine makes it longer.
  expect(performance.now() - begun).toBeGreaterThan(900);
});

test('a check is a request of its own: its Host, its agent, a new connection each', async () => {
  const { ailing } = await healthScene(1, { pool: checked({ ...CHECKS, host: 'app.internal', method: 'HEAD' }) });
  const [{ origin }] = ailing as [Ailing];
  while (origin.requests.length < 3) await origin.arrivals.waitFor(() => true, { from: origin.requests.length });
  for (const check of origin.requests) {
    expect(check).toMatchObject({ method: 'HEAD', target: CHECKS.path });
    expect(check.connection.requests).toHaveLength(1);
    expect(check.values('host')).toEqual(['app.internal']);
    expect(check.values('user-agent')).toEqual(['portico (health check)']);
  }
});

test('type tcp: who takes connections is well, whatever it answers, and who does not is down', async () => {
  const { path: _, ...times } = CHECKS;
  const { portico, admin, ailing } = await healthScene(2, { pool: checked({ ...times, type: 'tcp' }) });
  const [ill, gone] = ailing as [Ailing, Ailing];
  ill.manner = '500';
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  await gone.origin.close();
  expect(await portico.events.waitFor('origin down')).toMatchObject({ origin: 'app1', problem: 'connection refused' });
  expect(await answerers(portico)).toEqual({ 500: 20 });
  expect(ill.checked).toBe(0);
});

describeWithPeers(['openssl'], 'by https', () => {
  test('a certificate that is not good for the origin is a bad check, as it is for requests', async () => {
    const authority = await Authority.open();
    const secure = async (name: string) => {
      const { certPem, keyPem } = readCertificate(authority.issue({ names: [name], issuer: authority.root }));
      const origin = await startOrigin(() => answer(name), { cert: certPem, key: keyPem });
      return { origin, settings: { url: origin.url, name } };
    };
    const [good, bad] = [await secure('IP:127.0.0.1'), await secure('other.internal')];
    const pool = { ...checked(), tls: { ca: authority.root.cert } };
    const portico = await startPortico(frontDoor({ origins: [good.settings, bad.settings], pool }));
    const down = await portico.events.waitFor('origin down');
    expect(down).toMatchObject({ origin: 'other.internal', problem: expect.stringContaining('certificate refused') });
    expect(await answerers(portico)).toEqual({ 'IP:127.0.0.1': 20 });
    expect(bad.origin.requests).toHaveLength(0);
  });
});

describeWithPeers(['nginx'], 'a real nginx', () => {
  test('that is stopped (SIGSTOP) is found by its silence, and back when it goes on', async () => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    const origins = [
      { url: one.url, name: 'one' },
      { url: two.url, name: 'two' },
    ];
    const pool = checked({ ...CHECKS, path: '/' });
    const portico = await startPortico({ ...frontDoor({ origins, pool, site: { cache: 'off' } }), ...ADMIN });
    const admin = await NodeAdmin.of(portico);
    await admin.poolWhere((each) => each.origins.every(({ health }) => health === 'up'));
    kill(one.pid, 'SIGSTOP');
    const down = await portico.events.waitFor('origin down');
    expect(down).toMatchObject({ origin: 'one', problem: 'no answer within 200ms' });
    for (let i = 0; i < 10; i++) expect((await fetchRaw(portico.port(), '/')).body).toContain('origin=two');
    const from = portico.events.all.length;
    kill(one.pid, 'SIGCONT');
    await portico.events.waitFor('origin up', { from });
    const bodies = [await fetchRaw(portico.port(), '/'), await fetchRaw(portico.port(), '/')].map(({ body }) => body);
    expect(bodies.filter((body) => body.includes('origin=one'))).toHaveLength(1);
  });
});
