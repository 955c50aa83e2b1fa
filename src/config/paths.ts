import { resolve } from 'node:path';
import type { Draft } from './draft.ts';

/** Makes every file name absolute, in place: a relative one is relative to the configuration that names it. */
export function resolvePaths(
  { node, listeners, sites, pools = {}, cache, siblings, logs, dns, vrrp, admin }: Draft,
  directory: string,
): void {
  if (node !== undefined) node.state_dir = resolve(directory, node.state_dir);
  for (const pair of listeners.flatMap((listener) => listener?.certificates ?? [])) {
    pair.cert = resolve(directory, pair.cert);
    pair.key = resolve(directory, pair.key);
  }
  for (const { splash } of sites.flatMap((site) => (site === undefined ? [] : [site, ...site.routes]))) {
    if (splash?.page !== undefined) splash.page = resolve(directory, splash.page);
  }
  for (const { tls } of Object.values(pools).filter((pool) => pool !== undefined)) {
    if (tls.ca !== undefined) tls.ca = resolve(directory, tls.ca);
    if (tls.cert !== undefined) tls.cert = resolve(directory, tls.cert);
    if (tls.key !== undefined) tls.key = resolve(directory, tls.key);
  }
  if (typeof cache === 'object' && cache.disk !== undefined) {
    cache.disk.directory = resolve(directory, cache.disk.directory);
  }
  if (typeof siblings === 'object') {
    if (siblings.secret_file !== undefined) siblings.secret_file = resolve(directory, siblings.secret_file);
    for (const { tls } of siblings.peers) if (tls.ca !== undefined) tls.ca = resolve(directory, tls.ca);
  }
  if (typeof dns === 'object') resolveDnsPaths(dns, directory);
  if (typeof vrrp === 'object') resolveVrrpPaths(vrrp, directory);
  if (typeof admin === 'object') {
    for (const user of admin.users) user.password_file = resolve(directory, user.password_file);
    if (typeof admin.tls === 'object') {
      admin.tls.cert = resolve(directory, admin.tls.cert);
      admin.tls.key = resolve(directory, admin.tls.key);
    }
  }
  const access = logs?.access;
  if (access !== undefined && access !== 'off' && access.file !== '-') access.file = resolve(directory, access.file);
}

function resolveDnsPaths(dns: Exclude<NonNullable<Draft['dns']>, 'off'>, directory: string): void {
  const { geo_database } = dns;
  if (typeof geo_database === 'string') dns.geo_database = resolve(directory, geo_database);
  else if (geo_database !== undefined) dns.geo_database = geo_database.map((file) => resolve(directory, file));
  for (const zone of dns.zones) if (zone.file !== undefined) zone.file = resolve(directory, zone.file);
  for (const { check } of Object.values(dns.datacenters)) {
    if (typeof check === 'object' && check.ca !== undefined) check.ca = resolve(directory, check.ca);
  }
  if (dns.cookie_secret_file !== undefined) dns.cookie_secret_file = resolve(directory, dns.cookie_secret_file);
}

/** Commands stay as they are: they are looked for where the system looks. */
function resolveVrrpPaths({ instances, witness }: Exclude<NonNullable<Draft['vrrp']>, 'off'>, directory: string): void {
  for (const { auth, track } of instances) {
    for (const file of track.files) file.path = resolve(directory, file.path);
    if (auth === 'off') continue;
    if (auth.password_file !== undefined) auth.password_file = resolve(directory, auth.password_file);
    for (const key of auth.keys) key.file = resolve(directory, key.file);
  }
  if (witness !== undefined) witness.key_file = resolve(directory, witness.key_file);
}
