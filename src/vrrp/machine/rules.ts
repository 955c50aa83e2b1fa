import type { Ms } from '../../base/units.ts';
import type { Family, HookName, Priority, Version, VirtualAddress, Vrid, WitnessPolicy } from '../model.ts';

/** What of the settings decides the steps of one instance. */
export interface InstanceRules {
  readonly name: string;
  readonly vrid: Vrid;
  readonly interface: string;
  readonly family: Family;
  readonly version: Version;
  /** As configured: 255 owns the addresses. */
  readonly priority: Priority;
  /** Advertisement_Interval. */
  readonly interval: Ms;
  readonly preempt: Preempt;
  /** How long it only listens after its start, beyond the usual time. */
  readonly startDelay: Ms;
  /** Before a planned departure, for how long connections may end by themselves; 0: they are not waited for. */
  readonly drain: Ms;
  readonly addresses: readonly VirtualAddress[];
  /** What becomes of a takeover when the addresses answer although nobody advertises. */
  readonly probe: 'refuse' | 'alarm' | 'off';
  readonly announcements: Announcements;
  readonly tracks: readonly Track[];
  /** With something down that it needs: `keep`, it serves if nobody else does; `release`, it does not. */
  readonly lastResort: 'keep' | 'release';
  /** Those that are configured, and how long each may take. */
  readonly hooks: Readonly<Partial<Record<HookName, Ms>>>;
  readonly witness: { readonly policy: WitnessPolicy; readonly timeout: Ms } | undefined;
}

/** A number: only when a lower priority has been heard for so long. */
export type Preempt = 'always' | 'never' | Ms;

/** Gratuitous ARP, or unsolicited neighbor advertisements. */
export interface Announcements {
  /** At once, and once more after `delay`. */
  readonly count: number;
  readonly delay: Ms;
  /** One each so often; 0: none. */
  readonly refresh: Ms;
}

/** Something that is watched. */
export interface Track {
  readonly name: string;
  /** Below 0: taken off while it is down; above 0: added while it is up. 0: without it there is a fault. `told`: as it is told. */
  readonly weight: number | 'told';
  /** Nothing can be served without it: the interface of the addresses, the proxy itself. */
  readonly isVital: boolean;
}

/** By what name events tell of what is tracked. */
export const PROXY = 'proxy';
export const interfaceTrack = (name: string) => `interface ${name}`;
/** Of the address that an instance is to advertise from. */
export const sourceTrack = (address: string, device: string) => `source ${address} on ${device}`;
export const isSourceTrack = (name: string) => name.startsWith('source ');
export const fileTrack = (path: string) => `file ${path}`;
export const scriptTrack = (name: string) => `script ${name}`;
