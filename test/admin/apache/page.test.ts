import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { autoLines } from '../../../src/admin/apache/server-status.ts';
import { poolSection } from '../../../src/admin/apache/tables.ts';
import { inOrder, type View } from '../../../src/admin/apache/view.ts';
import { xml } from '../../../src/admin/apache/xml.ts';
import type { PoolState } from '../../../src/operator/model.ts';
import { all, cellsOf, parse, textOf } from './markup.ts';
import { NONCE, Scene } from './scene.ts';
import { NOW, poolOf } from './small-operator.ts';

const captured = (name: string) => readFileSync(join(import.meta.dirname, '../../data/apache', name), 'utf8');

/** What leads to a pool, as Apache had it when the pages were captured. */
const PATHS: Readonly<Record<string, string>> = { jbosscluster: '/jboss', staticcluster: '/app' };

function viewOf(pools: readonly PoolState[], given: Partial<View> = {}): View {
  return {
    pools,
    nonce: NONCE,
    mayAdd: true,
    isAnsible: false,
    host: 'localhost',
    refusal: undefined,
    factsOf: (pool) => ({ timeout: 0, failoverAttempts: 2, path: PATHS[pool] ?? '/' }),
    maxOrigins: 3,
    version: '0.1.0',
    built: NOW,
    ...given,
  };
}

const jboss1 = { url: 'http://127.0.0.11:18101', route: 'jboss1' };
const jboss2 = { url: 'http://127.0.0.12:18102/ctx', route: 'jboss2' };
const jboss3 = { url: 'http://node3.test:18103', route: 'jboss3', role: 'standby' } as const;

const MIXED: readonly PoolState[] = [
  poolOf(
    'jbosscluster',
    [
      { url: 'http://127.0.0.1:18101', route: 'jboss1', admin: 'maint' },
      {
        url: 'http://127.0.0.1:18102',
        route: 'jboss2',
        weight: 2,
        admin: 'drain',
        traffic: { elected: 8, bytesOut: 1584, bytesIn: 272 },
      },
      {
        url: 'http://127.0.0.1:18103',
        route: 'jboss3',
        role: 'standby',
        traffic: { elected: 4, bytesOut: 792, bytesIn: 136 },
      },
      { url: 'http://127.0.0.1:18104', route: '', health: 'down', traffic: { elected: 1 } },
    ],
    { sticky: 'JSESSIONID' },
  ),
  poolOf('staticcluster', [
    { url: 'http://127.0.0.1:18111/app', route: 'st1' },
    { url: 'http://127.0.0.1:18112/app', route: 'st2', set: 1 },
    { url: 'http://node3.test:18113/app', route: 'st3', role: 'spare' },
  ]),
];

