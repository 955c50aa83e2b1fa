import type { z } from 'zod';
import type { AdminReply, AdminRequest, Handler } from '../mount.ts';
import { Problem } from '../problem.ts';
import type { ApiContext } from './context.ts';
import { messageOf, problemParts } from './explain.ts';
import type { AnyRoute } from './route.ts';

/** From a route of the table to a handler: reads and checks what came, and writes what goes. */
export function dispatch(route: AnyRoute, context: ApiContext): Handler {
  return async (request) => {
    const params = request.params;
    const query = readQuery(request.query, route.query);
    const body = route.body === undefined ? undefined : readJson(await jsonText(request), route.body);
    const { status, headers, body: value, stream } = await route.handle({ params, query, body, request }, context);
    if (stream !== undefined) return { status, headers: { ...headers }, body: stream };
    if (value === undefined) return { status, headers: { ...headers } };
    return json(status, value, headers);
  };
}

function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): AdminReply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: `${JSON.stringify(value)}\n` };
}

function readQuery(query: URLSearchParams, schema: z.ZodObject): unknown {
  const twice = [...new Set(query.keys())].filter((name) => query.getAll(name).length > 1);
  const parsed = schema.safeParse(Object.fromEntries(query), { error: messageOf, reportInput: true });
  const errors = [
    ...twice.map((parameter) => ({ parameter, detail: 'expected it once' })),
    ...(parsed.success ? [] : problemParts(parsed.error, schema, 'query')),
  ];
  if (errors.length > 0 || !parsed.success)
    throw new Problem('invalid-parameters', told(errors), { members: { errors } });
  return parsed.data;
}

async function jsonText(request: AdminRequest): Promise<string> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json' && !(request.method === 'PATCH' && type === 'application/merge-patch+json')) {
    const got = type === undefined ? 'none' : JSON.stringify(type);
    throw new Problem('unsupported-media-type', `expected Content-Type: application/json, got ${got}`, {
      headers: { 'Accept-Post': 'application/json' },
    });
  }
  const bytes = await request.body();
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Problem('malformed-json', 'expected UTF-8');
  }
}

function readJson(text: string, schema: z.ZodType): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const detail = text.trim() === '' ? 'expected a JSON object, got nothing' : (error as Error).message;
    throw new Problem('malformed-json', detail);
  }
  const parsed = schema.safeParse(value, { error: messageOf, reportInput: true });
  if (parsed.success) return parsed.data;
  const errors = problemParts(parsed.error, schema, 'body');
  throw new Problem('invalid', told(errors), { members: { errors } });
}

/** For who reads the detail alone: the first, and how many there are. */
function told(
  errors: readonly { readonly pointer?: string; readonly parameter?: string; readonly detail: string }[],
): string {
  const [first] = errors;
  if (first === undefined) return '';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${first.pointer ?? first.parameter}: ${first.detail}${more}`;
}
