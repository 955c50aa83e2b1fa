import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../../programs.ts';
import { type DnsServerKind, type DnsSetting, freeDnsPort, type RunningDnsServer, untilAnswering } from '../server.ts';
import { ALL_INDEXES, nameOf, STATIC_ADDRESSES, TCP_CONNECTIONS, TTL_SECONDS, ZONE } from '../works.ts';
import { ADDRESSES, BY_CONTINENT, BY_COUNTRY, DATACENTERS } from '../world.ts';

/**
 * PowerDNS with its GeoIP backend, and its caches as they are. One thread takes and answers queries by UDP, which is what costs it
 * least. Without cookies: with them it refuses who has none yet. It has no rate limit.
 */
export const powerdns: DnsServerKind = {
  name: 'powerdns',
  program: 'pdns_server',
  versionFlag: '--version',
  cookies: false,
  transports: ['udp', 'tcp'],

  async start({ processes, directory, database, cores }: DnsSetting, signal: AbortSignal): Promise<RunningDnsServer> {
    const port = await freeDnsPort();
    const zones = join(directory, 'zones.yaml');
    await writeFile(zones, JSON.stringify(zoneFile())); // JSON is YAML.
    await writeFile(join(directory, 'pdns.conf'), settings(directory, database, zones, port));
    const child = processes.start({ argv: [requireProgram('pdns_server'), `--config-dir=${directory}`], cores });
    const server = { child, port };
    await untilAnswering(server, signal);
    return server;
  },
};

function settings(directory: string, database: string, zones: string, port: number): string {
  return `
launch=geoip
geoip-database-files=mmdb:${database}
geoip-zones-file=${zones}
edns-subnet-processing=yes
local-address=127.0.0.1
local-port=${port}
receiver-threads=1
distributor-threads=1
max-tcp-connections=${2 * TCP_CONNECTIONS}
daemon=no
guardian=no
socket-dir=${directory}
disable-syslog=yes
loglevel=3
security-poll-suffix=
`;
}

/**
 * Geographic names are services: of what the client's place is mapped to, the records of that name. A country comes before
 * its continent.
 */
function zoneFile() {
  const places = Object.entries(BY_CONTINENT).flatMap(([continent, [first]]) => [
    [continent.toLowerCase(), first],
    ...Object.entries(BY_COUNTRY[continent] ?? {}).map(([country, [own]]) => [
      `${continent}-${country}`.toLowerCase(),
      own,
    ]),
  ]);
  const atDatacenter = `%mp.dc.${ZONE}`;
  return {
    domains: [
      {
        domain: ZONE,
        ttl: TTL_SECONDS,
        records: {
          [ZONE]: [{ soa: `ns1.${ZONE} hostmaster.${ZONE} 1 7200 900 604800 60` }, { ns: `ns1.${ZONE}` }],
          [`ns1.${ZONE}`]: [{ a: '127.0.0.1' }],
          ...Object.fromEntries(DATACENTERS.map((name) => [`${name}.dc.${ZONE}`, a(ADDRESSES[name])])),
          ...Object.fromEntries(
            ALL_INDEXES.map((index) => [`${nameOf('static', index)}.${ZONE}`, a(STATIC_ADDRESSES)]),
          ),
        },
        services: Object.fromEntries(
          ALL_INDEXES.map((index) => [`${nameOf('geo', index)}.${ZONE}`, [atDatacenter, `us.dc.${ZONE}`]]),
        ),
      },
    ],
    mapping_lookup_formats: ['%cn-%cc', '%cn'],
    custom_mapping: Object.fromEntries(places),
  };
}

function a(addresses: readonly string[]) {
  return addresses.map((address) => ({ a: address }));
}
