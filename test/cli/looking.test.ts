import { describe, expect, test } from 'vitest';
import { portico, startCommand, startOnTerminal } from './command-runs.ts';
import { origin, type Pool, ScriptedNode } from './scripted-node.ts';

/** `origins` and `status`: what people see, and what programs get. */

/** Half a minute from the next full one: a test that takes its time still reads the same. */
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000 - 30_000).toISOString();

const pools = (): readonly Pool[] => [
  {
    name: 'app',
    queued: 0,
    origins: [
      origin('app1', { inFlight: 12, rate: 104.25, errors: 0.004, latency: 12.4, weight: 10 }),
      origin('app2', {
        admin: 'drain',
        effective: 'draining',
        inFlight: 3,
        rate: 1.5,
        latency: 8.25,
        drain: { since: ago(5), deadline: null, drained: false },
        override: { by: 'alice', reason: 'deploy 42', since: ago(5), expires: null },
      }),
      origin('app3', {
        health: 'down',
        effective: 'down',
        healthSince: ago(130),
        problem: 'expected status 200-399, got 500',
      }),
      origin('app4', { role: 'standby', effective: 'standby' }),
    ],
  },
  { name: 'web', queued: 2, origins: [origin('10.0.1.66:80', { health: 'unknown', inFlight: 1200, latency: 1500 })] },
];

const status = () => ({
  node: 'edge-1',
  region: 'us',
  version: '0.1.0',
  pid: 4711,
  uptime: 3 * 86_400 + 4 * 3600 + 30,
  workers: 4,
  generation: 12,
  listeners: [
    { address: '0.0.0.0:80', protocol: 'http' },
    { address: '0.0.0.0:443', protocol: 'https' },
  ],
  cache: {
    hits: 931,
    forwards: 69,
    memory: { objects: 10_234, bytes: 125_829_120, capacity: 268_435_456 },
    disk: { objects: 1_000_000, bytes: 1_288_490_189, capacity: 10 * 1024 ** 3 },
  },
  siblings: [
    { name: 'us-2', health: 'alive', fetching: 'on', problem: null, link: 'up', roundTrip: 0.42, ...ASKED },
    { name: 'squid', health: 'dead', problem: 'does not answer', link: 'stranger', roundTrip: null, queries: 12 },
  ],
});

const ASKED = { queries: 12_345, hits: 6_170, timeouts: 40, fetched: 6_000, falseHits: 3 };

const ORIGINS = `
POOL  ORIGIN        STATE     HEALTH     ROLE     WEIGHT  IN FLIGHT  REQ/S  ERRORS  FIRST BYTE  WHY
app   app1          active    up         primary      10         12    104    0.4%       12 ms
app   app2          draining  up         primary       1          3    1.5    0.0%      8.3 ms  3 in flight; by alice, for 5 min: deploy 42
app   app3          down      down       primary       1          0    0.0    0.0%           –  down for 2 h 10 min: expected status 200-399, got 500
app   app4          standby   up         standby       1          0    0.0    0.0%           –
web   10.0.1.66:80  active    unchecked  primary       1       1200    0.0    0.0%     1500 ms
`;

const STATUS = `
edge-1 (us), portico 0.1.0, up 3 d 4 h, pid 4711, 4 workers, generation 12

app/app3  down      down for 2 h 10 min: expected status 200-399, got 500
app/app2  draining  3 in flight; by alice, for 5 min: deploy 42
squid     dead      does not answer

LISTENER     PROTOCOL
0.0.0.0:80   http
0.0.0.0:443  https

POOL      UP  IN FLIGHT  QUEUED  REQ/S  ERRORS
app   2 of 4         15       0    106    0.4%
web   1 of 1      1,200       2    0.0       –

CACHE     OBJECTS     USED       OF   HITS
memory     10,234  120 MiB  256 MiB  93.1%
disk    1,000,000  1.2 GiB   10 GiB

SIBLING  STATE  LINK  ROUND TRIP  QUERIES   HITS  FALSE HITS  TIMEOUTS
us-2     alive  up        0.4 ms   12,345  50.0%           3        40
squid    dead   –              –       12   0.0%           0         0
`;

