import { expect, test } from 'vitest';
import { droppedWords, heardWords, votersWords } from '../../../src/admin/page/address-words.ts';
import { basic } from '../../support/admin-scene.ts';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { instanceStatus, MemoryVrrp } from '../../support/memory-vrrp.ts';
import { describeWithPeers } from '../../support/peers.ts';

/** What the dashboard shows of addresses that nodes share, and what is asked of them there. */

const NOW = 1_700_000_000_000;
const BY = { name: 'ops', source: 'page', address: '127.0.0.1' };
const FRONT = '[data-key="addresses front"]';
const REFUSED = { kind: 'release', by: 'alice', why: 'no trust' } as const;

async function open(source: object = {}) {
  const vrrp = new MemoryVrrp(['front', 'back'], () => NOW);
  return { vrrp, scene: await DashboardScene.open({ source: { vrrp: () => vrrp, ...source } }) };
}

async function openAs(as: string, path = '/addresses', options: Parameters<typeof openPage>[2] = {}) {
  const { vrrp, scene } = await open();
  return { vrrp, scene, ...(await openPage(`${scene.url}${path}`, as, options)) };
}

test.each([
  { heard: undefined, words: 'Hears nobody' },
  { heard: { source: '192.0.2.2', priority: 100, at: NOW, isAlive: true }, words: 'Hears 192.0.2.2 with priority 100' },
  {
    heard: { source: '192.0.2.2', priority: 100, at: NOW - 9000, isAlive: false },
    words: 'Heard 192.0.2.2 with priority 100 last, 9\u202fs ago',
  },
])('who else is there is told as $words', ({ heard, words }) => {
  expect(heardWords(instanceStatus('front', { heard }, NOW), NOW)).toBe(words);
});

test('who has a say is told with what is known of each', () => {
  const voter = {
    kind: 'witness',
    address: '192.0.2.3:8112',
    name: 'w1',
    isHeard: true,
    isOurs: true,
    isDouble: false,
  } as const;
  const voters = [
    voter,
    { ...voter, isOurs: false },
    { ...voter, name: '', isHeard: false, isOurs: false },
    { ...voter, isDouble: true },
  ];
  expect(votersWords(instanceStatus('front', { voters }, NOW))).toBe(
    'witness w1 at 192.0.2.3:8112 has lent its vote to this node; witness w1 at 192.0.2.3:8112 is heard; witness 192.0.2.3:8112 is not heard; witness w1 at 192.0.2.3:8112 does not count',
  );
  expect(votersWords(instanceStatus('front', {}, NOW))).toBeUndefined();
});

test.each([
  { ago: 5000, words: 'Advertisements are dropped, the last 5\u202fs ago (checksum 3): both nodes may become active' },
  { ago: 600_001, words: undefined },
  { ago: undefined, words: undefined },
])('advertisements that were dropped $ago ms ago: $words', ({ ago, words }) => {
  const droppedAt = ago === undefined ? undefined : NOW - ago;
  const instance = instanceStatus('front', { dropped: { checksum: 3, 'own-source': 5 }, droppedAt }, NOW);
  expect(droppedWords(instance, NOW)).toBe(words);
});

