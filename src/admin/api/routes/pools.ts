import { z } from 'zod';
import type { AdminRequest } from '../../mount.ts';
import { poolOf, poolParams } from '../addressing.ts';
import { etagOf, etagOfAll, isKnown, matchedVersion } from '../conditions.ts';
import type { ApiContext } from '../context.ts';
import { maintenanceSchema, poolSchema, poolsSchema } from '../origin-schemas.ts';
import { done } from '../refused.ts';
import { poolBody } from '../represent.ts';
import { type AnyRoute, type ApiReply, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, reason } from '../values.ts';

const NOT_MODIFIED = { description: 'Nothing was switched since.' };
const DRY_RUN = { dryRun: flag.default(false).describe('1: says what would come of it, and changes nothing.') };

export const POOL_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/pools',
    id: 'listPools',
    summary: 'All pools with their origins',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    conditions: ['If-None-Match'],
    replies: { 200: { description: 'As they are now.', schema: poolsSchema }, 304: NOT_MODIFIED },
    problems: [],
    handle({ request }, { operator }) {
      const pools = operator.pools();
      const etag = etagOfAll(pools);
      if (isKnown(request, etag)) return { status: 304, headers: { ETag: etag } };
      return { status: 200, headers: { ETag: etag }, body: { pools: pools.map(poolBody) } };
    },
  }),
  route({
    method: 'GET',
    path: '/pools/{pool}',
    id: 'getPool',
    summary: 'One pool with its origins',
    role: 'read',
    params: poolParams,
    query: z.strictObject({}),
    conditions: ['If-None-Match'],
    replies: { 200: { description: 'As it is now.', schema: poolSchema }, 304: NOT_MODIFIED },
    problems: ['unknown-pool'],
    handle({ params, request }, context) {
      const pool = poolOf(context, params.pool);
      const headers = { ETag: etagOf(pool) };
      return isKnown(request, etagOf(pool)) ? { status: 304, headers } : { status: 200, headers, body: poolBody(pool) };
    },
  }),
  route({
    method: 'POST',
    path: '/pools/{pool}/maintenance',
    id: 'beginMaintenance',
    summary: 'Answers all traffic of a pool with a page',
    role: 'operate',
    params: poolParams,
    query: z.strictObject(DRY_RUN),
    body: maintenanceSchema,
    conditions: ['If-Match'],
    replies: { 200: { description: 'It holds.', schema: poolSchema } },
    problems: ['unknown-pool', 'version-mismatch', 'not-kept'],
    handle({ params, query, body, request }, context) {
      const page = { page: body.page ?? undefined, retryAfter: Math.ceil(body.retryAfter / 1000) };
      return maintain(params.pool, page, body.reason, query.dryRun, request, context);
    },
  }),
  route({
    method: 'DELETE',
    path: '/pools/{pool}/maintenance',
    id: 'endMaintenance',
    summary: 'Traffic of a pool goes to its origins again',
    role: 'operate',
    params: poolParams,
    query: z.strictObject({ ...DRY_RUN, reason: reason.optional() }),
    conditions: ['If-Match'],
    replies: { 200: { description: 'It is over, or there was none.', schema: poolSchema } },
    problems: ['unknown-pool', 'version-mismatch', 'not-kept'],
    handle({ params, query, request }, context) {
      return maintain(params.pool, undefined, query.reason ?? '', query.dryRun, request, context);
    },
  }),
];

function maintain(
  name: string,
  page: { readonly page: string | undefined; readonly retryAfter: number } | undefined,
  reason: string,
  dryRun: boolean,
  request: AdminRequest,
  context: ApiContext,
): ApiReply {
  const pool = poolOf(context, name);
  matchedVersion(request, pool);
  const actor = actorOf(request);
  if (dryRun) {
    const maintenance = page && { ...page, by: actor.name, reason, since: context.now() };
    return { status: 200, body: poolBody({ ...pool, maintenance }) };
  }
  const after = done(context.operator.maintain(name, page, reason, actor));
  return { status: 200, headers: { ETag: etagOf(after) }, body: poolBody(after) };
}
