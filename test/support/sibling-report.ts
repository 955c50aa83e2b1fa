import type { LinkStatus, Progress } from '../../src/sibling/link/status.ts';
import { PEER_COUNTERS, type PeerAccount, recordOf } from '../../src/sibling/peer-rows.ts';
import type { PeerPlan } from '../../src/sibling/plan.ts';
import type { SiblingReport, SiblingState } from '../../src/sibling/state.ts';
import { peerPlan } from '../sibling/plan.ts';

/** Siblings as control tells of them, for whoever shows them. */

interface Staged {
  readonly plan?: Partial<PeerPlan>;
  readonly account?: Partial<PeerAccount>;
  /** `none`: this node has no link. */
  readonly link?: Partial<LinkStatus> | 'none';
}

const COUNTS = {
  queries: 12_345,
  hits: 6_000,
  misses: 6_300,
  denied: 0,
  errors: 5,
  timeouts: 40,
  late: 7,
  fetched: 5_900,
  falseHits: 3,
  failed: 2,
  overdue: 1,
  served: 77,
};

const STRANGER: Omit<LinkStatus, 'peer'> = {
  slot: 0,
  standing: 'stranger',
  why: 'ECONNREFUSED',
  node: undefined,
  instance: undefined,
  linked: undefined,
  subscribed: undefined,
  ours: progress(12),
  theirs: progress(0),
};

/** One that answers and is no Portico node, unless told otherwise. */
export function sibling(name: string, { plan, account, link }: Staged = {}): SiblingState {
  const alive = { standing: 'alive', fetching: 'on', answeredAgo: 400, roundTrip: 0.42, fetchLatency: 2.5 } as const;
  return {
    plan: peerPlan({ name, icp: { host: '10.0.1.3', port: 3130 }, url: 'http://10.0.1.3', ...plan }),
    account: { isPortico: false, ...alive, ...COUNTS, ...account },
    link: link === 'none' ? undefined : { peer: name, ...STRANGER, ...link },
  };
}

/** Of one that was never asked for anything. */
export const NEVER_ASKED: Partial<PeerAccount> = {
  answeredAgo: undefined,
  roundTrip: undefined,
  fetchLatency: undefined,
  ...recordOf(PEER_COUNTERS, () => 0),
};

/** Of a link that is up both ways, since an hour before `now`. */
export function linkedAt(now: number): Partial<LinkStatus> {
  const since = now - 3_600_000;
  const up = { standing: 'up', why: undefined, linked: since, subscribed: since } as const;
  return { ...up, node: 'us-2', instance: 'f00', ours: progress(12, 12), theirs: progress(3, 3) };
}

export function progress(head: number, applied?: number): Progress {
  return { head, applied, behind: applied === undefined ? undefined : head - applied };
}

export function reportOf(...peers: readonly SiblingState[]): SiblingReport {
  const icp = { HIT: 90, MISS: 10, DENIED: 0 };
  return { peers, icp, htcp: { found: 1, purged: 2 }, dropped: { stranger: 4 } };
}
