import { readFileSync } from 'node:fs';
import type { HookSettings, InstanceSettings, VrrpSettings } from './config.ts';
import { fileTrack, type InstanceRules, scriptTrack } from './machine/rules.ts';
import { hooksOf, rulesOf } from './machine/rules-of.ts';
import type { HookName } from './model.ts';
import type { Command, FilePlan, HmacPlan, InstancePlan, ProxyPlan, ScriptPlan, VrrpPlan } from './plan.ts';

/** Of unicast too only what was sent on the link is taken, as of multicast. */
const ON_LINK = { least: 255, most: 255 } as const;

/** As keepalived has it: clocks of nodes may differ by so much. */
const WINDOW = 5_000;

/** Makes the agent's plan of checked settings, reading passwords and keys. `proxyUrl`: where the proxy can be asked. Throws an `Error` for the operator. */
export function planVrrp(vrrp: VrrpSettings, proxyUrl: string | undefined): VrrpPlan {
  const rules = rulesOf(vrrp);
  return {
    instances: vrrp.instances.map((instance, i) => instancePlan(instance, rules[i] as InstanceRules, vrrp)),
    groups: vrrp.sync_groups.map(({ instances }) => instances),
    scripts: distinct(vrrp.instances.flatMap(scriptsOf)),
    files: distinct(vrrp.instances.flatMap(filesOf)),
    proxy: proxyOf(vrrp.instances, proxyUrl),
  };
}

function instancePlan(instance: InstanceSettings, rules: InstanceRules, vrrp: VrrpSettings): InstancePlan {
  const { auth, unicast_peers, checksum, track } = instance;
  const password = auth === 'off' || auth.password_file === undefined ? undefined : firstLine(auth.password_file);
  return {
    rules,
    source: undefined,
    unicastPeers: unicast_peers,
    hopLimits: ON_LINK,
    checksum,
    password: password?.slice(0, 8),
    hmac: hmacOf(instance),
    hooks: commandsOf(hooksOf(instance, vrrp)),
    interfaces: [...new Set([instance.interface, ...track.interfaces.map(({ name }) => name)])],
  };
}

function hmacOf({ auth }: InstanceSettings): HmacPlan | undefined {
  if (auth === 'off' || auth.keys.length === 0) return undefined;
  const keys = auth.keys.map(({ id, file }) => ({
    id,
    secret: new Uint8Array(Buffer.from(firstLine(file), 'latin1')),
  }));
  return { mode: auth.mode, keys, antiReplay: { by: 'time', window: WINDOW } };
}

function commandsOf({ resources, ...hooks }: HookSettings): InstancePlan['hooks'] {
  const commands: Partial<Record<HookName, readonly Command[]>> = {};
  for (const [name, hook] of Object.entries(hooks)) {
    if (hook !== undefined) commands[name as keyof typeof hooks] = [hook.command];
  }
  if (resources.length > 0) {
    commands.start = resources.map(({ start }) => start);
    commands.stop = resources.map(({ stop }) => stop);
  }
  return commands;
}

function scriptsOf({ track }: InstanceSettings): ScriptPlan[] {
  return track.scripts.map(({ name, command, interval, timeout, rise, fall }) => {
    return { name: scriptTrack(name), command, interval, timeout, rise, fall };
  });
}

function filesOf({ track }: InstanceSettings): FilePlan[] {
  return track.files.map(({ path, weight }) => ({ name: fileTrack(path), path, weight }));
}

/** There is one proxy, and the most patient of them decides when it is slow. */
function proxyOf(instances: readonly InstanceSettings[], url: string | undefined): ProxyPlan | undefined {
  const times = instances.flatMap(({ track }) => (track.proxy === 'off' ? [] : [track.proxy.slow_after]));
  return times.length === 0 ? undefined : { slowAfter: Math.max(...times), url };
}

function distinct<T extends { readonly name: string }>(plans: readonly T[]): readonly T[] {
  return [...new Map(plans.map((plan) => [plan.name, plan])).values()];
}

function firstLine(file: string): string {
  const [line = ''] = readFileSync(file, 'utf8').split('\n');
  return line.trim();
}
