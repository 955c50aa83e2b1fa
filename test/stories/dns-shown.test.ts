import { Resolver } from 'node:dns/promises';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { maxmindRecord, writeMmdb } from '../support/mmdb-writer.ts';
import { OperatedNode } from '../support/operated-node.ts';
import { answer, startOrigin } from '../support/origin.ts';
import { tempDir } from '../support/temp.ts';
import { INSPECTABLE, WorkerInspector } from '../support/worker-inspector.ts';
import { frontDoor } from './front-door.ts';

/** What operators see of the name server, and do to it: by the API, the command line and the dashboard. */

const ZONE = '$TTL 60\n@ SOA ns1.example.org. hostmaster.example.org. 7 1h 10m 1w 60\n@ NS ns1\nns1 A 192.0.2.53\n';

const DATABASE = writeMmdb({ nets: [['81.2.69.0/24', maxmindRecord({ country: 'GB' })]], type: 'GeoLite2-Country' });

let node: OperatedNode;
let resolver: Resolver;
let file: string;
let database: string;
let isUkReady = true;
let config: object;

beforeAll(async () => {
  const dir = await tempDir();
  file = join(dir, 'example.org.zone');
  await writeFile(file, ZONE);
  database = join(dir, 'city.mmdb');
  await writeFile(database, DATABASE);
  // Of both: what the node is in front of, and the readiness of a node in the other datacenter.
  const origin = await startOrigin(() => answer('ok', { status: isUkReady ? '200 OK' : '503 Service Unavailable' }));
  const dns = {
    listen: ['127.0.0.1:0'],
    geo_database: database,
    datacenters: {
      us: { addresses: ['192.0.2.1'], nets: ['127.0.0.0/8'] },
      uk: {
        addresses: ['192.0.2.2'],
        nets: ['10.0.0.0/8'],
        check: { url: `${origin.url}/readyz`, interval: '500ms', rise: 1, fall: 1 },
      },
    },
    zones: [
      {
        name: 'example.com',
        soa: { mname: 'ns1.example.com', rname: 'hostmaster.example.com' },
        records: [
          { name: '@', type: 'NS', value: 'ns1.example.org' },
          { name: 'www', geo: ['us', 'uk'], ttl: '60s' },
        ],
      },
      { name: 'example.org', file },
    ],
  };
  const node1 = { node: { region: 'us', workers: 1 } };
  config = { ...frontDoor({ origins: [origin.url], ...node1 }), dns };
  node = await OperatedNode.start(config, { dir, env: INSPECTABLE });
  resolver = new Resolver({ timeout: 2000, tries: 3 });
  resolver.setServers((await dnsOf()).listeners);
});

test('answers are counted by datacenter, and shown everywhere', async () => {
  expect(await resolver.resolve4('www.example.com')).toEqual(['192.0.2.1']);
  await expect.poll(async () => (await dnsOf()).counters.answers, { timeout: 5000 }).toMatchObject({ us: 1, uk: 0 });
  expect((await node.command('dns')).stdout).toMatch(/^us +serving +up .* 1 +100\.0% +192\.0\.2\.1$/m);
  expect((await node.command('dns')).stdout).toMatch(/^example\.org +7 +\d+ +\S*example\.org\.zone$/m);
  expect((await node.command('status')).stdout).toMatch(/^uk +serving +up +\d+\.\d ms, \d+ s ago +–$/m);
  const page = await pageOf('/dns');
  expect(page).toMatch(/2 of 2 in service.*this node.*In service/s);
  expect(page).toMatch(/zone example\.org.*example\.org\.zone/s);
});

test('where a client is sent is told by the tables that answers come from', async () => {
  const { json } = await node.ask('GET /dns/destinations?client=10.1.2.3', { as: 'viewer' });
  expect(json.destinations).toMatchObject([{ mode: 'closest', chosen: ['uk'], net: '10.0.0.0/8' }]);
  expect(await pageOf('/dns?client=10.1.2.3')).toMatch(/<b>uk<\/b>.*for clients in 10\.0\.0\.0\/8/s);
});