/** What no two servers have in common, and Apache's cookie name together with that of URLs. */
function plain(html: string): string {
  return html
    .replace(/nonce=[-a-f0-9]{36}/g, 'nonce=')
    .replace(/\[p[0-9a-f]{8}_/g, '[p_')
    .replaceAll('JSESSIONID|jsessionid', 'JSESSIONID');
}

/** Apache counts workers that there is room for, and those that failed not at all. */
function withoutCounts(html: string): string {
  return plain(html).replace(/\d+ \[\d Used\]/g, '');
}

describe('a pool on the page', () => {
  test("is byte for byte Apache 2.4.71's without mod_proxy_hcheck", () => {
    const pool = poolOf('jbosscluster', [jboss1, jboss2, jboss3], { sticky: 'JSESSIONID' });
    const [, theirs] = plain(captured('balancer-manager-2.4.71-single-nohcheck.html')).split('</dl>\n<hr />\n');
    const view = { ...viewOf([pool]), factsOf: () => ({ timeout: 0, failoverAttempts: 2, path: '/jboss' }) };
    expect(`${plain(poolSection(view, pool, 0))}</body></html>\n`).toBe(theirs);
  });

  test('has the tables, links and states of a captured page with disabled, draining, standby, failed and spare ones', () => {
    const theirs = parse(withoutCounts(captured('balancer-manager-2.4.71-mixed-states.html')));
    const ours = parse(withoutCounts(MIXED.map((pool, index) => poolSection(viewOf(MIXED), pool, index)).join('')));
    const tables = all(theirs, 'table').slice(0, 4).map(cellsOf);
    // Health checks have no columns here, and of what weights make of the next turn (Load) nobody has a use.
    const isShown = (_: string, index: number) => index < 11 && index !== 8;
    const shown = (rows: readonly (readonly string[])[]) => rows.map((row) => row.filter(isShown));
    expect(all(ours, 'table').map(cellsOf).map(shown)).toEqual(tables.map(shown));
    const links = (page: typeof ours) => all(page, 'a').map((link) => [link.attributes.href, textOf(link)]);
    expect(links(ours)).toEqual(links(theirs));
    expect(all(ours, 'h3').map(textOf)).toEqual(all(theirs, 'h3').map(textOf));
  });

  test('has its URL, whatever stands in it, in no attribute of its own', () => {
    const pool = poolOf('p', [{ url: `http://h"><script>'&:80`, route: '"<>\'&' }], { sticky: '<b>' });
    const html = poolSection(viewOf([pool]), pool, 0);
    const [line = ''] = html.split('\n').filter((each) => each.includes('&amp;w='));
    expect(html).not.toContain('<script>');
    expect(html).not.toContain('<b>');
    expect(line.split('nonce=')[1]).not.toMatch(/'|".*"/);
  });

  test('is not shown as active while it is answered by a page', () => {
    const maintenance = { page: undefined, retryAfter: 1, by: 'ops', reason: '', since: NOW };
    const pool = poolOf('p', [jboss1], { maintenance });
    expect(cellsOf(all(parse(poolSection(viewOf([pool]), pool, 0)), 'table')[0] as never)[1]?.at(-1)).toBe('No');
  });
});

describe('XML', () => {
  test("has every element of Apache 2.4.71's, in its order, with its text", () => {
    // What Apache counts and we do not; and its nonce of each balancer.
    const same = (text: string) =>
      text
        .replace(/<httpd:(smax|max|lbstatus)>\d+</g, '<httpd:$1>0<')
        .replace(/<httpd:nonce>[^<]*</g, '<httpd:nonce><');
    expect(same(xml(viewOf(MIXED)))).toBe(same(captured('balancer-manager-2.4.71-mixed-states.xml')));
  });

  test('has no nonce for who may not operate', () => {
    expect(xml(viewOf(MIXED, { nonce: undefined }))).not.toContain('nonce');
  });
});

test("what server-status?auto says is Apache's", () => {
  const seen = { elected: 1, bytesOut: 197, bytesIn: 32 };
  const pool = poolOf('jbosscluster', [
    { ...jboss1, url: 'http://127.0.0.11:18101', health: 'down', traffic: { elected: 1 } },
    { ...jboss2, health: 'down', traffic: { elected: 1 } },
    { ...jboss3, traffic: seen },
  ]);
  expect(autoLines([pool])).toBe(captured('server-status-auto-proxy-2.4.71.txt'));
});

describe('the page', () => {
  test('has links with the nonce for who may operate, and without it for who may read', async () => {
    const scene = await Scene.open();
    expect((await scene.get('/balancer-manager')).text).toContain(`&amp;nonce=${NONCE}"`);
    const seen = await scene.get('/balancer-manager', { as: 'viewer' });
    expect(seen.status).toBe(200);
    expect(seen.text).not.toContain('nonce');
    expect(seen.text).toContain('<a href="/balancer-manager?b=static&amp;w=http://node3.test:18113">');
  });

  test('is kept by nobody, loads nothing, and lets its own stylesheet alone be applied', async () => {
    const { headers, text } = await (await Scene.open()).get('/balancer-manager');
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['content-security-policy']).toMatch(/default-src 'none';.*style-src 'sha256-[\w+/]{43}=';/);
    expect(text).not.toMatch(/<script|<link|\sstyle=/);
  });

  test.each(['/balancer-manager', '/balancer-manager/'])('is at %s', async (path) => {
    const { status, text } = await (await Scene.open()).get(path);
    expect(status).toBe(200);
    expect(all(parse(text), 'h1').map(textOf)).toEqual(['Load Balancer Manager for 127.0.0.1']);
  });

  test('has one balancer at a path of its own, in any case', async () => {
    const scene = await Scene.open();
    const { text } = await scene.get('/balancer-manager/STATIC');
    expect(text).toContain('balancer://static');
    expect(text).not.toContain('balancer://jbosscluster');
    expect((await scene.get('/balancer-manager/STATIC?xml=1')).text).not.toContain('balancer://jbosscluster');
    expect((await scene.get('/balancer-manager/nothing')).status).toBe(404);
  });

  test('shows what is selected first, with the form of Apache without what only the file says', async () => {
    const scene = await Scene.open();
    const url = 'http://node3.test:18113';
    const page = parse((await scene.get(`/balancer-manager?b=static&w=${url}&nonce=${NONCE}`)).text);
    expect(all(page, 'h3').map((heading) => textOf(heading).split(' [')[0])).toEqual([
      'LoadBalancer Status for balancer://static',
      'LoadBalancer Status for balancer://jbosscluster',
      `Edit worker settings for ${url}`,
    ]);
    const theirs = all(parse(captured('worker-page-2.4.71.html')), 'form')[0] as never;
    const names = (form: typeof page) => new Set(all(form, 'input').map(({ attributes }) => attributes.name));
    const ours = names(all(page, 'form')[0] as never);
    const fixed = ['w_wr', 'w_rr', 'w_hi', 'w_hp', 'w_hf', 'w_hu'];
    expect([...names(theirs)].filter((name) => !ours.has(name))).toEqual(fixed);
  });

  test('tells who said what holds of an origin, also to who may only read', async () => {
    const override = {
      values: { admin: 'drain' },
      by: 'alice',
      source: 'api',
      reason: 'deploy <42>',
      since: NOW,
      expires: NOW + 60_000,
      was: { url: jboss1.url, weight: 1, role: 'primary', set: 0 },
    } as const;
    const observed = { health: 'down', since: NOW, problem: 'expected status 200, got 500', warmth: 1 } as const;
    const scene = await Scene.open({ pools: [poolOf('p', [{ ...jboss1, admin: 'drain', override, observed }])] });
    const { text } = await scene.get(`/balancer-manager?b=p&w=${jboss1.url}`, { as: 'viewer' });
    expect(all(parse(text), 'p').map(textOf)).toEqual([
      'admin drain: said by alice (api) at 2026-11-20 18:18:50 UTC, until 2026-11-20 18:19:50 UTC. Reason: deploy <42>',
      'Its last check that failed: expected status 200, got 500',
      'All balancers',
    ]);
  });

  test('has no links but those that the module of Ansible can read', async () => {
    const scene = await Scene.open({ pools: [...MIXED, poolOf('six', [{ url: 'http://[::1]:80' }])] });
    const headers = { 'User-Agent': 'ansible-httpget' };
    const page = parse((await scene.get('/balancer-manager/', { headers })).text);
    expect(all(page, 'h3').map((heading) => [textOf(heading), all(heading, 'a').length])).toEqual([
      ['LoadBalancer Status for balancer://jbosscluster', 1],
      ['LoadBalancer Status for balancer://staticcluster', 0],
      ['LoadBalancer Status for balancer://six', 0],
    ]);
    expect(all(page, 'a')).toHaveLength(8);
  });

  test('has no form and no way to add for who may not', async () => {
    const scene = await Scene.open();
    const forms = async (query: string, as: string) =>
      all(parse((await scene.get(`/balancer-manager?${query}`, { as })).text), 'form').length;
    expect(await forms('b=static&w=http://node3.test:18113', 'viewer')).toBe(0);
    expect(await forms('b=static', 'ops')).toBe(0);
    expect(await forms('b=static', 'root')).toBe(1);
    expect(await forms('b=static&w=http://node3.test:1', 'root')).toBe(0);
  });

  test('ends with the link of an origin, even where a pool has none', () => {
    const pools = [poolOf('one', [jboss1]), poolOf('none', [])];
    expect(inOrder(pools, undefined).map(({ name }) => name)).toEqual(['none', 'one']);
    expect(inOrder(pools, pools[0]).map(({ name }) => name)).toEqual(['one', 'none']);
  });
});
