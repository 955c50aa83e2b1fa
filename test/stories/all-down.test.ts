import { expect, test } from 'vitest';
import { type Ailing, answerers, CHECKS, healthScene } from './health-scene.ts';

/** When no origin of a pool is usable: panic, which is to try them all the same, or the splash page. */

const PANIC = 'no origin is usable, all are tried';
const CALM = 'an origin is usable again';

test('all origins are tried, and log, API and metrics tell it until one is usable again', async () => {
  const pool = { health_check: CHECKS, outlier: 'off' };
  const { portico, admin, ailing } = await healthScene(3, { pool });
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  // Checks fail, requests do not: as when somebody has moved the page that is asked for.
  for (const each of ailing) each.checks = '500';
  expect(await portico.events.waitFor(PANIC)).toMatchObject({ level: 'warn', pool: 'app' });
  expect(await answerers(portico, 30)).toEqual({ app0: 10, app1: 10, app2: 10 });
  const { panic, origins } = await admin.pool();
  expect([panic, ...origins.map(({ health }) => health)]).toEqual([true, 'down', 'down', 'down']);
  const status = (await admin.ask('GET /api/v1/status')) as { readonly pools: readonly object[] };
  expect(status.pools).toMatchObject([{ name: 'app', panic: true }]);
  const told = await admin.metrics();
  expect(told.value('portico_pool_panic', { pool: 'app' })).toBe(1);
  expect(told.value('portico_pool_usable_origins', { pool: 'app' })).toBe(0);

  (ailing[1] as Ailing).checks = 'well';
  expect(await portico.events.waitFor(CALM)).toMatchObject({ level: 'info', pool: 'app' });
  expect(await answerers(portico)).toEqual({ app1: 20 });
  expect((await admin.metrics()).value('portico_pool_panic', { pool: 'app' })).toBe(0);
  expect((await admin.pool()).panic).toBe(false);
});

test('who is out because an operator says so is not tried', async () => {
  const pool = { health_check: CHECKS, outlier: 'off' };
  const { portico, admin, ailing } = await healthScene(3, { pool });
  await admin.state('app0', 'maint');
  await admin.patch('app1', { health: 'forcedDown', reason: 'the test' });
  for (const each of ailing) each.checks = '500';
  await portico.events.waitFor(PANIC);
  expect(await answerers(portico)).toEqual({ app2: 20 });
});

test('with `when_all_down: splash` the splash page comes at once, and nobody is asked', async () => {
  const pool = { health_check: { ...CHECKS, when_all_down: 'splash' }, outlier: 'off', queue: { timeout: '10m' } };
  const { portico, admin, ailing } = await healthScene(2, { pool });
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  for (const each of ailing) each.checks = 'silent';
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'down'));
  expect(await answerers(portico)).toEqual({ 503: 20 });
  expect(await portico.accessLog.lineFor('/')).toMatchObject({ error: 'destination_unavailable', attempts: 0 });
  expect(ailing.map(({ asked }) => asked)).toEqual([0, 0]);
  expect((await admin.pool()).panic).toBe(false);
  expect((await admin.metrics()).value('portico_pool_usable_origins', { pool: 'app' })).toBe(0);
  const splash = await portico.events.waitFor('no origin is usable, requests get the splash page');
  expect(splash).toMatchObject({ level: 'warn', pool: 'app' });
  (ailing[0] as Ailing).checks = 'well';
  expect(await portico.events.waitFor(CALM)).toMatchObject({ level: 'info', pool: 'app' });
});

test('who waits for a first good check when all turn out to be down is sent to them, or gets the splash page', async () => {
  for (const [whenAllDown, expected] of [
    ['try', { app0: 10 }],
    ['splash', { 503: 10 }],
  ] as const) {
    const pool = { health_check: { ...CHECKS, when_all_down: whenAllDown }, outlier: 'off', queue: { timeout: '10m' } };
    const { portico, ailing } = await healthScene(1, { pool, manners: ['silent'] });
    (ailing[0] as Ailing).requests = 'well';
    expect(await answerers(portico, 10)).toEqual(expected);
    expect((await portico.events.waitFor('origin down')).origin).toBe('app0');
  }
});

test('all ejected at once, where that is allowed, are tried all the same', async () => {
  const pool = { outlier: { failures: 3, max_ejected: '100%', eject_for: '5m' } };
  const { portico, admin, ailing } = await healthScene(2, { pool });
  for (const each of ailing) each.requests = '500';
  await answerers(portico);
  await portico.events.waitFor(PANIC);
  for (const each of ailing) each.requests = 'well';
  expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
  expect((await admin.pool()).origins.map(({ effective }) => effective)).toEqual(['down', 'down']);
});
