import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { InstanceReply, VrrpReply } from '../../src/cli/vrrp-replies.ts';
import { portico, startCommand, startOnTerminal } from './command-runs.ts';
import { problem, reply, ScriptedNode } from './scripted-node.ts';

/** `vrrp`: what is told of addresses that nodes share, and what is asked of them. */

/** Half a minute from the next full one: a test that takes its time still reads the same. */
const minutes = (count: number) => new Date(Date.now() - count * 60_000 - 30_000).toISOString();

const front = (of: Partial<InstanceReply> = {}): InstanceReply => ({
  name: 'front',
  role: 'active',
  since: minutes(5),
  words: 'active since then, because nobody advertised',
  maintenance: null,
  vrid: 51,
  interface: 'eth0',
  addresses: ['192.0.2.10', '192.0.2.11'],
  priority: 254,
  transitions: 3,
  heard: { source: '192.0.2.2', priority: 100, at: minutes(2), alive: false },
  adverts: { sent: 9, received: 1, dropped: { checksum: 3, 'own-source': 7 }, droppedAt: minutes(1) },
  ...of,
});
const back = (of: Partial<InstanceReply> = {}): InstanceReply => ({
  name: 'back',
  role: 'released',
  since: minutes(60),
  words: 'released since then, because alice released it',
  maintenance: { kind: 'release', by: 'alice', reason: 'no trust' },
  priority: 100,
  heard: { source: '192.0.2.2', priority: 254, at: minutes(0), alive: true },
  ...of,
});
const inFault = front({
  name: 'third',
  role: 'fault',
  words: 'fault since then; waits for eth0',
  heard: null,
  adverts: {},
});

const ready = { ready: true, deaths: 0, realTime: null };
const whole = (): VrrpReply => ({
  agent: { ready: true, deaths: 1, realTime: 'EPERM' },
  instances: [front(), back(), inFault],
});

const STATUS = `
floating addresses, 3 instances, agent ready, 1 death so far

addresses third  fault             fault since then; waits for eth0
addresses front  dropping          advertisements are dropped, the last 1 min ago (checksum 3): both nodes may become active
addresses back   released          released by alice: no trust
agent            not in real time  EPERM: on a busy machine advertisements may be late

INSTANCE  STATE       FOR  PRIORITY  HEARD                       VRID  INTERFACE  CHANGES  DROPPED     ADDRESSES               MAINTENANCE
front     active    5 min       254  192.0.2.2 (100), 2 min ago    51  eth0             3  checksum 3  192.0.2.10, 192.0.2.11
back      released    1 h       100  192.0.2.2 (254)                –                   –                                      released by alice: no trust
third     fault     5 min       254  nobody                        51  eth0             3              192.0.2.10, 192.0.2.11

front: active since then, because nobody advertised
back: released since then, because alice released it
third: fault since then; waits for eth0
`;

/** A node whose addresses are what `next` says, each time it is asked; orders are answered by what `ordered` makes of them. */
function startNode(next: () => VrrpReply | undefined, ordered: (response: ServerResponse) => void = () => {}) {
  const answer = ({ method, url }: IncomingMessage, response: ServerResponse): boolean => {
    if (method === 'POST') {
      ordered(response);
      return true;
    }
    if (url !== '/api/v1/vrrp') return false;
    const vrrp = next();
    if (vrrp !== undefined) reply(response, 200, vrrp);
    else problem(response, 409, 'vrrp-off', 'expected a node that shares addresses, this one has vrrp: off');
    return true;
  };
  return ScriptedNode.start({ answer, status: { node: 'edge-1', vrrp: next() ?? null } });
}

