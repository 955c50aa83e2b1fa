import { isIPv4, isIPv6 } from 'node:net';
import { normalizeAddress } from '../base/address.ts';
import { closest } from '../base/closest.ts';
import { show } from '../base/setting.ts';
import {
  continentOf,
  type DatacenterSettings,
  type DnsSettings,
  type GeoMapSettings,
  netKey,
  OTHERWISE,
  type PlaceOrders,
} from '../geodns/config.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

/** What the settings of `dns:` mean for one another. Zones are read where files are: `checkZones()`. */
export function* checkDns({ node, dns }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  if (typeof dns !== 'object') return;
  yield* regionExists(node?.region ?? '', dns);
  yield* addressesAreOfOne(dns);
  yield* netsAreOfOne(dns);
  for (const [name, map] of Object.entries(dns.maps)) yield* checkMap(map, ['dns', 'maps', name], dns, has);
  for (const [index, zone] of dns.zones.entries()) {
    for (const [at, { geo, mode = 'closest' }] of zone.records.entries()) {
      const path = ['dns', 'zones', index, 'records', at];
      if (typeof geo === 'string') yield* mapExists(geo, [...path, 'geo'], dns);
      if (typeof geo === 'string' && has([...path, 'mode'])) {
        yield { path: [...path, 'mode'], atKey: true, message: `is for a list in geo, expected it at dns.maps.${geo}` };
      }
      if (typeof geo === 'object') yield* checkChoice({ mode, datacenters: geo }, [...path, 'geo'], dns, has);
    }
  }
}

function* regionExists(region: string, { datacenters }: DnsSettings): Generator<Finding> {
  const names = Object.keys(datacenters);
  if (region === '' || names.length === 0 || names.includes(region)) return;
  const message = `expected one of dns.datacenters, got ${show(region)}${hint(region, names)}`;
  yield { path: ['node', 'region'], message, severity: 'warning' };
}

function* addressesAreOfOne({ datacenters }: DnsSettings): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [name, { addresses }] of Object.entries(datacenters)) {
    for (const [index, address] of addresses.entries()) {
      const path = ['dns', 'datacenters', name, 'addresses', index];
      yield* once(seen, normalizeAddress(address) ?? address, address, path);
    }
  }
}

function* netsAreOfOne({ datacenters }: DnsSettings): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [name, { nets }] of Object.entries(datacenters)) {
    for (const [index, net] of nets.entries()) {
      yield* once(seen, netKey(net), net, ['dns', 'datacenters', name, 'nets', index]);
    }
  }
}

function* mapExists(name: string, path: Path, { maps, datacenters }: DnsSettings): Generator<Finding> {
  if (Object.hasOwn(maps, name)) return;
  const names = Object.keys(maps);
  const meant = Object.hasOwn(datacenters, name) ? `, did you mean [${name}]?` : hint(name, names);
  yield {
    path,
    message: `expected a map that stands under dns.maps, or a list of datacenters, got ${show(name)}${meant}`,
  };
}

function* checkMap(
  map: GeoMapSettings,
  path: Path,
  dns: DnsSettings,
  has: (path: Path) => boolean,
): Generator<Finding> {
  const { mode, places } = map;
  yield* checkChoice(map, [...path, 'datacenters'], dns, has);
  if (mode !== 'closest') {
    for (const setting of ['places', 'ranked']) {
      if (!has([...path, setting])) continue;
      yield { path: [...path, setting], atKey: true, message: `is for mode closest, got ${mode}` };
    }
  }
  if (places !== undefined) yield* checkPlaces(places, [...path, 'places'], map.datacenters);
}

/** Some datacenters, and how one of them is chosen. */
interface Choice {
  readonly mode: GeoMapSettings['mode'];
  readonly datacenters: readonly string[];
  readonly places?: GeoMapSettings['places'];
}

/** `path`: of the list. */
function* checkChoice(choice: Choice, path: Path, dns: DnsSettings, has: (path: Path) => boolean): Generator<Finding> {
  const names = Object.keys(dns.datacenters);
  const seen = new Map<string, Path>();
  let areKnown = true;
  for (const [index, name] of choice.datacenters.entries()) {
    yield* once(seen, name, name, [...path, index]);
    if (names.includes(name)) continue;
    areKnown = false;
    const message = `expected a datacenter that stands under dns.datacenters, got ${show(name)}${hint(name, names)}`;
    yield { path: [...path, index], message };
  }
  if (!areKnown) return;
  if (choice.mode === 'closest' && choice.datacenters.length > 1) yield* checkClosest(choice, path, dns, has);
  if (choice.mode !== 'spread') yield* familiesAreAlike(choice, path, dns);
}

