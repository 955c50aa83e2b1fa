import { beforeAll, expect, test } from 'vitest';
import { type ApiRequest, OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { connectRaw, fieldOf } from '../support/raw-client.ts';
import { frontDoor } from './front-door.ts';

/** What a whole node refuses, and that nothing of it was changed: neither what is shown nor what clients get. */

let node: OperatedNode;

beforeAll(async () => {
  const [one, two] = await Promise.all(['one', 'two'].map((name) => startOrigin(() => answer(name))));
  const origins = [
    { name: 'one', url: one?.url },
    { name: 'two', url: two?.url },
  ];
  node = await OperatedNode.start({ ...frontDoor({ origins }), cache: 'off' });
});

/** All that an operator can change. */
async function state() {
  const { pools } = (await node.ask('GET /pools')).json;
  const versions = pools.flatMap((pool: { version: number; origins: { version: number }[] }) => [
    pool.version,
    ...pool.origins.map((origin) => origin.version),
  ]);
  const records: { refused: string | null; action: string }[] = (await node.ask('GET /audit?limit=1000')).json.records;
  const done = records.filter(({ refused, action }) => refused === null && action !== 'login.failed');
  return { versions, done: done.length };
}

interface Bad extends ApiRequest {
  readonly line: string;
  readonly status: number;
  readonly type: string;
}

const ONE = '/pools/app/origins/one';
const WHY = { reason: 'a test' };
const ANY = { 'If-Match': '*' };

const BAD: readonly Bad[] = [
  { line: `PUT ${ONE}/state`, body: '{"admin":', status: 400, type: 'malformed-json' },
  { line: `PUT ${ONE}/state`, body: { admin: 'gone', ...WHY }, status: 422, type: 'invalid' },
  { line: `PUT ${ONE}/state`, body: { admin: 'maint' }, status: 422, type: 'invalid' },
  { line: `PUT ${ONE}/state?wait=empty`, body: { admin: 'maint', ...WHY }, status: 400, type: 'invalid-parameters' },
  { line: `PUT ${ONE}/state`, body: { admin: 'maint', ...WHY }, as: 'viewer', status: 403, type: 'role-too-low' },
  {
    line: `PUT ${ONE}/state`,
    body: { admin: 'maint', ...WHY },
    headers: { 'If-Match': '"1"' },
    status: 412,
    type: 'version-mismatch',
  },
  {
    line: `PUT ${ONE}/state`,
    body: { admin: 'maint', ...WHY },
    headers: { 'Content-Type': 'text/plain' },
    status: 415,
    type: 'unsupported-media-type',
  },
  {
    line: `PUT ${ONE}/state`,
    body: { admin: 'maint', ...WHY },
    headers: { Origin: 'http://evil.example' },
    status: 403,
    type: 'foreign-origin',
  },
  {
    line: `PUT ${ONE}/state`,
    body: { admin: 'maint', ...WHY },
    headers: { Host: 'rebound.example' },
    status: 421,
    type: 'unknown-host',
  },
  {
    line: `PUT ${ONE}/state`,
    body: { admin: 'maint', ...WHY },
    headers: { Authorization: 'Basic b3BzOm5vcGU=' },
    status: 401,
    type: 'not-logged-in',
  },
  { line: 'PUT /pools/nope/origins/one/state', body: { admin: 'maint', ...WHY }, status: 404, type: 'unknown-pool' },
  { line: 'PUT /pools/app/origins/nope/state', body: { admin: 'maint', ...WHY }, status: 404, type: 'unknown-origin' },
  { line: `PATCH ${ONE}`, body: { weight: 0 }, headers: ANY, status: 422, type: 'invalid' },
  { line: `PATCH ${ONE}`, body: { weight: 2 }, status: 428, type: 'precondition-required' },
  { line: `DELETE ${ONE}?reason=x`, as: 'ops', status: 403, type: 'role-too-low' },
  { line: `DELETE ${ONE}`, status: 400, type: 'invalid-parameters' },
  { line: `POST ${ONE}`, body: WHY, status: 405, type: 'method-not-allowed' },
  { line: 'POST /pools/app/origins', body: { url: 'ftp://a', ...WHY }, status: 422, type: 'invalid' },
  { line: 'POST /pools/app/origins', body: { url: 'http://a', id: 'one', ...WHY }, status: 409, type: 'duplicate' },
  { line: 'POST /pools/app/origins', body: { url: 'http://a', ...WHY }, as: 'ops', status: 403, type: 'role-too-low' },
  {
    line: 'POST /operations',
    body: { select: { host: '127.0.0.1' }, admin: 'maint', ...WHY },
    status: 409,
    type: 'last-active-origin',
  },
  {
    line: 'POST /operations',
    body: { select: { host: 'a.b' }, admin: 'maint', ...WHY },
    status: 404,
    type: 'unknown-origin',
  },
  { line: 'POST /pools/app/maintenance', body: { page: '' }, status: 422, type: 'invalid' },
  {
    line: 'POST /pools/app/maintenance',
    body: { page: 'x'.repeat(10 * 1024 * 1024), ...WHY },
    status: 413,
    type: 'too-large',
  },
  { line: 'POST /cache/purge', body: { all: true, ...WHY }, status: 409, type: 'cache-off' },
];

test.each(BAD)('$line is refused with $status $type', async ({ line, status, type, ...asked }) => {
  const before = await state();
  const reply = await node.ask(line, {
    as: 'ops',
    ...(/^(POST .*\/origins|DELETE)/.test(line) && { as: 'root' }),
    ...asked,
  });
  expect({ status: reply.status, type: reply.json.type }).toEqual({ status, type: `/api/v1/problem#${type}` });
  expect(reply.headers['content-type']).toBe('application/problem+json');
  expect(reply.json).toMatchObject({ status, title: expect.any(String), detail: expect.any(String) });
  expect(await state()).toEqual(before);
  expect(await node.answerers(4)).toEqual({ one: 2, two: 2 });
});

test('bytes that are no HTTP are refused with a problem too, and the node goes on', async () => {
  const port = Number(new URL(node.admin).port);
  for (const bytes of [
    '\u0016\u0003\u0001\u0000\r\n\r\n',
    'PUT /api/v1/pools HTTP/9.9\r\n\r\n',
    `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n\r\n`,
  ]) {
    const client = await connectRaw(port);
    await client.send(bytes);
    const reply = await client.response();
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(fieldOf(reply, 'content-type')).toBe('application/problem+json');
    await client.untilClosed();
  }
  expect(await node.answerers(4)).toEqual({ one: 2, two: 2 });
});