describe('origins', () => {
  test('are a table', async () => {
    const node = await ScriptedNode.start({ pools: pools() });
    const { status: exit, stdout, stderr } = await portico(['origins', '--admin', node.url]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(`\n${stdout}`).toBe(ORIGINS);
  });

  test('of one pool are those alone', async () => {
    const node = await ScriptedNode.start({ pools: pools() });
    const { stdout } = await portico(['origins', 'web', '--admin', node.url]);
    expect(`\n${stdout}`).toBe(`
POOL  ORIGIN        STATE   HEALTH     WEIGHT  IN FLIGHT  REQ/S  ERRORS  FIRST BYTE
web   10.0.1.66:80  active  unchecked       1       1200    0.0    0.0%     1500 ms
`);
  });

  test('of a pool that there is not: what was most likely meant', async () => {
    const node = await ScriptedNode.start({ pools: pools() });
    expect(await portico(['origins', 'wep', '--admin', node.url])).toEqual({
      status: 1,
      stdout: '',
      stderr: 'portico: there is no pool "wep", did you mean web?\n',
    });
  });

  test.each([
    { args: ['origins', '--json'], path: '/api/v1/pools' },
    { args: ['origins', 'app', '--json'], path: '/api/v1/pools/app' },
    { args: ['status', '--json'], path: '/api/v1/status' },
  ])('$args: programs get the JSON of $path as it is', async ({ args, path }) => {
    const node = await ScriptedNode.start({ pools: pools(), status: status() });
    const { stdout } = await portico([...args, '--admin', node.url]);
    expect(stdout).toBe(`${await (await fetch(node.url + path)).text()}\n`);
  });

  test('fit the terminal: columns that can be done without go, and the last one is cut', async () => {
    const node = await ScriptedNode.start({ pools: pools() });
    const { stdout } = await startOnTerminal(['origins', '--admin', node.url], {
      columns: 80,
      env: { NO_COLOR: '1' },
    }).ended();
    expect(`\n${stdout.replaceAll('\r\n', '\n')}`).toBe(`
POOL  ORIGIN        STATE     HEALTH     IN FLIGHT  REQ/S  ERRORS  WHY
app   app1          active    up                12    104    0.4%
app   app2          draining  up                 3    1.5    0.0%  3 in flight;…
app   app3          down      down               0    0.0    0.0%  down for 2 h…
app   app4          standby   up                 0    0.0    0.0%
web   10.0.1.66:80  active    unchecked       1200    0.0    0.0%
`);
  });

  test('have colours on a terminal', async () => {
    const node = await ScriptedNode.start({ pools: pools() });
    const { stdout } = await startOnTerminal(['origins', '--admin', node.url]).ended();
    expect(stdout).toContain('\x1b[31mdown\x1b[39m');
    expect(stdout).toContain('\x1b[33mdraining\x1b[39m');
  });

  test.each([
    { name: 'with NO_COLOR', env: { NO_COLOR: '1' } },
    { name: 'on a dumb one', env: { TERM: 'dumb' } },
  ])('have none $name', async ({ env }) => {
    const node = await ScriptedNode.start({ pools: pools() });
    const { stdout } = await startOnTerminal(['origins', '--admin', node.url], { env }).ended();
    expect(stdout).not.toContain('\x1b');
  });

  test('cannot steer the terminal by what somebody gave as a reason', async () => {
    const override = { by: 'mallory', reason: 'a\x1b[2J\u202eb\nc', since: ago(1) };
    const node = await ScriptedNode.start({ pools: [{ name: 'app', origins: [origin('app1', { override })] }] });
    const { stdout } = await portico(['origins', '--admin', node.url]);
    expect(stdout).toContain('by mallory, for 1 min: a\u{fffd}[2J\u{fffd}b c\n');
  });

  test('may be read only in part', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) => origin(`origin-${index}`));
    const node = await ScriptedNode.start({ pools: [{ name: 'app', origins: many }] });
    const run = startCommand(['origins', '--admin', node.url]);
    run.stopReading();
    expect(await run.ended()).toEqual({ status: 0, stdout: '', stderr: '' });
  });
});

