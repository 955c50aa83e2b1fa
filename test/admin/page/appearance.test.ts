import { expect, test } from 'vitest';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { MemoryDns } from '../../support/memory-dns.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { linkedAt, reportOf, sibling } from '../../support/sibling-report.ts';

const HOSTILE = `"><img src=x onerror="alert('x')"><script>alert(1)</script>'&amp;`;
const LONG = 'a-name-without-any-place-to-break-it'.repeat(5);
const APP = { pool: 'app', id: '10.0.1.66:80' };
const OTHER = { pool: 'app', id: '10.0.1.67:8080' };

const STAGES: readonly { readonly name: string; readonly stage: (scene: DashboardScene) => void }[] = [
  { name: 'all is well', stage: () => {} },
  {
    name: 'one drains, one is down',
    stage: ({ operator }) => {
      operator.set(OTHER, { inFlight: 12 });
      operator.change([OTHER], { values: { admin: 'drain' }, reason: 'deploy', deadlineIn: 60_000 }, BY);
      operator.stage(APP, { effective: 'down', health: 'down', observed: { health: 'down', problem: 'refused' } });
    },
  },
  {
    name: 'panic, a queue, and maintenance',
    stage: ({ operator }) => {
      operator.stagePool('app', { panic: true, queued: 123_456 });
      operator.maintain('api', { page: undefined, retryAfter: 30 }, 'moves', BY);
    },
  },
  {
    name: 'names and reasons are very long',
    stage: ({ operator }) => {
      operator.stage(APP, {
        id: LONG,
        role: 'standby',
        set: 99,
        observed: { problem: LONG },
        health: 'down',
        effective: 'down',
      });
      operator.change([OTHER], { values: { admin: 'maint', weight: 256 }, reason: LONG, expiresIn: 1e9 }, BY);
      operator.stage(OTHER, { traffic: { rate: 1e6, inFlight: 1_000_000, latency: 59_999, errors: 1 } });
    },
  },
];
const BY = { name: 'ops', source: 'cli' };
const POOLS = { empty: [], many: Array.from({ length: 30 }, (_, index) => `http://10.9.0.${index + 1}:8080`) };
const PAGES = [
  '/',
  '/pools/app',
  '/cache',
  '/siblings',
  '/dns?client=2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
  '/events',
  '/audit',
  '/pools/app/maintenance',
  '/cache/purge',
];
/** `name`: of one, which is as bad as can be. */
const siblingsWith = (name: string) => ({
  siblings: () =>
    reportOf(
      sibling('us-2', { link: linkedAt(1_699_999_000_000) }),
      sibling(name, {
        account: { standing: 'dead', queries: 999_999_999, timeouts: 999_999_999, roundTrip: 9_999, falseHits: 9_999 },
        link: { standing: 'refused', why: name },
      }),
    ),
});
/** As `siblingsWith`. */
const dnsWith = (name: string) => {
  const dns = new MemoryDns(['us', name], () => 1_700_000_000_000);
  dns.stage(name, { location: [-33.8688, -151.2093], addresses: ['2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'] });
  dns.set(name, 'down', name);
  dns.setDatacenter(name, { admin: 'down', reason: name, expiresIn: 1e9 }, { name, source: name });
  const zone = { name, serial: 2 ** 32 - 1, records: 1_000_000, file: name, problems: [name] };
  const counters = { ...dns.status().counters, answers: { us: 1, [name]: 999_999_999 } };
  dns.stageStatus({ fallback: name, listeners: [name], zones: [zone], databases: [DATABASE(name)], counters });
  return { dns: () => dns };
};
const DATABASE = (name: string) => ({ file: name, type: name, built: 1_600_000_000_000, problem: name });

