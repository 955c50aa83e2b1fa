import type { Ms } from '../base/units.ts';

/** What all of VRRP speaks of: the words of RFC 9568, and of what this program adds to it. Plain data. */

export type Version = 2 | 3;
export type Family = 4 | 6;

/** 1 to 255. Those of IPv4 and of IPv6 are apart, as are those of two interfaces. */
export type Vrid = number;

/** 1 to 254; 255 is who owns the addresses; 0 is who leaves. RFC 9568 §5.2.4. */
export type Priority = number;

export const OWNER: Priority = 255;
export const LEAVING: Priority = 0;

/** An address that is shared. */
export interface VirtualAddress {
  readonly address: string;
  /** As it is configured. On the interface it is /32 or /128, so that no route comes and goes with it. */
  readonly prefix: number;
}

/**
 * What an advertisement that passed all checks of reception says to the state machine (RFC 9568 §7.1): TTL, checksum,
 * authentication, VRID and addresses are behind it.
 */
export interface Advert {
  /** Who sent it; never one of ours. */
  readonly source: string;
  readonly priority: Priority;
  /** Max_Advertise_Interval (v3), Adver_Int (v2). Above 0. */
  readonly interval: Ms;
}

/**
 * Where an instance stands.
 *
 *     stopped   takes no part
 *     backup    waits for an active router to fall silent
 *     claiming  it is silent: the witness is asked, the other is fenced, what must come first is done
 *     active    advertises, and has the addresses
 *     leaving   said goodbye, and keeps the addresses until somebody else advertises
 *     fault     takes no part for as long as something that it needs is not there
 *     released  takes no part, by an operator's word
 */
export type Role = 'stopped' | 'backup' | 'claiming' | 'active' | 'leaving' | 'fault' | 'released';

/** Of something that is tracked. `slow`: it does its work, and late. */
export type TrackStatus = 'up' | 'slow' | 'down';

/**
 * How fit a node is to have the addresses, as it tells its peers: 3 well; 2 something is slow; 1 something is down, and it
 * would serve if nobody else did; 0 it cannot serve.
 */
export type Grade = 0 | 1 | 2 | 3;

/** Why a takeover begins. */
export type Cause =
  /** Nobody advertises. */
  | 'silence'
  /** Who was active said goodbye. It may have the addresses still. */
  | 'farewell'
  /** Who is active has a lower priority. It has the addresses still. */
  | 'preemption'
  /** The addresses are ours. */
  | 'ownership'
  /** Another of the same sync group became active. */
  | 'group'
  /** We said goodbye, and nobody came. We have the addresses still. */
  | 'return';

/** What an operator said, which outlives restarts until `resume`. */
export interface Maintenance {
  /** `handover`: leave the addresses to others while they have them. `release`: never take them. */
  readonly kind: 'handover' | 'release';
  readonly by: string;
  readonly why: string;
}

/** `fence`: what makes sure that another node is gone. `start`, `stop`: resources, in order and in reverse. */
export type HookName =
  | 'fence'
  | 'before_add'
  | 'after_add'
  | 'before_remove'
  | 'after_remove'
  | 'start'
  | 'stop'
  | 'on_active'
  | 'on_backup'
  | 'on_fault';

/** What a majority is missed for: `strict`, to take and to hold; `sticky`, to take; `plain`, nothing but an alarm. */
export type WitnessPolicy = 'strict' | 'sticky' | 'plain';

/** Why an instance is in its role. */
export type Reason =
  | { readonly kind: 'started' | 'stopped' | 'ownership' | 'recovered' }
  | { readonly kind: 'silence'; readonly source: string | undefined; readonly for: Ms }
  | { readonly kind: 'farewell'; readonly source: string }
  /** Of two actives, or of an active and us: `ours` is our priority. */
  | {
      readonly kind: 'preemption' | 'outranked' | 'tie' | 'successor';
      readonly source: string;
      readonly theirs: Priority;
      readonly ours: Priority;
    }
  | { readonly kind: 'superseded'; readonly source: string; readonly stalled: Ms }
  /** `what`: names of what is down, or slow. */
  | { readonly kind: 'fault' | 'last-resort'; readonly what: readonly string[] }
  | { readonly kind: 'handover' | 'release' | 'resume'; readonly by: string; readonly why: string }
  /** A peer with a higher priority asked for the addresses. */
  | { readonly kind: 'asked'; readonly source: string; readonly theirs: Priority }
  /** It said goodbye, and nobody came. */
  | { readonly kind: 'nobody-came' }
  | { readonly kind: 'group'; readonly instance: string }
  | { readonly kind: 'lease-lost' }
  | { readonly kind: 'guard'; readonly refusal: Refusal };

/** What kept a takeover from happening, or would have under another policy. */
export type Refusal =
  /** The addresses answer, so whoever has them is not dead, however silent. */
  | { readonly by: 'probe'; readonly macs: readonly string[] }
  | { readonly by: 'witness'; readonly vote: 'denied' | 'silent' }
  | { readonly by: 'fence'; readonly outcome: 'failed' | 'late' };

/** What a person should hear of. */
export type Alarm =
  | { readonly kind: 'takeover-refused' | 'takeover-doubted'; readonly refusal: Refusal }
  /** Two were active: somebody did not hear the other. */
  | { readonly kind: 'two-actives'; readonly source: string; readonly theirs: Priority; readonly ours: Priority }
  /** An address of ours is claimed by another. */
  | { readonly kind: 'conflict'; readonly address: string; readonly mac: string }
  /** v2 has to drop an advertisement with another interval: each side takes the other for dead. */
  | { readonly kind: 'interval-mismatch'; readonly source: string; readonly theirs: Ms; readonly ours: Ms }
  | { readonly kind: 'two-owners'; readonly source: string }
  | { readonly kind: 'address-removed'; readonly address: string }
  | { readonly kind: 'lease-lost'; readonly policy: WitnessPolicy }
  | { readonly kind: 'handover-failed' }
  | { readonly kind: 'hook-failed'; readonly hook: HookName; readonly outcome: 'failed' | 'late' }
  | { readonly kind: 'stalled'; readonly for: Ms };
