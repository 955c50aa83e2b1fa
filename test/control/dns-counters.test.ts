import { expect, test } from 'vitest';
import { dnsCounters } from '../../src/control/dns-counters.ts';
import { countedDns } from '../support/dns-counted.ts';

test('the API tells what the name server has counted', () => {
  const { totals, counts } = countedDns();
  expect(dnsCounters(totals.snapshot(), counts)).toEqual({
    queries: { udp: 100, tcp: 20 },
    replies: { NOERROR: 9, NXDOMAIN: 1, REFUSED: 1 },
    limited: 3,
    dropped: 20,
    answers: { us: 3, uk: 6 },
  });
});
