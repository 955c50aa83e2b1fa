import { describe, expect, test } from 'vitest';
import { AdminScene, type Asking } from '../../support/admin-scene.ts';

const ORIGIN = '/api/v1/pools/app/origins/10.0.1.67:8080';
const STATE = `PUT ${ORIGIN}/state`;
const PATCH = `PATCH ${ORIGIN}`;
const ANY = { 'If-Match': '*' };

interface Bad extends Asking {
  readonly line: string;
  readonly status: number;
  readonly type: string;
  /** What `errors` have to say: `#/weight: expected …`. */
  readonly errors?: readonly string[];
}

const REASON = '#/reason: expected why, in 1 to 500 characters, got nothing';

const BODIES: readonly Bad[] = [
  { line: STATE, body: '', status: 400, type: 'malformed-json' },
  { line: STATE, body: '{"admin":', status: 400, type: 'malformed-json' },
  { line: STATE, body: '[]', status: 422, type: 'invalid', errors: ['#: expected a JSON object, got an empty list'] },
  { line: STATE, body: 'null', status: 422, type: 'invalid', errors: ['#: expected a JSON object, got nothing'] },
  {
    line: STATE,
    body: { admin: 'off', deadline: 'soon', onDeadline: 1, expires: '400d', force: 'yes', weight: 1 },
    status: 422,
    type: 'invalid',
    errors: [
      '#/admin: expected one of active, drain, maint, stopped, got "off"',
      '#/deadline: expected a time such as "30s" or "5m", or a number of seconds, 0s to 7d, got "soon"',
      '#/onDeadline: expected one of keep, cut, got 1',
      '#/expires: expected a time such as "30s" or "5m", or a number of seconds, 1s to 366d, got "400d"',
      '#/force: expected true or false, got "yes"',
      '#/weight: is no known member, expected one of admin, deadline, onDeadline, reason, expires, force',
      REASON,
    ],
  },
  { line: STATE, body: { admin: 'drain' }, status: 422, type: 'invalid', errors: [REASON] },
  {
    line: STATE,
    body: { admin: 'drain', reason: '  ' },
    status: 422,
    type: 'invalid',
    errors: ['#/reason: expected why, in 1 to 500 characters, got ""'],
  },
  { line: STATE, body: { admin: 'drain', reason: 'x'.repeat(501) }, status: 422, type: 'invalid' },
  {
    line: PATCH,
    headers: ANY,
    body: { weight: 0, set: 100, role: 'boss', ignoreErrors: 1, health: 'up', admin: 'drain' },
    status: 422,
    type: 'invalid',
    errors: [
      '#/weight: expected 1 to 256, got 0',
      '#/set: expected 0 to 99, got 100',
      '#/role: expected one of primary, standby, spare, got "boss"',
      '#/ignoreErrors: expected true or false, got 1',
      '#/health: expected forcedDown, got "up"',
      '#/admin: is no known member, expected one of weight, set, role, ignoreErrors, route, slowStart, health, reason, expires, force',
    ],
  },
  { line: PATCH, headers: ANY, body: { health: 'forcedDown' }, status: 422, type: 'invalid', errors: [REASON] },
  { line: PATCH, headers: ANY, body: { route: 'a.b' }, status: 422, type: 'invalid' },
  { line: PATCH, headers: ANY, body: { slowStart: '30s' }, status: 422, type: 'invalid' },
  { line: PATCH, headers: ANY, body: { slowStart: { duration: '2h' } }, status: 422, type: 'invalid' },
  { line: PATCH, body: { weight: 2 }, status: 428, type: 'precondition-required' },
  { line: PATCH, headers: { 'If-Match': '"99"' }, body: { weight: 2 }, status: 412, type: 'version-mismatch' },
  { line: PATCH, headers: { 'If-Match': '99' }, body: { weight: 2 }, status: 400, type: 'bad-request' },
  { line: STATE, headers: { 'If-Match': '"99"' }, body: { admin: 'active' }, status: 412, type: 'version-mismatch' },
  {
    line: 'POST /api/v1/pools/app/origins',
    as: 'root',
    body: { url: 'http://a/path', id: 'a b', weight: 1.5 },
    status: 422,
    type: 'invalid',
    errors: [
      '#/url: expected http://HOST[:PORT] or https://HOST[:PORT] without a path, got "http://a/path"',
      '#/id: expected 1 to 128 letters, digits, dots, colons, dashes or underscores, got "a b"',
      '#/weight: expected a whole number from 1 to 256, got 1.5',
      REASON,
    ],
  },
  {
    line: `DELETE ${ORIGIN}`,
    as: 'root',
    status: 400,
    type: 'invalid-parameters',
    errors: ['reason: expected why, in 1 to 500 characters, got nothing'],
  },
  {
    line: 'POST /api/v1/pools/app/maintenance',
    body: { page: 3, retryAfter: '8d' },
    status: 422,
    type: 'invalid',
    errors: [
      '#/page: expected text, got 3',
      '#/retryAfter: expected a time such as "30s" or "5m", or a number of seconds, 1s to 7d, got "8d"',
      REASON,
    ],
  },
  {
    line: 'POST /api/v1/operations',
    body: { select: { hosts: 'a' }, admin: 'drain', wait: 'changed', scope: 'cluster' },
    status: 422,
    type: 'invalid',
    errors: [
      '#/select/host: expected a host, or HOST:PORT, as it stands in the urls of origins, got nothing',
      '#/select/hosts: is no known member, expected one of host, pools',
      '#/wait: expected one of drained, up, active, got "changed"',
      '#/scope: expected local (this version has no other), got "cluster"',
      REASON,
    ],
  },
  {
    line: 'POST /api/v1/operations',
    body: { select: { host: '10.9.9.9' }, admin: 'active' },
    status: 404,
    type: 'unknown-origin',
  },
  {
    line: 'POST /api/v1/operations',
    body: { select: { host: 'a', pools: ['x'] }, admin: 'active' },
    status: 404,
    type: 'unknown-pool',
  },
  {
    line: 'POST /api/v1/cache/purge',
    body: {},
    status: 422,
    type: 'invalid',
    errors: ['#: expected urls, prefixes or tags, or all: true alone'],
  },
  { line: 'POST /api/v1/cache/purge', body: { all: true, tags: ['a'], reason: 'x' }, status: 422, type: 'invalid' },
  { line: 'POST /api/v1/cache/purge', body: { all: true }, status: 422, type: 'invalid', errors: [REASON] },
  {
    line: 'POST /api/v1/cache/purge',
    body: { urls: [] },
    status: 422,
    type: 'invalid',
    errors: ['#/urls: expected at least 1 items, got an empty list'],
  },
  {
    line: 'POST /api/v1/cache/purge',
    body: { urls: ['http://a/', 'b'] },
    status: 422,
    type: 'invalid',
    errors: ['#/urls/1: expected a URL'],
  },
];

