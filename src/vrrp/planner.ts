import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type HostPort, parseListenAddress } from '../base/address.ts';
import type { HookSettings, InstanceSettings, VrrpSettings } from './config.ts';
import { fileTrack, type InstanceRules, scriptTrack } from './machine/rules.ts';
import { hooksOf, rulesOf, sourceOf } from './machine/rules-of.ts';
import type { HookName } from './model.ts';
import type { Command, FilePlan, GuardPlan, HmacPlan, InstancePlan, ProxyPlan, ScriptPlan, VrrpPlan } from './plan.ts';
import { hmacSecretIn, PASSWORD, passwordIn } from './secrets.ts';
import { readKeyFile } from './witness/key.ts';

/** Peers are known by name, and may be behind routers; keepalived 2.2.7 sends unicast of IPv6 with a hop limit of 64. */
const FROM_PEERS = { least: 1, most: 255 } as const;

/** As keepalived has it: clocks of nodes may differ by so much. */
const WINDOW = 5_000;

/** What is not in the section. */
export interface VrrpContext {
  /** Where the proxy can be asked; `undefined`: it cannot. */
  readonly proxyUrl: string | undefined;
  /** `node.name`. */
  readonly node: string;
  /** Of this program. */
  readonly version: string;
}

/** Makes the agent's plan of checked settings, reading passwords and keys. Throws an `Error` for the operator. */
export function planVrrp(vrrp: VrrpSettings, context: VrrpContext): VrrpPlan {
  const rules = rulesOf(vrrp);
  return {
    instances: vrrp.instances.map((instance, i) => instancePlan(instance, rules[i] as InstanceRules, vrrp)),
    groups: vrrp.sync_groups.map(({ instances }) => instances),
    scripts: distinct(vrrp.instances.flatMap(scriptsOf)),
    files: distinct(vrrp.instances.flatMap(filesOf)),
    proxy: proxyOf(vrrp.instances, context.proxyUrl),
    guard: guardOf(vrrp, context),
  };
}

function instancePlan(instance: InstanceSettings, rules: InstanceRules, vrrp: VrrpSettings): InstancePlan {
  const { auth, source, unicast_peers, checksum, track } = instance;
  const password =
    auth === 'off' || auth.password_file === undefined ? undefined : read(auth.password_file, passwordIn);
  return {
    rules,
    source: source === undefined ? undefined : sourceOf(source),
    unicastPeers: unicast_peers,
    hopLimits: FROM_PEERS,
    checksum,
    password: password?.slice(0, PASSWORD),
    hmac: hmacOf(instance),
    pair: vrrp.witness?.pair ?? (rules.addresses[0]?.address as string),
    digest: digestOf(rules),
    hooks: commandsOf(hooksOf(instance, vrrp)),
    interfaces: [...new Set([instance.interface, ...track.interfaces.map(({ name }) => name)])],
  };
}

/** Where nodes differ in it, one would not have what the other has. */
function digestOf({ vrid, version, interval, addresses }: InstanceRules): bigint {
  const shared = [vrid, version, interval, addresses.map(({ address }) => address).toSorted()];
  return createHash('sha256').update(JSON.stringify(shared)).digest().readBigUInt64BE();
}

function guardOf({ witness }: VrrpSettings, { node: name, version }: VrrpContext): GuardPlan | undefined {
  if (witness === undefined) return undefined;
  return {
    listen: hostPortOf(witness.listen),
    key: readKeyFile(witness.key_file),
    name,
    version,
    voters: [
      { kind: 'peer', address: hostPortOf(witness.peer) },
      ...[witness.address].flat().map((address) => ({ kind: 'witness', address: hostPortOf(address) }) as const),
    ],
  };
}

function hostPortOf(text: string): HostPort {
  return parseListenAddress(text) as HostPort;
}

function hmacOf({ auth }: InstanceSettings): HmacPlan | undefined {
  if (auth === 'off' || auth.keys.length === 0) return undefined;
  const keys = auth.keys.map(({ id, file }) => ({ id, secret: read(file, hmacSecretIn) }));
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

/** Files were looked at when the settings were checked, and may be others by now. */
function read<T>(file: string, take: (content: Buffer) => T): T {
  try {
    return take(readFileSync(file));
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  }
}
