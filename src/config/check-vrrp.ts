import { AddressSet, formatAddress, formatHostPort, parseAddress, parseListenAddress } from '../base/address.ts';
import { closest } from '../base/closest.ts';
import { show } from '../base/setting.ts';
import type { Ms } from '../base/units.ts';
import { type InstanceSettings, parseShared, type VrrpSettings } from '../vrrp/config.ts';
import type { Draft } from './draft.ts';
import { type Finding, formatPath, type Path } from './problem.ts';

/** What the settings of `vrrp:` mean for one another. */
export function* checkVrrp({ vrrp }: Draft, has: (path: Path) => boolean): Generator<Finding> {
  if (typeof vrrp !== 'object') return;
  yield* namesStandOnce(vrrp);
  yield* vridsStandOnce(vrrp);
  yield* addressesStandOnce(vrrp);
  for (const [index, instance] of vrrp.instances.entries()) {
    yield* checkInstance(instance, ['vrrp', 'instances', index], has);
  }
  yield* sourcesAreOwn(vrrp);
  yield* witnessFits(vrrp);
  yield* tracksAgree(vrrp);
  yield* checkGroups(vrrp);
}

function* checkInstance(instance: InstanceSettings, path: Path, has: (path: Path) => boolean): Generator<Finding> {
  yield* addressesFit(instance, path);
  yield* intervalFits(instance, path);
  yield* peersFit(instance, path);
  yield* sourceFits(instance, path);
  yield* authFits(instance, path, has);
  yield* tracksStandOnce(instance, path);
  yield* ownerHasItsPriority(instance, path, has);
  if (has([...path, 'checksum']) && (instance.version === 2 || familyOf(instance) === 6)) {
    yield { path: [...path, 'checksum'], atKey: true, message: 'is for version 3 by IPv4, where there are two' };
  }
}

function* namesStandOnce({ instances, sync_groups }: VrrpSettings): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, { name }] of instances.entries()) {
    yield* once(seen, name, name, ['vrrp', 'instances', index, 'name']);
  }
  const groups = new Map<string, Path>();
  for (const [index, { name }] of sync_groups.entries()) {
    yield* once(groups, name, name, ['vrrp', 'sync_groups', index, 'name']);
  }
}

/** Two virtual routers of one VRID would take each other for peers. */
function* vridsStandOnce({ instances }: VrrpSettings): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, instance] of instances.entries()) {
    const { vrid, interface: device } = instance;
    const path = ['vrrp', 'instances', index, 'vrid'];
    yield* once(seen, `${vrid} ${device} ${familyOf(instance)}`, `${vrid} on ${device}`, path);
  }
}

function* addressesStandOnce({ instances }: VrrpSettings): Generator<Finding> {
  const seen = new Map<string, Path>();
  for (const [index, { addresses, interface: device }] of instances.entries()) {
    for (const [at, text] of addresses.entries()) {
      const { address = text } = parseShared(text) ?? {};
      yield* once(seen, identityOf(address, device), text, ['vrrp', 'instances', index, 'addresses', at]);
    }
  }
}

const LINK_LOCAL = new AddressSet(['fe80::/10']);

/** The most that the count of an advertisement says. RFC 9568 §5.2.5. */
const MOST_ADDRESSES = 255;

function* addressesFit(instance: InstanceSettings, path: Path): Generator<Finding> {
  const { addresses, version } = instance;
  const family = familyOf(instance);
  for (const [at, text] of addresses.entries()) {
    const shared = parseShared(text);
    if (shared === undefined || shared.family === family) continue;
    const message = `expected IPv${family} as the first one is, got ${show(text)}: the other family is another instance`;
    yield { path: [...path, 'addresses', at], message };
  }
  if (version === 2 && family === 6) {
    yield { path: [...path, 'version'], message: 'expected 3, which has IPv6, got 2' };
  }
  const isDerived = family === 6 && !LINK_LOCAL.has(parseShared(addresses[0] ?? '')?.address ?? '');
  const count = addresses.length + (isDerived ? 1 : 0);
  if (count <= MOST_ADDRESSES) return;
  const message = `expected at most ${MOST_ADDRESSES} addresses${isDerived ? ' with the link-local one' : ''}, got ${count}`;
  yield { path: [...path, 'addresses'], message };
}