const PATHS: readonly Bad[] = [
  { line: 'GET /api/v1/pools/none', status: 404, type: 'unknown-pool' },
  { line: 'GET /api/v1/pools/none/origins', status: 404, type: 'unknown-pool' },
  { line: 'GET /api/v1/pools/app/origins/none', status: 404, type: 'unknown-origin' },
  { line: 'GET /api/v1/pools/app/origins/-?url=http://none', status: 404, type: 'unknown-origin' },
  { line: 'GET /api/v1/pools/app/origins/-', status: 404, type: 'unknown-origin' },
  { line: 'GET /api/v1/pools/app/origins/%zz', status: 400, type: 'bad-request' },
  { line: 'PUT /api/v1/pools/app/origins/none/state', body: { admin: 'active' }, status: 404, type: 'unknown-origin' },
  {
    line: 'PATCH /api/v1/pools/app/origins/none',
    headers: ANY,
    body: { weight: 1 },
    status: 404,
    type: 'unknown-origin',
  },
  {
    line: 'POST /api/v1/pools/none/origins',
    as: 'root',
    body: { url: 'http://a', reason: 'x' },
    status: 404,
    type: 'unknown-pool',
  },
  { line: 'DELETE /api/v1/pools/app/origins/none?reason=x', as: 'root', status: 404, type: 'unknown-origin' },
  { line: 'DELETE /api/v1/pools/app/origins/none/override', status: 404, type: 'unknown-origin' },
  { line: 'POST /api/v1/pools/none/maintenance', body: { reason: 'x' }, status: 404, type: 'unknown-pool' },
  { line: 'DELETE /api/v1/pools/none/maintenance', status: 404, type: 'unknown-pool' },
  { line: 'GET /api/v1/operations/none', status: 404, type: 'unknown-operation' },
  { line: 'GET /api/v1', status: 404, type: 'not-found' },
  { line: 'GET /api/v1/nothing', status: 404, type: 'not-found' },
  { line: 'GET //api/v1/pools', status: 404, type: 'not-found' },
  { line: 'DELETE /api/v1/pools', status: 405, type: 'method-not-allowed' },
  { line: 'GET /api/v1/cache/purge', status: 405, type: 'method-not-allowed' },
  { line: 'OPTIONS /api/v1/pools', status: 405, type: 'method-not-allowed' },
];

