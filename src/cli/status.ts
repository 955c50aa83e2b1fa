import { AdminClient } from './admin-client.ts';
import { command, NO_OPERANDS } from './command.ts';
import { datacenterRows, datacentersTable } from './datacenters.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import {
  type CacheReply,
  type PoolReply,
  readPools,
  type SiblingReply,
  type StatusReply,
  since,
  statusOf,
  type TierReply,
} from './replies.ts';
import { type Screen, visible } from './screen.ts';
import { type Cell, table } from './table.ts';
import { addressesTable, vrrpRows } from './vrrp-status.ts';
import { isUnusual, isUsable, stateCell, whyOf } from './why.ts';
import { count, plural, rate, share, size, span } from './words.ts';

export const STATUS = command({
  name: 'status',
  operands: NO_OPERANDS,
  summary: 'tells what is unusual at a node, and how it does',
  details: [],
  examples: [
    ['status', 'the node on this machine whose configuration is portico.yaml'],
    ['status --admin https://10.0.1.2:8400 --user ops', 'another one; the password is in PORTICO_PASSWORD'],
  ],
  options: { json: { kind: 'flag', says: "the API's JSON, as it is" }, ...NODE_OPTIONS },
  async run(_, values, surroundings) {
    const { out } = surroundings;
    const client = new AdminClient(await findNode(values, surroundings));
    const reply = await client.ask('/status');
    if (values.json) {
      out.write(reply.text.endsWith('\n') ? reply.text : `${reply.text}\n`);
      return 0;
    }
    const status = statusOf(reply);
    const { pools } = await readPools(client);
    const parts = [
      `${headLine(status, out)}\n`,
      unusual(status, pools, out),
      listenersTable(status, out),
      poolsTable(pools, out),
      cacheTable(status.cache, out),
      siblingsTable(status, out),
      status.dns ? datacentersTable(status.dns, out, 'states') : '',
      status.vrrp ? addressesTable(status.vrrp, out) : '',
    ];
    out.write(parts.filter((part) => part !== '').join('\n'));
    return 0;
  },
});

function headLine(status: StatusReply, screen: Screen): string {
  const { node, region = '', version, uptime, pid, workers, generation } = status;
  const facts = [
    version === undefined ? undefined : `portico ${visible(version)}`,
    uptime === undefined ? undefined : `up ${span(uptime * 1000)}`,
    pid === undefined ? undefined : `pid ${pid}`,
    workers === undefined ? undefined : plural(workers, 'worker'),
    generation === undefined ? undefined : `generation ${generation}`,
  ].filter((fact) => fact !== undefined);
  const name = screen.paint('bold', visible(node)) + (region === '' ? '' : ` (${visible(region)})`);
  return [name, ...facts].join(', ');
}

/** What is down first, then what somebody decided. */
function unusual(
  { node, drain, siblings = [], dns, vrrp }: StatusReply,
  pools: readonly PoolReply[],
  screen: Screen,
): string {
  const ofNode: (readonly Cell[])[] = drain
    ? [[node, { text: 'draining', style: 'yellow' }, `the whole node ${decidedBy(drain)}`]]
    : [];
  const ofPools = pools.flatMap((pool): (readonly Cell[])[] => [
    ...(pool.panic === true
      ? [[pool.name, { text: 'down', style: 'red' } as const, 'every origin is down, and all are tried all the same']]
      : []),
    ...(pool.maintenance
      ? [[pool.name, { text: 'maintenance', style: 'yellow' } as const, decidedBy(pool.maintenance)]]
      : []),
  ]);
  const ofOrigins = pools
    .flatMap(({ name, origins }) => origins.filter(isUnusual).map((origin) => ({ name, origin })))
    .sort((a, b) => rank(a.origin.effective) - rank(b.origin.effective))
    .map(({ name, origin }): readonly Cell[] => [`${name}/${origin.id}`, stateCell(origin), whyOf(origin)]);
  const ofSiblings = siblings.flatMap((sibling): (readonly Cell[])[] =>
    sibling.problem ? [[sibling.name, siblingCell(sibling), sibling.problem]] : [],
  );
  const rows = [
    ...vrrpRows(vrrp ?? undefined),
    ...datacenterRows(dns ?? undefined),
    ...ofNode,
    ...ofPools,
    ...ofOrigins,
    ...ofSiblings,
  ];
  if (rows.length === 0) return `${screen.paint('green', 'nothing unusual')}\n`;
  return table([{ title: '' }, { title: '' }, { title: '' }], rows, screen);
}

