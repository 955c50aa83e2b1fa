import type { OriginState, PoolState } from '../../operator/model.ts';
import { statusText } from './flags.ts';
import { escaped } from './markup.ts';
import { methodOf, type PoolFacts } from './pool-facts.ts';
import { shortSize } from './short-size.ts';
import { linkTo, poolId, type View } from './view.ts';
import { workerUrl } from './worker-url.ts';

/**
 * A pool as Apache 2.4 shows it without mod_proxy_hcheck, line by line, as programs read it by lines: a link is
 * `?b=…&amp;w=…&amp;nonce=…"` in this order, no quote follows it on its line, and an origin is on one line.
 */
export function poolSection(view: View, pool: PoolState, index: number): string {
  return `${heading(view, pool, index)}


${POOL_HEADER}
${poolRow(pool, view.factsOf(pool.name), view.maxOrigins)}
</table>
<br />

${ORIGIN_HEADER}
${pool.origins.map((origin) => `<tr>\n${originRow(view, origin)}</tr>\n`).join('')}</table>
<hr />
`;
}

const POOL_HEADER = header(
  'MaxMembers',
  'StickySession',
  'DisableFailover',
  'Timeout',
  'FailoverAttempts',
  'Method',
  'Path',
  'Active',
);

const ORIGIN_HEADER = header(
  'Worker URL',
  'Route',
  'RouteRedir',
  'Factor',
  'Set',
  'Status',
  'Elected',
  'Busy',
  'Load',
  'To',
  'From',
);

function header(...names: readonly string[]): string {
  return `<table><tr>${names.map((name) => `<th>${name}</th>`).join('')}</tr>`;
}

/** Ansible's module skips the first link of the page, and reads each other one as an origin's. */
function heading(view: View, { name }: PoolState, index: number): string {
  const title = `balancer://${escaped(name)}`;
  if (view.isAnsible && index > 0) return `<h3>LoadBalancer Status for ${title}</h3>`;
  const link = `<a href="${linkTo(view, name)}">${title}</a>`;
  return `<h3>LoadBalancer Status for ${link}${view.isAnsible ? '' : ` [${escaped(poolId(name))}]`}</h3>`;
}

function poolRow(pool: PoolState, facts: PoolFacts, maxOrigins: number): string {
  return `<tr><td>${maxOrigins} [${pool.origins.length} Used]</td>
<td>${escaped(pool.sticky ?? ' (None) ')}</td><td>Off</td>
<td>${facts.timeout}</td><td>${facts.failoverAttempts}</td>
<td>${escaped(methodOf(pool))}</td>
<td>${escaped(facts.path)}</td>
<td>${pool.maintenance === undefined ? 'Yes' : 'No'}</td>
</tr>`;
}

function originRow(view: View, origin: OriginState): string {
  const { route, weight, set, traffic } = origin;
  const cells = [
    escaped(route),
    '',
    weight.toFixed(2),
    set,
    statusText(origin),
    traffic.elected,
    traffic.inFlight,
    0,
    shortSize(traffic.bytesOut),
    shortSize(traffic.bytesIn),
  ];
  return `<td>${originLink(view, origin)}</td>${cells.map((cell) => `<td>${cell}</td>`).join('')}`;
}

function originLink(view: View, origin: OriginState): string {
  const url = workerUrl(origin);
  if (view.isAnsible && !ANSIBLE_URL.test(url)) return escaped(url);
  return `<a href="${linkTo(view, origin.pool, url)}">${escaped(url)}</a>`;
}

/** What the module can read; any other link, of an IPv6 address for one, ends it. */
const ANSIBLE_URL = /^https?:\/\/[\w.-]+(:\d*)?[/\w.-]*$/;
