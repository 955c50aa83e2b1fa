import { closest } from '../base/closest.ts';
import { AdminClient } from './admin-client.ts';
import {
  command,
  type ExitStatus,
  Failure,
  type Options,
  type Surroundings,
  UsageError,
  type Values,
} from './command.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { reasonOr } from './reason.ts';
import { visible } from './screen.ts';
import { type VrrpReply, vrrpOf } from './vrrp-replies.ts';
import { vrrpStatus } from './vrrp-status.ts';
import { waitForAddresses } from './vrrp-wait.ts';

/** `vrrp`: how the addresses stand that a node shares with others, and what an operator wants of them. */

const OPTIONS = {
  wait: {
    kind: 'duration',
    value: 'TIME',
    says: 'waits until another node is active, with resume until this one is, at most so long (else status 3)',
  },
  reason: {
    kind: 'text',
    value: 'TEXT',
    says: 'why: others see it, and it is kept in the audit log (default: who you are on this machine)',
  },
  json: { kind: 'flag', says: "with status: the API's JSON, as it is" },
  ...NODE_OPTIONS,
} as const satisfies Options;

type VrrpValues = Values<typeof OPTIONS>;

const ACTIONS = ['handover', 'release', 'resume'] as const;
type Action = (typeof ACTIONS)[number];

export const VRRP = command({
  name: 'vrrp',
  operands: { form: '[ACTION [INSTANCE]]', least: 0, most: 2 },
  summary: 'tells who has the addresses that nodes share, and why; hands them over',
  details: [
    'ACTION is status (also when none is given), handover, release or resume; without INSTANCE it is for all of them.',
    'handover leaves the addresses to another node, which has them before this one lets go; they come back when nobody else',
    'has them. release does as well, and never takes them back. Both hold over restarts, until they are resumed.',
  ],
  examples: [
    ['vrrp status', 'what each is, why, and what would change that'],
    ['vrrp handover front --wait 60s --reason "new switches"', 'and come back when another node is active'],
    ['vrrp release', 'all of them, whatever becomes of the others'],
    ['vrrp resume --wait 60s', ''],
  ],
  options: OPTIONS,
  async run([action = 'status', name], values, surroundings) {
    if (action === 'status') return tellStatus(name, values, surroundings);
    const known = ACTIONS.find((each) => each === action);
    if (known !== undefined) return order(known, name, values, surroundings);
    throw new UsageError(`expected status, handover, release or resume, got "${visible(action)}"`);
  },
});

async function tellStatus(
  name: string | undefined,
  values: VrrpValues,
  surroundings: Surroundings,
): Promise<ExitStatus> {
  if (name !== undefined) throw new UsageError(`did not expect ${JSON.stringify(name)}`);
  if (values.reason !== undefined || values.wait !== undefined) {
    throw new UsageError('--reason and --wait are for handover, release and resume');
  }
  const { out } = surroundings;
  const reply = await new AdminClient(await findNode(values, surroundings)).ask('/vrrp');
  if (values.json) out.write(reply.text.endsWith('\n') ? reply.text : `${reply.text}\n`);
  else out.write(vrrpStatus(vrrpOf(reply), out));
  return 0;
}

async function order(
  action: Action,
  name: string | undefined,
  values: VrrpValues,
  surroundings: Surroundings,
): Promise<ExitStatus> {
  if (values.json) throw new UsageError('--json is for vrrp status');
  const client = new AdminClient(await findNode(values, surroundings));
  const before = vrrpOf(await client.ask('/vrrp'));
  if (name !== undefined) expectInstance(before, name);
  const body = { reason: reasonOr(values.reason, `vrrp ${action}`) };
  const path = name === undefined ? `/vrrp/${action}` : `/vrrp/instances/${encodeURIComponent(name)}/${action}`;
  const start = performance.now();
  const after = vrrpOf(await client.ask(path, { method: 'POST', body }));
  if (values.wait === undefined) {
    for (const each of after.instances) surroundings.out.write(`${visible(each.name)}: ${visible(each.words)}\n`);
    return 0;
  }
  const names = name === undefined ? concerned(action, before, after) : [name];
  return waitForAddresses(client, { command: action, names, start, limit: values.wait }, surroundings);
}

/** Those of all that it makes a difference to. */
function concerned(action: Action, before: VrrpReply, after: VrrpReply): readonly string[] {
  const { instances } = action === 'resume' ? before : after;
  return instances.filter(({ maintenance }) => maintenance !== null).map(({ name }) => name);
}

/** Throws a `Failure` that says what was most likely meant. */
function expectInstance({ agent, instances }: VrrpReply, name: string): void {
  const names = instances.map((each) => each.name);
  if (!agent.ready || names.includes(name)) return;
  const meant = closest(name, names);
  throw new Failure(
    `there is no instance ${JSON.stringify(name)}${meant === undefined ? '' : `, did you mean ${meant}?`}`,
  );
}
