import type { IncomingMessage, ServerResponse } from 'node:http';
import { hostname, userInfo } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { DatacenterReply, DnsReply } from '../../src/cli/dns-replies.ts';
import { portico, startOnTerminal } from './command-runs.ts';
import { problem, reply, ScriptedNode } from './scripted-node.ts';

/** `dns`: what is told of the name server, and what is asked of datacenters. */

/** Half a minute from the next full one: a test that takes its time still reads the same. */
const minutes = (count: number) => new Date(Date.now() + count * 60_000 + Math.sign(count) * 30_000).toISOString();

const us: DatacenterReply = { name: 'us', own: true, addresses: ['192.0.2.1'], health: 'up', effective: 'serving' };
const uk = (): DatacenterReply => ({
  name: 'uk',
  addresses: ['192.0.2.10', '2001:db8::10'],
  health: 'down',
  effective: 'down',
  healthSince: minutes(-3),
  problem: 'connection refused',
  ttlLimit: 10,
  lastCheck: { at: minutes(-2), duration: 0.42 },
});
const au = (): DatacenterReply => ({
  name: 'au',
  health: 'unknown',
  effective: 'drain',
  override: { by: 'alice', reason: 'new switches', since: minutes(-5), expires: minutes(30) },
});

const whole = (): DnsReply => ({
  engine: 'plain',
  fallback: 'node:ffi is not there',
  threads: 1,
  listeners: ['0.0.0.0:53', '[::]:53'],
  datacenters: [us, uk(), au()],
  failingOpen: [['uk', 'au']],
  zones: [
    { name: 'example.com', serial: 2026112101, records: 1200, file: null, problems: [] },
    {
      name: 'example.org',
      serial: 7,
      records: 12,
      file: 'zones/org',
      problems: ['zones/org:3: expected a TTL, got x'],
    },
  ],
  databases: [{ file: 'City.mmdb', type: 'GeoLite2-City', built: minutes(-48 * 60), problem: 'City.mmdb is cut off' }],
  counters: {
    queries: { udp: 12_345, tcp: 67 },
    replies: { NOERROR: 12_000, NXDOMAIN: 400, FORMERR: 0 },
    limited: 8,
    dropped: 3,
    answers: { us: 9000, au: 1000 },
  },
});

const STATUS = `
name server, at 0.0.0.0:53, [::]:53, plain engine, 1 thread

dns                 failing open  of uk, au none is in service: answers are given as if all were
zone example.org    refused       zones/org:3: expected a TTL, got x
database City.mmdb  refused       City.mmdb is cut off
engine              plain         not the one that was wanted: node:ffi is not there

DATACENTER  STATE     HEALTH            LAST CHECK  TTL LIMIT  ANSWERS  SHARE  ADDRESSES                 WHY
us          serving   up                         –          –    9,000  90.0%  192.0.2.1
uk          down      down       0.4 ms, 2 min ago       10 s        0   0.0%  192.0.2.10, 2001:db8::10  down for 3 min: connection refused
au          draining  unchecked                  –          –    1,000  10.0%                            by alice, for 5 min, 30 min to go: new switches

ZONE             SERIAL  RECORDS  FROM
example.com  2026112101    1,200  the configuration
example.org           7       12  zones/org

DATABASE   TYPE           BUILT       AGE
City.mmdb  GeoLite2-City  DAY         2 d

UDP QUERIES  TCP QUERIES  NOERROR  NXDOMAIN  LIMITED  DROPPED
     12,345           67   12,000       400        8        3
`;

/** A node whose name server is this; changes are answered by what `changed` makes of them. */
function startNode(dns: DnsReply | undefined, changed: (response: ServerResponse) => void = () => {}) {
  const answer = ({ method, url }: IncomingMessage, response: ServerResponse): boolean => {
    if (method === 'PUT') changed(response);
    else if (url !== '/api/v1/dns') return false;
    else if (dns !== undefined) reply(response, 200, dns);
    else problem(response, 409, 'dns-off', 'expected a node with a name server, this one has dns: off');
    return true;
  };
  return ScriptedNode.start({ answer, status: { node: 'edge-1', dns: dns ?? null } });
}