function decidedBy({ by, reason = '', since: from }: NonNullable<PoolReply['maintenance']>): string {
  const time = since(from);
  return `by ${by}${time === undefined ? '' : `, for ${span(time)}`}${reason === '' ? '' : `: ${reason}`}`;
}

function rank(effective: string): number {
  return effective === 'down' ? 0 : 1;
}

function listenersTable({ listeners = [] }: StatusReply, screen: Screen): string {
  const rows = listeners.map(({ address, protocol }) => [address, protocol]);
  return rows.length === 0 ? '' : table([{ title: 'LISTENER' }, { title: 'PROTOCOL' }], rows, screen);
}

function poolsTable(pools: readonly PoolReply[], screen: Screen): string {
  const rows = pools.map(({ name, origins, queued = 0 }): readonly Cell[] => {
    const usable = origins.filter(isUsable).length;
    const up = `${usable} of ${origins.length}`;
    const rates = origins.map((origin) => origin.rate ?? 0);
    const failing = origins.map(({ rate: all = 0, errors = 0 }) => all * errors);
    return [
      name,
      usable === origins.length ? up : { text: up, style: usable === 0 ? 'red' : 'yellow' },
      count(sum(origins.map(({ inFlight }) => inFlight))),
      queued === 0 ? '0' : { text: count(queued), style: 'yellow' },
      rate(sum(rates)),
      sum(rates) === 0 ? '–' : share(sum(failing) / sum(rates)),
    ];
  });
  const columns = ['IN FLIGHT', 'QUEUED', 'REQ/S', 'ERRORS'].map((title) => ({ title, align: 'right' }) as const);
  return rows.length === 0 ? '' : table([{ title: 'POOL' }, { title: 'UP', align: 'right' }, ...columns], rows, screen);
}

function cacheTable(cache: CacheReply | null | undefined, screen: Screen): string {
  if (cache === undefined || cache === null) return '';
  const all = cache.hits + cache.forwards;
  const hits = all === 0 ? '' : share(cache.hits / all);
  const rows = [tierRow('memory', cache.memory, hits), tierRow('disk', cache.disk ?? undefined, '')].filter(
    (row) => row !== undefined,
  );
  const columns = ['OBJECTS', 'USED', 'OF', 'HITS'].map((title) => ({ title, align: 'right' }) as const);
  return rows.length === 0 ? '' : table([{ title: 'CACHE' }, ...columns], rows, screen);
}

/** `hits`: of the whole cache, beside its first tier. */
function tierRow(name: string, tier: TierReply | undefined, hits: string): readonly Cell[] | undefined {
  if (tier === undefined) return undefined;
  return [name, count(tier.objects), size(tier.bytes), size(tier.capacity), hits];
}

function siblingsTable({ siblings = [] }: StatusReply, screen: Screen): string {
  const rows = siblings.map((sibling): readonly Cell[] => {
    const { name, link, roundTrip, queries = 0, hits = 0, timeouts = 0, falseHits = 0 } = sibling;
    return [
      name,
      siblingCell(sibling),
      linkCell(link),
      typeof roundTrip === 'number' ? `${rate(roundTrip)} ms` : '–',
      count(queries),
      queries === 0 ? '–' : share(hits / queries),
      count(falseHits),
      count(timeouts),
    ];
  });
  const figures = ['ROUND TRIP', 'QUERIES', 'HITS', 'FALSE HITS', 'TIMEOUTS'];
  const columns = figures.map((title, index) => ({ title, align: 'right', dispensable: index + 1 }) as const);
  const heads = [{ title: 'SIBLING' }, { title: 'STATE' }, { title: 'LINK' }, ...columns];
  return rows.length === 0 ? '' : table(heads, rows, screen);
}

function siblingCell({ health, fetching = 'on', problem }: SiblingReply): Cell {
  const text = health !== 'dead' && health !== 'slow' && fetching !== 'on' ? fetching : health;
  if (text === 'unknown') return 'unasked';
  if (text !== 'alive') return { text, style: 'red' };
  return problem ? { text, style: 'yellow' } : text;
}

/** Of what is no Portico node there is nothing to tell. */
function linkCell(link: SiblingReply['link']): Cell {
  if (link === undefined || link === null || link === 'stranger') return '–';
  return link === 'down' || link === 'refused' ? { text: link, style: 'red' } : link;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
