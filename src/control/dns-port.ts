import type { DatabaseSummary, DnsPort, DnsStatus, ZoneSummary } from '../admin/api/dns-port.ts';
import type { ZoneSettings } from '../geodns/config.ts';
import { type Destination, destinationsOf } from '../geodns/inquiry/destinations.ts';
import type { PackedZone } from '../geodns/plan/dns-plan.ts';
import type { CompiledTables } from '../geodns/plan/geo-tables.ts';
import { unpackSets } from '../geodns/plan/packed-sets.ts';
import { TYPE } from '../geodns/wire/types.ts';
import { soaNumbers } from '../geodns/zone/zone.ts';
import type { DnsFacts } from '../metrics/dns-families.ts';
import { dnsCounters } from './dns-counters.ts';
import type { NameServer, NameServerGeneration } from './name-server.ts';
import { zoneName } from './zone-name.ts';

/** The name server as the admin API sees it. `problems`: lines that say why the file as it is now is not in force. */
export function dnsPort(server: NameServer, problems: () => readonly string[]): DnsPort {
  const { datacenters } = server;
  return {
    status: () => statusOf(server, problems()),
    datacenters: () => datacenters.list(),
    failingOpen: () => datacenters.failingOpen(),
    destinations: (client) => destinations(server, client),
    setDatacenter: (name, change, actor) => datacenters.set(name, change, actor),
  };
}

function destinations({ current, datacenters }: NameServer, client: string): readonly Destination[] | undefined {
  const serving = datacenters.list().filter(({ effective }) => effective === 'serving');
  const names = new Set(serving.map(({ name }) => name));
  return current && destinationsOf(client, current.planned.plan, (name) => names.has(name));
}

/** The name server as metrics tell it. */
export function dnsFacts({ current, thread, totals, databaseProblem }: NameServer): DnsFacts {
  const zones = current === undefined ? [] : zonesOf(current, []);
  const { counts, deaths } = thread;
  return {
    zones,
    isDatabaseRefused: databaseProblem !== undefined,
    counted: totals.snapshot(),
    udp: counts.of('udp'),
    tcp: counts.of('tcp'),
    failed: counts.of('responder').failed,
    deaths,
  };
}

function statusOf(server: NameServer, problems: readonly string[]): DnsStatus {
  const { current, thread, totals, listeners, databaseProblem } = server;
  const { kind, reason } = thread.engine;
  return {
    engine: kind,
    fallback: reason,
    threads: thread.serving === undefined ? 0 : 1,
    listeners,
    zones: current === undefined ? [] : zonesOf(current, problems),
    databases: current === undefined ? [] : databasesOf(current.planned.tables, databaseProblem),
    counters: dnsCounters(totals.snapshot(), thread.counts),
  };
}

function zonesOf({ settings, planned }: NameServerGeneration, problems: readonly string[]): ZoneSummary[] {
  return settings.zones.map((zone, index) => {
    const { serial, records } = contentOf(planned.plan.zones[index] as PackedZone);
    return {
      name: zoneName(zone),
      serial,
      records,
      file: zone.file,
      problems: problems.filter((line) => isAbout(line, zone, index)),
    };
  });
}

/** By generation, as counting means a walk through all of them. */
const contents = new WeakMap<PackedZone, { readonly serial: number; readonly records: number }>();

function contentOf(zone: PackedZone): { readonly serial: number; readonly records: number } {
  const known = contents.get(zone);
  if (known !== undefined) return known;
  let serial = 0;
  let records = zone.geo.length;
  for (const set of unpackSets(zone.sets)) {
    records += set.rdatas.length;
    if (set.type === TYPE.SOA) serial = soaNumbers(set).serial;
  }
  const content = { serial, records };
  contents.set(zone, content);
  return content;
}

/** A problem of a master file says where it is; one of the configuration, which zone's setting it is. */
function isAbout(line: string, { file }: ZoneSettings, index: number): boolean {
  return line.includes(`dns.zones[${index}]`) || (file !== undefined && line.includes(file));
}

/** `problem` begins with the file that it is about, or with all of them. */
function databasesOf({ databases, order: { files } }: CompiledTables, problem: string | undefined): DatabaseSummary[] {
  const named = files.find((file) => problem?.startsWith(`${file} `));
  const isOfAll = named === undefined || problem?.startsWith(files.join(' or '));
  return databases.map(({ type, buildEpoch }, index) => {
    const file = files[index] as string;
    return {
      file,
      type,
      built: buildEpoch === 0 ? undefined : buildEpoch * 1000,
      problem: isOfAll || file === named ? problem : undefined,
    };
  });
}