/** What becomes of it where some clients are told that there is no such record, and others get one. */
const KEPT_FOR_ALL = 'resolvers may keep for all clients that there is no such record (RFC 7871 §7.4)';

/** Who is sent to one without is told that there is no such record. Of `spread` the others are in the same answer. */
function* familiesAreAlike({ datacenters }: Choice, path: Path, dns: DnsSettings): Generator<Finding> {
  for (const [family, isOfFamily] of [
    ['IPv4', isIPv4],
    ['IPv6', isIPv6],
  ] as const) {
    const without = datacenters.filter((name) => {
      const { addresses } = dns.datacenters[name] as DatacenterSettings;
      return !addresses.some((address) => isOfFamily(normalizeAddress(address) ?? address));
    });
    if (without.length === 0 || without.length === datacenters.length) continue;
    const message = `expected an ${family} address of ${without.join(', ')} as of the others, got none: ${KEPT_FOR_ALL}`;
    yield { path, message, severity: 'warning' };
  }
}

/** Where nothing tells clients apart, all get the order as written, which is another mode's name. */
function* checkClosest(
  { datacenters, places }: Choice,
  path: Path,
  dns: DnsSettings,
  has: (path: Path) => boolean,
): Generator<Finding> {
  const settings = (name: string) => dns.datacenters[name] as DatacenterSettings;
  // As the file says it: one that is misspelt is told where it stands.
  const located = datacenters.filter((name) => has(['dns', 'datacenters', name, 'location']));
  const isByNets = Object.values(dns.datacenters).some(({ nets }) => nets.length > 0);
  if (located.length === 0 && places === undefined && !isByNets) {
    const message = `expected a location of ${datacenters.join(', ')}, or mode failover, got closest of places unknown`;
    yield { path, message };
  }
  const lost = datacenters.filter((name) => !located.includes(name) && settings(name).nets.length === 0);
  if (located.length > 0 && lost.length > 0) {
    const message = `expected a location of ${lost.join(', ')}, got none: never the closest`;
    yield { path, message, severity: 'warning' };
  }
  if (dns.geo_database === undefined && !isByNets && (located.length > 0 || places !== undefined)) {
    const message =
      'expected dns.geo_database to tell where clients are, got none: all of them get the first in service';
    yield { path, message, severity: 'warning' };
  }
}

type Places = { readonly [place: string]: PlaceOrders };

function* checkPlaces(places: Places, path: Path, datacenters: readonly string[]): Generator<Finding> {
  yield* ordersAreWithin(places, path, datacenters);
  for (const [continent, inside] of Object.entries(places)) {
    if (typeof inside !== 'object' || Array.isArray(inside)) continue;
    for (const country of Object.keys(inside)) {
      yield* countryIsThere(country, continent.toUpperCase(), [...path, continent, country]);
    }
  }
}

function* ordersAreWithin(places: Places, path: Path, datacenters: readonly string[]): Generator<Finding> {
  for (const [place, orders] of Object.entries(places)) {
    const at = [...path, place];
    if (Array.isArray(orders)) yield* orderIsWithin(orders, at, datacenters);
    else if (typeof orders === 'string') continue;
    else if (place === OTHERWISE) yield { path: at, message: 'expected closest or a list of datacenters, got a map' };
    else yield* ordersAreWithin(orders, at, datacenters);
  }
}

/** Databases mostly say so, too; where one does not, it is as the file has it. */
function* countryIsThere(country: string, continent: string, path: Path): Generator<Finding> {
  const own = continentOf(country.toUpperCase());
  if (country === OTHERWISE || own === continent || own === undefined) return;
  const message = `expected a country of ${continent}, got ${show(country)}, which is in ${own}`;
  yield { path, atKey: true, message, severity: 'warning' };
}

function* orderIsWithin(order: readonly string[], path: Path, datacenters: readonly string[]): Generator<Finding> {
  if (order.length === 0) {
    yield { path, message: `expected a datacenter or more, got none: ${KEPT_FOR_ALL}`, severity: 'warning' };
  }
  const seen = new Map<string, Path>();
  for (const [index, name] of order.entries()) {
    yield* once(seen, name, name, [...path, index]);
    if (datacenters.includes(name)) continue;
    const message = `expected one of the map's datacenters (${datacenters.join(', ')}), got ${show(name)}`;
    yield { path: [...path, index], message };
  }
}

/** Tells the second of two that are the same. */
function* once(seen: Map<string, Path>, identity: string, shown: string, path: Path): Generator<Finding> {
  const first = seen.get(identity);
  if (first === undefined) seen.set(identity, path);
  else yield { path, message: `${show(shown)} is already at ${formatPath(first)}, expected it once` };
}

function hint(name: string, names: readonly string[]): string {
  const meant = closest(name, names);
  return meant === undefined ? '' : `, did you mean ${meant}?`;
}
