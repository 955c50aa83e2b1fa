import { describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import type { LogEvent } from '../support/event-log.ts';
import { KeepAliveLoad } from '../support/keep-alive-load.ts';
import { startNginx } from '../support/nginx.ts';
import { describeWithPeers } from '../support/peers.ts';
import { startPortico } from '../support/portico.ts';
import { fetchRaw } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';
import { type Ailing, answerers, CHECKS, healthScene, type Manner } from './health-scene.ts';

/** Ejection: an origin at which requests fail is left out for a while, checks or not. */

const EJECTED = 'origin ejected';
const RETURNED = 'origin returned';

/** Requests one after the other, until Portico says that the origin is out. */
async function askUntilEjected(scene: Awaited<ReturnType<typeof healthScene>>, from = 0) {
  const { portico } = scene;
  let isOut = false;
  const out = portico.events.waitFor(EJECTED, { from }).finally(() => {
    isOut = true;
  });
  while (!isOut) await answerers(portico, 1);
  return out;
}

/** How long it is to last. */
function lengthOf({ time, until }: LogEvent): Ms {
  return Date.parse(until as string) - Date.parse(time as string);
}

describe('an origin', () => {
  test.each<{ manner: Manner; pool: object }>([
    { manner: '500', pool: {} },
    { manner: 'reset', pool: {} },
    { manner: 'silent', pool: { timeouts: { first_byte: '300ms' } } },
  ])('whose requests come out as: $manner, is left out with the fifth in a row, by default', async (play) => {
    const scene = await healthScene(2, { pool: play.pool });
    const { portico, admin, ailing } = scene;
    const [ill] = ailing as [Ailing, Ailing];
    expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
    ill.requests = play.manner;
    const { asked } = ill;
    // A kept connection may be closed for good reason.
    const kept = play.manner === 'reset' ? ill.origin.connections.filter(({ open }) => open).length : 0;
    const event = await askUntilEjected(scene);
    // While control is being told, another one may go there, and fail as well.
    const why = expect.stringMatching(/^[567] requests failed in a row$/);
    expect(event).toMatchObject({ level: 'warn', pool: 'app', origin: 'app0', why });
    expect(ill.asked - asked).toBeLessThanOrEqual(5 + kept + 2);
    expect(await answerers(portico)).toEqual({ app1: 20 });
    const seen = await admin.origin('app0');
    expect(seen).toMatchObject({ effective: 'down', health: 'unknown', ejectedUntil: event.until });
    const told = await admin.metrics();
    expect(told.value('portico_origin_ejected', { origin: 'app0' })).toBe(1);
    expect(told.value('portico_pool_usable_origins', { pool: 'app' })).toBe(1);
  });

  test('that passes its checks is left out all the same when requests fail there', async () => {
    const scene = await healthScene(2, { pool: { health_check: CHECKS } });
    const { portico, admin, ailing } = scene;
    const [ill] = ailing as [Ailing, Ailing];
    await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
    ill.requests = '500';
    await askUntilEjected(scene);
    await ill.nextChecks(3);
    expect(await answerers(portico)).toEqual({ app1: 20 });
    expect(await admin.origin('app0')).toMatchObject({ health: 'up', effective: 'down' });
  });

  test('that fails every second request is left out for its share of errors', async () => {
    const pool = { outlier: { error_rate: '40%', min_requests: 10 } };
    const { portico, ailing } = await healthScene(2, { pool });
    const [ill] = ailing as [Ailing, Ailing];
    const load = { over: false };
    const run = (async () => {
      while (!load.over) {
        ill.requests = ill.requests === '500' ? 'well' : '500';
        await answerers(portico, 2);
      }
    })();
    const event = await portico.events.waitFor(EJECTED);
    load.over = true;
    await run;
    expect(event.why).toMatch(/^\d+ of \d+ requests failed within \d+s$/);
  });

  test('on trial gets one request at a time; a good one brings it back, a bad one ejects it for longer', async () => {
    const pool = { outlier: { failures: 3, eject_for: '300ms' }, timeouts: { first_byte: '800ms' } };
    const scene = await healthScene(2, { pool });
    const { portico, admin, ailing } = scene;
    const [ill] = ailing as [Ailing, Ailing];
    ill.requests = '500';
    const first = await askUntilEjected(scene);
    ill.requests = 'silent';
    let { asked } = ill;
    await admin.originWhere('app0', ({ ejectedUntil }) => ejectedUntil === null);
    // Of twenty at once one goes there; the others do not wait for it.
    const twenty = Array.from({ length: 20 }, () => fetchRaw(portico.port(), '/'));
    const answered = Promise.allSettled(twenty);
    await ill.origin.arrivals.waitFor(() => ill.asked === asked + 1);
    expect(await answerers(portico)).toEqual({ app1: 20 });
    expect(ill.asked).toBe(asked + 1);
    const from = portico.events.all.length;
    const second = await portico.events.waitFor(EJECTED, { from });
    expect(second.why).toBe('it failed again on trial');
    expect((await answered).every(({ status }) => status === 'fulfilled')).toBe(true);
    expect(lengthOf(second)).toBeGreaterThan(lengthOf(first) + 200);

    ill.requests = 'well';
    ({ asked } = ill);
    await admin.originWhere('app0', ({ ejectedUntil }) => ejectedUntil === null);
    while (ill.asked === asked) await answerers(portico, 1);
    expect(await portico.events.waitFor(RETURNED)).toMatchObject({ origin: 'app0', why: 'a request succeeded' });
    expect(await answerers(portico)).toEqual({ app0: 10, app1: 10 });
  });

  test('that is ejected stays so over a reload', async () => {
    const scene = await healthScene(2, { pool: { outlier: { eject_for: '5m' } } });
    const { portico, ailing, config } = scene;
    const [ill] = ailing as [Ailing, Ailing];
    ill.requests = '500';
    await askUntilEjected(scene);
    ill.requests = 'well';
    await portico.reload(config);
    expect(await answerers(portico)).toEqual({ app1: 20 });
  });

  test('alone in its pool is never ejected', async () => {
    const { portico, admin, ailing } = await healthScene(1);
    const [ill] = ailing as [Ailing];
    ill.requests = '500';
    expect(await answerers(portico, 30)).toEqual({ 500: 30 });
    ill.requests = 'well';
    expect(await answerers(portico)).toEqual({ app0: 20 });
    expect(await admin.origin('app0')).toMatchObject({ effective: 'active', ejectedUntil: null });
  });
});

test('never more than max_ejected of a pool are out, however many fail', async () => {
  const { portico, admin, ailing } = await healthScene(5);
  for (const each of ailing.slice(0, 4)) each.requests = '500';
  await answerers(portico, 100);
  await admin.poolWhere(({ origins }) => origins.filter(({ effective }) => effective === 'down').length === 2);
  await answerers(portico, 100);
  const { origins, panic } = await admin.pool();
  expect(origins.filter(({ effective }) => effective === 'down')).toHaveLength(2);
  expect(panic).toBe(false);
  expect(portico.events.all.filter(({ message }) => message === EJECTED)).toHaveLength(2);
});

test('the last one in service is not ejected while others are down: they would be tried again', async () => {
  const { portico, admin, ailing } = await healthScene(2, { pool: { health_check: CHECKS } });
  const [dead, ill] = ailing as [Ailing, Ailing];
  await admin.poolWhere(({ origins }) => origins.every(({ health }) => health === 'up'));
  dead.checks = 'silent';
  await portico.events.waitFor('origin down');
  const { asked } = dead;
  ill.requests = '500';
  expect(await answerers(portico, 30)).toEqual({ 500: 30 });
  ill.requests = 'well';
  expect(await answerers(portico)).toEqual({ app1: 20 });
  expect(dead.asked).toBe(asked);
});

test('one that flaps is out for longer each time', async () => {
  const pool = { outlier: { failures: 3, eject_for: '100ms', max_eject_for: '10m' } };
  const scene = await healthScene(2, { pool });
  const { portico, admin, ailing } = scene;
  const [ill] = ailing as [Ailing, Ailing];
  const lengths: number[] = [];
  for (let round = 0; round < 4; round++) {
    ill.requests = '500';
    const from = portico.events.all.length;
    const event = await askUntilEjected(scene, from);
    lengths.push(Math.round(lengthOf(event) / 100));
    ill.requests = 'well';
    await admin.originWhere('app0', ({ ejectedUntil }) => ejectedUntil === null);
    while (!portico.events.all.slice(from).some(({ message }) => message === RETURNED)) await answerers(portico, 1);
  }
  expect(lengths).toEqual([1, 2, 3, 4]);
});

test('when an origin goes, of all requests only those fail that were there and may not be sent twice', async () => {
  const { portico, ailing } = await healthScene(2);
  const [ill] = ailing as [Ailing, Ailing];
  ill.requests = 'silent';
  const posts = Array.from({ length: 4 }, () => fetchRaw(portico.port(), '/', { method: 'POST', body: 'a=b' }));
  const gets = Array.from({ length: 8 }, () => fetchRaw(portico.port(), '/'));
  await ill.origin.arrivals.waitFor(() => ill.asked === 6);
  await ill.origin.close();
  const there = ill.origin.requests.filter(({ method }) => method === 'POST').length;
  const isBad = ({ status }: { readonly status: number }) => status !== 200;
  expect((await Promise.all(gets)).filter(isBad)).toEqual([]);
  expect((await Promise.all(posts)).filter(isBad)).toHaveLength(there);
  // Nobody has seen what cannot even be sent: it may go elsewhere.
  expect(await answerers(portico, 20, { method: 'POST', body: 'a=b' })).toEqual({ app1: 20 });
});

describeWithPeers(['nginx'], 'under load, one of two origins', () => {
  test.each([
    { checks: 'no checks', check: 'off' },
    { checks: 'checks', check: { ...CHECKS, path: '/' } },
  ])('may be killed and started again without an error that a client would see, with $checks', async ({ check }) => {
    const [one, two] = [await startNginx({ name: 'one' }), await startNginx({ name: 'two' })];
    const pool = { health_check: check, outlier: { eject_for: '200ms' } };
    const config = frontDoor({ origins: [one.url, two.url], pool, site: { cache: 'off' } });
    const portico = await startPortico(config);
    await fetchRaw(portico.port(), '/');
    const load = await KeepAliveLoad.start(portico.port(), 20);
    await load.answered(200);
    await one.stop();
    await portico.events.waitFor(
      check === 'off' ? EJECTED : /down|ejected/.source && ((e) => /origin (down|ejected)/.test(e.message)),
    );
    await load.answered(600);
    const from = portico.events.all.length;
    await startNginx({ name: 'one again', port: one.port });
    await portico.events.waitFor(({ message }) => /origin (up|returned)/.test(message), { from });
    await load.answered(1000);
    expect(await load.end()).toMatchObject({ failed: 0, lost: 0, closedIdle: 0 });
  });
});
