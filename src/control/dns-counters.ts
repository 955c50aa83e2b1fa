import type { DnsCounters } from '../admin/api/dns-port.ts';
import type { AnswerCounted } from '../geodns/answer/answer-totals.ts';
import type { Silence } from '../geodns/answer/counts.ts';
import type { DnsCounts } from '../geodns/server/counts.ts';

/** What the API tells of all that the name server counts. */
export function dnsCounters(counted: AnswerCounted, counts: DnsCounts): DnsCounters {
  const { queries, portless, oversized, broadcast } = counts.of('udp');
  return {
    queries: { udp: queries, tcp: counts.of('tcp').queries },
    replies: counted.rcodes,
    limited: silencesOf(counted, 'limited') + counted.slipped,
    dropped: silencesOf(counted, 'malformed') + silencesOf(counted, 'port') + portless + oversized + broadcast,
    answers: counted.answers,
  };
}

function silencesOf({ silences }: AnswerCounted, reason: Silence): number {
  return silences.reduce((sum, silence) => (silence.reason === reason ? sum + silence.count : sum), 0);
}
