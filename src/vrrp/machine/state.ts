import type { Ms } from '../../base/units.ts';
import type {
  Advert,
  Alarm,
  Cause,
  Grade,
  HookName,
  Maintenance,
  Priority,
  Reason,
  Role,
  TrackStatus,
} from '../model.ts';

/** What is held of one instance, what happens to it, and what is to be done then. Times are of a monotonic clock. */

export interface InstanceState {
  readonly standing: Standing;
  /** When its role changed last, and why. */
  readonly since: Ms;
  readonly reason: Reason;
  readonly transitions: number;
  /** Our primary address: it decides between equal priorities. Empty: not known yet. */
  readonly source: string;
  /** Active_Adver_Interval of RFC 9568 §6.1. */
  readonly activeInterval: Ms;
  /** Who advertised last; `undefined`: nobody did, or said goodbye since. */
  readonly heard: Heard | undefined;
  /** What is not in it is up. */
  readonly tracks: Readonly<Record<string, Tracked>>;
  /** How fit the best of our peers is; `undefined`: not known. */
  readonly peer: Grade | undefined;
  readonly maintenance: Maintenance | undefined;
  /** The last question that was put to somebody: replies to others are late ones. */
  readonly question: number;
}

export interface Heard {
  readonly source: string;
  readonly priority: Priority;
  readonly interval: Ms;
  readonly at: Ms;
}

export interface Tracked {
  readonly status: TrackStatus;
  /** What it adds to the priority, of one whose weight is told. */
  readonly adds: number;
}

export type Standing =
  | { readonly role: 'stopped' | 'fault' | 'released' }
  | BackupStanding
  | ClaimingStanding
  | ActiveStanding
  | LeavingStanding;

export interface BackupStanding {
  readonly role: 'backup';
  readonly timer: DownTimer;
  /** When the addresses were asked for, and who has answered since. */
  readonly probe: { readonly at: Ms; readonly macs: readonly string[] } | undefined;
  /** One that advertises with a priority below ours, since when and until when it was heard. */
  readonly lower: { readonly source: string; readonly since: Ms; readonly at: Ms } | undefined;
}

/** Active_Down_Timer. How long it waits follows from priorities and intervals as they are when it is looked at. */
export type DownTimer =
  | { readonly from: Ms; readonly wait: 'down' | 'retry' | 'probed' }
  /** Who was active said goodbye. */
  | { readonly from: Ms; readonly wait: 'skew'; readonly leaver: string };

export interface ClaimingStanding {
  readonly role: 'claiming';
  readonly cause: Cause;
  readonly why: Reason;
  readonly step: ClaimStep;
  /** When the step is overdue. */
  readonly until: Ms;
  /** The timer that ran out. */
  readonly timer: DownTimer;
  /** Until when the lease is ours, once it was granted. */
  readonly leaseUntil: Ms | undefined;
}

export type ClaimStep = 'ask' | 'fence' | 'prepare';

export interface ActiveStanding {
  readonly role: 'active';
  readonly cause: Cause;
  /** Adver_Timer: when the next advertisement is due. */
  readonly advertiseAt: Ms;
  readonly advertisedAt: Ms;
  /** The second part of a burst of announcements; the next single one. */
  readonly announceAt: Ms | undefined;
  readonly refreshAt: Ms | undefined;
  /** When another active was last answered; when somebody last provoked a burst. */
  readonly answeredAt: Ms | undefined;
  readonly provokedAt: Ms | undefined;
  /** When an address was last put back, and when one that waits is. */
  readonly restoredAt: Ms | undefined;
  readonly restoreAt: Ms | undefined;
  /** Until when the addresses are ours by the witness; `undefined`: it has no say, or its loss has been told. */
  readonly leaseUntil: Ms | undefined;
  /** When one that serves as a last resort says goodbye again. */
  readonly offerAt: Ms | undefined;
  /** It is about to say goodbye, and waits for what must come first. */
  readonly preparing: { readonly why: Departure; readonly step: LeaveStep; readonly until: Ms } | undefined;
}

/** What comes before a goodbye: hooks, and that connections end. */
export type LeaveStep = 'before_remove' | 'stop' | 'drain';

export interface LeavingStanding {
  readonly role: 'leaving';
  readonly why: Departure;
  /** When it is told once more, and then given up. */
  readonly until: Ms;
  readonly goodbyes: number;
  /** As of one that is active; `given`: a peer that asked for it has it, or can have it. */
  readonly leaseUntil: Ms | 'given' | undefined;
}

