import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { describeWithPeers } from '../../support/peers.ts';

const APP = { pool: 'app', id: '10.0.1.66:80' };
const ROW = `[data-key="app/${encodeURIComponent(APP.id)}"]`;

/** Elements that moved. Texts are none: a number that is aligned to the right begins elsewhere when it is longer. */
const COUNT_SHIFTS = `
  window.shifts = [];
  new PerformanceObserver((list) => {
    for (const { sources } of list.getEntries()) {
      window.shifts.push(...sources.flatMap(({ node }) => node?.outerHTML ?? []));
    }
  }).observe({ type: 'layout-shift', buffered: false });
`;

const PATIENT = { timeout: 8_000 };

const cursorOf = (page: Page) => page.evaluate('document.body.dataset.cursor');

/** The page has been told of what the operator knows. */
async function upToDate(page: Page, scene: DashboardScene): Promise<void> {
  let last = 0;
  scene.operator.events(0, ({ number }) => {
    last = number;
  })();
  await expect.poll(() => cursorOf(page), PATIENT).toMatch(new RegExp(`-${last}$`));
}

describeWithPeers(['chromium'], 'a page that is open', () => {
  test('shows what is seen of an origin as it comes, in words and by a shape', async () => {
    const scene = await DashboardScene.open();
    const { page, problems } = await openPage(scene.url, 'viewer');
    const shape = await page.locator(`${ROW} .state svg`).innerHTML();
    scene.operator.stage(APP, {
      observed: { health: 'down', problem: 'expected status 200-399, got 500' },
      effective: 'down',
    });
    scene.operator.set(APP, { health: 'down' });
    await page.locator(`${ROW} .state`).getByText('Down').waitFor();
    await page.locator(ROW).getByText('expected status 200-399, got 500').waitFor();
    expect(await page.locator(`${ROW} .state svg`).innerHTML()).not.toBe(shape);
    await page.getByText('1 thing to look at').waitFor();
    expect(await page.title()).toBe('(1) Overview · edge-1 · Portico');
    await page.getByRole('status').getByText('10.0.1.66:80 of app: Down').waitFor();
    expect(problems).toEqual([]);
  });

  test('shows figures that no event tells of, within a second or two', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'viewer');
    scene.operator.stage(APP, { traffic: { rate: 4321, inFlight: 77, latency: 1234, errors: 0.25 } });
    await page.locator(ROW).getByText('4\u202f321').waitFor();
    expect(await page.locator(`${ROW} td.figure`).allTextContents()).toEqual([
      '4\u202f321',
      '77',
      '1\u202f234',
      '25',
      '1',
    ]);
  });

  test('keeps what is half typed, and the focus, whatever happens meanwhile', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'ops');
    await page.locator(ROW).getByRole('button', { name: 'Drain' }).click();
    await page.locator('dialog input[name=reason]').pressSequentially('half a rea');
    const before = await cursorOf(page);
    scene.operator.set(APP, { health: 'down' });
    await upToDate(page, scene);
    expect(await cursorOf(page)).not.toBe(before);
    expect(await page.locator('dialog input[name=reason]:focus').inputValue()).toBe('half a rea');
    await page.keyboard.press('Escape');
    scene.operator.set(APP, { health: 'up' });
    await upToDate(page, scene);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Drain…');
  });

  test('does not move when figures change', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'ops');
    await page.evaluate(COUNT_SHIFTS);
    for (const [rate, latency] of [
      [0, undefined],
      [9.4, 0.3],
      [99_999, 98_765],
      [3, 12],
    ] as const) {
      scene.operator.stage(APP, { traffic: { rate, latency, inFlight: Math.round(rate), errors: rate > 9 ? 1 : 0 } });
      scene.operator.emit('drain-progress', APP);
      await upToDate(page, scene);
    }
    expect(await page.evaluate('window.shifts')).toEqual([]);
  });

  test('stands still when it is asked to, and goes on', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'viewer');
    // One that was asked before is none of these, and one that the page gives up ends as well.
    const asking = new Set<unknown>();
    page.on('request', (request) => asking.add(request));
    page.on('requestfinished', (request) => asking.delete(request));
    page.on('requestfailed', (request) => asking.delete(request));
    await page.waitForResponse(`${scene.url}/`);
    await page.getByRole('button', { name: 'Live: pause' }).click();
    scene.operator.set(APP, { health: 'down' });
    await expect.poll(() => asking.size, PATIENT).toBe(0);
    expect(await page.locator(`${ROW} .state`).textContent()).toContain('Active');
    await page.getByRole('button', { name: 'Paused: go on' }).click();
    await page.locator(`${ROW} .state`).getByText('Down').waitFor();
  });

  test('says that its figures are old when the node does not answer', async () => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'viewer');
    await scene.server.close(0);
    await page.getByText('No answer from the node since').waitFor();
    await page.getByRole('button', { name: 'No answer: pause' }).waitFor();
  });

  test('tells in a graph what was, where the pointer is', async () => {
    const scene = await DashboardScene.open();
    const { page, problems } = await openPage(scene.url, 'viewer');
    const graph = page.locator('[data-key=requests]');
    const now = await graph.locator('.legend .figure').first().textContent();
    await graph.locator('.plot svg').hover({ position: { x: 40, y: 30 } });
    await expect.poll(() => graph.locator('.at').textContent(), PATIENT).toMatch(/^22:0\d:\d\d$/);
    expect(await graph.locator('.legend .figure').first().textContent()).not.toBe(now);
    await page.mouse.move(5, 5);
    await expect.poll(() => graph.locator('.legend .figure').first().textContent(), PATIENT).toBe(now);
    expect(problems).toEqual([]);
  });

  test.each([
    { name: 'the node is silent', status: undefined, says: 'It is not known whether it was done' },
    { name: 'the node refuses', status: 403, says: 'Not done: 403 This user may not do that' },
  ])('keeps a form that could not be sent, and says so: $name', async ({ status, says }) => {
    const scene = await DashboardScene.open();
    const { page } = await openPage(scene.url, 'ops');
    await page.locator(ROW).getByRole('button', { name: 'Drain' }).click();
    await page.locator('dialog input[name=reason]').fill('typed once');
    await page.route('**/origins/**', (route) =>
      status === undefined
        ? route.abort()
        : route.fulfill({ status, contentType: 'text/plain', body: '403 This user may not do that' }),
    );
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('dialog').getByText(says).waitFor();
    expect(await page.locator('dialog input[name=reason]').inputValue()).toBe('typed once');
    expect(await page.locator('dialog button:disabled').count()).toBe(0);
  });
});