describeWithPeers(['chromium'], 'the page of addresses', () => {
  test('has a row for each instance: how it stands, why, and whom it hears', async () => {
    const { page, vrrp, problems } = await openAs('viewer');
    const heads = ['State', 'Instance', 'Priority', 'Changes', 'Sent', 'Received', 'Dropped'];
    const table = page.getByRole('table', { name: 'Shared addresses' });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual(heads);
    const row = page.locator(FRONT);
    expect(await row.textContent()).toMatch(
      /Active.*front.*192\.0\.2\.10.*eth0.*VRID 51.*because nobody advertised.*Hears 192\.0\.2\.2/s,
    );
    expect(await row.locator('td.figure').allTextContents()).toEqual(['254', '3', '90', '4', '0']);
    vrrp.set('front', { role: 'released', maintenance: REFUSED });
    await row.getByText('Released', { exact: true }).waitFor();
    expect(await row.textContent()).toMatch(/released by alice.*no trust/s);
    await page.getByRole('status').getByText('Addresses front: Released').waitFor();
    await page.getByText('1 of 2 active here').waitFor();
    expect(await page.getByRole('button').filter({ hasText: '…' }).count()).toBe(0);
    expect(problems).toEqual([]);
  });

  test('says that their process died, and why it is not in real time', async () => {
    const { page, vrrp } = await openAs('viewer');
    vrrp.state = { ready: false, answers: true, deaths: 1, realTime: 'EPERM' };
    await page.getByText('The process that has the addresses died.').waitFor();
    await page.getByText('away, 1 death since the start').waitFor();
    await page.getByText('advertisements may be late (EPERM)').waitFor();
    vrrp.state = { ready: false, answers: false, deaths: 1, realTime: undefined };
    await page.reload();
    await page.getByText('The process that has the addresses does not answer.').waitFor();
  });

  test('tells what happened to them', async () => {
    const { page, scene } = await openAs('viewer');
    scene.operator.emit('origin-health', { pool: 'app', id: '10.0.1.66:80' });
    scene.operator.emit('vrrp-agent', { pool: '', id: '' });
    await page.getByText('the process that has the addresses died').waitFor();
    expect(await page.locator('[data-key=events] li').count()).toBe(1);
  });

  test('is led to from the overview by what is wrong, and by what somebody wants so', async () => {
    const { page, vrrp } = await openAs('viewer', '/');
    await page.getByText('All is well').waitFor();
    vrrp.set('front', { role: 'fault', words: 'fault since then; waits for interface eth0' });
    vrrp.set('back', { maintenance: REFUSED, role: 'released', dropped: { checksum: 1 }, droppedAt: NOW });
    await page.getByText('2 things to look at').waitFor();
    expect(await page.locator('.standing li').allTextContents()).toEqual([
      'addresses front fault since then; waits for interface eth0',
      expect.stringMatching(/^addresses back Advertisements are dropped/),
      'addresses back released, released by alice',
    ]);
    await page.getByRole('link', { name: 'addresses front' }).click();
    await page.waitForURL(/\/addresses#addresses-front$/);
    vrrp.state = { ready: false, answers: true, deaths: 1, realTime: undefined };
    await page.goto(page.url().replace(/\/addresses.*/, '/'));
    await page.locator('.standing').getByText('the process that has them died').waitFor();
  });

  test('hands addresses over and takes part again, each with a reason, without a reload', async () => {
    const { page, vrrp, problems } = await openAs('ops');
    await page.getByRole('button', { name: 'Hand over front' }).click();
    await page.locator('dialog').getByText('so that no request fails').waitFor();
    await page.locator('dialog input[name=reason]').fill('new switches');
    await page.locator('dialog').getByRole('button', { name: 'Hand over', exact: true }).click();
    await page.locator(FRONT).getByText('Backup', { exact: true }).waitFor();
    await page.locator(FRONT).getByText('handed over by ops').waitFor();
    await page.getByRole('button', { name: 'Resume front' }).click();
    await page.locator('dialog input[name=reason]').fill('done');
    await page.locator('dialog').getByRole('button', { name: 'Resume' }).click();
    await page.locator(FRONT).getByText('handed over by ops').waitFor({ state: 'detached' });
    expect(vrrp.orders).toEqual([
      { command: 'handover', instance: 'front', reason: 'new switches', actor: BY },
      { command: 'resume', instance: 'front', reason: 'done', actor: BY },
    ]);
    expect(problems).toEqual([]);
  });

  test('needs no JavaScript', async () => {
    const { page, vrrp } = await openAs('ops', '/addresses', { javaScriptEnabled: false });
    await page.getByRole('button', { name: 'More of front' }).click();
    await page.getByText('90 sent, 4 received').waitFor();
    await page.getByRole('button', { name: 'Release…' }).click();
    await page.getByLabel('Reason').fill('no scripts here');
    await page.getByRole('button', { name: 'Release', exact: true }).click();
    await page.waitForURL(/\/addresses#addresses-front$/);
    await page.locator(FRONT).getByText('Released', { exact: true }).waitFor();
    expect(vrrp.orders).toMatchObject([{ command: 'release', actor: BY, reason: 'no scripts here' }]);
  });
});

const INSTANCE = '/addresses/front';

async function send({ scene }: Awaited<ReturnType<typeof open>>, path: string, fields: object, as = 'ops') {
  const headers = { Authorization: basic(as, 'secret') };
  const form = await (await fetch(`${scene.url}${INSTANCE}?to=release`, { headers })).text();
  const token = /name="token" value="([^"]+)"/.exec(form)?.[1] ?? '';
  return fetch(`${scene.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ token, seen: '', to: 'release', ...fields }).toString(),
  });
}

test.each([
  { name: 'no token', fields: { token: '' }, status: 403 },
  { name: 'who may only look', fields: {}, as: 'viewer', status: 403 },
  { name: 'an action of origins', fields: { to: 'drain' }, status: 404 },
  { name: 'addresses that there are not', path: '/addresses/fornt', fields: {}, status: 404 },
  { name: 'what was changed meanwhile', fields: { seen: 'handover bob x' }, status: 409 },
  { name: 'no reason where one is wanted', fields: {}, source: { reasonRequired: true }, status: 422 },
])('$name: refused with $status, and nothing is done', async ({ path = INSTANCE, fields, as, source, status }) => {
  const opened = await open(source);
  expect((await send(opened, path, fields, as)).status).toBe(status);
  expect(opened.vrrp.orders).toEqual([]);
});

test.each([
  { kind: 'agent-away', status: 503 },
  { kind: 'not-kept', status: 503 },
  { kind: 'nothing-to-hand-over', status: 409 },
  { kind: 'invalid', status: 422 },
  { kind: 'unknown-instance', status: 404 },
] as const)('a refusal for $kind is told with its detail, and what was typed stays', async ({ kind, status }) => {
  const opened = await open();
  opened.vrrp.refuseNext = { kind, detail: 'it <is> so' };
  const response = await send(opened, INSTANCE, { reason: 'typed once' });
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(text).toContain('it &lt;is&gt; so');
  expect(text).toContain('value="typed once"');
});

test('a node that shares none has no page of them, and nothing that leads there', async () => {
  const { scene } = await open({ vrrp: () => undefined });
  const get = async (path: string) => {
    const response = await fetch(`${scene.url}${path}`, { headers: { Authorization: basic('ops', 'secret') } });
    return { status: response.status, text: await response.text() };
  };
  expect((await get('/')).text).not.toMatch(/addresses/i);
  expect((await get('/addresses')).text).toContain('This node shares no addresses (vrrp: off).');
  expect(await get(INSTANCE)).toMatchObject({ status: 404, text: expect.stringContaining('no such addresses') });
});
