import { type DatacenterReply, type DnsReply, since } from './replies.ts';
import type { Cell } from './table.ts';
import { span } from './words.ts';

/** What is unusual of where a node's name server sends clients: answers that nobody vouches for first, then who is out. */
export function datacenterRows(dns: DnsReply | undefined): (readonly Cell[])[] {
  if (dns === undefined) return [];
  const open = dns.failingOpen.map((names): readonly Cell[] => [
    'dns',
    { text: 'failing open', style: 'red' },
    `of ${names.join(', ')} none is in service: answers are given as if all were`,
  ]);
  const out = dns.datacenters.filter(isUnusual).sort((a, b) => rank(a) - rank(b));
  return [...open, ...out.map((each): readonly Cell[] => [`datacenter ${each.name}`, stateCell(each), whyOf(each)])];
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
