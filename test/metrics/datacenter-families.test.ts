import { expect, test } from 'vitest';
import type { DnsPort } from '../../src/admin/api/dns-port.ts';
import { type DatacenterFacts, datacenterFamilies } from '../../src/metrics/datacenter-families.ts';
import { exposition } from '../../src/metrics/prometheus.ts';
import { Exposition } from '../support/exposition.ts';

function read(datacenter: Partial<DatacenterFacts>, failingOpen: readonly (readonly string[])[] = []): Exposition {
  const whole = { name: 'uk', effective: 'serving', observed: { health: 'up', last: undefined }, ...datacenter };
  return new Exposition(exposition(datacenterFamilies([whole], failingOpen), 'prometheus'));
}

const UK = { datacenter: 'uk' };

test('datacenters are what the name server says of them', () => {
  // A mistake is one that the compiler finds.
  const families = (port: DnsPort) => datacenterFamilies(port.datacenters(), port.failingOpen());
  expect(families({ datacenters: () => [], failingOpen: () => [] } as unknown as DnsPort)).toHaveLength(4);
});

test.each([
  { health: 'up', up: 1 },
  { health: 'down', up: 0 },
  { health: 'checking', up: undefined },
  { health: 'unknown', up: undefined },
])('one that is $health has $up', ({ health, up }) => {
  const [sample] = read({ observed: { health, last: undefined } }).samples('portico_dns_datacenter_up');
  expect(sample?.value).toBe(up);
});

test.each([
  { effective: 'serving', inService: 1 },
  { effective: 'drain', inService: 0 },
  { effective: 'down', inService: 0 },
])('one that is $effective is in service: $inService', ({ effective, inService }) => {
  expect(read({ effective }).value('portico_dns_datacenter_in_service', UK)).toBe(inService);
});

test('the last check is told in seconds', () => {
  const page = read({ observed: { health: 'up', last: { took: 12.5 } } });
  expect(page.value('portico_dns_datacenter_check_duration_seconds', UK)).toBe(0.0125);
});

test('answers that are given as if all were in service stand out', () => {
  expect(read({}).value('portico_dns_failing_open')).toBe(0);
  expect(read({}, [['uk']]).value('portico_dns_failing_open')).toBe(1);
});
