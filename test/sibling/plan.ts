import type { PeerPlan, SiblingPlan } from '../../src/sibling/plan.ts';

export function peerPlan(rest: Partial<PeerPlan> = {}): PeerPlan {
  const icp = { host: '127.0.0.1', port: 3130 };
  return { name: 'other', slot: 0, icp, htcp: undefined, url: 'http://127.0.0.1', ...rest };
}

/** Those at 127.0.0.1 may do everything. */
export function siblingPlan(rest: Partial<SiblingPlan> = {}): SiblingPlan {
  return {
    icp: { host: '127.0.0.1', port: 0 },
    htcp: { host: '127.0.0.1', port: 0 },
    allow: ['127.0.0.1/32'],
    clearFrom: ['127.0.0.1/32'],
    timeout: 50,
    secret: undefined,
    warmUp: undefined,
    peers: [],
    ...rest,
  };
}