/** v2 has 8 bits of seconds, v3 12 bits of hundredths of a second. */
function* intervalFits({ version, advert_interval }: InstanceSettings, path: Path): Generator<Finding> {
  const at = [...path, 'advert_interval'];
  const told = inSeconds(advert_interval);
  if (version === 2 && advert_interval % 1000 !== 0) {
    yield { path: at, message: `expected whole seconds in version 2, got ${told}` };
  } else if (version === 3 && advert_interval % 10 !== 0) {
    yield { path: at, message: `expected whole hundredths of a second, got ${told}` };
  } else if (version === 3 && advert_interval > 40_950) {
    yield { path: at, message: `expected at most 40.95s in version 3, got ${told}` };
  }
}

function inSeconds(time: Ms): string {
  return `${time / 1000}s`;
}

function* peersFit(instance: InstanceSettings, path: Path): Generator<Finding> {
  const seen = new Map<string, Path>();
  const own = new Set(instance.addresses.map((text) => parseShared(text)?.address));
  for (const [at, text] of instance.unicast_peers.entries()) {
    const place = [...path, 'unicast_peers', at];
    const address = canonical(text);
    yield* once(seen, address, text, place);
    if (address.includes(':') !== (familyOf(instance) === 6)) {
      yield {
        path: place,
        message: `expected an address of IPv${familyOf(instance)} as addresses are, got ${show(text)}`,
      };
    } else if (own.has(address)) {
      yield { path: place, message: `expected a node's own address, got ${show(text)}, which is one of addresses` };
    }
  }
}

function* sourceFits(instance: InstanceSettings, path: Path): Generator<Finding> {
  const { source, unicast_peers } = instance;
  if (source === undefined) return;
  const family = familyOf(instance);
  const at = [...path, 'source'];
  const address = canonical(source);
  if (address.includes(':') !== (family === 6)) {
    yield { path: at, message: `expected an address of IPv${family} as addresses are, got ${show(source)}` };
  } else if (unicast_peers.map(canonical).includes(address)) {
    yield { path: at, message: `expected this node's own address, got ${show(source)}, which is one of unicast_peers` };
  } else if (parseShared(`${address}/${family === 4 ? 32 : 128}`) === undefined) {
    yield { path: at, message: `expected an address of this node, got ${show(source)}, which is of no host` };
  } else if (family === 6 && unicast_peers.length === 0 && !LINK_LOCAL.has(address)) {
    // RFC 9568 §5.1.2.1.
    yield { path: at, message: `expected a link-local address (fe80::…) by multicast, got ${show(source)}` };
  }
}

/** An address that is shared is not there before it was won. */
function* sourcesAreOwn({ instances }: VrrpSettings): Generator<Finding> {
  const owners = new Map<string, string>();
  for (const { name, addresses, interface: device } of instances) {
    for (const text of addresses) owners.set(identityOf(parseShared(text)?.address ?? text, device), name);
  }
  for (const [index, { source, interface: device }] of instances.entries()) {
    const owner = source === undefined ? undefined : owners.get(identityOf(canonical(source), device));
    if (owner === undefined) continue;
    const message = `expected this node's own address, got ${show(source)}, which is one of addresses of ${owner}`;
    yield { path: ['vrrp', 'instances', index, 'source'], message };
  }
}

/** A link-local one is another one on each interface. */
function identityOf(address: string, device: string): string {
  return LINK_LOCAL.has(address) ? `${address} ${device}` : address;
}

