import { hostname, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import { portico, startCommand, startOnTerminal } from './command-runs.ts';
import { origin, type Pool, problem, ScriptedNode } from './scripted-node.ts';

/** `drain`, `disable`, `enable`: what is asked of the node, what is told, and how it waits. */

const pools = (): readonly Pool[] => [
  { name: 'app', origins: [origin('app1', { inFlight: 3 }), origin('app2')] },
  { name: 'web', origins: [origin('app1'), origin('10.0.1.66:80', { url: 'http://10.0.1.66:80' })] },
];

const startNode = () => ScriptedNode.start({ pools: pools() });

describe('a change', () => {
  test.each([
    {
      args: ['drain', 'app/app1'],
      path: '/pools/app/origins/app1/state',
      body: { admin: 'drain' },
      told: 'app/app1: draining, 3 in flight',
    },
    {
      args: ['drain', 'app2', '--reason', 'deploy 42', '--force'],
      path: '/pools/app/origins/app2/state',
      body: { admin: 'drain', reason: 'deploy 42', force: true },
      told: 'app/app2: drained',
    },
    {
      args: ['drain', 'app/app1', '--deadline', '5m', '--cut'],
      path: '/pools/app/origins/app1/state',
      body: { admin: 'drain', deadline: '300000ms', onDeadline: 'cut' },
      told: 'app/app1: draining, 3 in flight',
    },
    {
      args: ['disable', 'app/app1', '--deadline=90s'],
      path: '/pools/app/origins/app1/state',
      body: { admin: 'maint', deadline: '90000ms', onDeadline: 'keep' },
      told: 'app/app1: maint, 3 in flight',
    },
    {
      args: ['enable', 'http://10.0.1.66:80/'],
      path: '/pools/web/origins/10.0.1.66%3A80/state',
      body: { admin: 'active' },
      told: 'web/10.0.1.66:80: active',
    },
  ])('$args', async ({ args, path, body, told }) => {
    const node = await startNode();
    expect(await portico([...args, '--admin', node.url])).toEqual({ status: 0, stdout: `${told}\n`, stderr: '' });
    expect(node.changes).toEqual([
      {
        method: 'PUT',
        url: `/api/v1${path}`,
        authorization: undefined,
        source: 'cli',
        body: { reason: expect.any(String), ...body },
      },
    ]);
  });

  test('without a reason tells who it was on this machine', async () => {
    const node = await startNode();
    await portico(['disable', 'app2', '--admin', node.url]);
    const { username } = userInfo();
    expect(node.changes).toMatchObject([{ body: { reason: `portico disable, by ${username} at ${hostname()}` } }]);
  });

  test.each([
    { name: 'app/ap1', said: 'pool app has no origin "ap1", did you mean app/app1?' },
    { name: 'app3', said: 'there is no origin "app3", did you mean app1?' },
    { name: 'apq/app2', said: 'there is no origin "apq/app2", did you mean app/app2?' },
    { name: 'something-else', said: 'there is no origin "something-else"' },
    { name: 'app1', said: 'app1 is in several pools: which of app/app1, web/app1?' },
  ])('of $name, which is no name of one origin, changes nothing', async ({ name, said }) => {
    const node = await startNode();
    expect(await portico(['drain', name, '--admin', node.url])).toEqual({
      status: 1,
      stdout: '',
      stderr: `portico: ${said}\n`,
    });
    expect(node.changes).toEqual([]);
  });

  test('that would take away the last usable origin says how to do it all the same', async () => {
    const detail = 'app1 is the last usable origin of pool app';
    const node = await ScriptedNode.start({
      pools: pools(),
      answer: ({ method }, response) => {
        if (method === 'PUT') problem(response, 409, 'last-active-origin', detail);
        return method === 'PUT';
      },
    });
    const { status, stderr } = await portico(['drain', 'app/app1', '--wait', '10s', '--admin', node.url]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `portico: ${detail}; --force does it all the same\n` });
  });
});

describe('--all-pools', () => {
  const machine = (): readonly Pool[] => [
    { name: 'app', origins: [origin('one', { url: 'http://10.0.1.66:80', inFlight: 2 }), origin('app2')] },
    { name: 'web', origins: [origin('two', { url: 'http://10.0.1.66:81', inFlight: 1 })] },
  ];

  test('changes all that is on one host at once', async () => {
    const node = await ScriptedNode.start({ pools: machine() });
    const { status, stdout } = await portico(['drain', '10.0.1.66', '--all-pools', '--force', '--admin', node.url]);
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'app/one: draining, 2 in flight\nweb/two: draining, 1 in flight\n',
    });
    expect(node.received).toMatchObject([
      {
        method: 'POST',
        url: '/api/v1/operations',
        body: { select: { host: '10.0.1.66' }, admin: 'drain', force: true },
      },
    ]);
  });

  test('waits for all of them', async () => {
    const node = await ScriptedNode.start({ pools: machine() });
    const run = startCommand(['drain', '10.0.1.66', '--all-pools', '--wait', '60s', '--admin', node.url]);
    await node.polled();
    const polled = node.polled();
    node.set('app/one', { inFlight: 0 });
    await polled;
    node.set('web/two', { inFlight: 0 });
    const { status, stdout } = await run.ended();
    expect({ status, stdout: stdout.replaceAll(/\d+ m?s/g, 'N') }).toEqual({
      status: 0,
      stdout: 'app/one: drained after N\nweb/two: drained after N\n',
    });
  });

  test('has one time for all of them', async () => {
    const node = await ScriptedNode.start({ pools: machine() });
    const { status } = await portico(['drain', '10.0.1.66', '--all-pools', '--wait', '300ms', '--admin', node.url]);
    expect(status).toBe(3);
  });
});

