import { z } from 'zod';
import type { Change, OriginId } from '../../../operator/commands.ts';
import type { OriginState } from '../../../operator/model.ts';
import type { AdminRequest } from '../../mount.ts';
import { BY_OTHER_NAMES, originOf, originParams } from '../addressing.ts';
import { etagOf, matchedVersion } from '../conditions.ts';
import type { ApiContext } from '../context.ts';
import { originSchema, stateSchema } from '../origin-schemas.ts';
import { done } from '../refused.ts';
import { originBody } from '../represent.ts';
import { type AnyRoute, type ApiReply, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag } from '../values.ts';
import { DEFAULT_TIMEOUT, idOf, WAIT_QUERY, waitFor } from '../waiting.ts';

/** `PUT …/state`: what deployments are made of. */
export const STATE_ROUTE: AnyRoute = route({
  method: 'PUT',
  path: '/pools/{pool}/origins/{id}/state',
  id: 'setOriginState',
  summary: 'Takes an origin out of rotation, or puts it back; may wait until that is done',
  role: 'operate',
  params: originParams,
  query: z.strictObject({
    ...BY_OTHER_NAMES,
    wait: WAIT_QUERY.wait.unwrap().exclude(['changed']).optional().describe('Replies when it is so.'),
    timeout: WAIT_QUERY.timeout,
    dryRun: flag.default(false).describe('1: says what would come of it, and changes nothing.'),
  }),
  body: stateSchema,
  conditions: ['If-Match'],
  replies: {
    200: { description: 'It is so, or was.', schema: originSchema },
    202: { description: 'It is so for new requests; some are still in flight.', schema: originSchema },
  },
  problems: [
    'unknown-pool',
    'unknown-origin',
    'removed',
    'last-active-origin',
    'version-mismatch',
    'not-kept',
    'not-drained',
    'not-up',
    'not-active',
    'closing',
  ],
  async handle({ params, query, body, request }, context) {
    const origin = originOf(context, params, query);
    const change: Change = { ...changeOf(body), dryRun: query.dryRun, ifVersion: matchedVersion(request, origin) };
    const { wait, timeout = DEFAULT_TIMEOUT, dryRun } = query;
    if (wait === undefined || dryRun) return changed(context, origin, change, request);
    const after = changeOne(context, origin, change, request);
    const now = await waitFor(context, after, wait, timeout, request.signal);
    return { status: 200, headers: { ETag: etagOf(now) }, body: originBody(now) };
  },
});

/** What a body with `admin` asks for. */
export function changeOf(body: z.output<typeof stateSchema>): Change {
  const { admin, reason = '', expires, deadline, onDeadline, force } = body;
  return {
    values: { admin },
    reason,
    expiresIn: expires,
    deadlineIn: deadline,
    onDeadline,
    force,
  };
}

/** Changes one origin. 202 while it is taken out of rotation and something still runs there. */
export function changed(context: ApiContext, origin: OriginState, change: Change, request: AdminRequest): ApiReply {
  const after = changeOne(context, origin, change, request);
  if (change.dryRun === true) return { status: 200, body: originBody(after) };
  const isUnderWay = change.values.admin !== undefined && after.drain?.drained === false;
  const headers = { ETag: etagOf(after), ...(isUnderWay && { Location: locationOf(after) }) };
  return { status: isUnderWay ? 202 : 200, headers, body: originBody(after) };
}

function changeOne({ operator }: ApiContext, origin: OriginState, change: Change, request: AdminRequest): OriginState {
  const [changed] = done(operator.change([idOf(origin)], change, actorOf(request)));
  return changed?.after ?? origin;
}

export function locationOf({ pool, id }: OriginId): string {
  return `/api/v1/pools/${encodeURIComponent(pool)}/origins/${encodeURIComponent(id)}`;
}
