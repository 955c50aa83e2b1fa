import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { describeWithPeers } from '../../support/peers.ts';
import { reportOf, sibling } from '../../support/sibling-report.ts';

const APP = { pool: 'app', id: '10.0.1.66:80' };
const OTHER = { pool: 'app', id: '10.0.1.67:8080' };
const BY = { name: 'ops', source: 'page', address: '127.0.0.1' };
const COLLEAGUE = { name: 'colleague', source: 'cli' };

const rowOf = (page: Page, { pool, id }: { pool: string; id: string }) =>
  page.locator(`[data-key="${pool}/${encodeURIComponent(id)}"]`);

async function scene(options: Parameters<typeof DashboardScene.open>[0] = {}, path = '/') {
  const opened = await DashboardScene.open(options);
  const { page, problems } = await openPage(`${opened.url}${path}`, 'ops');
  await page.evaluate('window.isSamePage = true');
  return { ...opened, operator: opened.operator, purges: opened.purges, page, problems };
}

async function choose(page: Page, name: string) {
  await rowOf(page, APP).getByRole('button', { name: 'More' }).click();
  await page
    .locator('dialog')
    .getByRole('button', { name: `${name}…` })
    .click();
  await page.locator('dialog input[name=reason]').waitFor();
}

describeWithPeers(['chromium'], 'what is asked from the page', () => {
  test('a drain ends in the right call, is followed to its end, and needs no reload', async () => {
    const { page, operator, problems } = await scene();
    operator.set(APP, { inFlight: 3 });
    await rowOf(page, APP).getByRole('button', { name: 'Drain' }).click();
    await page.locator('dialog input[name=reason]').fill('deploy 4.2');
    await page.locator('dialog input[name=deadline]').fill('2m');
    await page.locator('dialog select').selectOption('cut');
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await rowOf(page, APP).getByText('Draining').waitFor();
    expect(operator.changes).toEqual([
      {
        ids: [expect.objectContaining(APP)],
        actor: BY,
        change: {
          values: { admin: 'drain' },
          reason: 'deploy 4.2',
          expiresIn: undefined,
          deadlineIn: 120_000,
          onDeadline: 'cut',
          ifVersion: expect.any(Number),
        },
      },
    ]);
    await rowOf(page, APP).getByText('3 in flight · 2\u202fmin left, then cut').waitFor();
    operator.set(APP, { inFlight: 1 });
    await rowOf(page, APP).getByText('1 in flight').waitFor();
    expect(await rowOf(page, APP).locator('progress').getAttribute('value')).toBe('2');
    operator.set(APP, { inFlight: 0 });
    await rowOf(page, APP).getByText('Drained: safe to stop').waitFor();
    await page.getByRole('status').getByText('nothing in flight: safe to stop').waitFor();
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    expect(problems).toEqual([]);
  });

  test.each([
    { name: 'Maintenance', values: { admin: 'maint' } },
    { name: 'Stop', values: { admin: 'stopped' }, deadline: { deadlineIn: 30_000, onDeadline: 'cut' } },
    { name: 'Weight', values: { weight: 7 } },
  ])('$name is asked for as $values', async ({ name, values, deadline }) => {
    const { page, operator } = await scene();
    await choose(page, name);
    await page.locator('dialog input[name=reason]').fill('why not');
    await page.locator('dialog input[name=expires]').fill('1h');
    if (name === 'Weight') await page.locator('dialog input[name=weight]').fill('7');
    await page.locator('dialog .buttons button').click();
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(operator.changes.at(-1)).toMatchObject({
      actor: BY,
      change: { values, reason: 'why not', expiresIn: 3_600_000, ...deadline },
    });
  });

  test('an origin is enabled again, and what was said by hand is dropped', async () => {
    const { page, operator } = await scene();
    operator.change([APP], { values: { admin: 'drain' }, reason: 'before' }, COLLEAGUE);
    await rowOf(page, APP).getByRole('button', { name: 'Enable' }).click();
    await page.locator('dialog input[name=reason]').fill('done');
    await page.locator('dialog').getByRole('button', { name: 'Enable' }).click();
    await rowOf(page, APP).getByText('Active').waitFor();
    expect(operator.changes.at(-1)).toMatchObject({
      actor: BY,
      change: { values: { admin: 'active' }, reason: 'done' },
    });
    await choose(page, 'As in the file');
    await page.locator('dialog input[name=reason]').fill('all over');
    await page.locator('dialog').getByRole('button', { name: 'Drop all' }).click();
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(operator.cleared).toEqual([[expect.objectContaining(APP), 'all over', BY]]);
  });

  test('the last usable origin is spared, until somebody says so once more', async () => {
    const { page, operator } = await scene();
    operator.change([OTHER], { values: { admin: 'maint' }, reason: '' }, COLLEAGUE);
    await choose(page, 'Maintenance');
    await page.locator('dialog input[name=reason]').fill('must be');
    await page.locator('dialog').getByRole('button', { name: 'Maintenance' }).click();
    await page.locator('dialog').getByRole('alert').getByText('last usable origin of its pool').waitFor();
    expect(operator.changes).toHaveLength(1);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    expect(await page.locator('dialog input[name=reason]').inputValue()).toBe('must be');
    await page.locator('dialog').getByRole('button', { name: 'Maintenance anyway' }).click();
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(operator.changes.at(-1)?.change).toMatchObject({ force: true, reason: 'must be' });
  });

  test("a colleague's decision that came meanwhile is not taken back unseen", async () => {
    const { page, operator } = await scene();
    await choose(page, 'Drain');
    operator.change([APP], { values: { admin: 'stopped' }, reason: 'it burns' }, COLLEAGUE);
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('dialog').getByRole('alert').getByText('it burns').waitFor();
    expect(operator.origin(APP)?.admin).toBe('stopped');
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(operator.origin(APP)?.admin).toBe('drain');
  });

  test('a pool gets its maintenance page, and loses it', async () => {
    const { page, operator } = await scene({}, '/pools/app');
    await page.getByRole('button', { name: 'Maintenance of pool app' }).click();
    await page.locator('dialog input[name=reason]').fill('database move');
    await page.locator('dialog input[name=retry]').fill('5m');
    await page.locator('dialog textarea').fill('<h1>Soon</h1>');
    await page.locator('dialog').getByRole('button', { name: 'Show the page' }).click();
    await page.getByText('All requests to app are answered by it').waitFor();
    expect(operator.maintained.at(-1)).toEqual([
      'app',
      { page: '<h1>Soon</h1>', retryAfter: 300 },
      'database move',
      BY,
    ]);
    await page.getByRole('button', { name: 'End maintenance of pool app' }).click();
    await page.locator('dialog input[name=reason]').fill('moved');
    await page.locator('dialog').getByRole('button', { name: 'End maintenance' }).click();
    await page.getByRole('button', { name: 'Maintenance of pool app', exact: true }).waitFor();
    expect(operator.maintained.at(-1)).toEqual(['app', undefined, 'moved', BY]);
  });

  test.each([
    { kind: 'URLs', which: 'http://a/1\nhttp://a/2', order: { urls: ['http://a/1', 'http://a/2'] }, count: 2 },
    { kind: 'Prefixes', which: 'http://a/', order: { prefixes: ['http://a/'] }, count: 1 },
    { kind: 'Tags', which: ' blue ', order: { tags: ['blue'], soft: true }, count: 1 },
    { kind: 'Everything', which: '', order: { all: true }, count: 1 },
  ])('$kind are purged, and that is in the audit log', async ({ kind, which, order, count }) => {
    const { page, operator, purges } = await scene({}, '/cache');
    await page.getByRole('button', { name: 'Purge…' }).click();
    await page.locator('dialog').getByLabel(kind).check();
    await page.locator('dialog textarea').fill(which);
    if ('soft' in order) await page.locator('dialog').getByLabel('Soft').check();
    await page.locator('dialog input[name=reason]').fill('new texts');
    await page.locator('dialog').getByRole('button', { name: 'Purge' }).click();
    await page.getByText(`Done: ${count} purge`).waitFor();
    const expected = { urls: [], prefixes: [], tags: [], all: false, soft: false, ...order };
    expect(purges).toEqual([{ ...expected, dryRun: false }]);
    expect(operator.audit(0, 10).at(-1)).toMatchObject({
      actor: 'ops',
      source: 'page',
      action: 'cache.purge',
      after: expected,
      reason: 'new texts',
    });
  });

  test.each([
    { javaScriptEnabled: true, where: 'status' },
    { javaScriptEnabled: false, where: 'main' },
  ] as const)(
    'a purge says which siblings have not acknowledged it, with a script: $javaScriptEnabled',
    async ({ javaScriptEnabled, where }) => {
      const siblings = [
        { peer: 'us-2', outcome: 'acknowledged' },
        { peer: 'us-3', outcome: 'not-reached' },
        { peer: 'us-4', outcome: 'not-acknowledged' },
        { peer: 'squid', outcome: 'not-told' },
      ] as const;
      const source = {
        siblings: () => reportOf(...siblings.map(({ peer }) => sibling(peer))),
        purge: async () => ({ ok: true, purges: 1, siblings }) as const,
      };
      const { url } = await DashboardScene.open({ source });
      const { page } = await openPage(`${url}/cache`, 'ops', { javaScriptEnabled });
      await page.getByRole('button', { name: 'Purge…' }).click();
      await page.locator('textarea').fill('http://a/1');
      await page.getByRole('button', { name: 'Purge', exact: true }).click();
      const told = 'Purged here. Not acknowledged by us-3, us-4: a Portico node purges when it comes back';
      await page.getByRole(where).getByText(told).waitFor();
    },
  );

  test('a page after a purge names no siblings that there are not', async () => {
    const { page } = await scene({}, '/cache?purged=1&missed=mallory');
    await page.getByText('Done: 1 purge.').waitFor();
    expect(await page.locator('main').textContent()).not.toContain('mallory');
  });

  test('a purge that is not understood says which part, and keeps what was typed', async () => {
    const { page, purges } = await scene({}, '/cache');
    await page.getByRole('button', { name: 'Purge…' }).click();
    await page.locator('dialog textarea').fill('not a url');
    await page.locator('dialog').getByRole('button', { name: 'Purge' }).click();
    await page.locator('dialog').getByRole('alert').getByText('not a url: expected a URL').waitFor();
    expect(await page.locator('dialog textarea').inputValue()).toBe('not a url');
    expect(purges).toEqual([]);
  });

  test('a reason is asked for where the node wants one', async () => {
    const { page, operator } = await scene({ source: { reasonRequired: true } });
    await rowOf(page, APP).getByRole('button', { name: 'Drain' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    expect(await page.locator('dialog input[name=reason]:invalid').count()).toBe(1);
    expect(operator.changes).toEqual([]);
  });

  test('draining takes no more than a keyboard, and the focus comes back to where it was', async () => {
    const { page, operator } = await scene();
    const isThere = async () =>
      (await page.evaluate('document.activeElement.getAttribute("aria-label")')) === 'Drain 10.0.1.67:8080';
    for (let presses = 0; presses < 40 && !(await isThere()); presses++) await page.keyboard.press('Tab');
    expect(await isThere()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    await page.locator('dialog input[name=reason]:focus').waitFor();
    await page.keyboard.type('by hand');
    await page.keyboard.press('Enter');
    await rowOf(page, OTHER).getByText('Drained: safe to stop').waitFor();
    expect(operator.changes.at(-1)).toMatchObject({ change: { values: { admin: 'drain' }, reason: 'by hand' } });
    expect(await page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Enable 10.0.1.67:8080');
    await page.keyboard.press('Enter');
    await page.locator('dialog[open]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'hidden' });
    expect(operator.changes).toHaveLength(1);
  });
});

describeWithPeers(['chromium'], 'without JavaScript', () => {
  test('an origin is drained by forms on pages of their own, with the guard', async () => {
    const opened = await DashboardScene.open();
    const { page } = await openPage(opened.url, 'ops', { javaScriptEnabled: false });
    const { operator } = opened;
    await rowOf(page, OTHER).getByRole('button', { name: 'Drain' }).click();
    await page.getByLabel('Reason').fill('no scripts here');
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    await rowOf(page, OTHER).getByText('Drained: safe to stop').waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
    expect(operator.changes.at(-1)).toMatchObject({ actor: BY, change: { reason: 'no scripts here' } });
    await rowOf(page, APP).getByRole('button', { name: 'More' }).click();
    await page.getByRole('button', { name: 'Stop…' }).click();
    await page.getByRole('button', { name: 'Stop', exact: true }).click();
    await page.getByRole('alert').getByText('last usable origin').waitFor();
    await page.getByRole('button', { name: 'Stop anyway' }).click();
    await rowOf(page, APP).getByText('Stopped').waitFor();
  });
});
