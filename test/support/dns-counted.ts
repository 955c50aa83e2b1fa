import { AnswerTable } from '../../src/geodns/answer/answer-table.ts';
import { AnswerTotals } from '../../src/geodns/answer/answer-totals.ts';
import { NONE } from '../../src/geodns/answer/counts.ts';
import { CELL, DnsCounts } from '../../src/geodns/server/counts.ts';
import type { DnsFacts } from '../../src/metrics/dns-families.ts';

/** What a name server with two zones and two datacenters has counted, for whoever shows it. */
export function countedDns(): { readonly totals: AnswerTotals; readonly counts: DnsCounts } {
  const totals = new AnswerTotals();
  const table = new AnswerTable(totals.begin({ zones: ['example.com', 'example.org'], datacenters: ['us', 'uk'] }));
  for (let i = 0; i < 9; i++) table.replied(0, 0, 'udp', i % 3 === 0 ? 0 : 1, i === 0);
  table.replied(1, 3, 'tcp', NONE, false);
  table.replied(NONE, 5, 'udp', NONE, false);
  table.silent('malformed', 'udp');
  table.silent('port', 'udp');
  table.silent('limited', 'udp');
  table.silent('limited', 'udp');
  table.slipped();
  table.failed(new Error('scripted to'));

  const counts = new DnsCounts();
  counts.add(CELL.udp.queries, 100);
  counts.add(CELL.udp.portless, 5);
  counts.add(CELL.udp.oversized, 6);
  counts.add(CELL.udp.broadcast, 7);
  counts.add(CELL.udp.dropped, 8);
  counts.add(CELL.tcp.queries, 20);
  counts.add(CELL.tcp.open, 3);
  counts.add(CELL.tcp.slowReaders, 4);
  counts.add(CELL.responder.failed, 2);
  return { totals, counts };
}

/** The same as it is told. */
export function answered(): DnsFacts {
  const { totals, counts } = countedDns();
  return {
    zones: [
      { name: 'example.com', serial: 2_026_112_101 },
      { name: 'example.org', serial: 7 },
    ],
    isDatabaseRefused: true,
    counted: totals.snapshot(),
    udp: counts.of('udp'),
    tcp: counts.of('tcp'),
    failed: counts.of('responder').failed,
    deaths: 1,
  };
}