/** Why the addresses are given away, and so what comes then. */
export interface Departure {
  readonly kind: 'handover' | 'release' | 'stop' | 'fault';
  readonly reason: Reason;
}

/** What outlives a restart. */
export interface Kept {
  readonly maintenance: Maintenance | undefined;
}

/**
 * What happens. Whoever drives instances hands over what is there in this order: advertisements that have been received, all of
 * them; then news of interfaces, addresses, what is tracked, and replies; `time` last. A backup that was kept from running would
 * else take the active router for dead while its advertisements wait in the socket.
 */
export type InstanceEvent =
  /** With our primary address. What is tracked is told before. */
  | { readonly kind: 'start'; readonly source: string }
  /** `atOnce`: without waiting for a successor. */
  | { readonly kind: 'stop'; readonly atOnce: boolean }
  | { readonly kind: 'time' }
  | { readonly kind: 'advert'; readonly advert: Advert }
  /** Our primary address is another one. */
  | { readonly kind: 'source'; readonly address: string }
  | { readonly kind: 'tracked'; readonly name: string; readonly status: TrackStatus; readonly adds?: number }
  /** What the best of our peers says of itself; `undefined`: none says anything any more. */
  | { readonly kind: 'peer'; readonly grade: Grade | undefined }
  /** An address that was probed has this owner. */
  | { readonly kind: 'answered'; readonly mac: string }
  /** What became of `ask`. */
  | {
      readonly kind: 'voted';
      readonly question: number;
      readonly vote: 'granted' | 'denied' | 'silent';
      /** Until when, if it is granted. */
      readonly until?: Ms;
    }
  /** The lease was renewed. */
  | { readonly kind: 'lease'; readonly until: Ms }
  /** What became of a hook that was waited for, or of connections. */
  | { readonly kind: 'hooked'; readonly question: number; readonly isGood: boolean }
  /** Somebody took one of our addresses off the interface. */
  | { readonly kind: 'removed'; readonly address: string }
  /** Somebody else claims one of our addresses. */
  | { readonly kind: 'conflict'; readonly address: string; readonly mac: string }
  /** A peer asked for the lease that we have, and cannot be active before it has that. */
  | { readonly kind: 'asked'; readonly source: string; readonly priority: Priority; readonly cause: Cause }
  | { readonly kind: 'handover' | 'release' | 'resume'; readonly by: string; readonly why: string }
  /** From others of the same sync group. */
  | { readonly kind: 'take' | 'yield' | 'leave'; readonly instance: string }
  /** Its rules are others from now on; addresses have been put right. */
  | { readonly kind: 'reconfigured' };

/** What is to be done, in this order. */
export type Action =
  /** `hurry`: before it, that this is our interval from now on. Who goes by that takes over as much sooner. */
  | { readonly kind: 'advertise'; readonly priority: Priority; readonly hurry?: Ms }
  /** `undefined`: all of them. */
  | { readonly kind: 'add'; readonly address: string | undefined }
  /** `after`: so much later, unless they are added again; 0 is at once. To the machine they are gone. */
  | { readonly kind: 'remove'; readonly after: Ms }
  /** Have connections end, and hold back new ones in the end, for whoever comes; that there are none any more is `hooked`. */
  | { readonly kind: 'drain'; readonly question: number }
  /** They stay after all. */
  | { readonly kind: 'serve' }
  /** Gratuitous ARP or neighbor advertisements for all addresses, so many for each. */
  | { readonly kind: 'announce'; readonly count: number }
  /** ARP requests or neighbor solicitations for all addresses; replies are `answered`. */
  | { readonly kind: 'probe' }
  /** Ask peers and witness for the lease; the reply is `voted`. Renew it then for as long as it is active. */
  | { readonly kind: 'ask'; readonly question: number; readonly cause: Cause }
  /** Give the lease back. */
  | { readonly kind: 'give-back' }
  /** With a question its end is `hooked`; without one nobody waits. */
  | { readonly kind: 'hook'; readonly hook: HookName; readonly question: number | undefined }
  | { readonly kind: 'tell'; readonly what: News };

export type News =
  | { readonly kind: 'role'; readonly from: Role; readonly to: Role; readonly reason: Reason }
  | { readonly kind: 'alarm'; readonly alarm: Alarm };

export interface Stepped {
  readonly state: InstanceState;
  readonly actions: readonly Action[];
}

/** Whether the addresses are on the interface by its word. */
export function holds({ role }: Standing): boolean {
  return role === 'active' || role === 'leaving';
}