describe('vrrp status', () => {
  test.each([{ args: ['vrrp'] }, { args: ['vrrp', 'status'] }])(
    'tells what is wrong first, then each in a table and in words: $args',
    async ({ args }) => {
      const node = await startNode(whole);
      const { status, stdout, stderr } = await portico([...args, '--admin', node.url]);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(`\n${stdout}`).toBe(STATUS);
    },
  );

  test('says so when the process that has the addresses died', async () => {
    const node = await startNode(() => ({ agent: { ready: false, deaths: 2 }, instances: [] }));
    const { stdout } = await portico(['vrrp', '--admin', node.url]);
    expect(`\n${stdout}`).toBe(`
floating addresses, 0 instances, agent away, 2 deaths so far

addresses  agent away  the process that has the addresses died (2 deaths so far), and is started again
`);
  });

  test('says so when that process does not answer', async () => {
    const node = await startNode(() => ({ agent: { ready: false, answers: false, deaths: 0 }, instances: [] }));
    const { stdout } = await portico(['vrrp', '--admin', node.url]);
    expect(`\n${stdout}`).toBe(`
floating addresses, 0 instances, agent silent

addresses  agent silent  the process that has the addresses does not answer: the kernel takes them away, and it is started anew
`);
  });

  test('fits a terminal, and has colours on it', async () => {
    const node = await startNode(whole);
    const { stdout } = await startOnTerminal(['vrrp', '--admin', node.url], { columns: 80 }).ended();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
    const lines = stdout.replaceAll(/\x1b\[\d+m/g, '').split('\r\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toContain('\x1b[32mactive\x1b[39m');
    expect(stdout).toContain('\x1b[31mfault\x1b[39m');
  });

  test('names who has a say, and who of them is silent or counts twice', async () => {
    const voter = (kind: string, address: string, name: string | null, of: object) => {
      return { kind, address, name, heard: name !== null, ours: false, double: false, ...of };
    };
    const voters = [
      voter('peer', '192.0.2.2:8112', 'lb2', { ours: true }),
      voter('witness', '192.0.2.3:8112', 'w1', {}),
      voter('witness', '192.0.2.4:8112', null, {}),
      voter('witness', '192.0.2.5:8112', 'w1', { double: true }),
    ];
    const node = await startNode(() => ({ agent: ready, instances: [front({ voters, adverts: {} })] }));
    const { stdout } = await portico(['vrrp', 'status', '--admin', node.url]);
    const lines = stdout.split('\n');
    expect(lines).toContainEqual(
      expect.stringMatching(/^addresses front +voter silent +witness 192\.0\.2\.4:8112 is not/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^addresses front +voter twice +witness 192\.0\.2\.5:8112 is a voter/),
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^front: active .*; voters: lb2 \(ours\), w1, 192\.0\.2\.4:8112 \(silent\), w1$/),
    );
  });

  test('gives programs the JSON as it is', async () => {
    const fixed = whole();
    const node = await startNode(() => fixed);
    const { stdout } = await portico(['vrrp', 'status', '--json', '--admin', node.url]);
    expect(JSON.parse(stdout)).toEqual(fixed);
  });

  test('cannot steer the terminal by what others say', async () => {
    const words = 'active\x1b[2J\u202e';
    const node = await startNode(() => ({ agent: { ...ready, realTime: '\x1b[1m' }, instances: [front({ words })] }));
    const { stdout } = await portico(['vrrp', '--admin', node.url]);
    expect(stdout).toContain('active\u{fffd}[2J');
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)|\u202e/u);
  });

  test('of a node that shares none fails, and says why', async () => {
    const node = await startNode(() => undefined);
    expect(await portico(['vrrp', '--admin', node.url])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portico: expected a node that shares addresses, this one has vrrp: off\n',
    });
  });

  test('of what is no such reply fails', async () => {
    const node = await startNode(() => ({ agent: {}, instances: [{}] }) as unknown as VrrpReply);
    const { status, stderr } = await portico(['vrrp', '--admin', node.url]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is it of another version?')]);
  });

  test.each([
    { args: ['status', 'front'], said: 'did not expect "front"' },
    { args: ['status', '--wait', '1s'], said: '--reason and --wait are for handover' },
    { args: ['handover', '--json'], said: '--json is for vrrp status' },
    { args: ['drain'], said: 'expected status, handover, release or resume, got "drain"' },
  ])('$args is wrong usage', async ({ args, said }) => {
    const { status, stderr } = await portico(['vrrp', ...args, '--admin', 'http://127.0.0.1:9']);
    expect([status, stderr]).toEqual([2, expect.stringContaining(said)]);
  });
});

const handedOver = (of: Partial<InstanceReply> = {}) =>
  front({ role: 'backup', maintenance: { kind: 'handover', by: 'ops' }, ...of });
const alive = { source: '192.0.2.2', priority: 100, at: minutes(0), alive: true };

/** What the node says, one after the other; the last one from then on. */
function sequence(...states: readonly InstanceReply[]): () => VrrpReply {
  const left = [...states];
  return () => ({ agent: ready, instances: [(left.length > 1 ? left.shift() : left[0]) as InstanceReply] });
}

describe('an order', () => {
  test.each([
    { args: ['handover', 'front', '--reason', 'x'], url: '/api/v1/vrrp/instances/front/handover', reason: 'x' },
    { args: ['handover'], url: '/api/v1/vrrp/handover' },
    { args: ['release', 'front'], url: '/api/v1/vrrp/instances/front/release' },
    { args: ['resume'], url: '/api/v1/vrrp/resume' },
  ])('$args is given, and told in words', async ({ args, url, reason }) => {
    const node = await startNode(sequence(front()), (response) => reply(response, 200, sequence(front())()));
    expect(await portico(['vrrp', ...args, '--admin', node.url])).toEqual({
      status: 0,
      stdout: 'front: active since then, because nobody advertised\n',
      stderr: '',
    });
    const who = `portico vrrp ${args[0]}, by ${userInfo().username} at ${hostname()}`;
    expect(node.changes).toMatchObject([{ method: 'POST', url, source: 'cli', body: { reason: reason ?? who } }]);
  });

  test('for what there is not changes nothing', async () => {
    const node = await startNode(sequence(front()));
    const ended = await portico(['vrrp', 'release', 'fornt', '--admin', node.url]);
    expect(ended).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portico: there is no instance "fornt", did you mean front?\n',
    });
    expect(node.changes).toEqual([]);
  });

  test('that is refused says why', async () => {
    const node = await startNode(sequence(front()), (response) =>
      problem(response, 409, 'nothing-to-hand-over', 'expected active, front is backup'),
    );
    const ended = await portico(['vrrp', 'handover', '--admin', node.url]);
    expect(ended).toMatchObject({ status: 1, stderr: 'portico: expected active, front is backup\n' });
  });

  test.each([
    {
      name: 'handover: another one is active',
      args: ['handover'],
      states: [front(), handedOver({ role: 'leaving', heard: null }), handedOver({ heard: alive })],
      ended: { status: 0, stdout: /^front: 192\.0\.2\.2 is active after / },
    },
    {
      name: 'release: another one is active',
      args: ['release', 'front'],
      states: [front(), handedOver({ role: 'released', heard: alive })],
      ended: { status: 0, stdout: /^front: 192\.0\.2\.2 is active after / },
    },
    {
      name: 'resume: this one is active',
      args: ['resume'],
      states: [handedOver(), front({ role: 'backup' }), front()],
      ended: { status: 0, stdout: /^front: active after / },
    },
    {
      name: 'nobody took over',
      args: ['handover'],
      states: [front(), front()],
      ended: { status: 1, stderr: /portico: front: nobody took over: active since then, because nobody advertised\n/ },
    },
    {
      name: 'somebody resumed it',
      args: ['release', 'front'],
      states: [front(), front({ role: 'backup' })],
      ended: { status: 1, stderr: /portico: front: it was resumed meanwhile/ },
    },
    {
      name: 'somebody took it away again',
      args: ['resume', 'front'],
      states: [handedOver(), handedOver()],
      ended: { status: 1, stderr: /portico: front was taken away again by ops/ },
    },
    {
      name: 'the time is over',
      args: ['handover'],
      wait: '300ms',
      states: [front(), handedOver({ role: 'leaving', heard: null })],
      ended: {
        status: 3,
        stderr:
          /in vain after 300 ms: front is handing over, hears nobody; it stays as it was told; portico vrrp resume/,
      },
    },
    {
      name: 'the time is over for a resume',
      args: ['resume', 'front'],
      wait: '300ms',
      states: [handedOver(), front({ role: 'backup', heard: alive })],
      ended: { status: 3, stderr: /front is backup, hears 192\.0\.2\.2; it stays resumed/ },
    },
  ])('is waited for: $name', async ({ args, states, wait = '9s', ended }) => {
    const after = sequence(args[0] === 'resume' ? front() : handedOver({ role: 'leaving' }))();
    const node = await startNode(sequence(states[0] as InstanceReply, ...states), (response) =>
      reply(response, 200, after),
    );
    const { status, stdout, stderr } = await portico(['vrrp', ...args, '--wait', wait, '--admin', node.url]);
    expect(status).toBe(ended.status);
    if (ended.stdout !== undefined) expect(stdout).toMatch(ended.stdout);
    if (ended.stderr !== undefined) expect(stderr).toMatch(ended.stderr);
  });

  test('holds when somebody interrupts the waiting', async () => {
    const node = await startNode(sequence(front(), handedOver({ role: 'leaving', heard: null })), (response) =>
      reply(response, 200, sequence(handedOver({ role: 'leaving' }))()),
    );
    const running = startCommand(['vrrp', 'handover', '--wait', '1m', '--admin', node.url]);
    await running.says('handing over');
    running.signal('SIGINT');
    const { status, stderr } = await running.ended();
    expect(status).toBe(130);
    expect(stderr).toContain('interrupted while waiting; it stays as it was told; portico vrrp resume ends that');
  });
});

test('status of a node that shares addresses has them', async () => {
  const { name, role, since, words, maintenance } = back();
  const node = await startNode(() => ({
    agent: ready,
    instances: [{ name, role, since, words, maintenance, droppedAt: null }],
  }));
  const { stdout } = await portico(['status', '--admin', node.url]);
  expect(`\n${stdout}`).toBe(`
edge-1

addresses back  released  released by alice: no trust

ADDRESSES  STATE     FOR
back       released  1 h
`);
});
