import { z } from 'zod';
import type { NodeDrain } from '../../../operator/model.ts';
import type { ApiContext } from '../context.ts';
import { nodeSchema, nodeStateSchema } from '../node-schemas.ts';
import { done } from '../refused.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, timeOf } from '../values.ts';

/** The node as a whole: whether its traffic is to go elsewhere, and how far it has gone. */
export const NODE_STATE_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/node',
    id: 'getNode',
    summary: 'Whether the node wants traffic, and what it still has',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    replies: { 200: { description: 'As it is now.', schema: nodeSchema } },
    problems: [],
    handle: (_, context) => ({ status: 200, body: nodeBody(context, context.operator.node()) }),
  }),
  route({
    method: 'PUT',
    path: '/node/state',
    id: 'setNodeState',
    summary: 'Has the traffic of the node go elsewhere, or takes it again',
    role: 'operate',
    params: z.strictObject({}),
    query: z.strictObject({
      dryRun: flag.default(false).describe('1: says what would come of it, and changes nothing.'),
    }),
    body: nodeStateSchema,
    replies: { 200: { description: 'It is so, or was.', schema: nodeSchema } },
    problems: ['not-kept'],
    handle({ query: { dryRun }, body: { admin, reason = '' }, request }, context) {
      const drain = done(context.operator.setNode(admin, reason, actorOf(request), { dryRun }));
      return { status: 200, body: nodeBody(context, drain) };
    },
  }),
];

function nodeBody({ status }: ApiContext, drain: NodeDrain | undefined): z.output<typeof nodeSchema> {
  const { node, region, notReady, exchanges, connections } = status();
  // What would be so is not yet: readiness is told as if it were.
  const others = notReady.filter((reason) => reason !== 'draining');
  const reasons = drain === undefined ? others : [...others, 'draining'];
  return {
    name: node,
    region,
    ...nodeDrainBody(drain),
    ready: reasons.length === 0,
    reasons,
    exchanges,
    connections,
    drained: drain !== undefined && exchanges + connections === 0,
  };
}

/** The part of a reply that says what an operator wants of the node. */
export function nodeDrainBody(drain: NodeDrain | undefined) {
  if (drain === undefined) return { admin: 'active' as const, drain: null };
  const { by, reason, since } = drain;
  return { admin: 'drain' as const, drain: { by, reason, since: timeOf(since) } };
}
