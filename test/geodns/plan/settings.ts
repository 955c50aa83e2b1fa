import { type DnsSettings, dnsSettings } from '../../../src/geodns/config.ts';
import { compileFiles } from '../../../src/geodns/plan/compile-files.ts';
import type { Compile } from '../../../src/geodns/plan/compile-order.ts';
import type { DatacenterStandings } from '../../../src/geodns/plan/geo-map.ts';
import { compiledTables } from '../../../src/geodns/plan/geo-tables.ts';
import { type DnsPlanContext, type PlannedDns, planDns } from '../../../src/geodns/planner.ts';
import { maxmindRecord, writeMmdb } from '../../support/mmdb-writer.ts';

/** Settings as a file has them, checked. */
export function settingsOf(dns: object): DnsSettings {
  return dnsSettings.parse(dns) as DnsSettings;
}

export const SOA = { mname: 'ns1.example.net', rname: 'hostmaster@example.com' };
export const NS = { name: '@', type: 'NS', value: 'ns1.example.net' };

/** us at [0], uk at [1], au at [2]. */
export const DATACENTERS = {
  us: { location: [37.7, -97.8], addresses: ['192.0.2.10'], nets: ['203.0.113.0/24'] },
  uk: { location: [51.5, -0.1], addresses: ['198.51.100.10', '2001:db8::10'] },
  au: { location: [-33.9, 151.2], addresses: ['198.51.100.20', '2001:db8::20'], weight: 2 },
};

/** A zone of the configuration. */
export function zone(records: readonly object[], name = 'example.com') {
  return { name, soa: SOA, records: [NS, ...records] };
}

/** London, Sydney, somewhere in the United States, and a country alone. `london`: where that is said to be. */
export function smallDatabase(london: readonly [number, number] = [51.51, -0.09]): Buffer {
  const gb = { continent: 'EU', country: 'GB', subdivisions: ['ENG'], city: 'London', location: london };
  return writeMmdb({
    nets: [
      ['81.2.69.0/24', maxmindRecord(gb)],
      ['1.128.0.0/11', maxmindRecord({ continent: 'OC', country: 'AU', city: 'Sydney', location: [-33.87, 151.21] })],
      ['12.0.0.0/8', maxmindRecord({ continent: 'NA', country: 'US', location: [37.75, -97.82] })],
      ['2a02:ff00::/32', maxmindRecord({ continent: 'EU', country: 'IE' })],
    ],
  });
}

/** Without a thread: it would take longer than all the rest of a test. */
export const compileHere: Compile = async (order) => compileFiles(order);

export function planOf(dns: object, context: Partial<DnsPlanContext> = {}): Promise<PlannedDns> {
  return planDns(settingsOf(dns), {
    alpn: ['h2'],
    cookies: { current: new Uint8Array(16) },
    serialOf: () => 7,
    compiled: (order, before) => compiledTables(order, before, compileHere),
    ...context,
  });
}

/** All in service, without limits; both can be written. */
export function standings(count: number): DatacenterStandings {
  return { inService: new Uint8Array(count).fill(1), ttlLimits: new Int32Array(count).fill(2 ** 31 - 1) };
}