describe('dns status', () => {
  test.each([{ args: ['dns'] }, { args: ['dns', 'status'] }])('tells what is wrong first: $args', async ({ args }) => {
    const node = await startNode(whole());
    const { status, stdout, stderr } = await portico([...args, '--admin', node.url]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(`\n${stdout.replace(/\d{4}-\d\d-\d\d/, 'DAY       ')}`).toBe(STATUS);
  });

  test('of one that is well has no more than it needs', async () => {
    const node = await startNode({ datacenters: [us], failingOpen: [], engine: 'batch', threads: 1, fallback: null });
    const { stdout } = await portico(['dns', '--admin', node.url]);
    expect(`\n${stdout}`).toBe(`
name server, batch engine, 1 thread

DATACENTER  STATE    HEALTH  LAST CHECK  TTL LIMIT  ANSWERS  SHARE  ADDRESSES
us          serving  up               –          –        0      –  192.0.2.1
`);
  });

  test('says so when nobody answers, as the thread died', async () => {
    const node = await startNode({ datacenters: [], failingOpen: [], threads: 0 });
    const { stdout } = await portico(['dns', '--admin', node.url]);
    expect(stdout).toContain('\ndns  silent  the thread died, and is started again\n');
  });

  test('fits a terminal, and has colours on it', async () => {
    const node = await startNode(whole());
    const { stdout } = await startOnTerminal(['dns', '--admin', node.url], { columns: 80 }).ended();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the colours
    const lines = stdout.replaceAll(/\x1b\[\d+m/g, '').split('\r\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(stdout).toContain('\x1b[31mfailing open\x1b[39m');
    expect(stdout).toContain('\x1b[33mdraining\x1b[39m');
  });

  test('gives programs the JSON as it is', async () => {
    const node = await startNode(whole());
    const { stdout } = await portico(['dns', 'status', '--json', '--admin', node.url]);
    expect(stdout).toBe(`${await (await fetch(`${node.url}/api/v1/dns`)).text()}\n`);
  });

  test('cannot steer the terminal by what is in a zone', async () => {
    const zones = [{ name: 'a\x1b[2J', serial: 1, records: 2, file: 'b\nc', problems: ['\u202ex'] }];
    const node = await startNode({ ...whole(), zones, listeners: ['\x1b[1m'] });
    const { stdout } = await portico(['dns', '--admin', node.url]);
    expect(stdout).toContain('a\u{fffd}[2J');
    expect(stdout).not.toMatch(/\p{Cc}(?<!\n)|\u202e/u);
  });

  test('of a node without a name server fails, and says why', async () => {
    const node = await startNode(undefined);
    expect(await portico(['dns', '--admin', node.url])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portico: expected a node with a name server, this one has dns: off\n',
    });
  });

  test('of what is no such reply fails', async () => {
    const node = await startNode({ datacenters: [{}] } as unknown as DnsReply);
    const { status, stderr } = await portico(['dns', '--admin', node.url]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('is it of another version?')]);
  });
});

describe('a change of a datacenter', () => {
  const drained = (more: object) => ({
    ...us,
    name: 'uk',
    effective: 'drain',
    override: { by: 'ops', since: minutes(-1), ...more },
  });

  test.each([
    {
      args: ['drain', 'uk', '--reason', 'flooded'],
      body: { admin: 'drain', reason: 'flooded', expires: null },
      state: () => drained({ reason: 'flooded' }),
      told: 'uk: draining, by ops, for 1 min: flooded',
    },
    {
      args: ['down', 'uk', '--for', '10m', '--force'],
      body: { admin: 'down', expires: '600000ms', force: true },
      state: () => ({ ...drained({ expires: minutes(9) }), effective: 'down' }),
      told: 'uk: down, by ops, for 1 min, 9 min to go',
    },
    { args: ['enable', 'uk'], body: { admin: 'active' }, state: () => ({ ...us, name: 'uk' }), told: 'uk: serving' },
    {
      args: ['enable', 'uk'],
      body: { admin: 'active' },
      state: uk,
      told: 'uk: down, down for 3 min: connection refused',
    },
  ])('$args: $told', async ({ args, body, state, told }) => {
    const node = await startNode(whole(), (response) => reply(response, 200, state()));
    expect(await portico(['dns', ...args, '--admin', node.url])).toEqual({
      status: 0,
      stdout: `${told}\n`,
      stderr: '',
    });
    expect(node.changes).toEqual([
      {
        method: 'PUT',
        url: '/api/v1/dns/datacenters/uk/state',
        authorization: undefined,
        source: 'cli',
        body: { reason: `portico dns ${args[0]}, by ${userInfo().username} at ${hostname()}`, ...body },
      },
    ]);
  });

  test.each([
    { name: 'ukk', said: 'there is no datacenter "ukk", did you mean uk?' },
    { name: 'somewhere', said: 'there is no datacenter "somewhere"' },
  ])('of $name, which there is not, changes nothing', async ({ name, said }) => {
    const node = await startNode(whole());
    const ended = await portico(['dns', 'drain', name, '--admin', node.url]);
    expect(ended).toEqual({ status: 1, stdout: '', stderr: `portico: ${said}\n` });
    expect(node.changes).toEqual([]);
  });

  test('that would take away the last one in service says how to do it all the same', async () => {
    const detail = 'of us, uk no datacenter would be left in service';
    const node = await startNode(whole(), (response) => problem(response, 409, 'last-datacenter', detail));
    const { status, stderr } = await portico(['dns', 'drain', 'us', '--admin', node.url]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: `portico: ${detail}; --force does it all the same\n` });
  });
});

test('status of a node with a name server has its datacenters', async () => {
  const node = await startNode({ datacenters: [us, uk(), au()], failingOpen: [] });
  const { stdout } = await portico(['status', '--admin', node.url]);
  expect(`\n${stdout}`).toBe(`
edge-1

datacenter uk  down      down for 3 min: connection refused
datacenter au  draining  by alice, for 5 min, 30 min to go: new switches

DATACENTER  STATE     HEALTH            LAST CHECK  TTL LIMIT
us          serving   up                         –          –
uk          down      down       0.4 ms, 2 min ago       10 s
au          draining  unchecked                  –          –
`);
});
