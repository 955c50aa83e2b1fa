import type { Ms } from '../../src/base/units.ts';
import type { Role } from '../../src/vrrp/model.ts';
import type { Journal } from './journal.ts';

/** A router that speaks VRRP on a host of a LAN, whichever program it is. */
export interface Router {
  readonly program: Program;
  readonly host: string;
  readonly rules: RouterRules;
  /** Resolves when it takes part, or has found that it cannot. */
  start(): Promise<void>;
  /** All of its processes at once, without a word to anybody. */
  kill9(): Promise<void>;
  /** As an operator stops it. Resolves when it has ended. */
  stop(): Promise<void>;
  /** As it says itself. */
  readonly role: RouterRole;
  /** From its first start on. */
  readonly roles: Journal<RoleChange>;
  /** What the kernel says. */
  holdsVip(): boolean;
}

export type Program = 'keepalived' | 'portico';

/** In Portico's words, whatever the program calls them. */
export type RouterRole = Role;

export interface RoleChange {
  readonly role: RouterRole;
  /** When it was read; epoch milliseconds. */
  readonly at: Ms;
}

/** The settings that all programs have, of one instance on `eth0`. */
export interface RouterRules {
  readonly version: 2 | 3;
  readonly vrid: number;
  readonly priority: number;
  /** Version 2: whole seconds. */
  readonly interval: Ms;
  readonly preempts: boolean;
  /** With their prefix lengths. Of IPv6, the first one is link-local. */
  readonly addresses: readonly string[];
  /** Empty: multicast. */
  readonly unicastPeers: readonly string[];
  /** Of version 2. */
  readonly password?: string;
}

/** The address that clients ask: the last one. */
export function vipOf({ addresses }: RouterRules): string {
  return (addresses.at(-1) as string).replace(/\/.*/, '');
}
