import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../../programs.ts';
import { type DnsServerKind, type DnsSetting, freeDnsPort, type RunningDnsServer, untilAnswering } from '../server.ts';
import { ALL_INDEXES, nameOf, STATIC_ADDRESSES, TTL_SECONDS, ZONE } from '../works.ts';
import { ADDRESSES, BY_CONTINENT, BY_COUNTRY, DATACENTERS } from '../world.ts';

/** gdnsd with its geoip plugin: one thread for UDP, one for TCP. It has cookies, and no rate limit. */
export const gdnsd: DnsServerKind = {
  name: 'gdnsd',
  program: 'gdnsd',
  versionFlag: '-V',
  cookies: true,
  transports: ['udp', 'tcp'],

  async start({ processes, directory, database, cores }: DnsSetting, signal: AbortSignal): Promise<RunningDnsServer> {
    const port = await freeDnsPort();
    for (const name of ['run', 'state', 'zones']) await mkdir(join(directory, name));
    await writeFile(join(directory, 'config'), settings(directory, database, port));
    await writeFile(join(directory, 'zones', ZONE), zone());
    const child = processes.start({ argv: [requireProgram('gdnsd'), '-c', directory, 'start'], cores });
    const server = { child, port };
    await untilAnswering(server, signal);
    return server;
  },
};

function settings(directory: string, database: string, port: number): string {
  const addresses = DATACENTERS.map((name) => `${name} => [ ${ADDRESSES[name].join(', ')} ]`);
  return `
options => {
  listen => { 127.0.0.1:${port} => { udp_threads = 1, tcp_threads = 1 } }
  run_dir = ${join(directory, 'run')}
  state_dir = ${join(directory, 'state')}
}
plugins => {
  geoip => {
    maps => {
      world => {
        geoip2_db => ${database}
        datacenters => [ ${DATACENTERS.join(', ')} ]
        map => { ${places().join(', ')} }
      }
    }
    resources => {
      site => { map => world, dcmap => { ${addresses.join(', ')} } }
    }
  }
}
`;
}

function places(): string[] {
  return Object.entries(BY_CONTINENT).map(([continent, order]) => {
    const countries = BY_COUNTRY[continent];
    if (countries === undefined) return `${continent} => ${list(order)}`;
    const exceptions = Object.entries(countries).map(([country, each]) => `${country} => ${list(each)}`);
    return `${continent} => { default => ${list(order)}, ${exceptions.join(', ')} }`;
  });
}

function list(order: readonly string[]): string {
  return `[ ${order.join(', ')} ]`;
}

function zone(): string {
  return [
    `$TTL ${TTL_SECONDS}`,
    '@ SOA ns1 hostmaster 1 7200 900 604800 60',
    '@ NS ns1',
    'ns1 A 127.0.0.1',
    ...ALL_INDEXES.map((index) => `${nameOf('geo', index)} ${TTL_SECONDS} DYNA geoip!site`),
    ...ALL_INDEXES.flatMap((index) =>
      STATIC_ADDRESSES.map((address) => `${nameOf('static', index)} ${TTL_SECONDS} A ${address}`),
    ),
    '',
  ].join('\n');
}