describeWithPeers(['chromium'], 'how pages look', () => {
  test.each(STAGES)('at 360 px nothing is cut off: $name', async ({ stage }) => {
    const scene = await DashboardScene.open({
      pools: POOLS,
      source: { ...siblingsWith('x'.repeat(64)), ...dnsWith('x'.repeat(64)) },
    });
    stage(scene);
    const { page, problems } = await openPage(scene.url, 'root', { viewport: { width: 360, height: 740 } });
    for (const path of PAGES) {
      await page.goto(`${scene.url}${path}`);
      const wider = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
      expect({ path, isWider: Number(wider) > 0 }).toEqual({ path, isWider: false });
    }
    expect(problems).toEqual([]);
  });

  test('at 360 px there is room to hit every button, and each has a name', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'ops', { viewport: { width: 360, height: 740 } });
    for (const button of await page.getByRole('button').all()) {
      const box = await button.boundingBox();
      expect(box?.height).toBeGreaterThanOrEqual(24); // WCAG 2.2 §2.5.8
      expect((await button.getAttribute('aria-label')) ?? (await button.textContent())).not.toBe('');
    }
  });

  test('names, reasons and problems are text, whatever is in them', async () => {
    const scene = await DashboardScene.open({
      pools: { [HOSTILE]: ['http://10.9.0.1'] },
      source: { ...siblingsWith(HOSTILE), ...dnsWith(HOSTILE) },
    });
    const { operator } = scene;
    const origin = { pool: HOSTILE, id: '10.9.0.1:80' };
    operator.change([origin], { values: { admin: 'maint' }, reason: HOSTILE }, { name: HOSTILE, source: HOSTILE });
    operator.stage(origin, { id: HOSTILE, health: 'down', observed: { problem: HOSTILE } });
    operator.stagePool(HOSTILE, { sticky: HOSTILE, balance: HOSTILE });
    operator.maintain(HOSTILE, { page: HOSTILE, retryAfter: 1 }, HOSTILE, { name: HOSTILE, source: 'page' });
    operator.emit(HOSTILE, { pool: HOSTILE, id: HOSTILE });
    operator.record({
      actor: HOSTILE,
      source: HOSTILE,
      action: HOSTILE,
      target: HOSTILE,
      after: HOSTILE,
      reason: HOSTILE,
      refused: HOSTILE,
    });
    const { page, problems } = await openPage(scene.url, 'root');
    const pool = `/pools/${encodeURIComponent(HOSTILE)}`;
    const one = `${pool}/origins/${encodeURIComponent(HOSTILE)}`;
    for (const path of [
      '/',
      pool,
      one,
      `${one}?to=drain`,
      `${pool}/maintenance`,
      '/siblings',
      '/dns',
      `/dns/datacenters/${encodeURIComponent(HOSTILE)}`,
      '/events',
      '/audit',
    ]) {
      await page.goto(`${scene.url}${path}`);
      expect(await page.locator('img, script:not([src]), [onerror]').count()).toBe(0);
      expect(await page.locator('main').textContent()).toContain(HOSTILE);
    }
    expect(problems).toEqual([]);
  });

  test('who may only look sees no controls', async () => {
    const scene = await DashboardScene.open({ source: { ...siblingsWith('us-3'), ...dnsWith('au') } });
    const { page } = await openPage(scene.url, 'viewer');
    for (const path of [
      '/',
      '/pools/app',
      '/cache',
      '/siblings',
      '/dns',
      '/dns/datacenters/us?to=drain',
      '/events',
      '/pools/app/origins/10.0.1.66:80?to=drain',
    ]) {
      await page.goto(`${scene.url}${path}`);
      expect(await page.locator('main form:not([role=search])').count()).toBe(0);
    }
    expect(await page.getByRole('link', { name: 'Audit' }).count()).toBe(0);
  });

  test('on a phone the table of origins is still a table to who hears it', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'viewer', { viewport: { width: 390, height: 800 } });
    const table = page.getByRole('table', { name: 'Origins of app' });
    expect(await table.getByRole('row').count()).toBe(3);
    expect(await table.getByRole('columnheader').allTextContents()).toContain('In flight');
    expect(await table.getByRole('rowheader', { name: '10.0.1.66:80' }).count()).toBe(1);
  });
});