const QUERIES: readonly Bad[] = [
  {
    line: `GET ${ORIGIN}?wait=empty`,
    status: 400,
    type: 'invalid-parameters',
    errors: ['wait: expected one of drained, up, active, changed, got "empty"'],
  },
  {
    line: `GET ${ORIGIN}?timeout=1y&wiat=up`,
    status: 400,
    type: 'invalid-parameters',
    errors: [
      'timeout: expected a time such as "30s" or "5m", or a number of seconds, 0s to 1h, got "1y"',
      'wiat: is no known parameter, expected one of url, route, wait, timeout',
    ],
  },
  {
    line: `GET ${ORIGIN}?wait=up&wait=drained`,
    status: 400,
    type: 'invalid-parameters',
    errors: ['wait: expected it once'],
  },
  {
    line: `PUT ${ORIGIN}/state?dryRun=maybe`,
    body: { admin: 'active' },
    status: 400,
    type: 'invalid-parameters',
    errors: ['dryRun: expected 1 or 0, got "maybe"'],
  },
  {
    line: 'GET /api/v1/pools?since=1',
    status: 400,
    type: 'invalid-parameters',
    errors: ['since: is no known parameter'],
  },
  { line: 'GET /api/v1/audit?since=-1&limit=9999', status: 400, type: 'invalid-parameters' },
  {
    line: 'GET /api/v1/events?since=x%20y',
    status: 400,
    type: 'invalid-parameters',
    errors: ['since: expected the next of a former reply, or the number of an event, got "x y"'],
  },
];

const TYPES: readonly Bad[] = [
  {
    line: STATE,
    type: 'unsupported-media-type',
    status: 415,
    body: 'admin=drain',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
  },
  { line: STATE, type: 'unsupported-media-type', status: 415, body: '{}', headers: { 'Content-Type': 'text/plain' } },
  { line: STATE, type: 'unsupported-media-type', status: 415 },
  { line: STATE, type: 'too-large', status: 413, body: { admin: 'drain', reason: 'x'.repeat(10_000_000) } },
];

