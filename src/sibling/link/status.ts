import type { Ms } from '../../base/units.ts';
import type { PeerPlan } from '../plan.ts';
import type { Incoming } from './incoming.ts';
import type { LinkStanding, Outgoing } from './outgoing.ts';

/** How it stands between this node and a peer. Times in epoch milliseconds; `undefined`: it is not so, or not known. */
export interface LinkStatus {
  readonly peer: string;
  readonly slot: number;
  /** `undefined`: the first attempt has not come out yet. */
  readonly standing: LinkStanding | undefined;
  /** Why it is not up. */
  readonly why: string | undefined;
  /** What it says of itself, or said the last time. */
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
  /** The last that is known to have been applied on the other side. */
  readonly applied: number | undefined;
  readonly behind: number | undefined;
}

/** `ours`: the last of our purges, and the last that the peer has applied, as far as this process has heard. */
export function statusOf(
  { name, slot }: PeerPlan,
  outgoing: Outgoing | undefined,
  incoming: Incoming | undefined,
  ours: Pick<Progress, 'head' | 'applied'>,
): LinkStatus {
  return {
    peer: name,
    slot,
    standing: outgoing?.standing,
    why: outgoing?.why,
    node: outgoing?.said?.node,
    instance: outgoing?.said?.instance,
    linked: outgoing?.upSince,
    subscribed: incoming?.since,
    ours: progress(ours.head, ours.applied),
    theirs: progress(outgoing?.head ?? 0, outgoing?.applied),
  };
}

function progress(head: number, applied: number | undefined): Progress {
  return { head, applied, behind: applied === undefined ? undefined : Math.max(0, head - applied) };
}
