import type { Ms } from '../base/units.ts';
import { AdminClient } from './admin-client.ts';
import { command, type ExitStatus, type Options, type Surroundings, UsageError, type Values } from './command.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { reasonOr } from './reason.ts';
import { changedOrigins, type OriginReply, originOf, originPath, readPools } from './replies.ts';
import { visible } from './screen.ts';
import { findTarget, nameOf, type Target } from './target.ts';
import { waitFor } from './wait.ts';

/** `drain`, `disable` and `enable`: what an operator wants of one origin. */

const ORIGIN = { form: 'POOL/ORIGIN', least: 1, most: 1 } as const;

const REASON = {
  reason: {
    kind: 'text',
    value: 'TEXT',
    says: 'why: others see it, and it is kept in the audit log (default: who you are on this machine)',
  },
} as const;

const EVERYWHERE = {
  'all-pools': { kind: 'flag', says: 'ORIGIN is a host, or HOST:PORT: all that the node has of it, or none' },
  ...NODE_OPTIONS,
} as const satisfies Options;

const LEAVING = {
  wait: {
    kind: 'duration',
    value: 'TIME',
    says: 'waits until nothing is in flight there, at most so long (else status 3)',
  },
  ...REASON,
  force: { kind: 'flag', says: 'also when it is the last usable origin of its pool' },
  deadline: { kind: 'duration', value: 'TIME', says: 'how long running requests may take' },
  cut: { kind: 'flag', says: 'those that still run at the deadline are cut, instead of only told of' },
  ...EVERYWHERE,
} as const satisfies Options;

const ENABLING = {
  wait: { kind: 'duration', value: 'TIME', says: 'waits until it is up, at most so long (else status 3)' },
  ...REASON,
  ...EVERYWHERE,
} as const satisfies Options;

export const DRAIN = command({
  name: 'drain',
  operands: ORIGIN,
  summary: 'sends no new clients to an origin; those that stick to it stay',
  details: ['It stays so over restarts, until it is enabled. ORIGIN alone is enough where one pool only has it.'],
  examples: [
    ['drain app/app1 --wait 60s --reason "deploy 42"', 'and come back when it is empty'],
    ['drain 10.0.1.66 --all-pools --wait 60s', 'one machine, in whatever pools it is'],
    ['drain app/app1 --deadline 5m --cut --wait 6m', 'what runs after five minutes is cut'],
  ],
  options: LEAVING,
  run: ([name = ''], values, surroundings) => leave('drain', name, values, surroundings),
});

export const DISABLE = command({
  name: 'disable',
  operands: ORIGIN,
  summary: 'sends nobody new to an origin, not even those that stick to it',
  details: ['What runs is finished. It stays so over restarts, until it is enabled.'],
  examples: [
    ['disable app/app1 --reason "disk is being replaced"', ''],
    ['disable app1 --wait 60s', 'and come back when it is empty'],
  ],
  options: LEAVING,
  run: ([name = ''], values, surroundings) => leave('maint', name, values, surroundings),
});

export const ENABLE = command({
  name: 'enable',
  operands: ORIGIN,
  summary: 'lets an origin take requests again',
  details: [],
  examples: [
    ['enable app/app1', ''],
    ['enable app/app1 --wait 30s', 'and come back when it is up'],
  ],
  options: ENABLING,
  run([name = ''], values, surroundings) {
    const body = { admin: 'active', reason: reasonOr(values.reason, 'enable') };
    return change({ name, wait: 'up', limit: values.wait, body }, values, surroundings);
  },
});

async function leave(
  admin: 'drain' | 'maint',
  name: string,
  values: Values<typeof LEAVING>,
  surroundings: Surroundings,
) {
  const { wait, reason, force, deadline, cut } = values;
  if (cut && deadline === undefined) throw new UsageError('--cut needs --deadline');
  const body = {
    admin,
    reason: reasonOr(reason, admin === 'drain' ? 'drain' : 'disable'),
    ...(force && { force }),
    ...(deadline !== undefined && { deadline: `${deadline}ms`, onDeadline: cut ? 'cut' : 'keep' }),
  };
  return change({ name, wait: 'drained', limit: wait, body }, values, surroundings);
}

interface Asked {
  readonly name: string;
  /** What is waited for, when `limit` is given. */
  readonly wait: 'drained' | 'up';
  readonly limit: Ms | undefined;
  readonly body: { readonly admin: string; readonly [field: string]: unknown };
}

async function change(
  asked: Asked,
  values: Values<typeof EVERYWHERE>,
  surroundings: Surroundings,
): Promise<ExitStatus> {
  const client = new AdminClient(await findNode(values, surroundings));
  const targets = await (values['all-pools'] ? changeHost(client, asked) : changeOne(client, asked));
  const start = performance.now();
  for (const target of targets) {
    if (asked.limit === undefined) {
      surroundings.out.write(`${nameOf(target)}: ${said(target.origin)}\n`);
      continue;
    }
    // One after the other: the last of them to be done is done when all are.
    const wait = { what: asked.wait, start, limit: asked.limit, admin: asked.body.admin };
    const status = await waitFor(client, target, wait, surroundings);
    if (status !== 0) return status;
  }
  return 0;
}

async function changeOne(client: AdminClient, { name, body }: Asked): Promise<readonly Target[]> {
  const { pools } = await readPools(client);
  const { pool, origin } = findTarget(name, pools);
  const reply = await client.ask(`${originPath(pool, origin.id)}/state`, { method: 'PUT', body });
  return [{ pool, origin: originOf(reply) }];
}

/** All that the node has of a host, in one change: all or none. */
async function changeHost(client: AdminClient, { name, body }: Asked): Promise<readonly Target[]> {
  const reply = await client.ask('/operations', { method: 'POST', body: { select: { host: name }, ...body } });
  return changedOrigins(reply).map((origin) => ({ pool: origin.pool, origin }));
}

function said({ admin, effective, health, inFlight }: OriginReply): string {
  const state = visible(effective);
  if (admin !== 'active') return inFlight === 0 ? state : `${state}, ${inFlight} in flight`;
  return health === 'checking' || health === 'down' ? `${state}, health ${health}` : state;
}
