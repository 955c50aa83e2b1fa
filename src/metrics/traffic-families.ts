import { counter, gauge, type HistogramFamily, type MetricFamily, type ScalarSample } from '../observe/metric.ts';
import { BLAMES, type ErrorCodes } from './error-codes.ts';
import { BOUNDS_IN_SECONDS, readTimes } from './histogram.ts';
import { ERRORS, LISTENER, ORIGIN, POOL, type RowKind, SITE, type TrafficTable } from './traffic-table.ts';

/** Whose rows are whose now: what is configured, and nothing that was. A plan says it as it is. */
export interface TrafficRows {
  readonly sites: readonly { readonly name: string; readonly slot: number }[];
  readonly listeners: readonly { readonly key: string; readonly slot: number; readonly protocol: 'http' | 'https' }[];
  readonly pools: readonly PoolRow[];
}

export interface PoolRow {
  readonly name: string;
  readonly slot: number;
  readonly origins: readonly { readonly name: string; readonly slot: number }[];
}

const CLASSES = ['other', '1xx', '2xx', '3xx', '4xx', '5xx'];
/** In the order of their cells. */
const UNANSWERED = ['unreachable', 'timeout', 'error', 'cancelled'];
const PROTOCOLS = ['http/1.1', 'h2'];
const TLS_VERSIONS = ['TLSv1.2', 'TLSv1.3'];

/** What traffic there was, over all workers. */
export function trafficFamilies(table: TrafficTable, rows: TrafficRows, codes: ErrorCodes): MetricFamily[] {
  return [
    ...siteFamilies(table, rows.sites),
    errorFamily(table, codes),
    ...listenerFamilies(table, rows.listeners),
    ...originFamilies(table, rows.pools),
  ];
}

function siteFamilies(table: TrafficTable, sites: TrafficRows['sites']): MetricFamily[] {
  const each = (cell: number) => samples(table, 'site', sites, ({ name }) => ({ site: name }), [['', cell]]);
  const by = (label: string, values: readonly string[], first: number) =>
    samples(table, 'site', sites, ({ name }) => ({ site: name }), columns(values, first), label);
  return [
    counter(
      'portico_requests_total',
      'Requests that are over, by site and class of the status that the client got; site "-" is none of them.',
      by('code_class', CLASSES, SITE.byClass),
    ),
    histogram(
      'portico_request_duration_seconds',
      'Time from the head of a request to the end of its reply, tunnels left out.',
      sites.map(({ name, slot }) => times(table, 'site', slot, SITE.duration, { site: name })),
    ),
    counter(
      'portico_failed_requests_total',
      'Requests that ended with an error of a code of ours, by whose fault it was.',
      by('blame', BLAMES, SITE.byBlame),
    ),
    counter(
      'portico_request_body_bytes_total',
      'Bytes of request bodies and tunnels, from clients.',
      each(SITE.received),
    ),
    counter('portico_response_body_bytes_total', 'Bytes of response bodies and tunnels, to clients.', each(SITE.sent)),
    counter('portico_splash_pages_total', 'Splash pages shown in place of a reply.', each(SITE.splashes)),
    counter('portico_tunnels_total', 'Connections that became a tunnel (WebSocket).', each(SITE.tunnels)),
    gauge('portico_requests_in_flight', 'Requests under way, tunnels among them.', each(SITE.inFlight)),
    gauge('portico_open_tunnels', 'Tunnels that are open.', each(SITE.openTunnels)),
  ];
}

function errorFamily(table: TrafficTable, codes: ErrorCodes): MetricFamily {
  const counts = Object.entries(codes).map(([code, { blame }], index): ScalarSample => {
    return { labels: { error: code, blame }, value: table.sum('errors', 0, ERRORS.byCode + index) };
  });
  return counter(
    'portico_request_errors_total',
    'Requests that were refused or failed, by the code of the error.',
    counts,
  );
}

