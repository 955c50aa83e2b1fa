import { expect, test } from 'vitest';
import { basic } from '../../support/admin-scene.ts';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { MemoryDns } from '../../support/memory-dns.ts';
import { describeWithPeers } from '../../support/peers.ts';

/** What is asked of datacenters from the page, and what is refused. */

const BY = { name: 'ops', source: 'page', address: '127.0.0.1' };
const COLLEAGUE = { name: 'colleague', source: 'cli' };
const UK = '[data-key="datacenter uk"]';

async function open(source: object = {}) {
  const dns = new MemoryDns(['us', 'uk'], () => 1_700_000_000_000);
  return { dns, scene: await DashboardScene.open({ source: { dns: () => dns, ...source } }) };
}

async function openAsOperator(source: object = {}, options: Parameters<typeof openPage>[2] = {}) {
  const { dns, scene } = await open(source);
  return { dns, ...(await openPage(`${scene.url}/dns`, 'ops', options)) };
}

describeWithPeers(['chromium'], 'what is asked of a datacenter', () => {
  test('ends in the right call, and needs no reload: a drain for a time, and its end', async () => {
    const { page, dns, problems } = await openAsOperator();
    await page.evaluate('window.isSamePage = true');
    await page.getByRole('button', { name: 'Drain uk' }).click();
    await page.locator('dialog input[name=reason]').fill('new switches');
    await page.locator('dialog input[name=expires]').fill('10m');
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator(UK).getByText('Draining').waitFor();
    await page.locator(UK).getByText('ends in 10\u202fmin').waitFor();
    await page.getByRole('button', { name: 'Enable uk' }).click();
    await page.locator('dialog input[name=reason]').fill('done');
    expect(await page.locator('dialog input[name=expires]').count()).toBe(0);
    await page.locator('dialog').getByRole('button', { name: 'Enable' }).click();
    await page.locator(UK).getByText('In service').waitFor();
    expect(dns.changes).toEqual([
      { name: 'uk', actor: BY, change: { admin: 'drain', reason: 'new switches', expiresIn: 600_000 } },
      { name: 'uk', actor: BY, change: { admin: 'active', reason: 'done' } },
    ]);
    expect(await page.evaluate('window.isSamePage')).toBe(true);
    expect(problems).toEqual([]);
  });

  test('is more than the likeliest, beside all that is known of it', async () => {
    const { page, dns } = await openAsOperator();
    await page.getByRole('button', { name: 'More of uk' }).click();
    await page.locator('dialog').getByText('2001:db8::10').waitFor();
    await page.locator('dialog').getByRole('button', { name: 'Force down…' }).click();
    await page.locator('dialog input[name=reason]').waitFor();
    await page.locator('dialog').getByRole('button', { name: 'Force down', exact: true }).click();
    await page.locator(UK).getByText('Forced down').waitFor();
    expect(dns.changes.at(-1)?.change).toEqual({ admin: 'down', reason: '', expiresIn: null });
  });

  test('is not done to the last one in service, until somebody says so once more', async () => {
    const { page, dns } = await openAsOperator();
    dns.set('us', 'down');
    await page.getByRole('button', { name: 'Drain uk' }).click();
    await page.locator('dialog input[name=reason]').fill('must be');
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('dialog').getByRole('alert').getByText('the last one in service').waitFor();
    expect(dns.changes).toEqual([]);
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Cancel');
    await page.locator('dialog').getByRole('button', { name: 'Drain anyway' }).click();
    await page.getByText('Failing open.').waitFor();
    expect(dns.changes.at(-1)?.change).toMatchObject({ force: true, reason: 'must be' });
  });

  test('does not take back unseen what a colleague decided meanwhile', async () => {
    const { page, dns } = await openAsOperator();
    await page.getByRole('button', { name: 'Drain uk' }).click();
    await page.locator('dialog input[name=reason]').waitFor();
    dns.setDatacenter('uk', { admin: 'down', reason: 'it burns' }, COLLEAGUE);
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator('dialog').getByRole('alert').getByText('it burns').waitFor();
    expect(dns.datacenters()[1]?.word?.admin).toBe('down');
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    await page.locator(UK).getByText('Draining').waitFor();
  });

  test('takes a reason where the node wants one', async () => {
    const { page, dns } = await openAsOperator({ reasonRequired: true });
    await page.getByRole('button', { name: 'Drain uk' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Drain', exact: true }).click();
    expect(await page.locator('dialog input[name=reason]:invalid').count()).toBe(1);
    expect(dns.changes).toEqual([]);
  });

  test('needs no JavaScript', async () => {
    const { page, dns } = await openAsOperator({}, { javaScriptEnabled: false });
    await page.getByRole('button', { name: 'More of uk' }).click();
    await page.getByRole('button', { name: 'Drain…' }).click();
    await page.getByLabel('Reason').fill('no scripts here');
    await page.getByRole('button', { name: 'Drain', exact: true }).click();
    await page.waitForURL(/\/dns#datacenter-uk$/);
    await page.locator(UK).getByText('Draining').waitFor();
    expect(dns.changes).toMatchObject([{ actor: BY, change: { reason: 'no scripts here' } }]);
  });
});

const DATACENTER = '/dns/datacenters/uk';

async function send({ scene }: Awaited<ReturnType<typeof open>>, path: string, fields: object, as = 'ops') {
  const headers = { Authorization: basic(as, 'secret') };
  const form = await (await fetch(`${scene.url}${DATACENTER}?to=drain`, { headers })).text();
  const token = /name="token" value="([^"]+)"/.exec(form)?.[1] ?? '';
  return fetch(`${scene.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, seen: '0', ...fields }).toString(),
  });
}

test.each([
  { name: 'no token', fields: { to: 'drain', token: '' }, status: 403 },
  { name: 'who may only look', fields: { to: 'drain' }, as: 'viewer', status: 403 },
  { name: 'an action of origins', fields: { to: 'maint' }, status: 404 },
  { name: 'a datacenter that there is not', path: '/dns/datacenters/fr', fields: { to: 'drain' }, status: 404 },
  { name: 'a time that is none', fields: { to: 'drain', expires: 'soon' }, status: 422 },
  { name: 'what was changed meanwhile', fields: { to: 'drain', seen: '17' }, status: 409 },
])('$name: refused with $status, and nothing is done', async ({ path = DATACENTER, fields, as, status }) => {
  const opened = await open();
  expect((await send(opened, path, fields, as)).status).toBe(status);
  expect(opened.dns.changes).toEqual([]);
});

test.each([
  { kind: 'not-kept', status: 503 },
  { kind: 'invalid', status: 422 },
  { kind: 'unknown-datacenter', status: 404 },
] as const)('a refusal for $kind is told with its detail, and what was typed stays', async ({ kind, status }) => {
  const opened = await open();
  opened.dns.refuseNext = { kind, detail: 'the disk <is> full' };
  const response = await send(opened, DATACENTER, { to: 'drain', reason: 'typed once' });
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(text).toContain('the disk &lt;is&gt; full');
  expect(text).toContain('value="typed once"');
});

test('without a name server there is no datacenter', async () => {
  const { scene } = await open({ dns: () => undefined });
  const response = await fetch(`${scene.url}${DATACENTER}`, { headers: { Authorization: basic('ops', 'secret') } });
  expect(response.status).toBe(404);
  expect(await response.text()).toContain('There is no such datacenter');
});
