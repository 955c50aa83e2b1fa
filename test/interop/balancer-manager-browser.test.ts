import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findPeer } from '../../bin/peers.ts';
import { Scene } from '../admin/apache/scene.ts';
import { describeWithPeers } from '../support/peers.ts';

describeWithPeers(['chromium'], 'balancer-manager in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: findPeer('chromium') ?? '', args: ['--no-sandbox'] });
  });
  afterAll(() => browser.close());

  async function visit(scene: Scene, path = '/balancer-manager') {
    const httpCredentials = { username: 'root', password: 'secret' };
    const context = await browser.newContext({ httpCredentials, ignoreHTTPSErrors: true });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(scene.url + path);
    return { page, complaints };
  }

  test.each([{ isSecure: false }, { isSecure: true }])(
    'drains an origin by its form, TLS $isSecure',
    async (options) => {
      const scene = await Scene.open(options);
      const { page, complaints } = await visit(scene);
      await page.getByRole('link', { name: 'http://node3.test:18113' }).click();
      await page.locator('#w_status_N1').check();
      await page.getByLabel('Reason:').fill('deploy 42');
      await page.getByRole('button', { name: 'Submit' }).click();
      await page.getByText('Init Drn Ok').waitFor();
      expect(scene.operator.admins.st2).toBe('drain');
      expect(scene.operator.changes[0]?.change).toMatchObject({ reason: 'deploy 42', force: false });
      await page.getByRole('link', { name: 'All balancers' }).click();
      expect(await page.getByRole('table').count()).toBe(4);
      expect(complaints.filter((text) => !text.includes('favicon') && !text.includes('404'))).toEqual([]);
    },
  );

  test('says why the last origin is not taken away, and does it when told to', async () => {
    const scene = await Scene.open();
    const { page } = await visit(scene, '/balancer-manager?b=static&w=http://127.0.0.2:18111');
    await scene.change('w_status_D=1');
    const disable = async (url: string, isForced: boolean) => {
      await page.getByRole('link', { name: url }).click();
      await page.locator('#w_status_D1').check();
      if (isForced) await page.getByLabel('Even the last one:').check();
      await page.getByRole('button', { name: 'Submit' }).click();
    };
    await disable('http://127.0.0.1:18102', false);
    expect(await page.getByRole('alert').textContent()).toContain('would have no usable origin left');
    expect(scene.operator.admins.jboss2).toBe('active');
    await disable('http://127.0.0.1:18102', true);
    await page.getByText('Init Dis').nth(1).waitFor();
    expect(scene.operator.admins.jboss2).toBe('maint');
  });

  test('adds an origin, which starts disabled', async () => {
    const scene = await Scene.open();
    const { page } = await visit(scene);
    await page.getByRole('link', { name: 'balancer://static' }).click();
    await page.getByLabel('Add New Worker:').fill('http://127.0.0.9:80');
    await page.getByLabel('Are you sure?').check();
    await page.getByRole('button', { name: 'Submit' }).click();
    await page.getByText('Init Dis').waitFor();
    expect(scene.operator.added).toMatchObject([{ pool: 'static', origin: { url: 'http://127.0.0.9:80' } }]);
  });

  test('applies its stylesheet, in light and dark', async () => {
    const { page } = await visit(await Scene.open());
    const collapse = await page
      .locator('table')
      .first()
      .evaluate('getComputedStyle(document.querySelector("table")).borderCollapse');
    expect(collapse).toBe('collapse');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate('getComputedStyle(document.body).colorScheme')).toBe('light dark');
  });
});