function listenerFamilies(table: TrafficTable, all: TrafficRows['listeners']): MetricFamily[] {
  const labels = ({ key }: { readonly key: string }) => ({ listener: key });
  const secure = all.filter(({ protocol }) => protocol === 'https');
  return [
    counter(
      'portico_connections_accepted_total',
      'Connections that clients made.',
      samples(table, 'listener', all, labels, [['', LISTENER.accepted]]),
    ),
    gauge(
      'portico_open_connections',
      "Clients' connections that speak HTTP now, tunnels among them.",
      samples(table, 'listener', all, labels, columns(PROTOCOLS, LISTENER.open), 'protocol'),
    ),
    gauge(
      'portico_open_sockets',
      "Clients' connections, those among them that have not yet said anything or are in a TLS handshake.",
      samples(table, 'listener', all, labels, [['', LISTENER.sockets]]),
    ),
    counter(
      'portico_tls_handshakes_total',
      'TLS handshakes with clients that were completed.',
      samples(table, 'listener', secure, labels, columns(TLS_VERSIONS, LISTENER.handshakes), 'version'),
    ),
    counter(
      'portico_tls_handshake_failures_total',
      'TLS handshakes with clients that failed, or took too long.',
      samples(table, 'listener', secure, labels, [['', LISTENER.handshakeFailures]]),
    ),
  ];
}

function originFamilies(table: TrafficTable, pools: readonly PoolRow[]): MetricFamily[] {
  const origins = pools.flatMap((pool) =>
    pool.origins.map(({ name, slot }) => ({ pool: pool.name, origin: name, slot })),
  );
  const labels = ({ pool, origin }: { readonly pool: string; readonly origin: string }) => ({ pool, origin });
  const each = (cell: number) => samples(table, 'origin', origins, labels, [['', cell]]);
  const results = [...columns(CLASSES, ORIGIN.byClass), ...columns(UNANSWERED, ORIGIN.unanswered)];
  return [
    counter(
      'portico_origin_requests_total',
      'Attempts at origins, by the class of the status or by what there was instead of a response.',
      samples(table, 'origin', origins, labels, results, 'result'),
    ),
    counter(
      'portico_origin_broken_responses_total',
      'Responses that broke off after their head.',
      each(ORIGIN.brokenOff),
    ),
    counter('portico_origin_received_bytes_total', 'Bytes of bodies that came from an origin.', each(ORIGIN.received)),
    counter('portico_origin_sent_bytes_total', 'Bytes of bodies that went to an origin.', each(ORIGIN.sent)),
    histogram(
      'portico_origin_first_byte_seconds',
      "Time from an attempt's beginning to the head of its response, by pool.",
      pools.map(({ name, slot }) => times(table, 'pool', slot, POOL.firstByte, { pool: name })),
    ),
    counter(
      'portico_retries_total',
      'Requests that were tried again, at another origin or the same.',
      samples(table, 'pool', pools, ({ name }) => ({ pool: name }), [['', POOL.retries]]),
    ),
  ];
}

type Column = readonly [value: string, cell: number];

/** Cells side by side, each for one value of a label. */
function columns(values: readonly string[], first: number): Column[] {
  return values.map((value, index) => [value, first + index]);
}

/** A sample for each row and column; `by` is the label that tells columns apart. */
function samples<Named extends { readonly slot: number }>(
  table: TrafficTable,
  kind: RowKind,
  rows: readonly Named[],
  labels: (row: Named) => Readonly<Record<string, string>>,
  cells: readonly Column[],
  by?: string,
): ScalarSample[] {
  return rows.flatMap((row) =>
    cells.map(([value, cell]) => ({
      labels: by === undefined ? labels(row) : { ...labels(row), [by]: value },
      value: table.sum(kind, row.slot, cell),
    })),
  );
}

function times(
  table: TrafficTable,
  kind: RowKind,
  slot: number,
  at: number,
  labels: Readonly<Record<string, string>>,
): HistogramFamily['samples'][number] {
  const { counts, sum } = readTimes((cell) => table.sum(kind, slot, cell), at);
  return { labels, bounds: BOUNDS_IN_SECONDS, counts, sum: sum / 1_000 };
}

function histogram(name: string, help: string, all: HistogramFamily['samples']): HistogramFamily {
  return { name, type: 'histogram', help, samples: all };
}
