import { z } from 'zod';
import type { Change } from '../../../operator/commands.ts';
import { BY_OTHER_NAMES, originOf, originParams, originsBy, poolOf, poolParams } from '../addressing.ts';
import { etagOf, isKnown, matchedVersion, requireIfMatch } from '../conditions.ts';
import { newOriginSchema, originSchema, originsSchema, patchSchema } from '../origin-schemas.ts';
import { done } from '../refused.ts';
import { originBody } from '../represent.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, reason } from '../values.ts';
import { DEFAULT_TIMEOUT, idOf, WAIT_QUERY, waitFor, waitForChange } from '../waiting.ts';
import { changed, locationOf } from './origin-state.ts';

const DRY_RUN = { dryRun: flag.default(false).describe('1: says what would come of it, and changes nothing.') };

export const ORIGIN_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/pools/{pool}/origins',
    id: 'listOrigins',
    summary: 'The origins of a pool; or those with this url or route',
    role: 'read',
    params: poolParams,
    query: z.strictObject({ url: z.string().optional(), route: z.string().optional() }),
    conditions: ['If-None-Match'],
    replies: {
      200: { description: 'As they are now.', schema: originsSchema },
      304: { description: 'Nothing was switched since.' },
    },
    problems: ['unknown-pool'],
    handle({ params, query, request }, context) {
      const pool = poolOf(context, params.pool);
      const headers = { ETag: etagOf(pool) };
      if (isKnown(request, etagOf(pool))) return { status: 304, headers };
      return { status: 200, headers, body: { origins: originsBy(pool, query).map(originBody) } };
    },
  }),
  route({
    method: 'GET',
    path: '/pools/{pool}/origins/{id}',
    id: 'getOrigin',
    summary: 'One origin; or one as soon as it is drained, up, active or changed',
    role: 'read',
    params: originParams,
    query: z.strictObject({ ...BY_OTHER_NAMES, ...WAIT_QUERY }),
    conditions: ['If-None-Match'],
    replies: {
      200: { description: 'As it is now; with wait: it is so.', schema: originSchema },
      304: { description: 'Nothing was switched since; with wait=changed: in all that time.' },
    },
    problems: ['unknown-pool', 'unknown-origin', 'not-drained', 'not-up', 'not-active', 'removed', 'closing'],
    async handle({ params, query, request }, context) {
      let origin = originOf(context, params, query);
      const { wait, timeout = DEFAULT_TIMEOUT } = query;
      if (wait === 'changed') {
        // Who does not say what it has wants what comes next.
        const hasNow = request.headers['if-none-match'] === undefined || isKnown(request, etagOf(origin));
        const { version } = origin;
        if (hasNow) origin = await waitForChange(context, origin, timeout, request.signal);
        if (hasNow && origin.version === version) return { status: 304, headers: { ETag: etagOf(origin) } };
      } else if (wait !== undefined) {
        origin = await waitFor(context, origin, wait, timeout, request.signal);
      } else if (isKnown(request, etagOf(origin))) {
        return { status: 304, headers: { ETag: etagOf(origin) } };
      }
      return { status: 200, headers: { ETag: etagOf(origin) }, body: originBody(origin) };
    },
  }),
  route({
    method: 'POST',
    path: '/pools/{pool}/origins',
    id: 'addOrigin',
    summary: 'Adds an origin; it begins in maint unless it says otherwise',
    role: 'admin',
    params: poolParams,
    query: z.strictObject(DRY_RUN),
    body: newOriginSchema,
    replies: {
      200: { description: 'With dryRun: what it would be.', schema: originSchema },
      201: { description: 'It is there.', schema: originSchema },
    },
    problems: ['unknown-pool', 'duplicate', 'not-kept'],
    async handle({ params, query, body, request }, context) {
      poolOf(context, params.pool);
      const { dryRun } = query;
      const origin = done(await context.operator.add(params.pool, { ...body, dryRun }, actorOf(request)));
      const headers = { ETag: etagOf(origin), Location: locationOf(origin) };
      return dryRun ? { status: 200, body: originBody(origin) } : { status: 201, headers, body: originBody(origin) };
    },
  }),
  route({
    method: 'PATCH',
    path: '/pools/{pool}/origins/{id}',
    id: 'changeOrigin',
    summary: 'Weight, set, role, route, slow start and the like; null: back to what the file says',
    role: 'operate',
    params: originParams,
    query: z.strictObject({ ...BY_OTHER_NAMES, ...DRY_RUN }),
    body: patchSchema,
    conditions: ['If-Match'],
    replies: { 200: { description: 'It is so, or was.', schema: originSchema } },
    problems: [
      'unknown-pool',
      'unknown-origin',
      'removed',
      'last-active-origin',
      'version-mismatch',
      'precondition-required',
      'not-kept',
    ],
    async handle({ params, query, body, request }, context) {
      const origin = originOf(context, params, query);
      requireIfMatch(request);
      const { reason: why = '', expires, force, health, slowStart, ...values } = body;
      const change: Change = {
        values: {
          ...values,
          ...(slowStart !== undefined && { slowStart: slowStart === null ? null : slowStart.duration }),
          ...(health !== undefined && { health: health === null ? null : ('forced_down' as const) }),
        } as Change['values'],
        reason: why,
        expiresIn: expires,
        force,
        dryRun: query.dryRun,
        ifVersion: matchedVersion(request, origin),
      };
      const reply = changed(context, origin, change, request);
      const { route } = change.values;
      if (route === undefined || query.dryRun) return reply;
      await context.operator.planned();
      return reply;
    },
  }),
  route({
    method: 'DELETE',
    path: '/pools/{pool}/origins/{id}',
    id: 'removeOrigin',
    summary: 'Drains an origin, and removes it when it is empty; now=1 cuts what runs',
    role: 'admin',
    params: originParams,
    query: z.strictObject({ ...BY_OTHER_NAMES, ...DRY_RUN, now: flag.default(false), reason }),
    conditions: ['If-Match'],
    replies: {
      200: { description: 'With dryRun: it could be removed.', schema: originSchema },
      202: { description: 'It is removed when nothing is in flight any more.', schema: originSchema },
      204: { description: 'It is removed.' },
    },
    problems: ['unknown-pool', 'unknown-origin', 'removed', 'last-active-origin', 'version-mismatch', 'not-kept'],
    async handle({ params, query, request }, context) {
      const origin = originOf(context, params, query);
      const id = idOf(origin);
      const ifVersion = matchedVersion(request, origin);
      if (query.dryRun) {
        const change: Change = { values: { admin: 'stopped' }, reason: query.reason, dryRun: true, ifVersion };
        return changed(context, origin, change, request);
      }
      const after = done(await context.operator.remove(id, query.now, query.reason, actorOf(request)));
      context.removed.add(id);
      if (context.operator.origin(id) === undefined) return { status: 204 };
      const headers = { ETag: etagOf(after), Location: locationOf(after) };
      return { status: 202, headers, body: originBody(after) };
    },
  }),
  route({
    method: 'DELETE',
    path: '/pools/{pool}/origins/{id}/override',
    id: 'clearOverride',
    summary: 'Back to what the file says',
    role: 'operate',
    params: originParams,
    query: z.strictObject({ ...BY_OTHER_NAMES, ...DRY_RUN, reason: reason.optional() }),
    conditions: ['If-Match'],
    replies: { 200: { description: 'It is so, or was.', schema: originSchema } },
    problems: ['unknown-pool', 'unknown-origin', 'removed', 'last-active-origin', 'version-mismatch', 'not-kept'],
    handle({ params, query, request }, context) {
      const origin = originOf(context, params, query);
      const ifVersion = matchedVersion(request, origin);
      if (query.dryRun) {
        const change: Change = { values: NOTHING_SAID, reason: query.reason ?? '', dryRun: true, ifVersion };
        return changed(context, origin, change, request);
      }
      const { after } = done(context.operator.clear(idOf(origin), query.reason ?? '', actorOf(request)));
      return { status: 200, headers: { ETag: etagOf(after) }, body: originBody(after) };
    },
  }),
];

const NOTHING_SAID: Change['values'] = {
  admin: null,
  weight: null,
  role: null,
  set: null,
  health: null,
  ignoreErrors: null,
  route: null,
  slowStart: null,
};