const CALLERS: readonly Bad[] = [
  ...['', 'nobody'].map((as) => ({ line: STATE, as, status: 401, type: 'not-logged-in' })),
  { line: 'GET /api/v1/pools', as: '', status: 401, type: 'not-logged-in' },
  { line: 'GET /api/v1/nothing', as: '', status: 401, type: 'not-logged-in' },
  { line: STATE, as: '', headers: { Authorization: 'Digest abc' }, status: 401, type: 'not-logged-in' },
  { line: STATE, as: '', headers: { Authorization: 'Basic %%%' }, status: 401, type: 'not-logged-in' },
  { line: STATE, as: '', headers: { Authorization: 'Basic b3Bz' }, status: 401, type: 'not-logged-in' },
  { line: STATE, as: '', headers: { Authorization: 'Bearer wrong' }, status: 401, type: 'not-logged-in' },
  { line: STATE, as: 'viewer', body: { admin: 'active' }, status: 403, type: 'role-too-low' },
  { line: PATCH, as: 'viewer', body: { weight: 1 }, status: 403, type: 'role-too-low' },
  { line: `DELETE ${ORIGIN}/override`, as: 'viewer', status: 403, type: 'role-too-low' },
  { line: 'POST /api/v1/operations', as: 'viewer', status: 403, type: 'role-too-low' },
  { line: 'POST /api/v1/cache/purge', as: 'viewer', status: 403, type: 'role-too-low' },
  { line: 'POST /api/v1/pools/app/maintenance', as: 'viewer', status: 403, type: 'role-too-low' },
  { line: 'DELETE /api/v1/pools/app/maintenance', as: 'viewer', status: 403, type: 'role-too-low' },
  {
    line: 'POST /api/v1/pools/app/origins',
    as: 'ops',
    body: { url: 'http://a', reason: 'x' },
    status: 403,
    type: 'role-too-low',
  },
  { line: `DELETE ${ORIGIN}?reason=x`, as: 'ops', status: 403, type: 'role-too-low' },
  ...['https://evil.test', 'null', 'http://127.0.0.1:1', 'http://localhost.evil.test'].map((Origin) => ({
    line: STATE,
    headers: { Origin },
    body: { admin: 'maint', reason: 'x' },
    status: 403,
    type: 'foreign-origin',
  })),
  ...['cross-site', 'same-site'].map((site) => ({
    line: STATE,
    headers: { 'Sec-Fetch-Site': site },
    body: { admin: 'maint', reason: 'x' },
    status: 403,
    type: 'foreign-origin',
  })),
  ...['evil.test', 'evil.test:8400', '127.0.0.1.evil.test', '127.0.0.1@evil.test', 'localhost:8400x', '[::1'].map(
    (Host) => ({
      line: STATE,
      headers: { Host },
      body: { admin: 'maint', reason: 'x' },
      status: 421,
      type: 'unknown-host',
    }),
  ),
];

describe.each([
  { what: 'a body', cases: BODIES },
  { what: 'a path', cases: PATHS },
  { what: 'a query', cases: QUERIES },
  { what: 'a media type or size', cases: TYPES },
  { what: 'a caller', cases: CALLERS },
])('$what that is not as expected', ({ cases }) => {
  test.each(cases)(
    '$line is $status $type, and changes nothing (%#)',
    async ({ line, status, type, errors, ...asking }) => {
      const scene = await AdminScene.open();
      const before = JSON.stringify(scene.operator.pools());
      const reply = await scene.ask(line, asking);
      expect({ status: reply.status, type: reply.json?.type }).toEqual({ status, type: `/api/v1/problem#${type}` });
      expect(reply.headers['content-type']).toBe('application/problem+json');
      expect(reply.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
      if (errors !== undefined) {
        expect(
          reply.json.errors.map(
            (each: { pointer?: string; parameter?: string; detail: string }) =>
              `${each.pointer ?? each.parameter}: ${each.detail}`,
          ),
        ).toEqual(errors);
      }
      expect(JSON.stringify(scene.operator.pools())).toBe(before);
      expect(scene.purges).toEqual([]);
      expect((await scene.ask('GET /api/v1/pools')).status).toBe(200);
    },
  );
});

describe('what a refusal says beside', () => {
  test('405 says which methods there are', async () => {
    const scene = await AdminScene.open();
    expect((await scene.ask('POST /api/v1/pools')).headers.allow).toBe('GET, HEAD');
    expect((await scene.ask('GET /api/v1/pools/app/maintenance')).headers.allow).toBe('POST, DELETE');
  });

  test('401 says how to log in', async () => {
    const scene = await AdminScene.open();
    const { headers } = await scene.ask('GET /api/v1/pools', { as: '' });
    expect(headers['www-authenticate']).toBe('Basic realm="Portico", charset="UTF-8"');
  });

  test('409 of a node without a cache', async () => {
    const scene = await AdminScene.open({ api: { purge: undefined } });
    const { status, json } = await scene.ask('POST /api/v1/cache/purge', { body: { tags: ['a'] } });
    expect({ status, type: json.type }).toEqual({ status: 409, type: '/api/v1/problem#cache-off' });
  });
});
