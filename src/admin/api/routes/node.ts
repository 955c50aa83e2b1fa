import { z } from 'zod';
import type { PoolState } from '../../../operator/model.ts';
import { PROBLEM_PATH, PROBLEMS, Problem } from '../../problem.ts';
import type { Principal } from '../../role.ts';
import type { ApiContext } from '../context.ts';
import { auditSchema, limitQuery, problemsSchema, purgedSchema, purgeSchema, statusSchema } from '../node-schemas.ts';
import { auditBody } from '../represent.ts';
import { siblingSummaryBody } from '../represent-siblings.ts';
import { vrrpSummary } from '../represent-vrrp.ts';
import { type AnyRoute, route } from '../route.ts';
import { actorOf } from '../source.ts';
import { flag, timeOf } from '../values.ts';
import { dnsStatusBody } from './dns.ts';
import { nodeDrainBody } from './node-state.ts';

const number = z.string().regex(/^\d{1,15}$/, { error: 'expected a whole number' });

/** The node itself, its audit log and its cache. */
export const NODE_ROUTES: readonly AnyRoute[] = [
  route({
    method: 'GET',
    path: '/status',
    id: 'status',
    summary: 'What this node is, and how it is',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    replies: { 200: { description: 'As it is now.', schema: statusSchema } },
    problems: [],
    handle: ({ request }, context) => ({ status: 200, body: statusBody(context, request.user as Principal) }),
  }),
  route({
    method: 'GET',
    path: '/audit',
    id: 'audit',
    summary: 'Who changed what, when and why; also what was refused, and failed logins',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({
      since: number
        .transform(Number)
        .optional()
        .describe('Those after this number, from the oldest on. Absent: the newest.'),
      limit: number.transform(Number).pipe(limitQuery).default(100).describe('How many, 1 to 1000. Default: 100.'),
    }),
    replies: { 200: { description: 'Newest last.', schema: auditSchema } },
    problems: [],
    handle({ query }, { operator }) {
      const { since, limit } = query;
      // Who goes on from `next` misses none; who asks for the first time wants to know what was done just now.
      const records =
        since === undefined ? operator.audit(0, Number.MAX_SAFE_INTEGER).slice(-limit) : operator.audit(since, limit);
      return { status: 200, body: { records: records.map(auditBody), next: records.at(-1)?.number ?? since ?? 0 } };
    },
  }),
  route({
    method: 'POST',
    path: '/cache/purge',
    id: 'purge',
    summary: 'Forgets stored responses, by URL, prefix or tag, or all of them',
    role: 'operate',
    params: z.strictObject({}),
    query: z.strictObject({ dryRun: flag.default(false) }),
    body: purgeSchema,
    replies: { 200: { description: 'It holds in all threads.', schema: purgedSchema } },
    problems: ['cache-off'],
    async handle({ query, body, request }, { purge, operator }) {
      if (purge === undefined) throw new Problem('cache-off', 'expected a node with a cache, this one has cache: off');
      const { urls = [], prefixes = [], tags = [], all = false, soft, reason = '' } = body;
      const result = await purge({ urls, prefixes, tags, all, soft, dryRun: query.dryRun });
      if (!result.ok) {
        const errors = result.problems.map(({ list, index, detail }) => ({ pointer: `#/${list}/${index}`, detail }));
        throw new Problem('invalid', errors[0]?.detail ?? 'expected something that can be purged', {
          members: { errors },
        });
      }
      if (!query.dryRun) {
        const after = { urls, prefixes, tags, all, soft };
        const { name: actor, source, address } = actorOf(request);
        operator.record({ actor, source, address, action: 'cache.purge', target: 'cache', after, reason });
      }
      return { status: 200, body: { purges: result.purges, soft, siblings: [...result.siblings] } };
    },
  }),
  route({
    method: 'GET',
    path: PROBLEM_PATH.slice('/api/v1'.length),
    id: 'problems',
    summary: 'What type says in a problem',
    role: 'read',
    params: z.strictObject({}),
    query: z.strictObject({}),
    replies: { 200: { description: 'All there are.', schema: problemsSchema } },
    problems: [],
    handle() {
      const problems = Object.entries(PROBLEMS).map(([kind, each]) => ({ type: `${PROBLEM_PATH}#${kind}`, ...each }));
      return { status: 200, body: { problems } };
    },
  }),
];

function statusBody(
  { status, siblings, operator, dns, vrrp, now }: ApiContext,
  { name, role }: Principal,
): z.output<typeof statusSchema> {
  const { started, cache, listeners, node, region, version, generation, workers } = status();
  const [port, addresses] = [dns?.(), vrrp?.()];
  return {
    node,
    region,
    version,
    pid: process.pid,
    started: timeOf(started),
    uptime: Math.round((now() - started) / 1000),
    ...nodeDrainBody(operator.node()),
    generation,
    workers,
    listeners: listeners.map(({ address, protocol }) => ({ address, protocol })),
    pools: operator.pools().map(poolSummary),
    cache: cache === undefined ? null : { ...cache, disk: cache.disk ?? null },
    siblings: siblings().peers.map((sibling) => siblingSummaryBody(sibling, now())),
    dns: port === undefined ? null : dnsStatusBody(port),
    vrrp: addresses === undefined ? null : vrrpSummary(addresses),
    user: { name, role },
  };
}

function poolSummary({ name, origins, queued, panic, maintenance }: PoolState) {
  const usable = origins.filter(
    ({ admin, health, observed }) =>
      admin === 'active' && (health === 'up' || health === 'unknown') && observed.ejectedUntil === undefined,
  );
  const sum = (of: 'inFlight' | 'rate') => origins.reduce((total, { traffic }) => total + traffic[of], 0);
  return {
    name,
    origins: origins.length,
    usable: usable.length,
    inFlight: sum('inFlight'),
    queued,
    rate: sum('rate'),
    panic,
    maintenance: maintenance !== undefined,
  };
}
