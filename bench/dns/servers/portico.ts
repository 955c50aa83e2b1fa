import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type DnsServerKind, type DnsSetting, freeDnsPort, type RunningDnsServer, untilAnswering } from '../server.ts';
import {
  ALL_INDEXES,
  type DnsServerName,
  type DnsWork,
  nameOf,
  STATIC_ADDRESSES,
  TTL_SECONDS,
  ZONE,
} from '../works.ts';
import { ADDRESSES, BY_CONTINENT, BY_COUNTRY, DATACENTERS } from '../world.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

export const portico = porticoWith('portico', 'batch', ['udp', 'tcp']);

/** The engine for systems that have no other. TCP is the same. */
export const porticoPlain = porticoWith('portico-plain', 'plain', ['udp']);

/** Portico as it is in this tree, run by the Node that runs us: all of it, with a worker that has nothing to do. */
function porticoWith(
  name: DnsServerName,
  engine: 'batch' | 'plain',
  transports: readonly DnsWork['transport'][],
): DnsServerKind {
  return {
    name,
    program: undefined,
    versionFlag: '',
    cookies: true,
    transports,

    async start(setting: DnsSetting, signal: AbortSignal): Promise<RunningDnsServer> {
      const { processes, directory, cores, profileDirectory } = setting;
      const port = await freeDnsPort();
      const file = join(directory, 'portico.yaml');
      await writeFile(file, JSON.stringify(settings(setting, engine, port), null, 2)); // JSON is YAML.
      const profile = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
      const argv = [process.execPath, ...profile, MAIN, 'run', '-c', file] as const;
      const child = processes.start({ argv: [...argv], cores, cwd: directory });
      const server = { child, port };
      await untilAnswering(server, signal);
      if (child.complaint.includes(FALLEN_BACK)) throw new Error(`its engine did not start: ${child.complaint}`);
      return server;
    },
  };
}

/** What it says when the batching engine does not work: that would be another contestant. */
const FALLEN_BACK = 'takes UDP packets one by one';

function settings({ directory, database }: DnsSetting, engine: 'batch' | 'plain', port: number) {
  return {
    // It has to end by itself before `Processes` loses its patience: a killed one leaves no profile.
    node: { name: 'bench', state_dir: join(directory, 'state'), workers: 1, stop_timeout: '2s' },
    listeners: [{ address: '127.0.0.1:0', protocol: 'http' }],
    sites: [{ hosts: ['default'], pool: 'app' }],
    pools: { app: { origins: ['http://127.0.0.1:9'] } },
    logs: { level: 'info', access: 'off' },
    dns: {
      listen: [`127.0.0.1:${port}`],
      engine,
      geo_database: database,
      datacenters: Object.fromEntries(DATACENTERS.map((name) => [name, { addresses: ADDRESSES[name], check: 'off' }])),
      maps: { world: { datacenters: DATACENTERS, places: places() } },
      zones: [
        {
          name: ZONE,
          soa: { mname: `ns1.${ZONE}`, rname: `hostmaster.${ZONE}`, serial: 1 },
          records: [
            { name: '@', type: 'NS', value: `ns1.${ZONE}` },
            { name: 'ns1', type: 'A', value: '127.0.0.1' },
            ...ALL_INDEXES.map((index) => ({ name: nameOf('geo', index), geo: 'world', ttl: `${TTL_SECONDS}s` })),
            ...ALL_INDEXES.map((index) => ({
              name: nameOf('static', index),
              type: 'A',
              value: STATIC_ADDRESSES,
              ttl: `${TTL_SECONDS}s`,
            })),
          ],
        },
      ],
      // All load comes from one network. Exempt means counted like all others, found to be far beyond what it may have, and let through.
      rate_limit: { exempt: ['127.0.0.0/8'] },
    },
  };
}

function places() {
  return Object.fromEntries(
    Object.entries(BY_CONTINENT).map(([continent, order]) => {
      const countries = BY_COUNTRY[continent];
      return [continent, countries === undefined ? order : { default: order, ...countries }];
    }),
  );
}