function* authFits({ auth, version }: InstanceSettings, path: Path, has: (path: Path) => boolean): Generator<Finding> {
  if (auth === 'off') return;
  const at = [...path, 'auth'];
  if (auth.password_file !== undefined && version === 3) {
    yield { path: [...at, 'password_file'], atKey: true, message: 'is for version 2, expected keys, got version 3' };
  }
  if (auth.password_file !== undefined && auth.keys.length > 0) {
    yield {
      path: [...at, 'keys'],
      atKey: true,
      message: 'is in place of password_file, expected one of them, got both',
    };
  }
  if (auth.password_file === undefined && auth.keys.length === 0) {
    yield { path: at, message: 'expected password_file or keys, got neither' };
  }
  if (auth.keys.length === 0 && has([...at, 'mode'])) {
    yield { path: [...at, 'mode'], atKey: true, message: 'is about keys, got none' };
  }
  const seen = new Map<string, Path>();
  for (const [index, { id }] of auth.keys.entries()) {
    yield* once(seen, String(id), String(id), [...at, 'keys', index, 'id']);
  }
}

function* tracksStandOnce({ track, interface: device }: InstanceSettings, path: Path): Generator<Finding> {
  const at = [...path, 'track'];
  const interfaces = new Map<string, Path>([[device, [...path, 'interface']]]);
  for (const [index, { name }] of track.interfaces.entries()) {
    yield* once(interfaces, name, name, [...at, 'interfaces', index, 'name']);
  }
  const scripts = new Map<string, Path>();
  for (const [index, { name, timeout, interval }] of track.scripts.entries()) {
    yield* once(scripts, name, name, [...at, 'scripts', index, 'name']);
    if (timeout <= interval) continue;
    const message = `expected at most the interval (${inSeconds(interval)}), got ${inSeconds(timeout)}`;
    yield { path: [...at, 'scripts', index, 'timeout'], message };
  }
  const files = new Map<string, Path>();
  for (const [index, file] of track.files.entries()) {
    yield* once(files, file.path, file.path, [...at, 'files', index, 'path']);
  }
}

/** One socket asks all voters, and each has one vote. */
function* witnessFits({ witness }: VrrpSettings): Generator<Finding> {
  if (witness === undefined) return;
  const path = ['vrrp', 'witness'];
  const witnesses = [witness.address].flat();
  const places = witnesses.map((text, index) => {
    return { text, at: [...path, 'address', ...(Array.isArray(witness.address) ? [index] : [])] };
  });
  const seen = new Map<string, Path>();
  const isIPv6 = witness.listen.startsWith('[');
  for (const { text, at } of [{ text: witness.peer, at: [...path, 'peer'] }, ...places]) {
    const { host = text, port = 0 } = parseListenAddress(text) ?? {};
    yield* once(seen, formatHostPort(canonical(host), port), text, at);
    if (text.startsWith('[') === isIPv6) continue;
    yield { path: at, message: `expected an address of IPv${isIPv6 ? 6 : 4} as listen is, got ${show(text)}` };
  }
  if (witnesses.length % 2 === 1) return;
  const message = `expected an odd number of witnesses, got ${witnesses.length}: no more of them may fail than of ${witnesses.length - 1}`;
  yield { path: [...path, 'address'], message, severity: 'warning' };
}

/** A script is run, and a file is read, for all instances that name it: what is not said of one instance is the same in all. */
function* tracksAgree({ instances }: VrrpSettings): Generator<Finding> {
  const scripts = new Map<string, Said>();
  const files = new Map<string, Said>();
  for (const [index, { track }] of instances.entries()) {
    const at = ['vrrp', 'instances', index, 'track'];
    for (const [i, { name, command, interval, timeout, rise, fall }] of track.scripts.entries()) {
      const times = { interval: inSeconds(interval), timeout: inSeconds(timeout) };
      yield* same(scripts, name, { command: JSON.stringify(command), ...times, rise, fall }, [...at, 'scripts', i]);
    }
    for (const [i, { path, weight }] of track.files.entries())
      yield* same(files, path, { weight }, [...at, 'files', i]);
  }
}

