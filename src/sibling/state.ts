import type { LinkStatus } from './link/status.ts';
import type { PeerAccount } from './peer-rows.ts';
import type { PeerPlan } from './plan.ts';

/** The siblings as the API, metrics and the dashboard show them. */
export interface SiblingReport {
  readonly peers: readonly SiblingState[];
  /** Packets that we were sent, by what became of them; empty: nobody is answered there. */
  readonly icp: Readonly<Record<string, number>>;
  readonly htcp: Readonly<Record<string, number>>;
  /** Packets that came where answers are expected and were none, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}

export interface SiblingState {
  readonly plan: PeerPlan;
  readonly account: PeerAccount;
  /** `undefined`: this node has no `siblings.icp`, and so no link. */
  readonly link: LinkStatus | undefined;
}

export const NO_SIBLINGS: SiblingReport = { peers: [], icp: {}, htcp: {}, dropped: {} };
