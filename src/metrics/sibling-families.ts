import type { Ms } from '../base/units.ts';
import { counter, gauge, type MetricFamily, type ScalarSample } from '../observe/metric.ts';

/** Siblings, and what we were sent by ICP and HTCP, as metrics. `SiblingReport` says it as it is. */

export interface SiblingsFacts {
  readonly peers: readonly SiblingFacts[];
  /** Packets by what became of them; empty: there is no such thing here. */
  readonly icp: Readonly<Record<string, number>>;
  readonly htcp: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
}

export interface SiblingFacts {
  readonly plan: { readonly name: string };
  readonly account: Readonly<Record<Count, number>> & {
    readonly isPortico: boolean;
    readonly standing: string;
    readonly fetching: string;
    readonly roundTrip: Ms | undefined;
  };
  readonly link: { readonly ours: Behind; readonly theirs: Behind } | undefined;
}

interface Behind {
  readonly behind: number | undefined;
}

const ANSWERS = { hit: 'hits', miss: 'misses', denied: 'denied', error: 'errors' } as const;
const FETCHES = { hit: 'fetched', 'false-hit': 'falseHits', failed: 'failed', overdue: 'overdue' } as const;

type Count =
  | (typeof ANSWERS)[keyof typeof ANSWERS]
  | (typeof FETCHES)[keyof typeof FETCHES]
  | 'queries'
  | 'timeouts'
  | 'served';

/** Nothing of what this node does not have. */
export function siblingFamilies({ peers, icp, htcp, dropped }: SiblingsFacts): MetricFamily[] {
  return [
    ...peerFamilies(peers),
    ...packets(
      'portico_sibling_dropped_packets_total',
      'Packets that came where answers of siblings are expected and were none, by reason.',
      'reason',
      dropped,
    ),
    ...packets(
      'portico_icp_packets_total',
      'Packets that came to where we answer ICP, by what became of them.',
      'outcome',
      icp,
    ),
    ...packets(
      'portico_htcp_packets_total',
      'Packets that came to where we answer HTCP, by what became of them.',
      'outcome',
      htcp,
    ),
  ];
}

function peerFamilies(peers: readonly SiblingFacts[]): MetricFamily[] {
  if (peers.length === 0) return [];
  const each = (value: (peer: SiblingFacts) => number | undefined): ScalarSample[] =>
    peers.flatMap((peer) => sample({ peer: peer.plan.name }, value(peer)));
  const by = (label: string, counts: Readonly<Record<string, Count>>): ScalarSample[] =>
    peers.flatMap(({ plan, account }) =>
      Object.entries(counts).flatMap(([value, count]) => sample({ peer: plan.name, [label]: value }, account[count])),
    );
  return [
    gauge(
      'portico_sibling_up',
      'Whether a sibling is asked: 1, or 0 when it does not answer, or too late, and is only probed.',
      each(({ account }) => +(account.standing === 'alive')),
    ),
    gauge(
      'portico_sibling_paused',
      'Whether a sibling is left alone for a while, as it did not deliver what it said it has: 1 or 0.',
      each(({ account }) => +(account.fetching !== 'on')),
    ),
    gauge(
      'portico_sibling_linked',
      'Whether a sibling is a Portico node that is linked, and all that it purged has been purged here: 1 or 0.',
      each(({ account }) => +account.isPortico),
    ),
    counter(
      'portico_sibling_queries_total',
      'Questions to a sibling, probes among them.',
      each(({ account }) => account.queries),
    ),
    counter('portico_sibling_answers_total', 'Answers of a sibling, by what it said.', by('answer', ANSWERS)),
    counter(
      'portico_sibling_timeouts_total',
      'Questions to a sibling that no request waited for any longer; what came later counts as an answer as well.',
      each(({ account }) => account.timeouts),
    ),
    gauge(
      'portico_sibling_round_trip_seconds',
      'Time from a question to its answer, a moving mean.',
      each(({ account: { roundTrip } }) => (roundTrip === undefined ? undefined : roundTrip / 1_000)),
    ),
    counter('portico_sibling_fetches_total', 'Fetches from a sibling, by how they came out.', by('outcome', FETCHES)),
    counter(
      'portico_sibling_served_total',
      "A sibling's requests that were answered by what we have.",
      each(({ account }) => account.served),
    ),
    gauge(
      'portico_sibling_purges_behind',
      'Purges that were made on one side of a link and are not known to be applied on the other, by where they are missing.',
      peers.flatMap(({ plan: { name: peer }, link }) => [
        ...sample({ peer, side: 'there' }, link?.ours.behind),
        ...sample({ peer, side: 'here' }, link?.theirs.behind),
      ]),
    ),
  ];
}

function packets(name: string, help: string, label: string, counts: Readonly<Record<string, number>>): MetricFamily[] {
  const samples = Object.entries(counts).flatMap(([each, count]) => sample({ [label]: each }, count));
  return samples.length === 0 ? [] : [counter(name, help, samples)];
}

/** Nothing of what is not known. */
function sample(labels: ScalarSample['labels'], value: number | undefined): readonly ScalarSample[] {
  return value === undefined ? [] : [{ labels, value }];
}
