import type { Ms } from '../../base/units.ts';

/** The times that a link keeps. */
export interface LinkTiming {
  /** Each side says something at least so often. */
  readonly beat: Ms;
  /** Who says nothing for so long is gone. */
  readonly silence: Ms;
  /** Who takes nothing for so long is cut. */
  readonly clogged: Ms;
  /** A connection must be made, and then both must have said who they are, within so long each. */
  readonly connect: Ms;
  readonly greeting: Ms;
  /** Until the next attempt: doubles from the first to the most. */
  readonly retryFirst: Ms;
  readonly retryMost: Ms;
  /** The most for a peer that never was a Portico node, or that said something else than one says. */
  readonly retryStrange: Ms;
  /** What is heard from a peer by other ways brings an attempt forward, but no more often than this. */
  readonly nudge: Ms;
  /** How long a purge waits to be acknowledged. */
  readonly acknowledge: Ms;
}

export const LINK_TIMING: LinkTiming = {
  beat: 1_000,
  silence: 3_000,
  clogged: 5_000,
  connect: 2_000,
  greeting: 3_000,
  retryFirst: 250,
  retryMost: 5_000,
  retryStrange: 10_000,
  nudge: 1_000,
  acknowledge: 1_000,
};
