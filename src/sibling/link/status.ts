import type { Ms } from '../../base/units.ts';
import type { PeerPlan } from '../plan.ts';
import type { Incoming } from './incoming.ts';
import type { Outgoing } from './outgoing.ts';

/** How it stands between this node and a peer. Times in epoch milliseconds; `undefined`: it is not so, or not known. */
export interface LinkStatus {
  readonly peer: string;
  readonly slot: number;
  /** What it says of itself. */
  readonly node: string | undefined;
  readonly instance: string | undefined;
  /** Since when it is known to be there, with all that it purged having been purged here. */
  readonly linked: Ms | undefined;
  /** Since when it is told what is purged here. */
  readonly subscribed: Ms | undefined;
  /** Our purges at the peer, and its purges here. */
  readonly ours: Progress;
  readonly theirs: Progress;
}

export interface Progress {
  /** The number of the last purge. */
  readonly head: number;
  /** The last that has been applied on the other side. */
  readonly applied: number | undefined;
  readonly behind: number | undefined;
}

export function statusOf(
  { name, slot }: PeerPlan,
  outgoing: Outgoing | undefined,
  incoming: Incoming | undefined,
  head: number,
): LinkStatus {
  return {
    peer: name,
    slot,
    node: outgoing?.said?.node,
    instance: outgoing?.said?.instance,
    linked: outgoing?.upSince,
    subscribed: incoming?.since,
    ours: progress(head, incoming?.applied),
    theirs: progress(outgoing?.head ?? 0, outgoing?.applied),
  };
}

function progress(head: number, applied: number | undefined): Progress {
  return { head, applied, behind: applied === undefined ? undefined : Math.max(0, head - applied) };
}
