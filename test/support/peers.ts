import { describe, test } from 'vitest';
import { findPeer, missingPeers, type Peer, peersAreRequired } from '../../bin/peers.ts';

export type { Peer };

export function havePeer(peer: Peer): boolean {
  return findPeer(peer) !== undefined;
}

/**
 * A `describe` of scenes that real peers play in. Where one of them is not installed the scenes are skipped and the title
 * says why; with `CI=true` they fail instead.
 */
export function describeWithPeers(peers: readonly Peer[], title: string, scenes: () => void): void {
  const missing = missingPeers(peers);
  if (missing.length === 0) {
    describe(title, scenes);
  } else if (peersAreRequired()) {
    test(title, () => {
      throw new Error(`not installed: ${missing.join(', ')}`);
    });
  } else {
    describe.skip(`${title} (not installed: ${missing.join(', ')})`, scenes);
  }
}
