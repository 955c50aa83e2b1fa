import { describe, expect, test } from 'vitest';
import {
  datacenterProblem,
  datacenterWords,
  healthWords,
  locationWords,
} from '../../../src/admin/page/datacenter-words.ts';
import type { Observed } from '../../../src/geodns/health/model.ts';
import { openPage } from '../../support/chromium.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';
import { MemoryDns } from '../../support/memory-dns.ts';
import { describeWithPeers } from '../../support/peers.ts';

/** What the dashboard shows of the name server and its datacenters. */

const NOW = 1_700_000_000_000;
const ALICE = { name: 'alice', source: 'cli' };

const newDns = () => new MemoryDns(['us', 'uk', 'au'], () => NOW);

function staged(observed: Partial<Observed>, more: { readonly own?: boolean } = {}) {
  const dns = newDns();
  const [us] = dns.datacenters();
  dns.stage('us', { ...more, observed: { ...(us?.observed as Observed), ...observed } });
  return dns.datacenters()[0] as NonNullable<typeof us>;
}

interface StateCase {
  readonly name: string;
  readonly health?: 'up' | 'down' | 'checking';
  readonly admin?: 'drain' | 'down';
  readonly word: string;
  readonly tone: string;
  readonly shape: string;
}

describe('the state of a datacenter', () => {
  test.each([
    { name: 'is well', word: 'In service', tone: 'good', shape: 'disc' },
    { name: 'fails checks', health: 'down', word: 'Down', tone: 'bad', shape: 'cross' },
    { name: 'is drained', admin: 'drain', word: 'Draining', tone: 'hand', shape: 'bars' },
    {
      name: 'is drained, and fails checks',
      health: 'down',
      admin: 'drain',
      word: 'Draining',
      tone: 'hand',
      shape: 'bars',
    },
    { name: 'is said to be down', admin: 'down', word: 'Forced down', tone: 'hand', shape: 'cross' },
    { name: 'was not seen yet', health: 'checking', word: 'In service', tone: 'good', shape: 'disc' },
  ] as const)('of one that $name: $word', ({ name: _, health = 'up', admin, ...words }: StateCase) => {
    const dns = newDns();
    dns.set('us', health);
    if (admin !== undefined) dns.setDatacenter('us', { admin, reason: '' }, ALICE);
    expect(datacenterWords(dns.datacenters()[0] as ReturnType<typeof staged>)).toEqual(words);
  });

  const bad = { health: 'down', since: NOW - 90_000, problem: 'connection refused' } as const;
  test.each([
    { observed: bad, problem: 'Checks fail since 22:11:50: connection refused' },
    { observed: { ...bad, problem: undefined }, problem: 'Checks fail since 22:11:50' },
    { observed: { ...bad, problem: 'starting' }, own: true, problem: 'Not ready since 22:11:50: starting' },
    { observed: { problem: 'status 503' }, problem: 'The last check failed: status 503' },
    { observed: {}, problem: undefined },
  ])('has what is wrong as a sentence: $problem', ({ observed, problem, ...more }) => {
    expect(datacenterProblem(staged(observed, more), NOW)).toBe(problem);
  });

  const never = { last: undefined };
  test.each([
    {
      observed: { since: NOW - 3_600_000, last: { at: NOW - 4_000, took: 1 } },
      words: 'Up for 1\u202fh 0\u202fmin · checked 4\u202fs ago',
    },
    {
      observed: { due: NOW + 9_000, since: NOW - 60_000, ...never },
      words: 'Up for 1\u202fmin · out in 9\u202fs at the earliest',
    },
    { observed: { ...bad, due: NOW + 5_000, ...never }, words: 'Back in 5\u202fs at the earliest' },
    { observed: { ...bad, due: NOW - 1, ...never }, words: undefined },
    { observed: { health: 'checking', ...never }, words: 'Nothing is seen of it yet: it counts as up' },
    { observed: { health: 'unknown', ...never }, words: 'Nobody checks it: it counts as up' },
    {
      observed: { since: NOW - 60_000, draining: true, ...never },
      own: true,
      words: 'This node is ready for 1\u202fmin · this node drains',
    },
  ] as const)('has what is seen of it: $words', ({ observed, words, ...more }) => {
    expect(healthWords(staged(observed, more), NOW)).toBe(words);
  });

  test.each([
    { location: [51.5, -0.1], words: '51.5°\u202fN, 0.1°\u202fW' },
    { location: [-33.9, 151.2], words: '33.9°\u202fS, 151.2°\u202fE' },
  ] as const)('has its place as $words', ({ location, words }) => {
    expect(locationWords(location)).toBe(words);
  });
});