describe('status', () => {
  test('tells what is unusual first', async () => {
    const node = await ScriptedNode.start({ pools: pools(), status: status() });
    const { status: exit, stdout, stderr } = await portico(['status', '--admin', node.url]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(`\n${stdout}`).toBe(STATUS);
  });

  test('says so when nothing is', async () => {
    const node = await ScriptedNode.start({
      pools: [{ name: 'app', origins: [origin('app1')] }],
      status: { node: 'edge-1', cache: null },
    });
    const { stdout } = await portico(['status', '--admin', node.url]);
    expect(`\n${stdout}`).toBe(`
edge-1

nothing unusual

POOL      UP  IN FLIGHT  QUEUED  REQ/S  ERRORS
app   1 of 1          0       0    0.0       –
`);
  });

  test('tells what else somebody set, but not who enabled what is as the file says', async () => {
    const override = { by: 'alice', reason: 'slow disk', since: ago(5) };
    const node = await ScriptedNode.start({
      pools: [
        {
          name: 'app',
          origins: [
            origin('app1', { override: { ...override, values: { admin: 'active' } } }),
            origin('app2', { weight: 5, override: { ...override, values: { weight: 5, ignoreErrors: true } } }),
            origin('app3', { ejectedUntil: new Date(Date.now() + 29_500).toISOString(), effective: 'down' }),
          ],
        },
      ],
      status: { node: 'edge-1' },
    });
    const { stdout } = await portico(['status', '--admin', node.url]);
    expect(stdout.split('\n\n')[1]?.replace(/2\d s/, '2N s')).toBe(
      `app/app3  down    ejected, as requests failed: 2N s to go
app/app2  active  weight 5, ignoreErrors by alice, for 5 min: slow disk`,
    );
  });

  test('makes siblings that are out, or not linked any more, stand out', async () => {
    const missed = 'the link is down: ECONNREFUSED; has missed 3 purges';
    const node = await ScriptedNode.start({
      status: {
        node: 'edge-1',
        siblings: [
          { name: 'us-2', health: 'alive', fetching: 'on', link: 'down', problem: missed },
          { name: 'us-3', health: 'alive', fetching: 'paused', link: 'up', problem: 'it does not deliver' },
          { name: 'us-4', health: 'unknown', fetching: 'on', link: 'trying', problem: null },
        ],
      },
    });
    const { stdout } = await startOnTerminal(['status', '--admin', node.url], { columns: 120 }).ended();
    expect(stdout).toContain(`us-2  \x1b[33malive\x1b[39m   ${missed}`);
    expect(stdout).toContain('us-3  \x1b[31mpaused\x1b[39m  it does not deliver');
    expect(stdout).toMatch(/us-2 +\S*alive\S* +\S*\[31mdown/);
    expect(stdout).toMatch(/us-4 +unasked +trying/);
  });

  test('tells of datacenters that are out and databases that were refused, and first of answers that nobody vouches for', async () => {
    const left = new Date(Date.now() + 30 * 60_000 + 30_000).toISOString();
    const node = await ScriptedNode.start({
      pools: [{ name: 'app', origins: [origin('app1')] }],
      status: {
        node: 'edge-1',
        drain: { by: 'bob', since: ago(1) },
        dns: {
          failingOpen: [['us', 'uk', 'au']],
          datacenters: [
            { name: 'us', own: true, health: 'up', effective: 'drain' },
            {
              name: 'uk',
              health: 'down',
              effective: 'drain',
              healthSince: ago(3),
              problem: 'connection refused',
              override: { by: 'alice', reason: 'flooded', since: ago(5), expires: left },
            },
            { name: 'au', health: 'down', effective: 'down', healthSince: ago(2), problem: 'connection refused' },
            { name: 'jp', health: 'up', effective: 'serving' },
            { name: 'br', health: 'unknown', effective: 'serving' },
            { name: 'fr', health: 'up', effective: 'down', override: { by: 'alice', since: ago(1) } },
          ],
          databases: [{ file: 'City.mmdb', type: 'City', built: null, problem: 'City.mmdb is cut off' }],
        },
      },
    });
    const { stdout } = await portico(['status', '--admin', node.url]);
    expect(`\n${stdout.split('\n\n')[1]}\n`).toBe(`
dns                 failing open  of us, uk, au none is in service: answers are given as if all were
datacenter au       down          down for 2 min: connection refused
datacenter fr       down          by alice, for 1 min
datacenter us       draining      this node drains
datacenter uk       draining      down for 3 min: connection refused; by alice, for 5 min, 30 min to go: flooded
database City.mmdb  refused       City.mmdb is cut off
edge-1              draining      the whole node by bob, for 1 min
`);
  });

  test('tells of pools that are in maintenance, or down as a whole', async () => {
    const node = await ScriptedNode.start({
      pools: [
        { name: 'app', panic: true, origins: [origin('app1', { health: 'down', effective: 'down' })] },
        { name: 'web', maintenance: { by: 'bob', reason: 'new database', since: ago(2) }, origins: [origin('web1')] },
      ],
      status: { node: 'edge-1' },
    });
    const { stdout } = await portico(['status', '--admin', node.url]);
    expect(stdout.split('\n\n')[1]).toBe(`app       down         every origin is down, and all are tried all the same
web       maintenance  by bob, for 2 min: new database
app/app1  down         down`);
  });
});
