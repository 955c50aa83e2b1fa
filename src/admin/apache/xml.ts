import type { OriginState, PoolState } from '../../operator/model.ts';
import { hasFailed, statusText } from './flags.ts';
import { escaped } from './markup.ts';
import { methodOf, type PoolFacts } from './pool-facts.ts';
import type { View } from './view.ts';
import { workerUrl } from './worker-url.ts';

/** `?xml=1`: Apache's elements in Apache's order, `loadfactor` twice as there. */
export function xml(view: View): string {
  const balancers = view.pools.map((pool) => balancer(pool, view.factsOf(pool.name), view.nonce)).join('');
  return `<?xml version='1.0' encoding='UTF-8' ?>
<httpd:manager xmlns:httpd='http://httpd.apache.org'>
  <httpd:balancers>
${balancers}  </httpd:balancers>
</httpd:manager>`;
}

type Element = readonly [name: string, value: string | number];

function balancer(pool: PoolState, facts: PoolFacts, nonce: string | undefined): string {
  const { name, sticky, origins } = pool;
  const isSticky = sticky !== undefined;
  const before: Element[] = [
    ['name', `balancer://${name}`],
    ...(nonce === undefined ? [] : [['nonce', nonce] as const]),
    ...(isSticky
      ? ([
          ['stickysession', sticky],
          ['nofailover', 'Off'],
        ] as const)
      : []),
  ];
  const after: Element[] = [['lbmethod', methodOf(pool)], ...(isSticky ? [['scolonpathdelim', 'Off'] as const] : [])];
  const limits = `      ${element('timeout', facts.timeout)}      ${element('maxattempts', facts.failoverAttempts)}\n`;
  return `    <httpd:balancer>
${lines(before, 6)}${limits}${lines(after, 6)}      <httpd:workers>
${origins.map((origin) => `        <httpd:worker>\n${lines(worker(origin), 10)}        </httpd:worker>\n`).join('')}      </httpd:workers>
    </httpd:balancer>
`;
}

/** What Apache counts and we do not (min to ttl, retries, lbstatus) is 0. */
function worker(origin: OriginState): readonly Element[] {
  const url = new URL(origin.configured.url);
  const { weight, route, set, traffic, observed } = origin;
  return [
    ['name', workerUrl(origin)],
    ['scheme', url.protocol.slice(0, -1)],
    ['hostname', url.hostname.replace(/^\[|\]$/g, '')],
    ['loadfactor', weight.toFixed(2)],
    ['port', url.port || (url.protocol === 'https:' ? 443 : 80)],
    ['min', 0],
    ['smax', 0],
    ['max', 0],
    ['ttl', 0],
    ['status', statusText(origin)],
    ...(hasFailed(origin) ? [['error_time', new Date(observed.since).toUTCString()] as const] : []),
    ['retries', 0],
    ['lbstatus', 0],
    ['loadfactor', weight.toFixed(2)],
    ['transferred', traffic.bytesOut],
    ['read', traffic.bytesIn],
    ['elected', traffic.elected],
    ['route', route],
    ['redirect', ''],
    ['busy', traffic.inFlight],
    ['lbset', set],
  ];
}

function lines(elements: readonly Element[], indent: number): string {
  return elements.map(([name, value]) => `${' '.repeat(indent)}${element(name, value)}\n`).join('');
}

function element(name: string, value: string | number): string {
  return `<httpd:${name}>${escaped(String(value))}</httpd:${name}>`;
}
