import { z } from 'zod';
import { PROBLEMS, type ProblemKind } from '../problem.ts';
import { problemSchema } from './node-schemas.ts';
import { nameOf, replies, requests } from './registry.ts';
import type { AnyRoute, ReplyForm } from './route.ts';

/** The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.0), made of the table that requests are dispatched by. */

type Json = Record<string, unknown>;

/** What any request may get, whatever its route. */
const ALWAYS: readonly ProblemKind[] = [
  'bad-request',
  'invalid-parameters',
  'not-logged-in',
  'unknown-host',
  'too-many-guesses',
  'internal',
];
const WITH_BODY: readonly ProblemKind[] = ['malformed-json', 'too-large', 'unsupported-media-type', 'invalid'];

export function openApi(routes: readonly AnyRoute[], base: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${base}${route.path}`;
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'The admin API of Portico',
      version: '1',
      description:
        'Times are RFC 3339 in UTC. A time span in a request is "30s", "5m" or a number of seconds. Errors are problems (RFC 9457): match on type.',
    },
    security: [{ basic: [] }, { bearer: [] }],
    paths,
    components: {
      securitySchemes: { basic: { type: 'http', scheme: 'basic' }, bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { ...schemasOf(requests, 'input'), ...schemasOf(replies, 'output') },
    },
  };
}

function operationOf(route: AnyRoute): Json {
  const { id, summary, role, body } = route;
  return {
    operationId: id,
    summary,
    description: `For role ${role}.`,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...(route.conditions ?? []).map((name: string) => headerOf(name, 'An entity tag such as "17", or *.')),
      ...(route.method === 'GET' ? [] : [headerOf('Portico-Source', 'cli or page, for the audit log. Default: api.')]),
    ],
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: referTo(body) } } },
    }),
    responses: { ...repliesOf(route.replies), ...problemsOf(route) },
  };
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): Json[] {
  return Object.entries(schema.shape).map(([name, each]) => {
    const { description, ...rest } = converted(each as z.ZodType);
    const isRequired = place === 'path' || !z.safeParse(each, undefined).success;
    return { name, in: place, required: isRequired, ...(description !== undefined && { description }), schema: rest };
  });
}

function headerOf(name: string, description: string): Json {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

function repliesOf(forms: Readonly<Record<number, ReplyForm>>): Json {
  return Object.fromEntries(
    Object.entries(forms).map(([status, { description, schema, stream }]) => {
      const content = {
        ...(schema !== undefined && { 'application/json': { schema: referTo(schema) } }),
        ...(stream !== undefined && { [stream]: { schema: { type: 'string' } } }),
      };
      return [status, { description, ...(Object.keys(content).length > 0 && { content }) }];
    }),
  );
}

function problemsOf({ problems, body, role, method }: AnyRoute): Json {
  const kinds = new Set<ProblemKind>([
    ...ALWAYS,
    ...(role === 'read' ? [] : (['role-too-low'] as const)),
    ...(method === 'GET' ? [] : (['foreign-origin'] as const)),
    ...(body === undefined ? [] : WITH_BODY),
    ...problems,
  ]);
  const byStatus = Object.groupBy([...kinds], (kind) => PROBLEMS[kind].status);
  const content = { 'application/problem+json': { schema: referTo(problemSchema) } };
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, same]) => [status, { description: (same ?? []).join(', '), content }]),
  );
}

function referTo(schema: z.ZodType): Json {
  return { $ref: `#/components/schemas/${nameOf(schema)}` };
}

function schemasOf(registry: typeof requests, io: 'input' | 'output'): Json {
  const { schemas } = z.toJSONSchema(registry, { io, uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(Object.entries(schemas).map(([id, { $schema, $id, ...schema }]) => [id, schema]));
}

function converted(schema: z.ZodType): Json {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input' });
  return rest;
}
