import { z } from 'zod';
import type { OriginState } from '../../../operator/model.ts';
import { Problem } from '../../problem.ts';
import { poolOf } from '../addressing.ts';
import type { ApiContext } from '../context.ts';
import { newOperationSchema, operationSchema } from '../node-schemas.ts';
import type { Operation } from '../operations.ts';
import { done } from '../refused.ts';
import { originBody } from '../represent.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, timeOf, timeOrNull } from '../values.ts';
import { DEFAULT_TIMEOUT, idOf, throwIfEnded, WAIT_QUERY } from '../waiting.ts';
import { changeOf } from './origin-state.ts';

/** One machine, in whatever pools it is. */
export const OPERATION_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'POST',
    path: '/operations',
    id: 'beginOperation',
    summary: 'Takes all origins of a host out of rotation, or puts them back: all or none',
    role: 'operate',
    params: z.strictObject({}),
    query: z.strictObject({ dryRun: flag.default(false) }),
    body: newOperationSchema,
    replies: {
      200: { description: 'It is done; with dryRun: what it would be.', schema: operationSchema },
      202: { description: 'It is waited for.', schema: operationSchema },
    },
    problems: ['unknown-pool', 'unknown-origin', 'last-active-origin', 'not-kept'],
    handle({ query, body, request }, context) {
      const { host, pools } = body.select;
      const ids = selected(context, host, pools).map(idOf);
      const actor = actorOf(request);
      const changed = done(context.operator.change(ids, { ...changeOf(body), dryRun: query.dryRun }, actor));
      const begun = {
        host,
        admin: body.admin,
        wait: body.wait,
        by: actor.name,
        reason: body.reason ?? '',
        origins: ids,
      };
      if (query.dryRun) {
        const since = context.now();
        const after = changed.map((each) => each.after);
        const operation: Operation = { ...begun, id: '', since, deadline: since, state: 'done', ended: since };
        return { status: 200, body: { ...operationBody(context, operation), origins: after.map(originBody) } };
      }
      const operation = context.operations.begin(begun, body.timeout);
      const headers = { Location: `/api/v1/operations/${operation.id}` };
      return { status: operation.state === 'running' ? 202 : 200, headers, body: operationBody(context, operation) };
    },
  }),
  route({
    method: 'GET',
    path: '/operations/{id}',
    id: 'getOperation',
    summary: 'One operation; or one as soon as it is done',
    role: 'read',
    params: z.strictObject({ id: z.string().describe('Of an operation of the last hour.') }),
    query: z.strictObject({ wait: z.literal('done').optional(), timeout: WAIT_QUERY.timeout }),
    replies: { 200: { description: 'As it is now; with wait: it is done.', schema: operationSchema } },
    problems: ['unknown-operation', 'not-done', 'closing'],
    async handle({ params, query, request }, context) {
      const { wait, timeout = DEFAULT_TIMEOUT } = query;
      const { operations } = context;
      const operation =
        wait === undefined ? operations.get(params.id) : await operations.wait(params.id, timeout, request.signal);
      if (operation === undefined) throw new Problem('unknown-operation', 'expected an operation of the last hour');
      const body = operationBody(context, operation);
      if (wait === undefined || operation.state === 'done') return { status: 200, body };
      throwIfEnded(request.signal);
      throw new Problem('not-done', `expected it to be done, got ${operation.state}`, {
        members: { operation: body },
        headers: { 'Retry-After': '5' },
      });
    },
  }),
];

function selected(context: ApiContext, host: string, pools: readonly string[] | undefined): readonly OriginState[] {
  const all = pools === undefined ? context.operator.pools() : pools.map((name) => poolOf(context, name));
  const found = all.flatMap(({ origins }) => origins).filter(({ configured }) => isAt(configured.url, host));
  if (found.length > 0) return found;
  throw new Problem('unknown-origin', `expected the host of some origin, got ${JSON.stringify(host)}`);
}

/** `host` with a port, or without: then any. IPv6 with its brackets or without. */
function isAt(url: string, host: string): boolean {
  const { hostname, port, protocol } = new URL(url);
  const withPort = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const wanted = host.toLowerCase();
  return wanted === hostname || wanted === withPort || `[${wanted}]` === hostname;
}

function operationBody({ operator }: ApiContext, operation: Operation): z.output<typeof operationSchema> {
  const { id, state, host, admin, wait, by, reason, since, deadline, ended } = operation;
  const origins = operation.origins.flatMap((each) => operator.origin(each) ?? []);
  return {
    id,
    state,
    host,
    admin,
    wait: wait ?? null,
    by,
    reason,
    since: timeOf(since),
    deadline: timeOf(deadline),
    ended: timeOrNull(ended),
    origins: origins.map(originBody),
  };
}
