import { beforeAll, describe, expect, test } from 'vitest';
import type { Ms } from '../../src/base/units.ts';
import { tell } from '../endurance/form.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import {
  CHECK,
  EU,
  INTERVAL,
  Region,
  type SceneOptions,
  type Site,
  siteConfig,
  startSite,
  TIMEOUT,
  US,
} from './dns-scene.ts';
import { frontDoor } from './front-door.ts';

/** Clients are sent where somebody is: answers leave out a datacenter that is down. */

/** From what has been found out to the answer that goes by it. */
const SOON: Ms = 100;

const checked = (region: Region, check: object = {}): object => ({ check: { url: region.url, ...CHECK, ...check } });

describe('a datacenter whose check fails', () => {
  let us: Region;
  let site: Site;

  beforeAll(async () => {
    us = await Region.start();
    site = await startSite(siteConfig({ us: checked(us), own: 'eu' }));
  });

  test.each([
    { is: '503', told: /503/, within: INTERVAL + SOON },
    { is: 'reset', told: /./, within: INTERVAL + SOON },
    { is: 'silent', told: /within/, within: INTERVAL + TIMEOUT + SOON },
  ] as const)(
    'leaves the answers within one check interval: $is',
    { timeout: 40_000 },
    async ({ is, told, within }) => {
      expect(await site.addresses()).toEqual([US]);
      const left: Ms[] = [];
      const back: Ms[] = [];
      for (let round = 0; round < 3; round++) {
        us.is = is;
        left.push(await site.until(EU));
        const [datacenter] = (await site.status()).datacenters;
        expect(datacenter).toMatchObject({ name: 'us', health: 'down', effective: 'down', inService: false });
        expect(datacenter.problem).toMatch(told);
        us.is = 'ready';
        back.push(await site.until(US));
      }
      tell(`ms until a datacenter that is ${is}`, { left: left.map(Math.round), back: back.map(Math.round) });
      // Who is pushed aside on a busy machine may be late, but not each time.
      expect(Math.min(...left)).toBeLessThanOrEqual(within);
      expect(Math.min(...back)).toBeLessThanOrEqual(within);
    },
  );

  test('is told, when it goes and when it comes back, in log, status, metrics and events', {
    timeout: 20_000,
  }, async () => {
    const up = 'portico_dns_datacenter_up{datacenter="us"}';
    const inService = 'portico_dns_datacenter_in_service{datacenter="us"}';
    expect([await site.metric(up), await site.metric(inService)]).toEqual([1, 1]);
    const down = site.event('datacenter down');
    us.is = '503';
    expect(await down).toMatchObject({ level: 'warn', datacenter: 'us', problem: expect.stringContaining('503') });
    expect([await site.metric(up), await site.metric(inService)]).toEqual([0, 0]);
    expect((await site.node.command('status')).stdout).toMatch(/datacenter us +down +down for .*503/);
    const back = site.event('datacenter up');
    us.is = 'ready';
    expect(await back).toMatchObject({ level: 'info', datacenter: 'us' });
    expect([await site.metric(up), await site.metric(inService)]).toEqual([1, 1]);
    const { events } = (
      await site.node.ask('GET /events?since=0&timeout=0s', { headers: { Accept: 'application/json' } })
    ).json;
    const told = events.filter(({ type }: { type: string }) => type === 'datacenter-health');
    expect(told.slice(-2)).toMatchObject([
      { detail: { datacenter: 'us', from: 'up', to: 'down', problem: expect.stringContaining('503') } },
      { detail: { datacenter: 'us', from: 'down', to: 'up' } },
    ]);
  });
});

describe('a datacenter', () => {
  test('is in no answer when its very first check fails', async () => {
    const us = await Region.start('503');
    const site = await startSite(siteConfig({ us: checked(us, { fall: 3 }), own: 'eu' }));
    expect(await site.addresses()).toEqual([EU]);
  });

  test('makes answers short-lived as soon as its check begins to fail', { timeout: 20_000 }, async () => {
    const us = await Region.start();
    const site = await startSite(siteConfig({ us: checked(us, { fall: 10 }), own: 'eu' }));
    const ttl = async () => (await site.ask()).answers[0]?.ttl;
    expect(await ttl()).toBe(60);
    us.is = '503';
    await us.nextChecks(2);
    expect([await site.addresses(), await ttl()]).toEqual([[US], 5]);
    us.is = 'ready';
    await us.nextChecks(2);
    expect([await site.addresses(), await ttl()]).toEqual([[US], 60]);
  });
});

test('when all fail, answers are given as if none did, and that is told until one is back', {
  timeout: 30_000,
}, async () => {
  const [us, eu] = [await Region.start(), await Region.start()];
  const site = await startSite(siteConfig({ us: checked(us), eu: checked(eu) }));
  us.is = '503';
  await site.until(EU);
  expect((await site.status()).failingOpen).toEqual([]);
  const told = site.event('no datacenter is in service, answers are given as if all were');
  eu.is = 'reset';
  expect(await told).toMatchObject({ level: 'warn', datacenters: ['us', 'eu'] });
  // The first in the configured order.
  expect(await site.addresses()).toEqual([US]);
  expect((await site.status()).failingOpen).toEqual([['us', 'eu']]);
  expect(await site.metric('portico_dns_failing_open')).toBe(1);
  expect((await site.node.command('status')).stdout).toMatch(/dns +failing open +of us, eu none is in service/);

  const over = site.event('answers are no longer given as if all datacenters were in service');
  eu.is = 'ready';
  await site.until(EU);
  await over;
  expect((await site.status()).failingOpen).toEqual([]);
  expect(await site.metric('portico_dns_failing_open')).toBe(0);
});

describe("another region's node", () => {
  /** A node of its own, and another that sends clients there. */
  async function twoNodes(options: SceneOptions = {}) {
    const origin = await startOrigin(() => answer('hello'));
    const us = await OperatedNode.start(frontDoor({ origins: [origin.url], node: { name: 'us-1', workers: 1 } }));
    const check = { ...CHECK, url: `${us.admin}/readyz` };
    return { us, site: await startSite(siteConfig({ us: { check }, own: 'eu', ...options })) };
  }

  test('gets no clients while it drains, and none when it has died', { timeout: 30_000 }, async () => {
    const { us, site } = await twoNodes();
    expect(await site.addresses()).toEqual([US]);
    await us.ask('PUT /node/state', { body: { admin: 'drain', reason: 'kernel update' } });
    await site.until(EU);
    await us.ask('PUT /node/state', { body: { admin: 'active' } });
    await site.until(US);
    await us.portico.kill();
    await site.until(EU);
  });
});
