import { counter, gauge, type MetricFamily, type ScalarSample, single } from '../observe/metric.ts';

/** What the name server answers, as metrics. `AnswerTotals` and `DnsCounts` say it as they are. */

export interface DnsFacts {
  /** In the order of the plan. */
  readonly zones: readonly { readonly name: string; readonly serial: number }[];
  /** A geo database as its file is now is not in force. */
  readonly isDatabaseRefused: boolean;
  readonly counted: AnswerFacts;
  readonly udp: Readonly<Record<UdpCount, number>>;
  readonly tcp: Readonly<Record<TcpCount, number>>;
  /** What the responder threw, or made too long. */
  readonly failed: number;
  /** Deaths of the thread since the start. */
  readonly deaths: number;
}

export interface AnswerFacts {
  readonly replies: readonly {
    readonly zone: string;
    readonly rcode: string;
    readonly transport: string;
    readonly count: number;
  }[];
  /** By datacenter. */
  readonly answers: Readonly<Record<string, number>>;
  readonly silences: readonly { readonly reason: string; readonly transport: string; readonly count: number }[];
  readonly truncated: Readonly<Record<string, number>>;
  readonly slipped: number;
  readonly failed: number;
}

/** Why connections were closed by us, and the counts. */
const CLOSED = {
  refused: 'refused',
  evicted: 'evicted',
  idle: 'idle',
  slow_query: 'slowQueries',
  slow_reader: 'slowReaders',
  malformed: 'malformed',
} as const;

/** Why packets were not given to the responder, and the counts. */
const DROPPED = { oversized: 'oversized', broadcast: 'broadcast', backlog: 'dropped' } as const;

type UdpCount = (typeof DROPPED)[keyof typeof DROPPED] | 'queries' | 'portless' | 'unsent' | 'socketErrors';

type TcpCount = (typeof CLOSED)[keyof typeof CLOSED] | 'queries' | 'transfers' | 'accepted' | 'open' | 'acceptErrors';

export function dnsFamilies(facts: DnsFacts): MetricFamily[] {
  return [...answerFamilies(facts), ...tcpFamilies(facts.tcp), ...faultFamilies(facts)];
}

function answerFamilies({ zones, isDatabaseRefused, counted, udp, tcp }: DnsFacts): MetricFamily[] {
  const { replies, answers, truncated, slipped } = counted;
  return [
    counter(
      'portico_dns_queries_total',
      'Messages that came to the name server.',
      by('transport', { udp: udp.queries, tcp: tcp.queries }),
    ),
    counter(
      'portico_dns_replies_total',
      'Replies, by the zone that the question was in and the response code; zone "-" is none of ours.',
      replies.map(({ zone, rcode, transport, count }) => ({ labels: { zone, rcode, transport }, value: count })),
    ),
    counter(
      'portico_dns_datacenter_answers_total',
      'Geographic answers, by the datacenter that they have first.',
      by('datacenter', answers),
    ),
    counter('portico_dns_truncated_replies_total', 'Replies that did not fit.', by('transport', truncated)),
    counter(
      'portico_dns_slipped_replies_total',
      'Replies that rate limits left nothing of but that one may ask again by TCP, or with a cookie.',
      single(slipped),
    ),
    counter('portico_dns_silences_total', 'Messages that got no reply, by the reason.', silences(counted, udp)),
    counter('portico_dns_transfers_total', 'Zones that were transferred to their end.', single(tcp.transfers)),
    gauge(
      'portico_dns_zone_serial',
      'Serial of a zone as it is served.',
      zones.map(({ name, serial }) => ({ labels: { zone: name }, value: serial })),
    ),
    gauge(
      'portico_dns_database_refused',
      'Whether a geo database as its file is now is missing or damaged, so that the former one is in force.',
      single(isDatabaseRefused ? 1 : 0),
    ),
  ];
}

function silences({ silences: seen }: AnswerFacts, udp: DnsFacts['udp']): ScalarSample[] {
  return [
    ...seen.map(({ reason, transport, count }) => {
      // Of most packets that come from port 0 the responder does not hear.
      const unheard = reason === 'port' && transport === 'udp' ? udp.portless : 0;
      return { labels: { reason, transport }, value: count + unheard };
    }),
    ...Object.entries(DROPPED).map(([reason, count]) => ({ labels: { reason, transport: 'udp' }, value: udp[count] })),
  ];
}

function tcpFamilies(tcp: DnsFacts['tcp']): MetricFamily[] {
  const closed = Object.entries(CLOSED).map(([reason, count]) => [reason, tcp[count]] as const);
  return [
    gauge('portico_dns_open_connections', 'Connections to the name server now.', single(tcp.open)),
    counter('portico_dns_connections_accepted_total', 'Connections that clients made.', single(tcp.accepted)),
    counter(
      'portico_dns_connections_cut_total',
      'Connections that we closed and the client did not, by the reason.',
      by('reason', Object.fromEntries(closed)),
    ),
  ];
}

function faultFamilies({ counted, udp, tcp, failed, deaths }: DnsFacts): MetricFamily[] {
  return [
    counter(
      'portico_dns_failures_total',
      'Queries that something of ours which is broken left unanswered, or answered with SERVFAIL.',
      single(counted.failed + failed),
    ),
    counter('portico_dns_unsent_replies_total', 'Replies by UDP that the system did not take.', single(udp.unsent)),
    counter(
      'portico_dns_socket_errors_total',
      'Errors of sockets that belong to no reply, and connections that could not be accepted.',
      by('transport', { udp: udp.socketErrors, tcp: tcp.acceptErrors }),
    ),
    counter(
      'portico_dns_thread_deaths_total',
      'Threads of the name server that died and were replaced.',
      single(deaths),
    ),
  ];
}

/** A sample for each value of a label. */
function by(label: string, counts: Readonly<Record<string, number>>): ScalarSample[] {
  return Object.entries(counts).map(([value, count]) => ({ labels: { [label]: value }, value: count }));
}