/** RFC 9568 §6.1: 255 is who owns the addresses, who always has them. */
function* ownerHasItsPriority(
  { priority, preempt, track }: InstanceSettings,
  path: Path,
  has: (path: Path) => boolean,
): Generator<Finding> {
  if (priority !== 255) return;
  if (preempt !== 'always' && has([...path, 'preempt'])) {
    yield { path: [...path, 'preempt'], message: 'expected always with priority 255, which owns the addresses' };
  }
  const lists = [track.interfaces, track.scripts] as const;
  for (const [kind, list] of [
    ['interfaces', lists[0]],
    ['scripts', lists[1]],
  ] as const) {
    for (const [index, { weight }] of list.entries()) {
      if (weight === 0) continue;
      const at = [...path, 'track', kind, index, 'weight'];
      yield { path: at, message: `expected 0 with priority 255, which does not change, got ${weight}` };
    }
  }
}

function* checkGroups({ instances, sync_groups }: VrrpSettings): Generator<Finding> {
  const names = instances.map(({ name }) => name);
  const seen = new Map<string, Path>();
  for (const [index, group] of sync_groups.entries()) {
    for (const [at, name] of group.instances.entries()) {
      const path = ['vrrp', 'sync_groups', index, 'instances', at];
      yield* once(seen, name, name, path);
      if (names.includes(name)) continue;
      const meant = closest(name, names);
      const hint = meant === undefined ? '' : `, did you mean ${meant}?`;
      yield { path, message: `expected an instance that stands under vrrp.instances, got ${show(name)}${hint}` };
    }
    yield* groupAgrees(group.instances, instances);
    yield* weightsAgree(group.instances, instances);
  }
}

/** Whoever is the first of them to take over takes the others along, which must not be lost again to a higher priority. */
function* groupAgrees(names: readonly string[], instances: readonly InstanceSettings[]): Generator<Finding> {
  const members = instances.filter(({ name }) => names.includes(name));
  const [first] = members;
  for (const setting of ['priority', 'preempt', 'last_resort'] as const) {
    for (const member of members.slice(1)) {
      if (first === undefined || member[setting] === first[setting]) continue;
      const path = ['vrrp', 'instances', instances.indexOf(member), setting];
      const message = `expected ${show(first[setting])} as of ${first.name}, which is in its sync group, got ${show(member[setting])}`;
      yield { path, message };
    }
  }
}

/** They have one priority, so what is tracked has one weight. */
function* weightsAgree(names: readonly string[], instances: readonly InstanceSettings[]): Generator<Finding> {
  const weights = new Map<string, Said>();
  for (const [index, { name, track }] of instances.entries()) {
    if (!names.includes(name)) continue;
    const at = ['vrrp', 'instances', index, 'track'];
    if (track.proxy !== 'off') yield* same(weights, 'proxy', { weight: track.proxy.weight }, [...at, 'proxy']);
    for (const kind of ['interfaces', 'scripts'] as const) {
      for (const [i, { name: tracked, weight }] of track[kind].entries()) {
        yield* same(weights, `${kind} ${tracked}`, { weight }, [...at, kind, i]);
      }
    }
  }
}

function familyOf({ addresses }: InstanceSettings): 4 | 6 {
  return parseShared(addresses[0] ?? '')?.family ?? 4;
}

function canonical(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : formatAddress(address);
}

/** Tells the second of two that are the same. */
function* once(seen: Map<string, Path>, identity: string, shown: string, path: Path): Generator<Finding> {
  const first = seen.get(identity);
  if (first === undefined) seen.set(identity, path);
  else yield { path, message: `${show(shown)} is already at ${formatPath(first)}, expected it once` };
}

/** What was said of something where it stood first. */
interface Said {
  readonly path: Path;
  /** As it is shown. */
  readonly settings: Readonly<Record<string, string | number>>;
}

/** Tells each setting of the second of two that is not as of the first. */
function* same(seen: Map<string, Said>, identity: string, settings: Said['settings'], path: Path): Generator<Finding> {
  const first = seen.get(identity);
  if (first === undefined) {
    seen.set(identity, { path, settings });
    return;
  }
  for (const [setting, value] of Object.entries(settings)) {
    const expected = first.settings[setting];
    if (value === expected) continue;
    const message = `expected ${expected} as at ${formatPath([...first.path, setting])}, got ${value}`;
    yield { path: [...path, setting], message };
  }
}