async function scene({ as = 'viewer', path = '/dns', dns = newDns(), ...source } = {}) {
  const told: { dns: MemoryDns | undefined } = { dns };
  const opened = await DashboardScene.open({ source: { dns: () => told.dns, ...source } });
  return { told, dns, scene: opened, ...(await openPage(`${opened.url}${path}`, as)) };
}

describeWithPeers(['chromium'], 'the page of DNS', () => {
  test('has a row for each datacenter, with its figures in columns that say what they are', async () => {
    const dns = newDns();
    dns.set('uk', 'down', 'connection refused');
    dns.stage('uk', { ttlLimit: 10 });
    dns.setDatacenter('au', { admin: 'drain', reason: 'new switches', expiresIn: 3_600_000 }, ALICE);
    const { page, problems } = await scene({ dns });
    const table = page.getByRole('table', { name: 'Datacenters' });
    const heads = ['State', 'Datacenter', 'Check, ms', 'TTL limit, s', 'Answers', 'Share, %'];
    expect(await table.getByRole('columnheader').allTextContents()).toEqual(heads);
    const figures = (name: string) => page.locator(`[data-key="datacenter ${name}"] td.figure`).allTextContents();
    expect(await figures('us')).toEqual(['13', '–', '5', '56']);
    expect(await figures('uk')).toEqual(['13', '10', '4', '44']);
    const labels = await page
      .locator('[data-key="datacenter us"] td.figure')
      .evaluateAll((cells) => cells.map((cell) => cell.getAttribute('data-label')));
    expect(labels).toEqual(heads.slice(2));
    const [uk, au] = ['uk', 'au'].map((name) => page.locator(`[data-key="datacenter ${name}"]`));
    expect(await uk?.textContent()).toMatch(/Down.*192\.0\.2\.10, 2001:db8::10.*connection refused/s);
    expect(await au?.textContent()).toMatch(/Draining.*by alice \(cli\) at 22:13:20.*ends in 1\u202fh.*new switches/s);
    expect(problems).toEqual([]);
  });

  test('has what answers are made from, who answers, and how many there were', async () => {
    const { page } = await scene();
    const part = (key: string) => page.locator(`[data-key="${key}"]`).textContent();
    expect(await part('zone example.com')).toMatch(/in the configuration.*1.*12/s);
    expect(await part('zone example.org')).toMatch(/zones\/example\.org:3: x.*The former one is served.*7.*900/s);
    expect(await part('database GeoLite2-City.mmdb')).toMatch(/GeoLite2-City.*2023-11-03.*11\u202fd 13\u202fh/s);
    expect(await part('replies')).toMatch(/NOERROR\s*9\s*NXDOMAIN\s*1/);
    expect(await part('server')).toMatch(/127\.0\.0\.1:53.*plain.*1 thread.*node:ffi is not there/s);
    expect(await page.locator('.of-node').textContent()).toMatch(/UDP10.*TCP1.*Replies10.*Limited0.*Dropped1/s);
  });

  test('tells why a database as its file is now is not in force', async () => {
    const { page, dns } = await scene();
    dns.stageStatus({ databases: [{ file: 'a.mmdb', type: 'City', built: undefined, problem: 'a.mmdb is cut off' }] });
    await page.getByText('a.mmdb is cut off').waitFor();
    expect(await page.locator('[data-key="database a.mmdb"]').textContent()).toMatch(/The former one is in force/);
  });

  test('tells what happened to datacenters, and to nobody else', async () => {
    const { page, scene: opened } = await scene();
    opened.operator.emit('origin-health', { pool: 'app', id: '10.0.1.66:80' });
    opened.operator.emit('dns-failing-open', { pool: '', id: '' });
    await page.getByText('none is in service: answers are given as if all were').waitFor();
    expect(await page.locator('[data-key=events] li').count()).toBe(1);
  });

  test('shows within a second or two that one is gone, and says so', async () => {
    const { page, dns } = await scene();
    dns.set('uk', 'down', 'connection refused');
    const row = page.locator('[data-key="datacenter uk"]');
    await row.getByText('Checks fail since 22:13:20: connection refused').waitFor();
    await page.getByRole('status').getByText('Datacenter uk: Down').waitFor();
    await page.getByText('2 of 3 in service').waitFor();
  });

  test('warns when nobody answers, as the thread died', async () => {
    const { page, dns } = await scene();
    dns.stageStatus({ threads: 0 });
    await page.getByText('Nobody answers at the moment').waitFor();
    await page.goto(page.url().replace('/dns', '/'));
    await page.locator('.standing').getByText('DNS nobody answers').waitFor();
  });

  test('warns when answers are given as if all were in service', async () => {
    const { page, dns } = await scene();
    for (const name of ['us', 'uk', 'au']) dns.set(name, 'down');
    await page.getByText('Of us, uk, au none is in service, and answers are given as if all were').waitFor();
  });

  test('tells where a client is sent, and goes on telling', async () => {
    const { page, dns } = await scene();
    await page.getByLabel('Address or network').fill('203.0.113.7');
    await page.keyboard.press('Enter');
    const told = page.locator('[data-key="destinations"] dd');
    expect(await told.textContent()).toBe('us for clients in 203.0.113.0/24 · in the order us, uk, au');
    expect(await page.getByLabel('Address or network').inputValue()).toBe('203.0.113.7');
    dns.set('us', 'down');
    await told.getByText('uk', { exact: true }).waitFor();
    await page.getByLabel('Address or network').fill('nobody');
    await page.getByRole('button', { name: 'Look up' }).click();
    await page
      .getByText('Expected an address or a network such as 198.51.100.7 or 2001:db8::/56, got nobody')
      .waitFor();
  });

  test('is led to from the overview by what is wrong, and by what somebody wants so', async () => {
    const dns = newDns();
    dns.stageStatus({ zones: [{ name: 'example.org', serial: 1, records: 2, file: 'x', problems: ['x:3: y'] }] });
    dns.stageStatus({ databases: [{ file: 'a.mmdb', type: 'City', built: undefined, problem: 'a.mmdb is cut off' }] });
    dns.set('uk', 'down', 'connection refused');
    dns.setDatacenter('au', { admin: 'drain', reason: '' }, ALICE);
    const { page } = await scene({ dns, path: '/' });
    await page.getByText('3 things to look at').waitFor();
    expect(await page.locator('.standing li').allTextContents()).toEqual([
      'datacenter uk Checks fail since 22:13:20: connection refused',
      'datacenter au draining, by alice',
      'zone example.org x:3: y',
      'database a.mmdb a.mmdb is cut off',
    ]);
    dns.set('us', 'down');
    await page.getByRole('link', { name: 'DNS fails open' }).waitFor();
    await page.getByRole('link', { name: 'datacenter uk' }).click();
    await page.waitForURL(/\/dns#datacenter-uk$/);
    expect(await page.locator('[data-key="datacenter uk"]:target').count()).toBe(1);
  });

  test('is not spoken of on a node without a name server', async () => {
    const { page, told } = await scene({ path: '/' });
    await page.getByRole('link', { name: 'DNS' }).waitFor();
    told.dns = undefined;
    await page.reload();
    expect(await page.getByRole('link', { name: 'DNS' }).count()).toBe(0);
    expect(await page.locator('main').textContent()).not.toMatch(/dns|datacenter/i);
    await page.goto(page.url().replace(/\/$/, '/dns'));
    await page.getByText('This node has no name server (dns: off).').waitFor();
  });
});
