import { databaseRows, datacentersTable, failingOpenRows } from './datacenters.ts';
import type { DatabaseReply, DnsCountersReply, DnsReply, ZoneReply } from './dns-replies.ts';
import { since } from './replies.ts';
import { type Screen, visible } from './screen.ts';
import { type Cell, table } from './table.ts';
import { count, plural, span } from './words.ts';

/** `dns status`: what is wrong first, then where clients are sent, what answers are made from, and how many there were. */
export function dnsStatus(dns: DnsReply, screen: Screen): string {
  const { zones = [], databases = [], counters } = dns;
  const parts = [
    `${headLine(dns, screen)}\n`,
    troubles(dns, screen),
    datacentersTable(dns, screen, 'all'),
    zonesTable(zones, screen),
    databasesTable(databases, screen),
    counters === undefined ? '' : countersTable(counters, screen),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headLine({ engine, threads, listeners = [] }: DnsReply, screen: Screen): string {
  const facts = [
    listeners.length === 0 ? undefined : `at ${visible(listeners.join(', '))}`,
    engine === undefined ? undefined : `${visible(engine)} engine`,
    threads === undefined ? undefined : plural(threads, 'thread'),
  ].filter((fact) => fact !== undefined);
  return [screen.paint('bold', 'name server'), ...facts].join(', ');
}

function troubles(dns: DnsReply, screen: Screen): string {
  const { engine = '', fallback, threads, zones = [] } = dns;
  const silent: readonly Cell[] = ['dns', { text: 'silent', style: 'red' }, 'the thread died, and is started again'];
  const ofZones = zones.flatMap(({ name, problems }) =>
    problems.map((problem): readonly Cell[] => [`zone ${name}`, { text: 'refused', style: 'red' }, problem]),
  );
  const ofEngine: (readonly Cell[])[] =
    fallback === undefined || fallback === null
      ? []
      : [['engine', { text: engine, style: 'yellow' }, `not the one that was wanted: ${fallback}`]];
  const rows = [
    ...(threads === 0 ? [silent] : []),
    ...failingOpenRows(dns),
    ...ofZones,
    ...databaseRows(dns),
    ...ofEngine,
  ];
  return rows.length === 0 ? '' : table([{ title: '' }, { title: '' }, { title: '' }], rows, screen);
}

function zonesTable(zones: readonly ZoneReply[], screen: Screen): string {
  const rows = zones.map(({ name, serial, records, file }) => [
    name,
    String(serial),
    count(records),
    file ?? 'the configuration',
  ]);
  const columns = ['SERIAL', 'RECORDS'].map((title) => ({ title, align: 'right' }) as const);
  return rows.length === 0 ? '' : table([{ title: 'ZONE' }, ...columns, { title: 'FROM' }], rows, screen);
}

function databasesTable(databases: readonly DatabaseReply[], screen: Screen): string {
  const rows = databases.map(({ file, type, built }) => {
    const age = since(built);
    return [file, type, built === null ? '–' : built.slice(0, 10), age === undefined ? '–' : span(age)];
  });
  const columns = [{ title: 'DATABASE' }, { title: 'TYPE' }, { title: 'BUILT' }, { title: 'AGE' }];
  return rows.length === 0 ? '' : table(columns, rows, screen);
}

/** Since the start. Most of the RCODEs that there are never come. */
function countersTable({ queries, replies, limited, dropped }: DnsCountersReply, screen: Screen): string {
  const figures: readonly (readonly [title: string, value: number])[] = [
    ['UDP QUERIES', queries.udp],
    ['TCP QUERIES', queries.tcp],
    ...Object.entries(replies).filter(([, value]) => value > 0),
    ['LIMITED', limited],
    ['DROPPED', dropped],
  ];
  const columns = figures.map(([title]) => ({ title: visible(title), align: 'right' }) as const);
  return table(columns, [figures.map(([, value]) => count(value))], screen);
}
