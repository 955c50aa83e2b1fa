import { expect, test } from 'vitest';
import { dnsFamilies } from '../../src/metrics/dns-families.ts';
import { exposition } from '../../src/metrics/prometheus.ts';
import { answered } from '../support/dns-counted.ts';
import { Exposition } from '../support/exposition.ts';

const page = new Exposition(exposition(dnsFamilies(answered()), 'prometheus'));

test('replies are told by zone, response code and transport, where there have been any', () => {
  const name = 'portico_dns_replies_total';
  expect(page.value(name, { zone: 'example.com', rcode: 'NOERROR', transport: 'udp' })).toBe(9);
  expect(page.value(name, { zone: 'example.org', rcode: 'NXDOMAIN', transport: 'tcp' })).toBe(1);
  expect(page.value(name, { zone: '-', rcode: 'REFUSED', transport: 'udp' })).toBe(1);
  expect(page.samples(name)).toHaveLength(3);
});

test.each([
  { reason: 'malformed', transport: 'udp', count: 1 },
  { reason: 'malformed', transport: 'tcp', count: 0 },
  // One that the responder was asked, and five that the engine did not hand to it.
  { reason: 'port', transport: 'udp', count: 6 },
  { reason: 'limited', transport: 'udp', count: 2 },
  { reason: 'oversized', transport: 'udp', count: 6 },
  { reason: 'broadcast', transport: 'udp', count: 7 },
  { reason: 'backlog', transport: 'udp', count: 8 },
])('messages without a reply are told by reason: $reason by $transport $count', ({ count, ...labels }) => {
  expect(page.value('portico_dns_silences_total', labels)).toBe(count);
});

test.each([
  { name: 'portico_dns_queries_total', labels: { transport: 'udp' }, value: 100 },
  { name: 'portico_dns_queries_total', labels: { transport: 'tcp' }, value: 20 },
  { name: 'portico_dns_datacenter_answers_total', labels: { datacenter: 'us' }, value: 3 },
  { name: 'portico_dns_datacenter_answers_total', labels: { datacenter: 'uk' }, value: 6 },
  { name: 'portico_dns_truncated_replies_total', labels: { transport: 'udp' }, value: 1 },
  { name: 'portico_dns_truncated_replies_total', labels: { transport: 'tcp' }, value: 0 },
  { name: 'portico_dns_slipped_replies_total', labels: {}, value: 1 },
  { name: 'portico_dns_zone_serial', labels: { zone: 'example.com' }, value: 2_026_112_101 },
  { name: 'portico_dns_database_refused', labels: {}, value: 1 },
  { name: 'portico_dns_open_connections', labels: {}, value: 3 },
  { name: 'portico_dns_connections_cut_total', labels: { reason: 'slow_reader' }, value: 4 },
  { name: 'portico_dns_failures_total', labels: {}, value: 3 },
  { name: 'portico_dns_thread_deaths_total', labels: {}, value: 1 },
])('$name is $value for $labels', ({ name, labels, value }) => {
  expect(page.value(name, labels)).toBe(value);
});
