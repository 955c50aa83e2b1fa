import { readFileSync } from 'node:fs';
import { type HostPort, parseListenAddress } from '../base/address.ts';
import type { PeerSettings, SiblingSettings } from './config.ts';
import type { PeerPlan, SiblingPlan } from './plan.ts';

/**
 * Makes the plan of checked settings: reads the secret they name. `slot` gives the row of a peer in
 * the peer table. Throws an error whose message is one line for the operator.
 */
export function planSiblings(settings: SiblingSettings, slot: (peer: PeerSettings) => number): SiblingPlan {
  const { icp, htcp, allow, clear_from, timeout, secret_file, warm_up, peers } = settings;
  return {
    icp: placeOf(icp),
    htcp: placeOf(htcp),
    allow,
    clearFrom: clear_from,
    timeout,
    secret: secret_file === undefined ? undefined : readSecret(secret_file),
    warmUp: warm_up === 'off' ? undefined : warm_up,
    peers: peers.map((peer) => planPeer(peer, slot(peer))),
  };
}

/** What tells peers from one another in the peer table: what is known of one does not hold for another at its place. */
export function peerKey({ name, icp, url }: Pick<PeerSettings, 'name' | 'icp' | 'url'>): string {
  return `${name} ${icp} ${url}`;
}

function planPeer({ name, icp, htcp, url }: PeerSettings, slot: number): PeerPlan {
  return {
    name,
    slot,
    icp: placeOf(icp) as HostPort,
    htcp: placeOf(htcp),
    url: new URL(url).origin,
  };
}

function placeOf(address: string | undefined): HostPort | undefined {
  return address === undefined ? undefined : parseListenAddress(address);
}

function readSecret(file: string): string {
  const [secret = ''] = readFileSync(file, 'utf8').split('\n');
  if (secret.trim() === '') throw new Error(`${file}: expected a secret on its first line, got nothing`);
  return secret.trim();
}