test('a datacenter is drained and put back by hand, and answers follow at once', async () => {
  const drained = await node.command('dns', 'drain', 'us', '--for', '1h', '--reason', 'new switches');
  expect(drained).toMatchObject({ status: 0, stderr: [] });
  expect(drained.stdout).toMatch(/^us: draining, by ops, for 1 s, (1 h|59 min) to go: new switches\n$/);
  expect(await resolver.resolve4('www.example.com')).toEqual(['192.0.2.2']);
  expect((await node.command('status')).stdout).toMatch(/^datacenter us +draining +by ops.*: new switches$/m);
  expect(await pageOf('/')).toMatch(/datacenter us<\/a> draining, by ops/);
  expect(await pageOf('/dns')).toMatch(/Draining<.*by <b class="said-by">ops<.*new switches/s);
  const enabled = await node.command('dns', 'enable', 'us');
  expect(enabled).toMatchObject({ status: 0, stdout: 'us: serving\n', stderr: [] });
  expect(await resolver.resolve4('www.example.com')).toEqual(['192.0.2.1']);
});

test('the last one in service is taken away by force alone, and that answers fail open is told', async () => {
  isUkReady = false;
  await expect.poll(async () => (await pageOf('/dns')).includes('Checks fail since'), { timeout: 8000 }).toBe(true);
  const refused = await node.command('dns', 'drain', 'us');
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr.join()).toMatch(/no datacenter would be left in service; --force does it all the same/);
  expect(await node.command('dns', 'down', 'us', '--force')).toMatchObject({ status: 0 });
  expect(await resolver.resolve4('www.example.com')).toEqual(['192.0.2.1']);
  expect((await node.command('dns')).stdout).toMatch(/^dns +failing open +of us, uk none is in service/m);
  expect(await pageOf('/dns')).toMatch(/Failing open\.<\/strong> Of us, uk none is in service/);
  expect(await pageOf('/')).toMatch(/DNS fails open/);
  await node.command('dns', 'enable', 'us');
  expect((await node.command('dns')).stdout).not.toContain('failing open');
});

test('a zone file that was refused is told of beside the zone as it is served', async () => {
  await writeFile(file, `${ZONE}oops A not-an-address\n`);
  expect((await node.reload(config)).message).toBe('reload refused');
  expect((await dnsOf()).zones[1]).toMatchObject({ serial: 7, problems: [expect.stringContaining('zone:5')] });
  expect((await node.command('dns')).stdout).toMatch(/^zone example\.org +refused +.*example\.org\.zone:5/m);
  expect(await pageOf('/dns')).toMatch(/example\.org\.zone:5.*The former one is served/s);
  await writeFile(file, ZONE);
});

test('a database that was refused is told of until there is a good one', { timeout: 40_000 }, async () => {
  const problem = async () => (await dnsOf()).databases[0].problem;
  const soon = { timeout: 18_000, interval: 200 };
  const inspector = await WorkerInspector.attach(node.portico);
  await rm(database);
  await inspector.lookAtDatabases(2); // A change has to stand from one look to the next.
  await expect.poll(problem, soon).toMatch(/city\.mmdb cannot be read: /);
  for (const command of ['dns', 'status']) {
    expect((await node.command(command)).stdout).toMatch(
      /^database \S*city\.mmdb +refused +\S*city\.mmdb cannot be read/m,
    );
  }
  expect(await pageOf('/dns')).toMatch(/cannot be read.*The former one is in force/s);
  expect(await pageOf('/metrics')).toMatch(/^portico_dns_database_refused(?:\{[^}]*\})? 1$/m);
  await writeFile(database, DATABASE);
  await inspector.lookAtDatabases(2);
  await expect.poll(problem, soon).toBeNull();
  expect(await pageOf('/metrics')).toMatch(/^portico_dns_database_refused(?:\{[^}]*\})? 0$/m);
});

test('a node that has no name server any more shows none', async () => {
  const { dns: _, ...rest } = config as { dns: object };
  await node.reload(rest);
  expect(await node.command('dns')).toMatchObject({
    status: 1,
    stderr: ['portico: expected a node with a name server, this one has dns: off'],
  });
  expect(await pageOf('/')).not.toMatch(/DNS|datacenter/);
});

// biome-ignore lint/suspicious/noExplicitAny: what a test looks into
async function dnsOf(): Promise<any> {
  return (await node.ask('GET /dns', { as: 'viewer' })).json;
}

async function pageOf(path: string): Promise<string> {
  return (await node.send('GET', path, { as: 'viewer' })).text;
}
