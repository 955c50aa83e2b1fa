import { describe, expect, test } from 'vitest';
import { AddressOrders, NODE_DRAIN } from '../../src/control/address-orders.ts';
import type { KeptOrders } from '../../src/control/kept-orders.ts';
import type { AddressCommand } from '../../src/operator/commands.ts';
import type { InstanceStatus } from '../../src/vrrp/agent/status.ts';
import type { Maintenance } from '../../src/vrrp/model.ts';
import { ALICE, Scene } from '../operator/scene.ts';
import { instanceStatus } from '../support/memory-vrrp.ts';
import { atTeardown } from '../support/teardown.ts';
import { tempDir } from '../support/temp.ts';
import { turn } from '../support/wait.ts';

/** An agent that does at once what it is told. */
class Agent {
  readonly told: string[] = [];
  problem: string | undefined;
  /** Of its file. */
  unwritable: Error | undefined;
  /** What the file was to say, beside what is so. */
  readonly written: KeptOrders[] = [];
  readonly #instances: Map<string, InstanceStatus>;

  constructor(instances: Readonly<Record<string, Partial<InstanceStatus>>>) {
    this.#instances = new Map(Object.entries(instances).map(([name, of]) => [name, instanceStatus(name, of, 0)]));
  }

  get names(): readonly string[] {
    return [...this.#instances.keys()];
  }

  get instances(): readonly InstanceStatus[] {
    return this.problem === undefined ? [...this.#instances.values()] : [];
  }

  get kept(): Readonly<Record<string, { readonly maintenance: Maintenance | undefined }>> {
    return Object.fromEntries(this.#instances);
  }

  keep(said: KeptOrders = {}) {
    if (this.unwritable === undefined) this.written.push(said);
    return this.unwritable;
  }

  async command(command: AddressCommand, name: string | undefined, by: string, why: string) {
    if (this.problem !== undefined) return this.problem;
    this.told.push(`${command} ${name} by ${by}${why === '' ? '' : ` (${why})`}`);
    const maintenance = command === 'resume' ? undefined : { kind: command, by, why };
    const role = command === 'release' ? 'released' : 'backup';
    this.#instances.set(name as string, instanceStatus(name as string, { role, maintenance }, 0));
    return undefined;
  }
}

const BY_HAND: Maintenance = { kind: 'release', by: 'bob', why: 'no trust' };
const HANDED: Maintenance = { ...BY_HAND, kind: 'handover' };

async function scene(instances: Readonly<Record<string, Partial<InstanceStatus>>>) {
  const { operator, events } = new Scene(await tempDir('operator'));
  atTeardown(() => operator.close());
  const agent = new Agent(instances);
  const orders = new AddressOrders({ operator: operator.addresses, addresses: agent, drained: () => 'alice: kernel' });
  const order = (command: AddressCommand, instance?: string) =>
    orders.order({ command, instance, reason: 'because', actor: ALICE });
  return { agent, orders, order, events, audit: () => operator.audit(0, 100) };
}

describe('an order', () => {
  test('is carried out, told to who follows events, and kept in the audit log', async () => {
    const { order, events, audit } = await scene({ front: {}, back: {} });
    expect(await order('handover', 'front')).toMatchObject({ ok: true, value: [{ name: 'front', role: 'backup' }] });
    expect(events).toMatchObject([
      {
        type: 'vrrp-changed',
        detail: { instance: 'front', command: 'handover', by: 'alice', source: 'api', reason: 'because' },
      },
    ]);
    expect(audit()).toMatchObject([
      {
        actor: 'alice',
        address: '192.0.2.7',
        action: 'vrrp.change',
        target: 'vrrp/front',
        before: { maintenance: 'none' },
        after: { maintenance: 'handover' },
        reason: 'because',
      },
    ]);
  });

  test.each([
    { command: 'handover', told: ['a'] },
    { command: 'release', told: ['a', 'b', 'handed'] },
    { command: 'resume', told: ['handed', 'released'] },
  ] as const)('to $command all is for those that are not so already: $told', async ({ command, told }) => {
    const { order, agent } = await scene({
      a: {},
      b: { role: 'backup' },
      handed: { role: 'backup', maintenance: HANDED },
      released: { role: 'released', maintenance: BY_HAND },
    });
    expect(await order(command)).toMatchObject({ ok: true, value: [{}, {}, {}, {}] });
    expect(agent.told).toEqual(told.map((name) => `${command} ${name} by alice (because)`));
  });

  test('that says nothing new is done, and leaves no trace', async () => {
    const { order, agent, events, audit } = await scene({ front: { role: 'released', maintenance: BY_HAND } });
    expect(await order('release', 'front')).toMatchObject({ ok: true, value: [{ maintenance: { by: 'bob' } }] });
    expect(await order('handover', 'front')).toMatchObject({ ok: true });
    expect([agent.told, events, audit()]).toEqual([[], [], []]);
  });

  test.each([
    { name: 'fornt', kind: 'unknown-instance', detail: 'expected one of front, back, got "fornt"' },
    { name: 'back', kind: 'nothing-to-hand-over', detail: 'expected active, back is backup' },
  ])('for $name is refused for $kind, which stands in the audit log', async ({ name, kind, detail }) => {
    const { order, audit, agent } = await scene({ front: {}, back: { role: 'backup' } });
    expect(await order('handover', name)).toEqual({ ok: false, refusal: { kind, detail } });
    expect(audit()).toMatchObject([{ target: `vrrp/${name}`, refused: `${kind}: ${detail}` }]);
    expect(agent.told).toEqual([]);
  });

  test('while the agent is away is refused', async () => {
    const { order, agent } = await scene({ front: {} });
    agent.problem = 'it died';
    expect(await order('release')).toMatchObject({ ok: false, refusal: { kind: 'agent-away' } });
  });
});

describe('the file of what is said', () => {
  const said = { kind: 'release', by: 'alice', why: 'because' };

  test('says it before the agent is told, and then what came of it', async () => {
    const { order, agent } = await scene({ a: {}, b: {} });
    const { command } = agent;
    let before: number | undefined;
    agent.command = (...args) => {
      before ??= agent.written.length;
      return command.apply(agent, args);
    };
    await order('release');
    expect(agent.written).toEqual([{ a: { maintenance: said }, b: { maintenance: said } }, {}]);
    expect(before).toBe(1);
  });

  test('says no more what the agent refused', async () => {
    const { order, agent } = await scene({ a: {} });
    agent.command = async () => 'it died';
    expect(await order('release', 'a')).toMatchObject({ ok: false, refusal: { kind: 'agent-away' } });
    expect(agent.written).toEqual([{ a: { maintenance: said } }, {}]);
  });

  test.each(['handover', 'release', 'resume'] as const)('that cannot be written: to %s is refused', async (command) => {
    const { order, agent, audit } = await scene({ a: { maintenance: command === 'handover' ? undefined : HANDED } });
    agent.unwritable = new Error('no space left');
    const detail = 'it cannot be written: no space left';
    expect(await order(command)).toEqual({ ok: false, refusal: { kind: 'not-kept', detail } });
    expect([agent.told, audit()]).toMatchObject([[], [{ refused: `not-kept: ${detail}` }]]);
  });

  test('that cannot be written keeps no drain from handing over', async () => {
    const { orders, agent } = await scene({ a: {} });
    agent.unwritable = new Error('no space left');
    orders.drain(true);
    await turn();
    expect(agent.told).toEqual([`handover a by ${NODE_DRAIN} (alice: kernel)`]);
  });
});

describe('the drain of the node', () => {
  test('hands over what it has and nobody speaks for, and ends with it', async () => {
    const { orders, agent } = await scene({ a: {}, b: { role: 'backup' }, c: { maintenance: BY_HAND }, d: {} });
    orders.drain(true);
    await turn();
    expect(agent.told.splice(0)).toEqual([
      `handover a by ${NODE_DRAIN} (alice: kernel)`,
      `handover d by ${NODE_DRAIN} (alice: kernel)`,
    ]);
    orders.drain(false);
    await turn();
    expect(agent.told).toEqual([`resume a by ${NODE_DRAIN}`, `resume d by ${NODE_DRAIN}`]);
  });

  test.each([
    { kind: 'preemption', told: [`handover a by ${NODE_DRAIN} (alice: kernel)`] },
    { kind: 'ownership', told: [`handover a by ${NODE_DRAIN} (alice: kernel)`] },
    { kind: 'silence', told: [] },
    { kind: 'nobody-came', told: [] },
  ] as const)('gives back what is taken from somebody, and not what nobody wants: $kind', async ({ kind, told }) => {
    const { orders, agent } = await scene({ a: { role: 'backup' } });
    orders.took('a', { kind, source: '192.0.2.2', theirs: 1, ours: 2, for: 1 } as Parameters<typeof orders.took>[1]);
    orders.drain(true);
    orders.took('a', { kind, source: '192.0.2.2', theirs: 1, ours: 2, for: 1 } as Parameters<typeof orders.took>[1]);
    await turn();
    expect(agent.told).toEqual(told);
  });

  test('that ended while the agent was away is over when it is back', async () => {
    const maintenance = { kind: 'handover', by: NODE_DRAIN, why: '' } as const;
    const { orders, agent } = await scene({ a: { role: 'backup', maintenance } });
    orders.drain(true);
    orders.look();
    agent.problem = 'it died';
    orders.drain(false);
    await turn();
    expect(agent.told).toEqual([]);
    agent.problem = undefined;
    orders.look();
    await turn();
    expect(agent.told).toEqual([`resume a by ${NODE_DRAIN}`]);
  });
});
