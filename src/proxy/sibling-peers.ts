import { isIP } from 'node:net';
import { AddressSet } from '../base/address.ts';
import type { Ms } from '../base/units.ts';
import { asksForStored } from './caching/sharable.ts';
import type { Exchange } from './exchange.ts';
import type { OriginCall, OriginReplies, OriginRequest } from './origin/call.ts';
import { Connections } from './origin/connections.ts';
import type { PeerPlan, SiblingsPlan } from './plan.ts';
import type { Siblings } from './siblings.ts';

/** The longest silence within what a sibling sends; as with origins that nothing is said of. */
const IDLE: Ms = 60_000;
/** Half of what Portico keeps a connection that nobody uses, and less than Squid does: one that is closed on us costs a fetch. */
const KEEP_ALIVE: Ms = 30_000;

/** A sibling that we fetch from: its connections, which outlive a reload that does not change it. */
export interface Peer {
  readonly name: string;
  send(request: OriginRequest, replies: OriginReplies): OriginCall;
}

/** The siblings of one generation: who of them may fetch from us, and those that we ask. */
export class SiblingPeers {
  /** Who may fetch what we have. */
  readonly allowed: AddressSet;
  /** The longest that a request waits for all siblings, the head of what one of them has included. */
  readonly timeout: Ms;
  readonly #siblings: Siblings | undefined;
  readonly #connections = new Map<string, Connections>();
  readonly #peers = new Map<number, Peer>();

  /** `siblings`: who asks them; `undefined`: nobody, they only ask us. Keeps the connections of `previous` to those that stay. */
  constructor(plan: SiblingsPlan, siblings: Siblings | undefined, previous: SiblingPeers | undefined) {
    this.allowed = new AddressSet(plan.allow);
    this.timeout = plan.timeout;
    this.#siblings = siblings;
    for (const peer of plan.peers) {
      const identity = JSON.stringify([peer.url, peer.tls, plan.timeout, plan.from]);
      const connections = previous?.connectionsOf(identity) ?? connectionsTo(peer, plan);
      this.#connections.set(identity, connections);
      this.#peers.set(peer.slot, { name: peer.name, send: (request, replies) => connections.send(request, replies) });
    }
  }

  /** Whether one of those that may fetch what we have asks for that; without `only-if-cached` it is a client like others. */
  isFetching({ head, endpoints }: Pick<Exchange, 'head' | 'endpoints'>): boolean {
    return asksForStored(head) && this.allowed.has(endpoints.remoteAddress);
  }

  /** Whom to ask; `undefined`: there is nobody. */
  get asked(): Siblings | undefined {
    return this.#peers.size === 0 ? undefined : this.#siblings;
  }

  /** One that has it, as we know already. `undefined`: it is no peer of ours, or not one that may be asked. */
  only(slot: number): Siblings | undefined {
    const siblings = this.asked;
    if (siblings === undefined || !this.#peers.has(slot)) return undefined;
    return {
      ask: (_, found) => {
        queueMicrotask(() => found(slot));
        return { cancel: () => {} };
      },
      fetched: (...outcome) => siblings.fetched(...outcome),
      served: (...request) => siblings.served(...request),
      purged: (...purge) => siblings.purged(...purge),
    };
  }

  /** Of this row of the peer table; a reload may have taken it out. */
  peer(slot: number): Peer | undefined {
    return this.#peers.get(slot);
  }

  /** A sibling at this address was answered: by what we have, or that we do not have it. */
  served(address: string, isHit: boolean, bytes: number): void {
    this.#siblings?.served(address, isHit, bytes);
  }

  /** Those of another generation to the same peer. */
  connectionsOf(identity: string): Connections | undefined {
    return this.#connections.get(identity);
  }

  /** Lets running fetches end, then closes the connections that `next` does not have. */
  closeUnused(next: SiblingPeers | undefined): void {
    for (const [identity, connections] of this.#connections) {
      if (next?.connectionsOf(identity) !== connections) connections.close();
    }
  }

  /** Cuts everything. */
  destroy(): void {
    for (const connections of this.#connections.values()) connections.destroy();
  }
}

function connectionsTo({ url, tls }: PeerPlan, { timeout, from }: SiblingsPlan): Connections {
  const certificates = { ...tls, cert: undefined, key: undefined };
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  // Between addresses of two families there is no connection, and what family a name has is not known yet.
  const isReachable = from !== undefined && isIP(host) !== 0 && isIP(host) === isIP(from);
  const timeouts = { connect: timeout, idle: IDLE, keepAlive: KEEP_ALIVE };
  return new Connections(target, certificates, timeouts, isReachable ? from : undefined);
}
