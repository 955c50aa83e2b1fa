import { AdminClient } from './admin-client.ts';
import { command } from './command.ts';
import { findNode } from './find-node.ts';
import { NODE_OPTIONS } from './node-options.ts';
import { type OriginReply, type PoolReply, readPools } from './replies.ts';
import type { Screen } from './screen.ts';
import { type Cell, type Column, table } from './table.ts';
import { findPool } from './target.ts';
import { errorsCell, healthCell, stateCell, whyOf } from './why.ts';
import { rate } from './words.ts';

export const ORIGINS = command({
  name: 'origins',
  operands: { form: '[POOL]', least: 0, most: 1 },
  summary: 'tells of every origin its state, its traffic, and who decided what',
  details: [],
  examples: [
    ['origins', 'those of all pools'],
    ['origins app', 'those of one'],
    ['origins --json | jq -r \'.pools[].origins[] | select(.effective == "down") | .id\'', 'for programs'],
  ],
  options: { json: { kind: 'flag', says: "the API's JSON, as it is" }, ...NODE_OPTIONS },
  async run([name], values, surroundings) {
    const client = new AdminClient(await findNode(values, surroundings));
    const { pools, reply } = await readPools(client);
    const shown = name === undefined ? pools : [findPool(name, pools)];
    if (values.json) {
      const { text } = name === undefined ? reply : await client.ask(`/pools/${encodeURIComponent(name)}`);
      surroundings.out.write(text.endsWith('\n') ? text : `${text}\n`);
    } else {
      surroundings.out.write(originsTable(shown, surroundings.out));
    }
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: 'POOL' },
  { title: 'ORIGIN' },
  { title: 'STATE' },
  { title: 'HEALTH', dispensable: 1 },
  { title: 'ROLE', dispensable: 3 },
  { title: 'SET', align: 'right', dispensable: 4 },
  { title: 'WEIGHT', align: 'right', dispensable: 5 },
  { title: 'IN FLIGHT', align: 'right' },
  { title: 'REQ/S', align: 'right', dispensable: 2 },
  { title: 'ERRORS', align: 'right', dispensable: 2 },
  { title: 'FIRST BYTE', align: 'right', dispensable: 6 },
  { title: 'WHY' },
];

/** Role and set are columns only where an origin has others than the usual. */
function originsTable(pools: readonly PoolReply[], screen: Screen): string {
  const all = pools.flatMap(({ origins }) => origins);
  const hasRoles = all.some(({ role = 'primary' }) => role !== 'primary');
  const hasSets = all.some(({ set = 0 }) => set !== 0);
  const rows = pools.flatMap(({ name, origins }) =>
    origins.map((origin): readonly Cell[] => [
      name,
      origin.id,
      stateCell(origin),
      healthCell(origin),
      hasRoles ? (origin.role ?? '–') : '',
      hasSets ? number(origin.set) : '',
      number(origin.weight),
      String(origin.inFlight),
      origin.rate === undefined ? '–' : rate(origin.rate),
      errorsCell(origin),
      firstByte(origin),
      whyOf(origin),
    ]),
  );
  return table(COLUMNS, rows, screen);
}

function number(value: number | undefined): string {
  return value === undefined ? '–' : String(value);
}

function firstByte({ latency }: OriginReply): string {
  return latency === undefined || latency === null
    ? '–'
    : `${latency < 10 ? latency.toFixed(1) : latency.toFixed(0)} ms`;
}
