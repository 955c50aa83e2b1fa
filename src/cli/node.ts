import { setTimeout as pause } from 'node:timers/promises';
import type { Ms } from '../base/units.ts';
import { AdminClient } from './admin-client.ts';
import { command, type ExitStatus, Failure, type Options, type Surroundings, UsageError } from './command.ts';
import { findNode } from './find-node.ts';
import { interruptible } from './interruptible.ts';
import { NODE_OPTIONS } from './node-options.ts';
import type { Progress } from './progress.ts';
import { reasonOr } from './reason.ts';
import { type NodeReply, nodeOf } from './replies.ts';
import { visible } from './screen.ts';
import { plural, span } from './words.ts';

/** `node drain` and `node resume`: what an operator wants of the whole node. */

const OPTIONS = {
  wait: {
    kind: 'duration',
    value: 'TIME',
    says: 'with drain: waits until no client is connected, at most so long (else status 3)',
  },
  reason: {
    kind: 'text',
    value: 'TEXT',
    says: 'why: others see it, and it is kept in the audit log (default: who you are on this machine)',
  },
  ...NODE_OPTIONS,
} as const satisfies Options;

/** The node answers at once: so often it is asked. */
const POLL: Ms = 500;

export const NODE = command({
  name: 'node',
  operands: { form: 'drain|resume', least: 1, most: 1 },
  summary: 'has the traffic of the node go elsewhere, or takes it again',
  details: [
    'A node that drains says at /readyz that it is not ready, serves whoever comes, and ends their connections with the',
    'reply: where they come back to is up to the balancer or DNS in front. It stays so over restarts, until it is resumed.',
  ],
  examples: [
    ['node drain --wait 60s --reason "kernel update"', 'and come back when no client is connected'],
    ['node resume', ''],
  ],
  options: OPTIONS,
  async run([what = ''], { wait, reason, ...values }, surroundings) {
    if (what !== 'drain' && what !== 'resume') throw new UsageError(`expected drain or resume, got "${visible(what)}"`);
    if (what === 'resume' && wait !== undefined) throw new UsageError('--wait is for node drain');
    const client = new AdminClient(await findNode(values, surroundings));
    const body = { admin: what === 'drain' ? 'drain' : 'active', reason: reasonOr(reason, `node ${what}`) };
    const start = performance.now();
    const node = nodeOf(await client.ask('/node/state', { method: 'PUT', body }));
    if (wait !== undefined) return waitForDrained(client, node.name, { start, limit: wait }, surroundings);
    const state = what === 'drain' ? `draining, ${heldBy(node)}` : readyOr(node);
    surroundings.out.write(`${visible(node.name)}: ${state}\n`);
    return 0;
  },
});

interface Wait {
  /** As `performance.now()` has it. */
  readonly start: Ms;
  readonly limit: Ms;
}

/** 0: nobody is connected; 3: the time is over; 130: somebody interrupted. The node stays drained in any case. */
async function waitForDrained(
  client: AdminClient,
  name: string,
  wait: Wait,
  { out, err }: Pick<Surroundings, 'out' | 'err'>,
): Promise<ExitStatus> {
  return interruptible(err, { what: ` for ${visible(name)}`, left: STAYS }, async (progress, signal) => {
    const last = await follow(client, wait, progress, signal);
    progress.end();
    if (last.drained) {
      out.write(`${visible(name)}: drained after ${span(performance.now() - wait.start)}\n`);
      return 0;
    }
    err.write(`portico: ${visible(name)} is not drained after ${span(wait.limit)}: ${heldBy(last)}; ${STAYS}\n`);
    return 3;
  });
}

const STAYS = 'it goes on draining; portico node resume ends that';

async function follow(client: AdminClient, { start, limit }: Wait, progress: Progress, signal: AbortSignal) {
  for (;;) {
    const node = nodeOf(await client.ask('/node', { signal }));
    const past = performance.now() - start;
    if (node.admin !== 'drain') throw new Failure(`${visible(node.name)} was resumed meanwhile`);
    if (node.drained || past >= limit) return node;
    progress.show(`${visible(node.name)}: ${heldBy(node)}`, `${span(past)} of ${span(limit)}`);
    await pause(Math.min(POLL, limit - past), undefined, { signal });
  }
}

function heldBy({ exchanges, connections }: NodeReply): string {
  return `${exchanges} in flight, ${plural(connections, 'connection')}`;
}

function readyOr({ ready, reasons }: NodeReply): string {
  return ready ? 'ready' : `not ready: ${visible(reasons.join(', '))}`;
}
