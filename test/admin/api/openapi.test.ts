import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { BASE, ROUTES } from '../../../src/admin/api/api.ts';
import { problemSchema } from '../../../src/admin/api/node-schemas.ts';
import { AdminScene, type Asking, type Reply } from '../../support/admin-scene.ts';
import { linkedAt, reportOf, sibling } from '../../support/sibling-report.ts';

type Json = Record<string, unknown>;

describe('the OpenAPI document', () => {
  test('is served, and has every route', async () => {
    const { status, json } = await (await AdminScene.open()).ask(`GET ${BASE}/openapi.json`, { as: 'viewer' });
    expect({ status, openapi: json.openapi }).toEqual({ status: 200, openapi: '3.1.0' });
    const listed = Object.entries(json.paths as Record<string, Json>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(listed.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${BASE}${path}`).sort());
  });

  test('refers only to what is there', async () => {
    const { json } = await (await AdminScene.open()).ask(`GET ${BASE}/openapi.json`);
    const missing = [...referencesOf(json)].filter((reference) => found(json, reference) === undefined);
    expect(missing).toEqual([]);
  });

  test('is in the form that OpenAPI 3.1 asks for', async () => {
    const { json } = await (await AdminScene.open()).ask(`GET ${BASE}/openapi.json`);
    expect(DOCUMENT.safeParse(json).error).toBeUndefined();
    const operations = Object.entries(json.paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, operation })),
    );
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, operation } of operations) {
      const inPath = (operation.parameters as { name: string; in: string }[]).filter((each) => each.in === 'path');
      expect(inPath.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? []);
    }
  });

  test('has schemas that a validator of JSON Schema 2020-12 takes', async () => {
    const { json } = await (await AdminScene.open()).ask(`GET ${BASE}/openapi.json`);
    for (const schema of Object.values(json.components.schemas as Record<string, Json>)) {
      const whole = { ...inlined(json, schema), $schema: 'https://json-schema.org/draft/2020-12/schema' };
      expect(() => z.fromJSONSchema(whole as Parameters<typeof z.fromJSONSchema>[0])).not.toThrow();
    }
  });
});

const ORIGIN = '/pools/app/origins/10.0.1.67:8080';
const ANY = { 'If-Match': '*' };

/** Requests that together are answered by every reply that the table declares. */
const REPLIES: readonly (Asking & { readonly line: string; readonly status: number; readonly busy?: true })[] = [
  { line: 'GET /pools', status: 200 },
  { line: 'GET /pools/app', status: 200 },
  { line: 'GET /pools/app', status: 304, headers: { 'If-None-Match': '*' } },
  { line: 'GET /pools', status: 304, headers: { 'If-None-Match': '*' } },
  { line: 'POST /pools/app/maintenance', status: 200, body: { reason: 'x', page: '<p>soon</p>', retryAfter: '10m' } },
  { line: 'POST /pools/app/maintenance?dryRun=1', status: 200, body: { reason: 'x' } },
  { line: 'DELETE /pools/app/maintenance', status: 200 },
  { line: 'GET /pools/app/origins', status: 200 },
  { line: 'GET /pools/app/origins', status: 304, headers: { 'If-None-Match': '*' } },
  { line: `GET ${ORIGIN}`, status: 200 },
  { line: `GET ${ORIGIN}`, status: 304, headers: { 'If-None-Match': '*' } },
  { line: 'POST /pools/app/origins', status: 201, as: 'root', body: { url: 'http://a', reason: 'x' } },
  { line: 'POST /pools/app/origins?dryRun=1', status: 200, as: 'root', body: { url: 'http://a', reason: 'x' } },
  { line: `PATCH ${ORIGIN}`, status: 200, headers: ANY, body: { weight: 2, health: 'forcedDown', reason: 'x' } },
  { line: `DELETE ${ORIGIN}?reason=x&dryRun=1`, status: 200, as: 'root' },
  { line: `DELETE ${ORIGIN}?reason=x`, status: 202, as: 'root', busy: true },
  { line: `DELETE ${ORIGIN}?reason=x`, status: 204, as: 'root' },
  { line: `DELETE ${ORIGIN}/override`, status: 200 },
  { line: `PUT ${ORIGIN}/state`, status: 200, body: { admin: 'stopped', reason: 'x', deadline: 5, expires: '1h' } },
  { line: `PUT ${ORIGIN}/state`, status: 202, body: { admin: 'drain', reason: 'x' }, busy: true },
  { line: 'POST /operations', status: 200, body: { select: { host: '10.0.1.66' }, admin: 'drain', reason: 'x' } },
  {
    line: 'POST /operations?dryRun=1',
    status: 200,
    body: { select: { host: '10.0.1.66' }, admin: 'maint', reason: 'x' },
  },
  {
    line: 'POST /operations',
    status: 202,
    body: { select: { host: '10.0.1.67:8080' }, admin: 'drain', reason: 'x', wait: 'drained' },
    busy: true,
  },
  { line: 'GET /events?since=0&timeout=0', status: 200, headers: { Accept: 'application/json' }, busy: true },
  { line: 'GET /status', status: 200 },
  { line: 'GET /siblings', status: 200 },
  { line: 'GET /node', status: 200 },
  { line: 'PUT /node/state', status: 200, body: { admin: 'drain', reason: 'x' } },
  { line: 'PUT /node/state?dryRun=1', status: 200, body: { admin: 'drain', reason: 'x' } },
  { line: 'GET /dns', status: 200 },
  { line: 'GET /dns/destinations?client=203.0.113.7', status: 200 },
  { line: 'PUT /dns/datacenters/uk/state', status: 200, body: { admin: 'drain', reason: 'x', expires: '1h' } },
  { line: 'GET /vrrp', status: 200 },
  { line: 'POST /vrrp/handover', status: 200, body: { reason: 'x' } },
  { line: 'POST /vrrp/release', status: 200, body: { reason: 'x' } },
  { line: 'POST /vrrp/resume', status: 200, body: {} },
  { line: 'POST /vrrp/instances/front/handover', status: 200, body: { reason: 'x' } },
  { line: 'POST /vrrp/instances/front/release', status: 200, body: { reason: 'x' } },
  { line: 'POST /vrrp/instances/front/resume', status: 200, body: {} },
  { line: 'GET /audit', status: 200 },
  { line: 'POST /cache/purge', status: 200, body: { urls: ['http://a/b'], tags: ['c'], soft: true } },
  { line: 'GET /problem', status: 200 },
  { line: 'GET /openapi.json', status: 200 },
];

describe('a reply', () => {
  test.each(REPLIES)('to $line is $status, as declared', async ({ line, status, busy, ...asking }) => {
    const siblings = [sibling('squid'), sibling('us-2', { link: linkedAt(0) })];
    const scene = await AdminScene.open({ api: { siblings: () => reportOf(...siblings) } });
    if (busy) scene.operator.set({ pool: 'app', id: '10.0.1.67:8080' }, { inFlight: 1 });
    const reply = await asked(scene, line, asking);
    expect(reply.status).toBe(status);
    expectDeclared(line, reply);
  });

  test('to a request for an operation is 200, as declared', async () => {
    const scene = await AdminScene.open();
    const body = { select: { host: '10.0.1.66' }, admin: 'drain', reason: 'x' };
    const begun = await asked(scene, 'POST /operations', { body });
    const reply = await asked(scene, `GET /operations/${begun.json.id}`);
    expect(reply.status).toBe(200);
    expectDeclared('GET /operations/1', reply);
  });

  test('of each kind that is declared is looked at here', () => {
    const seen = new Set(REPLIES.map(({ line, status }) => `${routeOf(line).id} ${status}`));
    const declared = ROUTES.flatMap(({ id, replies }) => Object.keys(replies).map((status) => `${id} ${status}`));
    expect(declared.filter((each) => !seen.has(each))).toEqual(['getOperation 200']);
  });

  test.each([
    { line: 'GET /nothing' },
    { line: 'GET /pools?a=1' },
    { line: `PUT ${ORIGIN}/state`, body: { admin: 1 } },
    { line: `GET ${ORIGIN}?wait=drained&timeout=0` },
  ])('that is a problem has the form of one: $line', async ({ line, ...asking }) => {
    const { json } = await asked(await AdminScene.open(), line, asking);
    expect(problemSchema.safeParse(json).error).toBeUndefined();
  });
});

function asked(scene: AdminScene, line: string, asking: Asking = {}): Promise<Reply> {
  return scene.ask(line.replace(' ', ` ${BASE}`), asking);
}

function expectDeclared(line: string, { status, json, text }: Reply): void {
  const { schema } = routeOf(line).replies[status] ?? {};
  if (schema === undefined) expect(text).toBe('');
  else expect(schema.safeParse(json).error).toBeUndefined();
}

function routeOf(line: string) {
  const [method, target = ''] = line.split(' ');
  const path = target.split('?')[0] as string;
  const fits = (template: string) => new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);
  const route = ROUTES.find((each) => each.method === method && fits(each.path));
  if (route === undefined) throw new Error(`no route for ${line}`);
  return route;
}

function* referencesOf(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === '$ref') yield inner as string;
    else yield* referencesOf(inner);
  }
}

function found(document: Json, reference: string): unknown {
  const steps = reference.replace(/^#\//, '').split('/');
  return steps.reduce<unknown>((value, step) => (value as Json | undefined)?.[step], document);
}

function inlined(document: Json, value: unknown): Json {
  if (Array.isArray(value)) return value.map((each) => inlined(document, each)) as unknown as Json;
  if (typeof value !== 'object' || value === null) return value as unknown as Json;
  const { $ref, ...rest } = value as Json;
  if (typeof $ref === 'string') return inlined(document, found(document, $ref));
  return Object.fromEntries(Object.entries(rest).map(([key, inner]) => [key, inlined(document, inner)]));
}

/** What of the form of OpenAPI 3.1 concerns us. */
const CONTENT = z.record(z.string(), z.strictObject({ schema: z.record(z.string(), z.unknown()) }));
const DOCUMENT = z.strictObject({
  openapi: z.literal('3.1.0'),
  info: z.strictObject({ title: z.string(), version: z.string(), description: z.string() }),
  security: z.array(z.record(z.string(), z.array(z.string()))),
  paths: z.record(
    z.string().startsWith('/'),
    z.partialRecord(
      z.enum(['get', 'post', 'put', 'patch', 'delete']),
      z.strictObject({
        operationId: z.string(),
        summary: z.string(),
        description: z.string(),
        parameters: z.array(
          z.strictObject({
            name: z.string(),
            in: z.enum(['path', 'query', 'header']),
            required: z.boolean(),
            description: z.string().optional(),
            schema: z.record(z.string(), z.unknown()),
          }),
        ),
        requestBody: z.strictObject({ required: z.boolean(), content: CONTENT }).optional(),
        responses: z.record(
          z.string().regex(/^[1-5]\d\d$/),
          z.strictObject({ description: z.string(), content: CONTENT.optional() }),
        ),
      }),
    ),
  ),
  components: z.strictObject({
    securitySchemes: z.record(z.string(), z.strictObject({ type: z.string(), scheme: z.string() })),
    schemas: z.record(z.string(), z.record(z.string(), z.unknown())),
  }),
});
