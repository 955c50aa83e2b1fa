import { AddressSet, normalizeAddress } from '../../base/address.ts';
import type { Ms } from '../../base/units.ts';
import { type HookSettings, type InstanceSettings, parseShared, type VrrpSettings } from '../config.ts';
import type { Family, HookName, VirtualAddress, Vrid } from '../model.ts';
import { fileTrack, type InstanceRules, interfaceTrack, PROXY, scriptTrack, sourceTrack, type Track } from './rules.ts';

/** Of checked settings, what the machine of each instance goes by. */
export function rulesOf(vrrp: VrrpSettings): readonly InstanceRules[] {
  return vrrp.instances.map((instance) => {
    const addresses = addressesOf(instance);
    return {
      name: instance.name,
      vrid: instance.vrid,
      interface: instance.interface,
      family: familyOf(addresses),
      version: instance.version,
      priority: instance.priority,
      interval: instance.advert_interval,
      preempt: instance.preempt,
      startDelay: instance.start_delay,
      drain: instance.drain,
      addresses,
      probe: instance.probe,
      announcements: instance.garp,
      tracks: tracksOf(groupOf(instance, vrrp)),
      lastResort: instance.last_resort,
      hooks: deadlinesOf(hooksOf(instance, vrrp)),
      witness: vrrp.witness && { policy: vrrp.witness.policy, timeout: vrrp.witness.timeout },
    };
  });
}

/** The hooks of an instance: its own, and those for all in place of what it does not say. */
export function hooksOf({ hooks }: InstanceSettings, { hooks: forAll }: VrrpSettings): HookSettings {
  if (hooks === undefined) return forAll;
  const resources = hooks.resources.length > 0 ? hooks.resources : forAll.resources;
  return { ...forAll, ...hooks, resources };
}

/** As the kernel writes it. */
export function sourceOf(source: string): string {
  return normalizeAddress(source) ?? source;
}

/** As they are advertised, and in this order. RFC 9568 §5.2.9: the first one of IPv6 is link-local. */
function addressesOf({ addresses, vrid }: InstanceSettings): readonly VirtualAddress[] {
  const shared = addresses.flatMap((text) => parseShared(text) ?? []);
  const listed = shared.map(({ address, prefix }) => ({ address, prefix }));
  const [first] = shared;
  if (first?.family !== 6 || LINK_LOCAL.has(first.address)) return listed;
  return [{ address: linkLocalOf(vrid), prefix: 64 }, ...listed];
}

const LINK_LOCAL = new AddressSet(['fe80::/10']);

/** Of the virtual router's MAC, 00-00-5E-00-02-{VRID} (RFC 9568 §7.3), as hosts make theirs (RFC 4291 appendix A). */
function linkLocalOf(vrid: Vrid): string {
  return `fe80::200:5eff:fe00:${(0x200 | vrid).toString(16)}`;
}

function familyOf([first]: readonly VirtualAddress[]): Family {
  return first?.address.includes(':') === true ? 6 : 4;
}

function groupOf(instance: InstanceSettings, { instances, sync_groups }: VrrpSettings): readonly InstanceSettings[] {
  const group = sync_groups.find((each) => each.instances.includes(instance.name));
  return group === undefined ? [instance] : instances.filter(({ name }) => group.instances.includes(name));
}

/** What is a fault to one of a sync group is one to all of it. */
function tracksOf(instances: readonly InstanceSettings[]): readonly Track[] {
  const tracks = new Map<string, Track>();
  const put = (track: Track) => {
    if (tracks.get(track.name)?.isVital !== true) tracks.set(track.name, track);
  };
  for (const { interface: device, source, track } of instances) {
    put({ name: interfaceTrack(device), weight: 0, isVital: true });
    if (source !== undefined) put({ name: sourceTrack(sourceOf(source), device), weight: 0, isVital: true });
    if (track.proxy !== 'off') put({ name: PROXY, weight: track.proxy.weight, isVital: true });
    for (const { name, weight } of track.interfaces) put({ name: interfaceTrack(name), weight, isVital: false });
    for (const { path, weight } of track.files) {
      put({ name: fileTrack(path), weight: weight === 0 ? 0 : 'told', isVital: false });
    }
    for (const { name, weight } of track.scripts) put({ name: scriptTrack(name), weight, isVital: false });
  }
  return [...tracks.values()];
}

function deadlinesOf(hooks: HookSettings): InstanceRules['hooks'] {
  const { resources, ...commands } = hooks;
  const deadlines: Partial<Record<HookName, Ms>> = {};
  for (const [name, hook] of Object.entries(commands)) {
    if (hook !== undefined) deadlines[name as keyof typeof commands] = hook.deadline;
  }
  if (resources.length > 0) {
    const all = resources.reduce((sum, { deadline }) => sum + deadline, 0);
    deadlines.start = all;
    deadlines.stop = all;
  }
  return deadlines;
}
