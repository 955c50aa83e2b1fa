import { createSecureContext } from 'node:tls';
import { formatHostPort, normalizeAddress, parseListenAddress } from '../base/address.ts';
import { closest } from '../base/closest.ts';
import { show } from '../base/setting.ts';
import { originName } from '../proxy/pool/config.ts';
import { checkAdmin } from './check-admin.ts';
import { checkCache } from './check-cache.ts';
import { checkDns } from './check-dns.ts';
import { checkPools } from './check-pools.ts';
import { checkSiblings } from './check-siblings.ts';
import { checkVrrp } from './check-vrrp.ts';
import { checkVrrpServing } from './check-vrrp-serving.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

/**
 * What one setting means for another: the schema sees each alone. `has` tells whether the file itself says something at
 * a path, for settings whose default is fine where a word about them is not.
 */
export function check(draft: Draft, has: (path: Path) => boolean): Finding[] {
  return [
    ...addressesAreUsedOnce(draft),
    ...listenersAgreeWithProtocol(draft, has),
    ...ciphersAreKnown(draft),
    ...hostsStandOnce(draft),
    ...poolsExist(draft),
    ...originNamesStandOnce(draft),
    ...certificatesHaveKeys(draft, has),
    ...checkPools(draft, has),
    ...checkCache(draft, has),
    ...checkSiblings(draft, has),
    ...checkDns(draft, has),
    ...checkVrrp(draft, has),
    ...checkVrrpServing(draft),
    ...checkAdmin(draft),
  ];
}

function* addressesAreUsedOnce({ listeners, siblings, dns, admin }: Draft): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, listener] of listeners.entries()) {
    // Port 0 is another one each time.
    if (listener === undefined || listener.address.endsWith(':0')) continue;
    yield* once(seen, canonicalAddress(listener.address), listener.address, ['listeners', index, 'address']);
  }
  if (typeof siblings === 'object' && siblings.icp !== undefined) {
    yield* once(seen, canonicalAddress(siblings.icp), siblings.icp, ['siblings', 'icp']);
  }
  if (typeof dns === 'object') {
    const udp = typeof siblings === 'object' ? siblings.htcp : undefined;
    const taken = new Map(seen);
    if (udp !== undefined) taken.set(canonicalAddress(udp), ['siblings', 'htcp']);
    for (const [index, address] of dns.listen.entries()) {
      if (address.endsWith(':0')) continue;
      yield* once(taken, canonicalAddress(address), address, ['dns', 'listen', index]);
      seen.set(canonicalAddress(address), ['dns', 'listen', index]);
    }
  }
  if (typeof admin !== 'object' || admin.listen.endsWith(':0')) return;
  yield* once(seen, canonicalAddress(admin.listen), admin.listen, ['admin', 'listen']);
}

function* listenersAgreeWithProtocol({ listeners }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  for (const [index, listener] of listeners.entries()) {
    const path = ['listeners', index];
    if (listener?.protocol === 'https' && listener.redirect_to_https) {
      yield {
        path: [...path, 'redirect_to_https'],
        message: 'expected false on a listener of protocol https, got true',
      };
    }
    if (listener?.protocol !== 'http') continue;
    for (const setting of ['certificates', 'minimum_version', 'ciphers']) {
      if (!has([...path, setting])) continue;
      yield {
        path: [...path, setting],
        atKey: true,
        message: 'is for protocol https, got a listener of protocol http',
      };
    }
  }
}

function* ciphersAreKnown({ listeners }: Draft): Generator<Finding> {
  for (const [index, listener] of listeners.entries()) {
    if (listener?.ciphers === undefined || takesCiphers(listener.ciphers)) continue;
    const message = `expected an OpenSSL cipher list, got ${show(listener.ciphers)}`;
    yield { path: ['listeners', index, 'ciphers'], message };
  }
}

function* hostsStandOnce({ sites }: Draft): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, site] of sites.entries()) {
    for (const [at, host] of site?.hosts.entries() ?? []) {
      yield* once(seen, canonicalHost(host), host, ['sites', index, 'hosts', at]);
    }
  }
}

function* poolsExist({ sites, pools }: Draft): Generator<Finding> {
  if (pools === undefined) return;
  const names = new Set(Object.keys(pools));
  for (const [index, site] of sites.entries()) {
    if (site === undefined) continue;
    yield* poolExists(names, site.pool, ['sites', index, 'pool']);
    for (const [at, { pool }] of site.routes.entries()) {
      if (pool !== undefined) yield* poolExists(names, pool, ['sites', index, 'routes', at, 'pool']);
    }
  }
}

function* poolExists(names: ReadonlySet<string>, name: string, path: Path): Generator<Finding> {
  if (names.has(name)) return;
  const meant = closest(name, [...names]);
  const hint = meant === undefined ? '' : `, did you mean ${meant}?`;
  yield { path, message: `expected a pool that stands under pools, got ${show(name)}${hint}` };
}

function* originNamesStandOnce({ pools = {} }: Draft): Generator<Finding> {
  for (const [name, pool] of Object.entries(pools)) {
    const seen = new Map<string, Path>();
    for (const [index, origin] of pool?.origins.entries() ?? []) {
      yield* once(seen, originName(origin), originName(origin), ['pools', name, 'origins', index]);
    }
  }
}

function* certificatesHaveKeys({ pools = {} }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  for (const name of Object.keys(pools)) {
    const [cert, key] = [has(['pools', name, 'tls', 'cert']), has(['pools', name, 'tls', 'key'])];
    if (cert && !key) yield { path: ['pools', name, 'tls', 'cert'], message: 'expected a key beside it, got nothing' };
    if (key && !cert) yield { path: ['pools', name, 'tls', 'key'], message: 'expected a cert beside it, got nothing' };
  }
}

/** Tells the second of two that are the same. */
function* once(seen: Map<string, Path>, identity: string, shown: string, path: Path): Generator<Finding> {
  const first = seen.get(identity);
  if (first === undefined) seen.set(identity, path);
  else yield { path, message: `${show(shown)} is already at ${formatPath(first)}, expected it once` };
}

/** One spelling for what is the same, however an address writes its zeros. */
function canonicalAddress(address: string): string {
  const { host, port } = parseListenAddress(address) ?? { host: address, port: 0 };
  const [, zone = ''] = host.split('%');
  return `${zone} ${formatHostPort(normalizeAddress(host) ?? host, port)}`;
}

function canonicalHost(host: string): string {
  return (host.startsWith('[') ? normalizeAddress(host.slice(1, -1)) : undefined) ?? host.toLowerCase();
}

function takesCiphers(ciphers: string): boolean {
  try {
    createSecureContext({ ciphers });
    return true;
  } catch {
    return false;
  }
}
