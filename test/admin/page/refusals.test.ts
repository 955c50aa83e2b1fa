import { expect, test } from 'vitest';
import { basic } from '../../support/admin-scene.ts';
import { DashboardScene } from '../../support/dashboard-scene.ts';

const ORIGIN = '/pools/app/origins/10.0.1.66:80';
const FORM = 'application/x-www-form-urlencoded';

interface Sending {
  readonly as?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(scene: DashboardScene, path: string, { as = 'ops', headers = {} }: Sending = {}) {
  return fetch(`${scene.url}${path}`, { headers: { Authorization: basic(as, 'secret'), ...headers } });
}

async function tokenOf(scene: DashboardScene, as: string): Promise<string> {
  const text = await (await ask(scene, '/cache/purge', { as })).text();
  return /name="token" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

async function send(
  scene: DashboardScene,
  path: string,
  fields: Readonly<Record<string, string>>,
  { as = 'ops', headers = {} }: Sending = {},
) {
  const token = await tokenOf(scene, as);
  return fetch(`${scene.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Authorization: basic(as, 'secret'), 'Content-Type': FORM, ...headers },
    body: new URLSearchParams({ token, seen: '0', ...fields }).toString(),
  });
}

function expectNothingDone({ operator, purges }: DashboardScene) {
  expect([operator.changes, operator.cleared, operator.maintained, purges]).toEqual([[], [], [], []]);
}

test.each([
  { name: 'no token', path: ORIGIN, fields: { to: 'drain', token: '' }, status: 403 },
  {
    name: 'a token of somebody else',
    path: '/cache/purge',
    fields: { kind: 'all', reason: 'x', token: 'ROOT' },
    status: 403,
  },
  { name: 'no token, for maintenance', path: '/pools/app/maintenance', fields: { on: '1', token: 'x' }, status: 403 },
  { name: 'an action that there is not', path: ORIGIN, fields: { to: 'explode' }, status: 404 },
  { name: 'an origin that there is not', path: '/pools/app/origins/x', fields: { to: 'drain' }, status: 404 },
  { name: 'a pool that there is not', path: '/pools/x/maintenance', fields: { on: '1' }, status: 404 },
  { name: 'a weight that is none', path: ORIGIN, fields: { to: 'weight', weight: '1.5' }, status: 422 },
  { name: 'a weight beyond all', path: ORIGIN, fields: { to: 'weight', weight: '257' }, status: 422 },
  { name: 'no weight', path: ORIGIN, fields: { to: 'weight' }, status: 422 },
  { name: 'a time that is none', path: ORIGIN, fields: { to: 'drain', deadline: 'soon' }, status: 422 },
  { name: 'what was changed meanwhile', path: ORIGIN, fields: { to: 'drain', seen: '17' }, status: 409 },
  { name: 'maintenance that is over', path: '/pools/app/maintenance', fields: { on: '0' }, status: 409 },
  { name: 'a purge of nothing', path: '/cache/purge', fields: { kind: 'urls', which: ' \n ' }, status: 422 },
  { name: 'a purge of what there is not', path: '/cache/purge', fields: { kind: 'x', which: 'y' }, status: 422 },
  { name: 'a purge of everything without a reason', path: '/cache/purge', fields: { kind: 'all' }, status: 422 },
  {
    name: 'a purge of everything, and of some',
    path: '/cache/purge',
    fields: { kind: 'all', which: 'x', reason: 'y' },
    status: 422,
  },
])('$name: the form is shown again with $status, and nothing is done', async ({ path, fields, status }) => {
  const scene = await DashboardScene.open();
  const token = 'token' in fields && fields.token === 'ROOT' ? { token: await tokenOf(scene, 'root') } : {};
  const response = await send(scene, path, { ...fields, ...token } as Record<string, string>);
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toContain('text/html');
  expectNothingDone(scene);
});

test.each([
  { name: 'by who may only look', sending: { as: 'viewer' }, status: 403 },
  { name: 'for a page of another site', sending: { headers: { Origin: 'https://evil.test' } }, status: 403 },
  { name: 'as no form', sending: { headers: { 'Content-Type': 'text/plain' } }, status: 415 },
])('what is sent $name is refused', async ({ sending, status }) => {
  const scene = await DashboardScene.open();
  expect((await send(scene, ORIGIN, { to: 'drain' }, sending)).status).toBe(status);
  expectNothingDone(scene);
});

test.each([
  { kind: 'not-kept', status: 503 },
  { kind: 'invalid', status: 422 },
  { kind: 'version-mismatch', status: 409 },
  { kind: 'unknown-origin', status: 404 },
] as const)('a refusal for $kind is told with its detail', async ({ kind, status }) => {
  const scene = await DashboardScene.open();
  scene.operator.refuseNext = { kind, detail: 'the disk <is> full' };
  const response = await send(scene, ORIGIN, { to: 'drain', reason: 'kept as it was typed' });
  const text = await response.text();
  expect(response.status).toBe(status);
  expect(text).toContain('the disk &lt;is&gt; full');
  expect(text).toContain('value="kept as it was typed"');
});

test.each([
  { back: '/', expected: '/' },
  { back: '/pools/app', expected: '/pools/app' },
  { back: '//evil.test', expected: '/pools/app' },
  { back: 'https://evil.test', expected: '/pools/app' },
  { back: '/\r\nX-Evil: 1', expected: '/pools/app' },
])('what is done leads back to one of our pages, not to whatever is asked for: $back', async ({ back, expected }) => {
  const scene = await DashboardScene.open();
  const response = await send(scene, ORIGIN, { to: 'drain', back });
  expect(response.status).toBe(303);
  expect(response.headers.get('location')).toBe(`${expected}#app/10.0.1.66%3A80`);
});

test('only admins see the audit log, and only operators see forms', async () => {
  const scene = await DashboardScene.open();
  const statusOf = async (path: string, as: string) => (await ask(scene, path, { as })).status;
  expect([await statusOf('/audit', 'ops'), await statusOf('/audit', 'root')]).toEqual([403, 200]);
  expect([await statusOf('/cache/purge', 'viewer'), await statusOf('/pools/app/maintenance', 'viewer')]).toEqual([
    403, 403,
  ]);
});

test('what is not there is told on a page', async () => {
  const scene = await DashboardScene.open();
  for (const path of ['/pools/x', '/pools/app/origins/x', '/pools/x/maintenance']) {
    const response = await ask(scene, path);
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('There is no such');
  }
});

test('style and script are kept by browsers as long as they are the same, and other names are nothing', async () => {
  const scene = await DashboardScene.open();
  const text = await (await ask(scene, '/')).text();
  const paths = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
  expect(paths).toHaveLength(2);
  for (const path of paths) {
    const response = await ask(scene, path);
    expect(response.headers.get('cache-control')).toBe('private, max-age=31536000, immutable');
    expect(response.headers.get('content-type')).toMatch(/^text\/(css|javascript); charset=utf-8$/);
  }
  expect((await ask(scene, '/assets/page.css')).status).toBe(404);
});

test('pages have nothing inline, so that the policy holds', async () => {
  const scene = await DashboardScene.open();
  for (const path of ['/', '/pools/app', '/cache', '/events', ORIGIN, `${ORIGIN}?to=stopped`, '/cache/purge']) {
    const response = await ask(scene, path);
    const text = await response.text();
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'");
    expect(text).not.toMatch(/<style|\sstyle=|<script(?! type="module" src="\/assets)|\son[a-z]+=/);
  }
});

test.each([
  { path: '/', accepts: 'gzip, br', expected: 'gzip' },
  { path: '/', accepts: 'br;q=1.0, gzip;q=0', expected: null },
  { path: '/', accepts: 'identity', expected: null },
  { path: `${ORIGIN}?to=drain&reason=guess`, accepts: 'gzip', expected: null },
  { path: '/cache/purge', accepts: 'gzip', expected: null },
])(
  'what is asked for each second is compressed, and a page with a token is not: $path for $accepts',
  async ({ path, accepts, expected }) => {
    const scene = await DashboardScene.open();
    const response = await ask(scene, path, { headers: { 'Accept-Encoding': accepts } });
    expect(response.headers.get('content-encoding')).toBe(expected);
    const text = await response.text();
    expect(text).toContain('</html>');
    expect(text.includes('name="token"')).toBe(path !== '/');
  },
);
