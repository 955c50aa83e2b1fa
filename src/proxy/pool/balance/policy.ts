import type { Ms } from '../../../base/units.ts';
import type { RequestHead } from '../../exchange.ts';

/**
 * A policy says who gets a request, out of the origins that may get one. Pure: it is made anew whenever those or their
 * weights change, and what else it goes by it is told. Origins are positions in the pool's list.
 */
export interface Policy {
  /**
   * `turn` counts the pool's choices over all workers and wraps around at 2^32. `undefined`: all are excluded. Whoever
   * is returned is not excluded.
   */
  choose(turn: number, request: Balanced, view: OriginsView): number | undefined;
}

/** An origin that may be chosen. */
export interface Candidate {
  readonly position: number;
  /** Greater than 0, in whatever unit, the same for all. */
  readonly weight: number;
  /** What tells it from the others, also in another process and after a reload. */
  readonly name: string;
}

/** A request, as far as policies look at it. */
export interface Balanced {
  readonly head: RequestHead;
  readonly client: { readonly address: string };
}

/** What is seen of the origins at this moment. */
export interface OriginsView {
  /** It was tried for this request, or takes no more. */
  excluded(position: number): boolean;
  /** Requests in flight there, over all workers. */
  load(position: number): number;
  /** What a request there may be expected to take; 0: nobody knows. */
  latency(position: number): Ms;
}
