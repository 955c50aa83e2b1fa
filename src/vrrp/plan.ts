import type { HostPort } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import type { InstanceRules } from './machine/rules.ts';
import type { HookName } from './model.ts';
import type { ChecksumPolicy } from './wire/checksum-form.ts';
import type { AntiReplay } from './wire/hmac-sequence.ts';
import type { HmacMode } from './wire/hmac-verifier.ts';

/** What the agent does: plain data, made by the control plane of checked settings. An instance is known by its name. */
export interface VrrpPlan {
  readonly instances: readonly InstancePlan[];
  /** Names of instances that are active together or not at all. */
  readonly groups: readonly (readonly string[])[];
  readonly scripts: readonly ScriptPlan[];
  readonly files: readonly FilePlan[];
  /** How the proxy is seen to be well; `undefined`: nobody looks. */
  readonly proxy: ProxyPlan | undefined;
  /** Who has a say in who is active, beside priorities; `undefined`: nobody. */
  readonly guard: GuardPlan | undefined;
}

export interface InstancePlan {
  readonly rules: InstanceRules;
  /** Where advertisements come from: one of ours on the interface, without which there is a fault; `undefined`: the first that there is. */
  readonly source: string | undefined;
  /** Empty: multicast. */
  readonly unicastPeers: readonly string[];
  /** Of unicast from peers, which may be behind routers. */
  readonly hopLimits: { readonly least: number; readonly most: number };
  readonly checksum: ChecksumPolicy;
  /** Of version 2, up to 8 bytes. */
  readonly password: string | undefined;
  readonly hmac: HmacPlan | undefined;
  /** What the votes of others are for: the same on both nodes. */
  readonly pair: string;
  /** Of what should be alike on both nodes. */
  readonly digest: bigint;
  /** Commands with their arguments, in order; of `stop` in reverse. */
  readonly hooks: Readonly<Partial<Record<HookName, readonly Command[]>>>;
  /** What rules call `interface NAME`, `source ADDRESS on NAME`, `script NAME`, `file NAME`, `proxy`: what tracks are of. */
  readonly interfaces: readonly string[];
}

/** A program and its arguments: no shell. */
export type Command = readonly string[];

export interface HmacPlan {
  readonly mode: HmacMode;
  /** The first one signs. */
  readonly keys: readonly { readonly id: number; readonly secret: Uint8Array }[];
  readonly antiReplay: AntiReplay;
}

export interface ScriptPlan {
  /** As rules call it. */
  readonly name: string;
  readonly command: Command;
  readonly interval: Ms;
  readonly timeout: Ms;
  readonly rise: number;
  readonly fall: number;
}

/** A file with a number in it. */
export interface FilePlan {
  readonly name: string;
  readonly path: string;
  /** Times the number it is added; 0: any number but 0 is a fault. */
  readonly weight: number;
}

export interface GuardPlan {
  readonly listen: HostPort;
  readonly key: Uint8Array;
  /** Of this node. */
  readonly name: string;
  readonly version: string;
  /** All others: an even number is best. */
  readonly voters: readonly { readonly kind: 'peer' | 'witness'; readonly address: HostPort }[];
}

export interface ProxyPlan {
  /** Without a sign of life for so long it is slow. */
  readonly slowAfter: Ms;
  /** Where it listens, to be asked as by a client; `undefined`: it cannot be. */
  readonly url: string | undefined;
}
