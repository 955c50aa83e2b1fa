import type { DatacenterReply, DnsReply } from './dns-replies.ts';
import { since } from './replies.ts';
import type { Screen } from './screen.ts';
import { type Cell, type Column, table } from './table.ts';
import { count, rate, share, span } from './words.ts';

/** What is unusual of where a node's name server sends clients: answers that nobody vouches for first, then who is out. */
export function datacenterRows(dns: DnsReply | undefined): (readonly Cell[])[] {
  if (dns === undefined) return [];
  const out = dns.datacenters.filter(isUnusual).sort((a, b) => rank(a) - rank(b));
  return [
    ...failingOpenRows(dns),
    ...out.map((each): readonly Cell[] => [`datacenter ${each.name}`, stateCell(each), whyOf(each)]),
    ...databaseRows(dns),
  ];
}

export function failingOpenRows({ failingOpen }: DnsReply): (readonly Cell[])[] {
  return failingOpen.map((names) => [
    'dns',
    { text: 'failing open', style: 'red' },
    `of ${names.join(', ')} none is in service: answers are given as if all were`,
  ]);
}

/** Databases whose files were refused: the former ones are in force. */
export function databaseRows({ databases = [] }: DnsReply): (readonly Cell[])[] {
  return databases.flatMap(({ file, problem }): (readonly Cell[])[] =>
    problem ? [[`database ${file}`, { text: 'refused', style: 'red' }, problem]] : [],
  );
}

const COLUMNS: readonly Column[] = [
  { title: 'DATACENTER' },
  { title: 'STATE' },
  { title: 'HEALTH' },
  { title: 'LAST CHECK', align: 'right', dispensable: 3 },
  { title: 'TTL LIMIT', align: 'right', dispensable: 4 },
  { title: 'ANSWERS', align: 'right', dispensable: 1 },
  { title: 'SHARE', align: 'right', dispensable: 1 },
  { title: 'ADDRESSES', dispensable: 2 },
  { title: 'WHY' },
];

/** All of them, in the order of the file. */
export function datacentersTable({ datacenters, counters }: DnsReply, screen: Screen, tells: 'all' | 'states'): string {
  const answers = counters?.answers ?? {};
  const sum = Object.values(answers).reduce((total, each) => total + each, 0);
  const rows = datacenters.map((each): readonly Cell[] => {
    const { name, ttlLimit, addresses = [] } = each;
    const state = [name, stateCell(each), healthCell(each), lastCheck(each), timeLimit(ttlLimit)];
    if (tells === 'states') return state;
    const of = answers[name] ?? 0;
    return [...state, count(of), sum === 0 ? '–' : share(of / sum), addresses.join(', '), whyOf(each)];
  });
  return rows.length === 0 ? '' : table(COLUMNS, rows, screen);
}

/** `uk: draining, by alice, for 5 min, 30 min to go: flooded`. */
export function datacenterLine(datacenter: DatacenterReply): string {
  const state = stateCell(datacenter);
  const why = whyOf(datacenter);
  return `${datacenter.name}: ${typeof state === 'string' ? state : state.text}${why === '' ? '' : `, ${why}`}`;
}

/** `unknown` would sound like trouble: nobody checks it, and that is all. */
function healthCell({ health }: DatacenterReply): Cell {
  if (health === 'unknown') return 'unchecked';
  return health === 'down' ? { text: health, style: 'red' } : health;
}

function lastCheck({ lastCheck: last }: DatacenterReply): string {
  const time = since(last?.at);
  if (last === undefined || last === null || time === undefined) return '–';
  return `${rate(last.duration)} ms, ${span(time)} ago`;
}

function timeLimit(seconds: number | null | undefined): string {
  return seconds === undefined || seconds === null ? '–' : span(seconds * 1000);
}

function isUnusual({ effective, health }: DatacenterReply): boolean {
  return effective !== 'serving' || health === 'down' || health === 'checking';
}

function rank({ effective }: DatacenterReply): number {
  return effective === 'down' ? 0 : 1;
}

function stateCell({ effective }: DatacenterReply): Cell {
  if (effective === 'down') return { text: 'down', style: 'red' };
  return effective === 'drain' ? { text: 'draining', style: 'yellow' } : effective;
}

/** What checks say first, as nobody decided that; then who decided what, and why. */
function whyOf({ own, health, healthSince, problem, override, effective }: DatacenterReply): string {
  const reasons: string[] = [];
  if (health === 'down' || health === 'checking') reasons.push(`${timed(health, healthSince)}${told(problem)}`);
  if (override) reasons.push(overrideWords(override));
  else if (own && effective === 'drain') reasons.push('this node drains');
  return reasons.join('; ');
}

function overrideWords({ by, since: from, expires, reason }: NonNullable<DatacenterReply['override']>): string {
  const time = since(from);
  const left = expires === undefined || expires === null ? Number.NaN : Date.parse(expires) - Date.now();
  const parts = [
    `by ${by}`,
    ...(time === undefined ? [] : [`for ${span(time)}`]),
    ...(Number.isNaN(left) ? [] : [`${span(Math.max(0, left))} to go`]),
  ];
  return `${parts.join(', ')}${told(reason)}`;
}

function timed(what: string, from: string | null | undefined): string {
  const time = since(from);
  return time === undefined ? what : `${what} for ${span(time)}`;
}

function told(text: string | null | undefined): string {
  return text === undefined || text === null || text === '' ? '' : `: ${text}`;
}
