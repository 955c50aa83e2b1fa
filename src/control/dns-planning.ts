import type { Settings } from '../config/settings.ts';
import type { DnsSettings } from '../geodns/config.ts';
import { DatabaseError } from '../geodns/geo/mmdb/database-error.ts';
import { compileFiles } from '../geodns/plan/compile-files.ts';
import { compiledTables } from '../geodns/plan/geo-tables.ts';
import { Serials } from '../geodns/plan/serials.ts';
import { ZonesError } from '../geodns/plan/zones.ts';
import { type DnsPlanContext, type PlannedDns, planDns } from '../geodns/planner.ts';
import { RefusedError } from './refused-error.ts';

/** What HTTPS records promise goes for this port of a name (RFC 9460 §9.1). */
const HTTPS_PORT = 443;

/**
 * Protocols that HTTPS records can promise of the site. Browsers that see such a record use https alone (RFC 9460 §9.5); so there
 * is none where that might lead nowhere, or to a certificate that nobody vouches for.
 */
export function alpnOf(listeners: Settings['listeners']): readonly string[] {
  const serves = listeners.some(
    ({ address, protocol, certificates }) =>
      protocol === 'https' && certificates.length > 0 && address.endsWith(`:${HTTPS_PORT}`),
  );
  return serves ? ['h2'] : [];
}

/** Throws a `RefusedError` where the zones or databases are not good any more. */
export async function planDnsOrRefuse(
  file: string,
  settings: DnsSettings,
  context: DnsPlanContext,
): Promise<PlannedDns> {
  try {
    return await planDns(settings, context);
  } catch (error) {
    if (error instanceof ZonesError) throw new RefusedError(error.problems);
    if (error instanceof DatabaseError) throw new RefusedError([`${file} dns.geo_database: ${error.message}`]);
    throw error;
  }
}

/** For who only looks: nothing is kept, and no thread is started. */
export function planDnsOffline(file: string, settings: Settings, dns: DnsSettings): Promise<PlannedDns> {
  const serials = Serials.read(settings.node.state_dir);
  return planDnsOrRefuse(file, dns, {
    alpn: alpnOf(settings.listeners),
    cookies: { current: new Uint8Array(16) },
    serialOf: (zone, content) => serials.serialOf(zone, content, Date.now()),
    serialProblem: (zone, serial, content) => serials.problemOf(zone, serial, content),
    compiled: (order) => compiledTables(order, undefined, async () => compileFiles(order)),
  });
}
