import type { Fraction, Ms } from '../../base/units.ts';
import type { Standing } from './standing.ts';

/** The rows of the shared origin table that pools read and count in; worker.ts hands one in. `slot` is an origin's row. */
export interface OriginCounters {
  readonly queues: QueueCounters;
  /** Changes whenever a standing does. */
  readonly version: number;
  /** `undefined`: what the plan says. */
  standing(slot: number): Standing | undefined;
  /** One more request in flight at the origin. `false`: it has `most` of them already. */
  enter(slot: number, most?: number): boolean;
  leave(slot: number): void;
  /** Requests in flight at the origin, over all workers. */
  load(slot: number): number;
  /** A request in flight has become a tunnel; `false`: that has ended. */
  upgrade(slot: number, begins: boolean): void;
  /** It was chosen. `sticks`: because the client sticks there. */
  elect(slot: number, sticks: boolean): void;
  /** Takes the one place of an origin on trial. `false`: it is taken. */
  enterTrial(slot: number): boolean;
  leaveTrial(slot: number, outcome: 'succeeded' | 'failed' | undefined): void;
  /** `latency`: if it was measured. */
  succeeded(slot: number, latency: Ms | undefined): void;
  /** `limit`: so many in a row wake the control plane. */
  failed(slot: number, limit: number): void;
  /** For policies that go by latency; 0: nothing is known. */
  peakLatency(slot: number): Ms;
  /** When it was renewed, as `wrappingNow` tells it. */
  peakAt(slot: number): Ms;
  setPeakLatency(slot: number, latency: Ms, at: Ms): void;
  /** The next turn of a pool's cursor, over all workers: 0, 1, 2, … */
  turn(poolSlot: number): number;
  /** Takes one retry out of a pool's budget. `false`: it is used up. */
  takeRetry(poolSlot: number, budget: Fraction): boolean;
}

/** What workers know of each other's requests that wait. */
export interface QueueCounters {
  /** Over all workers. */
  length(poolSlot: number): number;
  /** One more waits: its number, never 0. `undefined`: `size` wait already. */
  join(poolSlot: number, size: number): number | undefined;
  leave(poolSlot: number): void;
  /** The number of this worker's request that has waited longest; 0: none waits. */
  tellHead(poolSlot: number, ticket: number): void;
  /** A place is free: wakes the worker whose request has waited longest. `true`: that is this one. */
  wakeOldest(poolSlot: number): boolean;
}
