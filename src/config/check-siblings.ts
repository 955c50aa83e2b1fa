import { AddressSet, formatHostPort, parseListenAddress } from '../base/address.ts';
import { show } from '../base/setting.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

type Siblings = Exclude<NonNullable<Draft['siblings']>, 'off'>;

/** What the settings of siblings mean for one another, and for the cache. */
export function* checkSiblings({ siblings, cache }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  if (siblings === undefined || siblings === 'off') return;
  if (cache === 'off') {
    yield { path: ['siblings'], atKey: true, message: 'is about what is cached, expected off beside cache: off' };
  }
  yield* placesAreNamed(siblings);
  yield* peersStandOnce(siblings);
  yield* peersAreOthers(siblings);
  yield* tlsIsForHttps(siblings, has);
  yield* peersMayAsk(siblings);
}

/** Replies count from the very address and port that were asked: with all addresses, the system would choose one. */
function* placesAreNamed({ icp, htcp, peers }: Siblings): Generator<Finding> {
  const named: (readonly [Path, string | undefined])[] = [
    [['siblings', 'icp'], icp],
    [['siblings', 'htcp'], htcp],
    ...peers.flatMap((peer, index): [Path, string | undefined][] => [
      [['siblings', 'peers', index, 'icp'], peer.icp],
      [['siblings', 'peers', index, 'htcp'], peer.htcp],
    ]),
  ];
  for (const [path, address] of named) {
    const place = address === undefined ? undefined : parseListenAddress(address);
    if (place?.port === 0) yield { path, message: `expected a port from 1 to 65535, got ${show(address)}` };
    if (place !== undefined && ANY.has(place.host))
      yield { path, message: `expected one address, got ${show(address)}` };
  }
}

const ANY = new AddressSet(['0.0.0.0', '::']);

function* peersStandOnce({ peers }: Siblings): Generator<Finding> {
  for (const setting of ['name', 'icp'] as const) {
    const seen = new Map<string, number>();
    for (const [index, peer] of peers.entries()) {
      const value = setting === 'icp' ? canonical(peer.icp) : peer.name;
      const first = seen.get(value);
      if (first === undefined) {
        seen.set(value, index);
        continue;
      }
      const other = formatPath(['siblings', 'peers', first, setting]);
      const message = `${show(peer[setting])} is already at ${other}, expected it once`;
      yield { path: ['siblings', 'peers', index, setting], message };
    }
  }
}

function* peersAreOthers({ icp, peers }: Siblings): Generator<Finding> {
  if (icp === undefined) return;
  for (const [index, peer] of peers.entries()) {
    if (canonical(peer.icp) !== canonical(icp)) continue;
    const message = `expected the address of another node, got ${show(peer.icp)}, which is siblings.icp`;
    yield { path: ['siblings', 'peers', index, 'icp'], message };
  }
}

function* tlsIsForHttps({ peers }: Siblings, has: (path: Path) => boolean): Generator<Finding> {
  for (const [index, { url }] of peers.entries()) {
    const path: Path = ['siblings', 'peers', index, 'tls'];
    if (!url.startsWith('http:') || !has(path)) continue;
    yield { path, atKey: true, message: 'is for an https url, got an http one', severity: 'warning' };
  }
}

/** Most pairs ask each other. */
function* peersMayAsk({ icp, allow, peers }: Siblings): Generator<Finding> {
  if (icp === undefined) return;
  const allowed = new AddressSet(allow);
  for (const [index, peer] of peers.entries()) {
    const host = parseListenAddress(peer.icp)?.host as string;
    if (allowed.has(host)) continue;
    const message = `is asked but may not ask us: ${host} is not in siblings.allow`;
    yield { path: ['siblings', 'peers', index], message, severity: 'warning' };
  }
}

function canonical(address: string): string {
  const { host, port } = parseListenAddress(address) ?? { host: address, port: 0 };
  return formatHostPort(host.toLowerCase(), port);
}