describe('--wait', () => {
  test('comes back when nothing is in flight any more', async () => {
    const node = await startNode();
    const polled = node.polled();
    const run = startCommand(['drain', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await polled;
    node.set('app/app1', { inFlight: 0, effective: 'drained' });
    expect(await run.ended()).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^app\/app1: drained after \d+ m?s\n$/),
      stderr: '',
    });
  });

  test('ends with 3 when its time is over, and the drain stays', async () => {
    const node = await startNode();
    const { status, stdout, stderr } = await portico(['drain', 'app/app1', '--wait', '300ms', '--admin', node.url]);
    expect({ status, stdout, stderr }).toEqual({
      status: 3,
      stdout: '',
      stderr:
        'portico: app/app1 is not drained after 300 ms: draining, 3 in flight; it stays set to drain; portico enable puts it back\n',
    });
    expect(node.changes).toHaveLength(1);
  });

  test('tells a log how far it is when something has changed', async () => {
    const node = await ScriptedNode.start({
      pools: pools(),
      // It answers at once each time, as if the time of the poll were over.
      answer: ({ url = '' }, response) => {
        if (!url.includes('wait=')) return false;
        const now = node.pools[0]?.origins[0];
        if (now?.inFlight === 0) return false;
        problem(response, 409, 'not-drained', 'not drained', { origin: now });
        return true;
      },
    });
    const run = startCommand(['disable', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await run.says(/3 in flight/);
    node.set('app/app1', { inFlight: 1 });
    await run.says(/1 in flight/);
    node.set('app/app1', { inFlight: 0 });
    const { status, stdout, stderr } = await run.ended();
    expect({ status, stdout: stdout.replace(/\d+ m?s/, 'N s') }).toEqual({
      status: 0,
      stdout: 'app/app1: drained after N s\n',
    });
    expect(stderr.replaceAll(/\d+ m?s of/g, 'N s of')).toBe(
      'app/app1: maint, 3 in flight, N s of 1 min\napp/app1: maint, 1 in flight, N s of 1 min\n',
    );
  });

  test('writes one line again and again on a terminal', async () => {
    const node = await startNode();
    const run = startOnTerminal(['drain', 'app/app1', '--wait', '60s', '--admin', node.url], { columns: 44 });
    await run.says('\rapp/app1: draining, 3 in flight, 1 s of 1…\x1b[K');
    await run.says('\rapp/app1: draining, 3 in flight, 2 s of 1…\x1b[K');
    node.set('app/app1', { inFlight: 0 });
    const { status, stdout } = await run.ended();
    expect(status).toBe(0);
    expect(stdout.split('\x1b[K').at(-1)).toMatch(/^app\/app1: drained after \d s\r\n$/);
    expect(stdout.match(/\n/g)).toHaveLength(1);
  });

  test('leaves the drain as it is when it is interrupted, and says so', async () => {
    const node = await startNode();
    const run = startOnTerminal(['drain', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await run.says(/in flight/);
    run.type('\x03');
    const { status, stdout } = await run.ended();
    expect(status).toBe(130);
    expect(stdout.split('\x1b[K').at(-1)).toBe(
      'portico: interrupted while waiting for app/app1; it stays set to drain; portico enable puts it back\r\n',
    );
    expect(node.changes).toHaveLength(1);
  });

  test('ends when somebody else puts the origin back', async () => {
    const node = await startNode();
    const polled = node.polled();
    const run = startCommand(['drain', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await polled;
    node.set('app/app1', { admin: 'active', effective: 'active', override: { by: 'bob', since: '' } });
    expect(await run.ended()).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portico: app/app1 was set to active by bob meanwhile\n',
    });
  });

  test('is content with an origin that was removed, and is empty', async () => {
    const node = await startNode();
    const polled = node.polled();
    const run = startCommand(['drain', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await polled;
    node.set('app/app1', { effective: 'removed' });
    expect(await run.ended()).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^app\/app1: removed after \d+ m?s\n$/),
      stderr: '',
    });
  });

  test('says that the node has gone meanwhile', async () => {
    const node = await startNode();
    const polled = node.polled();
    const run = startCommand(['drain', 'app/app1', '--wait', '60s', '--admin', node.url]);
    await polled;
    node.close();
    const { status, stderr } = await run.ended();
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: `portico: ${node.url} ended the connection without an answer; is it https:?\n`,
    });
  });

  test('of enable waits until the origin is up', async () => {
    const node = await startNode();
    node.set('app/app2', { admin: 'maint', effective: 'maint', health: 'checking' });
    const polled = node.polled();
    const run = startCommand(['enable', 'app/app2', '--wait', '30s', '--admin', node.url]);
    await polled;
    node.set('app/app2', { health: 'up' });
    expect(await run.ended()).toEqual({
      status: 0,
      stdout: expect.stringMatching(/^app\/app2: up after \d+ m?s\n$/),
      stderr: '',
    });
    expect(node.received.at(-1)?.url).toMatch(/\/app2\?wait=up&timeout=5000ms$/);
  });
});
