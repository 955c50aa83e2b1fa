import { closest } from '../base/closest.ts';
import { AdminClient } from './admin-client.ts';
import { command, Failure, type Options, type Surroundings, UsageError, type Values } from './command.ts';
import { datacenterLine } from './datacenters.ts';
import { datacenterOf, dnsOf } from './dns-replies.ts';
import { dnsStatus } from './dns-status.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { reasonOr } from './reason.ts';
import { visible } from './screen.ts';

/** `dns`: where a node's name server sends clients, and what an operator wants of a datacenter. */

const OPTIONS = {
  for: {
    kind: 'duration',
    value: 'TIME',
    says: 'with drain and down: how long it holds (default: until it is enabled)',
  },
  reason: {
    kind: 'text',
    value: 'TEXT',
    says: 'why: others see it, and it is kept in the audit log (default: who you are on this machine)',
  },
  force: { kind: 'flag', says: 'also when it is the last one in service of those that some record chooses among' },
  json: { kind: 'flag', says: "with status: the API's JSON, as it is" },
  ...NODE_OPTIONS,
} as const satisfies Options;

type DnsValues = Values<typeof OPTIONS>;

/** What each action has set. */
const ADMINS: ReadonlyMap<string, 'drain' | 'down' | 'active'> = new Map([
  ['drain', 'drain'],
  ['down', 'down'],
  ['enable', 'active'],
]);

export const DNS = command({
  name: 'dns',
  operands: { form: '[ACTION [DATACENTER]]', least: 0, most: 2 },
  summary: 'tells where DNS sends clients, or takes a datacenter out of answers',
  details: [
    'ACTION is status (also when none is given), drain, down (it is to be taken for broken) or enable. Answers leave out what',
    'is drained or down, at once; it stays so over restarts, until it is enabled, or for as long as --for says.',
  ],
  examples: [
    ['dns status', 'where clients are sent, from what zones, and how many'],
    ['dns drain uk --for 2h --reason "new switches"', 'clients go elsewhere; after two hours checks decide again'],
    ['dns enable uk', ''],
  ],
  options: OPTIONS,
  async run([action = 'status', name], values, surroundings) {
    if (action === 'status') await tellStatus(name, values, surroundings);
    else await change(action, name, values, surroundings);
    return 0;
  },
});

async function tellStatus(name: string | undefined, values: DnsValues, surroundings: Surroundings): Promise<void> {
  if (name !== undefined) throw new UsageError(`did not expect ${JSON.stringify(name)}`);
  if (values.force || values.reason !== undefined || values.for !== undefined) {
    throw new UsageError('--reason, --for and --force are for changes');
  }
  const { out } = surroundings;
  const reply = await new AdminClient(await findNode(values, surroundings)).ask('/dns');
  if (values.json) out.write(reply.text.endsWith('\n') ? reply.text : `${reply.text}\n`);
  else out.write(dnsStatus(dnsOf(reply), out));
}

async function change(
  action: string,
  name: string | undefined,
  values: DnsValues,
  surroundings: Surroundings,
): Promise<void> {
  const admin = ADMINS.get(action);
  if (admin === undefined) throw new UsageError(`expected status, drain, down or enable, got "${visible(action)}"`);
  if (name === undefined) throw new UsageError('expected DATACENTER');
  if (values.json) throw new UsageError('--json is for dns status');
  if (admin === 'active' && values.for !== undefined) throw new UsageError('--for is for dns drain and dns down');
  const client = new AdminClient(await findNode(values, surroundings));
  await expectDatacenter(client, name);
  const body = {
    admin,
    reason: reasonOr(values.reason, `dns ${action}`),
    ...(admin !== 'active' && { expires: values.for === undefined ? null : `${values.for}ms` }),
    ...(values.force && { force: true }),
  };
  const reply = await client.ask(`/dns/datacenters/${encodeURIComponent(name)}/state`, { method: 'PUT', body });
  surroundings.out.write(`${visible(datacenterLine(datacenterOf(reply)))}\n`);
}

/** Throws a `Failure` that says what was most likely meant. */
async function expectDatacenter(client: AdminClient, name: string): Promise<void> {
  const names = dnsOf(await client.ask('/dns')).datacenters.map((each) => each.name);
  if (names.includes(name)) return;
  const meant = closest(name, names);
  throw new Failure(
    `there is no datacenter ${JSON.stringify(name)}${meant === undefined ? '' : `, did you mean ${meant}?`}`,
  );
}
