import type { Ms } from '../base/units.ts';
import type { Standing } from './ask/liveness.ts';
import { UNREADABLE } from './icp/message.ts';

/** What stands in a row of the peer table, and where. */

/** Two generations' worth: a reload gives new rows before the old ones are free. */
export const MAX_PEERS = 32;

/** What is counted of a peer. */
export const PEER_COUNTERS = [
  /** Questions sent to it, probes among them. */
  'queries',
  /** Its answers. What is neither hit, denied nor error is a miss. */
  'hits',
  'misses',
  'denied',
  'errors',
  /** Questions whose answer was not there when a client would have waited for it no longer. */
  'timeouts',
  /** Answers that came afterwards. */
  'late',
  /** Fetches, by how they came out. */
  'fetched',
  'falseHits',
  'failed',
  'overdue',
  /** Its requests that we served. */
  'served',
] as const;

export type PeerCounter = (typeof PEER_COUNTERS)[number];

/** Why a packet was dropped: it cannot be read, or … */
export const DROP_REASONS = [
  ...UNREADABLE,
  /** It came from another address or port than a peer's. */
  'stranger',
  /** It answers nothing that this peer was asked and has not answered yet. */
  'unsolicited',
  /** It answers for another URL. */
  'other-url',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

/** A peer for status and metrics. Counts are those since its row was given to it, over all threads. */
export interface PeerAccount extends Readonly<Record<PeerCounter, number>> {
  readonly isPortico: boolean;
  readonly standing: Standing;
  /** `paused`: nothing is fetched there for now; `trial`: one fetch at a time. */
  readonly fetching: 'on' | 'paused' | 'trial';
  /** Since its last answer; `undefined`: there was none. */
  readonly answeredAgo: Ms | undefined;
  /** Smoothed, from question to answer; `undefined`: nothing was measured. */
  readonly roundTrip: Ms | undefined;
  /** Until the head of a response that was fetched there, a moving mean; `undefined`: nothing was. */
  readonly fetchLatency: Ms | undefined;
}

/** One row a peer, in a cache line of its own. */
export const WORDS = 16;
export const WORD = {
  standing: 0,
  isPortico: 1,
  /** When the next probe is due. */
  probeAt: 2,
  /** Until when a fetch on trial has the place; 0: it is free. */
  trialUntil: 3,
  /** Whether it was told that fetches are paused. */
  isPaused: 4,
} as const;

export const VALUES = 16;
export const VALUE = {
  unanswered: 0,
  late: 1,
  since: 2,
  answeredAt: 3,
  smoothed: 4,
  variation: 5,
  failures: 6,
  falseHits: 7,
  pauses: 8,
  /** When it is fetched from again; 0: it is fetched from. */
  fetchAt: 9,
  fetchLatency: 10,
} as const;

/** In doubles from the start of the memory; two words fit into one. */
export const VALUES_AT = (MAX_PEERS * WORDS) / 2;
export const COLUMNS_AT = VALUES_AT + MAX_PEERS * VALUES;

/** Where the rows begin in a thread's column: before them are the drops, by reason. */
export const DROPS = 16;
export const COUNTS = 16;
export const COLUMN = DROPS + MAX_PEERS * COUNTS;
export const COUNT = recordOf(PEER_COUNTERS, (_, at) => at);

export function recordOf<Name extends string, T>(
  names: readonly Name[],
  make: (name: Name, index: number) => T,
): Readonly<Record<Name, T>> {
  return Object.fromEntries(names.map((name, index) => [name, make(name, index)])) as Record<Name, T>;
}
